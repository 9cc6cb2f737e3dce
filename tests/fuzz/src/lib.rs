#![doc = include_str!("../README.md")]

use std::time::Duration;

use chrono::DateTime;
use public_address::{Destinations, is_public};
use serde::de::DeserializeOwned;
use shared::{ChannelStatus, OrderFilter, Search, TikTokOrderId, UserSessionId, channel_order_status};
use tiktok_shop::webhook::{self, Notification};
use tiktok_shop::{
    AuthorizedShop, Cancellation, ExternalOrder, MarkedPackage, OrderListEntry, Package, ReferencedOrder,
    RejectReason, Secret, ShippingDocument, ShippingProvider, StartedCancellation, TokenPair, Warehouse,
    pause_asked, read_answer, read_eligibility, read_outlines, read_page, read_registration,
};
use url::Host;

#[cfg(feature = "server")]
mod engine;
#[cfg(feature = "server")]
mod server;
mod store;

#[cfg(feature = "server")]
pub use engine::{cancel_reason, exported_text, order_mapping, redaction, store_order, tracking_number};
#[cfg(feature = "server")]
pub use server::{access_token, cursor, idempotency_key, json_body, list_query, request_headers, sign_in};
pub use store::{prestashop_answer, store_texts, store_total, store_version, xml};

/// A target's name, which is that of its corpus, and what it does with any bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this build.
pub const TARGETS: &[Target] = &[
    ("webhook", webhook),
    ("tiktok_answer", tiktok_answer),
    ("tiktok_data", tiktok_data),
    ("retry_after", retry_after),
    ("receiver_answer", receiver_answer),
    ("prestashop_answer", prestashop_answer),
    ("store_total", store_total),
    ("store_texts", store_texts),
    ("store_version", store_version),
    ("xml", xml),
    ("typed_address", typed_address),
    ("filter_query", filter_query),
    ("search_terms", search_terms),
    ("words", words),
    #[cfg(feature = "server")]
    ("cursor", cursor),
    #[cfg(feature = "server")]
    ("access_token", access_token),
    #[cfg(feature = "server")]
    ("idempotency_key", idempotency_key),
    #[cfg(feature = "server")]
    ("json_body", json_body),
    #[cfg(feature = "server")]
    ("list_query", list_query),
    #[cfg(feature = "server")]
    ("request_headers", request_headers),
    #[cfg(feature = "server")]
    ("sign_in", sign_in),
    #[cfg(feature = "server")]
    ("redaction", redaction),
    #[cfg(feature = "server")]
    ("order_mapping", order_mapping),
    #[cfg(feature = "server")]
    ("store_order", store_order),
    #[cfg(feature = "server")]
    ("tracking_number", tracking_number),
    #[cfg(feature = "server")]
    ("cancel_reason", cancel_reason),
    #[cfg(feature = "server")]
    ("exported_text", exported_text),
];

/// A notification: the header in the first line, the body below.
pub fn webhook(data: &[u8]) {
    let (header, body) = match data.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (&b""[..], data),
    };
    let secret = Secret::new("b3c1e0a5");
    let right = webhook::sign("app", &secret, body);
    assert!(webhook::verify("app", &secret, &right, body).is_ok());
    if let Ok(header) = std::str::from_utf8(header) {
        // Only its own signature passes.
        let passes = webhook::verify("app", &secret, header, body).is_ok();
        assert_eq!(passes, header == right, "{header}");
    }
    if let Ok(notification) = Notification::parse(body) {
        assert!(!notification.id.is_empty());
        let ids = notification.order_ids();
        assert!(
            (1..ids.len()).all(|index| !ids[index..].contains(&ids[index - 1])),
            "an order twice: {ids:?}"
        );
    }
}

/// The statuses of TikTok Shop's answers.
const STATUSES: [u16; 8] = [200, 201, 204, 400, 401, 429, 500, 503];

/// An answer to reading orders: the first byte chooses the status.
pub fn tiktok_answer(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    let orders = success(status, tiktok_shop::read_orders(status, body));
    for read in orders.iter().flatten() {
        assert!(!read.order.id.is_empty());
    }
    // What is left of orders when one of them cannot be read misses none that can.
    let outlines = success(status, read_outlines(status, body));
    if let Some(orders) = orders {
        let ids = outlines.expect("the answer is the same").into_iter().map(|outline| outline.order.id);
        assert!(ids.eq(orders.into_iter().map(|read| read.order.id)));
    }
}

/// Any other answer of TikTok Shop: the first byte chooses the status, the second what was asked for.
pub fn tiktok_data(data: &[u8]) {
    let [first, second, body @ ..] = data else { return };
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    match second % 16 {
        0 => {
            if let Some(pair) = success(status, read_answer::<TokenPair>(status, body)) {
                for token in [&pair.access_token, &pair.refresh_token] {
                    assert!(!token.expose().is_empty(), "a pair without a token");
                }
            }
        }
        1 => {
            if let Some(document) = success(status, read_answer::<ShippingDocument>(status, body)) {
                assert!(!document.doc_url.expose().is_empty(), "a document that is nowhere");
            }
        }
        2 => {
            if let Some(package) = success(status, read_answer::<Package>(status, body)) {
                assert!(!package.id.is_empty());
            }
        }
        3 => drop(success(status, read_answer::<MarkedPackage>(status, body))),
        4 => listed::<OrderListEntry>(status, body, "orders", |order| &order.id),
        5 => listed::<ShippingProvider>(status, body, "shipping_providers", |carrier| &carrier.id),
        6 => listed::<Cancellation>(status, body, "cancellations", |asked| &asked.cancel_id),
        7 => listed::<Warehouse>(status, body, "warehouses", |warehouse| &warehouse.id),
        8 => listed::<RejectReason>(status, body, "reasons", |reason| &reason.name),
        9 => listed::<AuthorizedShop>(status, body, "shops", |shop| &shop.cipher),
        10 => listed::<ExternalOrder>(status, body, "external_orders", |order| &order.id),
        11 => listed::<ReferencedOrder>(status, body, "orders", |order| &order.id),
        12 => {
            for part in success(status, read_eligibility(status, body)).into_iter().flatten() {
                let texts = part.order_line_item_ids.iter().chain(&part.available_reason_names);
                assert!(texts.into_iter().all(|text| !text.is_empty()), "{part:?}");
            }
        }
        13 => {
            let started = success(status, read_answer::<StartedCancellation>(status, body));
            if let Some(id) = started.and_then(|started| started.cancel_id) {
                assert!(!matches!(id.as_str(), "" | "0"));
            }
        }
        _ => {
            let registered = read_registration(status, body);
            // Whoever wrote something is never told that it only has to be read again.
            let reads_again = matches!(registered, Err(tiktok_shop::Error::Transient { .. }));
            assert!(!reads_again, "{registered:?}");
            success(status, registered);
        }
    }
}

/// A page of a list, and where the next one begins.
fn listed<T: DeserializeOwned>(status: u16, body: &[u8], member: &'static str, id: fn(&T) -> &str) {
    let page = success(status, read_page::<T>(status, body, member));
    let Some((items, next)) = page else { return };
    assert!(items.iter().all(|item| !id(item).is_empty()), "an item without an id");
    assert_ne!(next.as_deref(), Some(""), "a next page that is the first one again");
}

/// What was read, which is only there with a status of success; otherwise why not, which is written down and shown: it
/// must be one line.
fn success<T>(status: u16, read: Result<T, tiktok_shop::Error>) -> Option<T> {
    match read {
        Ok(read) => {
            assert!((200..300).contains(&status), "a success with status {status}");
            Some(read)
        }
        Err(error) => {
            let told = error.to_string();
            assert!(!told.contains('\n') && told.chars().count() < 1_000, "{told}");
            None
        }
    }
}

/// The two headers of an answer that ask for a pause, one a line.
pub fn retry_after(data: &[u8]) {
    const HOUR: Duration = Duration::from_secs(3600);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (asked, date) = match text.split_once('\n') {
        Some((asked, date)) => (asked, Some(date)),
        None => (text, None),
    };
    let pause = pause_asked(asked, date);
    assert!(pause.is_none_or(|pause| pause <= HOUR), "{pause:?}");
    if let Ok(seconds) = asked.trim().parse() {
        assert_eq!(pause, Some(Duration::from_secs(seconds).min(HOUR)));
    }
}

/// A receiver's answer to a message: the first two bytes are its status, the rest is its `Retry-After` header.
pub fn receiver_answer(data: &[u8]) {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let [high, low, header @ ..] = data else { return };
    let status = 100 + u16::from_be_bytes([*high, *low]) % 900;
    let asked = std::str::from_utf8(header).ok();
    match outgoing_webhooks::read_answer(status, asked) {
        Ok(delivered) => {
            assert_eq!(delivered.status, status);
            assert!((200..300).contains(&status), "a success with status {status}");
        }
        Err(error) => {
            assert!(!(200..300).contains(&status), "a failure with status {status}");
            assert_eq!(error.status(), Some(status));
            if let outgoing_webhooks::Error::Refused { retry_after, .. } = &error {
                assert!(retry_after.is_none_or(|pause| pause <= DAY), "{retry_after:?}");
            }
            // This is kept, and says nothing in the receiver's own words.
            let words = error.to_string().replace(&status.to_string(), "");
            assert!(
                ["the receiver answered ", "the receiver answered  Gone"].contains(&words.as_str()),
                "{words}"
            );
        }
    }
}

/// An address that somebody types: what is taken leads to a public server, over https, whatever reads it after us.
pub fn typed_address(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(url) = public_address::parse(text, Destinations::Public) else { return };
    assert_eq!((url.scheme(), url.port(), url.fragment()), ("https", None, None), "{url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{url}");
    match url.host().expect("https has a host") {
        Host::Domain(name) => {
            assert!(name.contains('.'), "{name}");
            assert!(name.parse::<std::net::IpAddr>().is_err(), "{name}");
        }
        Host::Ipv4(address) => assert!(is_public(address.into()), "{address}"),
        Host::Ipv6(address) => assert!(is_public(address.into()), "{address}"),
    }
    assert_eq!(public_address::parse(url.as_str(), Destinations::Public).as_ref(), Ok(&url));
    assert_eq!(public_address::parse(text, Destinations::Anywhere).as_ref(), Ok(&url));
}

/// Ids in paths, and words of TikTok Shop's: what is understood is written as it was sent, but for leading signs and zeros.
pub fn words(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(id) = text.parse::<shared::OrderId>() {
        assert!(id.0 > 0);
        assert_eq!(id.to_string(), text.trim_start_matches(['+', '0']));
    }
    if let Ok(id) = text.parse::<TikTokOrderId>() {
        assert_eq!(id.to_string(), text);
        assert!(text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_digit()));
    }
    if let Ok(id) = text.parse::<UserSessionId>() {
        assert_eq!(id.as_str(), text);
    }
    let status = ChannelStatus::from(text);
    assert!(status.as_str() == text || text == "CANCEL", "{status}");
    assert_eq!(ChannelStatus::from(status.as_str()), status);
    // A word that nobody knows shows no status, and is never behind or ahead of one.
    let is_known = ChannelStatus::KNOWN.contains(&status);
    assert_eq!(channel_order_status(&status).is_some(), is_known, "{status}");
    if !is_known {
        assert!(ChannelStatus::KNOWN[..8].iter().all(|known| !known.regresses_to(&status)));
    }
}

/// A filter that is understood is written as pairs that mean the same.
pub fn filter_query(data: &[u8]) {
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(data).into_owned().collect();
    let borrowed = |pairs: &[(String, String)]| {
        OrderFilter::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    };
    match borrowed(&pairs) {
        Ok(filter) => assert_eq!(borrowed(&filter.to_pairs()), Ok(filter)),
        Err(errors) => assert!(!errors.is_empty() && errors.iter().all(|error| !error.detail.is_empty())),
    }
}

/// What is typed into the search box ends as words and a filter without it, or as errors that say something.
pub fn search_terms(data: &[u8]) {
    let Ok(typed) = std::str::from_utf8(data) else { return };
    let filter = OrderFilter { q: Some(typed.to_owned()), ..OrderFilter::default() };
    match Search::of(&filter, DateTime::UNIX_EPOCH) {
        Ok(search) => {
            assert_eq!(search.filter.q, None);
            assert!(search.words.iter().all(|word| !word.is_empty() && !word.contains(char::is_whitespace)));
        }
        Err(errors) => assert!(!errors.is_empty() && errors.iter().all(|error| !error.detail.is_empty())),
    }
}

#![doc = include_str!("../README.md")]

use chrono::DateTime;
use prestashop::{Call, Element, Entity, Method, RawAnswer, Resource, judge};
use serde::de::DeserializeOwned;
use shared::{OrderFilter, Search};
use tiktok_shop::webhook::{self, Notification};
use tiktok_shop::{
    Cancellation, MarkedPackage, OrderListEntry, Package, Secret, ShippingDocument, ShippingProvider,
    TokenPair, read_answer, read_page,
};

#[cfg(feature = "server")]
mod server;

#[cfg(feature = "server")]
pub use server::{access_token, cursor, idempotency_key, json_body};

/// A target's name, which is that of its corpus, and what it does with any bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this build.
pub const TARGETS: &[Target] = &[
    ("webhook", webhook),
    ("tiktok_answer", tiktok_answer),
    ("tiktok_data", tiktok_data),
    ("prestashop_answer", prestashop_answer),
    ("xml", xml),
    ("filter_query", filter_query),
    ("search_terms", search_terms),
    #[cfg(feature = "server")]
    ("cursor", cursor),
    #[cfg(feature = "server")]
    ("access_token", access_token),
    #[cfg(feature = "server")]
    ("idempotency_key", idempotency_key),
    #[cfg(feature = "server")]
    ("json_body", json_body),
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
    let orders = tiktok_shop::read_orders(status, body);
    for read in success(status, orders).into_iter().flatten() {
        assert!(!read.order.id.is_empty());
    }
}

/// Any other answer of TikTok Shop: the first byte chooses the status, the second what was asked for.
pub fn tiktok_data(data: &[u8]) {
    let [first, second, body @ ..] = data else { return };
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    match second % 7 {
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
        _ => listed::<Cancellation>(status, body, "cancellations", |asked| &asked.cancel_id),
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
            assert!(!error.to_string().contains('\n'), "{error}");
            None
        }
    }
}

/// An answer of the webservice: the first three bytes choose what was asked and the status.
pub fn prestashop_answer(data: &[u8]) {
    const METHODS: [Method; 4] = [Method::Get, Method::Post, Method::Patch, Method::Delete];
    const RESOURCES: [Resource; 6] = [
        Resource::Orders,
        Resource::Carts,
        Resource::Customers,
        Resource::Products,
        Resource::OrderStates,
        Resource::OrderCarriers,
    ];
    const STATUSES: [u16; 10] = [200, 201, 302, 400, 401, 404, 405, 500, 503, 504];
    const TYPES: [Option<&str>; 4] =
        [Some("text/xml;charset=utf-8"), Some("application/json"), Some("text/html"), None];
    let [method, resource, status, body @ ..] = data else { return };
    let call = Call {
        method: METHODS[usize::from(*method) % METHODS.len()],
        resource: RESOURCES[usize::from(*resource) % RESOURCES.len()],
        entities: usize::from(*method >> 6),
    };
    let status_code = STATUSES[usize::from(*status) % STATUSES.len()];
    let content_type = TYPES[usize::from(*status >> 4) % TYPES.len()];
    let answer = RawAnswer { status: status_code, content_type, location_host: None, body };
    let Ok(document) = judge(call, answer) else { return };
    assert!(matches!(status_code, 200 | 201), "a success with status {status_code}");
    // Whatever is there may be read as anything, and is refused where it is not that.
    decode::<prestashop::Order>(&document);
    decode::<prestashop::Cart>(&document);
    decode::<prestashop::Product>(&document);
    decode::<prestashop::OrderState>(&document);
    decode::<prestashop::OrderCarrier>(&document);
    drop(document.listed_ids(call.resource));
    assert!(document.written_ids().iter().all(|id| *id > 0));
}

fn decode<E: Entity>(document: &prestashop::Document) {
    if let Ok(list) = document.list(E::RESOURCE) {
        for element in list {
            drop(E::decode(element));
        }
    }
    if let Ok(element) = document.entity(E::RESOURCE) {
        drop(E::decode(element));
    }
}

/// A document that is read and written is read again as the same.
pub fn xml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(element) = Element::parse(text) else { return };
    let written = element.to_document();
    let again = Element::parse(&written);
    assert_eq!(again.as_ref(), Ok(&element), "{written}");
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

//! What may be kept of a call: structure, ids, states, times and amounts. Everything is hidden that is not on a list
//! (`allowed.rs`) *and* looks as the list says; so what is new to us is hidden, too. Pure, and never panics on any bytes.

use database::attempts::Call;
use url::Url;

use super::recorder::{Heard, RawBody};

mod allowed;
mod json;
mod vocabulary;
mod xml;

/// What stands in the place of what is not shown.
const HIDDEN: &str = "***";

/// The most characters of a body that are kept.
const LONGEST_TEXT: usize = 6_000;

/// The most characters of a path that are kept.
const LONGEST_PATH: usize = 600;

/// Of a list, so many entries are kept.
const LONGEST_LIST: usize = 10;

/// The call without anything that names a person or opens a door.
pub(super) fn call(heard: &Heard) -> Call {
    let call = &heard.call;
    let only_order = heard.only_order.as_deref();
    let text = |body: &RawBody| match body {
        RawBody::Whole(bytes) => body_of(bytes, only_order),
        RawBody::TooLong(length) => Some(not_shown(*length)),
    };
    Call {
        side: call.side,
        method: call.method.clone(),
        origin: call.url.origin().ascii_serialization(),
        path: path_of(&call.url, only_order),
        status: call.status,
        duration_ms: i64::try_from(call.duration.as_millis()).unwrap_or(i64::MAX),
        request_id: call.request_id.clone().filter(|id| allowed::is_id(id)),
        sent: call.sent.as_ref().and_then(text),
        answered: text(&call.answered),
    }
}

/// Path and query. Our own paths hold words and ids only; of the query, only ids and the fields asked for are shown.
fn path_of(url: &Url, only_order: Option<&str>) -> String {
    let pairs = url.query_pairs().map(|(name, value)| {
        let value = match only_order {
            Some(order) if name == "ids" && value != order => format!("{order},{HIDDEN}"),
            _ if allowed::in_query(&name, &value) => value.into_owned(),
            _ => HIDDEN.to_owned(),
        };
        format!("{}={value}", name_shown(&name))
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    let path = if query.is_empty() { url.path().to_owned() } else { format!("{}?{query}", url.path()) };
    shortened(path, LONGEST_PATH)
}

/// A body in the form in which it came, indented; `None` for an empty one.
fn body_of(bytes: &[u8], only_order: Option<&str>) -> Option<String> {
    let bytes = bytes.trim_ascii();
    let text = match bytes.first()? {
        b'{' | b'[' => json::redacted(bytes, only_order),
        b'<' => xml::redacted(bytes),
        _ => None,
    };
    Some(text.map_or_else(|| not_shown(bytes.len()), |text| shortened(text, LONGEST_TEXT)))
}

fn not_shown(length: usize) -> String {
    format!("({length} bytes that are neither JSON nor XML, or too long to be shown)")
}

fn shortened(mut text: String, most: usize) -> String {
    if let Some((cut, _)) = text.char_indices().nth(most) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

/// Names of fields are the vendors' own; anything else in their place is hidden.
fn name_shown(name: &str) -> &str {
    let is_name = !name.is_empty()
        && name.len() <= 64
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '[' | ']' | '.'));
    if is_name { name } else { HIDDEN }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str, only_order: Option<&str>) -> String {
        path_of(&url.parse().unwrap(), only_order)
    }

    #[test]
    fn of_a_query_only_ids_and_fields_are_shown() {
        let table = [
            (
                "https://shop.example/s/api/orders?filter%5Bgift_message%5D=tiktok:576461413038785752&display=%5Bid,id_cart%5D",
                "/s/api/orders?filter[gift_message]=tiktok:576461413038785752&display=[id,id_cart]",
            ),
            (
                "https://shop.example/api/products?filter%5Bid%5D=%5B1%7C5%5D&limit=0,100",
                "/api/products?filter[id]=[1|5]&limit=0,100",
            ),
            (
                "https://shop.example/api/customers?filter%5Bemail%5D=camille%40example.com",
                "/api/customers?filter[email]=***",
            ),
            (
                "https://shop.example/api/orders?filter%5Bgift_message%5D=For%20Camille",
                "/api/orders?filter[gift_message]=***",
            ),
            ("https://shop.example/api/orders?ws_key=WEBSERVICEKEY", "/api/orders?ws_key=***"),
            ("https://shop.example/api/orders?Camille%20Durand=1", "/api/orders?***=***"),
            (
                "https://api.example/order/202309/orders?app_key=6a4b2c&ids=576461413038785752&shop_cipher=GCP_x&sign=ab12&timestamp=1",
                "/order/202309/orders?app_key=***&ids=576461413038785752&shop_cipher=***&sign=***&timestamp=***",
            ),
            (
                "https://auth.example/api/v2/token/refresh?app_key=6a4b2c&app_secret=s&refresh_token=r&grant_type=refresh_token",
                "/api/v2/token/refresh?app_key=***&app_secret=***&refresh_token=***&grant_type=***",
            ),
            ("https://shop.example/api/orders/14", "/api/orders/14"),
        ];

        for (url, shown) in table {
            assert_eq!(path(url, None), shown);
        }
    }

    #[test]
    fn of_a_read_that_travelled_with_others_only_the_own_order_is_shown() {
        let url = "https://api.example/order/202309/orders?ids=576461413038785752,576461413038785753";
        assert_eq!(path(url, Some("576461413038785753")), "/order/202309/orders?ids=576461413038785753,***");

        let answer = br#"{"data":{"orders":[{"id":"1","status":"UNPAID"},{"id":"2","status":"ON_HOLD"}]}}"#;
        let shown = body_of(answer, Some("2")).unwrap();

        assert!(shown.contains("ON_HOLD") && !shown.contains("UNPAID"), "{shown}");
        assert!(shown.contains("1 more"), "{shown}");
    }

    #[test]
    fn bodies_are_shown_if_they_can_be_understood_and_are_bounded() {
        assert_eq!(body_of(b"  \n", None), None);
        for nonsense in [
            &b"Camille Durand"[..],
            b"{\"name\": \"Camille",
            b"<html><body>Camille<br></body>",
            b"<a><![CDATA[Camille]]>",
            b"\xff\xfeCamille",
            b"{\xc3\x28",
            b"Fatal error: Camille",
        ] {
            let shown = body_of(nonsense, None).unwrap();
            assert!(shown.contains("bytes") && !shown.contains("Camille"), "{shown}");
        }
        let long = format!(
            r#"{{{}"end":1}}"#,
            (0..2_000).map(|n| format!(r#""id_{n}":"{n}","#)).collect::<String>()
        );
        let shown = body_of(long.as_bytes(), None).unwrap();
        assert_eq!(shown.chars().count(), LONGEST_TEXT + 1);
    }

    #[test]
    fn no_bytes_whatever_make_it_panic() {
        let mut seed = 7_u64;
        let mut roll = move |sides: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(seed >> 33).unwrap() % sides
        };
        let parts: [&[u8]; 16] = [
            b"<",
            b">",
            b"</",
            b"a",
            b"id",
            b"{",
            b"}",
            b"[",
            b"]",
            b"\"",
            b":",
            b",",
            b"<![CDATA[",
            b"]]>",
            b"\xff",
            "é".as_bytes(),
        ];
        for _ in 0..5_000 {
            let mut bytes = parts[[0, 5, 7][roll(3)]].to_vec();
            for _ in 0..roll(30) {
                bytes.extend_from_slice(parts[roll(parts.len())]);
            }
            body_of(&bytes, Some("1"));
        }
    }
}

//! Reads the API's answers by the shortest road.
//!
//! serde_json reads anything that serde can describe: structs written as arrays, enums written as objects, and it
//! words every mistake. The API writes one plain form, and a page that cannot read an answer only says so. Leaving
//! the rest out makes the page a tenth smaller.

use std::fmt::{self, Display};

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The answer is not what was expected. There is nothing to say about it that would help a person.
#[derive(Debug)]
pub struct Unreadable;

/// Reads a whole answer.
///
/// # Errors
/// The text is no JSON, or is not what `T` looks like.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    from_value(&parse(text)?)
}

/// Reads text as JSON that is not understood yet.
///
/// # Errors
/// The text is no JSON.
pub fn parse(text: &str) -> Result<Value, Unreadable> {
    serde_json::from_str(text).map_err(|_| Unreadable)
}

/// Reads a value from JSON.
///
/// # Errors
/// The JSON is not what `T` looks like.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, Unreadable> {
    T::deserialize(Json(value))
}

#[derive(Clone, Copy)]
struct Json<'de>(&'de Value);

impl<'de> Json<'de> {
    fn text(self) -> Result<&'de str, Unreadable> {
        self.0.as_str().ok_or(Unreadable)
    }
}

impl<'de> IntoDeserializer<'de, Unreadable> for Json<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The fields of a struct, in its own order; those that are not there have their default, if they have one.
struct Fields<'de> {
    entries: &'de Map<String, Value>,
    names: std::slice::Iter<'static, &'static str>,
}

impl<'de> SeqAccess<'de> for Fields<'de> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unreadable> {
        match self.names.next().and_then(|name| self.entries.get(*name)) {
            Some(value) => seed.deserialize(Json(value)).map(Some),
            None => Ok(None),
        }
    }
}

/// Methods that read a number of one kind.
macro_rules! numbers {
    ($($deserialize:ident $visit:ident $number:ident)+) => {
        $(fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            visitor.$visit(self.0.$number().ok_or(Unreadable)?)
        })+
    };
}

impl<'de> de::Deserializer<'de> for Json<'de> {
    type Error = Unreadable;

    numbers! {
        deserialize_i8 visit_i64 as_i64
        deserialize_i16 visit_i64 as_i64
        deserialize_i32 visit_i64 as_i64
        deserialize_i64 visit_i64 as_i64
        deserialize_u8 visit_u64 as_u64
        deserialize_u16 visit_u64 as_u64
        deserialize_u32 visit_u64 as_u64
        deserialize_u64 visit_u64 as_u64
        deserialize_bool visit_bool as_bool
    }

    /// Shapes that say nothing about themselves are text: times and amounts.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let values: &Vec<Value> = self.0.as_array().ok_or(Unreadable)?;
        visitor.visit_seq(SeqDeserializer::new(values.iter().map(Json)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let entries: &Map<String, Value> = self.0.as_object().ok_or(Unreadable)?;
        let entries = entries.iter().map(|(key, value)| (key.as_str(), Json(value)));
        visitor.visit_map(MapDeserializer::new(entries))
    }

    /// A struct is handed its fields in the order in which it wants them. That is less than half the code of handing it
    /// whatever comes, for then it must find out what each is, and keep it until all have come.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let entries = self.0.as_object().ok_or(Unreadable)?;
        visitor.visit_seq(Fields { entries, names: fields.iter() })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_enum(IntoDeserializer::<Unreadable>::into_deserializer(self.text()?))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

impl de::Error for Unreadable {
    fn custom<T: Display>(_message: T) -> Self {
        Self
    }

    // The defaults of these word a message first, and the words alone weigh more than this file.
    fn invalid_type(_unexpected: de::Unexpected<'_>, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_value(_unexpected: de::Unexpected<'_>, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_length(_length: usize, _expected: &dyn de::Expected) -> Self {
        Self
    }

    fn unknown_variant(_variant: &str, _expected: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_field: &str, _expected: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_field: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_field: &'static str) -> Self {
        Self
    }
}

impl Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is not what was expected")
    }
}

impl std::error::Error for Unreadable {}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::{
        ActionOptions, Connection, ImportPreview, Issue, LiveEvent, OrderCounts, OrderSummary, Page, Problem,
        StoreState, SyncRun,
    };

    /// Reads text here and with serde_json, and expects the same of both.
    fn assert_same<T: DeserializeOwned + PartialEq + fmt::Debug>(text: &str) {
        assert_eq!(read::<T>(text).ok(), serde_json::from_str(text).ok(), "{text}");
    }

    const SUMMARY: &str = r##"{
        "id": 12, "connection_id": 1, "tiktok_order_id": "576461413038785752", "status": "awaiting_shipment",
        "channel_status": "SOMETHING_NEW", "import_state": "imported",
        "store_order": {"id": 7, "reference": null, "state": {"id": 2, "name": "Payée", "color": "#34209E"},
            "deleted": false, "url": "https://shop.example/7"},
        "fulfillment_type": "merchant", "created_at": "2026-11-23T10:00:00.123456Z",
        "received_at": "2026-11-23T10:00:02Z", "imported_at": null, "updated_at": "2026-11-23T11:00:00+01:00",
        "ship_by": "2026-11-25T10:00:00Z",
        "first_issue": {"code": "SKU_NOT_FOUND", "severity": "error", "title": "Product not found",
            "opened_at": "2026-11-23T10:00:05Z", "next_retry_at": null},
        "open_errors": 1, "open_warnings": 0, "first_item": "Candle", "first_item_image": null, "item_count": 1,
        "unit_count": 3, "total": {"amount": "46.89", "currency": "EUR"}, "country": "FR",
        "special": ["gift", "pre_order"], "tags": ["fragile"], "assignee": {"id": 3, "email": "ana@example.com"},
        "archived_at": null, "skipped_by_person": false,
        "shipment_failed": false, "purged": false, "actions": ["sync", "ship"],
        "seller_center_url": "https://seller.example/", "added_in_a_later_version": [1, {"two": 2.5}]
    }"##;

    #[test]
    fn answers_are_read_as_serde_json_reads_them() {
        assert!(read::<OrderSummary>(SUMMARY).is_ok());
        assert_same::<OrderSummary>(SUMMARY);
        assert_same::<Page<OrderSummary>>(&format!(
            r#"{{"items":[{SUMMARY}],"has_more":true,"has_previous":false,"next_cursor":"x","previous_cursor":null}}"#
        ));
        assert_same::<OrderCounts>(
            r#"{"all":3,"by_status":[{"status":"error","count":3}],"at_least":false}"#,
        );
        assert_same::<LiveEvent>(r#"{"id":4,"kind":"order.updated","connection_id":1,"order_id":12}"#);
        assert_same::<Problem>(
            r#"{"type":"/problems/x","title":"X","status":400,"detail":"d","instance":"/","code":"x",
                "request_id":"r","retryable":false,"errors":[{"pointer":"/a","detail":"b"}]}"#,
        );
        assert_same::<Issue>(
            r#"{"id":1,"order_id":2,"tiktok_order_id":"3","code":"STOCK_SHORT","subject":"A","severity":"error",
                "retry":"when_fixed","title":"t","sentence":"s","remedy":"r","facts":{"sku":"A"},"attempts":2,
                "next_retry_at":null,"opened_at":"2026-11-23T10:00:05Z","resolved_at":null,"same_cause_count":3}"#,
        );
        assert_same::<ActionOptions>(
            r#"{"complete":true,"carriers":[{"id":"1","name":"Colissimo"}],"cancel_reasons":[{"key":"k","text":"t"}],
                "not_cancelable":null,"cancellation_request":{"id":"4","reason":"r","deadline":null,
                "reject_reasons":[]},"suggested_carrier_id":null,"suggested_tracking_number":"JX1",
                "correctable_package_ids":["9"]}"#,
        );
        assert_same::<ImportPreview>(
            r#"{"ready":false,"checks":[{"name":"Products","passed":false,"detail":"d","code":"SKU_NOT_FOUND"}],
                "store_order":{"rows":[{"name":"Candle","sku":null,"quantity":2,
                "unit_price":{"amount":"1.5","currency":"EUR"},"total":{"amount":"3","currency":"EUR"}}],
                "carrier":"Free","customer_email":"buyerid@tiktok.com","payment_label":"TikTok Shop",
                "total":{"amount":"3","currency":"EUR"},"expected_total":{"amount":"3","currency":"EUR"}}}"#,
        );
        assert_same::<SyncRun>(
            r#"{"id":1,"connection_id":1,"state":"running","updated_since":null,"updated_before":null,"seen":5,
                "new":1,"updated":2,"blocked":0,"pending":2,"error":null,"created_at":"2026-11-23T10:00:05Z",
                "finished_at":null}"#,
        );
        assert_same::<Connection>(
            r#"{"id":1,"name":"n","state":"active","tiktok":{"app_key":"a","shop_id":"s","shop_name":null,
                "region":"FR","access_token_expires_at":null},
                "store":{"url":"https://shop.example/","webservice_key_hint":"K9QZ"},
                "settings":{"poll_interval_s":30,"carrier_by_country":{"FR":2},
                    "status_mapping":{"delivered":5,"completed":null}},
                "last_sync_at":null,"last_webhook_at":null,"created_at":"2026-11-23T10:00:05Z",
                "updated_at":"2026-11-23T10:00:05Z","version":3}"#,
        );
    }

    #[test]
    fn what_is_not_as_expected_is_refused() {
        let cases = [
            "",
            "nonsense",
            "null",
            "[]",
            "{}",
            r#"{"id":1,"name":"Paid"}"#.trim_end_matches('}'),
            r#"{"id":"one","name":"Paid","color":null}"#,
            r#"{"id":1,"name":"Paid","color":5}"#,
        ];

        for text in cases {
            assert!(read::<StoreState>(text).is_err(), "{text}");
            assert_same::<StoreState>(text);
        }
        assert_same::<LiveEvent>(r#"{"id":4,"kind":"order.teleported","connection_id":1,"order_id":12}"#);
        assert_same::<LiveEvent>(r#"{"id":4.5,"kind":"order.updated","connection_id":1,"order_id":12}"#);
    }
}

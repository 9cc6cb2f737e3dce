//! Which parts of orders a caller wants: `fields` leaves out, `include` adds.

use std::collections::BTreeSet;

use database::order_detail::{self, Included};
use serde_json::{Map, Value};
use shared::{FieldError, OrderDetail, OrderSummary, Page};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Type};

use crate::app::AppState;
use crate::error::ApiError;
use crate::openapi::query;

/// What every order has.
const FIELDS: &[&str] = &[
    "id",
    "connection_id",
    "tiktok_order_id",
    "status",
    "channel_status",
    "import_state",
    "store_order",
    "fulfillment_type",
    "created_at",
    "received_at",
    "imported_at",
    "updated_at",
    "ship_by",
    "first_issue",
    "open_errors",
    "open_warnings",
    "first_item",
    "first_item_image",
    "item_count",
    "unit_count",
    "total",
    "country",
    "special",
    "tags",
    "assignee",
    "archived_at",
    "purged",
    "skipped_by_person",
    "shipment_failed",
    "actions",
    "seller_center_url",
];

/// What a single order always has beside.
const DETAIL_FIELDS: &[&str] = &["connection_name", "status_reason"];

/// What a list can include.
const LIST_PARTS: &[&str] = &["lines", "packages", "issues"];

/// What a single order can include; without `include` it has all of them but `packages`, which stand in `shipping`.
const DETAIL_PARTS: &[&str] =
    &["lines", "packages", "issues", "shipping", "payment", "refused_actions", "notes"];

/// The parts that are wanted; `None` where nothing was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    fields: Option<BTreeSet<String>>,
    include: Option<BTreeSet<String>>,
}

impl Shape {
    /// Reads `fields` and `include` of a list and leaves the rest of the query.
    ///
    /// # Errors
    /// When a name is not known.
    pub fn of_list(pairs: Vec<(String, String)>) -> Result<(Self, Vec<(String, String)>), ApiError> {
        Self::read(pairs, FIELDS, &[], LIST_PARTS)
    }

    /// Reads `fields` and `include` of a single order; nothing else is known there.
    ///
    /// # Errors
    /// When a name is not known.
    pub fn of_item(pairs: Vec<(String, String)>) -> Result<Self, ApiError> {
        let (shape, rest) = Self::read(pairs, FIELDS, DETAIL_FIELDS, DETAIL_PARTS)?;
        let unknown = |(name, _): &(String, String)| {
            FieldError::new(name, "unknown filter; known are fields and include")
        };
        let errors: Vec<_> = rest.iter().map(unknown).collect();
        ApiError::refuse_filter(errors)?;
        Ok(shape)
    }

    fn read(
        pairs: Vec<(String, String)>,
        fields: &[&str],
        more_fields: &[&str],
        parts: &[&str],
    ) -> Result<(Self, Vec<(String, String)>), ApiError> {
        let mut shape = Self::default();
        let mut rest = Vec::new();
        let mut errors = Vec::new();
        for (name, value) in pairs {
            let (wanted, known) = match name.as_str() {
                "fields" => (&mut shape.fields, [fields, more_fields, parts].concat()),
                "include" => (&mut shape.include, parts.to_vec()),
                _ => {
                    rest.push((name, value));
                    continue;
                }
            };
            let words: BTreeSet<String> = value
                .split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty())
                .map(ToOwned::to_owned)
                .collect();
            if words.is_empty() {
                errors.push(FieldError::new(&name, "empty; leave it out, or name at least one part"));
            }
            for word in words.iter().filter(|word| !known.contains(&word.as_str())) {
                let word: String = word.chars().take(64).collect();
                errors.push(FieldError::new(
                    &name,
                    format!("unknown “{word}”; known are {}", known.join(", ")),
                ));
            }
            if wanted.replace(words).is_some() {
                errors.push(FieldError::new(&name, "given twice; join the names with a comma"));
            }
        }
        if errors.is_empty() {
            return Ok((shape, rest));
        }
        let detail = "Some parts of orders are not known.".to_owned();
        Err(ApiError::BadRequest { code: "unknown_part", detail, errors })
    }

    /// Whether a part was asked for, by either name.
    fn wants(&self, part: &str) -> bool {
        [&self.include, &self.fields].into_iter().flatten().any(|names| names.contains(part))
    }

    /// A page with the parts that are wanted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(&self, state: &AppState, page: Page<OrderSummary>) -> Result<Page<Value>, ApiError> {
        let Page { items, has_more, has_previous, next_cursor, previous_cursor } = page;
        let mut included = if LIST_PARTS.iter().any(|part| self.wants(part)) {
            order_detail::included(state.database.reader(), &items).await?
        } else {
            Default::default()
        };
        let mut shaped = Vec::with_capacity(items.len());
        for order in items {
            let Included { lines, packages, issues } = included.remove(&order.id).unwrap_or_default();
            let mut object = object_of(&order)?;
            let parts = [
                ("lines", value_of(&lines)?),
                ("packages", value_of(&packages)?),
                ("issues", value_of(&issues)?),
            ];
            object.extend(
                parts
                    .into_iter()
                    .filter(|(name, _)| self.wants(name))
                    .map(|(name, part)| (name.to_owned(), part)),
            );
            shaped.push(self.narrowed(object));
        }
        Ok(Page { items: shaped, has_more, has_previous, next_cursor, previous_cursor })
    }

    /// A single order with the parts that are wanted.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which is our own fault.
    pub fn item(&self, order: &OrderDetail) -> Result<Value, ApiError> {
        let mut object = object_of(order)?;
        if self.wants("packages") {
            object.insert("packages".to_owned(), value_of(&order.shipping.packages)?);
        }
        if self.include.is_some() {
            object.retain(|name, _| !DETAIL_PARTS.contains(&name.as_str()) || self.wants(name));
        }
        Ok(self.narrowed(object))
    }

    fn narrowed(&self, mut object: Map<String, Value>) -> Value {
        if let Some(fields) = &self.fields {
            let included = self.include.as_ref();
            object.retain(|name, _| {
                fields.contains(name) || included.is_some_and(|included| included.contains(name))
            });
        }
        Value::Object(object)
    }
}

fn value_of(thing: &impl serde::Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(thing).map_err(ApiError::internal)
}

fn object_of(thing: &impl serde::Serialize) -> Result<Map<String, Value>, ApiError> {
    match value_of(thing)? {
        Value::Object(object) => Ok(object),
        _ => Err(ApiError::internal("an order is no object")),
    }
}

/// `fields` and `include` of a list.
pub struct ListShape;

impl IntoParams for ListShape {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        parameters(LIST_PARTS)
    }
}

/// `fields` and `include` of a single order.
pub struct ItemShape;

impl IntoParams for ItemShape {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        parameters(DETAIL_PARTS)
    }
}

fn parameters(parts: &[&str]) -> Vec<Parameter> {
    let text = || ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
    let include = format!("Parts to include, separated by commas: {}", parts.join(", "));
    let fields = "The only properties to answer with, separated by commas; others are then missing, also those that the \
        schema calls required";
    vec![query("fields", fields, text()), query("include", &include, text())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn names_that_are_not_known_are_refused() {
        for (wrong, pointer) in [
            (pairs(&[("fields", "id,colour")]), "fields"),
            (pairs(&[("fields", "")]), "fields"),
            (pairs(&[("include", " ,")]), "include"),
            (pairs(&[("include", "lines,payment")]), "include"),
            (pairs(&[("fields", "id"), ("fields", "status")]), "fields"),
        ] {
            let Err(ApiError::BadRequest { code, errors, .. }) = Shape::of_list(wrong) else {
                panic!("{pointer} is wrong")
            };
            assert_eq!((code, errors[0].pointer.as_str()), ("unknown_part", pointer));
        }
        assert!(Shape::of_item(pairs(&[("include", "payment")])).is_ok());
        assert!(Shape::of_item(pairs(&[("limit", "5")])).is_err());
        let (shape, rest) = Shape::of_list(pairs(&[("fields", "id"), ("status", "error")])).unwrap();
        assert_eq!(rest, pairs(&[("status", "error")]));
        assert!(shape.fields.is_some());
    }
}

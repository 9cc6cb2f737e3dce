//! POST, PUT and PATCH: from the request's XML to an object, checked as the shop checks it.

use std::collections::BTreeSet;

use super::answer::Refusal;
use super::record::{AssociationRow, Id, Record, Value, with_scale};
use super::schema::{Field, Kind, Schema};
use super::shop::{NO_DATE, Shop};
use super::validators;
use super::version::Version;
use super::xml::{self, Element};

/// The ways of writing an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// POST.
    Create,
    /// PUT: what is not sent is wiped.
    Replace,
    /// PATCH: only what is sent changes.
    Change,
}

/// An entity as the request describes it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// All fields of the object after the request's values were set; unsent ones of a new object are NULL.
    pub object: Record,
    /// Names of the fields that the request brought.
    pub sent: BTreeSet<String>,
    /// Elements of `<associations>`: name and rows.
    pub associations: Vec<(String, Vec<AssociationRow>)>,
}

/// Reads the entities of a request body.
///
/// # Errors
/// 127 for what is not XML, 89, 90 and 91 for ids that are repeated, missing or not allowed.
pub fn entities(body: &str, mode: Mode, version: Version) -> Result<Vec<Element>, Refusal> {
    let root = xml::parse(body).map_err(|_| not_xml(body, version))?;
    let ids: Vec<&str> = root
        .children
        .iter()
        .filter_map(|entity| entity.child_text("id"))
        .filter(|id| !id.is_empty())
        .collect();
    match mode {
        Mode::Create if !ids.is_empty() => {
            return Err(Refusal::new(400, 91, "id is forbidden when adding a new resource"));
        }
        Mode::Create => {}
        Mode::Replace | Mode::Change => {
            let distinct: BTreeSet<&&str> = ids.iter().collect();
            if distinct.len() != ids.len() {
                return Err(Refusal::new(400, 89, "id is duplicate in request"));
            }
            if ids.len() != root.children.len() {
                return Err(Refusal::new(400, 90, "id is required when modifying a resource"));
            }
        }
    }
    Ok(root.children)
}

fn not_xml(body: &str, version: Version) -> Refusal {
    let length = body.len();
    let error = (
        127,
        format!(
            "XML error : String could not be parsed as XML\nXML length : {length}\nOriginal XML : {body}"
        ),
    );
    if body.is_empty() {
        return Refusal::new(500, error.0, error.1);
    }
    let line = match version {
        Version::V9_1_4 => 1510,
        Version::V8_1_0 => 1504,
    };
    let warning = |text: &str| {
        format!(
            "[PHP Warning #2] SimpleXMLElement::__construct(): {text} \
             (/var/www/prestashop/classes/webservice/WebserviceRequest.php, line {line})"
        )
    };
    let reason = if body.trim_start().starts_with('<') {
        "Entity: line 1: parser error : Premature end of data in tag prestashop line 1"
    } else {
        "Entity: line 1: parser error : Start tag expected, '<' not found"
    };
    let first_line = body.lines().next().unwrap_or_default();
    Refusal::new(500, 3, warning(reason))
        .and(3, warning(first_line))
        .and(3, warning("^"))
        .and(error.0, error.1)
}

/// Sets the values of a request on a new or existing object and checks them.
///
/// # Errors
/// 92 for an unknown id, 41 for a missing field, 93 for a read-only one, 84 and 85 for a bad value.
pub fn draft(shop: &Shop, schema: &Schema, entity: &Element, mode: Mode) -> Result<Draft, Refusal> {
    let existing = match mode {
        Mode::Create => None,
        Mode::Replace | Mode::Change => {
            let id = entity.child_text("id").and_then(|id| id.trim().parse::<Id>().ok()).unwrap_or(0);
            let known = shop.get(schema.resource.name, id);
            Some(known.ok_or_else(|| Refusal::new(404, 92, "Invalid ID"))?)
        }
    };
    let mut object = match (mode, existing) {
        (Mode::Change, Some(record)) => record.clone(),
        (_, Some(record)) => kept_by_replacement(record),
        (_, None) => Record::default(),
    };
    let mut sent = BTreeSet::new();
    for field in &schema.fields {
        if let Some(element) = entity.child(&field.name) {
            if field.read_only {
                return Err(Refusal::new(
                    400,
                    93,
                    format!(
                        "parameter \"{}\" not writable. Please remove this attribute of this XML",
                        field.name
                    ),
                ));
            }
            let value = value_of(field, element, &object);
            object.set_value(&field.name, value);
            sent.insert(field.name.clone());
        } else if field.required && !field.localized && mode != Mode::Change {
            return Err(Refusal::new(400, 41, format!("parameter \"{}\" required", field.name)));
        }
    }
    validate(shop, schema, &object, &sent, mode)?;
    Ok(Draft { object, sent, associations: associations_of(entity) })
}

/// A replaced entity keeps its id and the date of its creation, nothing else.
fn kept_by_replacement(record: &Record) -> Record {
    let mut kept = Record::numbered(record.id);
    for field in ["date_add", "date_upd"] {
        kept.set_value(field, record.value(field).clone());
    }
    kept.associations = record.associations.clone();
    kept
}

fn value_of(field: &Field, element: &Element, object: &Record) -> Value {
    if !field.localized {
        return Value::Text(element.text.clone());
    }
    let mut texts = match object.value(&field.name) {
        Value::Localized(texts) => texts.clone(),
        _ => std::collections::BTreeMap::new(),
    };
    for language in element.children.iter().filter(|child| child.name == "language") {
        let id = language.attribute("id").and_then(|id| id.parse().ok()).unwrap_or(0);
        texts.insert(id, language.text.clone());
    }
    Value::Localized(texts)
}

fn associations_of(entity: &Element) -> Vec<(String, Vec<AssociationRow>)> {
    let Some(associations) = entity.child("associations") else { return Vec::new() };
    let row = |element: &Element| {
        element.children.iter().map(|field| (field.name.clone(), field.text.clone())).collect()
    };
    associations
        .children
        .iter()
        .map(|association| (association.name.clone(), association.children.iter().map(row).collect()))
        .collect()
}

fn validate(
    shop: &Shop,
    schema: &Schema,
    object: &Record,
    sent: &BTreeSet<String>,
    mode: Mode,
) -> Result<(), Refusal> {
    let class = schema.resource.class;
    let merchant_wants = |field: &Field| {
        shop.settings
            .required_fields
            .iter()
            .any(|(resource, name)| resource == schema.resource.name && *name == field.name)
    };
    let checked = |field: &&Field| mode != Mode::Change || sent.contains(&field.name);
    for field in schema.fields.iter().filter(|field| field.localized).filter(checked) {
        if let Value::Localized(texts) = object.value(&field.name) {
            for text in texts.values() {
                refuse_bad_value(class, field, text, 84)?;
            }
        }
    }
    for field in schema.fields.iter().filter(|field| !field.localized).filter(checked) {
        let text = object.text(&field.name);
        if text.is_empty() {
            if field.required || merchant_wants(field) {
                return Err(validation_error(85, &format!("Property {class}->{} is empty.", field.name)));
            }
        } else if sent.contains(&field.name) {
            refuse_bad_value(class, field, text, 85)?;
        }
    }
    Ok(())
}

fn refuse_bad_value(class: &str, field: &Field, text: &str, code: u32) -> Result<(), Refusal> {
    let length = text.chars().count();
    if let Some(longest) = field.max_size.filter(|longest| length > *longest) {
        return Err(validation_error(
            code,
            &format!(
                "The length of property {class}->{} is currently {length} chars. It must be between 0 and {longest} chars.",
                field.name
            ),
        ));
    }
    match &field.format {
        Some(format) if !text.is_empty() && !validators::accepts(format, text) => {
            Err(validation_error(code, &format!("Property {class}->{} is not valid", field.name)))
        }
        _ => Ok(()),
    }
}

fn validation_error(code: u32, sentence: &str) -> Refusal {
    Refusal::new(400, code, format!("Validation error: \"{sentence}\""))
}

/// Numbers that stay NULL when nobody sets them.
fn is_nullable(schema: &Schema, field: &str) -> bool {
    matches!((schema.resource.name, field), ("order_payments", "id_employee") | (_, "low_stock_threshold"))
}

/// The record as the database gives it back: numbers with their decimals, no date as zeros.
#[must_use]
pub fn as_stored(schema: &Schema, mut record: Record) -> Record {
    for field in schema.fields.iter().filter(|field| !field.localized) {
        if *record.value(&field.name) == Value::Null && is_nullable(schema, &field.name) {
            continue;
        }
        let text = record.text(&field.name);
        let stored = match field.kind {
            Kind::Integer => integer_text(text),
            Kind::Flag => if matches!(text, "" | "0" | "false") { "0" } else { "1" }.to_owned(),
            Kind::Decimal(scale) => with_scale(record.decimal(&field.name), scale),
            Kind::DateTime if text.is_empty() => NO_DATE.to_owned(),
            Kind::DateTime if text.len() == 10 => format!("{text} 00:00:00"),
            Kind::Date if text.is_empty() => "0000-00-00".to_owned(),
            Kind::DateTime | Kind::Date | Kind::Text => text.to_owned(),
        };
        record.set(&field.name, stored);
    }
    record
}

fn integer_text(text: &str) -> String {
    let trimmed = text.trim();
    let end = trimmed
        .char_indices()
        .find(|(position, character)| {
            !(character.is_ascii_digit() || (*position == 0 && matches!(character, '-' | '+')))
        })
        .map_or(trimmed.len(), |(position, _)| position);
    trimmed[..end].parse::<i64>().map_or_else(|_| "0".to_owned(), |number| number.to_string())
}

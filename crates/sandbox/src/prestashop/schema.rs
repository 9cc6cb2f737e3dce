//! What fields a resource has, read from the schemas that the shop itself publishes.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::resources::{self, Resource};
use super::version::Version;
use super::xml::{self, Element};

/// How a field is stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// 0 or 1.
    Flag,
    /// A decimal with so many places.
    Decimal(u32),
    /// Date and time, local to the shop.
    DateTime,
    /// A day.
    Date,
    /// Anything else.
    Text,
}

/// One field of a resource.
#[derive(Debug, Clone)]
pub struct Field {
    /// Element name.
    pub name: String,
    /// Whether a new entity must bring it.
    pub required: bool,
    /// Name of the shop's validator.
    pub format: Option<String>,
    /// Longest text in characters.
    pub max_size: Option<usize>,
    /// Whether sending it is refused.
    pub read_only: bool,
    /// Whether it is computed, so that no filter can use it.
    pub not_filterable: bool,
    /// Whether it has one text per language.
    pub localized: bool,
    /// How it is stored.
    pub kind: Kind,
    /// Resource that the value is an id of.
    pub link: Option<&'static str>,
}

/// One association of a resource.
#[derive(Debug, Clone)]
pub struct Association {
    /// Element name.
    pub name: String,
    /// Name of the elements inside.
    pub node: String,
    /// Resource that the elements are ids of.
    pub api: Option<String>,
    /// Whether the elements exist only here.
    pub virtual_entity: bool,
    /// Fields of an element, each with the resource that its value is an id of.
    pub fields: Vec<(String, Option<String>)>,
}

/// The shape of a resource in one version.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Names of the resource.
    pub resource: &'static Resource,
    /// Fields in the order in which they are shown.
    pub fields: Vec<Field>,
    /// Associations in the order in which they are shown.
    pub associations: Vec<Association>,
}

impl Schema {
    /// The field with this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether the resource records when an entity was created and changed.
    #[must_use]
    pub fn has_field(&self, name: &str) -> bool {
        self.field(name).is_some()
    }
}

macro_rules! schema_files {
    ($($name:literal),* $(,)?) => {
        /// Name, blank schema and synopsis of each described resource.
        fn files(version: Version) -> Vec<(&'static str, &'static str, &'static str)> {
            match version {
                Version::V9_1_4 => vec![$((
                    $name,
                    include_str!(concat!("static/9.1.4/", $name, ".blank.xml")),
                    include_str!(concat!("static/9.1.4/", $name, ".synopsis.xml")),
                )),*],
                Version::V8_1_0 => vec![$((
                    $name,
                    include_str!(concat!("static/8.1.0/", $name, ".blank.xml")),
                    include_str!(concat!("static/8.1.0/", $name, ".synopsis.xml")),
                )),*],
            }
        }
    };
}

schema_files!(
    "customers",
    "addresses",
    "carts",
    "orders",
    "order_details",
    "order_histories",
    "order_states",
    "order_carriers",
    "order_payments",
    "order_invoices",
    "order_cart_rules",
    "carriers",
    "products",
    "combinations",
    "stock_availables",
    "specific_prices",
    "countries",
    "states",
    "currencies",
    "languages",
    "shops",
    "shop_groups",
    "zones",
    "taxes",
    "tax_rules",
    "tax_rule_groups",
    "messages",
    "groups",
    "configurations",
);

/// The list of resources that a key with all rights sees; `{shop}` and `{shop_name}` stand for the shop's.
#[must_use]
pub fn api_root(version: Version) -> &'static str {
    match version {
        Version::V9_1_4 => include_str!("static/9.1.4/api.xml"),
        Version::V8_1_0 => include_str!("static/8.1.0/api.xml"),
    }
}

/// The published blank schema or synopsis, with `{shop}` for the shop's address.
#[must_use]
pub fn published(version: Version, resource: &str, synopsis: bool) -> Option<&'static str> {
    files(version)
        .into_iter()
        .find(|(name, _, _)| *name == resource)
        .map(|(_, blank, full)| if synopsis { full } else { blank })
}

/// The shape of a resource; none for those that the shop lists but that are not described here.
#[must_use]
pub fn of(version: Version, resource: &str) -> Option<&'static Schema> {
    static NINE: LazyLock<HashMap<&'static str, Schema>> = LazyLock::new(|| all(Version::V9_1_4));
    static EIGHT: LazyLock<HashMap<&'static str, Schema>> = LazyLock::new(|| all(Version::V8_1_0));
    match version {
        Version::V9_1_4 => NINE.get(resource),
        Version::V8_1_0 => EIGHT.get(resource),
    }
}

fn all(version: Version) -> HashMap<&'static str, Schema> {
    files(version).into_iter().map(|(name, _, synopsis)| (name, schema_from(name, synopsis))).collect()
}

fn schema_from(name: &'static str, synopsis: &str) -> Schema {
    let resource = resources::named(name).expect("every described resource is listed");
    let root = xml::parse(synopsis).expect("published schemas can be read");
    let entity = root.children.first().expect("a schema holds one entity");
    let mut schema = Schema { resource, fields: Vec::new(), associations: Vec::new() };
    for child in &entity.children {
        if child.name == "associations" {
            schema.associations = child.children.iter().map(association_from).collect();
        } else {
            schema.fields.push(field_from(name, child));
        }
    }
    schema
}

fn field_from(resource: &str, element: &Element) -> Field {
    let format = element.attribute("format").map(str::to_owned);
    Field {
        name: element.name.clone(),
        required: element.attribute("required") == Some("true"),
        max_size: element.attribute("maxSize").and_then(|size| size.parse().ok()),
        read_only: element.attribute("readOnly") == Some("true"),
        not_filterable: element.attribute("notFilterable") == Some("true"),
        localized: element.children.iter().any(|child| child.name == "language"),
        kind: kind_of(resource, &element.name, format.as_deref()),
        link: resources::link(resource, &element.name),
        format,
    }
}

fn association_from(element: &Element) -> Association {
    let node = element.attribute("nodeType").unwrap_or_default().to_owned();
    let entry = element.child(&node);
    let fields = entry.map_or_else(Vec::new, |entry| {
        entry
            .children
            .iter()
            .map(|field| {
                // The 8.1.0 shop publishes the key of some associations under the name `0`.
                let name = if field.name == "0" { "id".to_owned() } else { field.name.clone() };
                let link = field
                    .attribute("xlink:href")
                    .and_then(|href| href.trim_end_matches('/').rsplit('/').next().map(str::to_owned));
                (name, link)
            })
            .collect()
    });
    Association {
        name: element.name.clone(),
        node,
        api: element.attribute("api").map(str::to_owned),
        virtual_entity: element.attribute("virtualEntity") == Some("true"),
        fields,
    }
}

/// Decimals that the database keeps with other than six places.
const SCALES: [(&str, u32); 5] = [
    ("carrier_tax_rate", 3),
    ("ecotax_tax_rate", 3),
    ("rate", 3),
    ("group_reduction", 2),
    ("reduction_percent", 2),
];

/// Whole numbers that the schemas do not describe as such.
const PLAIN_INTEGERS: [&str; 12] = [
    "invoice_number",
    "delivery_number",
    "id_default_group",
    "id_tax_rules_group",
    "shipping_tax_computation_method",
    "id_reference",
    "position",
    "new",
    "cache_default_attribute",
    "id_category",
    "id_shop_group",
    "id_default_combination",
];

/// Yes/no fields that the schemas do not describe as such.
const PLAIN_FLAGS: [&str; 5] = ["valid", "shipping_external", "need_range", "active", "deleted"];

fn kind_of(resource: &str, name: &str, format: Option<&str>) -> Kind {
    if resource == "groups" && name == "reduction" {
        return Kind::Decimal(2);
    }
    if let Some((_, scale)) = SCALES.iter().find(|(field, _)| *field == name) {
        return Kind::Decimal(*scale);
    }
    match format {
        Some(
            "isUnsignedId"
            | "isNullOrUnsignedId"
            | "isUnsignedInt"
            | "isInt"
            | "isPositiveInt"
            | "isPriceDisplayMethod",
        ) => Kind::Integer,
        Some("isBool") => Kind::Flag,
        Some("isPrice" | "isNegativePrice" | "isFloat" | "isUnsignedFloat") => Kind::Decimal(6),
        Some("isDate") => Kind::DateTime,
        Some("isDateFormat" | "isBirthDate") if matches!(name, "available_date" | "birthday") => Kind::Date,
        Some("isDateFormat" | "isDateOrNull") => Kind::DateTime,
        Some(_) => Kind::Text,
        None if PLAIN_INTEGERS.contains(&name) => Kind::Integer,
        None if PLAIN_FLAGS.contains(&name) => Kind::Flag,
        None if name.starts_with("total_") || name == "unit_price_ratio" => Kind::Decimal(6),
        None if name.ends_with("_date") || name == "newsletter_date_add" || name == "last_passwd_gen" => {
            Kind::DateTime
        }
        None => Kind::Text,
    }
}

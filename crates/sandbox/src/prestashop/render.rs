//! Entities as the XML and JSON of the webservice.

use std::fmt::Write;

use super::answer::{Output, XML_END, XML_START, cdata, json_text};
use super::query::Display;
use super::record::{AssociationRow, Id, Record, Value};
use super::schema::{Association, Field, Kind, Schema};
use super::shop::Shop;

/// What a rendering needs besides the entities.
#[derive(Debug)]
pub struct Rendering<'a> {
    /// The shop, for its address and languages.
    pub shop: &'a Shop,
    /// The resource.
    pub schema: &'static Schema,
    /// Which fields.
    pub display: Display,
    /// Which languages of localized fields.
    pub languages: Vec<Id>,
    /// Names of virtual price fields; their values are fields of the records.
    pub virtual_fields: Vec<String>,
    /// XML or JSON.
    pub output: Output,
}

impl<'a> Rendering<'a> {
    /// A rendering of whole entities.
    #[must_use]
    pub fn full(shop: &'a Shop, schema: &'static Schema, output: Output) -> Self {
        Self {
            shop,
            schema,
            display: Display::Full,
            languages: shop.languages(),
            virtual_fields: Vec::new(),
            output,
        }
    }

    /// One entity, or several from one request body.
    #[must_use]
    pub fn entities(&self, records: &[Record]) -> String {
        match self.output {
            Output::Xml => {
                let mut body = String::from(XML_START);
                for record in records {
                    self.xml_entity(record, &mut body);
                }
                body.push_str(XML_END);
                body
            }
            // Of several entities only the last one is left under their common name.
            Output::Json => records.last().map_or_else(
                || "[]".to_owned(),
                |record| format!("{{\"{}\":{}}}", self.schema.resource.node, self.json_entity(record, true)),
            ),
        }
    }

    /// A list.
    #[must_use]
    pub fn list(&self, records: &[Record]) -> String {
        let name = self.schema.resource.name;
        match self.output {
            Output::Xml => {
                let mut body = format!("{XML_START}<{name}>\n");
                for record in records {
                    if self.display == Display::Ids {
                        let node = self.schema.resource.node;
                        let link = self.link(name, &record.id.to_string());
                        let _ = writeln!(body, "<{node} id=\"{}\" xlink:href=\"{link}\"/>", record.id);
                    } else {
                        self.xml_entity(record, &mut body);
                    }
                }
                let _ = write!(body, "</{name}>\n{XML_END}");
                body
            }
            // The shop answers an empty array instead of an object with an empty list.
            Output::Json if records.is_empty() => "[]".to_owned(),
            Output::Json => {
                let entities: Vec<String> = records
                    .iter()
                    .map(|record| match self.display {
                        Display::Ids => format!("{{\"id\":{}}}", record.id),
                        _ => self.json_entity(record, false),
                    })
                    .collect();
                format!("{{\"{name}\":[{}]}}", entities.join(","))
            }
        }
    }

    fn link(&self, resource: &str, id: &str) -> String {
        format!("{}/api/{resource}/{id}", self.shop.url)
    }

    fn xml_entity(&self, record: &Record, body: &mut String) {
        let node = self.schema.resource.node;
        let _ = writeln!(body, "<{node}>");
        if self.display.shows("id") {
            let _ = writeln!(body, "\t<id>{}</id>", cdata(&record.id.to_string()));
        }
        for field in self.schema.fields.iter().filter(|field| self.display.shows(&field.name)) {
            self.xml_field(field, record, body);
        }
        for name in self.virtual_fields.iter().filter(|name| self.display.shows(name)) {
            let _ = writeln!(body, "\t<{name}>{}</{name}>", cdata(record.text(name)));
        }
        let shown = self.shown_associations();
        if !shown.is_empty() {
            body.push_str("<associations>\n");
            for (association, fields) in shown {
                self.xml_association(association, &fields, record, body);
            }
            body.push_str("</associations>\n");
        }
        let _ = writeln!(body, "</{node}>");
    }

    fn xml_field(&self, field: &Field, record: &Record, body: &mut String) {
        let name = &field.name;
        if field.localized {
            let _ = write!(body, "\t<{name}>");
            for language in &self.languages {
                let (attribute, text) = match record.value(name) {
                    Value::Localized(texts) => (
                        format!(" xlink:href=\"{}\"", self.link("languages", &language.to_string())),
                        texts.get(language).map_or("", String::as_str),
                    ),
                    _ => (String::new(), ""),
                };
                let _ = write!(body, "<language id=\"{language}\"{attribute}>{}</language>", cdata(text));
            }
            let _ = writeln!(body, "</{name}>");
            return;
        }
        let text = record.text(name);
        let mut attributes = String::new();
        // Only fields that are called `id_…` lose the link when they hold none.
        let links = !matches!(text, "" | "0") || !name.starts_with("id_");
        if let Some(resource) = field.link.filter(|_| links) {
            let _ = write!(attributes, " xlink:href=\"{}\"", self.link(resource, text));
        }
        if field.not_filterable {
            attributes.push_str(" notFilterable=\"true\"");
        }
        let _ = writeln!(body, "\t<{name}{attributes}>{}</{name}>", cdata(text));
    }

    fn shown_associations(&self) -> Vec<(&'static Association, Vec<String>)> {
        let all = |association: &Association| {
            association.fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        self.schema
            .associations
            .iter()
            .filter_map(|association| match &self.display {
                Display::Ids => None,
                Display::Full => Some((association, all(association))),
                Display::Fields(_, chosen) => {
                    let (_, fields) = chosen.iter().find(|(name, _)| *name == association.name)?;
                    let fields = if fields.is_empty() { all(association) } else { fields.clone() };
                    Some((association, fields))
                }
            })
            .collect()
    }

    fn xml_association(
        &self,
        association: &Association,
        fields: &[String],
        record: &Record,
        body: &mut String,
    ) {
        let (name, node) = (&association.name, &association.node);
        let mut attributes = format!(" nodeType=\"{node}\"");
        if let Some(api) = &association.api {
            let _ = write!(attributes, " api=\"{api}\"");
        }
        if association.virtual_entity {
            attributes.push_str(" virtualEntity=\"true\"");
        }
        let rows = record.associations.get(name).map_or(&[][..], Vec::as_slice);
        if rows.is_empty() {
            let _ = writeln!(body, "<{name}{attributes}/>");
            return;
        }
        let _ = writeln!(body, "<{name}{attributes}>");
        for row in rows {
            let link = self.row_link(association, record, row);
            let _ = writeln!(body, "\t<{node}{link}>");
            for (field, target) in &association.fields {
                let Some(text) = row.get(field).filter(|_| fields.contains(field)) else { continue };
                let link = target.as_ref().map_or_else(String::new, |resource| {
                    format!(" xlink:href=\"{}\"", self.link(resource, text))
                });
                let _ = writeln!(body, "\t<{field}{link}>{}</{field}>", cdata(text));
            }
            let _ = writeln!(body, "\t</{node}>");
        }
        let _ = writeln!(body, "</{name}>");
    }

    fn row_link(&self, association: &Association, record: &Record, row: &AssociationRow) -> String {
        let (Some(api), Some(id)) = (&association.api, row.get("id")) else { return String::new() };
        let address = if api == "images/products" {
            self.link(&format!("{api}/{}", record.text("id_product")), id)
        } else {
            self.link(api, id)
        };
        format!(" xlink:href=\"{address}\"")
    }

    fn json_entity(&self, record: &Record, alone: bool) -> String {
        let mut parts = Vec::new();
        if self.display.shows("id") {
            parts.push(format!("\"id\":{}", record.id));
        }
        for field in self.schema.fields.iter().filter(|field| self.display.shows(&field.name)) {
            if let Some(value) = self.json_field(field, record, alone) {
                parts.push(format!("\"{}\":{value}", field.name));
            }
        }
        for name in self.virtual_fields.iter().filter(|name| self.display.shows(name)) {
            parts.push(format!("\"{name}\":{}", json_text(record.text(name))));
        }
        let associations: Vec<String> = self
            .shown_associations()
            .into_iter()
            .filter_map(|(association, fields)| {
                let rows = record.associations.get(&association.name).filter(|rows| !rows.is_empty())?;
                let rows: Vec<String> =
                    rows.iter().map(|row| self.json_row(association, &fields, row)).collect();
                Some(format!("\"{}\":[{}]", association.name, rows.join(",")))
            })
            .collect();
        if !associations.is_empty() {
            parts.push(format!("\"associations\":{{{}}}", associations.join(",")));
        }
        format!("{{{}}}", parts.join(","))
    }

    /// A field as JSON; falsy fields of a single entity are left out.
    fn json_field(&self, field: &Field, record: &Record, alone: bool) -> Option<String> {
        let text = match record.value(&field.name) {
            Value::Null if alone => return None,
            Value::Null => return Some("null".to_owned()),
            Value::Text(text) => text,
            Value::Localized(texts) => {
                return Some(match self.languages.as_slice() {
                    [language] => json_text(texts.get(language).map_or("", String::as_str)),
                    languages => {
                        let entries: Vec<String> = languages
                            .iter()
                            .map(|language| {
                                let text = texts.get(language).map_or("", String::as_str);
                                format!("{{\"id\":\"{language}\",\"value\":{}}}", json_text(text))
                            })
                            .collect();
                        format!("[{}]", entries.join(","))
                    }
                });
            }
        };
        if alone && matches!(text.as_str(), "" | "0") {
            return None;
        }
        let as_number = match field.kind {
            Kind::Integer => true,
            // 9.x reads flags as the strings that the database driver gives it.
            Kind::Flag => !self.shop.version.is_nine(),
            _ => false,
        };
        Some(if as_number && text.parse::<i64>().is_ok() { text.clone() } else { json_text(text) })
    }

    fn json_row(&self, association: &Association, fields: &[String], row: &AssociationRow) -> String {
        let parts: Vec<String> = association
            .fields
            .iter()
            .filter(|(name, _)| fields.contains(name))
            .filter_map(|(name, _)| {
                let text = row.get(name)?;
                let number = (name == "id"
                    || name.starts_with("id_")
                    || name.ends_with("_id")
                    || name.ends_with("quantity"))
                    && text.parse::<i64>().is_ok();
                let value = if number { text.clone() } else { json_text(text) };
                Some(format!("\"{name}\":{value}"))
            })
            .collect();
        format!("{{{}}}", parts.join(","))
    }
}

//! What makes two answers equal: status, headers that matter, the tree of the body and its values.
//!
//! Times, keys, hashes, references and server paths differ from run to run; of these only the form counts.

use std::collections::BTreeMap;

use serde_json::Value as JsonValue;

use super::line::Request;
use super::recording::{Message, Recording, Reply};
use crate::prestashop::xml::{self, Element};

/// How the recordings call the shop.
const RECORDED_URL: &str = "http://prestashop.example";
const RECORDED_HOST: &str = "prestashop.example";

/// Headers whose value has to be as recorded; `Content-Sha1` only has to be there or not.
const HEADERS: [&str; 5] = ["Content-Type", "PSWS-Version", "Location", "WWW-Authenticate", "X-Powered-By"];

/// Fields of which only the form counts.
const VOLATILE: [&str; 12] = [
    "date_add",
    "date_upd",
    "invoice_date",
    "delivery_date",
    "last_passwd_gen",
    "secure_key",
    "passwd",
    "reference",
    "order_reference",
    "from",
    "to",
    "newsletter_date_add",
];

/// Compares answers with recordings and remembers values that stand for recorded ones.
#[derive(Debug)]
pub struct Comparison {
    shop_url: String,
    /// Replayed values by recorded ones: references, keys, hashes.
    stand_ins: BTreeMap<String, String>,
}

impl Comparison {
    /// A comparison for a shop.
    pub fn new(shop_url: &str) -> Self {
        Self { shop_url: shop_url.to_owned(), stand_ins: BTreeMap::new() }
    }

    /// Remembers that a recorded value is another one here.
    pub fn learn(&mut self, recorded: String, replayed: String) {
        self.stand_ins.insert(recorded, replayed);
    }

    /// The recorded request, addressed to the replayed shop and with its values.
    pub fn request(&self, recording: &Recording) -> Request {
        let host = self.shop_url.trim_start_matches("http://");
        let headers = recording
            .request
            .headers
            .iter()
            .map(|(name, value)| {
                let is_own_host = name.eq_ignore_ascii_case("Host") && value == RECORDED_HOST;
                let value = if is_own_host { host.to_owned() } else { self.replaced(value) };
                (name.clone(), value)
            })
            .collect();
        let body = self.replaced(&recording.request.body.replace(RECORDED_URL, &self.shop_url));
        Request {
            method: recording.method.clone(),
            target: self.replaced(&recording.target),
            message: Message { headers, body },
        }
    }

    fn replaced(&self, text: &str) -> String {
        let mut replaced = text.to_owned();
        for (recorded, replayed) in &self.stand_ins {
            if replaced.contains(recorded) {
                replaced = replaced.replace(recorded, replayed);
            }
        }
        replaced
    }

    /// What differs between a recorded answer and a replayed one.
    pub fn differences(&mut self, recording: &Recording, reply: &Reply) -> Vec<String> {
        self.compare(recording, reply, false)
    }

    /// What differs, apart from the ids of an order's rows.
    pub fn differences_but_row_ids(&mut self, recording: &Recording, reply: &Reply) -> Vec<String> {
        self.compare(recording, reply, true)
    }

    fn compare(&mut self, recording: &Recording, reply: &Reply, any_row_id: bool) -> Vec<String> {
        let mut differences = Vec::new();
        let recorded = &recording.reply;
        if recorded.status != reply.status {
            differences.push(format!("status {} instead of {}", reply.status, recorded.status));
        }
        for name in HEADERS {
            let own = |value: Option<&str>| value.map(|value| value.replace(&self.shop_url, RECORDED_URL));
            let (wanted, got) = (own(recorded.message.header(name)), own(reply.message.header(name)));
            if wanted != got {
                differences.push(format!("header {name} is {got:?} instead of {wanted:?}"));
            }
        }
        let (wanted_hash, hash) =
            (recorded.message.header("Content-Sha1"), reply.message.header("Content-Sha1"));
        if wanted_hash.is_some() != hash.is_some() {
            differences.push(format!("header Content-Sha1 is {hash:?} instead of {wanted_hash:?}"));
        }
        if let (Some(wanted), Some(got)) = (wanted_hash, hash) {
            self.stand_ins.insert(wanted.to_owned(), got.to_owned());
        }
        let body = reply.message.body.replace(&self.shop_url, RECORDED_URL);
        self.compare_bodies(&recorded.message.body, &body, any_row_id, &mut differences);
        differences
    }

    fn compare_bodies(&mut self, wanted: &str, got: &str, any_row_id: bool, differences: &mut Vec<String>) {
        if wanted.trim_end() == got.trim_end() {
            return;
        }
        if let (Ok(wanted), Ok(got)) =
            (serde_json::from_str::<JsonValue>(wanted), serde_json::from_str::<JsonValue>(got))
        {
            self.compare_json("", &wanted, &got, differences);
            return;
        }
        match (xml::parse(wanted), xml::parse(got)) {
            (Ok(wanted), Ok(got)) if wanted.child("errors").is_some() && got.child("errors").is_some() => {
                let (wanted, got) = (errors(&wanted), errors(&got));
                if wanted != got {
                    differences.push(format!("errors {got:?} instead of {wanted:?}"));
                }
            }
            (Ok(wanted), Ok(got)) => self.compare_elements("", &wanted, &got, any_row_id, differences),
            _ => {
                let (wanted, got) = (without_paths(wanted), without_paths(got));
                if wanted != got {
                    differences.push(format!("body {got:?} instead of {wanted:?}"));
                }
            }
        }
    }

    fn compare_elements(
        &mut self,
        path: &str,
        wanted: &Element,
        got: &Element,
        any_row_id: bool,
        differences: &mut Vec<String>,
    ) {
        let path = format!("{path}/{}", got.name);
        if wanted.name != got.name {
            differences.push(format!("element {path} instead of <{}>", wanted.name));
            return;
        }
        if wanted.attributes != got.attributes {
            differences.push(format!(
                "attributes of {path}: {:?} instead of {:?}",
                got.attributes, wanted.attributes
            ));
        }
        let (wanted_text, text) = (wanted.text.trim(), got.text.trim());
        let skipped = any_row_id && path.ends_with("/order_row/id");
        if !skipped {
            self.compare_values(&path, &wanted.name, wanted_text, text, differences);
        }
        let names = |element: &Element| -> Vec<String> {
            element.children.iter().map(|child| child.name.clone()).collect()
        };
        if wanted.children.len() != got.children.len() {
            differences.push(format!("inside {path}: {:?} instead of {:?}", names(got), names(wanted)));
            return;
        }
        for (wanted, got) in wanted.children.iter().zip(&got.children) {
            self.compare_elements(&path, wanted, got, any_row_id, differences);
        }
    }

    fn compare_values(
        &mut self,
        path: &str,
        name: &str,
        wanted: &str,
        got: &str,
        differences: &mut Vec<String>,
    ) {
        if wanted == got {
            return;
        }
        if VOLATILE.contains(&name) && same_form(name, wanted, got) {
            if !name.starts_with("date") && !name.ends_with("_date") {
                self.stand_ins.insert(wanted.to_owned(), got.to_owned());
            }
            return;
        }
        differences.push(format!("{path} is {got:?} instead of {wanted:?}"));
    }

    fn compare_json(
        &mut self,
        path: &str,
        wanted: &JsonValue,
        got: &JsonValue,
        differences: &mut Vec<String>,
    ) {
        match (wanted, got) {
            (JsonValue::Object(wanted), JsonValue::Object(got)) => {
                if wanted.keys().ne(got.keys()) {
                    let (wanted, got): (Vec<_>, Vec<_>) = (wanted.keys().collect(), got.keys().collect());
                    differences.push(format!("keys of {path}/: {got:?} instead of {wanted:?}"));
                    return;
                }
                for ((key, wanted), got) in wanted.iter().zip(got.values()) {
                    self.compare_json(&format!("{path}/{key}"), wanted, got, differences);
                }
            }
            (JsonValue::Array(wanted), JsonValue::Array(got)) if wanted.len() == got.len() => {
                for (wanted, got) in wanted.iter().zip(got) {
                    self.compare_json(path, wanted, got, differences);
                }
            }
            (JsonValue::String(wanted), JsonValue::String(got)) => {
                let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                self.compare_values(path, &name, wanted, got, differences);
            }
            _ if wanted == got => {}
            _ => differences.push(format!("{path} is {got} instead of {wanted}")),
        }
    }
}

/// The id of the entity in an answer, for putting simultaneous answers in order.
pub fn first_id(reply: &Reply) -> Option<u64> {
    let root = xml::parse(&reply.message.body).ok()?;
    root.children.first()?.child_text("id")?.trim().parse().ok()
}

/// Dates with dates, keys with keys; an empty value only with an empty one, no date only with no date.
fn same_form(name: &str, wanted: &str, got: &str) -> bool {
    if name == "passwd" {
        return wanted.starts_with("$2y$10$") && got.starts_with("$2y$10$");
    }
    let form = |text: &str| -> String {
        text.chars()
            .map(|character| match character {
                character if character.is_ascii_digit() => '9',
                character if character.is_ascii_uppercase() => 'A',
                character => character,
            })
            .collect()
    };
    if name == "secure_key" {
        let is_key =
            |text: &str| text.len() == 32 && text.chars().all(|character| character.is_ascii_hexdigit());
        return is_key(wanted) && is_key(got);
    }
    wanted.starts_with("0000") == got.starts_with("0000") && form(wanted) == form(got)
}

/// Codes and messages without repetitions; of PHP's own messages only the code.
fn errors(root: &Element) -> Vec<(String, String)> {
    let entries = root.child("errors").map_or(&[][..], |errors| &errors.children);
    let mut errors: Vec<(String, String)> = Vec::new();
    for entry in entries {
        let code = entry.child_text("code").unwrap_or_default().to_owned();
        let message = entry.child_text("message").unwrap_or_default();
        let message = if message.starts_with("[PHP ") { "[PHP …]".to_owned() } else { message.to_owned() };
        if !errors.contains(&(code.clone(), message.clone())) {
            errors.push((code, message));
        }
    }
    errors
}

/// Text of PHP without the paths and line numbers of the server: the first line that says something, up to
/// the place.
fn without_paths(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.split(" in /").next().unwrap_or_default().trim().to_owned()
}

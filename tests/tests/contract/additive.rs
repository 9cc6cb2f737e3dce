//! Within one version of the API things are only added: what a client of the released document knows, it finds in the
//! current one.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};
use tests::api_document_path;

/// Who writes what a schema describes: a client that knows the released document, or we.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Writer {
    Client,
    Server,
}

/// A released document beside the current one, and what has become of it.
struct Comparison<'a> {
    released: &'a Value,
    current: &'a Value,
    complaints: Vec<String>,
    /// Pairs of named schemas that are compared already, for a schema may contain itself.
    compared: BTreeSet<(String, String, Writer)>,
}

fn complaints(released: &Value, current: &Value) -> Vec<String> {
    let mut comparison = Comparison { released, current, complaints: Vec::new(), compared: BTreeSet::new() };
    comparison.documents();
    comparison.complaints
}

impl<'a> Comparison<'a> {
    fn expect(&mut self, holds: bool, complaint: impl FnOnce() -> String) {
        if !holds {
            self.complaints.push(complaint());
        }
    }

    fn documents(&mut self) {
        let (released, current) = (self.released, self.current);
        for (group, writer) in [("paths", Writer::Client), ("webhooks", Writer::Server)] {
            for (path, item) in entries(&released[group]) {
                for (method, operation) in entries(item) {
                    let name = format!("{method} {path}");
                    match current[group][path].get(method) {
                        Some(current) => self.operation(&name, operation, current, writer),
                        None => self.complaints.push(format!("{name} is gone")),
                    }
                }
            }
        }
    }

    fn operation(&mut self, name: &str, released: &'a Value, current: &'a Value, writer: Writer) {
        for key in ["operationId", "security"] {
            self.expect(released[key] == current[key], || format!("{name}: another {key}"));
        }
        self.parameters(name, released, current, writer);
        let (before, now) = (&released["requestBody"], &current["requestBody"]);
        self.expect(before["required"] == true || now["required"] != true, || {
            format!("{name}: the body is needed now")
        });
        self.contents(&format!("{name}: body"), before, now, writer);
        let answers = if writer == Writer::Client { Writer::Server } else { Writer::Client };
        for (status, response) in entries(&released["responses"]) {
            match current["responses"].get(status) {
                Some(now) => {
                    let place = format!("{name}: {status}");
                    for (header, _) in entries(&response["headers"]) {
                        let is_there = now["headers"].get(header).is_some();
                        self.expect(is_there, || format!("{place}: the header {header} is gone"));
                    }
                    self.contents(&place, response, now, answers);
                }
                None => self.complaints.push(format!("{name}: {status} is gone")),
            }
        }
    }

    fn parameters(&mut self, name: &str, released: &'a Value, current: &'a Value, writer: Writer) {
        let key = |parameter: &Value| (parameter["in"].to_string(), parameter["name"].to_string());
        let of = |operation: &'a Value| operation["parameters"].as_array().into_iter().flatten();
        for before in of(released) {
            let place = format!("{name}: parameter {}", before["name"]);
            let Some(now) = of(current).find(|now| key(now) == key(before)) else {
                self.complaints.push(format!("{place} is gone"));
                continue;
            };
            self.expect(before["required"] == true || now["required"] != true, || {
                format!("{place} is needed now")
            });
            self.schemas(&place, &before["schema"], &now["schema"], writer);
        }
        for now in of(current).filter(|now| now["required"] == true) {
            let is_known = of(released).any(|before| key(before) == key(now));
            self.expect(is_known, || format!("{name}: parameter {} is new and needed", now["name"]));
        }
    }

    fn contents(&mut self, place: &str, released: &'a Value, current: &'a Value, writer: Writer) {
        for (media_type, before) in entries(&released["content"]) {
            match current["content"].get(media_type) {
                Some(now) => self.schemas(place, &before["schema"], &now["schema"], writer),
                None => self.complaints.push(format!("{place}: {media_type} is gone")),
            }
        }
    }

    fn schemas(&mut self, place: &str, released: &'a Value, current: &'a Value, writer: Writer) {
        if let (Some(before), Some(now)) = (released["$ref"].as_str(), current["$ref"].as_str())
            && !self.compared.insert((before.to_owned(), now.to_owned(), writer))
        {
            return;
        }
        let (before, now) = (resolved(self.released, released), resolved(self.current, current));
        if before.is_null() {
            return;
        }
        self.types(place, before, now, writer);
        self.bounds(place, before, now, writer);
        for value in before["enum"].as_array().into_iter().flatten() {
            let is_there = now["enum"].as_array().is_none_or(|values| values.contains(value));
            self.expect(is_there, || format!("{place}: the value {value} is gone"));
        }
        self.properties(place, before, now, writer);
        if before.get("items").is_some() {
            self.schemas(&format!("{place}[]"), &before["items"], &now["items"], writer);
        }
        for key in ["oneOf", "anyOf", "allOf"] {
            for part in before[key].as_array().into_iter().flatten() {
                // Whichever has taken its place; it may stand elsewhere in the list.
                let fits = now[key].as_array().into_iter().flatten().any(|candidate| {
                    let mut attempt = Comparison {
                        released: self.released,
                        current: self.current,
                        complaints: Vec::new(),
                        compared: self.compared.clone(),
                    };
                    attempt.schemas(place, part, candidate, writer);
                    attempt.complaints.is_empty()
                });
                self.expect(fits, || format!("{place}: a choice of {key} has changed or is gone"));
            }
        }
    }

    /// What a client writes must still be taken; what we write must still be what the client can read.
    fn types(&mut self, place: &str, before: &Value, now: &Value, writer: Writer) {
        let (known, taken) = (types_of(before), types_of(now));
        let fits = known.is_empty()
            || match writer {
                Writer::Client => taken.is_empty() || known.is_subset(&taken),
                Writer::Server => !taken.is_empty() && taken.is_subset(&known),
            };
        self.expect(fits, || format!("{place}: {known:?} has become {taken:?}"));
        self.expect(before["format"] == now["format"], || format!("{place}: another format"));
    }

    fn bounds(&mut self, place: &str, before: &Value, now: &Value, writer: Writer) {
        if writer == Writer::Server {
            return;
        }
        let number = |schema: &Value, key: &str| schema[key].as_f64();
        for key in ["maximum", "maxLength", "maxItems", "maxProperties"] {
            let fits =
                number(now, key).is_none_or(|now| number(before, key).is_some_and(|before| now >= before));
            self.expect(fits, || format!("{place}: a lower {key}"));
        }
        for key in ["minimum", "minLength", "minItems", "minProperties"] {
            let fits =
                number(now, key).is_none_or(|now| number(before, key).is_some_and(|before| now <= before));
            self.expect(fits, || format!("{place}: a higher {key}"));
        }
        self.expect(now["pattern"].is_null() || now["pattern"] == before["pattern"], || {
            format!("{place}: another pattern")
        });
    }

    fn properties(&mut self, place: &str, before: &'a Value, now: &'a Value, writer: Writer) {
        for (name, property) in entries(&before["properties"]) {
            match now["properties"].get(name) {
                Some(now) => self.schemas(&format!("{place}.{name}"), property, now, writer),
                None => self.complaints.push(format!("{place}.{name} is gone")),
            }
        }
        let required = |schema: &Value| -> BTreeSet<String> {
            let names = schema["required"].as_array().into_iter().flatten();
            names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
        };
        let (needed_before, needed_now) = (required(before), required(now));
        let (broken, how) = match writer {
            Writer::Client => (&needed_now - &needed_before, "is needed now"),
            Writer::Server => (&needed_before - &needed_now, "may be missing now"),
        };
        for name in broken {
            self.complaints.push(format!("{place}.{name} {how}"));
        }
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or(&Value::Null),
        None => schema,
    }
}

fn types_of(schema: &Value) -> BTreeSet<&str> {
    match &schema["type"] {
        Value::String(name) => [name.as_str()].into(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::new(),
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn nothing_that_was_released_is_taken_back() {
    let current = read(&api_document_path());
    let released = read(&api_document_path().with_file_name("released").join("v1.json"));

    let complaints = complaints(&released, &current);

    assert!(complaints.is_empty(), "{} findings:\n{}", complaints.len(), complaints.join("\n"));
    let operations = entries(&released["paths"]).map(|(_, item)| entries(item).count()).sum::<usize>();
    figures::tell(&format!("API document: {operations} operations released, nothing of them taken back"));
}

#[test]
fn whatever_breaks_a_client_is_found() {
    let released = json!({
        "paths": { "/things/{id}": { "post": {
            "operationId": "changeThing",
            "security": [{ "bearer": ["things:write"] }],
            "parameters": [{ "in": "query", "name": "limit", "schema": { "type": "integer", "maximum": 100 } }],
            "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Change" } } } },
            "responses": { "200": {
                "headers": { "ETag": {} },
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } }
            } }
        } } },
        "components": { "schemas": {
            "Change": {
                "type": "object", "required": ["name"],
                "properties": {
                    "name": { "type": "string", "maxLength": 80 },
                    "kind": { "oneOf": [{ "type": "null" }, { "type": "string", "enum": ["a", "b"] }] }
                }
            },
            "Thing": {
                "type": "object", "required": ["id", "parent"],
                "properties": {
                    "id": { "type": "integer" },
                    "state": { "type": "string", "enum": ["new", "old"] },
                    "parent": { "$ref": "#/components/schemas/Thing" }
                }
            }
        } }
    });
    let post = "/paths/~1things~1{id}/post";
    let (change, thing) = ("/components/schemas/Change", "/components/schemas/Thing");
    let set = |pointer: String, value: Value| {
        let mut changed = released.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = changed.pointer_mut(parent).unwrap();
        match (parent, name.parse::<usize>()) {
            (Value::Array(values), Ok(place)) => values.insert(place, value),
            (parent, _) => parent[name.replace("~1", "/")] = value,
        }
        changed
    };
    let breaking = [
        (format!("{post}/operationId"), json!("alterThing"), "another operationId"),
        (format!("{post}/security"), json!([{ "bearer": ["things:admin"] }]), "another security"),
        (format!("{post}/parameters"), json!([]), "\"limit\" is gone"),
        (
            format!("{post}/parameters/0"),
            json!({ "in": "header", "name": "Key", "required": true }),
            "new and needed",
        ),
        (
            format!("{post}/parameters/0"),
            json!({ "in": "query", "name": "limit", "required": true }),
            "needed now",
        ),
        (format!("{post}/requestBody/required"), json!(true), "the body is needed now"),
        (format!("{post}/requestBody/content"), json!({ "text/plain": {} }), "application/json is gone"),
        (format!("{post}/responses"), json!({ "202": {} }), "200 is gone"),
        (format!("{post}/responses/200/headers"), json!({}), "ETag is gone"),
        (format!("{change}/required"), json!(["name", "kind"]), ".kind is needed now"),
        (format!("{change}/properties/name/maxLength"), json!(40), "a lower maxLength"),
        (format!("{change}/properties/name/minLength"), json!(1), "a higher minLength"),
        (format!("{change}/properties/name/pattern"), json!("^a"), "another pattern"),
        (format!("{change}/properties/name/type"), json!("integer"), "has become"),
        (format!("{change}/properties/kind/oneOf"), json!([{ "type": "string" }]), "a choice of oneOf"),
        (format!("{change}/properties/kind/oneOf/1"), json!({ "type": "string", "enum": ["b"] }), ""),
        (format!("{thing}/properties"), json!({ "id": { "type": "integer" } }), ".state is gone"),
        (format!("{thing}/properties/id/type"), json!(["integer", "null"]), "has become"),
        (format!("{thing}/properties/id/format"), json!("int64"), "another format"),
        (format!("{thing}/properties/state/enum"), json!(["new"]), "\"old\" is gone"),
        (format!("{thing}/required"), json!(["id"]), ".parent may be missing now"),
    ];
    for (pointer, value, complaint) in breaking {
        let found = complaints(&released, &set(pointer.clone(), value));
        // One that only adds a choice breaks nobody; it is here to see that it is not taken for a break.
        let is_found = if complaint.is_empty() {
            found.is_empty()
        } else {
            found.iter().any(|it| it.contains(complaint))
        };
        assert!(is_found, "{pointer}: {found:#?}");
    }

    let added = [
        ("/paths/~1other".to_owned(), json!({ "get": { "operationId": "listOthers" } })),
        (
            format!("{post}/parameters/0"),
            json!({ "in": "query", "name": "color", "schema": { "type": "string" } }),
        ),
        (format!("{post}/responses/409"), json!({ "description": "Not now" })),
        (format!("{change}/properties/color"), json!({ "type": "string" })),
        (format!("{change}/properties/name/maxLength"), json!(100)),
        (format!("{change}/required"), json!([])),
        (format!("{thing}/properties/color"), json!({ "type": "string" })),
        (format!("{thing}/properties/state/enum"), json!(["new", "old", "gone"])),
    ];
    for (pointer, value) in added {
        assert_eq!(complaints(&released, &set(pointer.clone(), value)), Vec::<String>::new(), "{pointer}");
    }
}

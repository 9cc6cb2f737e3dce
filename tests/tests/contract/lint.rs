//! Two sets of rules for the document: a public one, and our own where that one does not reach.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Map, Value};
use tests::{ApiTools, api_document_path};

#[test]
fn the_public_rules_find_nothing() {
    let tools = ApiTools::find().unwrap();
    let mut linter = tools.node("@redocly/cli/bin/cli.js");
    linter.args(["lint", "--config"]).arg(tools.settings("redocly.yaml")).arg(api_document_path());
    linter.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");

    let (succeeded, said) = output_of(&mut linter);

    assert!(succeeded && said.contains("Your API description is valid"), "{said}");
    assert!(!said.contains("warning"), "{said}");
    figures::tell("API document: 0 findings of the public rules");
}

fn output_of(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), said.concat())
}

/// An operation, and what is wrong with it.
struct Operation<'a> {
    name: String,
    path: &'a str,
    method: &'a str,
    value: &'a Value,
    complaints: &'a mut Vec<String>,
}

#[test]
fn our_own_rules_find_nothing() {
    let document = document();
    let mut complaints = Vec::new();
    let mut ids = BTreeSet::new();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, value) in item.as_object().unwrap() {
            operations += 1;
            let name = format!("{} {path}", method.to_uppercase());
            if !ids.insert(value["operationId"].to_string()) {
                complaints.push(format!("{name}: its operationId is another one's, too"));
            }
            let mut operation = Operation { name, path, method, value, complaints: &mut complaints };
            operation.is_described();
            operation.shows_its_bodies();
            operation.tells_its_refusals();
        }
    }
    unused_schemas(&document, &mut complaints);

    assert!(operations > 40, "the document has {operations} operations only");
    assert!(complaints.is_empty(), "{} findings:\n{}", complaints.len(), complaints.join("\n"));
    figures::tell(&format!("API document: {operations} operations, 0 findings of our rules"));
}

fn document() -> Value {
    serde_json::from_str(&std::fs::read_to_string(api_document_path()).unwrap()).unwrap()
}

impl Operation<'_> {
    fn expect(&mut self, holds: bool, what: &str) {
        if !holds {
            self.complaints.push(format!("{}: {what}", self.name));
        }
    }

    fn is_described(&mut self) {
        let filled = |key: &str| self.value[key].as_str().is_some_and(|text| !text.trim().is_empty());
        let missing: Vec<_> =
            ["operationId", "summary", "description"].into_iter().filter(|key| !filled(key)).collect();
        for key in missing {
            self.expect(false, &format!("no {key}"));
        }
        self.expect(self.value["tags"].as_array().is_some_and(|tags| tags.len() == 1), "not one tag");
        self.expect(self.value["security"].is_array(), "no security; `security(())` says that it is open");
        for parameter in self.value["parameters"].as_array().into_iter().flatten() {
            let described = parameter["description"].as_str().is_some_and(|text| !text.is_empty());
            self.expect(described, &format!("parameter {} has no description", parameter["name"]));
        }
    }

    fn shows_its_bodies(&mut self) {
        let responses = self.value["responses"].as_object().into_iter().flatten();
        let answers = responses.map(|(status, response)| (status.as_str(), &response["content"]));
        let request = std::iter::once(("its request", &self.value["requestBody"]["content"]));
        for (where_from, content) in request.chain(answers) {
            for (media_type, body) in content.as_object().into_iter().flatten() {
                let shown = body.get("example").or_else(|| body.get("examples"));
                self.expect(shown.is_some(), &format!("{where_from}: {media_type} without an example"));
                // What the examples are made of when nothing says more.
                self.expect(
                    !shown.is_some_and(|example| says(example, "text")),
                    &format!(
                        "{where_from}: {media_type}: an example says “text”; give the property an example"
                    ),
                );
            }
        }
    }

    fn tells_its_refusals(&mut self) {
        let responses = self.value["responses"].as_object().cloned().unwrap_or_default();
        let is_api = self.path.starts_with("/api/");
        for (status, response) in responses.iter().filter(|(status, _)| is_api && is_refusal(status)) {
            let body = &response["content"]["application/problem+json"];
            let is_problem = body["schema"]["$ref"] == "#/components/schemas/Problem";
            self.expect(is_problem, &format!("{status} is no problem+json"));
            let says_status = body["example"]["status"].as_u64() == status.parse().ok();
            self.expect(says_status, &format!("the example of {status} is one of another status"));
        }
        if !is_api {
            return;
        }
        let mut expected = vec!["400", "500", "503"];
        let security = self.value["security"].as_array().cloned().unwrap_or_default();
        if security.iter().any(|way| way.as_object().is_some_and(|ways| !ways.is_empty())) {
            expected.extend(["401", "403"]);
        }
        if self.path.contains('{') {
            expected.push("404");
        }
        if self.value.get("requestBody").is_some() {
            expected.extend(["413", "415", "422"]);
        }
        let parameters = self.value["parameters"].as_array().cloned().unwrap_or_default();
        let takes = |name: &str| {
            parameters.iter().any(|parameter| {
                parameter["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name))
            })
        };
        if takes("Idempotency-Key") {
            expected.extend(["409", "422"]);
        }
        if takes("If-Match") {
            expected.extend(["412", "428"]);
        }
        if takes("If-None-Match") {
            expected.push("304");
        }
        self.expect(self.method != "patch" || takes("If-Match"), "changes something without If-Match");
        for status in expected {
            self.expect(responses.contains_key(status), &format!("does not tell of {status}"));
        }
    }
}

fn is_refusal(status: &str) -> bool {
    status.starts_with('4') || status.starts_with('5')
}

fn says(value: &Value, word: &str) -> bool {
    match value {
        Value::String(text) => text == word,
        Value::Array(values) => values.iter().any(|value| says(value, word)),
        Value::Object(values) => values.values().any(|value| says(value, word)),
        _ => false,
    }
}

/// Every schema is reached from some operation, not only from another unused one.
fn unused_schemas(document: &Value, complaints: &mut Vec<String>) {
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut reached = BTreeSet::new();
    reach(&document["paths"], schemas, &mut reached);
    complaints.extend(
        schemas
            .keys()
            .filter(|name| !reached.contains(name.as_str()))
            .map(|name| format!("{name} is not used")),
    );
}

fn reach<'a>(value: &'a Value, schemas: &'a Map<String, Value>, reached: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| reach(value, schemas, reached)),
        Value::Object(values) => {
            let target =
                values.get("$ref").and_then(Value::as_str).and_then(|target| target.rsplit('/').next());
            if let Some((name, schema)) = target.and_then(|target| schemas.get_key_value(target))
                && reached.insert(name)
            {
                reach(schema, schemas, reached);
            }
            values.values().for_each(|value| reach(value, schemas, reached));
        }
        _ => {}
    }
}

//! The list of all that the program is made of, as CycloneDX 1.6.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Metadata, needed_to_run};
use crate::workspace::Workspace;

const FILE: &str = "orderbridge.cdx.json";

/// Writes it into the target folder.
pub fn write(workspace: &Workspace) -> Result<()> {
    let bill = bill_of(&Metadata::read(workspace)?)?;
    let components = bill["components"].as_array().map_or(0, Vec::len);
    let file = workspace.target.join(FILE);
    std::fs::write(&file, serde_json::to_string_pretty(&bill)? + "\n").context("cannot write the list")?;
    eprintln!("    wrote {components} components to {}", file.display());
    Ok(())
}

/// The list; an error if it does not hold together.
fn bill_of(metadata: &Metadata) -> Result<Value> {
    let shipped = metadata.shipped();
    let packages: BTreeMap<&str, &Value> = metadata.0["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .filter(|(id, _)| shipped.contains(id))
        .collect();
    let root = packages.values().find(|package| package["name"] == "backend").context("no backend")?;
    let components: Vec<Value> = packages
        .values()
        .filter(|package| package["name"] != "backend")
        .map(|package| component(package))
        .collect();
    let nodes = metadata.0["resolve"]["nodes"].as_array().into_iter().flatten();
    let dependencies: Vec<Value> = nodes
        .filter(|node| node["id"].as_str().is_some_and(|id| shipped.contains(id)))
        .map(|node| {
            let mut needs: Vec<String> = needed_to_run(node)
                .into_iter()
                .filter_map(|id| packages.get(id))
                .map(|it| reference(it))
                .collect();
            needs.sort_unstable();
            needs.dedup();
            let id = node["id"].as_str().unwrap_or_default();
            json!({ "ref": packages.get(id).map(|package| reference(package)), "dependsOn": needs })
        })
        .collect();
    let known: Vec<String> = packages.values().map(|package| reference(package)).collect();
    ensure!(dependencies.len() == known.len(), "some crates have no place in the graph");
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": reference(root),
                "name": "orderbridge",
                "version": root["version"],
                "description": root["description"],
                "licenses": [{ "expression": root["license"] }]
            }
        },
        "components": components,
        "dependencies": dependencies
    }))
}

fn component(package: &Value) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"]
    });
    if package["source"].is_string() {
        component["purl"] = reference(package).into();
    }
    if let Some(description) = package["description"].as_str() {
        component["description"] = description.trim().into();
    }
    if let Some(licence) = package["license"].as_str() {
        component["licenses"] =
            json!([{ "expression": licence.replace(" / ", " OR ").replace('/', " OR ") }]);
    }
    if let Some(repository) = package["repository"].as_str() {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}

/// The package URL, which serves as the name within the list.
fn reference(package: &Value) -> String {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    // Build metadata such as `+1.2` has a plus sign, which a package URL writes as %2B.
    format!("pkg:cargo/{}@{}", text("name"), text("version").replace('+', "%2B"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_what_is_shipped_and_nothing_else() {
        let package = |name: &str, source: Value| json!({ "id": name, "name": name, "version": "1.0.0+2", "license": "MIT/Apache-2.0", "source": source });
        let metadata = Metadata(json!({
            "packages": [
                package("backend", Value::Null),
                package("needed", json!("registry")),
                package("of-tests", json!("registry"))
            ],
            "resolve": { "nodes": [
                { "id": "backend", "deps": [
                    { "pkg": "needed", "dep_kinds": [{ "kind": null }] },
                    { "pkg": "of-tests", "dep_kinds": [{ "kind": "dev" }] }
                ] },
                { "id": "needed", "deps": [] },
                { "id": "of-tests", "deps": [] }
            ] }
        }));

        let bill = bill_of(&metadata).unwrap();

        assert_eq!(bill["components"].as_array().unwrap().len(), 1);
        assert_eq!(bill["components"][0]["purl"], "pkg:cargo/needed@1.0.0%2B2");
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(bill["dependencies"].as_array().unwrap().len(), 2);
    }
}

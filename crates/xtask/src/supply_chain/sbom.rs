//! The list of all that the program is made of, as CycloneDX 1.6.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Metadata, needed_to_run};
use crate::workspace::Workspace;

const FILE: &str = "orderbridge.cdx.json";

/// A crate and its version.
type Name = (String, String);

/// Writes it into the target folder, once it holds together and agrees with the lock file.
pub fn write(workspace: &Workspace) -> Result<()> {
    let lock =
        std::fs::read_to_string(workspace.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let bill = bill_of(&Metadata::read(workspace)?, &built_in(workspace)?, &checksums_of(&lock))?;
    check(&bill)?;
    let components = bill["components"].as_array().map_or(0, Vec::len);
    let file = workspace.target.join(FILE);
    std::fs::write(&file, serde_json::to_string_pretty(&bill)? + "\n").context("cannot write the list")?;
    eprintln!("    wrote {components} components to {}", file.display());
    Ok(())
}

/// The crates that the program is built of for any platform. `cargo metadata` would also name what is switched on by other
/// members of the workspace only.
fn built_in(workspace: &Workspace) -> Result<BTreeSet<Name>> {
    let tree = ["tree", "--package", "backend", "--edges", "normal", "--target", "all", "--locked"];
    let output = workspace
        .cargo(tree)
        .args(["--prefix", "none", "--format", "{p}"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo does not know what the program is built of");
    // `serde v1.0.0 (proc-macro)`
    let words = |line: &str| -> Option<Name> {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    };
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(words).collect())
}

/// What each crate's source must hash to.
fn checksums_of(lock: &str) -> BTreeMap<Name, String> {
    let entries = lock.split("[[package]]").skip(1);
    let checksums = entries.filter_map(|entry| {
        let value = |key: &str| {
            let mut lines = entry.lines().filter_map(|line| line.split_once(" = "));
            lines.find(|(name, _)| *name == key).map(|(_, value)| value.trim_matches('"').to_owned())
        };
        Some(((value("name")?, value("version")?), value("checksum")?))
    });
    checksums.collect()
}

/// Checks what CycloneDX demands of a list: each thing has a name of its own, and whatever is needed is there.
fn check(bill: &Value) -> Result<()> {
    let things = || {
        std::iter::once(&bill["metadata"]["component"])
            .chain(bill["components"].as_array().into_iter().flatten())
    };
    for thing in things() {
        for key in ["type", "bom-ref", "name", "version"] {
            ensure!(thing[key].as_str().is_some_and(|text| !text.is_empty()), "{thing} has no {key}");
        }
        let is_from_registry = thing["purl"].is_string();
        ensure!(
            !is_from_registry || thing["hashes"][0]["content"].is_string(),
            "{thing} is not in Cargo.lock"
        );
    }
    let known: BTreeSet<&str> = things().filter_map(|thing| thing["bom-ref"].as_str()).collect();
    ensure!(known.len() == things().count(), "two crates have the same name in the list");
    for dependency in bill["dependencies"].as_array().into_iter().flatten() {
        let needs = dependency["dependsOn"].as_array().into_iter().flatten();
        for name in std::iter::once(&dependency["ref"]).chain(needs) {
            ensure!(
                name.as_str().is_some_and(|name| known.contains(name)),
                "{name} is needed and not listed"
            );
        }
    }
    Ok(())
}

/// The list of these crates; an error if some have no place in the graph.
fn bill_of(
    metadata: &Metadata,
    built_in: &BTreeSet<Name>,
    checksums: &BTreeMap<Name, String>,
) -> Result<Value> {
    let packages: BTreeMap<&str, &Value> = metadata.0["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|package| built_in.contains(&name_of(package)))
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    ensure!(packages.len() == built_in.len(), "cargo names crates that it does not know");
    let root = packages.values().find(|package| package["name"] == "backend").context("no backend")?;
    let components: Vec<Value> = packages
        .values()
        .filter(|package| package["name"] != "backend")
        .map(|package| component(package, checksums.get(&name_of(package))))
        .collect();
    let nodes = metadata.0["resolve"]["nodes"].as_array().into_iter().flatten();
    let dependencies: Vec<Value> = nodes
        .filter(|node| node["id"].as_str().is_some_and(|id| packages.contains_key(id)))
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

fn name_of(package: &Value) -> Name {
    let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    (text("name"), text("version"))
}

fn component(package: &Value, checksum: Option<&String>) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"]
    });
    if package["source"].is_string() {
        component["purl"] = reference(package).into();
    }
    if let Some(checksum) = checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
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

        let names = |names: &[&str]| -> BTreeSet<Name> {
            names.iter().map(|name| ((*name).to_owned(), "1.0.0+2".to_owned())).collect()
        };
        let lock = "[[package]]\nname = \"needed\"\nversion = \"1.0.0+2\"\nchecksum = \"c0ffee\"\n\n[[package]]\n\
            name = \"backend\"\nversion = \"1.0.0+2\"\n";
        let checksums = checksums_of(lock);

        let bill = bill_of(&metadata, &names(&["backend", "needed"]), &checksums).unwrap();

        check(&bill).unwrap();
        assert_eq!(bill["components"].as_array().unwrap().len(), 1);
        assert_eq!(bill["components"][0]["hashes"][0]["content"], "c0ffee");
        assert_eq!(bill["components"][0]["purl"], "pkg:cargo/needed@1.0.0%2B2");
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(bill["dependencies"].as_array().unwrap().len(), 2);

        let unlocked = bill_of(&metadata, &names(&["backend", "needed"]), &BTreeMap::new()).unwrap();
        assert!(check(&unlocked).unwrap_err().to_string().contains("not in Cargo.lock"));
        let mut torn = bill.clone();
        torn["components"] = json!([]);
        assert!(check(&torn).unwrap_err().to_string().contains("not listed"));
        assert!(bill_of(&metadata, &names(&["backend", "elsewhere"]), &checksums).is_err());
    }
}

//! What may be built in: licences, sources, crates that are not wanted, and crates that are there twice. Works offline,
//! from `cargo metadata` alone.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use spdx::{Expression, ParseMode};

use crate::workspace::Workspace;

pub mod sbom;

/// What may stand alone in a crate's licence: nothing that asks more of whoever passes the program on than to name it.
const LICENCES: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// What must not be built in, and why.
const BANNED: [(&str, &str); 9] = [
    ("aws-lc-rs", "TLS is rustls with ring: one cryptography that needs no cmake"),
    ("aws-lc-sys", "TLS is rustls with ring: one cryptography that needs no cmake"),
    ("native-tls", "TLS is rustls with ring, the same on each machine"),
    ("openssl", "TLS is rustls with ring, the same on each machine"),
    ("openssl-sys", "TLS is rustls with ring, the same on each machine"),
    ("rusqlite", "a second SQLite could not be linked"),
    ("serde_yaml", "without upkeep"),
    ("md5", "a broken digest"),
    ("atty", "without upkeep, and unsound"),
];

/// What the product holds in several versions, because others ask for them. Whatever is not here is there once.
const TWICE: [(&str, &str); 22] = [
    ("atoi", "SQLx reads numbers with the older one"),
    ("base64", "Swagger UI's crate and the rest"),
    ("block-buffer", "the digests of RustCrypto before and after 0.11"),
    ("const-oid", "the digests of RustCrypto before and after 0.11"),
    ("cpufeatures", "the digests of RustCrypto before and after 0.11"),
    ("crypto-common", "the digests of RustCrypto before and after 0.11"),
    ("digest", "the digests of RustCrypto before and after 0.11"),
    ("getrandom", "each rand has its own"),
    ("h2", "actix-web 4 is of the time of http 0.2, reqwest of that of http 1"),
    ("hashbrown", "indexmap and SQLx"),
    ("heck", "derive macros"),
    ("hkdf", "the digests of RustCrypto before and after 0.11"),
    ("hmac", "the digests of RustCrypto before and after 0.11"),
    ("http", "actix-web 4 is of the time of http 0.2, reqwest of that of http 1"),
    ("num-bigint", "SQLx and jsonwebtoken"),
    ("r-efi", "each getrandom has its own; for firmware only"),
    ("rand", "our own, and those of SQLx and of SeaORM"),
    ("rand_chacha", "each rand has its own"),
    ("rand_core", "each rand has its own"),
    ("sha2", "the digests of RustCrypto before and after 0.11"),
    ("syn", "macros, which are not in the program"),
    ("windows-sys", "for Windows only"),
];

/// A crate as cargo knows it.
#[derive(Debug)]
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    licence: Option<&'a str>,
    source: Option<&'a str>,
}

/// What `cargo metadata` says of everything that is built.
pub struct Metadata(Value);

impl Metadata {
    /// Asks cargo, for what is in the lock file.
    pub fn read(workspace: &Workspace) -> Result<Self> {
        let output = workspace
            .cargo(["metadata", "--format-version", "1", "--locked"])
            .stderr(Stdio::inherit())
            .output()
            .context("cannot start cargo")?;
        ensure!(output.status.success(), "cargo does not understand this workspace");
        Ok(Self(serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?))
    }

    fn packages(&self) -> impl Iterator<Item = (&str, Package<'_>)> {
        let packages = self.0["packages"].as_array().into_iter().flatten();
        packages.filter_map(|package| {
            let text = |key: &str| package[key].as_str();
            let (name, version) = (text("name")?, text("version")?);
            Some((text("id")?, Package { name, version, licence: text("license"), source: text("source") }))
        })
    }

    /// Where a dependency comes from that names no source: cargo's own registry.
    fn registry(&self) -> Option<&str> {
        let packages = self.0["packages"].as_array().into_iter().flatten();
        let mut dependencies = packages
            .filter(|package| package["source"].is_null())
            .flat_map(|package| package["dependencies"].as_array().into_iter().flatten())
            .filter(|dependency| dependency["registry"].is_null());
        dependencies.find_map(|dependency| {
            dependency["source"].as_str().filter(|source| source.starts_with("registry+"))
        })
    }

    /// The ids of what the program is made of: the backend and all that it needs to run.
    fn shipped(&self) -> BTreeSet<&str> {
        let nodes = self.0["resolve"]["nodes"].as_array().into_iter().flatten();
        let needs: BTreeMap<&str, Vec<&str>> =
            nodes.filter_map(|node| Some((node["id"].as_str()?, needed_to_run(node)))).collect();
        let root = self.packages().find(|(_, package)| package.name == "backend").map(|(id, _)| id);
        let mut open: Vec<&str> = root.into_iter().collect();
        let mut shipped = BTreeSet::new();
        while let Some(id) = open.pop() {
            if shipped.insert(id) {
                open.extend(needs.get(id).into_iter().flatten().copied());
            }
        }
        shipped
    }
}

fn needed_to_run(node: &Value) -> Vec<&str> {
    let needs = node["deps"].as_array().into_iter().flatten();
    let runs = needs.filter(|need| {
        need["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
    });
    runs.filter_map(|need| need["pkg"].as_str()).collect()
}

/// Checks everything that is built against the lists above.
pub fn check(workspace: &Workspace) -> Result<()> {
    let metadata = Metadata::read(workspace)?;
    let complaints = complaints_of(&metadata);
    let crates = metadata.packages().filter(|(_, package)| package.source.is_some()).count();
    eprintln!(
        "    {crates} crates; known vulnerabilities are not looked up: their database is in no package registry"
    );
    if complaints.is_empty() {
        return Ok(());
    }
    bail!("{} findings:\n    {}", complaints.len(), complaints.join("\n    "))
}

fn complaints_of(metadata: &Metadata) -> Vec<String> {
    let mut complaints = Vec::new();
    let (shipped, registry) = (metadata.shipped(), metadata.registry());
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, Package { name, version, licence, source }) in metadata.packages() {
        if let Some((_, why)) = BANNED.iter().find(|(banned, _)| *banned == name) {
            complaints.push(format!("{name} {version} is not wanted: {why}"));
        }
        let Some(source) = source else { continue };
        if Some(source) != registry {
            complaints.push(format!("{name} {version} comes from {source}"));
        }
        match licence {
            Some(licence) if allows(licence) => {}
            Some(licence) => complaints.push(format!("{name} {version} has the licence {licence}")),
            None => complaints.push(format!("{name} {version} tells no licence")),
        }
        if shipped.contains(id) {
            versions.entry(name).or_default().insert(version);
        }
    }
    for (name, versions) in &versions {
        let is_known = TWICE.iter().any(|(known, _)| known == name);
        if (versions.len() > 1) != is_known {
            let versions: Vec<_> = versions.iter().copied().collect();
            let verb = if is_known {
                "is there once by now, take it off the list"
            } else {
                "is there several times"
            };
            complaints.push(format!("{name} {verb}: {}", versions.join(", ")));
        }
    }
    complaints
}

/// Whether an SPDX expression can be met with the licences above.
fn allows(expression: &str) -> bool {
    // Lax: `MIT/Apache-2.0` is how a choice was written once.
    Expression::parse_mode(expression, ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|licence| LICENCES.contains(&licence.to_string().as_str()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn licences_are_read_as_spdx_expressions() {
        for allowed in [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "MIT OR GPL-3.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(allows(allowed), "{allowed}");
        }
        for refused in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "", "MIT AND", "(MIT"] {
            assert!(!allows(refused), "{refused}");
        }
    }

    #[test]
    fn what_is_not_wanted_is_found() {
        let registry = "registry+default";
        let package = |name: &str, version: &str, licence: &str, source: &str| {
            json!({ "id": format!("{name}@{version}"), "name": name, "version": version,
                    "license": licence, "source": source })
        };
        let needs = |name: &str| json!({ "pkg": name, "dep_kinds": [{ "kind": null }] });
        let metadata = Metadata(json!({
            "packages": [
                { "id": "backend", "name": "backend", "version": "0.1.0", "license": "MIT", "source": null,
                  "dependencies": [{ "name": "own", "source": null, "registry": null },
                                   { "name": "other", "source": "registry+other", "registry": "other" },
                                   { "name": "twin", "source": registry, "registry": null }] },
                package("openssl", "1.0.0", "Apache-2.0", registry),
                package("sticky", "1.0.0", "GPL-3.0", registry),
                package("elsewhere", "1.0.0", "MIT", "git+https://git.example/elsewhere"),
                package("twin", "1.0.0", "MIT", registry),
                package("twin", "2.0.0", "MIT", registry)
            ],
            "resolve": { "nodes": [{ "id": "backend", "deps": [needs("twin@1.0.0"), needs("twin@2.0.0")] }] }
        }));

        let found = complaints_of(&metadata);

        for part in ["openssl 1.0.0 is not wanted", "GPL-3.0", "git+https", "twin is there several times"] {
            assert!(found.iter().any(|complaint| complaint.contains(part)), "{part}: {found:#?}");
        }
        assert_eq!(found.len(), 4, "{found:#?}");
    }
}

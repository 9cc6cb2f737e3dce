//! The commands of the program, as an operator runs them.

use std::path::Path;
use std::process::Command;

use crate::app::PASSWORD;

/// Runs a command to its end: whether it succeeded, and what it said.
fn run(data_dir: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_orderbridge"))
        .args(arguments)
        .arg("--data-dir")
        .arg(data_dir)
        .env("ORDERBRIDGE_PASSWORD", PASSWORD)
        .env_remove("ORDERBRIDGE_ENCRYPTION_KEY")
        .env_remove("ORDERBRIDGE_DATABASE_URL")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.success(), said.concat())
}

#[test]
fn a_key_is_replaced_and_replaced_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    let succeeds = |arguments: &[&str], says: &str| {
        let (succeeded, said) = run(arguments);
        assert!(succeeded && said.contains(says), "{arguments:?}: {said}");
    };
    let (succeeded, said) = run(&["rotate-key", "--new"]);
    assert!(!succeeded && said.contains("no key to replace"), "{said}");
    succeeds(&["verify-audit"], "all 0 entries hold");
    succeeds(&["create-user", "--email", "ana@example.com", "--role", "admin"], "");

    for entries in [2, 3] {
        succeeds(&["rotate-key", "--new"], "restart every process");
        let (succeeded, said) = run(&["rotate-key", "--new"]);
        assert!(
            !succeeded && said.contains("encryption.key.previous") && said.contains("remove it"),
            "{said}"
        );
        succeeds(&["rotate-key"], "restart it and run this again");
        succeeds(&["verify-audit"], &format!("all {entries} entries hold"));
        std::fs::remove_file(folder.path().join("encryption.key.previous")).unwrap();
        succeeds(&["verify-audit"], &format!("all {entries} entries hold"));
    }
}

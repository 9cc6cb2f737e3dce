//! Schemathesis makes up requests from the document, right ones and wrong ones, and checks every answer against it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tests::{ApiTools, Run, RunOptions};

use crate::admin::{admin_token, talkative};

/// The same requests in each run.
const SEED: &str = "20261128";

/// What is not called, and why.
const LEFT_OUT: [(&str, &str); 14] = [
    ("streamEvents", "its answer has no end; tests of its own read it"),
    ("signIn", "after wrong passwords each attempt waits for seconds; called for a short time, by itself"),
    ("setUp", "as signIn"),
    ("acceptInvitation", "as signIn"),
    ("changePassword", "as signIn"),
    ("beginSecondFactor", "as signIn"),
    ("confirmSecondFactor", "as signIn"),
    ("makeRecoveryCodes", "as signIn"),
    ("removeSecondFactor", "as signIn"),
    ("endSession", "may end the session that calls"),
    ("endSessions", "as endSession"),
    ("endUserSessions", "as endSession"),
    ("removeUser", "may remove who calls"),
    ("updateUser", "may take the rights of who calls"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_made_up_request_gets_an_answer_that_the_document_tells_of() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::start(&talkative(RunOptions::new(folder.path(), 28))).await.unwrap();
    run.sandboxes.place_random(40, 28, "all").await.unwrap();
    let settled = run.settle(40, Duration::from_secs(120)).await.unwrap();
    assert!(settled.imported > 10, "{settled}");
    let url = run.processes[0].url();

    let mut all = schemathesis(&url, folder.path(), &admin_token(&url).await, 60);
    for (operation, _) in LEFT_OUT {
        all.args(["--exclude-operation-id", operation]);
    }
    report("all but what is left out", all).await;
    let mut passwords = schemathesis(&url, folder.path(), &admin_token(&url).await, 10);
    passwords.args(["--include-operation-id", "signIn", "--include-operation-id", "setUp"]);
    report("signing in", passwords).await;

    // Still there, and none of the answers was a failure of its own that schemathesis took for "busy".
    run.api.health().await.unwrap();
    let log = std::fs::read_to_string(folder.path().join("orderbridge-0.log")).unwrap();
    for sign in ["request failed", "panicked"] {
        let lines: Vec<_> = log.lines().filter(|line| line.contains(sign)).collect();
        assert!(lines.is_empty(), "{lines:#?}");
    }
}

/// All checks that there are, for so many seconds.
fn schemathesis(url: &str, folder: &Path, token: &str, seconds: u32) -> Command {
    let tools = ApiTools::find().unwrap();
    let mut command = tools.python("schemathesis");
    command
        .arg("--config-file")
        .arg(tools.settings("schemathesis.toml"))
        .args(["run", &format!("{url}/api-docs/openapi.json"), "--header"])
        .arg(format!("Authorization: Bearer {token}"))
        .args(["--checks", "all", "--seed", SEED, "--max-time", &seconds.to_string()])
        .args(["--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off", "--no-color"])
        // Whatever it keeps goes away with the test.
        .current_dir(folder);
    command
}

async fn report(what: &str, mut command: Command) {
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let line =
        |word: &str| said.lines().find(|line| line.contains(word)).unwrap_or_default().trim().to_owned();
    println!("{what}: {} ({})", line(" generated"), line("Tested:"));
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(" generated, ") && said.contains("Tested:"), "nothing was tested:\n{said}");
}

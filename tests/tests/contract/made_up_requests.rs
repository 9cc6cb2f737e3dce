//! Schemathesis makes up requests from the document, right ones and wrong ones, and checks every answer against it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tests::{ApiTools, LOGIN_EMAIL, LOGIN_PASSWORD, Run, RunOptions, api_document_path};

use crate::talkative::talkative;

/// The same requests in each run.
const SEED: &str = "20261128";

/// What is not called, and why.
const LEFT_OUT: [(&str, &str); 1] = [("streamEvents", "its answer has no end; tests of its own read it")];

/// What is called and never comes to its end here, and why.
const REFUSED: [(&str, &str); 2] = [
    ("createConnection", "the one shop that the seller has authorized is connected already"),
    ("setUp", "somebody can sign in already"),
];

const METRICS_TOKEN: &str = "plenty-of-figures-for-tests";

#[tokio::test(flavor = "multi_thread")]
async fn every_made_up_request_gets_an_answer_that_the_document_tells_of() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = talkative(RunOptions::new(folder.path(), 28));
    // The requests say where they come from: an address that guesses passwords is slowed down.
    options.environment.insert("ORDERBRIDGE_TRUST_PROXY", "true".to_owned());
    options.environment.insert("ORDERBRIDGE_OPEN_API_DOCS", "true".to_owned());
    options.environment.insert("ORDERBRIDGE_METRICS_TOKEN", METRICS_TOKEN.to_owned());
    let run = Run::start(&options).await.unwrap();
    let ids = run.sandboxes.place_random(40, 28, "all").await.unwrap();
    let settled = run.settle(40, Duration::from_secs(120)).await.unwrap();
    assert!(settled.imported > 10, "{settled}");
    // One that is over, whose buyer may be forgotten.
    for id in &ids {
        let path = format!("/orders/{id}/cancel");
        if run.sandboxes.channel_control.post(&path, &json!({ "by": "system" })).await.is_ok() {
            break;
        }
    }
    while run.api.all_orders("channel_status=CANCELLED").await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    let mut statuses = Statuses::default();
    // All that the document's examples and the edges of its schemas give, however long it takes.
    statuses.add(&made_up(&run, folder.path(), &["--phases", "examples,coverage"], 600).await);
    // And at random, and in sequences, until the time is over.
    statuses.add(&made_up(&run, folder.path(), &["--phases", "fuzzing,stateful"], 45).await);

    let documented = documented();
    let named =
        |list: &[(&'static str, &str)]| list.iter().map(|(id, _)| (*id).to_owned()).collect::<BTreeSet<_>>();
    let called: BTreeSet<String> = statuses.0.keys().cloned().collect();
    let successful = statuses.successful();
    figures::tell(&format!(
        "schemathesis: of {} operations {} called, {} with success, in {} requests",
        documented.len(),
        called.len(),
        successful.len(),
        statuses.requests()
    ));
    assert_eq!(&documented - &called, named(&LEFT_OUT));
    assert_eq!(&called - &successful, named(&REFUSED));

    // Still there, and none of the answers was a failure of its own that schemathesis took for "busy".
    run.api.health().await.unwrap();
    let log = std::fs::read_to_string(folder.path().join("orderbridge-0.log")).unwrap();
    for sign in ["request failed", "panicked"] {
        let lines: Vec<_> = log.lines().filter(|line| line.contains(sign)).collect();
        assert!(lines.is_empty(), "{lines:#?}");
    }
}

/// How often each operation has answered with each status.
#[derive(Default)]
struct Statuses(BTreeMap<String, BTreeMap<String, u64>>);

impl Statuses {
    fn add(&mut self, file: &Path) {
        let counts: BTreeMap<String, BTreeMap<String, u64>> =
            serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        for (operation, statuses) in counts {
            let known = self.0.entry(operation).or_default();
            for (status, requests) in statuses {
                *known.entry(status).or_default() += requests;
            }
        }
    }

    fn successful(&self) -> BTreeSet<String> {
        let has_success =
            |statuses: &BTreeMap<String, u64>| statuses.keys().any(|status| status.starts_with('2'));
        let successful = self.0.iter().filter(|(_, statuses)| has_success(statuses));
        successful.map(|(operation, _)| operation.clone()).collect()
    }

    fn requests(&self) -> u64 {
        self.0.values().flat_map(BTreeMap::values).sum()
    }
}

fn documented() -> BTreeSet<String> {
    let document: Value =
        serde_json::from_str(&std::fs::read_to_string(api_document_path()).unwrap()).unwrap();
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    operations.map(|operation| operation["operationId"].as_str().unwrap().to_owned()).collect()
}

/// All checks that there are, at most for so many seconds; the answer is the file with the counts.
async fn made_up(run: &Run, folder: &Path, phases: &[&str], seconds: u32) -> PathBuf {
    let tools = ApiTools::find().unwrap();
    let url = run.processes[0].url();
    let counts = folder.join(format!("counts-{seconds}.json"));
    let mut command = tools.python("schemathesis");
    command
        .arg("--config-file")
        .arg(tools.settings("schemathesis.toml"))
        .args(["run", &format!("{url}/api-docs/openapi.json")])
        .args(phases)
        .args(["--checks", "all", "--seed", SEED, "--max-time", &seconds.to_string()])
        .args(["--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off", "--no-color"])
        .env("SCHEMATHESIS_HOOKS", tools.settings("made_up_requests.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("ORDERBRIDGE_URL", &url)
        .env("ORDERBRIDGE_EMAIL", LOGIN_EMAIL)
        .env("ORDERBRIDGE_PASSWORD", LOGIN_PASSWORD)
        .env("ORDERBRIDGE_APP_SECRET", &run.sandboxes.tiktok_options.app_secret.0)
        .env("ORDERBRIDGE_METRICS_TOKEN", METRICS_TOKEN)
        .env("ORDERBRIDGE_COUNTS", &counts)
        // Whatever it keeps goes away with the test.
        .current_dir(folder);
    for (operation, _) in LEFT_OUT {
        command.args(["--exclude-operation-id", operation]);
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let line =
        |word: &str| said.lines().find(|line| line.contains(word)).unwrap_or_default().trim().to_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    figures::tell(&format!("schemathesis, {}: {}", phases[1], line(" generated")));
    assert!(said.contains(" generated") && said.contains("Tested:"), "nothing was tested:\n{said}");
    counts
}

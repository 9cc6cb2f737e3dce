//! The sandbox of the store answers as the recorded shops did.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sandbox::replay::{Options, replay};

/// Recordings whose replayed answer differs, each with the reason.
const KNOWN_DIFFERENCES: [(&str, &str); 0] = [];

async fn differences(version: &str) -> BTreeMap<String, Vec<String>> {
    let recordings =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/prestashop-recordings").join(version);
    let options = Options { recordings, version: None, url: None };

    let summary = replay(options).await.expect("the recordings can be replayed");

    assert!(summary.replayed > 250, "only {} recordings were replayed", summary.replayed);
    summary
        .different
        .into_iter()
        .filter(|(file, _)| !KNOWN_DIFFERENCES.iter().any(|(known, _)| *known == file.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_9_1_4_shop_answers_as_recorded() {
    let differences = differences("9.1.4").await;

    assert!(differences.is_empty(), "{differences:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_8_1_0_shop_answers_as_recorded() {
    let differences = differences("8.1.0").await;

    assert!(differences.is_empty(), "{differences:#?}");
}

use serde_json::{Value, json};
use tests::{LOGIN_EMAIL, LOGIN_PASSWORD, RunOptions};

/// Signs the admin in.
pub async fn admin_token(url: &str) -> String {
    let login = json!({ "email": LOGIN_EMAIL, "password": LOGIN_PASSWORD });
    let session =
        reqwest::Client::new().post(format!("{url}/api/v1/session")).json(&login).send().await.unwrap();
    let session: Value = session.json().await.unwrap();
    session["access_token"].as_str().unwrap_or_else(|| panic!("{session}")).to_owned()
}

/// Lets the program log all that it can say about its own work: secrets and buyers must not stand there, either.
pub fn talkative(options: RunOptions) -> RunOptions {
    let everything =
        "info,backend=trace,sync=trace,database=trace,tiktok_shop=trace,prestashop=trace,job_queue=trace";
    RunOptions { environment: [("RUST_LOG", everything.to_owned())].into(), ..options }
}

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The control API of a sandbox, or of any server that speaks plain JSON.
#[derive(Debug, Clone)]
pub struct Control {
    http: reqwest::Client,
    url: String,
}

impl Control {
    #[must_use]
    pub fn new(url: &str) -> Self {
        // Fails only when a provider is installed already, which then serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A connection that waits in a pool may be closed by the server in the moment of its use.
        let http =
            reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("the settings are valid");
        Self { http, url: url.trim_end_matches('/').to_owned() }
    }

    /// Reads something.
    ///
    /// # Errors
    /// When there is no answer, or one that is not a success.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(self.http.get(format!("{}{path}", self.url)), path).await
    }

    /// Does something.
    ///
    /// # Errors
    /// When there is no answer, or one that is not a success.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(self.http.post(format!("{}{path}", self.url)).json(body), path).await
    }

    /// Replaces something.
    ///
    /// # Errors
    /// When there is no answer, or one that is not a success.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(self.http.put(format!("{}{path}", self.url)).json(body), path).await
    }

    /// Changes something.
    ///
    /// # Errors
    /// When there is no answer, or one that is not a success.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(self.http.patch(format!("{}{path}", self.url)).json(body), path).await
    }

    /// Removes something.
    ///
    /// # Errors
    /// When there is no answer, or one that is not a success.
    pub async fn delete(&self, path: &str) -> Result<Value> {
        self.send(self.http.delete(format!("{}{path}", self.url)), path).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, path: &str) -> Result<Value> {
        let response = request.send().await.with_context(|| format!("no answer to {path}"))?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("{path}: not JSON: {text}"))
    }
}

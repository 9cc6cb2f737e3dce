//! HTTP by hand: a replay has to send what was recorded and see what comes back, byte by byte.

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::recording::{Message, Reply};

/// A request as it goes out.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Headers and body.
    pub message: Message,
}

impl Request {
    /// A request with a JSON body, for the control API.
    pub fn json(method: &str, target: &str, body: &serde_json::Value) -> Self {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Self { method: method.to_owned(), target: target.to_owned(), message: Message { headers, body } }
    }
}

/// Where requests go.
#[derive(Debug, Clone)]
pub struct Line {
    /// Host and port.
    authority: String,
}

impl Line {
    /// A line to the server behind an address.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let url = url::Url::parse(url).context("not an address")?;
        Ok(Self { authority: url.authority().to_owned() })
    }

    /// Sends a request on a connection of its own.
    pub async fn send(&self, request: &Request) -> anyhow::Result<Reply> {
        let mut stream = TcpStream::connect(&self.authority)
            .await
            .with_context(|| format!("cannot reach {}", self.authority))?;
        let mut head = format!("{} {} HTTP/1.1\r\n", request.method, escaped(&request.target));
        let mut has_host = false;
        for (name, value) in &request.message.headers {
            if name.eq_ignore_ascii_case("Content-Length") || name.eq_ignore_ascii_case("Connection") {
                continue;
            }
            has_host |= name.eq_ignore_ascii_case("Host");
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !has_host {
            head.push_str(&format!("Host: {}\r\n", self.authority));
        }
        if !request.message.body.is_empty() || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
            head.push_str(&format!("Content-Length: {}\r\n", request.message.body.len()));
        }
        head.push_str("Connection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(request.message.body.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        parse(&answer)
    }
}

/// Recorded targets hold characters that HTTP libraries refuse outside of an encoding.
fn escaped(target: &str) -> String {
    target.replace('<', "%3C").replace('>', "%3E").replace('"', "%22").replace(' ', "%20")
}

fn parse(answer: &[u8]) -> anyhow::Result<Reply> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").context("no end of the headers")?;
    let head = std::str::from_utf8(&answer[..end])?;
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status")?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut message = Message { headers, body: String::new() };
    let chunked = message.header("Transfer-Encoding").is_some_and(|encoding| encoding.contains("chunked"));
    let rest = &answer[end + 4..];
    let body = if chunked { unchunked(rest)? } else { rest.to_vec() };
    message.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Reply { status, message })
}

fn unchunked(mut rest: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|bytes| bytes == b"\r\n").context("no chunk size")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end])?.trim(), 16)?;
        if size == 0 {
            return Ok(body);
        }
        let start = end + 2;
        if rest.len() < start + size + 2 {
            bail!("the answer is cut off");
        }
        body.extend_from_slice(&rest[start..start + size]);
        rest = &rest[start + size + 2..];
    }
}

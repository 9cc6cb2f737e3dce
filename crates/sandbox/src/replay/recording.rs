//! Reading recorded exchanges from their files.

use std::path::Path;

use anyhow::{Context, bail};

/// A request or an answer without its first line.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// Headers in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Message {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The rest.
    pub message: Message,
}

/// One recorded exchange.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Name of the file.
    pub file: String,
    /// The number it starts with.
    pub number: u32,
    /// The rest of the name, without its ending.
    pub name: String,
    /// Method of the request.
    pub method: String,
    /// Path and query of the request.
    pub target: String,
    /// Headers and body of the request.
    pub request: Message,
    /// The shop's answer.
    pub reply: Reply,
}

impl Recording {
    /// The resource in the address, empty for the root.
    pub fn resource(&self) -> &str {
        let path = self.target.split('?').next().unwrap_or_default();
        path.strip_prefix("/api/").unwrap_or_default().split('/').next().unwrap_or_default()
    }

    /// The id in the address.
    pub fn id(&self) -> Option<u64> {
        let path = self.target.split('?').next().unwrap_or_default();
        path.strip_prefix("/api/")?.split('/').nth(1)?.parse().ok()
    }
}

/// The database that most recordings were made on.
pub const MAIN_DATABASE: &str = "main";

/// Recordings that were made one after another on the same database.
#[derive(Debug)]
pub struct Part {
    /// Which database.
    pub database: &'static str,
    /// In the order in which they were made.
    pub recordings: Vec<Recording>,
}

/// Splits recordings by the database that they were made on.
pub fn by_database(recordings: Vec<Recording>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for recording in recordings {
        let database = match recording.number {
            560..=566 => "repair of an order",
            758..=760 => "stock",
            _ => MAIN_DATABASE,
        };
        match parts.iter_mut().find(|part| part.database == database) {
            Some(part) => part.recordings.push(recording),
            None => parts.push(Part { database, recordings: vec![recording] }),
        }
    }
    parts
}

/// Reads all recordings of a folder in the order in which they were made.
pub fn read_folder(folder: &Path) -> anyhow::Result<Vec<Recording>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut recordings = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "http") {
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            recordings.push(parse(file, &text).with_context(|| format!("cannot understand {file}"))?);
        }
    }
    recordings.sort_by_key(|recording| (recording.number, step(&recording.name), recording.name.clone()));
    Ok(recordings)
}

/// Recordings of one number: what prepares it, the exchange itself, what looks at the result.
fn step(name: &str) -> u8 {
    if name.ends_with("-get") {
        return 2;
    }
    let prepares = name.ends_with("-prices")
        || ["-post-customer", "-post-address", "-post-cart"].iter().any(|ending| name.ends_with(ending));
    u8::from(!prepares)
}

fn parse(file: &str, text: &str) -> anyhow::Result<Recording> {
    let (number, name) = file.split_once('-').context("no number in front")?;
    let (request, reply) = text.split_once("\n<<<<<< RESPONSE").context("no answer")?;
    let (request_line, request) = first_line(request);
    let mut words = request_line.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else { bail!("no request line") };
    let (_, reply) = first_line(reply);
    let (status_line, reply) = first_line(reply);
    let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status")?;
    let mut request = message(request);
    // The file adds a line end behind the body.
    let length = request.header("Content-Length").and_then(|length| length.parse().ok());
    if let Some(length) = length {
        request.body.truncate(length);
    }
    Ok(Recording {
        file: file.to_owned(),
        number: number.parse()?,
        name: name.trim_end_matches(".http").to_owned(),
        method: method.to_owned(),
        target: target.to_owned(),
        request,
        reply: Reply { status, message: message(reply) },
    })
}

fn first_line(text: &str) -> (&str, &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    (line.trim_end_matches('\r'), rest)
}

fn message(text: &str) -> Message {
    let (head, body) = match text.strip_prefix('\n') {
        Some(body) => ("", body),
        None => text.split_once("\n\n").unwrap_or((text, "")),
    };
    let headers = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Message { headers, body: body.to_owned() }
}

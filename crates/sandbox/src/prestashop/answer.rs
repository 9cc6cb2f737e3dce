//! What the shop sends back, before it becomes an HTTP response.

use sha1::{Digest, Sha1};

use super::version::Version;

/// The form in which the caller wants answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// `text/xml`, the default.
    Xml,
    /// `application/json`.
    Json,
}

impl Output {
    /// The value of `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml;charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// One entry of an error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorEntry {
    /// The shop's error code.
    pub code: u32,
    /// The sentence for it.
    pub message: String,
}

/// A refusal: a status and at least one error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Errors in the order in which they occurred.
    pub errors: Vec<ErrorEntry>,
}

impl Refusal {
    /// A refusal with one error.
    #[must_use]
    pub fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, errors: vec![ErrorEntry { code, message: message.into() }] }
    }

    /// The refusal with another error behind.
    #[must_use]
    pub fn and(mut self, code: u32, message: impl Into<String>) -> Self {
        self.errors.push(ErrorEntry { code, message: message.into() });
        self
    }

    /// The error of a list request: PHP 8 stumbles over the missing list and adds warnings of its own.
    #[must_use]
    pub fn of_list(code: u32, message: impl Into<String>, version: Version) -> Self {
        // The lines of the shop's code that stumble; they moved between the versions.
        let first_line = match version {
            Version::V9_1_4 => 1299,
            Version::V8_1_0 => 1293,
        };
        (first_line..first_line + 4).fold(Self::new(500, code, message), |refusal, line| {
            refusal.and(
                3,
                format!(
                    "[PHP Warning #2] Trying to access array offset on value of type bool \
                     (/var/www/prestashop/classes/webservice/WebserviceRequest.php, line {line})"
                ),
            )
        })
    }

    /// The same error for a single entity, where nothing stumbles.
    #[must_use]
    pub fn outside_of_lists(mut self) -> Self {
        self.status = 400;
        self.errors.truncate(1);
        self
    }

    /// The body that tells the errors.
    #[must_use]
    pub fn body(&self, output: Output, version: Version) -> String {
        match output {
            Output::Xml => {
                let mut body = String::from(XML_START);
                body.push_str("<errors>\n");
                for error in &self.errors {
                    // 8.1.0 escapes quotation marks of the sentence even inside CDATA.
                    let message = match version {
                        Version::V9_1_4 => error.message.clone(),
                        Version::V8_1_0 => error.message.replace("->", "-&gt;"),
                    };
                    body.push_str(&format!(
                        "<error>\n<code>{}</code>\n<message>{}</message>\n</error>\n",
                        cdata(&error.code.to_string()),
                        cdata(&message)
                    ));
                }
                body.push_str("</errors>\n");
                body.push_str(XML_END);
                body
            }
            Output::Json => {
                let entries: Vec<String> = self
                    .errors
                    .iter()
                    .map(|error| {
                        format!("{{\"code\":{},\"message\":{}}}", error.code, json_text(&error.message))
                    })
                    .collect();
                format!("{{\"errors\":[{}]}}", entries.join(","))
            }
        }
    }
}

/// How every XML answer starts.
pub const XML_START: &str =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<prestashop xmlns:xlink=\"http://www.w3.org/1999/xlink\">\n";
/// How every XML answer ends.
pub const XML_END: &str = "</prestashop>\n";

/// A text as CDATA, an end marker inside split in two.
#[must_use]
pub fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// A text as a JSON string, with slashes escaped as PHP does.
#[must_use]
pub fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('/', "\\/")
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`; answers without a body have none.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// Whether the webservice itself wrote the answer, with its own headers.
    pub by_webservice: bool,
    /// Whether the key was accepted; `PSWS-Version` is 0 otherwise.
    pub authenticated: bool,
}

impl Answer {
    /// An answer of the webservice with a body.
    #[must_use]
    pub fn ok(status: u16, output: Output, body: String) -> Self {
        Self {
            status,
            content_type: Some(output.content_type().to_owned()),
            body: body.into_bytes(),
            headers: Vec::new(),
            by_webservice: true,
            authenticated: true,
        }
    }

    /// An answer of the webservice without body and content type.
    #[must_use]
    pub fn bare(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            body: Vec::new(),
            headers: Vec::new(),
            by_webservice: true,
            authenticated: true,
        }
    }

    /// A refusal as an answer.
    #[must_use]
    pub fn refused(refusal: &Refusal, output: Output, version: Version) -> Self {
        Self::ok(refusal.status, output, refusal.body(output, version))
    }

    /// Text or HTML that PHP or the web server printed past the webservice.
    #[must_use]
    pub fn html(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            content_type: Some("text/html; charset=utf-8".to_owned()),
            body: body.into(),
            headers: Vec::new(),
            by_webservice: false,
            authenticated: true,
        }
    }

    /// The hash that a later request may bring in `Local-Content-Sha1`.
    #[must_use]
    pub fn content_sha1(&self) -> String {
        hex::encode(Sha1::digest(&self.body))
    }
}

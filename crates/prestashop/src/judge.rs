//! What an answer proves. The HTTP status alone proves nothing: real shops answer 200 with a crash page, 500 with the
//! order created, and 400 after saving.

use std::borrow::Cow;

use crate::error::{DecodeError, Error, Refusal, RefusalKind, Unknown, UnknownReason, WebserviceError};
use crate::resource::{Method, Resource};
use crate::xml::Element;

const LONGEST_MESSAGE: usize = 300;

/// No name of the internet is longer.
const LONGEST_HOST: usize = 253;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// What was to be done.
    pub method: Method,
    /// To what.
    pub resource: Resource,
    /// How many entities the request held; they are stored one by one, so with several a refusal may come half-way.
    pub entities: usize,
}

/// What came back.
#[derive(Debug, Clone, Copy)]
pub struct RawAnswer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The host in `Location`.
    pub location_host: Option<&'a str>,
    /// The whole body.
    pub body: &'a [u8],
}

/// A successful answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    root: Element,
}

impl Document {
    /// The one entity of the answer to a `GET` by id, `PUT` or `PATCH`, or of the root.
    ///
    /// # Errors
    /// If the answer holds something else.
    pub fn entity(&self, resource: Resource) -> Result<&Element, DecodeError> {
        self.root.child(resource.node()).ok_or_else(|| self.root.unreadable(resource.node()))
    }

    /// The entities of a list.
    ///
    /// # Errors
    /// If the answer holds something else.
    pub fn list(&self, resource: Resource) -> Result<&[Element], DecodeError> {
        let list = self.root.child(resource.path()).ok_or_else(|| self.root.unreadable(resource.path()))?;
        Ok(list.children())
    }

    /// The ids of a list; the only thing in it when no fields were asked for.
    ///
    /// # Errors
    /// If an entity has no id.
    pub fn listed_ids(&self, resource: Resource) -> Result<Vec<u64>, DecodeError> {
        let list = self.list(resource)?;
        list.iter().map(|entity| id_of(entity).ok_or_else(|| entity.unreadable("id"))).collect()
    }

    /// The ids of the entities that were written.
    #[must_use]
    pub fn written_ids(&self) -> Vec<u64> {
        self.root.children().iter().filter_map(id_of).collect()
    }

    fn empty() -> Self {
        Self { root: Element::new("prestashop") }
    }
}

/// Decides what an answer means: the success it proves, a definite refusal, or that the outcome is unknown.
///
/// # Errors
/// [`Error::Refused`] only if the shop itself said no before doing anything; [`Error::OutcomeUnknown`] for all else
/// that is no proven success.
pub fn judge(call: Call, answer: RawAnswer<'_>) -> Result<Document, Error> {
    let status = answer.status;
    if (300..400).contains(&status) {
        let location_host =
            answer.location_host.filter(|host| host.len() <= LONGEST_HOST).map(ToOwned::to_owned);
        return Err(refusal(RefusalKind::WrongAddress { location_host }, status, Vec::new()));
    }
    let is_success_status = status == if call.method == Method::Post { 201 } else { 200 };
    if is_success_status {
        return success(call, answer);
    }
    let errors = match read(answer).map(|root| webservice_errors(&root)) {
        Ok(errors) if !errors.is_empty() => errors,
        Ok(_) => return Err(Error::unknown(Some(status), UnknownReason::Incomplete)),
        Err(reason) => return Err(without_errors(call, answer, reason)),
    };
    Err(match kind_of_refusal(call, status, &errors) {
        Ok(kind) => refusal(kind, status, errors),
        Err(reason) => unknown(status, reason, errors),
    })
}

fn success(call: Call, answer: RawAnswer<'_>) -> Result<Document, Error> {
    let status = Some(answer.status);
    if call.method == Method::Head {
        return Ok(Document::empty());
    }
    let has_body = !answer.body.trim_ascii().is_empty();
    if call.method == Method::Delete && !has_body {
        return Ok(Document::empty());
    }
    let root = read(answer).map_err(|reason| without_errors(call, answer, reason))?;
    let errors = webservice_errors(&root);
    if !errors.is_empty() {
        return Err(unknown(answer.status, reason_of(&errors), errors));
    }
    let document = Document { root };
    let is_complete = match call.method {
        Method::Get | Method::Head => true,
        Method::Delete => false,
        Method::Post | Method::Put | Method::Patch => {
            let entities = document.root.children();
            entities.len() == call.entities && entities.iter().all(|entity| id_of(entity).is_some())
        }
    };
    if is_complete { Ok(document) } else { Err(Error::unknown(status, UnknownReason::Incomplete)) }
}

/// What the codes say, if status and codes together prove that nothing was done; else why they do not.
fn kind_of_refusal(
    call: Call,
    status: u16,
    errors: &[WebserviceError],
) -> Result<RefusalKind, UnknownReason> {
    let codes: Vec<u32> =
        errors.iter().filter(|error| !error.is_from_php()).map(|error| error.code).collect();
    let has = |wanted: &[u32]| codes.iter().any(|code| wanted.contains(code));
    let field = |codes: &[u32], field_in: fn(&str) -> Option<&str>| {
        let error = errors.iter().find(|error| codes.contains(&error.code));
        error.and_then(|error| field_in(&error.message)).unwrap_or_default().to_owned()
    };

    if codes.is_empty() {
        return Err(UnknownReason::OnlyPhpMessages);
    }
    match status {
        // The entity was saved before its associations were looked at.
        400 if has(&[86]) => Err(UnknownReason::SavedThenRefused),
        400 if call.entities > 1 => Err(UnknownReason::PartlyDone),
        400 if has(&[41]) => Ok(RefusalKind::FieldRequired { field: field(&[41], quoted) }),
        400 if has(&[84, 85]) => Ok(RefusalKind::FieldInvalid { field: field(&[84, 85], property) }),
        401 | 403 | 405 if has(&[25, 26, 132]) => {
            Ok(RefusalKind::PermissionMissing { resource: call.resource, method: call.method })
        }
        401 if has(&[16, 17, 18, 19, 20, 21]) => Ok(RefusalKind::KeyRejected),
        404 if has(&[87, 92, 131]) => Ok(RefusalKind::NotFound),
        400 | 401 | 403..=405 => Ok(RefusalKind::Other),
        503 if has(&[22]) => Ok(RefusalKind::WebserviceDisabled),
        // A question the shop does not understand; its codes come with status 500 where PHP adds a warning.
        500..
            if call.method.only_reads()
                && codes.iter().any(|code| matches!(code, 27..=39 | 78..=81 | 999)) =>
        {
            Ok(RefusalKind::Other)
        }
        _ => Err(UnknownReason::ErrorsReported),
    }
}

/// An answer without the shop's own error format.
fn without_errors(call: Call, answer: RawAnswer<'_>, reason: UnknownReason) -> Error {
    match (answer.status, &reason) {
        // How the webservice says that it has no entity with this id.
        (404, UnknownReason::Empty) if call.method.only_reads() && answer.content_type.is_none() => {
            refusal(RefusalKind::NotFound, 404, Vec::new())
        }
        // How it says that no key arrived, usually because the web server keeps `Authorization` to itself.
        (401, UnknownReason::PlainText) if answer.body.trim_ascii() == b"401 Unauthorized" => {
            refusal(RefusalKind::KeyRejected, 401, Vec::new())
        }
        (status, _) => Error::unknown(Some(status), reason),
    }
}

/// Reads the body as the webservice's XML, or says what it is instead.
fn read(answer: RawAnswer<'_>) -> Result<Element, UnknownReason> {
    let body = answer.body.trim_ascii();
    if body.is_empty() {
        return Err(UnknownReason::Empty);
    }
    let is_xml = answer.content_type.is_some_and(|content_type| {
        content_type.trim_start().get(..8).is_some_and(|start| start.eq_ignore_ascii_case("text/xml"))
    });
    if !is_xml {
        return Err(if body.contains(&b'<') { UnknownReason::Html } else { UnknownReason::PlainText });
    }
    let text = str::from_utf8(body).map_err(|_| UnknownReason::Unparsable)?;
    let root = Element::parse(text).map_err(|_| UnknownReason::Unparsable)?;
    if root.name() == "prestashop" { Ok(root) } else { Err(UnknownReason::Unparsable) }
}

/// The errors of an answer, PHP's own last. Empty if it has no `<errors>`.
fn webservice_errors(root: &Element) -> Vec<WebserviceError> {
    let Some(list) = root.child("errors") else { return Vec::new() };
    let mut errors: Vec<_> = list.children().iter().map(webservice_error).collect();
    if errors.is_empty() {
        // An `<errors>` without any is still no success.
        errors.push(WebserviceError { code: 0, message: String::new() });
    }
    errors.sort_by_key(WebserviceError::is_from_php);
    errors
}

fn webservice_error(element: &Element) -> WebserviceError {
    let code = element.number("code").unwrap_or_default();
    // PrestaShop 8 escapes inside CDATA: `Customer-&gt;email`.
    let raw = element.text_or_empty("message");
    let message = quick_xml::escape::unescape(&raw).unwrap_or(Cow::Borrowed(&raw));
    // PHP's warnings quote what they choked on, and code 127 quotes the whole request: buyers' data.
    let harmless = if message.starts_with("[PHP ") {
        message.find(']').map_or("[PHP ]", |end| &message[..=end])
    } else if code == 127 {
        message.lines().next().unwrap_or_default()
    } else {
        &message
    };
    WebserviceError { code, message: shortened(harmless, LONGEST_MESSAGE) }
}

fn reason_of(errors: &[WebserviceError]) -> UnknownReason {
    if errors.iter().all(WebserviceError::is_from_php) {
        UnknownReason::OnlyPhpMessages
    } else {
        UnknownReason::ErrorsReported
    }
}

fn refusal(kind: RefusalKind, status: u16, errors: Vec<WebserviceError>) -> Error {
    Error::Refused(Refusal { kind, status: Some(status), errors })
}

fn unknown(status: u16, reason: UnknownReason, errors: Vec<WebserviceError>) -> Error {
    Error::OutcomeUnknown(Unknown { status: Some(status), reason, errors })
}

/// The id of an entity: the `<id>` inside when it is shown in full, the attribute when only ids are listed.
fn id_of(entity: &Element) -> Option<u64> {
    let text = entity.child("id").map(Element::text).or_else(|| entity.attribute("id"))?;
    text.parse().ok().filter(|id| *id > 0)
}

/// `module` in `parameter "module" required`
fn quoted(message: &str) -> Option<&str> {
    let is_name = |text: &&str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    message.split('"').nth(1).filter(is_name)
}

/// `payment` in `Validation error: "Property Order->payment is not valid"`
fn property(message: &str) -> Option<&str> {
    let rest = message.split_once("->")?.1;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    Some(&rest[..end])
}

fn shortened(text: &str, characters: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(characters).collect()
}

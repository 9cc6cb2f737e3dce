//! Reading XML into a small tree, as the shop's SimpleXML does.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// One element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Name with its prefix.
    pub name: String,
    /// Attributes in document order.
    pub attributes: Vec<(String, String)>,
    /// Elements inside.
    pub children: Vec<Element>,
    /// Text and CDATA inside, joined.
    pub text: String,
}

impl Element {
    /// The first child with this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child with this name.
    #[must_use]
    pub fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// An attribute's value.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Why a text is not XML.
#[derive(Debug, thiserror::Error)]
#[error("not well-formed XML: {0}")]
pub struct NotXml(String);

/// Parses a document into its root element.
///
/// # Errors
/// The text is not well-formed or holds no element.
pub fn parse(text: &str) -> Result<Element, NotXml> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    loop {
        let event = reader.read_event().map_err(|error| NotXml(error.to_string()))?;
        match event {
            Event::Start(start) => open.push(element_of(&start)?),
            Event::Empty(start) => close(element_of(&start)?, &mut open, &mut root)?,
            Event::End(_) => {
                let element = open.pop().ok_or_else(|| NotXml("unexpected end tag".to_owned()))?;
                close(element, &mut open, &mut root)?;
            }
            Event::Text(text) => add_text(&text.xml10_content(), &mut open)?,
            Event::CData(text) => add_text(&text.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => {
                let resolved = resolve(&reference)?;
                add_text(&resolved, &mut open)?;
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    if !open.is_empty() {
        return Err(NotXml("premature end of data".to_owned()));
    }
    root.ok_or_else(|| NotXml("document is empty".to_owned()))
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), NotXml> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err(NotXml("extra content at the end of the document".to_owned())),
    }
    Ok(())
}

fn add_text(text: &str, open: &mut [Element]) -> Result<(), NotXml> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(NotXml("start tag expected, '<' not found".to_owned())),
    }
    Ok(())
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, NotXml> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| NotXml(error.to_string()))? {
        return Ok(character.to_string());
    }
    match &*reference.xml10_content() {
        "lt" => Ok("<".to_owned()),
        "gt" => Ok(">".to_owned()),
        "amp" => Ok("&".to_owned()),
        "quot" => Ok("\"".to_owned()),
        "apos" => Ok("'".to_owned()),
        other => Err(NotXml(format!("entity '{other}' not defined"))),
    }
}

fn element_of(start: &BytesStart<'_>) -> Result<Element, NotXml> {
    let mut element = Element { name: start.name().as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| NotXml(error.to_string()))?;
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .map_err(|error| NotXml(error.to_string()))?;
        element.attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(element)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cdata_and_references_are_joined() {
        let root = parse("<a>x &amp; <![CDATA[<y>]]><b/></a>").unwrap();

        assert_eq!(root.text, "x & <y>");
        assert_eq!(root.children.len(), 1);
    }

    #[test]
    fn what_is_not_xml_is_refused() {
        assert!(parse("not xml").is_err());
        assert!(parse("").is_err());
        assert!(parse("<a>").is_err());
        assert!(parse("{\"order\":{}}").is_err());
    }
}

//! Just enough XML, both ways: a small tree that is read strictly (one root, matching tags, no document type, bounded
//! depth) and written so that no text can break out of its element.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// No answer of the webservice nests deeper than ten; more than this is not one.
const MAX_DEPTH: usize = 32;

/// A hundred thousand ids come in about as many elements. Each takes a hundred bytes and more, of four that were read.
const MAX_ELEMENTS: usize = 300_000;

/// An element with its attributes, its text and its children.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

/// A text that is not one well-formed document without a document type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not well-formed xml")]
pub struct NotWellFormed;

impl Element {
    /// An empty element.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// `<name>text</name>`
    #[must_use]
    pub fn with_text(name: &str, text: impl ToString) -> Self {
        Self { text: text.to_string(), ..Self::new(name) }
    }

    /// The element, with `<name>value</name>` added.
    #[must_use]
    pub fn with(self, name: &str, value: impl ToString) -> Self {
        self.with_child(Self::with_text(name, value))
    }

    /// The element, with `<name>value</name>` added if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The element, with a child added.
    #[must_use]
    pub fn with_child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// The element, with an attribute added.
    #[must_use]
    pub fn with_attribute(mut self, name: &str, value: impl ToString) -> Self {
        self.attributes.push((name.to_owned(), value.to_string()));
        self
    }

    /// The name, with its prefix if it has one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text directly inside, without the whitespace that only lays out the document.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The elements directly inside.
    #[must_use]
    pub fn children(&self) -> &[Self] {
        &self.children
    }

    /// The first child with this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The rows of an association; none if it is empty (in either spelling) or left out.
    pub fn association(&self, name: &str) -> impl Iterator<Item = &Self> {
        let rows = self.child("associations").and_then(|associations| associations.child(name));
        rows.into_iter().flat_map(|rows| rows.children())
    }

    /// Gives the child with this name a new text, adding the child if there is none.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        if let Some(child) = self.children.iter_mut().find(|child| child.name == name) {
            value.clone_into(&mut child.text);
        } else {
            self.children.push(Self::with_text(name, value));
        }
    }

    /// The same tree as the webservice takes it back: without links and node types, with the `id` of languages.
    pub(crate) fn without_decoration(&self) -> Self {
        let is_language = self.name == "language";
        Self {
            name: self.name.clone(),
            attributes: self
                .attributes
                .iter()
                .filter(|(key, _)| is_language && key == "id")
                .cloned()
                .collect(),
            text: self.text.clone(),
            children: self.children.iter().map(Self::without_decoration).collect(),
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// If anything but whitespace and comments stands around the one root, a tag does not match or is misnamed, an
    /// entity is not one of the five of XML, there is a document type, or the tree is too deep or too large.
    pub fn parse(document: &str) -> Result<Self, NotWellFormed> {
        let mut reader = Reader::from_str(document);
        let mut open: Vec<OpenElement> = Vec::new();
        let mut root = None;
        let mut elements = 0;
        loop {
            let event = reader.read_event().map_err(|_| NotWellFormed)?;
            if matches!(event, Event::Start(_) | Event::Empty(_)) {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(NotWellFormed);
                }
            }
            match event {
                Event::Start(start) if root.is_none() && open.len() < MAX_DEPTH => {
                    open.push(OpenElement::from_start(&start)?);
                }
                Event::Empty(start) if root.is_none() && open.len() < MAX_DEPTH => {
                    let element = OpenElement::from_start(&start)?.close();
                    attach(element, &mut open, &mut root);
                }
                Event::End(_) => {
                    let element = open.pop().ok_or(NotWellFormed)?.close();
                    attach(element, &mut open, &mut root);
                }
                Event::Text(text) => match open.last_mut() {
                    Some(element) => element.run.push_str(&text.xml10_content()),
                    None if text.xml10_content().trim().is_empty() => {}
                    None => return Err(NotWellFormed),
                },
                Event::GeneralRef(reference) => {
                    let element = open.last_mut().ok_or(NotWellFormed)?;
                    element.run.push(match reference.resolve_char_ref().map_err(|_| NotWellFormed)? {
                        Some(character) => character,
                        None => predefined_entity(&reference.xml10_content())?,
                    });
                }
                Event::CData(data) => {
                    let element = open.last_mut().ok_or(NotWellFormed)?;
                    element.end_run();
                    element.element.text.push_str(&data.xml10_content());
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof if open.is_empty() => return root.ok_or(NotWellFormed),
                Event::Start(_) | Event::Empty(_) | Event::DocType(_) | Event::Eof => {
                    return Err(NotWellFormed);
                }
            }
        }
    }

    /// Writes the element as a document of its own.
    #[must_use]
    pub fn to_document(&self) -> String {
        let mut document = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut document);
        document.push('\n');
        document
    }

    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (key, value) in &self.attributes {
            out.push(' ');
            out.push_str(key);
            out.push_str("=\"");
            out.push_str(&quick_xml::escape::escape(allowed_in_xml(value)));
            out.push('"');
        }
        out.push('>');
        write_text(&self.text, out);
        for child in &self.children {
            child.write(out);
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// An element whose end was not read yet.
struct OpenElement {
    element: Element,
    /// Text since the last tag or CDATA section. Whitespace alone is layout and dropped; inside CDATA it is content.
    run: String,
}

impl OpenElement {
    fn from_start(start: &BytesStart<'_>) -> Result<Self, NotWellFormed> {
        let name = start.name();
        let mut element = Element::new(checked_name(name.as_ref())?);
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| NotWellFormed)?;
            let key = checked_name(attribute.key.as_ref())?.to_owned();
            let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|_| NotWellFormed)?;
            element.attributes.push((key, allowed_in_xml(&value)));
        }
        Ok(Self { element, run: String::new() })
    }

    fn end_run(&mut self) {
        if !self.run.trim().is_empty() {
            self.element.text.push_str(&self.run);
        }
        self.run.clear();
    }

    fn close(mut self) -> Element {
        self.end_run();
        // Shops write what a database holds, and what no document can hold would not go back to it either.
        self.element.text.retain(is_allowed_in_xml);
        self.element
    }
}

fn attach(element: Element, open: &mut [OpenElement], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => {
            parent.end_run();
            parent.element.children.push(element);
        }
        None => *root = Some(element),
    }
}

/// A name must not begin with a digit: PrestaShop 8.1 writes `<0>` in two of its schemas. The reader takes whatever stands
/// up to a blank for a name, signs of markup too.
fn checked_name(name: &str) -> Result<&str, NotWellFormed> {
    let starts_well = name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    if starts_well && name.chars().all(is_of_name) { Ok(name) } else { Err(NotWellFormed) }
}

fn predefined_entity(name: &str) -> Result<char, NotWellFormed> {
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(NotWellFormed),
    }
}

fn write_text(text: &str, out: &mut String) {
    let text = allowed_in_xml(text);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    if text.chars().all(is_plain) {
        out.push_str(&text);
    } else {
        // `]]>` would end the section, so the section is ended and begun anew between its brackets.
        out.push_str("<![CDATA[");
        out.push_str(&text.replace("]]>", "]]]]><![CDATA[>"));
        out.push_str("]]>");
    }
}

/// XML 1.0 has no way to write most control characters, not even escaped.
fn allowed_in_xml(text: &str) -> String {
    text.chars().filter(|c| is_allowed_in_xml(*c)).collect()
}

const fn is_allowed_in_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_from_cdata_and_from_escaped_text() {
        let cases = [
            ("<a><![CDATA[x]]></a>", "x"),
            ("<a>\n<![CDATA[ x ]]>\n</a>", " x "),
            ("<a><![CDATA[x]]]]><![CDATA[>y]]></a>", "x]]>y"),
            ("<a>Tom &amp; J&#233;r&#xF4;me &lt;3</a>", "Tom & Jérôme <3"),
            ("<a>\n\t</a>", ""),
            ("<a/>", ""),
            ("<a></a>", ""),
            ("\u{feff}<?xml version=\"1.0\"?>\n<!-- c --><a>x</a>\n", "x"),
        ];
        for (document, text) in cases {
            assert_eq!(Element::parse(document).expect(document).text(), text, "{document}");
        }
    }

    #[test]
    fn what_is_not_one_plain_document_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(MAX_DEPTH + 1), "</a>".repeat(MAX_DEPTH + 1));
        let cases = [
            "",
            "   ",
            "sentence",
            "<a>",
            "<a></b>",
            "<a></a><b></b>",
            "<a></a>trailing",
            "Warning: x<a></a>",
            "<a>&nbsp;</a>",
            "<a>&custom;</a>",
            "<a><0>x</0></a>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a b=c></a>",
            "</a>",
            &deep,
        ];
        for document in cases {
            assert_eq!(Element::parse(document), Err(NotWellFormed), "{document}");
        }
    }

    #[test]
    fn written_text_is_read_back_whatever_it_holds() {
        let texts = [
            "",
            "1",
            "a b",
            "<b>&amp;\"'",
            "]]>",
            "a]]>b]]>",
            "]]",
            "\n x \t",
            "Zoë 🎁",
            "{\"8\":\"2,\"}",
            "  ",
        ];
        for text in texts {
            let written = Element::new("a").with("b", text).to_document();

            let read = Element::parse(&written).expect(&written);

            assert_eq!(read.child("b").map(Element::text), Some(text), "{written}");
        }
    }

    #[test]
    fn control_characters_are_left_out_when_writing_and_when_reading() {
        let written = Element::new("a").with("b", "x\u{0}\u{8}\u{1b}\u{fffe}y").to_document();
        let read = Element::parse("<a b=\"x\u{8}y\">x&#2;<![CDATA[\u{1b}]]>y</a>").expect("well formed");

        assert!(written.contains("<b>xy</b>"), "{written}");
        assert_eq!((read.text(), read.attribute("b")), ("xy", Some("xy")));
    }

    #[test]
    fn an_empty_association_has_no_rows_in_either_spelling() {
        for spelling in ["<rows nodeType=\"row\"/>", "<rows></rows>", ""] {
            let document = format!("<a><associations>{spelling}</associations></a>");

            let element = Element::parse(&document).expect(spelling);

            assert_eq!(element.association("rows").count(), 0);
        }
    }
}

//! PrestaShop's XML.

use std::fmt::Write;

use prestashop::Element;

use super::{HIDDEN, LONGEST_LIST, allowed, name_shown, vocabulary};

/// The document without what is not shown, indented; `None` if it is none.
pub(super) fn redacted(document: &[u8]) -> Option<String> {
    let document = std::str::from_utf8(document).ok()?;
    let root = Element::parse(document).ok()?;
    let mut out = String::new();
    write(&root, 0, &mut out);
    out.truncate(out.trim_end().len());
    Some(out)
}

fn write(element: &Element, depth: usize, out: &mut String) {
    let name = match name_shown(element.name()) {
        HIDDEN => "hidden",
        name => name,
    };
    let indent = "  ".repeat(depth);
    // Links name addresses; of attributes, only ids tell anything.
    let id = element.attribute("id").filter(|id| !id.is_empty() && id.chars().all(|c| c.is_ascii_digit()));
    let id = id.map(|id| format!(" id=\"{id}\"")).unwrap_or_default();
    if element.children().is_empty() {
        put(out, format_args!("{indent}<{name}{id}>{}</{name}>\n", text_shown(name, element.text())));
        return;
    }
    put(out, format_args!("{indent}<{name}{id}>\n"));
    let is_list = is_list(element);
    let shown = if is_list { LONGEST_LIST } else { usize::MAX };
    for child in element.children().iter().take(shown) {
        write(child, depth + 1, out);
    }
    let rest = element.children().len().saturating_sub(shown);
    if rest > 0 {
        put(out, format_args!("{indent}  <!-- {rest} more -->\n"));
    }
    put(out, format_args!("{indent}</{name}>\n"));
}

/// A list holds elements of one name, an entity holds fields.
fn is_list(element: &Element) -> bool {
    let mut names = element.children().iter().map(Element::name);
    let first = names.next();
    names.all(|name| Some(name) == first)
}

fn text_shown(name: &str, text: &str) -> String {
    if text.is_empty() || allowed::in_body(name, text) {
        text.to_owned()
    } else if name == "message" {
        vocabulary::shown(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        HIDDEN.to_owned()
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_structure_and_loses_its_people() {
        let document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
            <prestashop xmlns:xlink=\"http://www.w3.org/1999/xlink\"><address>
            <id><![CDATA[14]]></id><id_customer xlink:href=\"https://shop.example/api/customers/9\"><![CDATA[9]]></id_customer>
            <alias><![CDATA[TikTok]]></alias><lastname><![CDATA[Durand]]></lastname><firstname><![CDATA[Camille]]></firstname>
            <address1><![CDATA[12 rue des Lilas & <b>]]></address1><postcode>75011</postcode><phone>+33612345678</phone>
            <other></other><date_add>2026-11-23 10:20:00</date_add>
            <name><language id=\"1\" xlink:href=\"https://shop.example/\">Secret</language></name>
            </address></prestashop>";

        let shown = redacted(document.as_bytes()).unwrap();

        assert_eq!(
            shown,
            "<prestashop>
  <address>
    <id>14</id>
    <id_customer>9</id_customer>
    <alias>***</alias>
    <lastname>***</lastname>
    <firstname>***</firstname>
    <address1>***</address1>
    <postcode>***</postcode>
    <phone>***</phone>
    <other></other>
    <date_add>2026-11-23 10:20:00</date_add>
    <name>
      <language id=\"1\">***</language>
    </name>
  </address>
</prestashop>"
        );
    }

    #[test]
    fn long_lists_are_cut_and_messages_keep_known_words() {
        let orders: String = (0..30).map(|id| format!("<order id=\"{id}\"/>")).collect();
        let shown =
            redacted(format!("<prestashop><orders>{orders}</orders></prestashop>").as_bytes()).unwrap();
        assert!(shown.contains("<order id=\"9\">") && !shown.contains("id=\"10\""), "{shown}");
        assert!(shown.contains("<!-- 20 more -->"), "{shown}");

        let errors = "<prestashop><errors><error><code>85</code>
            <message>Property Address->lastname is not valid: \"Durand\"</message></error></errors></prestashop>";
        let shown = redacted(errors.as_bytes()).unwrap();
        assert!(shown.contains("<code>85</code>"), "{shown}");
        assert!(
            shown.contains("<message>Property Address-&gt;lastname is not valid: ***</message>"),
            "{shown}"
        );
    }
}

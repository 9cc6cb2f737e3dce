//! The shop's rules for texts, under the shop's names, and functions that turn any text into one that passes.
//!
//! `is_…` asks what the shop asks about the characters; lengths are checked apart, by the constants. `clean_…` replaces
//! what is forbidden, tidies whitespace and cuts to the length. What gets lost is lost: keep the original elsewhere.

/// First and last name of a customer and of an address.
pub const NAME_MAX: usize = 255;
/// `address1` and `address2`.
pub const ADDRESS_MAX: usize = 128;
/// `city`
pub const CITY_MAX: usize = 64;
/// `postcode`
pub const POST_CODE_MAX: usize = 12;
/// `phone` and `phone_mobile`.
pub const PHONE_MAX: usize = 32;
/// `alias` of an address.
pub const ALIAS_MAX: usize = 32;
/// `company`
pub const COMPANY_MAX: usize = 255;
/// `vat_number`
pub const VAT_NUMBER_MAX: usize = 32;
/// `other` of an address, on shops of 8.x.
pub const OTHER_MAX: usize = 300;
/// `payment` of an order.
pub const PAYMENT_MAX: usize = 255;
/// `tracking_number`
pub const TRACKING_NUMBER_MAX: usize = 64;

/// What stands for a required text of which nothing is left.
pub const PLACEHOLDER: &str = "-";

const FORBIDDEN_IN_CUSTOMER_NAME: &str = "!<>,;?=+()/\\@#\"°*`{}_^$%:¤[]|";
const FORBIDDEN_IN_NAME: &str = "!<>,;?=+()@#\"°{}_$%:¤|";
const FORBIDDEN_IN_ADDRESS: &str = "!<>?=+@{}_$%";
const FORBIDDEN_IN_CITY: &str = "!<>;?=+@#\"°{}_$%";
const FORBIDDEN_IN_GENERIC_NAME: &str = "<>{}";
const ALLOWED_IN_TRACKING_NUMBER: &str = "~:#,%&_=()[]. ?+-@/";

/// Whether a text holds no more than so many characters.
#[must_use]
pub fn fits(text: &str, max_characters: usize) -> bool {
    text.chars().nth(max_characters).is_none()
}

/// `isCustomerName`: first and last name of a customer.
#[must_use]
pub fn is_customer_name(text: &str) -> bool {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_dot = matches!(character, '.' | '。');
        if is_forbidden_in_customer_name(character) {
            return false;
        }
        if is_dot && characters.peek().is_some_and(|next| !next.is_whitespace()) {
            return false;
        }
    }
    !text.trim().is_empty()
}

/// `isName`: first and last name of an address.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.chars().any(is_forbidden_in_name)
}

/// `isAddress`: `address1`, `address2`.
#[must_use]
pub fn is_address(text: &str) -> bool {
    !text.contains(|c| FORBIDDEN_IN_ADDRESS.contains(c))
}

/// `isCityName`
#[must_use]
pub fn is_city_name(text: &str) -> bool {
    !text.contains(|c| FORBIDDEN_IN_CITY.contains(c))
}

/// `isPostCode`: may be empty.
#[must_use]
pub fn is_post_code(text: &str) -> bool {
    text.chars().all(is_allowed_in_post_code)
}

/// `isPhoneNumber`: may be empty.
#[must_use]
pub fn is_phone_number(text: &str) -> bool {
    text.chars().all(is_allowed_in_phone_number)
}

/// `isGenericName`: alias, company, the text of a payment, VAT number.
#[must_use]
pub fn is_generic_name(text: &str) -> bool {
    !text.contains(|c| FORBIDDEN_IN_GENERIC_NAME.contains(c))
}

/// `isMessage`: `other` of an address, `gift_message`.
#[must_use]
pub fn is_message(text: &str) -> bool {
    is_generic_name(text)
}

/// `isTrackingNumber`
#[must_use]
pub fn is_tracking_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_allowed_in_tracking_number) && fits(text, TRACKING_NUMBER_MAX)
}

/// `isModuleName`
#[must_use]
pub fn is_module_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// A text that passes as a customer's name; [`PLACEHOLDER`] if nothing is left.
#[must_use]
pub fn clean_customer_name(text: &str) -> String {
    let allowed = without(text, is_forbidden_in_customer_name);
    // A dot must be followed by a space: `J.R.` becomes `J. R.`
    let spaced = allowed.replace('.', ". ").replace('。', "。 ");
    or_placeholder(tidied(&spaced, NAME_MAX))
}

/// A text that passes as a name in an address; [`PLACEHOLDER`] if nothing is left.
#[must_use]
pub fn clean_name(text: &str) -> String {
    or_placeholder(tidied(&without(text, is_forbidden_in_name), NAME_MAX))
}

/// A text that passes as a line of an address; may be empty.
#[must_use]
pub fn clean_address(text: &str) -> String {
    tidied(&without(text, |c| FORBIDDEN_IN_ADDRESS.contains(c)), ADDRESS_MAX)
}

/// A text that passes as a city; [`PLACEHOLDER`] if nothing is left.
#[must_use]
pub fn clean_city_name(text: &str) -> String {
    or_placeholder(tidied(&without(text, |c| FORBIDDEN_IN_CITY.contains(c)), CITY_MAX))
}

/// A text that passes as a post code; may be empty.
#[must_use]
pub fn clean_post_code(text: &str) -> String {
    tidied(&without(text, |c| !is_allowed_in_post_code(c)), POST_CODE_MAX)
}

/// A text that passes as a phone number; may be empty.
///
/// A masked number (`+1******23`) becomes empty rather than another number, and so does one that is too long. An
/// extension (`ext. 12`) is cut off.
#[must_use]
pub fn clean_phone_number(text: &str) -> String {
    if text.contains('*') {
        return String::new();
    }
    let begin = text.find(|c: char| c.is_ascii_digit() || matches!(c, '+' | '(')).unwrap_or(text.len());
    let number = text[begin..].split(|c: char| c.is_alphabetic()).next().unwrap_or_default();
    let allowed = without(number, |c| !is_allowed_in_phone_number(c));
    let has_digit = allowed.contains(|c: char| c.is_ascii_digit());
    let number = tidied(&allowed, usize::MAX);
    if has_digit && fits(&number, PHONE_MAX) { number } else { String::new() }
}

/// A text that passes as a generic name of this length; may be empty.
#[must_use]
pub fn clean_generic_name(text: &str, max_characters: usize) -> String {
    tidied(&without(text, |c| FORBIDDEN_IN_GENERIC_NAME.contains(c)), max_characters)
}

/// A text that passes as a message of this length; keeps its lines, may be empty.
#[must_use]
pub fn clean_message(text: &str, max_characters: usize) -> String {
    let lines = text.lines().map(|line| clean_generic_name(line, usize::MAX));
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    cut(&lines.join("\n"), max_characters)
}

/// A text that passes as a tracking number; may be empty.
#[must_use]
pub fn clean_tracking_number(text: &str) -> String {
    tidied(&without(text, |c| !is_allowed_in_tracking_number(c)), TRACKING_NUMBER_MAX)
}

/// The text, or [`PLACEHOLDER`] if it is empty; for required fields.
#[must_use]
pub fn or_placeholder(text: String) -> String {
    if text.is_empty() { PLACEHOLDER.to_owned() } else { text }
}

fn is_forbidden_in_customer_name(character: char) -> bool {
    character.is_ascii_digit() || FORBIDDEN_IN_CUSTOMER_NAME.contains(character)
}

fn is_forbidden_in_name(character: char) -> bool {
    character.is_ascii_digit() || FORBIDDEN_IN_NAME.contains(character)
}

fn is_allowed_in_post_code(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, ' ' | '-')
}

fn is_allowed_in_phone_number(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '+' | '.' | ' ' | '(' | ')' | '/' | '-')
}

fn is_allowed_in_tracking_number(character: char) -> bool {
    character.is_ascii_alphanumeric() || ALLOWED_IN_TRACKING_NUMBER.contains(character)
}

/// The text with a space for every forbidden or control character, so that words stay apart.
fn without(text: &str, is_forbidden: impl Fn(char) -> bool) -> String {
    text.chars().map(|c| if is_forbidden(c) || c.is_control() { ' ' } else { c }).collect()
}

/// The text with single spaces between words and none around, cut to the length.
fn tidied(text: &str, max_characters: usize) -> String {
    cut(&text.split_whitespace().collect::<Vec<_>>().join(" "), max_characters)
}

fn cut(text: &str, max_characters: usize) -> String {
    text.chars().take(max_characters).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts a marketplace sends, or might.
    const NASTY: [&str; 18] = [
        "",
        "   ",
        "Tess Buyer",
        "J.R.R. Tolkien",
        "Zoë O'Brien-Müller 🎁",
        "X Æ A-12",
        "R***d",
        "user_99@shop",
        "<script>alert(1)</script>",
        "{\"a\":[1,2]}",
        "50% off!?",
        "line one\nline two\t\u{0}\u{1b}",
        "山田。太郎",
        "+1******23",
        "+1 (555) 123-4567 ext. 9",
        "....",
        "10/12, rue d'Été n°5",
        "\\`^~¤",
    ];

    #[test]
    fn validators_judge_as_the_shop_does() {
        type Validator = fn(&str) -> bool;
        let table: [(&str, Validator, &[&str], &[&str]); 9] = [
            (
                "isCustomerName",
                is_customer_name,
                &["Tess", "Jean. Paul", "Dr.", "O'Neil-Smith", "Zoë", "山田", "-"],
                &["", " ", "Tess2", "R***d", "J.R. Tolkien", "a@b", "a/b", "a:b", "a[b", "a。b", "`"],
            ),
            ("isName", is_name, &["R***d", "", "a/b", "J.R."], &["Tess2", "a@b", "a,b", "a_b", "a:b", "n°"]),
            ("isAddress", is_address, &["10/12, rue d'Été n°5 #2"], &["who?", "a_b", "100%", "a@b", "hey!"]),
            ("isCityName", is_city_name, &["Aix-en-Provence (13), 2e"], &["a#b", "a;b", "a\"b", "a_b"]),
            ("isPostCode", is_post_code, &["", "75002", "SW1A 1AA", "1234-567"], &["75002*", "é", "a_b"]),
            ("isPhoneNumber", is_phone_number, &["", "+33 (0)1.02-03/04"], &["+1******23", "ext 5", "１"]),
            ("isGenericName", is_generic_name, &["TikTok Shop & co. 100%"], &["a<b", "a>b", "{", "}"]),
            ("isTrackingNumber", is_tracking_number, &["1Z999AA10123456784", "a b/c"], &["", "é", "<", "*"]),
            ("isModuleName", is_module_name, &["ps_wirepayment", "a-B9"], &["", "a b", "a.b"]),
        ];
        for (name, validator, good, bad) in table {
            for text in good {
                assert!(validator(text), "{name} should accept {text:?}");
            }
            for text in bad {
                assert!(!validator(text), "{name} should refuse {text:?}");
            }
        }
    }

    #[test]
    fn whatever_is_cleaned_passes() {
        let long = "ab. 1é".repeat(100);
        for text in NASTY.iter().copied().chain([long.as_str()]) {
            let customer_name = clean_customer_name(text);
            assert!(is_customer_name(&customer_name) && fits(&customer_name, NAME_MAX), "{text:?}");
            let name = clean_name(text);
            assert!(is_name(&name) && !name.is_empty() && fits(&name, NAME_MAX), "{text:?}");
            let address = clean_address(text);
            assert!(is_address(&address) && fits(&address, ADDRESS_MAX), "{text:?}");
            let city = clean_city_name(text);
            assert!(is_city_name(&city) && !city.is_empty() && fits(&city, CITY_MAX), "{text:?}");
            let post_code = clean_post_code(text);
            assert!(is_post_code(&post_code) && fits(&post_code, POST_CODE_MAX), "{text:?}");
            let phone = clean_phone_number(text);
            assert!(is_phone_number(&phone) && fits(&phone, PHONE_MAX), "{text:?}");
            let alias = clean_generic_name(text, ALIAS_MAX);
            assert!(is_generic_name(&alias) && fits(&alias, ALIAS_MAX), "{text:?}");
            let message = clean_message(text, OTHER_MAX);
            assert!(is_message(&message) && fits(&message, OTHER_MAX), "{text:?}");
            let tracking = clean_tracking_number(text);
            assert!(tracking.is_empty() || is_tracking_number(&tracking), "{text:?}");
        }
    }

    #[test]
    fn what_is_good_already_stays_as_it_is() {
        assert_eq!(clean_customer_name("Zoë O'Brien-Müller"), "Zoë O'Brien-Müller");
        assert_eq!(clean_name("R***d"), "R***d");
        assert_eq!(clean_address("10/12, rue d'Été n°5 🎁"), "10/12, rue d'Été n°5 🎁");
        assert_eq!(clean_phone_number("(+44)7123 456-789"), "(+44)7123 456-789");
        assert_eq!(clean_message("one\ntwo", 300), "one\ntwo");
        assert_eq!(clean_tracking_number("1Z999AA10123456784"), "1Z999AA10123456784");
    }

    #[test]
    fn what_is_forbidden_is_replaced_sensibly() {
        assert_eq!(clean_customer_name("J.R.R. Tolkien"), "J. R. R. Tolkien");
        assert_eq!(clean_customer_name("R***d"), "R d");
        assert_eq!(clean_customer_name("99"), "-");
        assert_eq!(clean_name("user_99@shop"), "user shop");
        assert_eq!(clean_address("who?_me"), "who me");
        assert_eq!(clean_post_code("F-75002 (Paris)"), "F-75002 Pari");
    }

    #[test]
    fn a_phone_number_never_becomes_another_one() {
        for (text, expected) in [
            ("+1******23", ""),
            ("tel: +33 1 02", "+33 1 02"),
            ("+1 555 123-4567 ext. 9", "+1 555 123-4567"),
            ("no phone", ""),
            ("- ()", ""),
            ("123456789012345678901234567890123", ""),
        ] {
            assert_eq!(clean_phone_number(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lengths_count_characters() {
        assert!(fits("éé", 2) && !fits("ééé", 2));
        assert_eq!(clean_generic_name(&"é".repeat(40), ALIAS_MAX).chars().count(), ALIAS_MAX);
    }
}

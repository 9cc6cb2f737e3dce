//! The shop's validators, by the names that its schemas use.

use chrono::NaiveDate;

/// Whether a value that is not empty passes the validator with this name.
///
/// Unknown names pass: the shop has validators for settings that no order touches.
#[must_use]
pub fn accepts(validator: &str, value: &str) -> bool {
    match validator {
        "isCustomerName" => is_customer_name(value),
        "isName" => !contains_any(value, "0123456789!<>,;?=+()@#\"°{}_$%:¤|"),
        "isCatalogName" => !contains_any(value, "<>;=#{}"),
        "isCarrierName" => !contains_any(value, "<>;=#{}"),
        "isGenericName" | "IsGenericName" => !contains_any(value, "<>{}"),
        "isAddress" => !contains_any(value, "!<>?=+@{}_$%"),
        "isCityName" => !contains_any(value, "!<>;?=+@#\"°{}_$%"),
        "isPostCode" => all(value, |character| character.is_ascii_alphanumeric() || " -".contains(character)),
        "isPhoneNumber" => {
            all(value, |character| character.is_ascii_digit() || "+. ()/-".contains(character))
        }
        "isMessage" => !contains_any(value, "<>{}"),
        "isReference" => !contains_any(value, "<>;={}"),
        "isCleanHtml" => is_clean_html(value),
        "isEmail" => is_email(value),
        "isPrice" => is_amount(value),
        "isNegativePrice" => is_amount(value.strip_prefix('-').unwrap_or(value)),
        "isFloat" => value.trim().parse::<f64>().is_ok(),
        "isUnsignedFloat" => value.trim().parse::<f64>().is_ok_and(|number| number >= 0.0),
        "isTrackingNumber" => all(value, |character| {
            character.is_ascii_alphanumeric() || "~:#,%&_=()[]. ?+-@/".contains(character)
        }),
        "isModuleName" => {
            all(value, |character| character.is_ascii_alphanumeric() || "_-".contains(character))
        }
        "isUnsignedId" | "isNullOrUnsignedId" | "isUnsignedInt" => value.parse::<u32>().is_ok(),
        "isPositiveInt" => value.parse::<u32>().is_ok_and(|number| number > 0),
        "isInt" => value.parse::<i64>().is_ok(),
        "isBool" => matches!(value, "0" | "1" | "true" | "false"),
        "isDate" => is_date(value),
        "isDateFormat" | "isDateOrNull" => value.starts_with("0000-00-00") || is_date_shape(value),
        "isBirthDate" => value == "0000-00-00" || is_date(value),
        "isReductionType" => matches!(value, "amount" | "percentage"),
        "isMd5" => value.len() == 32 && all(value, |character| character.is_ascii_hexdigit()),
        "isSha1" => value.len() == 40 && all(value, |character| character.is_ascii_hexdigit()),
        "isHashedPassword" => (5..=255).contains(&value.chars().count()),
        "isLanguageIsoCode" => {
            (2..=3).contains(&value.len()) && all(value, |character| character.is_ascii_alphabetic())
        }
        "isStateIsoCode" => {
            (1..=8).contains(&value.len())
                && all(value, |character| character.is_ascii_alphanumeric() || character == '-')
        }
        "isDniLite" => all(value, |character| character.is_ascii_alphanumeric() || "-. ".contains(character)),
        "isLinkRewrite" => all(value, |character| character.is_alphanumeric() || "_-".contains(character)),
        "isProductVisibility" => matches!(value, "both" | "catalog" | "search" | "none"),
        "isConfigName" => {
            all(value, |character| character.is_ascii_alphanumeric() || "_- ".contains(character))
        }
        _ => true,
    }
}

fn all(value: &str, accepts: impl Fn(char) -> bool) -> bool {
    value.chars().all(accepts)
}

fn contains_any(value: &str, forbidden: &str) -> bool {
    value.chars().any(|character| forbidden.contains(character))
}

/// No digits and signs, and every dot is followed by a space or by the end.
fn is_customer_name(value: &str) -> bool {
    if value.trim().is_empty() || contains_any(value, "0123456789!<>,;?=+()/\\@#\"°*`{}_^$%:¤[]|") {
        return false;
    }
    let characters: Vec<char> = value.chars().collect();
    characters.iter().enumerate().all(|(position, character)| {
        !matches!(character, '.' | '。')
            || characters.get(position + 1).is_none_or(|next| next.is_whitespace())
    })
}

fn is_clean_html(value: &str) -> bool {
    let lower = value.to_lowercase();
    let has_tag = ["<script", "<iframe", "<form", "<input", "<embed", "<object", "script:"]
        .iter()
        .any(|tag| lower.contains(tag));
    let has_handler = lower.split(['<', ' ', '"', '\'']).any(|word| {
        word.strip_prefix("on").is_some_and(|rest| {
            rest.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|character| character.is_ascii_lowercase())
            })
        })
    });
    !has_tag && !has_handler
}

fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else { return false };
    let good_local = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && all(local, |character| character.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(character));
    let good_domain = domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && all(label, |character| character.is_alphanumeric() || character == '-')
        });
    good_local && good_domain
}

/// Up to ten digits, a dot and up to nine more.
fn is_amount(value: &str) -> bool {
    let (whole, fraction) = match value.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (value, None),
    };
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && all(text, |character| character.is_ascii_digit())
    };
    digits(whole, 10) && fraction.is_none_or(|fraction| digits(fraction, 9))
}

fn is_date_shape(value: &str) -> bool {
    let day = value.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split('-').collect();
    parts.len() == 3
        && parts[0].len() == 4
        && parts.iter().all(|part| !part.is_empty() && all(part, |character| character.is_ascii_digit()))
}

fn is_date(value: &str) -> bool {
    let day = value.split(' ').next().unwrap_or_default();
    is_date_shape(value) && NaiveDate::parse_from_str(day, "%Y-%m-%d").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyday_values_are_accepted_or_refused_as_recorded() {
        for (validator, value, accepted) in [
            ("isCustomerName", "Tess", true),
            ("isCustomerName", "R2D2", false),
            ("isCustomerName", "J. Smith", true),
            ("isCustomerName", "J.Smith", false),
            ("isCustomerName", "***", false),
            ("isName", "***", true),
            ("isName", "a@b", false),
            ("isPhoneNumber", "+33102030405", true),
            ("isPhoneNumber", "ext 5", false),
            ("isPhoneNumber", "+1******23", false),
            ("isAddress", "10 rue de la Paix", true),
            ("isAddress", "What?", false),
            ("isEmail", "not-an-email", false),
            ("isEmail", "tt-576461413038785752@buyer.example.com", true),
            ("isGenericName", "TikTok <b>", false),
            ("isPrice", "abc", false),
            ("isPrice", "54.286", true),
            ("isPrice", "-1", false),
            ("isNegativePrice", "-1.000000", true),
            ("isTrackingNumber", "bad<tracking>", false),
            ("isTrackingNumber", "1Z999AA10123456784", true),
            ("isDate", "2026-02-30", false),
        ] {
            assert_eq!(accepts(validator, value), accepted, "{validator}({value})");
        }
    }
}

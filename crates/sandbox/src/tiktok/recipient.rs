//! The recipient of an order, and what TikTok Shop shows of it at which time.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One level of `district_info`, `L0` being the country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct District {
    /// `L0` to `L4`.
    pub level: String,
    /// What the level is called in the country, such as `Federal state`.
    pub level_name: String,
    /// Its name.
    pub name: String,
    /// Only ever given for the country.
    #[serde(default)]
    pub iso_code: Option<String>,
}

/// The plain address of a buyer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct Recipient {
    /// Both names, separated by a space.
    pub name: String,
    /// Equal to `name` when the buyer gave a single one.
    pub first_name: String,
    /// Empty when the buyer gave a single name.
    pub last_name: String,
    /// `(+CC)digits`.
    pub phone_number: String,
    /// ISO 3166-1 alpha-2.
    pub region_code: String,
    /// In the form of the country.
    pub postal_code: String,
    /// United Kingdom only.
    pub post_town: String,
    /// `address_line1` to `address_line4`.
    pub address_lines: [String; 4],
    /// From the country down.
    pub districts: Vec<District>,
    /// United States only.
    pub drop_off_location: Option<String>,
}

impl std::fmt::Debug for Recipient {
    /// Names the country alone: a buyer's data stays out of logs, even an invented one's.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Recipient").field("region_code", &self.region_code).finish_non_exhaustive()
    }
}

impl Recipient {
    /// The name of the deepest district.
    pub fn city(&self) -> &str {
        self.districts.last().map_or("", |district| &district.name)
    }

    /// The address as TikTok Shop shows it from `AWAITING_SHIPMENT` on.
    pub fn plain(&self) -> Value {
        let [line1, line2, line3, line4] = &self.address_lines;
        let street = self.street();
        let mut parts: Vec<&str> = self.districts.iter().map(|district| district.name.as_str()).collect();
        parts.push(&street);
        let mut address = json!({
            "name": self.name, "first_name": self.first_name, "last_name": self.last_name,
            "phone_number": self.phone_number, "region_code": self.region_code,
            "postal_code": self.postal_code, "post_town": self.post_town,
            "address_line1": line1, "address_line2": line2, "address_line3": line3, "address_line4": line4,
            "address_detail": street, "full_address": parts.join(", "),
            "district_info": self.districts.iter().map(district_json).collect::<Vec<_>>(),
        });
        if let Some(place) = &self.drop_off_location {
            address["delivery_preferences"] = json!({ "drop_off_location": place });
        }
        address
    }

    /// The address of an order that TikTok delivers: starred for ever.
    pub fn starred(&self) -> Value {
        let name = starred_name(&self.name);
        let country = self.districts.first();
        json!({
            "name": name, "first_name": name, "last_name": "",
            "phone_number": starred_phone(&self.phone_number), "region_code": self.region_code,
            "postal_code": starred_after(&self.postal_code, 2),
            "address_line1": starred_after(&self.address_lines[0], 4), "address_line2": "",
            "full_address": country.map_or_else(|| "***".to_owned(), |country| format!("{}, ***", country.name)),
            "district_info": country.map(district_json).into_iter().collect::<Vec<_>>(),
        })
    }

    /// The address of an order that nobody may ship yet: present, but empty.
    pub fn hidden() -> Value {
        json!({ "name": "", "phone_number": "", "full_address": "", "district_info": [] })
    }

    /// The address of an order that has ended: every field blank.
    pub fn blanked() -> Value {
        json!({
            "name": "", "first_name": "", "last_name": "", "phone_number": "", "region_code": "",
            "postal_code": "", "post_town": "", "address_line1": "", "address_line2": "",
            "address_line3": "", "address_line4": "", "address_detail": "", "full_address": "",
            "district_info": [],
        })
    }

    fn street(&self) -> String {
        let lines: Vec<&str> =
            self.address_lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
        lines.join(" ")
    }
}

fn district_json(district: &District) -> Value {
    let mut level = json!({
        "address_level": district.level,
        "address_level_name": district.level_name,
        "address_name": district.name,
    });
    if let Some(code) = &district.iso_code {
        level["iso_code"] = json!(code);
    }
    level
}

/// `Camille Durand` becomes `C*** D***d`.
fn starred_name(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let count = words.len();
    let starred = words.iter().enumerate().map(|(index, word)| {
        let first = word.chars().next().unwrap_or('*');
        match word.chars().last() {
            Some(last) if index + 1 == count && count > 1 => format!("{first}***{last}"),
            _ => format!("{first}***"),
        }
    });
    starred.collect::<Vec<_>>().join(" ")
}

/// `(+33)612345678` becomes `(+33)6*****78`.
fn starred_phone(phone: &str) -> String {
    let (code, digits) = phone.split_at(phone.find(')').map_or(0, |at| at + 1));
    let digits: Vec<char> = digits.chars().collect();
    let tail: String = digits.iter().rev().take(2).rev().collect();
    format!("{code}{}*****{tail}", digits.first().copied().unwrap_or('*'))
}

fn starred_after(text: &str, shown: usize) -> String {
    format!("{}***", text.chars().take(shown).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_look_like_the_published_ones() {
        assert_eq!(starred_name("Camille Durand"), "C*** D***d");
        assert_eq!(starred_phone("(+33)612345678"), "(+33)6*****78");
        assert_eq!(starred_after("75011", 2), "75***");
        assert_eq!(starred_after("12 rue Oberkampf", 4), "12 r***");
    }
}

//! Where the parcel goes: TikTok Shop's parts, and the texts and ids that the store accepts.

use database::issues::Found;
use database::recipients::RecipientRecord;
use prestashop::{Country, CustomerId, NewAddress, State, StateId, validate};
use shared::{ConnectionSettings, IdentityRule, IssueCode, TikTokOrderId};
use tiktok_shop::{AddressLevel, District, Order, RecipientAddress};

use crate::store_facts::StoreFacts;

/// The longest identification number that a store's address takes.
const IDENTITY_MAX: usize = 16;

/// The recipient as TikTok Shop tells it; `None` while it tells nothing that a parcel needs.
#[must_use]
pub fn recipient_of(order: &Order) -> Option<RecipientRecord> {
    let address = order.recipient_address.as_ref().filter(|address| !address.is_blank())?;
    let country = country_of(address).unwrap_or_default();
    let street = address.address_line1.clone().or_else(|| address.address_detail.clone());
    let more = [&address.address_line2, &address.address_line3, &address.address_line4];
    let lines = street.into_iter().chain(more.into_iter().flatten().cloned()).collect();
    let (first_name, last_name) = names_of(address);
    Some(RecipientRecord {
        name: address.name.clone().unwrap_or_else(|| format!("{first_name} {last_name}").trim().to_owned()),
        first_name,
        last_name,
        phone: address.phone_number.clone(),
        email: order.buyer_email.clone(),
        lines,
        postal_code: address.postal_code.clone(),
        city: city_of(address, &country),
        region: district_at(address, &AddressLevel::First),
        districts: districts(address).filter_map(|district| district.address_name.clone()).collect(),
        country,
        masked: address.masked(),
    })
}

/// The country that an order goes to as long as TikTok Shop does not tell: its shops sell within their market.
#[must_use]
pub fn likely_country(region: Option<&str>, facts: &StoreFacts) -> String {
    if let Some(region) = region {
        return country_code(region);
    }
    let home = facts.countries.iter().find(|country| Some(country.id) == facts.settings.default_country);
    home.map(|country| country.iso_code.clone()).unwrap_or_default()
}

/// Stands in for the recipient of an order that TikTok Shop holds: until the release it tells neither name nor street.
#[must_use]
pub fn placeholder_recipient(country: &str) -> RecipientRecord {
    RecipientRecord {
        name: "TikTok Shop Buyer".to_owned(),
        first_name: "TikTok Shop".to_owned(),
        last_name: "Buyer".to_owned(),
        phone: None,
        email: None,
        lines: vec!["The address follows with the release".to_owned()],
        postal_code: None,
        city: Some("On hold".to_owned()),
        region: None,
        districts: Vec::new(),
        country: country.to_owned(),
        masked: true,
    }
}

/// The recipient and the store's country, once both are there; `hidden_will_do` where somebody else addresses the parcel.
///
/// # Errors
/// The blocker: a hidden address, or a country that the store does not serve.
pub fn destination_of<'a>(
    recipient: Option<&'a RecipientRecord>,
    hidden_will_do: bool,
    countries: &'a [Country],
) -> Result<(&'a RecipientRecord, &'a Country), Vec<Found>> {
    let hidden = || vec![Found::new(IssueCode::AddressMasked)];
    let recipient = recipient.ok_or_else(hidden)?;
    if recipient.masked && !hidden_will_do {
        return Err(hidden());
    }
    let active = countries.iter().find(|country| country.active && country.iso_code == recipient.country);
    active
        .map(|country| (recipient, country))
        .ok_or_else(|| vec![Found::new(IssueCode::CountryInactive).with("country", &recipient.country)])
}

fn districts(address: &RecipientAddress) -> impl Iterator<Item = &District> {
    let below_country = |district: &&District| district.address_level != Some(AddressLevel::Country);
    address.district_info.iter().filter(below_country)
}

fn district_at(address: &RecipientAddress, level: &AddressLevel) -> Option<String> {
    address
        .district_info
        .iter()
        .find(|district| district.address_level.as_ref() == Some(level))
        .and_then(|district| district.address_name.clone())
}

fn country_of(address: &RecipientAddress) -> Option<String> {
    let of_district = || {
        let country = |district: &&District| district.address_level == Some(AddressLevel::Country);
        address.district_info.iter().find(country).and_then(|district| district.iso_code.clone())
    };
    address.region_code.clone().or_else(of_district).as_deref().map(country_code)
}

/// TikTok Shop says GB, some of its samples say UK.
fn country_code(code: &str) -> String {
    let code = code.to_uppercase();
    if code == "UK" { "GB".to_owned() } else { code }
}

/// First and last name. A buyer who gave one name only has it in both `name` and `first_name`.
fn names_of(address: &RecipientAddress) -> (String, String) {
    let first = address.first_name.clone().unwrap_or_default();
    let last = address.last_name.clone().unwrap_or_default();
    if !last.is_empty() {
        return (first, last);
    }
    let whole = address.name.clone().unwrap_or(first);
    match whole.trim().rsplit_once(char::is_whitespace) {
        Some((first, last)) => (first.trim().to_owned(), last.to_owned()),
        None => (whole.clone(), whole),
    }
}

/// Which names of levels hold the city, by country; other countries use the deepest level.
const CITY_LEVELS: [(&str, &[&str]); 7] = [
    ("DE", &["municipality", "city"]),
    ("ES", &["municipality"]),
    ("FR", &["commune"]),
    ("IT", &["city", "municipality", "city or municipality"]),
    ("IE", &["municipal district", "city", "town"]),
    ("GB", &["city", "town", "county"]),
    ("US", &["city"]),
];

fn city_of(address: &RecipientAddress, country: &str) -> Option<String> {
    if let Some(town) = &address.post_town {
        return Some(town.clone());
    }
    let wanted =
        CITY_LEVELS.iter().find(|(code, _)| *code == country).map(|(_, levels)| *levels).unwrap_or_default();
    let named = wanted.iter().find_map(|wanted| {
        districts(address)
            .find(|district| {
                district.address_level_name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(wanted))
            })
            .and_then(|district| district.address_name.clone())
    });
    named.or_else(|| deepest_district(address))
}

/// The districts come in any order; `L0` to `L4` say how deep each lies.
fn deepest_district(address: &RecipientAddress) -> Option<String> {
    let named = districts(address).filter(|district| district.address_name.is_some());
    let level = |district: &&District| district.address_level.as_ref().map(|level| level.as_str().to_owned());
    named.max_by_key(level).and_then(|district| district.address_name.clone())
}

/// The address that the store gets: every text within its rules, and what had to be changed kept for people to read.
///
/// # Errors
/// The blockers: a missing street, a state that the store does not know, a missing identity number.
pub fn store_address_of(
    recipient: &RecipientRecord,
    tiktok_order_id: &TikTokOrderId,
    country: &Country,
    country_states: &[State],
    settings: &ConnectionSettings,
) -> Result<NewAddress, Vec<Found>> {
    let mut blockers = Vec::new();
    let state = match state_of(recipient, country, country_states) {
        Ok(state) => state,
        Err(found) => {
            blockers.push(found);
            None
        }
    };
    let identity = match identity_of(tiktok_order_id, country, settings) {
        Ok(identity) => identity,
        Err(found) => {
            blockers.push(found);
            None
        }
    };
    let shown = |text: &str| unmasked(text);
    let street =
        recipient.lines.first().map(|line| validate::clean_address(&shown(line))).unwrap_or_default();
    if street.is_empty() && !recipient.masked {
        blockers.push(
            Found::new(IssueCode::AddressRejected)
                .with("field", "address1")
                .with("reason", "the street is missing"),
        );
    }
    if !blockers.is_empty() {
        return Err(blockers);
    }
    let rest = recipient
        .lines
        .iter()
        .skip(1)
        .map(|line| validate::clean_address(&shown(line)))
        .collect::<Vec<_>>()
        .join(", ");
    let optional = |text: String| Some(text).filter(|text| !text.is_empty());
    let city = recipient.city.as_deref().map(shown).unwrap_or_default();
    let mut address = NewAddress {
        // The customer is made first and then put here.
        customer: CustomerId(0),
        country: country.id,
        state,
        alias: "TikTok Shop".to_owned(),
        last_name: validate::clean_name(&shown(&recipient.last_name)),
        first_name: validate::clean_name(&shown(&recipient.first_name)),
        company: None,
        address1: validate::or_placeholder(street),
        address2: optional(validate::clean_address(&rest)),
        postcode: recipient
            .postal_code
            .as_deref()
            .map(|code| validate::clean_post_code(&shown(code)))
            .and_then(optional),
        city: validate::clean_city_name(&city),
        phone: recipient.phone.as_deref().map(validate::clean_phone_number).and_then(optional),
        phone_mobile: None,
        vat_number: None,
        identification_number: identity,
        other: None,
    };
    address.other = original_where_changed(recipient, &address);
    Ok(address)
}

/// A masked text without its asterisks; what is left is a placeholder for orders that TikTok's own label addresses.
fn unmasked(text: &str) -> String {
    if text.contains('*') { text.replace('*', " ") } else { text.to_owned() }
}

/// The recipient's own words, where the store's rules forced other ones.
fn original_where_changed(recipient: &RecipientRecord, address: &NewAddress) -> Option<String> {
    if recipient.masked {
        return None;
    }
    let pairs = [
        (recipient.first_name.as_str(), address.first_name.as_str()),
        (recipient.last_name.as_str(), address.last_name.as_str()),
        (recipient.lines.first().map_or("", String::as_str), address.address1.as_str()),
        (recipient.city.as_deref().unwrap_or_default(), address.city.as_str()),
        (
            recipient.postal_code.as_deref().unwrap_or_default(),
            address.postcode.as_deref().unwrap_or_default(),
        ),
        (recipient.phone.as_deref().unwrap_or_default(), address.phone.as_deref().unwrap_or_default()),
    ];
    let rest = recipient.lines.iter().skip(1).map(String::as_str).collect::<Vec<_>>().join(", ");
    let changed = pairs.iter().any(|(theirs, ours)| theirs.trim() != *ours)
        || rest.trim() != address.address2.as_deref().unwrap_or_default();
    if !changed {
        return None;
    }
    let words =
        [recipient.name.as_str()].into_iter().chain(recipient.lines.iter().map(String::as_str)).chain(
            [&recipient.postal_code, &recipient.city, &recipient.phone]
                .into_iter()
                .filter_map(Option::as_deref),
        );
    let original = words.map(str::trim).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" · ");
    Some(validate::clean_message(&original, validate::OTHER_MAX)).filter(|text| !text.is_empty())
}

/// The store's state that a district of the address names; `None` where the country has no states.
fn state_of(
    recipient: &RecipientRecord,
    country: &Country,
    states: &[State],
) -> Result<Option<StateId>, Found> {
    if !country.contains_states {
        return Ok(None);
    }
    let active = || states.iter().filter(|state| state.active);
    let named = recipient.districts.iter().find_map(|district| {
        let folded = folded(district);
        active().find(|state| {
            folded == self::folded(&state.name) || state.iso_code.eq_ignore_ascii_case(district.trim())
        })
    });
    match named {
        Some(state) => Ok(Some(state.id)),
        // A label that TikTok made does not need the store's state.
        None if recipient.masked => Ok(active().next().map(|state| state.id)),
        None => {
            Err(Found::new(IssueCode::StateInvalid)
                .with("state", recipient.region.as_deref().unwrap_or("none")))
        }
    }
}

/// A name for comparing: without case, spaces, hyphens and the accents that Europe writes.
fn folded(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .filter(|letter| letter.is_alphanumeric())
        .map(|letter| match letter {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
            'ç' | 'č' | 'ć' => 'c',
            'è' | 'é' | 'ê' | 'ë' | 'ě' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ñ' | 'ń' | 'ň' => 'n',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
            'š' | 'ś' => 's',
            'ù' | 'ú' | 'û' | 'ü' | 'ů' => 'u',
            'ý' | 'ÿ' => 'y',
            'ž' | 'ź' | 'ż' => 'z',
            other => other,
        })
        .collect()
}

fn identity_of(
    tiktok_order_id: &TikTokOrderId,
    country: &Country,
    settings: &ConnectionSettings,
) -> Result<Option<String>, Found> {
    if !country.needs_identification_number {
        return Ok(None);
    }
    let missing = || Found::new(IssueCode::IdentityRequired).with("country", &country.iso_code);
    match settings.identity_rule {
        // No market of TikTok Shop in Europe or the US sends one with the order.
        IdentityRule::FromOrder => Err(missing()),
        IdentityRule::Fixed => settings.identity_number.clone().map(Some).ok_or_else(missing),
        IdentityRule::OrderId => {
            let id = tiktok_order_id.as_str();
            let last = id.char_indices().rev().nth(IDENTITY_MAX - 1).map_or(0, |(place, _)| place);
            Ok(Some(id[last..].to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use prestashop::{CountryId, Localized, StateId};

    use super::*;

    fn order(address: &str) -> Order {
        let text = format!(
            r#"{{"id":"576461413038785752","status":"AWAITING_SHIPMENT","recipient_address":{address}}}"#
        );
        tiktok_shop::ReadOrder::from_raw(serde_json::from_str(&text).unwrap()).unwrap().order
    }

    fn country(iso_code: &str, contains_states: bool, needs_identification_number: bool) -> Country {
        Country {
            id: CountryId(8),
            iso_code: iso_code.to_owned(),
            names: Localized::default(),
            active: true,
            zone_id: None,
            contains_states,
            needs_identification_number,
            needs_zip_code: true,
            zip_code_format: String::new(),
        }
    }

    const PARIS: &str = r#"{"name":"Camille Durand","first_name":"Camille","last_name":"Durand","phone_number":"(+33)612345678",
        "region_code":"FR","postal_code":"75011","address_line1":"12 rue Oberkampf","address_line2":"Bat. B",
        "district_info":[{"address_level":"L0","address_level_name":"Country","address_name":"France","iso_code":"FR"},
        {"address_level":"L1","address_level_name":"Region","address_name":"Ile-de-France"},
        {"address_level":"L4","address_level_name":"Commune","address_name":"Paris"}]}"#;

    #[test]
    fn the_city_of_other_countries_is_the_deepest_district_wherever_it_stands() {
        let districts = [
            r#"{"address_level":"L0","address_name":"Netherlands"}"#,
            r#"{"address_level":"L1","address_name":"Noord-Holland"}"#,
            r#"{"address_level":"L2","address_name":"Haarlem"}"#,
        ];
        for order_of in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let listed = order_of.map(|index| districts[index]).join(",");
            let address = format!(
                r#"{{"name":"A B","region_code":"NL","address_line1":"Grote Markt 1","district_info":[{listed}]}}"#
            );
            assert_eq!(
                recipient_of(&order(&address)).unwrap().city.as_deref(),
                Some("Haarlem"),
                "{order_of:?}"
            );
        }
    }

    #[test]
    fn a_plain_address_arrives_unchanged() {
        let recipient = recipient_of(&order(PARIS)).unwrap();
        let id = TikTokOrderId("576461413038785752".to_owned());

        let address = store_address_of(
            &recipient,
            &id,
            &country("FR", false, false),
            &[],
            &ConnectionSettings::default(),
        )
        .unwrap();

        assert_eq!((address.first_name.as_str(), address.last_name.as_str()), ("Camille", "Durand"));
        assert_eq!(address.address1, "12 rue Oberkampf");
        assert_eq!(address.address2.as_deref(), Some("Bat. B"));
        assert_eq!((address.postcode.as_deref(), address.city.as_str()), (Some("75011"), "Paris"));
        assert_eq!(address.other, None);
        assert_eq!(address.identification_number, None);
    }

    #[test]
    fn forbidden_characters_are_cleaned_and_the_original_is_kept() {
        let text = PARIS.replace("12 rue Oberkampf", "12 rue Oberkampf!?").replace("Camille", "Camille2");
        let recipient = recipient_of(&order(&text)).unwrap();
        let id = TikTokOrderId("576461413038785752".to_owned());

        let address = store_address_of(
            &recipient,
            &id,
            &country("FR", false, false),
            &[],
            &ConnectionSettings::default(),
        )
        .unwrap();

        assert!(validate::is_address(&address.address1) && validate::is_name(&address.first_name));
        assert!(address.other.unwrap().contains("Camille2"));
    }

    #[test]
    fn one_name_makes_both_names() {
        let whole = r#"{"name":"Ana Maria Lopez","first_name":"Ana Maria Lopez","region_code":"ES","address_line1":"Calle 1"}"#;
        let single = r#"{"name":"Cher","first_name":"Cher","region_code":"US","address_line1":"1 Main St"}"#;

        let recipient = recipient_of(&order(whole)).unwrap();
        assert_eq!((recipient.first_name.as_str(), recipient.last_name.as_str()), ("Ana Maria", "Lopez"));
        let recipient = recipient_of(&order(single)).unwrap();
        assert_eq!((recipient.first_name.as_str(), recipient.last_name.as_str()), ("Cher", "Cher"));
    }

    #[test]
    fn states_are_found_by_name_or_code_and_unknown_ones_block() {
        let state = |id, iso_code: &str, name: &str| State {
            id: StateId(id),
            country_id: CountryId(8),
            zone_id: None,
            iso_code: iso_code.to_owned(),
            name: name.to_owned(),
            active: true,
        };
        let states = [state(1, "CA", "California"), state(2, "FO", "Forlì-Cesena")];
        let settings = ConnectionSettings::default();
        let id = TikTokOrderId("1".to_owned());
        let us = country("US", true, false);
        for (district, expected) in
            [("California", Some(1)), ("ca", Some(1)), ("Forli Cesena", Some(2)), ("Atlantis", None)]
        {
            let text = format!(
                r#"{{"name":"A B","region_code":"US","address_line1":"1 Main St","district_info":[
                {{"address_level":"L1","address_level_name":"State","address_name":"{district}"}}]}}"#
            );
            let recipient = recipient_of(&order(&text)).unwrap();
            let address = store_address_of(&recipient, &id, &us, &states, &settings);
            match expected {
                Some(expected) => assert_eq!(address.unwrap().state, Some(StateId(expected)), "{district}"),
                None => assert_eq!(address.unwrap_err()[0].code, IssueCode::StateInvalid),
            }
        }
    }

    #[test]
    fn the_identity_rule_fills_in_where_a_country_needs_a_number() {
        let recipient = recipient_of(&order(PARIS)).unwrap();
        let id = TikTokOrderId("576461413038785752".to_owned());
        let spain = country("ES", false, true);
        let with = |settings: &ConnectionSettings| store_address_of(&recipient, &id, &spain, &[], settings);

        let number = with(&ConnectionSettings::default()).unwrap().identification_number.unwrap();
        assert_eq!(number, "6461413038785752");
        let from_order =
            ConnectionSettings { identity_rule: IdentityRule::FromOrder, ..ConnectionSettings::default() };
        assert_eq!(with(&from_order).unwrap_err()[0].code, IssueCode::IdentityRequired);
    }

    #[test]
    fn masked_addresses_become_placeholders_that_the_store_accepts() {
        let text = r#"{"name":"C*** D***d","first_name":"C*** D***d","last_name":"","phone_number":"(+33)6*****78","postal_code":"75***",
            "address_line1":"12 r***","region_code":"FR","district_info":[{"address_level":"L0","address_name":"France"}]}"#;
        let recipient = recipient_of(&order(text)).unwrap();
        assert!(recipient.masked);

        let address = store_address_of(
            &recipient,
            &TikTokOrderId("1".to_owned()),
            &country("FR", false, false),
            &[],
            &ConnectionSettings::default(),
        )
        .unwrap();

        assert!(
            !format!("{}{}{}{}", address.first_name, address.last_name, address.address1, address.city)
                .contains('*')
        );
        assert!(validate::is_customer_name(&validate::clean_customer_name(&address.last_name)));
        assert_eq!(address.phone, None);
    }

    #[test]
    fn blank_addresses_are_none() {
        assert!(recipient_of(&order(r#"{"name":"","full_address":"","district_info":[]}"#)).is_none());
        assert!(recipient_of(&order("null")).is_none());
    }
}

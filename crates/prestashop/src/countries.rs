//! Countries, their states, and the zones carriers serve.

use crate::client::Client;
use crate::decode::{Entity, Localized};
use crate::error::{DecodeError, Error};
use crate::ids::{CountryId, StateId, ZoneId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// The country with this code, `FR`. An order to an inactive one fails.
    pub async fn country_by_iso(&self, iso_code: &str) -> Result<Option<Country>, Error> {
        let countries = self.list(Query::full().filter_text("iso_code", iso_code)?).await?;
        Ok(countries.into_iter().next())
    }

    /// All active countries.
    pub async fn active_countries(&self) -> Result<Vec<Country>, Error> {
        self.list(Query::full().filter("active", 1)).await
    }

    /// The state of this country with this code, `CA`.
    pub async fn state_by_iso(&self, iso_code: &str, country: CountryId) -> Result<Option<State>, Error> {
        let query = Query::full().filter_text("iso_code", iso_code)?.filter("id_country", country);
        let states = self.list(query).await?;
        Ok(states.into_iter().next())
    }

    /// All states of a country.
    pub async fn states_of(&self, country: CountryId) -> Result<Vec<State>, Error> {
        self.list(Query::full().filter("id_country", country)).await
    }

    /// All zones.
    pub async fn zones(&self) -> Result<Vec<Zone>, Error> {
        self.list(Query::full()).await
    }
}

/// A country as the shop knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Country {
    /// Its id.
    pub id: CountryId,
    /// `FR`
    pub iso_code: String,
    /// Its name.
    pub names: Localized,
    /// Whether the shop delivers there at all.
    pub active: bool,
    /// The zone that decides about carriers.
    pub zone_id: Option<ZoneId>,
    /// Whether an address there needs a state.
    pub contains_states: bool,
    /// Whether an address there should have an identification number.
    pub needs_identification_number: bool,
    /// Whether an address there should have a post code.
    pub needs_zip_code: bool,
    /// `NNNNN` with `N` for a digit, `L` for a letter and `C` for the country's code; empty for any.
    pub zip_code_format: String,
}

impl Entity for Country {
    const RESOURCE: Resource = Resource::Countries;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            iso_code: element.field("iso_code")?.to_owned(),
            names: element.localized("name")?,
            active: element.flag("active")?,
            zone_id: element.optional_id("id_zone")?,
            contains_states: element.flag("contains_states")?,
            needs_identification_number: element.flag("need_identification_number")?,
            needs_zip_code: element.flag("need_zip_code")?,
            zip_code_format: element.text_or_empty("zip_code_format"),
        })
    }
}

/// A state, province or region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its id.
    pub id: StateId,
    /// The country it belongs to. Codes repeat: `CA` is California and Cagliari.
    pub country_id: CountryId,
    /// The zone that decides about carriers.
    pub zone_id: Option<ZoneId>,
    /// `CA`
    pub iso_code: String,
    /// Its name.
    pub name: String,
    /// Whether it is in use.
    pub active: bool,
}

impl Entity for State {
    const RESOURCE: Resource = Resource::States;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            country_id: element.id("id_country")?,
            zone_id: element.optional_id("id_zone")?,
            iso_code: element.field("iso_code")?.to_owned(),
            name: element.text_or_empty("name"),
            active: element.flag("active")?,
        })
    }
}

/// A zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// Its name.
    pub name: String,
    /// Whether it is in use.
    pub active: bool,
}

impl Entity for Zone {
    const RESOURCE: Resource = Resource::Zones;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            name: element.text_or_empty("name"),
            active: element.flag("active")?,
        })
    }
}

//! Whom an order goes to, as far as TikTok tells.

use std::fmt;

use serde::Deserialize;

use crate::wire::{self, open_text};

/// Where an order goes. `Debug` shows the country only.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RecipientAddress {
    #[serde(deserialize_with = "wire::optional_text")]
    pub name: Option<String>,
    /// The whole name if the buyer gave only one.
    #[serde(deserialize_with = "wire::optional_text")]
    pub first_name: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub last_name: Option<String>,
    /// As in `(+33)612345678`.
    #[serde(deserialize_with = "wire::optional_text")]
    pub phone_number: Option<String>,
    /// ISO alpha-2.
    #[serde(deserialize_with = "wire::optional_text")]
    pub region_code: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub postal_code: Option<String>,
    /// United Kingdom only.
    #[serde(deserialize_with = "wire::optional_text")]
    pub post_town: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub address_line1: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub address_line2: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub address_line3: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub address_line4: Option<String>,
    /// The street part in one text.
    #[serde(deserialize_with = "wire::optional_text")]
    pub address_detail: Option<String>,
    /// Everything in one text, for display.
    #[serde(deserialize_with = "wire::optional_text")]
    pub full_address: Option<String>,
    /// From the country down; which levels there are differs by country.
    pub district_info: Vec<District>,
}

/// One level of an address above the street.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct District {
    pub address_level: Option<AddressLevel>,
    /// What the level is called, as in `Arrondissement`.
    #[serde(deserialize_with = "wire::optional_text")]
    pub address_level_name: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub address_name: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub iso_code: Option<String>,
}

open_text! {
    /// How deep a district lies; 0 is the country.
    AddressLevel { Country = "L0", First = "L1", Second = "L2", Third = "L3", Fourth = "L4" }
}

impl RecipientAddress {
    /// Whether TikTok stars any part of it; there is no call that unmasks. TikTok always puts several stars in a row,
    /// while a single one may be the buyer's own.
    #[must_use]
    pub fn masked(&self) -> bool {
        self.texts().any(|text| text.contains("**"))
    }

    /// Whether it says nothing that a parcel needs: before the order may be shipped, and after it is cancelled.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let Self { name, address_line1, address_detail, postal_code, full_address, .. } = self;
        [name, address_line1, address_detail, postal_code, full_address].into_iter().all(Option::is_none)
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let own = [
            &self.name,
            &self.first_name,
            &self.last_name,
            &self.phone_number,
            &self.postal_code,
            &self.post_town,
            &self.address_line1,
            &self.address_line2,
            &self.address_line3,
            &self.address_line4,
            &self.address_detail,
            &self.full_address,
        ];
        let districts = self.district_info.iter().map(|district| &district.address_name);
        own.into_iter().chain(districts).filter_map(Option::as_deref)
    }
}

impl fmt::Debug for RecipientAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RecipientAddress")
            .field("region_code", &self.region_code)
            .field("masked", &self.masked())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for District {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("District").field("address_level", &self.address_level).finish_non_exhaustive()
    }
}

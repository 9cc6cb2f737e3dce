//! Languages and currencies.

use rust_decimal::Decimal;

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error};
use crate::ids::{CurrencyId, LanguageId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// All languages.
    pub async fn languages(&self) -> Result<Vec<Language>, Error> {
        self.list(Query::full()).await
    }

    /// All currencies that are not deleted.
    pub async fn currencies(&self) -> Result<Vec<Currency>, Error> {
        self.list(Query::full().filter("deleted", 0)).await
    }

    /// The currency with this code, `EUR`; an active one if there are several.
    pub async fn currency_by_iso(&self, iso_code: &str) -> Result<Option<Currency>, Error> {
        let query = Query::full().filter("deleted", 0).filter_text("iso_code", iso_code)?;
        let mut currencies: Vec<Currency> = self.list(query).await?;
        currencies.sort_by_key(|currency| !currency.active);
        Ok(currencies.into_iter().next())
    }
}

/// A language of the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// Its id.
    pub id: LanguageId,
    /// Its name for merchants.
    pub name: String,
    /// `fr`
    pub iso_code: String,
    /// `fr-FR`
    pub locale: String,
    /// Whether it is in use.
    pub active: bool,
}

impl Entity for Language {
    const RESOURCE: Resource = Resource::Languages;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            name: element.text_or_empty("name"),
            iso_code: element.field("iso_code")?.to_owned(),
            locale: element.text_or_empty("locale"),
            active: element.flag("active")?,
        })
    }
}

/// A currency of the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency {
    /// Its id.
    pub id: CurrencyId,
    /// `EUR`
    pub iso_code: String,
    /// How many decimal places its amounts are rounded to.
    pub precision: u32,
    /// What one unit of the default currency is worth in it.
    pub conversion_rate: Decimal,
    /// Whether it is in use.
    pub active: bool,
}

impl Entity for Currency {
    const RESOURCE: Resource = Resource::Currencies;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            iso_code: element.field("iso_code")?.to_owned(),
            // Shops before 1.7.6 keep two digits for all and do not say so.
            precision: element.child("precision").map_or(Ok(2), |_| element.number("precision"))?,
            conversion_rate: element.decimal("conversion_rate")?,
            active: element.flag("active")?,
        })
    }
}

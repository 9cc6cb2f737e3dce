//! Which tax holds for a product in a country.

use rust_decimal::Decimal;

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error};
use crate::ids::{CountryId, StateId, TaxId, TaxRuleId, TaxRulesGroupId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// The rules of a group for a country. None means no tax.
    pub async fn tax_rules(&self, group: TaxRulesGroupId, country: CountryId) -> Result<Vec<TaxRule>, Error> {
        self.list(Query::full().filter("id_tax_rules_group", group).filter("id_country", country)).await
    }

    /// A tax with its rate.
    pub async fn tax(&self, tax: TaxId) -> Result<Tax, Error> {
        self.get(tax).await
    }
}

/// One rule of a group: this tax holds there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRule {
    /// Its id.
    pub id: TaxRuleId,
    /// The group products are taxed by.
    pub group_id: TaxRulesGroupId,
    /// Where it holds.
    pub country_id: CountryId,
    /// In which state of it; `None` for all.
    pub state_id: Option<StateId>,
    /// From which post code; `0` for all.
    pub zip_code_from: String,
    /// Up to which post code; `0` for all.
    pub zip_code_to: String,
    /// The tax; `None` for no tax.
    pub tax_id: Option<TaxId>,
    /// How it goes together with others.
    pub behavior: TaxBehavior,
}

impl Entity for TaxRule {
    const RESOURCE: Resource = Resource::TaxRules;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            group_id: element.id("id_tax_rules_group")?,
            country_id: element.id("id_country")?,
            state_id: element.optional_id("id_state")?,
            zip_code_from: element.text_or_empty("zipcode_from"),
            zip_code_to: element.text_or_empty("zipcode_to"),
            tax_id: element.optional_id("id_tax")?,
            behavior: match element.field("behavior")? {
                "0" => TaxBehavior::Alone,
                "1" => TaxBehavior::Combined,
                "2" => TaxBehavior::OneAfterAnother,
                _ => return Err(element.unreadable("behavior")),
            },
        })
    }
}

/// How several taxes on one thing go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxBehavior {
    /// Only this one counts.
    Alone,
    /// Rates are added up.
    Combined,
    /// Each is taken on the amount with the one before.
    OneAfterAnother,
}

/// A tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tax {
    /// Its id.
    pub id: TaxId,
    /// In percent.
    pub rate: Decimal,
    /// Whether it is in use.
    pub active: bool,
}

impl Entity for Tax {
    const RESOURCE: Resource = Resource::Taxes;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self { id: element.id("id")?, rate: element.decimal("rate")?, active: element.flag("active")? })
    }
}

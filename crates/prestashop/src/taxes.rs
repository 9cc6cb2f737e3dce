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

impl TaxRule {
    /// Whether it holds in every state and at every post code of its country.
    #[must_use]
    pub fn holds_everywhere(&self) -> bool {
        self.state_id.is_none() && self.holds_at_every_post_code()
    }

    fn holds_at_every_post_code(&self) -> bool {
        [&self.zip_code_from, &self.zip_code_to].into_iter().all(|code| matches!(code.as_str(), "" | "0"))
    }

    /// Whether it may hold in this state, or in none, and at this post code. The shop compares post codes as texts; where
    /// comparing them as numbers says something else, this says yes.
    #[must_use]
    pub fn may_hold_at(&self, state: Option<StateId>, post_code: &str) -> bool {
        let (from, until) = (self.zip_code_from.as_str(), self.zip_code_to.as_str());
        let number = |code: &str| code.trim().parse::<u64>().ok();
        let between_numbers = || {
            let (from, until, code) = (number(from)?, number(until)?, number(post_code)?);
            Some((from..=until).contains(&code))
        };
        let fits_code = self.holds_at_every_post_code()
            || from == post_code
            || (from..=until).contains(&post_code)
            || between_numbers() == Some(true);
        fits_code && self.state_id.is_none_or(|wanted| state == Some(wanted))
    }
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
}

impl Entity for Tax {
    const RESOURCE: Resource = Resource::Taxes;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self { id: element.id("id")?, rate: element.decimal("rate")? })
    }
}

//! The tax that a store takes where an order goes.

use prestashop::{StateId, TaxBehavior, TaxRule};
use rust_decimal::Decimal;

/// What one group of tax rules takes in one country.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountryTax {
    /// In percent, everywhere in the country; `None` where the store has no such rule.
    everywhere: Option<Decimal>,
    /// The rules for some states or post codes.
    local: Vec<TaxRule>,
}

/// Where in its country an order goes.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub state: Option<StateId>,
    pub post_code: &'a str,
    /// Whether TikTok Shop hides it, so that it may be anywhere.
    pub hidden: bool,
}

/// What is known of the tax at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxThere {
    Percent(Decimal),
    NoRule,
    /// A rule for a part of the country may hold there. How the store goes about such rules was never measured, and a
    /// wrong guess would make an order with another total.
    Uncertain,
}

impl CountryTax {
    /// The tax of a group's rules in a country, in the store's order, each with the rate of its tax in percent.
    #[must_use]
    pub fn of(rules: Vec<(TaxRule, Decimal)>) -> Self {
        let (everywhere, local): (Vec<_>, Vec<_>) =
            rules.into_iter().partition(|(rule, _)| rule.holds_everywhere());
        let everywhere: Vec<_> = everywhere.into_iter().map(|(rule, rate)| (rule.behavior, rate)).collect();
        Self {
            everywhere: rate_of_all(&everywhere),
            local: local.into_iter().map(|(rule, _)| rule).collect(),
        }
    }

    #[must_use]
    pub fn at(&self, place: Place<'_>) -> TaxThere {
        let may_hold = |rule: &TaxRule| place.hidden || rule.may_hold_at(place.state, place.post_code);
        if self.local.iter().any(may_hold) {
            return TaxThere::Uncertain;
        }
        self.everywhere.map_or(TaxThere::NoRule, TaxThere::Percent)
    }
}

/// The first rule says how rates go together, and the first that counts alone is the last that counts.
fn rate_of_all(rules: &[(TaxBehavior, Decimal)]) -> Option<Decimal> {
    let (together, _) = rules.first()?;
    let counted = rules.iter().position(|(behavior, _)| *behavior == TaxBehavior::Alone);
    let counted = &rules[..counted.map_or(rules.len(), |last| last + 1)];
    let hundred = Decimal::ONE_HUNDRED;
    let rates = counted.iter().map(|(_, rate)| *rate);
    Some(match together {
        TaxBehavior::Alone | TaxBehavior::Combined => rates.sum(),
        TaxBehavior::OneAfterAnother => {
            // Rates beyond all reason make a total that nobody asked for, and no order.
            let on_top = |sum: Decimal, rate: Decimal| {
                (hundred + sum).checked_mul(hundred + rate).unwrap_or(Decimal::MAX)
            };
            rates.fold(Decimal::ZERO, |sum, rate| on_top(sum, rate) / hundred - hundred)
        }
    })
}

#[cfg(test)]
mod tests {
    use prestashop::{CountryId, TaxId, TaxRuleId, TaxRulesGroupId};

    use super::*;

    fn rule(state: Option<u64>, codes: (&str, &str), behavior: TaxBehavior) -> TaxRule {
        TaxRule {
            id: TaxRuleId(1),
            group_id: TaxRulesGroupId(1),
            country_id: CountryId(21),
            state_id: state.map(StateId),
            zip_code_from: codes.0.to_owned(),
            zip_code_to: codes.1.to_owned(),
            tax_id: Some(TaxId(1)),
            behavior,
        }
    }

    const ANYWHERE: Place<'_> = Place { state: None, post_code: "", hidden: false };

    #[test]
    fn rates_go_together_as_the_first_rule_says_until_one_counts_alone() {
        use TaxBehavior::{Alone, Combined, OneAfterAnother};
        let table: [(&[(TaxBehavior, i64)], &str); 7] = [
            (&[(Alone, 20)], "20"),
            (&[(Alone, 20), (Combined, 5)], "20"),
            (&[(Combined, 20), (Combined, 5)], "25"),
            (&[(Combined, 20), (Alone, 5), (Combined, 3)], "25"),
            (&[(OneAfterAnother, 20), (OneAfterAnother, 5)], "26"),
            (&[(Combined, 20), (OneAfterAnother, 5)], "25"),
            (&[(Combined, 0)], "0"),
        ];
        for (rules, expected) in table {
            let rules: Vec<_> = rules
                .iter()
                .map(|(behavior, rate)| (rule(None, ("0", "0"), *behavior), Decimal::from(*rate)))
                .collect();
            let expected = TaxThere::Percent(expected.parse().unwrap());
            assert_eq!(CountryTax::of(rules.clone()).at(ANYWHERE), expected, "{rules:?}");
        }
        assert_eq!(CountryTax::of(Vec::new()).at(ANYWHERE), TaxThere::NoRule);
    }

    #[test]
    fn where_a_rule_for_a_part_of_the_country_may_hold_nobody_guesses() {
        let tax = CountryTax::of(vec![
            (rule(None, ("0", "0"), TaxBehavior::Alone), Decimal::TEN),
            (rule(Some(8), ("", ""), TaxBehavior::Combined), Decimal::ZERO),
            (rule(None, ("35000", "35999"), TaxBehavior::Alone), Decimal::ZERO),
            (rule(None, ("7", "0"), TaxBehavior::Alone), Decimal::ZERO),
        ]);
        let table = [
            (Some(8), "10001", true),
            (Some(9), "10001", false),
            (None, "35000", true),
            (None, "35999", true),
            (None, "36000", false),
            (None, "7", true),
            (None, "", false),
        ];
        for (state, post_code, uncertain) in table {
            let there = tax.at(Place { state: state.map(StateId), post_code, hidden: false });
            let expected = if uncertain { TaxThere::Uncertain } else { TaxThere::Percent(Decimal::TEN) };
            assert_eq!(there, expected, "{state:?} {post_code}");
        }
        assert_eq!(tax.at(Place { hidden: true, ..ANYWHERE }), TaxThere::Uncertain);
    }
}

//! The shop's settings that decide about totals, stock and states.

use rust_decimal::Decimal;

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error};
use crate::ids::{CountryId, CurrencyId, LanguageId, OrderStateId, ShopGroupId, ShopId};
use crate::query::Query;
use crate::resource::Resource;
use crate::shops::Shop;
use crate::total::{RoundMode, RoundType, Rounding};
use crate::xml::Element;

/// Every name that [`ShopSettings`] is read from.
const NAMES: [&str; 21] = [
    "PS_OS_WS_PAYMENT",
    "PS_OS_PAYMENT",
    "PS_OS_PREPARATION",
    "PS_OS_SHIPPING",
    "PS_OS_DELIVERED",
    "PS_OS_CANCELED",
    "PS_OS_REFUND",
    "PS_OS_ERROR",
    "PS_OS_OUTOFSTOCK_PAID",
    "PS_OS_OUTOFSTOCK_UNPAID",
    "PS_CURRENCY_DEFAULT",
    "PS_COUNTRY_DEFAULT",
    "PS_LANG_DEFAULT",
    "PS_ROUND_TYPE",
    "PS_PRICE_ROUND_MODE",
    "PS_STOCK_MANAGEMENT",
    "PS_ORDER_OUT_OF_STOCK",
    "PS_ENABLE_BACKORDER_STATUS",
    "PS_TAX",
    "PS_USE_ECOTAX",
    "PS_TIMEZONE",
];

impl Client {
    /// The settings of a shop that decide about totals, stock and states, in one call.
    pub async fn shop_settings(&self, shop: &Shop) -> Result<ShopSettings, Error> {
        let rows = self.configurations(&NAMES).await?;
        Ok(ShopSettings::from_rows(&rows, shop.id, shop.shop_group_id)?)
    }

    /// Settings by their names, for all shops of an installation.
    pub async fn configurations(&self, names: &[&str]) -> Result<Vec<Configuration>, Error> {
        self.list(Query::fields("id,name,value,id_shop,id_shop_group").filter_any("name", names)).await
    }
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// `PS_ROUND_TYPE`
    pub name: String,
    /// The value as text; `None` where the shop keeps none.
    pub value: String,
    /// The shop it holds for; `None` means all of the group that have no value of their own.
    pub shop_id: Option<ShopId>,
    /// The group of shops it holds for; `None` means all groups that have no value of their own.
    pub shop_group_id: Option<ShopGroupId>,
}

impl Entity for Configuration {
    const RESOURCE: Resource = Resource::Configurations;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            name: element.field("name")?.to_owned(),
            value: element.text_or_empty("value"),
            shop_id: element.optional_id("id_shop")?,
            shop_group_id: element.optional_id("id_shop_group")?,
        })
    }
}

/// Settings of a shop; `None` where it has none of that name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShopSettings {
    /// Which state plays which part.
    pub order_states: OrderStateRoles,
    /// The currency prices are kept in.
    pub default_currency: Option<CurrencyId>,
    /// The country of the shop.
    pub default_country: Option<CountryId>,
    /// The language of the shop.
    pub default_language: Option<LanguageId>,
    /// When totals are rounded.
    pub round_type: Option<RoundType>,
    /// How they are rounded.
    pub round_mode: Option<RoundMode>,
    /// Whether stock is counted at all.
    pub stock_management: bool,
    /// Whether products may be ordered beyond their stock unless they say otherwise themselves.
    pub allows_ordering_out_of_stock: bool,
    /// Whether an order beyond the stock goes on to a back-order state, which is not `valid`.
    pub backorder_status_enabled: bool,
    /// Whether the shop takes no tax at all, whatever its products and rules say.
    pub taxes_disabled: bool,
    /// Whether the shop adds a product's ecotax on top of its price, pinned ones too.
    pub ecotax_enabled: bool,
    /// The time zone of every date, `Europe/Paris`.
    pub time_zone: Option<String>,
}

/// Which order state plays which part. Numbers and names differ from shop to shop; these are the shop's own words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OrderStateRoles {
    /// In which orders made by the webservice begin.
    pub webservice_payment: Option<OrderStateId>,
    /// Paid.
    pub payment: Option<OrderStateId>,
    /// Being prepared.
    pub preparation: Option<OrderStateId>,
    /// Shipped.
    pub shipping: Option<OrderStateId>,
    /// Delivered.
    pub delivered: Option<OrderStateId>,
    /// Cancelled; gives the stock back.
    pub canceled: Option<OrderStateId>,
    /// Refunded.
    pub refund: Option<OrderStateId>,
    /// The amount paid is not the total of the cart; takes no stock.
    pub payment_error: Option<OrderStateId>,
    /// Paid, but out of stock.
    pub out_of_stock_paid: Option<OrderStateId>,
    /// Neither paid nor in stock.
    pub out_of_stock_unpaid: Option<OrderStateId>,
}

impl ShopSettings {
    /// Picks for each name the value of this shop, or else that of its group, or else the one for all shops.
    ///
    /// # Errors
    /// If a value is not what its name promises.
    pub fn from_rows(rows: &[Configuration], shop: ShopId, group: ShopGroupId) -> Result<Self, DecodeError> {
        let value = |name: &str| {
            let named = || rows.iter().filter(|row| row.name == name);
            let of_shop = named().find(|row| row.shop_id == Some(shop));
            let for_shops = || named().filter(|row| row.shop_id.is_none());
            let of_group = || for_shops().find(|row| row.shop_group_id == Some(group));
            let of_all = || for_shops().find(|row| row.shop_group_id.is_none());
            let closest = of_shop.or_else(of_group).or_else(of_all);
            closest.map(|row| row.value.as_str()).unwrap_or_default()
        };
        // One element, so that settings are read by the same rules as fields.
        let settings =
            NAMES.iter().fold(Element::new("configuration"), |all, name| all.with(name, value(name)));
        Ok(Self {
            order_states: OrderStateRoles {
                webservice_payment: settings.optional_id("PS_OS_WS_PAYMENT")?,
                payment: settings.optional_id("PS_OS_PAYMENT")?,
                preparation: settings.optional_id("PS_OS_PREPARATION")?,
                shipping: settings.optional_id("PS_OS_SHIPPING")?,
                delivered: settings.optional_id("PS_OS_DELIVERED")?,
                canceled: settings.optional_id("PS_OS_CANCELED")?,
                refund: settings.optional_id("PS_OS_REFUND")?,
                payment_error: settings.optional_id("PS_OS_ERROR")?,
                out_of_stock_paid: settings.optional_id("PS_OS_OUTOFSTOCK_PAID")?,
                out_of_stock_unpaid: settings.optional_id("PS_OS_OUTOFSTOCK_UNPAID")?,
            },
            default_currency: settings.optional_id("PS_CURRENCY_DEFAULT")?,
            default_country: settings.optional_id("PS_COUNTRY_DEFAULT")?,
            default_language: settings.optional_id("PS_LANG_DEFAULT")?,
            round_type: RoundType::from_setting(value("PS_ROUND_TYPE")),
            round_mode: RoundMode::from_setting(value("PS_PRICE_ROUND_MODE")),
            stock_management: settings.flag("PS_STOCK_MANAGEMENT")?,
            allows_ordering_out_of_stock: settings.flag("PS_ORDER_OUT_OF_STOCK")?,
            backorder_status_enabled: settings.flag("PS_ENABLE_BACKORDER_STATUS")?,
            taxes_disabled: value("PS_TAX") == "0",
            ecotax_enabled: settings.flag("PS_USE_ECOTAX")?,
            time_zone: Some(value("PS_TIMEZONE")).filter(|zone| !zone.is_empty()).map(ToOwned::to_owned),
        })
    }

    /// How this shop rounds amounts of a currency with so many decimal places; what a fresh shop does where it does
    /// not say.
    #[must_use]
    pub fn rounding(&self, decimal_places: u32) -> Rounding {
        Rounding {
            round_type: self.round_type.unwrap_or(RoundType::Line),
            mode: self.round_mode.unwrap_or(RoundMode::HalfUp),
            // Half of the smallest unit must be a decimal too.
            decimal_places: decimal_places.min(Decimal::MAX_SCALE - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, value: &str, shop: Option<u64>, group: Option<u64>) -> Configuration {
        Configuration {
            name: name.to_owned(),
            value: value.to_owned(),
            shop_id: shop.map(ShopId),
            shop_group_id: group.map(ShopGroupId),
        }
    }

    #[test]
    fn a_shops_own_value_wins_over_its_groups_and_that_over_the_one_for_all() {
        let rows = [
            row("PS_ROUND_TYPE", "1", Some(1), Some(1)),
            row("PS_ROUND_TYPE", "2", None, None),
            row("PS_ROUND_TYPE", "3", None, Some(2)),
            row("PS_TIMEZONE", "Asia/Tokyo", Some(1), Some(1)),
            row("PS_TIMEZONE", "Europe/Paris", None, Some(1)),
        ];
        let of = |shop, group| ShopSettings::from_rows(&rows, ShopId(shop), ShopGroupId(group)).unwrap();

        assert_eq!(of(1, 1).round_type, Some(RoundType::Item));
        assert_eq!(of(2, 1).round_type, Some(RoundType::Line));
        assert_eq!(of(3, 2).round_type, Some(RoundType::Total));
        assert_eq!(of(1, 1).time_zone.as_deref(), Some("Asia/Tokyo"));
        assert_eq!(of(2, 1).time_zone.as_deref(), Some("Europe/Paris"));
        assert_eq!(of(3, 2).time_zone, None, "what holds for strangers does not hold here");
    }

    #[test]
    fn settings_a_shop_does_not_have_are_none() {
        let settings = ShopSettings::from_rows(&[], ShopId(1), ShopGroupId(1)).unwrap();

        assert_eq!(settings, ShopSettings::default());
    }
}

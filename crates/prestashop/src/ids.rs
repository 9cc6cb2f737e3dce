//! Ids as types, so that swapping two of them does not compile. The wire form is a decimal number; `0` there
//! means "none" and becomes `None` when read.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl From<$name> for u64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// An address. Never edit one an order points to: every past order would show the new text.
    AddressId,
    /// A carrier as it is today; every edit in the back office makes a new one. Store the [`CarrierReferenceId`].
    CarrierId,
    /// What stays the same when a carrier is edited.
    CarrierReferenceId,
    /// A cart.
    CartId,
    /// A category of products.
    CategoryId,
    /// A variant of a product (`id_product_attribute`).
    CombinationId,
    /// A country.
    CountryId,
    /// A currency.
    CurrencyId,
    /// A customer.
    CustomerId,
    /// A group of customers.
    GroupId,
    /// A language.
    LanguageId,
    /// The row that ties an order to a carrier and holds the tracking number.
    OrderCarrierId,
    /// A line of an order.
    OrderDetailId,
    /// One entry in the history of an order's states.
    OrderHistoryId,
    /// An order.
    OrderId,
    /// An invoice.
    OrderInvoiceId,
    /// A payment.
    OrderPaymentId,
    /// A state an order can be in.
    OrderStateId,
    /// A product.
    ProductId,
    /// A shop of a multi-shop installation.
    ShopId,
    /// A group of shops.
    ShopGroupId,
    /// A price that holds for one cart only.
    SpecificPriceId,
    /// A state, province or region of a country.
    StateId,
    /// The stock row of a product or of one of its combinations.
    StockAvailableId,
    /// A tax with its rate.
    TaxId,
    /// A row that says which tax holds where.
    TaxRuleId,
    /// What a product is taxed by.
    TaxRulesGroupId,
    /// A zone of countries and states.
    ZoneId,
}

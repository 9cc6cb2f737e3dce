//! The resources of the webservice this client uses, and the methods of HTTP.

use std::fmt;

macro_rules! resources {
    ($($variant:ident $path:literal $node:literal),+ $(,)?) => {
        /// A resource of the webservice.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Resource {
            /// `GET /api/`: what the key may do.
            Root,
            $(#[doc = concat!("`/api/", $path, "`")] $variant,)+
        }

        impl Resource {
            /// Every resource except the root.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in the address, and of the element around a list.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self {
                    Self::Root => "",
                    $(Self::$variant => $path,)+
                }
            }

            /// The name of the element around one entity.
            #[must_use]
            pub const fn node(self) -> &'static str {
                match self {
                    Self::Root => "api",
                    $(Self::$variant => $node,)+
                }
            }
        }
    };
}

resources! {
    Addresses "addresses" "address",
    Carriers "carriers" "carrier",
    Carts "carts" "cart",
    Combinations "combinations" "combination",
    Configurations "configurations" "configuration",
    Countries "countries" "country",
    Currencies "currencies" "currency",
    Customers "customers" "customer",
    Groups "groups" "group",
    Languages "languages" "language",
    OrderCarriers "order_carriers" "order_carrier",
    OrderDetails "order_details" "order_detail",
    OrderHistories "order_histories" "order_history",
    OrderInvoices "order_invoices" "order_invoice",
    OrderPayments "order_payments" "order_payment",
    OrderStates "order_states" "order_state",
    Orders "orders" "order",
    Products "products" "product",
    Shops "shops" "shop",
    SpecificPrices "specific_prices" "specific_price",
    States "states" "state",
    StockAvailables "stock_availables" "stock_available",
    TaxRules "tax_rules" "tax_rule",
    Taxes "taxes" "tax",
    Zones "zones" "zone",
}

impl Resource {
    /// The resource with this name in the address.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|resource| resource.path() == path)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Root { "the webservice" } else { self.path() })
    }
}

/// A method of HTTP the webservice knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Asks whether something is there.
    Head,
    /// Creates.
    Post,
    /// Replaces an entity as a whole: every field left out is wiped.
    Put,
    /// Changes the fields that are sent; since PrestaShop 8.0.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// Every method.
    pub const ALL: &[Self] = &[Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The name on the wire, `POST`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether the call leaves the shop as it was.
    #[must_use]
    pub const fn only_reads(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

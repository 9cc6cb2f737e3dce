//! The shops of an installation, and the groups of customers.

use rust_decimal::Decimal;

use crate::client::Client;
use crate::decode::{Entity, Localized};
use crate::error::{DecodeError, Error};
use crate::ids::{GroupId, ShopGroupId, ShopId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// All shops.
    pub async fn shops(&self) -> Result<Vec<Shop>, Error> {
        self.list(Query::full()).await
    }

    /// All groups of customers.
    pub async fn groups(&self) -> Result<Vec<Group>, Error> {
        self.list(Query::full()).await
    }
}

/// A shop of an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    /// Its id.
    pub id: ShopId,
    /// The group it belongs to.
    pub shop_group_id: ShopGroupId,
    /// Its name.
    pub name: String,
    /// Whether it is in use.
    pub active: bool,
    /// Whether it was deleted.
    pub deleted: bool,
}

impl Entity for Shop {
    const RESOURCE: Resource = Resource::Shops;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            shop_group_id: element.id("id_shop_group")?,
            name: element.text_or_empty("name"),
            active: element.flag("active")?,
            deleted: element.flag("deleted")?,
        })
    }
}

/// A group of customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub names: Localized,
    /// The percentage taken off every price for its members, pinned prices too.
    pub reduction: Decimal,
}

impl Entity for Group {
    const RESOURCE: Resource = Resource::Groups;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            names: element.localized("name")?,
            reduction: element.decimal("reduction")?,
        })
    }
}

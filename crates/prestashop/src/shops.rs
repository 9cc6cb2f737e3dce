//! The shops of an installation, and the groups of customers.

use rust_decimal::Decimal;

use crate::client::Client;
use crate::decode::{Entity, Localized};
use crate::error::{DecodeError, Error, RefusalKind};
use crate::ids::{GroupId, ShopGroupId, ShopId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// All shops.
    pub async fn shops(&self) -> Result<Vec<Shop>, Error> {
        self.list(Query::full()).await
    }

    /// The shop that this client's calls are about: the one that it was made for, or else the only one in use.
    pub async fn own_shop(&self) -> Result<Shop, Error> {
        let mut in_use = self.shops().await?;
        in_use.retain(|shop| shop.active && !shop.deleted);
        let chosen = match self.shop_id() {
            Some(id) => {
                in_use.into_iter().find(|shop| shop.id == id).ok_or(RefusalKind::ShopMissing { shop: id })
            }
            None => <[Shop; 1]>::try_from(in_use).map(|[only]| only).map_err(|_| RefusalKind::ShopNotChosen),
        };
        chosen.map_err(Error::refused_here)
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

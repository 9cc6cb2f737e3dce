//! Customers. Their password hashes and keys, which the shop hands out freely, are never read.

use std::fmt;

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error};
use crate::ids::{CustomerId, GroupId, LanguageId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

impl Client {
    /// All customers with this e-mail address; guests may share one.
    pub async fn customers_by_email(&self, email: &str) -> Result<Vec<CustomerSummary>, Error> {
        self.list(CustomerSummary::query(email)?.with("sort", "[id_ASC]")).await
    }

    /// The customer with this e-mail address who was made last.
    pub async fn newest_customer_by_email(&self, email: &str) -> Result<Option<CustomerSummary>, Error> {
        let query = CustomerSummary::query(email)?.with("sort", "[id_DESC]").with("limit", 1);
        Ok(self.list(query).await?.pop())
    }

    /// Creates a guest. Shops of 8.x refuse an e-mail address that belongs to a registered customer, with an outcome
    /// that counts as unknown.
    pub async fn create_customer(&self, customer: &NewCustomer) -> Result<CustomerId, Error> {
        let id = self.create(Resource::Customers, Query::default(), customer.to_element()).await?;
        Ok(CustomerId(id))
    }
}

/// As much of a customer as is needed to use it again.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerSummary {
    /// Its id.
    pub id: CustomerId,
    /// The e-mail address.
    pub email: String,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// Whether it has no account.
    pub is_guest: bool,
    /// The group whose discount is taken off every price.
    pub default_group_id: Option<GroupId>,
}

impl CustomerSummary {
    fn query(email: &str) -> Result<Query, Error> {
        Query::fields("id,email,firstname,lastname,is_guest,id_default_group").filter_text("email", email)
    }
}

impl Entity for CustomerSummary {
    const RESOURCE: Resource = Resource::Customers;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            email: element.field("email")?.to_owned(),
            first_name: element.text_or_empty("firstname"),
            last_name: element.text_or_empty("lastname"),
            is_guest: element.flag("is_guest")?,
            default_group_id: element.optional_id("id_default_group")?,
        })
    }
}

impl fmt::Debug for CustomerSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerSummary").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A guest to be created.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCustomer {
    /// The language mails are written in.
    pub language: LanguageId,
    /// See [`crate::validate::is_customer_name`].
    pub last_name: String,
    /// See [`crate::validate::is_customer_name`].
    pub first_name: String,
    /// Every order makes the shop write two mails to it.
    pub email: String,
    /// Random, at least twelve characters; the shop stores only a hash, and a guest never needs it.
    pub password: String,
    /// Usually the shop's group for guests. Its discount is taken off every price, pinned ones too.
    pub default_group: GroupId,
}

impl NewCustomer {
    fn to_element(&self) -> Element {
        Element::new("customer")
            .with("id_lang", self.language)
            .with("lastname", &self.last_name)
            .with("firstname", &self.first_name)
            .with("email", &self.email)
            .with("passwd", &self.password)
            .with("active", 1)
            .with("is_guest", 1)
            .with("id_default_group", self.default_group)
    }
}

impl fmt::Debug for NewCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCustomer").field("language", &self.language).finish_non_exhaustive()
    }
}

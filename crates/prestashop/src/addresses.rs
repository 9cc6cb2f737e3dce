//! Addresses. They are created, one per order, and changed only as long as nothing has gone there: orders point to them.

use std::fmt;

use crate::client::Client;
use crate::error::Error;
use crate::ids::{AddressId, CountryId, CustomerId, StateId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

/// What an address says, by the shop's names: what is left out of a change keeps its old value.
const FIELDS: [&str; 14] = [
    "id_country",
    "id_state",
    "lastname",
    "firstname",
    "company",
    "address1",
    "address2",
    "postcode",
    "city",
    "phone",
    "phone_mobile",
    "vat_number",
    "dni",
    "other",
];

impl Client {
    /// Creates an address. The shop checks the form of the texts, but neither the ids nor what the country needs.
    pub async fn create_address(&self, address: &NewAddress) -> Result<AddressId, Error> {
        let id = self.create(Resource::Addresses, Query::default(), address.to_element()).await?;
        Ok(AddressId(id))
    }

    /// Writes another address in the place of this one, for every order that points to it. Whose it is stays as it was.
    pub async fn change_address(&self, id: AddressId, address: &NewAddress) -> Result<(), Error> {
        // No state is the number 0.
        let state = address.state.unwrap_or(StateId(0));
        let element = NewAddress { state: Some(state), ..address.clone() }.to_element();
        let texts: Vec<_> = FIELDS.iter().map(|name| (*name, element.text_or_empty(name))).collect();
        let fields: Vec<_> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        self.change(Resource::Addresses, id, &fields).await
    }

    /// All addresses of a customer that are not deleted.
    pub async fn addresses_of(&self, customer: CustomerId) -> Result<Vec<AddressId>, Error> {
        let query = Query::ids().filter("id_customer", customer).filter("deleted", 0);
        let ids = self.list_ids(Resource::Addresses, query.with("sort", "[id_ASC]")).await?;
        Ok(ids.into_iter().map(AddressId).collect())
    }
}

/// An address to be created. [`crate::validate`] holds the rule and the longest length of each text.
#[derive(Clone, PartialEq, Eq)]
pub struct NewAddress {
    /// Whose it is.
    pub customer: CustomerId,
    /// Must be active, or the order fails.
    pub country: CountryId,
    /// Needed where the country has states.
    pub state: Option<StateId>,
    /// What the customer would call it.
    pub alias: String,
    /// The receiver's last name.
    pub last_name: String,
    /// The receiver's first name.
    pub first_name: String,
    /// The receiver's company, if any.
    pub company: Option<String>,
    /// Street and number.
    pub address1: String,
    /// The rest of it, if any.
    pub address2: Option<String>,
    /// The post code, if any.
    pub postcode: Option<String>,
    /// The city.
    pub city: String,
    /// A phone number, if any.
    pub phone: Option<String>,
    /// A mobile phone number, if any.
    pub phone_mobile: Option<String>,
    /// The number for tax, if any.
    pub vat_number: Option<String>,
    /// The number that identifies the receiver, where the country wants one.
    pub identification_number: Option<String>,
    /// Anything else, for the merchant to read.
    pub other: Option<String>,
}

impl NewAddress {
    fn to_element(&self) -> Element {
        Element::new("address")
            .with("id_customer", self.customer)
            .with("id_country", self.country)
            .with_some("id_state", self.state)
            .with("alias", &self.alias)
            .with("lastname", &self.last_name)
            .with("firstname", &self.first_name)
            .with_some("company", self.company.as_ref())
            .with("address1", &self.address1)
            .with_some("address2", self.address2.as_ref())
            .with_some("postcode", self.postcode.as_ref())
            .with("city", &self.city)
            .with_some("phone", self.phone.as_ref())
            .with_some("phone_mobile", self.phone_mobile.as_ref())
            .with_some("vat_number", self.vat_number.as_ref())
            .with_some("dni", self.identification_number.as_ref())
            .with_some("other", self.other.as_ref())
    }
}

impl fmt::Debug for NewAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAddress")
            .field("customer", &self.customer)
            .field("country", &self.country)
            .finish_non_exhaustive()
    }
}

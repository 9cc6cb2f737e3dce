//! Carriers.

use crate::client::Client;
use crate::decode::Entity;
use crate::error::{DecodeError, Error};
use crate::ids::{CarrierId, CarrierReferenceId};
use crate::query::Query;
use crate::resource::Resource;
use crate::xml::Element;

/// Carriers asked for in one call, so that the address stays far below what web servers accept.
const CARRIERS_PER_CALL: usize = 100;

impl Client {
    /// All carriers in use.
    pub async fn carriers(&self) -> Result<Vec<Carrier>, Error> {
        self.list(Query::full().filter("deleted", 0).filter("active", 1)).await
    }

    /// The carrier that is in use today for this reference; the one that stays when a merchant edits the carrier.
    pub async fn carrier_by_reference(
        &self,
        reference: CarrierReferenceId,
    ) -> Result<Option<Carrier>, Error> {
        let query = Query::full().filter("id_reference", reference).filter("deleted", 0).filter("active", 1);
        let carriers = self.list(query).await?;
        Ok(carriers.into_iter().next())
    }

    /// Carriers by their ids, deleted or not: what orders keep is the carrier as it was before later edits.
    pub async fn carriers_by_id(&self, carriers: &[CarrierId]) -> Result<Vec<Carrier>, Error> {
        let mut found = Vec::new();
        for chunk in carriers.chunks(CARRIERS_PER_CALL) {
            found.extend(self.list::<Carrier>(Query::full().filter_any("id", chunk)).await?);
        }
        Ok(found)
    }

    /// A carrier by its id, deleted or not.
    pub async fn carrier(&self, carrier: CarrierId) -> Result<Carrier, Error> {
        self.get(carrier).await
    }
}

/// A carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// Its id until the next edit.
    pub id: CarrierId,
    /// What stays the same when it is edited.
    pub reference_id: CarrierReferenceId,
    /// Its name.
    pub name: String,
    /// Whether it is in use.
    pub active: bool,
    /// Whether it was deleted, or replaced by an edit.
    pub deleted: bool,
    /// Whether it costs nothing.
    pub is_free: bool,
    /// Where parcels are followed, with `@` for the number; empty if nowhere.
    pub tracking_url: String,
}

impl Entity for Carrier {
    const RESOURCE: Resource = Resource::Carriers;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            reference_id: element.id("id_reference")?,
            name: element.text_or_empty("name"),
            active: element.flag("active")?,
            deleted: element.flag("deleted")?,
            is_free: element.flag("is_free")?,
            tracking_url: element.text_or_empty("url"),
        })
    }
}

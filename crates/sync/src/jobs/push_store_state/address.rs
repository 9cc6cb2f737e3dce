//! The address of a store order that was made while TikTok Shop held the order, and told none; or that was changed since.

use database::import_intents::{self, ImportIntent};
use database::issues::{self, Found};
use database::orders;
use database::recipients::{self, RecipientRecord};
use database::timeline::{self, Entry};
use database::{ConnectionTrait, DbErr};
use prestashop::{AddressId, Client, Country, NewAddress};
use shared::{FulfillmentType, IssueCode, TikTokOrderId};

use super::Push;
use crate::crash_points::{OutsideWrite, around, recorded};
use crate::issue_of::of_store;
use crate::jobs::failure::Failure;
use crate::jobs::refresh_order;
use crate::mapping::{destination_of, store_address_of};
use crate::store::Store;

/// What may stand between the recipient's address and the store order.
const ADDRESS_ISSUES: &[IssueCode] = &[
    IssueCode::AddressMasked,
    IssueCode::AddressRejected,
    IssueCode::CountryInactive,
    IssueCode::StateInvalid,
    IssueCode::IdentityRequired,
];

impl Push<'_> {
    /// Gives the store order the recipient's address in place of the one that stood in for it, before anybody packs it. The
    /// same address may be written again after a lost answer. Returns why that cannot be.
    pub(super) async fn put_address_right(
        &self,
        store: &Store,
        client: &Client,
    ) -> Result<Vec<Found>, Failure> {
        let database = self.engine.database();
        let intent = import_intents::find(database.writer(), self.id()).await?;
        let Some(intent) = intent.filter(|intent| intent.address_pending) else { return Ok(Vec::new()) };
        let Some(address_id) = intent.address_id.and_then(|id| u64::try_from(id).ok()) else {
            return Ok(Vec::new());
        };
        let tiktok_order_id = TikTokOrderId(self.order.tiktok_order_id.clone());
        let decided_at = database.time().await?;
        let recipient = self.recipient().await?;
        let address = match self.address_of(recipient.as_ref(), store, client).await? {
            Ok(address) => address,
            Err(found) => return self.note_missing(&tiktok_order_id, found).await,
        };
        self.require_may_write(decided_at).await?;
        let change =
            around(OutsideWrite::StoreAddress, client.change_address(AddressId(address_id), &address));
        if let Err(error) = change.await {
            let found = of_store(&error);
            return match found.code {
                IssueCode::AddressRejected => self.note_missing(&tiktok_order_id, vec![found]).await,
                _ => Err(error.into()),
            };
        }
        self.note_right(intent, recipient.as_ref()).await?;
        recorded(OutsideWrite::StoreAddress);
        Ok(Vec::new())
    }

    /// Writes the address that TikTok Shop told last in the place of the one that the import made. Returns why that cannot
    /// be: an address that somebody else gave the store order is not ours to change.
    pub(super) async fn give_newest_address(
        &self,
        store: &Store,
        client: &Client,
        store_order_id: prestashop::OrderId,
    ) -> Result<Option<String>, Failure> {
        let database = self.engine.database();
        let intent = import_intents::find(database.writer(), self.id()).await?;
        let ours = intent.and_then(|intent| intent.address_id).and_then(|id| u64::try_from(id).ok());
        let stored = client.order(store_order_id).await?;
        let Some(address_id) = ours.map(AddressId).filter(|ours| *ours == stored.delivery_address_id) else {
            return Ok(Some("The store order has an address that orderbridge did not make.".to_owned()));
        };
        let decided_at = database.time().await?;
        let recipient = self.recipient().await?;
        let address = match self.address_of(recipient.as_ref(), store, client).await? {
            Ok(address) => address,
            Err(found) => return Ok(Some(sentence_of(&found))),
        };
        self.require_may_write(decided_at).await?;
        let change = around(OutsideWrite::StoreAddress, client.change_address(address_id, &address));
        if let Err(error) = change.await {
            let found = of_store(&error);
            return match found.code {
                IssueCode::AddressRejected => Ok(Some(sentence_of(&[found]))),
                _ => Err(error.into()),
            };
        }
        let now = self.engine.clock().now();
        let txn = self.begin().await?;
        // What TikTok Shop told meanwhile has not been written.
        let is_newest = self.recipient_in(&txn).await? == recipient;
        if is_newest && !issues::resolve(&txn, self.id(), &[IssueCode::AddressChanged], now).await?.is_empty()
        {
            let sentence = "The store order got the recipient's newest address.";
            timeline::record(&txn, self.id(), Entry::ours("store state", sentence), now).await?;
            orders::derive_status(&txn, self.id(), now).await?;
        }
        txn.commit().await?;
        recorded(OutsideWrite::StoreAddress);
        Ok(None)
    }

    async fn recipient(&self) -> Result<Option<RecipientRecord>, DbErr> {
        self.recipient_in(self.engine.database().writer()).await
    }

    async fn recipient_in(&self, db: &impl ConnectionTrait) -> Result<Option<RecipientRecord>, DbErr> {
        let (vault, uid) = (&self.engine.database().vault, &self.connection.uid);
        let tiktok_order_id = TikTokOrderId(self.order.tiktok_order_id.clone());
        recipients::find(db, vault, uid, &tiktok_order_id, self.id()).await
    }

    /// The address that the store order is to get, or what stands in its way.
    async fn address_of(
        &self,
        recipient: Option<&RecipientRecord>,
        store: &Store,
        client: &Client,
    ) -> Result<Result<NewAddress, Vec<Found>>, Failure> {
        let by_merchant = self.order.fulfillment_type == FulfillmentType::Merchant.as_str();
        let (recipient, country) = match destination_of(recipient, !by_merchant, &self.facts.countries) {
            Ok(destination) => destination,
            Err(found) => return Ok(Err(found)),
        };
        let states = if country.contains_states {
            store.facts.states_of(client, country.id, self.engine.clock().now()).await?
        } else {
            Vec::new()
        };
        let tiktok_order_id = TikTokOrderId(self.order.tiktok_order_id.clone());
        Ok(store_address_of(recipient, &tiktok_order_id, country, &states, &self.connection.settings))
    }

    async fn note_missing(
        &self,
        tiktok_order_id: &TikTokOrderId,
        found: Vec<Found>,
    ) -> Result<Vec<Found>, Failure> {
        let now = self.engine.clock().now();
        // A person may be putting the store right at this moment, so the next try looks afresh.
        if let Ok(store) = self.engine.store(self.connection) {
            store.facts.forget().await;
        }
        let txn = self.begin().await?;
        if found.iter().any(|found| found.code == IssueCode::AddressMasked) {
            let at = self.retry.next_at.unwrap_or(now);
            let refresh = refresh_order(self.connection.id, tiktok_order_id, at);
            job_queue::enqueue(&txn, refresh, now).await?;
        }
        issues::set(&txn, self.connection.id, self.id(), ADDRESS_ISSUES, &found, self.retry, now).await?;
        orders::derive_status(&txn, self.id(), now).await?;
        txn.commit().await?;
        Ok(found)
    }

    async fn note_right(
        &self,
        intent: ImportIntent,
        recipient: Option<&RecipientRecord>,
    ) -> Result<(), Failure> {
        let now = self.engine.clock().now();
        let assumed = self.assumed_country();
        let txn = self.begin().await?;
        import_intents::save(&txn, &ImportIntent { address_pending: false, ..intent }, now).await?;
        issues::resolve(&txn, self.id(), ADDRESS_ISSUES, now).await?;
        // It is the newest address that the store order has now.
        issues::resolve(&txn, self.id(), &[IssueCode::AddressChanged], now).await?;
        let sentence = "Released: the store order got the recipient's address.";
        timeline::record(&txn, self.id(), Entry::ours("store state", sentence), now).await?;
        if let (Some(recipient), Some(assumed)) = (recipient, assumed)
            && recipient.country != assumed.iso_code
        {
            let field = format!(
                "the country: the store order was made for {} and goes to {}, so compare its taxes and its carrier",
                assumed.iso_code, recipient.country
            );
            let found = Found::new(IssueCode::DriftDetected).with("field", field).about("country");
            issues::open(&txn, self.connection.id, self.id(), &found, self.retry, now).await?;
        }
        orders::derive_status(&txn, self.id(), now).await?;
        txn.commit().await?;
        Ok(())
    }

    /// The country that the store order was made for.
    fn assumed_country(&self) -> Option<&Country> {
        let code = crate::mapping::likely_country(self.connection.region.as_deref(), self.facts);
        self.facts.countries.iter().find(|country| country.iso_code == code)
    }
}

/// Why an address cannot be written.
fn sentence_of(found: &[Found]) -> String {
    let sentences: Vec<_> = found.iter().map(|found| found.code.sentence(&found.facts)).collect();
    sentences.join(" ")
}

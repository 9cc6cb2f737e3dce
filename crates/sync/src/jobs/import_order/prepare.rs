//! What the store needs before it can be asked for an order: customer, address, cart, and prices that are pinned to it.

use std::collections::BTreeMap;

use database::import_intents::{ImportIntent, Step};
use prestashop::{
    AddressId, CartId, CustomerId, Error, NewAddress, NewCart, NewCartRow, NewCustomer, NewSpecificPrice,
};
use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};

use super::plan::ShippingProduct;
use super::{Import, Stop, cart_of, signed};
use crate::crash_points::{OutsideWrite, around, recorded};
use crate::mapping::StoreOrderPlan;

impl Import<'_> {
    /// Customer, address, cart and pinned prices; each id is stored before the next step. What an unclear answer leaves
    /// behind unfound is harmless in the store, and a cart whose prices are not certain is given up. Asked for only after a
    /// look has found no order with the key.
    pub(super) async fn prepare(
        &self,
        intent: &mut ImportIntent,
        plan: &StoreOrderPlan,
    ) -> Result<CartId, Stop> {
        let digest = plan_digest(plan, &self.connection.store_url);
        if intent.step == Step::Cart
            && intent.plan_digest.as_deref() == Some(&digest)
            && let Some(cart_id) = cart_of(intent)
        {
            return Ok(cart_id);
        }
        if let Some(cart) = cart_of(intent) {
            self.give_up(intent, cart).await?;
        }
        let new = self.new_customer(plan);
        let answer = around(OutsideWrite::Customer, self.client.create_customer(&new)).await;
        let customer = made(answer, self.customer_made_as(&new)).await?;
        intent.customer_id = signed(customer.0);
        intent.step = Step::Customer;
        self.save(intent).await?;
        recorded(OutsideWrite::Customer);

        let new = NewAddress { customer, ..plan.address.clone() };
        let answer = around(OutsideWrite::Address, self.client.create_address(&new)).await;
        let address = made(answer, async { Ok(only(self.client.addresses_of(customer).await?)) }).await?;
        intent.address_id = signed(address.0);
        intent.address_pending = plan.address_pending;
        intent.step = Step::Address;
        self.save(intent).await?;
        recorded(OutsideWrite::Address);

        let new = self.new_cart(plan, customer, address);
        let answer = around(OutsideWrite::Cart, self.client.create_cart(&new)).await;
        let cart = made(answer, async { Ok(only(self.client.carts_of(customer, &plan.key).await?)) }).await?;
        // Before its prices are pinned, so that they can be taken back should the cart be given up.
        intent.cart_id = signed(cart.0);
        self.save(intent).await?;
        recorded(OutsideWrite::Cart);

        let prices = self.new_prices(plan, cart);
        let answer = around(OutsideWrite::Prices, self.client.create_specific_prices(&prices)).await;
        made(answer, async {
            let pinned = self.client.specific_prices_of_cart(cart).await?;
            Ok(Some(pinned).filter(|pinned| pinned.len() == prices.len()))
        })
        .await?;
        intent.plan_digest = Some(digest);
        intent.step = Step::Cart;
        self.save(intent).await?;
        recorded(OutsideWrite::Prices);
        Ok(cart)
    }

    /// What the store was asked for, when its answer was lost; nothing where it would be something else by now.
    pub(super) async fn plan_of(&self, intent: &ImportIntent) -> Option<StoreOrderPlan> {
        let digest = intent.plan_digest.as_deref().filter(|_| intent.step == Step::Posting)?;
        let read = self.recorded().await.ok()?;
        let plan = self.work_out(&read, ShippingProduct::Assume).await.ok()?.plan.ok()?;
        (plan_digest(&plan, &self.connection.store_url) == digest).then_some(plan)
    }

    /// The guest that was just made, if the store has one of that name who has nothing yet: guests may share an address.
    async fn customer_made_as(&self, new: &NewCustomer) -> Result<Option<CustomerId>, Error> {
        let Some(newest) = self.client.newest_customer_by_email(&new.email).await? else { return Ok(None) };
        let is_it = newest.is_guest
            && newest.first_name == new.first_name
            && newest.last_name == new.last_name
            && self.client.addresses_of(newest.id).await?.is_empty();
        Ok(is_it.then_some(newest.id))
    }

    fn new_customer(&self, plan: &StoreOrderPlan) -> NewCustomer {
        NewCustomer {
            language: self.facts.language,
            last_name: plan.customer_last_name.clone(),
            first_name: plan.customer_first_name.clone(),
            email: plan.customer_email.clone(),
            password: Alphanumeric.sample_string(&mut rand::rng(), 24),
            default_group: self.facts.group,
        }
    }

    fn new_cart(&self, plan: &StoreOrderPlan, customer: CustomerId, address: AddressId) -> NewCart {
        let rows = plan.rows.iter().map(|row| NewCartRow {
            product: row.product,
            combination: row.combination,
            quantity: row.quantity,
        });
        NewCart {
            customer,
            delivery_address: address,
            invoice_address: address,
            currency: plan.currency,
            language: self.facts.language,
            carrier: Some(plan.carrier),
            shop: self.facts.shop.id,
            shop_group: self.facts.shop.shop_group_id,
            gift_message: plan.key.clone(),
            rows: rows.collect(),
        }
    }

    fn new_prices(&self, plan: &StoreOrderPlan, cart: CartId) -> Vec<NewSpecificPrice> {
        let prices = plan.rows.iter().map(|row| NewSpecificPrice {
            cart,
            shop: self.facts.shop.id,
            product: row.product,
            combination: row.combination,
            currency: plan.currency,
            price: row.unit_net,
        });
        prices.collect()
    }
}

/// What a write has made. Where the store's answer does not tell, it is looked for once: a store that shows its own warnings
/// answers every write so. What is not found is made anew by the next try.
async fn made<T>(
    answer: Result<T, Error>,
    look: impl Future<Output = Result<Option<T>, Error>>,
) -> Result<T, Stop> {
    let error = match answer {
        Err(Error::OutcomeUnknown(unknown)) if unknown.status.is_some_and(|status| status != 429) => {
            Error::OutcomeUnknown(unknown)
        }
        answer => return Ok(answer?),
    };
    match look.await {
        Ok(Some(made)) => Ok(made),
        Ok(None) => Err(error.into()),
        Err(not_seen) => {
            tracing::warn!(error = %not_seen, "what an unclear answer was about cannot be looked for");
            Err(error.into())
        }
    }
}

/// What there is one of; of several nobody knows which it is.
fn only<T>(found: Vec<T>) -> Option<T> {
    <[T; 1]>::try_from(found).ok().map(|[one]| one)
}

/// Tells two plans apart: another plan must not use the cart of this one.
fn plan_digest(plan: &StoreOrderPlan, store_url: &str) -> String {
    let mut plain = BTreeMap::new();
    for row in &plan.rows {
        plain.insert((row.product.0, row.combination.map(|id| id.0)), (row.quantity, row.unit_net));
    }
    let names = [&plan.customer_first_name, &plan.customer_last_name, &plan.customer_email];
    let text = format!(
        "{store_url} {plain:?} {} {} {} {names:?} {}",
        plan.total,
        plan.carrier,
        plan.currency,
        address_text(&plan.address)
    );
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// All of an address but its customer, who is made for it; its `Debug` hides what names the buyer.
fn address_text(address: &NewAddress) -> String {
    let NewAddress {
        customer: _,
        country,
        state,
        alias,
        last_name,
        first_name,
        company,
        address1,
        address2,
        postcode,
        city,
        phone,
        phone_mobile,
        vat_number,
        identification_number,
        other,
    } = address;
    let texts = [alias, last_name, first_name, address1, city];
    let optional =
        [company, address2, postcode, phone, phone_mobile, vat_number, identification_number, other];
    format!("{country:?} {state:?} {texts:?} {optional:?}")
}

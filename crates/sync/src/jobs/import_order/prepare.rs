//! What the store needs before it can be asked for an order: customer, address, cart, and prices that are pinned to it.

use std::collections::BTreeMap;

use database::import_intents::{ImportIntent, Step};
use prestashop::{
    AddressId, CartId, CustomerId, NewAddress, NewCart, NewCartRow, NewCustomer, NewSpecificPrice,
};
use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};

use super::{Import, Stop, cart_of, signed};
use crate::crash_points::{OutsideWrite, around, recorded};
use crate::mapping::StoreOrderPlan;

impl Import<'_> {
    /// Customer, address, cart and pinned prices; each id is stored before the next step. Orphans of a lost answer are
    /// harmless in the store, and a cart whose prices are not certain is given up. Asked for only after a look has found no
    /// order with the key.
    pub(super) async fn prepare(
        &self,
        intent: &mut ImportIntent,
        plan: &StoreOrderPlan,
    ) -> Result<CartId, Stop> {
        let digest = plan_digest(plan, &self.connection.store_url);
        if intent.step >= Step::Cart
            && intent.plan_digest.as_deref() == Some(&digest)
            && let Some(cart_id) = cart_of(intent)
        {
            return Ok(cart_id);
        }
        if let Some(cart) = cart_of(intent) {
            self.give_up(intent, cart).await?;
        }
        let new = self.new_customer(plan);
        let customer = around(OutsideWrite::Customer, self.client.create_customer(&new)).await?;
        intent.customer_id = signed(customer.0);
        intent.step = Step::Customer;
        self.save(intent).await?;
        recorded(OutsideWrite::Customer);

        let new = NewAddress { customer, ..plan.address.clone() };
        let address = around(OutsideWrite::Address, self.client.create_address(&new)).await?;
        intent.address_id = signed(address.0);
        intent.address_pending = plan.address_pending;
        intent.step = Step::Address;
        self.save(intent).await?;
        recorded(OutsideWrite::Address);

        let new = self.new_cart(plan, customer, address);
        let cart = around(OutsideWrite::Cart, self.client.create_cart(&new)).await?;
        // Before its prices are pinned, so that they can be taken back should the cart be given up.
        intent.cart_id = signed(cart.0);
        self.save(intent).await?;
        recorded(OutsideWrite::Cart);

        let prices = self.new_prices(plan, cart);
        around(OutsideWrite::Prices, self.client.create_specific_prices(&prices)).await?;
        intent.plan_digest = Some(digest);
        intent.step = Step::Cart;
        self.save(intent).await?;
        recorded(OutsideWrite::Prices);
        Ok(cart)
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

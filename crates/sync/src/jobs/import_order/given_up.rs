//! A cart that no order is made from: what was pinned to it is taken back, or it piles up among the merchant's prices.

use database::import_intents::ImportIntent;
use prestashop::{CartId, Error, Refusal, RefusalKind};

use super::{Import, Stop};
use crate::crash_points::{OutsideWrite, around};
use crate::mapping::order_key;

impl Import<'_> {
    /// Deletes the prices of a cart and the cart, and forgets it. A store that does not allow that keeps both, and that
    /// keeps no order back.
    pub(super) async fn give_up(&self, intent: &mut ImportIntent, cart: CartId) -> Result<(), Stop> {
        match self.take_back(cart).await {
            Ok(()) => {}
            // Nobody answered: the next try takes it back.
            Err(error) if is_silent(&error) => return Err(error.into()),
            Err(error) => {
                tracing::warn!(order = %self.order_id, %cart, %error, "a cart that is not used stays in the store");
            }
        }
        intent.cart_id = None;
        intent.plan_digest = None;
        self.save(intent).await
    }

    /// Safe to repeat: the cart goes last, and what is gone already is no matter.
    async fn take_back(&self, cart: CartId) -> Result<(), Error> {
        let key = order_key(&self.tiktok_order_id);
        // After a restore the store may have given the cart's number to somebody else.
        match self.client.cart(cart).await {
            Ok(found) if found.gift_message == key => {}
            Ok(_) => return Ok(()),
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error),
        }
        if !self.client.orders_by_cart(cart).await?.is_empty() {
            return Ok(());
        }
        for price in self.client.specific_prices_of_cart(cart).await? {
            let deleted = around(OutsideWrite::Prices, self.client.delete_specific_price(price)).await;
            gone(deleted)?;
        }
        gone(around(OutsideWrite::Cart, self.client.delete_cart(cart)).await)
    }
}

fn gone(deleted: Result<(), Error>) -> Result<(), Error> {
    deleted.or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) })
}

/// Whether there was no answer at all. Any answer may be the store's last word about what may be deleted.
fn is_silent(error: &Error) -> bool {
    match error {
        Error::Refused(Refusal { kind: RefusalKind::NotReached { .. }, .. }) => true,
        Error::Refused(_) => false,
        Error::OutcomeUnknown(unknown) => unknown.status.is_none(),
    }
}

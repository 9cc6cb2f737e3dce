//! TikTok Shop's keys for one reason to cancel differ by market and by whether the order is paid; what was chosen once, for
//! many orders or in the settings, is meant for all of them.

use shared::ChannelStatus;

/// Each reason of a seller: its key while the order is unpaid, once it is paid, and whether the United Kingdom knows it.
const REASONS: [(Option<&str>, Option<&str>, bool); 5] = [
    (Some("seller_cancel_unpaid_reason_out_of_stock"), Some("seller_cancel_reason_out_of_stock"), true),
    (Some("seller_cancel_unpaid_reason_wrong_price"), Some("seller_cancel_reason_wrong_price"), true),
    (Some("seller_cancel_unpaid_reason_buyer_hasnt_paid_within_time_allowed"), None, true),
    (None, Some("seller_cancel_paid_reason_address_not_deliver"), true),
    (
        Some("seller_cancel_unpaid_reason_buyer_requested_cancellation"),
        Some("seller_cancel_paid_reason_buyer_requested_cancellation"),
        false,
    ),
];

/// What the keys of the United Kingdom end in.
const UK: &str = "_uk";

/// TikTok Shop's key for an order that is out of stock, paid and in the EU; [`cancel_reason_for`] finds the one that fits.
pub const OUT_OF_STOCK: &str = "seller_cancel_reason_out_of_stock";

/// The key of the same reason that fits a shop of this region and an order of this status. A key that has no such
/// counterpart stays as it is, for TikTok Shop to judge: its lists are its own and change.
#[must_use]
pub fn cancel_reason_for(key: &str, region: Option<&str>, status: &ChannelStatus) -> String {
    let plain = key.strip_suffix(UK).unwrap_or(key);
    let in_uk = region == Some("GB");
    let reason = REASONS.iter().find(|(unpaid, paid, _)| *unpaid == Some(plain) || *paid == Some(plain));
    let counterpart = reason.and_then(|&(unpaid, paid, uk_knows)| {
        let fitting = if *status == ChannelStatus::Unpaid { unpaid } else { paid };
        fitting.filter(|_| uk_knows || !in_uk)
    });
    match counterpart {
        Some(fitting) if in_uk => format!("{fitting}{UK}"),
        Some(fitting) => fitting.to_owned(),
        None => key.to_owned(),
    }
}

/// The offered key that says the same as `key`, whatever market and status add to either; the lists of some markets are not
/// known before TikTok Shop offers them.
#[must_use]
pub fn same_cancel_reason<'a>(
    key: &str,
    mut offered: impl Iterator<Item = &'a String>,
) -> Option<&'a String> {
    let said = meaning_of(key)?;
    let known =
        REASONS.iter().flat_map(|(unpaid, paid, _)| [unpaid, paid]).filter_map(|key| meaning_of((*key)?));
    let meaning = known.into_iter().find(|meaning| begins_with(said, meaning))?;
    offered.find(|offered| meaning_of(offered).is_some_and(|of_offered| begins_with(of_offered, meaning)))
}

/// What stands behind the word "reason", as in `seller_cancel_unpaid_reason_out_of_stock_uk`.
fn meaning_of(key: &str) -> Option<&str> {
    key.split_once("_reason_").map(|(_, meaning)| meaning)
}

fn begins_with(words: &str, meaning: &str) -> bool {
    words.strip_prefix(meaning).is_some_and(|added| added.is_empty() || added.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_sent_by_the_key_that_fits_market_and_status() {
        let (unpaid, paid) = (ChannelStatus::Unpaid, ChannelStatus::AwaitingShipment);
        let (stock, stock_unpaid) = (OUT_OF_STOCK, "seller_cancel_unpaid_reason_out_of_stock");
        let (address, asked) = (
            "seller_cancel_paid_reason_address_not_deliver",
            "seller_cancel_paid_reason_buyer_requested_cancellation",
        );
        let not_paid = "seller_cancel_unpaid_reason_buyer_hasnt_paid_within_time_allowed";
        // what was chosen, where, the order's status, what is sent
        let table = [
            (stock, "DE", &paid, stock),
            (stock, "DE", &unpaid, stock_unpaid),
            (stock_unpaid, "FR", &paid, stock),
            (stock, "GB", &paid, "seller_cancel_reason_out_of_stock_uk"),
            (stock, "GB", &unpaid, "seller_cancel_unpaid_reason_out_of_stock_uk"),
            ("seller_cancel_reason_out_of_stock_uk", "GB", &paid, "seller_cancel_reason_out_of_stock_uk"),
            ("seller_cancel_reason_out_of_stock_uk", "IE", &paid, stock),
            (address, "GB", &ChannelStatus::OnHold, "seller_cancel_paid_reason_address_not_deliver_uk"),
            // No counterpart: as it was chosen.
            (asked, "GB", &paid, asked),
            (address, "DE", &unpaid, address),
            (not_paid, "DE", &paid, not_paid),
            ("a_reason_of_tomorrow", "DE", &paid, "a_reason_of_tomorrow"),
        ];

        for (chosen, region, status, sent) in table {
            assert_eq!(cancel_reason_for(chosen, Some(region), status), sent, "{chosen} {region} {status}");
        }
    }

    #[test]
    fn a_reason_is_found_by_what_it_says_and_no_other_is_guessed() {
        let offered = [
            "seller_cancel_paid_reason_out_of_stockings",
            "seller_cancel_reason_wrong_price_pl",
            "seller_cancel_reason_out_of_stock_pl",
        ]
        .map(str::to_owned);
        let found = |key| same_cancel_reason(key, offered.iter()).map(String::as_str);

        assert_eq!(found("seller_cancel_unpaid_reason_wrong_price"), Some(offered[1].as_str()));
        assert_eq!(found("seller_cancel_reason_wrong_price_uk"), Some(offered[1].as_str()));
        assert_eq!(found("seller_cancel_unpaid_reason_out_of_stock_uk"), Some(offered[2].as_str()));
        assert_eq!(found("seller_cancel_reason_wrong"), None);
        assert_eq!(found("seller_cancel_paid_reason_address_not_deliver"), None);
        assert_eq!(found("changed_my_mind"), None);
    }
}

//! What shipping means in TikTok Shop's terms: pure functions, no I/O, no clock.

use database::issues::Found;
use shared::{ChannelCarrier, ConnectionSettings, IssueCode};
use tiktok_shop::{LineItem, Order, OrderStatus, PackageStatus, Rejection, ShippingType};

/// The issues that a shipment can open; the next attempt resolves those that are gone.
pub const SHIPPING_ISSUES: &[IssueCode] = &[
    IssueCode::ShipTrackingMissing,
    IssueCode::ShipTrackingRejected,
    IssueCode::ShipProviderUnmapped,
    IssueCode::ShipNotAllowed,
];

/// The issues that a correction can open; the next one resolves those that are gone.
pub const CORRECTION_ISSUES: &[IssueCode] = &[
    IssueCode::ShipTrackingRejected,
    IssueCode::ShipProviderUnmapped,
    IssueCode::ShipNotAllowed,
    IssueCode::ShipUpdateLimit,
];

/// A parcel as somebody wants it on TikTok Shop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parcel {
    /// TikTok Shop's id of the carrier; absent with TikTok's own label.
    pub carrier_id: Option<String>,
    pub tracking_number: Option<String>,
    /// TikTok Shop's ids of the units; empty means all that are not shipped.
    pub units: Vec<String>,
}

/// What is to be done about a parcel, as the order stands on TikTok Shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// TikTok Shop shows these units as they are wanted.
    Arrived(Vec<String>),
    /// These units are to be sent.
    Send(Vec<String>),
    /// The order, or what is meant of it, was canceled: nothing is left to ship.
    Canceled,
    /// It cannot be, in words that follow "Cannot be shipped now:".
    Refused(String),
}

/// Compares what is wanted with what TikTok Shop shows. That is all it takes to repeat a shipment safely: what has
/// arrived is seen here, and what has not is sent unit by unit.
#[must_use]
pub fn plan(order: &Order, parcel: &Parcel) -> Plan {
    if order.status == OrderStatus::Cancelled {
        return Plan::Canceled;
    }
    let mut wanted = Vec::new();
    for id in &parcel.units {
        match order.line_items.iter().find(|line| line.id == *id) {
            None => return Plan::Refused("the order does not hold one of the units".to_owned()),
            Some(line) if is_canceled(line) => {
                return Plan::Refused("one of the units was canceled".to_owned());
            }
            Some(line) => wanted.push(line),
        }
    }
    if parcel.units.is_empty() {
        wanted.extend(order.line_items.iter().filter(|line| !is_canceled(line)));
    }
    let (shipped, left): (Vec<&LineItem>, Vec<&LineItem>) =
        wanted.into_iter().partition(|line| is_shipped(line));
    let (fitting, other): (Vec<&LineItem>, Vec<&LineItem>) =
        shipped.into_iter().partition(|line| goes_as_wanted(order, line, parcel));
    let ids = |lines: &[&LineItem]| lines.iter().map(|line| line.id.clone()).collect();
    let numbers = || {
        let numbers: Vec<&str> = other.iter().filter_map(|line| line.tracking_number.as_deref()).collect();
        numbers.first().map_or_else(String::new, |number| format!(", with tracking number {number}"))
    };
    match (fitting.is_empty(), left.is_empty(), other.is_empty()) {
        (true, true, true) => Plan::Canceled,
        (_, false, true) => Plan::Send(ids(&left)),
        // What has left by another way is nobody's concern when only the rest is meant.
        (_, false, false) if parcel.units.is_empty() => Plan::Send(ids(&left)),
        (_, false, false) => Plan::Refused(format!("one of the units is shipped already{}", numbers())),
        (false, true, true) => Plan::Arrived(ids(&fitting)),
        (false, true, false) if parcel.units.is_empty() => Plan::Arrived(ids(&fitting)),
        (_, true, false) => Plan::Refused(format!("everything is shipped already{}", numbers())),
    }
}

fn goes_as_wanted(order: &Order, line: &LineItem, parcel: &Parcel) -> bool {
    if is_on_tiktok_label(order) {
        return true;
    }
    let numbers = (line.tracking_number.as_deref(), parcel.tracking_number.as_deref());
    matches!(numbers, (Some(shown), Some(wanted)) if shown.eq_ignore_ascii_case(wanted))
}

/// Whether carrier and tracking number come from TikTok.
#[must_use]
pub fn is_on_tiktok_label(order: &Order) -> bool {
    matches!(order.shipping_type, Some(ShippingType::TikTok | ShippingType::TikTokDigital))
}

/// Whether a unit has left, as far as the seller is concerned.
#[must_use]
pub fn is_shipped(line: &LineItem) -> bool {
    let by_status = matches!(
        line.display_status,
        Some(
            OrderStatus::AwaitingCollection
                | OrderStatus::InTransit
                | OrderStatus::Delivered
                | OrderStatus::Completed
        )
    );
    let by_package =
        matches!(line.package_status, Some(PackageStatus::Fulfilling | PackageStatus::Completed));
    line.rts_time.is_some() || by_status || by_package
}

fn is_canceled(line: &LineItem) -> bool {
    line.display_status == Some(OrderStatus::Cancelled)
        || line.package_status == Some(PackageStatus::Cancelled)
}

/// The packages that hold exactly these units, in the order of the units.
///
/// # Errors
/// Why they cannot be shipped package by package, in words that follow "Cannot be shipped now:": there is no package yet, one
/// of them holds units that have not left and are not meant, or TikTok Shop does not say which package a unit is in.
pub fn packages_of(order: &Order, units: &[String]) -> Result<Vec<String>, &'static str> {
    // In some markets TikTok Shop makes the package of its label when somebody arranges the shipment in Seller Center.
    if order.packages.is_empty() && order.line_items.iter().all(|line| line.package_id.is_none()) {
        return Err("TikTok Shop has made no package for it yet; ship it in Seller Center");
    }
    let at_home = || order.line_items.iter().filter(|line| !is_shipped(line) && !is_canceled(line));
    let mut packages = Vec::new();
    for line in at_home().filter(|line| units.contains(&line.id)) {
        let package_id = match (&line.package_id, order.packages.as_slice()) {
            (Some(id), _) => id.clone(),
            // Before shipping some markets name the packages with the order only.
            (None, [only]) => only.id.clone(),
            (None, _) => return Err("TikTok Shop does not say which package each unit is in"),
        };
        let whole = at_home()
            .filter(|other| other.package_id.as_ref().is_none_or(|id| *id == package_id))
            .all(|other| units.contains(&other.id));
        if !whole {
            return Err("TikTok Shop ships whole packages here, and other units are in the same one");
        }
        if !packages.contains(&package_id) {
            packages.push(package_id);
        }
    }
    Ok(packages)
}

/// The tracking number of the parcel that left last, and all numbers of the order's parcels.
#[must_use]
pub fn tracking_numbers(order: &Order) -> (Option<String>, Vec<String>) {
    let mut shipped: Vec<&LineItem> = order
        .line_items
        .iter()
        .filter(|line| is_shipped(line) && !is_canceled(line))
        .filter(|line| line.tracking_number.as_deref().is_some_and(|number| !number.trim().is_empty()))
        .collect();
    shipped.sort_by_key(|line| line.rts_time);
    let numbers: Vec<String> = shipped.iter().filter_map(|line| line.tracking_number.clone()).collect();
    (numbers.last().cloned(), numbers)
}

/// What TikTok Shop's refusal of a shipment or a correction means for the merchant.
#[must_use]
pub fn issue_of_rejection(
    reason: Rejection,
    message: &str,
    tracking_number: Option<&str>,
    carrier: Option<&str>,
) -> Found {
    let found = match reason {
        Rejection::TrackingRejected | Rejection::TrackingAlreadyUsed => {
            Found::new(IssueCode::ShipTrackingRejected)
                .with("tracking_number", tracking_number.unwrap_or_default())
        }
        Rejection::ProviderWrong => {
            Found::new(IssueCode::ShipProviderUnmapped).with("carrier", carrier.unwrap_or("The carrier"))
        }
        Rejection::ChangeLimitReached => Found::new(IssueCode::ShipUpdateLimit),
        reason => Found::new(IssueCode::ShipNotAllowed).with("why", why_not(reason, message)),
    };
    found.with("reason", message)
}

/// A refusal in words that follow "Cannot be shipped now:".
fn why_not(reason: Rejection, message: &str) -> String {
    let words = match reason {
        Rejection::AlreadyShipped => {
            "TikTok Shop says that it is shipped already, but does not show this parcel"
        }
        Rejection::AlreadyDelivered => "it has been delivered",
        Rejection::AlreadyCancelled => "it was canceled on TikTok Shop",
        Rejection::AlreadyPickedUp => "the carrier has the parcel already",
        Rejection::NotShippedYet => "nothing is shipped yet, so there is nothing to correct",
        Rejection::OnHold => "TikTok Shop holds the order",
        Rejection::ReverseRequestOpen => {
            "the buyer wants to cancel or to return something; answer the request first"
        }
        Rejection::FulfilledByTikTok => "TikTok's warehouse ships this order",
        Rejection::ShippedByTikTok => "the tracking number comes from TikTok",
        Rejection::LinesNotInPackage => "the units are not together in one package",
        Rejection::CannotSplit => "this order was combined with others and cannot be shipped in parts",
        Rejection::AddressRefused => "TikTok Shop refuses the address",
        Rejection::SizeOrWeightRefused => "size or weight of the package are missing or out of bounds",
        Rejection::PickupSlotWrong => "the time of the pickup is missing or gone",
        Rejection::RegionNotSupported => "TikTok Shop does not take this kind of shipment in this region",
        Rejection::RiskControl => "TikTok Shop's risk control blocks the order",
        _ => message,
    };
    words.trim_end_matches('.').to_owned()
}

/// TikTok Shop's carrier for a carrier of the store: by the carrier map; without an entry there by the connection's
/// default; without that by the very same name, whatever its case.
///
/// `offered` is TikTok Shop's list for the order's delivery option and route. What it lacks is not found, unless it is
/// empty because it was never read: then the map and the default are believed.
#[must_use]
pub fn channel_carrier_of(
    settings: &ConnectionSettings,
    store_carrier_reference: Option<i64>,
    store_carrier_name: Option<&str>,
    offered: &[ChannelCarrier],
) -> Option<ChannelCarrier> {
    let by_id = |id: &str| match offered.iter().find(|carrier| carrier.id == id) {
        None if offered.is_empty() => {
            let name = store_carrier_name.unwrap_or(id).to_owned();
            Some(ChannelCarrier { id: id.to_owned(), name })
        }
        found => found.cloned(),
    };
    let mapped =
        store_carrier_reference.and_then(|reference| settings.carrier_map.get(&reference.to_string()));
    if let Some(id) = mapped {
        return by_id(id);
    }
    let default = settings.default_channel_carrier_id.as_deref().and_then(by_id);
    default.or_else(|| {
        let name = store_carrier_name?.trim().to_lowercase();
        offered.iter().find(|carrier| carrier.name.trim().to_lowercase() == name).cloned()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tiktok_shop::ReadOrder;

    use super::*;

    /// An order whose units are at home, shipped with a number, or canceled.
    fn order(units: &[(&str, Option<&str>)]) -> Order {
        let lines: Vec<_> = units
            .iter()
            .enumerate()
            .map(|(index, (status, number))| {
                let left = if number.is_some() { 1_790_000_000 + index } else { 0 };
                json!({"id": format!("{}", index + 1), "display_status": status, "tracking_number": number,
                    "rts_time": left})
            })
            .collect();
        let raw = json!({"id": "9", "status": "PARTIALLY_SHIPPING", "shipping_type": "SELLER", "line_items": lines});
        ReadOrder::from_raw(raw).unwrap().order
    }

    fn parcel(number: &str, units: &[&str]) -> Parcel {
        Parcel {
            carrier_id: Some("1".to_owned()),
            tracking_number: Some(number.to_owned()),
            units: units.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    #[test]
    fn what_has_arrived_is_not_sent_again() {
        let home = ("AWAITING_SHIPMENT", None);
        let left = |number| ("AWAITING_COLLECTION", Some(number));
        let gone = ("CANCELLED", None);
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let refused = |plan| matches!(plan, Plan::Refused(_));

        let fresh = order(&[home, home, gone]);
        assert_eq!(plan(&fresh, &parcel("JX1", &[])), Plan::Send(ids(&["1", "2"])));
        assert_eq!(plan(&fresh, &parcel("JX1", &["2"])), Plan::Send(ids(&["2"])));
        assert!(refused(plan(&fresh, &parcel("JX1", &["3"]))), "canceled");
        assert!(refused(plan(&fresh, &parcel("JX1", &["7"]))), "unknown");

        let partly = order(&[left("JX1"), left("JX2"), home]);
        assert_eq!(plan(&partly, &parcel("jx1", &["1"])), Plan::Arrived(ids(&["1"])));
        assert_eq!(plan(&partly, &parcel("JX1", &["1", "3"])), Plan::Send(ids(&["3"])));
        assert!(refused(plan(&partly, &parcel("JX1", &["2"]))), "another number");
        assert!(refused(plan(&partly, &parcel("JX1", &["2", "3"]))), "another number");
        assert_eq!(plan(&partly, &parcel("JX3", &[])), Plan::Send(ids(&["3"])));
        assert_eq!(tracking_numbers(&partly).0.as_deref(), Some("JX2"));

        let whole = order(&[left("JX1"), left("JX2"), gone]);
        assert_eq!(plan(&whole, &parcel("JX2", &[])), Plan::Arrived(ids(&["2"])));
        assert!(refused(plan(&whole, &parcel("JX3", &[]))));
        assert_eq!(plan(&order(&[gone]), &parcel("JX3", &[])), Plan::Canceled);
    }

    #[test]
    fn refusals_become_issues_that_say_what_to_do() {
        let issue = |reason| issue_of_rejection(reason, "Cannot.", Some("JX1"), Some("DHL"));
        let sentence = |found: &Found| found.code.sentence(&found.facts);

        assert_eq!(sentence(&issue(Rejection::TrackingAlreadyUsed)), "TikTok refused “JX1”.");
        assert_eq!(sentence(&issue(Rejection::ProviderWrong)), "DHL is not known to TikTok here.");
        assert_eq!(issue(Rejection::ChangeLimitReached).code, IssueCode::ShipUpdateLimit);
        assert_eq!(sentence(&issue(Rejection::Other)), "Cannot be shipped now: Cannot.");
        assert!(sentence(&issue(Rejection::ReverseRequestOpen)).ends_with("answer the request first."));
    }

    fn carrier(id: &str, name: &str) -> ChannelCarrier {
        ChannelCarrier { id: id.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn the_map_goes_before_the_default_and_the_default_before_the_name() {
        let offered = [carrier("1", "DHL"), carrier("2", "DHL eCommerce"), carrier("3", "UPS")];
        let mut settings = ConnectionSettings::default();
        let of = |settings: &ConnectionSettings, reference, name| {
            channel_carrier_of(settings, reference, name, &offered).map(|carrier| carrier.id)
        };

        assert_eq!(of(&settings, Some(7), Some("dhl")).as_deref(), Some("1"));
        assert_eq!(of(&settings, Some(7), Some("DHL Express")), None, "similar names are different carriers");
        assert_eq!(of(&settings, None, None), None);
        settings.default_channel_carrier_id = Some("3".to_owned());
        assert_eq!(of(&settings, Some(7), Some("DHL")).as_deref(), Some("3"));
        settings.carrier_map.insert("7".to_owned(), "2".to_owned());
        assert_eq!(of(&settings, Some(7), Some("DHL")).as_deref(), Some("2"));
        settings.carrier_map.insert("7".to_owned(), "99".to_owned());
        assert_eq!(of(&settings, Some(7), Some("DHL")), None, "what was chosen is not offered here");
        assert_eq!(
            channel_carrier_of(&settings, Some(7), Some("DHL"), &[]).map(|carrier| carrier.id).as_deref(),
            Some("99")
        );
    }
}

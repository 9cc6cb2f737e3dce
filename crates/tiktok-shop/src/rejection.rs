//! What a business refusal means: the error tables of shipping and cancelling.

/// Why TikTok Shop refused a shipment, a cancellation, or an answer to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// Shipped before, perhaps by an earlier attempt: read the order and compare the tracking number.
    AlreadyShipped,
    /// Delivered already.
    AlreadyDelivered,
    /// The order or package is cancelled or completed, or being cancelled: read it again.
    AlreadyCancelled,
    /// The cancellation request has been approved before.
    AlreadyApproved,
    /// The carrier has the parcel already.
    AlreadyPickedUp,
    /// The package is not shipped yet, so it has no label and nothing to correct.
    NotShippedYet,
    /// The buyer's remorse hour is running: wait.
    OnHold,
    /// A cancellation or after-sale request is open and must be answered first.
    ReverseRequestOpen,
    /// The buyer's request is no longer open: withdrawn, answered, or the order was cancelled.
    RequestNotOpen,
    /// The decision does not fit the kind of request.
    DecisionWrong,
    /// TikTok's warehouse fulfils the order: the seller can do nothing.
    FulfilledByTikTok,
    /// The label comes from TikTok: there is no carrier or tracking number to choose.
    ShippedByTikTok,
    /// The seller's own carrier ships: there is no label to fetch.
    ShippedBySeller,
    /// The tracking number has the wrong form, or does not fit the carrier.
    TrackingRejected,
    /// The tracking number is used already, or too often, or for another recipient.
    TrackingAlreadyUsed,
    /// Tracking number and carrier do not belong together, or the carrier is not offered.
    ProviderWrong,
    /// The shipping info may not be changed any more: too late or too often.
    ChangeLimitReached,
    /// The lines are not in this package, or several packages are open: read again and name the lines.
    LinesNotInPackage,
    /// A combined order cannot be shipped in parts.
    CannotSplit,
    /// TikTok refuses the address; cancelling as undeliverable is offered.
    AddressRefused,
    /// Size or weight is missing or out of bounds.
    SizeOrWeightRefused,
    /// The pickup slot is missing or gone.
    PickupSlotWrong,
    /// The call is not available in this region.
    RegionNotSupported,
    /// The reason is unknown, retired, not for sellers, or does not fit the order's status.
    ReasonWrong,
    /// Only the whole order may be cancelled, or more units were named than there are.
    PartialNotAllowed,
    /// Another operation holds the order: try again.
    Locked,
    /// Risk control blocks the order.
    RiskControl,
    /// The order's state forbids the call: read the order again.
    NotAllowed,
    /// A refusal that has no meaning here yet; the message tells a person more.
    Other,
}

impl Rejection {
    /// The meaning of a code; `Other` if it is not in the tables.
    #[must_use]
    pub fn of_code(code: i64) -> Self {
        match code {
            21011006 | 21011020 | 21042056 | 21008099 | 11006021 | 21011040 | 25001045 => {
                Self::AlreadyShipped
            }
            21011027 | 21011030 => Self::AlreadyDelivered,
            25001011 | 25001051 | 21011041 | 21011042 | 21023059 => Self::AlreadyCancelled,
            25020010 => Self::AlreadyApproved,
            21042102 => Self::AlreadyPickedUp,
            21011043 | 21023035 | 21042104 => Self::NotShippedYet,
            21011044 => Self::OnHold,
            21011007 => Self::ReverseRequestOpen,
            25011011 | 25011012 | 25020009 => Self::RequestNotOpen,
            25020003 | 25020004 => Self::DecisionWrong,
            21008025 | 21008043 => Self::FulfilledByTikTok,
            21008117 | 21011004 => Self::ShippedByTikTok,
            11034002 | 21008017 => Self::ShippedBySeller,
            21004012 | 21004015 | 21004016 | 11028006 => Self::TrackingRejected,
            21011025 | 21034012 | 21011026 => Self::TrackingAlreadyUsed,
            21011022 | 21008116 => Self::ProviderWrong,
            21011049..=21011052 => Self::ChangeLimitReached,
            21011029 | 21011048 => Self::LinesNotInPackage,
            21011033 | 21011036 | 21011046 => Self::CannotSplit,
            21021010 | 11021010 | 11021012 | 11021013 | 11021023..=11021025 => Self::AddressRefused,
            11021014..=11021022 => Self::SizeOrWeightRefused,
            21011053 | 21011054 => Self::PickupSlotWrong,
            21008106 => Self::RegionNotSupported,
            25001014 | 25001015 | 25001016 | 25001020 | 25001021 | 25001057 => Self::ReasonWrong,
            25005010 | 25005011 => Self::PartialNotAllowed,
            25001028 => Self::Locked,
            25001046 => Self::RiskControl,
            21008044 | 21011003 | 21011008 | 10007002 | 25001003 => Self::NotAllowed,
            _ => Self::Other,
        }
    }
}

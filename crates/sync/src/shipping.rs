//! What shipping means in TikTok Shop's terms: pure functions, no I/O, no clock.

use shared::{ChannelCarrier, ConnectionSettings};

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
    use super::*;

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

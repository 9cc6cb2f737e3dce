//! Warehouses, delivery options and the carriers that serve a route.

use serde_json::{Value, json};

use super::addresses;
use super::answer::{Answer, ApiError};
use super::call::Call;
use super::lifecycle::Label;
use super::order::Order;
use super::world::World;

/// The warehouse that every order leaves from.
pub const WAREHOUSE_ID: &str = "6955005333819123123";
const RETURN_WAREHOUSE_ID: &str = "6955005333819123456";

/// A way of delivery that the buyer chooses.
#[derive(Debug, PartialEq, Eq)]
pub struct DeliveryOption {
    pub id: &'static str,
    pub name: &'static str,
    kind: &'static str,
    by_tiktok: bool,
}

const OPTIONS: &[DeliveryOption] = &[
    DeliveryOption {
        id: "7091146663229654785",
        name: "Standard shipping",
        kind: "SEND_BY_SELLER",
        by_tiktok: false,
    },
    DeliveryOption {
        id: "7091146663229655042",
        name: "Collection point",
        kind: "SEND_BY_SELLER",
        by_tiktok: false,
    },
    DeliveryOption {
        id: "7091146663229655300",
        name: "Shipped via platform",
        kind: "STANDARD",
        by_tiktok: true,
    },
];

/// A carrier. There is no "other": a parcel needs one of these.
#[derive(Debug)]
pub struct Provider {
    pub id: &'static str,
    pub name: &'static str,
    /// Regions it collects in; empty for all.
    from: &'static [&'static str],
    /// Shortest and longest tracking number.
    number_length: (usize, usize),
}

impl Provider {
    /// Whether the carrier could have given out such a number.
    pub fn accepts(&self, tracking_number: &str) -> bool {
        (self.number_length.0..=self.number_length.1).contains(&tracking_number.len())
    }

    /// Whether another carrier is called almost the same.
    pub fn is_easily_confused(&self) -> bool {
        PROVIDERS.iter().any(|other| {
            other.id != self.id && (other.name.starts_with(self.name) || self.name.starts_with(other.name))
        })
    }

    fn serves(&self, from: &str) -> bool {
        self.from.is_empty() || self.from.contains(&from)
    }
}

/// All carriers; similar names are different carriers.
pub const PROVIDERS: &[Provider] = &[
    Provider { id: "6617675021119438849", name: "DHL", from: &[], number_length: (5, 39) },
    Provider { id: "6617675021119438850", name: "DHL eCommerce", from: &[], number_length: (5, 39) },
    Provider { id: "6671484739372728321", name: "UPS", from: &[], number_length: (5, 35) },
    Provider { id: "6671484739372728322", name: "DPD", from: &[], number_length: (5, 30) },
    Provider { id: "6671484739372728323", name: "GLS", from: &[], number_length: (5, 30) },
    Provider { id: "6671484739372728330", name: "Colissimo", from: &["FR"], number_length: (5, 20) },
    Provider {
        id: "6671484739372728331",
        name: "Mondial Relay",
        from: &["FR", "BE", "ES"],
        number_length: (5, 20),
    },
    Provider { id: "6671484739372728332", name: "Hermes", from: &["DE", "AT"], number_length: (5, 25) },
    Provider { id: "6671484739372728333", name: "Correos", from: &["ES"], number_length: (5, 25) },
    Provider { id: "6671484739372728334", name: "Poste Italiane", from: &["IT"], number_length: (5, 25) },
    Provider { id: "6671484739372728335", name: "An Post", from: &["IE"], number_length: (5, 25) },
    Provider { id: "6671484739372728336", name: "Royal Mail", from: &["GB"], number_length: (5, 25) },
    Provider { id: "6671484739372728337", name: "USPS", from: &["US"], number_length: (5, 34) },
];

/// The delivery option that the order was placed with.
pub fn delivery_option_of(order: &Order) -> &'static DeliveryOption {
    if order.kind.shipped_by_tiktok {
        &OPTIONS[2]
    } else if order.kind.delivery_type == "COLLECTION_POINT" {
        &OPTIONS[1]
    } else {
        &OPTIONS[0]
    }
}

/// The carrier with this id, if it collects in the market.
pub fn provider(id: &str, market: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.id == id && provider.serves(market))
}

/// A label bought through TikTok: the carrier follows the platform's contract.
pub fn tiktok_label(seed_id: &str) -> Label {
    let provider = &PROVIDERS[0];
    Label {
        tracking_number: format!("JJD{}", &seed_id[seed_id.len().saturating_sub(14)..]),
        provider_id: provider.id.to_owned(),
        provider_name: provider.name.to_owned(),
        handover_method: "DROP_OFF".to_owned(),
    }
}

/// `GET /logistics/202309/delivery_options/{delivery_option_id}/shipping_providers`.
pub fn list_providers(world: &mut World, call: &Call) -> Answer {
    let option =
        OPTIONS.iter().find(|option| option.id == call.at("delivery_option_id")).ok_or_else(|| {
            ApiError::business(21_008_116, "There is no subscription without this delivery option.")
        })?;
    if option.by_tiktok {
        return Err(ApiError::business(21_008_117, "The delivery option is handled by TikTok."));
    }
    let region = |name: &str| -> Result<Option<String>, ApiError> {
        match call.parameter(name) {
            Some(code) if addresses::country(code).is_some() => Ok(Some(code.to_owned())),
            Some(_) => Err(ApiError::parameter(&format!("param {name} is invalid"))),
            None => Ok(None),
        }
    };
    let from = region("warehouse_region")?;
    let to = region("buyer_region")?;
    let is_european = !matches!(call.market.as_str(), "GB" | "US");
    if world.switches.providers_need_route && is_european && (from.is_none() || to.is_none()) {
        return Err(ApiError::parameter("WarehouseRegion and BuyerRegion are required fields"));
    }
    let from = from.unwrap_or_else(|| call.market.clone());
    let rows: Vec<Value> = PROVIDERS
        .iter()
        .filter(|provider| provider.serves(&from))
        .map(|provider| json!({ "id": provider.id, "name": provider.name }))
        .collect();
    Ok(json!({ "shipping_providers": rows }))
}

/// `GET /logistics/202309/warehouses`.
pub fn list_warehouses(_world: &mut World, call: &Call) -> Answer {
    let row = |id: &str, name: &str, kind: &str| {
        json!({
            "id": id, "entity_id": format!("{id}1"), "name": name, "effect_status": "ENABLED", "type": kind,
            "sub_type": "DOMESTIC_WAREHOUSE", "is_default": kind == "SALES_WAREHOUSE",
            "address": {
                "region": addresses::country(&call.market).map_or("", |country| country.name),
                "region_code": call.market, "state": "", "city": "Harbour", "distict": "", "town": "",
                "postal_code": "10000", "full_address": "1 Dock Road, 10000 Harbour",
                "address_line1": "1 Dock Road", "address_line2": "", "address_line3": "", "address_line4": "",
                "contact_person": "Warehouse desk", "phone_number": "(+33)100000000",
            },
        })
    };
    Ok(json!({ "warehouses": [
        row(WAREHOUSE_ID, "Main warehouse", "SALES_WAREHOUSE"),
        row(RETURN_WAREHOUSE_ID, "Returns", "RETURN_WAREHOUSE"),
    ] }))
}

/// `GET /logistics/202309/warehouses/{warehouse_id}/delivery_options`.
pub fn list_delivery_options(_world: &mut World, call: &Call) -> Answer {
    if call.at("warehouse_id") != WAREHOUSE_ID {
        return Err(ApiError::parameter("param warehouse_id is invalid"));
    }
    let rows: Vec<Value> = OPTIONS
        .iter()
        .map(|option| {
            json!({
                "id": option.id, "name": option.name, "type": option.kind, "description": "",
                "dimension_limit": { "max_height": 100, "max_length": 100, "max_width": 100, "unit": "CM" },
                "weight_limit": { "max_weight": 30_000, "min_weight": 1, "unit": "GRAM" },
                "platform": ["TIKTOK_SHOP"],
            })
        })
        .collect();
    Ok(json!({ "delivery_options": rows }))
}

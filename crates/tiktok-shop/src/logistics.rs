use serde::Deserialize;

use crate::Error;
use crate::client::{Call, Shop, segment};
use crate::paging::members;
use crate::wire::{self, open_text};

impl Shop {
    /// Lists the carriers of a delivery option. In the EU the list depends on the route as well: both regions
    /// (ISO alpha-2) are needed there. Similar names are different carriers.
    pub async fn shipping_providers(
        &self,
        delivery_option_id: &str,
        warehouse_region: Option<&str>,
        buyer_region: Option<&str>,
    ) -> Result<Vec<ShippingProvider>, Error> {
        let option = segment(delivery_option_id)?;
        let call = Call::get(format!("/logistics/202309/delivery_options/{option}/shipping_providers"))
            .query_if("warehouse_region", warehouse_region)
            .query_if("buyer_region", buyer_region);
        members(self.answer(call).await?, "shipping_providers")
    }

    /// Lists the seller's warehouses.
    pub async fn warehouses(&self) -> Result<Vec<Warehouse>, Error> {
        members(self.answer(Call::get("/logistics/202309/warehouses")).await?, "warehouses")
    }
}

/// A carrier as TikTok knows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ShippingProvider {
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub name: String,
}

/// A place that the seller ships from or takes returns at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Warehouse {
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub name: Option<String>,
    #[serde(default)]
    pub effect_status: Option<WarehouseStatus>,
    #[serde(default, rename = "type")]
    pub kind: Option<WarehouseKind>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub sub_type: Option<String>,
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_default: bool,
    #[serde(default)]
    pub address: Option<WarehouseAddress>,
}

/// Where a warehouse is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct WarehouseAddress {
    /// The country's name.
    #[serde(deserialize_with = "wire::optional_text")]
    pub region: Option<String>,
    /// ISO alpha-2.
    #[serde(deserialize_with = "wire::optional_text")]
    pub region_code: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub state: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub city: Option<String>,
    #[serde(deserialize_with = "wire::optional_text")]
    pub postal_code: Option<String>,
}

open_text! {
    WarehouseStatus { Enabled = "ENABLED", Disabled = "DISABLED", Restricted = "RESTRICTED" }
}

open_text! {
    WarehouseKind { Sales = "SALES_WAREHOUSE", Return = "RETURN_WAREHOUSE" }
}

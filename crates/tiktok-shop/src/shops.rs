use serde::Deserialize;

use crate::client::Call;
use crate::paging::members;
use crate::wire::{self, open_text};
use crate::{Client, Error, Secret};

impl Client {
    /// Lists the shops that a token may speak for; a cross-border seller has one per market.
    pub async fn authorized_shops(&self, access_token: &Secret) -> Result<Vec<AuthorizedShop>, Error> {
        let answer = self.send(Call::get("/authorization/202309/shops"), access_token).await?;
        members(answer, "shops")
    }
}

/// A shop that the seller opened to the app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AuthorizedShop {
    /// The `shop_id` of webhooks.
    #[serde(deserialize_with = "wire::text")]
    pub id: String,
    /// The `shop_cipher` of shop-level calls; read it again after a new authorization.
    #[serde(deserialize_with = "wire::text")]
    pub cipher: String,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub code: Option<String>,
    /// ISO alpha-2; `GB` for the United Kingdom.
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub region: Option<String>,
    #[serde(default)]
    pub seller_type: Option<SellerType>,
}

open_text! {
    /// Where a seller sits.
    SellerType { Local = "LOCAL", CrossBorder = "CROSS_BORDER" }
}

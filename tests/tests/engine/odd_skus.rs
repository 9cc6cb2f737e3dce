//! SKUs that PrestaShop would take for an expression: they are named, and hide nothing else.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::catalogue::shown::{not_in_store, place};
use crate::labs::labs;

#[tokio::test]
async fn a_sku_that_the_store_cannot_be_asked_for_is_named_beside_everything_else() -> Result<()> {
    for lab in labs().await {
        for odd in ["LAMP 50%", "A|B", "[X]", "SET[2]", "<S", ">S", "!S"] {
            let lines = json!([{ "seller_sku": "MUG-STONE-BLU" }, { "seller_sku": odd }, { "seller_sku": "LAMP-RETRO-0" }]);
            let id = place(&lab, &json!({ "country": "FR", "lines": lines })).await?;

            let order = shared::OrderId(lab.order(&id).await?.id);
            let open = database::issues::open_of(lab.database.writer(), order).await?;
            let mut codes: Vec<_> = open.iter().map(|issue| issue.code.as_str()).collect();
            codes.sort_unstable();
            assert_eq!(codes, ["PRODUCT_INACTIVE", "SKU_NOT_FOUND"], "{odd} {}", lab.database_name());
            let unknown = open.iter().find(|issue| issue.code == "SKU_NOT_FOUND");
            let facts = unknown.map(|issue| issue.facts.clone()).unwrap_or_default();
            ensure!(facts.contains(odd) && facts.contains("cannot be asked"), "{odd}: {facts}");
            not_in_store(&lab, &id).await?;
        }
    }
    Ok(())
}

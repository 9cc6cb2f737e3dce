//! An admin reads the API's documents in Swagger UI, and tries a call there.

use anyhow::Result;
use tests::browser::css;

use crate::stage::{journey, refused_at_most};

/// The part of the page that is about one operation.
const LIST_ORDERS: &str = "[id='operations-orders-listOrders']";

#[tokio::test]
async fn an_admin_tries_a_call_in_swagger_ui() -> Result<()> {
    journey("swagger-ui", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("MUG-STONE-BLU").await?;
        stage.enter("/orders").await?;
        browser.sees(order.tiktok_order_id.0.as_str()).await?;

        browser.open("/swagger-ui/").await?;
        browser.sees("orderbridge").await?;
        browser.click(css(&format!("{LIST_ORDERS} .opblock-summary-control"))).await?;
        browser.click(css(&format!("{LIST_ORDERS} .execute"))).await?;
        // The answer came with the session's own authorisation: nobody typed a token.
        browser.sees(order.tiktok_order_id.0.as_str()).await?;
        browser.picture("swagger-ui").await?;
        refused_at_most(&browser.complaints().await?);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn swagger_ui_is_not_for_those_who_have_not_signed_in() -> Result<()> {
    journey("swagger-ui-gate", async |stage| {
        let browser = &stage.browser;
        browser.open("/swagger-ui/").await?;
        browser.sees("The description of the API is for admins: sign in to orderbridge").await?;
        assert_eq!(browser.count("#swagger-ui").await?, 0);
        refused_at_most(&browser.complaints().await?);
        Ok(())
    })
    .await
}

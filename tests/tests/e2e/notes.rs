use anyhow::Result;
use tests::LOGIN_EMAIL;
use tests::browser::{By, button, css, link};

use crate::looks::{pictures_here, pictures_of};
use crate::stage::journey;

/// A box of the filter's panel.
fn ticked(words: &str) -> By {
    By::XPath(format!("//label[contains(@class, 'choice')][normalize-space()='{words}']"))
}

#[tokio::test]
async fn notes_and_tags_are_kept_and_orders_found_by_them() -> Result<()> {
    journey("notes", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("MUG-STONE-BLU").await?;
        let other = stage.place("CANDLE-FIG").await?;
        stage.enter(&format!("/orders/{}", order.id)).await?;

        browser.fill("New note, for colleagues only", "Gift wrap, please.\nAsk Ada.").await?;
        browser.click(button("Add note")).await?;
        browser.find(css(".notes li")).await?;
        browser.click(css("#edit-tags")).await?;
        browser.fill("New tags, separated by commas", "fragile, vip").await?;
        pictures_of(browser, "tags", ".notes").await?;
        browser.click(button("Save")).await?;
        browser
            .until("both tags are there", async || Ok(browser.count(".notes bdi.tag").await? == 2))
            .await?;
        browser.reload().await?;
        browser
            .until("the note is kept", async || {
                Ok(browser.text_of(".notes li").await?.contains("Gift wrap, please.\nAsk Ada."))
            })
            .await?;

        browser.click(css("#edit-assignee")).await?;
        browser.choose("Assigned to", LOGIN_EMAIL).await?;
        browser.click(button("Save")).await?;
        browser.until("it is assigned", async || Ok(browser.count(".notes .assignee").await? == 1)).await?;

        browser.click(css(".order-header .back")).await?;
        let shows = async |ours: usize, others: usize| {
            browser
                .until(format!("{ours} and {others} rows"), async || {
                    let found = [order.id, other.id].map(|id| format!("#order-{id}"));
                    Ok((browser.count(&found[0]).await?, browser.count(&found[1]).await?) == (ours, others))
                })
                .await
        };
        shows(1, 1).await?;
        browser.click(css("[popovertarget=views]")).await?;
        browser.click(link("Assigned to me")).await?;
        shows(1, 0).await?;
        browser.click(css("[popovertarget=filter-assignee]")).await?;
        pictures_here(browser, "assignees-desk", "main").await?;
        browser.click(ticked("Nobody")).await?;
        browser.is_at("assignee=empty").await?;
        shows(0, 1).await?;
        browser.click(link("Clear filters")).await?;
        shows(1, 1).await?;

        browser.click(css("[popovertarget=filter-tag]")).await?;
        browser.fill("Tags", "vip").await?;
        browser.click(css(".popover:popover-open button[type=submit]")).await?;
        browser.is_at("tag=vip").await?;
        shows(1, 0).await?;

        // The panel stays open for another try, over the row's last columns.
        browser.click(css("[popovertarget=filter-tag]")).await?;
        browser.click(button(&format!("Actions for order {}", order.id))).await?;
        browser.click(button("Tags…")).await?;
        browser.click(button("Take off the tag vip")).await?;
        browser.click(button("Save")).await?;
        // The row stays where it is until somebody asks again.
        browser
            .until("the row has the other tag alone", async || {
                let others = format!("#order-{} .tags [title=fragile]", order.id);
                Ok(browser.count(&others).await? == 1)
            })
            .await?;
        browser.reload().await?;
        browser.sees("No order matches").await
    })
    .await
}

#[tokio::test]
async fn what_happened_can_be_read_again_under_the_bell() -> Result<()> {
    journey("notifications", async |stage| {
        let browser = &stage.browser;
        let order = stage.place("MUG-STONE-BLU").await?;
        stage.enter(&format!("/orders/{}", order.id)).await?;
        browser.click(css("#do-sync")).await?;
        browser
            .until("the order was read", async || {
                Ok(browser.text_of(".toast.good").await?.contains(&format!("Order {}:", order.id)))
            })
            .await?;
        let told = browser.text_of(".toast p").await?;
        browser.until("the message goes by itself", async || Ok(browser.count(".toast").await? == 0)).await?;

        browser.click(css(".order-header .back")).await?;
        browser.click(button("Notifications")).await?;
        browser.find(css(".notification")).await?;
        assert_eq!(browser.text_of(".notification p").await?, told);
        pictures_here(browser, "notifications-desk", ".notifications").await
    })
    .await
}

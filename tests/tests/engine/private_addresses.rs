//! Where a store is: whoever typed its address may lead its name elsewhere at any time, so the job that connects asks again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use database::connections;
use public_address::{Destinations, Resolver};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use shared::{IssueCode, REASON};
use sync::jobs;
use tests::EngineLab;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::catalogue::shown::{not_in_store, place_to, shown, wait_for_retry};
use crate::labs::labs;

/// Leads every name to this machine, and counts how often it is asked.
#[derive(Default)]
struct Here(AtomicUsize);

impl Resolve for Here {
    fn resolve(&self, _: Name) -> Resolving {
        self.0.fetch_add(1, Ordering::Relaxed);
        let here: Addrs = Box::new(std::iter::once(SocketAddr::from(([127, 0, 0, 1], 0))));
        Box::pin(async { Ok(here) })
    }
}

/// Lets the connection name another address, as it was checked when somebody typed it.
async fn move_store(lab: &EngineLab, url: &str) -> Result<()> {
    let mut connection = lab.connection().await?;
    connection.store_url = url.to_owned();
    let now = lab.database.clock.now();
    let txn = lab.database.begin().await?;
    assert!(connections::update(&txn, &lab.database.vault, &connection, now).await?, "changed meanwhile");
    jobs::connection_changed(&txn, connection.id, now).await?;
    txn.commit().await?;
    Ok(())
}

#[tokio::test]
async fn a_name_that_leads_into_a_private_network_by_now_is_refused_by_the_job() -> Result<()> {
    for mut lab in labs().await {
        let case = lab.database_name();
        let names = Arc::new(Here::default());
        let over = |destinations| Resolver::over(names.clone(), destinations);
        lab.set_engine(|settings| {
            settings.destinations = Destinations::Public;
            settings.names = over(Destinations::Public);
        })?;
        move_store(&lab, "https://shop.example/").await?;

        let id = place_to(&lab, "FR").await?;

        let issue = shown(&lab, &id, IssueCode::StoreUnreachable).await?;
        assert_eq!(issue.facts[REASON], "shop not reached: host name not found", "{case}");
        assert!(names.0.load(Ordering::Relaxed) > 0, "{case}: the job did not ask for the name");
        not_in_store(&lab, &id).await?;

        // The guard alone has kept it out: where private addresses are allowed, the same name leads to the store, which
        // answers that it is known by another one.
        let port = url::Url::parse(&lab.sandboxes.store.shop_url)?.port().context("no port")?;
        lab.set_engine(|settings| settings.names = over(Destinations::Anywhere))?;
        move_store(&lab, &format!("http://shop.example:{port}/")).await?;
        wait_for_retry(&lab).await?;
        let issue = shown(&lab, &id, IssueCode::StoreAuth).await?;
        assert!(issue.sentence.contains("not the store's configured address"), "{case}: {}", issue.sentence);
    }
    Ok(())
}

#[tokio::test]
async fn an_address_of_a_private_network_is_refused_by_the_job_whoever_let_it_in() -> Result<()> {
    for mut lab in labs().await {
        // It was typed while private addresses were allowed.
        lab.set_engine(|settings| {
            settings.destinations = Destinations::Public;
            settings.names = Resolver::new(Destinations::Public);
        })?;

        let id = place_to(&lab, "FR").await?;

        assert_eq!(lab.order(&id).await?.store_order_id, None, "{}", lab.database_name());
        not_in_store(&lab, &id).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_leads_elsewhere_is_not_followed() -> Result<()> {
    for lab in labs().await {
        let case = lab.database_name();
        let leads_elsewhere = MockServer::start().await;
        // The store itself, which would take the key: whoever follows imports the order.
        let elsewhere = format!("{}api/", lab.sandboxes.store.shop_url);
        let redirect = ResponseTemplate::new(302).insert_header("location", elsewhere);
        Mock::given(any()).respond_with(redirect).mount(&leads_elsewhere).await;
        move_store(&lab, &format!("{}/", leads_elsewhere.uri())).await?;

        let id = place_to(&lab, "FR").await?;

        let issue = shown(&lab, &id, IssueCode::StoreAuth).await?;
        assert!(issue.sentence.contains("not the store's configured address"), "{case}: {}", issue.sentence);
        assert!(!leads_elsewhere.received_requests().await.context("nothing is kept")?.is_empty(), "{case}");
        not_in_store(&lab, &id).await?;
    }
    Ok(())
}

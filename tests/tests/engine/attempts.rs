//! Everything that was tried for an order is told, and nothing that names its buyer or opens a door.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use database::attempts::{self, Attempt};
use database::page::{PageRequest, Start};
use database::{ConnectionTrait, orders};
use serde_json::{Value, json};
use shared::{ActionRequest, AttemptOutcome, CallSide, IssueCode, OrderId};
use sync::jobs;
use tests::EngineLab;

use crate::asking::ask;
use crate::labs::labs;

/// Words of a buyer who cannot be mistaken for anything else.
const BUYER: [&str; 9] = [
    "Xanthippe",
    "Quirrenbach",
    "Zwetschkengasse",
    "0677889911",
    "677889911",
    "9Q7",
    "Hinterkleinhofen",
    "Klingelton",
    "Pfandflaschen",
];

async fn place(lab: &EngineLab, sku: &str) -> Result<String> {
    let order = json!({
        "country": "FR",
        "recipient": {
            "name": "Xanthippe Quirrenbach", "first_name": "Xanthippe", "last_name": "Quirrenbach",
            "phone_number": "(+33)677889911", "region_code": "FR", "postal_code": "75011",
            "post_town": "", "address_lines": ["9Q7 Zwetschkengasse", "Stiege Klingelton", "", ""],
            "districts": [
                { "level": "L0", "level_name": "Country", "name": "France", "iso_code": "FR" },
                { "level": "L1", "level_name": "City", "name": "Hinterkleinhofen" },
            ],
        },
        "buyer_message": "Bitte die Pfandflaschen mitnehmen",
        "lines": [{ "seller_sku": sku, "quantity": 1, "price": "25.00" }],
    });
    let ids = lab.sandboxes.place(&json!({ "order": order })).await?;
    ids.into_iter().next().context("no id")
}

async fn attempts_of(lab: &EngineLab, id: &str) -> Result<Vec<Attempt>> {
    let order = lab.order(id).await?;
    let request = PageRequest { limit: 100, start: Start::First };
    let db = lab.database.writer();
    let page = attempts::page(db, &lab.database.vault, OrderId(order.id), &request).await?;
    Ok(page.items.into_iter().map(|(_, attempt)| attempt).collect())
}

fn of_kind<'a>(attempts: &'a [Attempt], kind: &str) -> Vec<&'a Attempt> {
    attempts.iter().filter(|attempt| attempt.kind == kind).collect()
}

/// Everything secret that this lab knows of.
async fn secrets(lab: &EngineLab) -> Result<Vec<String>> {
    let connection = lab.connection().await?;
    Ok(vec![
        connection.app_key,
        connection.app_secret,
        connection.webservice_key,
        connection.shop_cipher,
        connection.tokens.access_token,
        connection.tokens.refresh_token,
    ])
}

#[tokio::test]
async fn an_import_is_told_call_by_call_and_names_nobody() -> Result<()> {
    for lab in labs().await {
        let id = place(&lab, "MUG-STONE-BLU").await?;
        let mut secrets = secrets(&lab).await?;

        lab.poll().await?;

        assert_eq!(lab.order(&id).await?.import_state, "imported");
        let attempts = attempts_of(&lab, &id).await?;
        let [import] = of_kind(&attempts, jobs::IMPORT_ORDER)[..] else {
            panic!("{}: {attempts:#?}", lab.database_name())
        };
        assert_eq!((import.outcome, import.code), (AttemptOutcome::Succeeded, None));
        let created = import.calls.iter().find(|call| call.method == "POST" && call.path == "/api/orders");
        let created = created.context("the order was posted")?;
        assert_eq!((created.side, created.status), (CallSide::Store, Some(201)));
        let sent = created.sent.as_deref().context("a body was sent")?;
        assert!(sent.contains("<total_products>25.00<") && sent.contains("<id_cart>"), "{sent}");
        let answered = created.answered.as_deref().context("a body was answered")?;
        assert!(answered.contains("<id>"), "{answered}");
        let looked = import.calls.first().map(|call| call.path.clone()).unwrap_or_default();
        assert!(
            import.calls.iter().any(|call| call.path.contains(&format!("filter[gift_message]=tiktok:{id}"))),
            "the key is an id and is shown: {looked}"
        );
        let address = import.calls.iter().find(|call| call.path == "/api/addresses" && call.method == "POST");
        let address = address.and_then(|call| call.sent.as_deref()).context("an address was sent")?;
        assert!(address.contains("<lastname>***</lastname>"), "{address}");
        let [reference] = of_kind(&attempts, jobs::REGISTER_REFERENCE)[..] else { panic!("{attempts:#?}") };
        let call = &reference.calls[0];
        assert_eq!((call.side, call.status), (CallSide::TikTok, Some(200)));
        assert!(call.request_id.as_deref().is_some_and(|id| !id.is_empty()), "{call:?}");
        let quiet = [jobs::REFRESH_ORDER, jobs::PUSH_STORE_STATE];
        let none = quiet.iter().all(|kind| of_kind(&attempts, kind).is_empty());
        assert!(
            none,
            "neither a refresh that went well nor a run without a call is an attempt: {attempts:#?}"
        );

        secrets.extend(BUYER.map(str::to_owned));
        let told = serde_json::to_string(&attempts.iter().map(|it| &it.calls).collect::<Vec<_>>())?;
        let rows = lab
            .database
            .writer()
            .query_all_raw(sea_orm::Statement::from_string(
                lab.database.writer().get_database_backend(),
                "SELECT sealed FROM attempts".to_owned(),
            ))
            .await?;
        for secret in secrets {
            assert!(!told.contains(&secret), "{secret} is told: {told}");
            for row in &rows {
                let bytes: Vec<u8> = row.try_get("", "sealed")?;
                assert!(
                    !bytes.windows(secret.len()).any(|part| part == secret.as_bytes()),
                    "{secret} is kept"
                );
            }
        }
        assert!(!told.contains("@"), "no e-mail address is told: {told}");
    }
    Ok(())
}

#[tokio::test]
async fn a_blocked_import_and_who_asked_for_the_next_are_told() -> Result<()> {
    for lab in labs().await {
        let id = place(&lab, "POSTER-MAP-A2").await?;
        lab.poll().await?;

        ask(&lab, &id, ActionRequest::Import {}).await?;
        lab.run_due().await?;

        let attempts = attempts_of(&lab, &id).await?;
        let blocked =
            |asked_by| (jobs::IMPORT_ORDER, AttemptOutcome::Failed, Some(IssueCode::SkuNotFound), asked_by);
        let told: Vec<_> = attempts
            .iter()
            .map(|it| (it.kind.as_str(), it.outcome, it.code, it.asked_by.as_deref()))
            .collect();
        assert_eq!(told, [blocked(Some("ada@example.com")), blocked(None)], "{}", lab.database_name());
        assert!(attempts.iter().all(|attempt| !attempt.calls.is_empty()));
    }
    Ok(())
}

#[tokio::test]
async fn a_creation_whose_outcome_is_unknown_is_told_as_such() -> Result<()> {
    for lab in labs().await {
        let fault = json!({ "resource": "orders", "method": "POST", "kind": "cut_before", "times": 1 });
        lab.sandboxes.break_store(&fault).await?;
        let id = place(&lab, "MUG-STONE-BLU").await?;
        lab.poll().await?;
        lab.advance(TimeDelta::minutes(5)).await?;
        lab.run_due().await?;

        let attempts = attempts_of(&lab, &id).await?;

        let imports = of_kind(&attempts, jobs::IMPORT_ORDER);
        let outcomes: Vec<_> = imports.iter().map(|it| (it.outcome, it.code)).collect();
        assert_eq!(
            outcomes,
            [
                (AttemptOutcome::Succeeded, None),
                (AttemptOutcome::Unknown, Some(IssueCode::StoreWriteUnknown)),
            ]
        );
        let lost = imports[1].calls.iter().find(|call| call.method == "POST" && call.path == "/api/orders");
        assert_eq!(lost.context("it was posted")?.status, None);
    }
    Ok(())
}

#[tokio::test]
async fn a_refresh_that_fails_is_told_of_its_order() -> Result<()> {
    for lab in labs().await {
        let ids = [place(&lab, "MUG-STONE-BLU").await?, place(&lab, "TEA-MINT-100").await?];
        lab.poll().await?;
        let fault = json!({ "path": "/orders", "method": "GET", "kind": "overload", "times": 2 });
        lab.sandboxes.break_channel(&fault).await?;
        for id in &ids {
            let now = lab.database.clock.now();
            let refresh = jobs::refresh_order(lab.connection_id, &shared::TikTokOrderId(id.clone()), now);
            job_queue::enqueue(lab.database.writer(), refresh, now).await?;
        }

        lab.run_due().await?;

        for (id, other) in [(&ids[0], &ids[1]), (&ids[1], &ids[0])] {
            let attempts = attempts_of(&lab, id).await?;
            let [refresh] = of_kind(&attempts, jobs::REFRESH_ORDER)[..] else { panic!("{attempts:#?}") };
            assert_eq!(
                (refresh.outcome, refresh.code),
                (AttemptOutcome::Failed, Some(IssueCode::ChannelUnreachable))
            );
            assert_eq!(refresh.calls[0].status, Some(503));
            assert!(refresh.calls[0].path.contains(id.as_str()), "{}", refresh.calls[0].path);
            assert!(!refresh.calls[0].path.contains(other.as_str()), "{}", refresh.calls[0].path);
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_attempt_that_cannot_be_kept_changes_nothing() -> Result<()> {
    for lab in labs().await {
        lab.database.writer().execute_unprepared("DROP TABLE attempts").await?;
        let id = place(&lab, "MUG-STONE-BLU").await?;

        lab.poll().await?;

        let order = lab.order(&id).await?;
        assert_eq!(orders::import_state(&order), shared::ImportState::Imported);
        assert_eq!(lab.open_issues(&id).await?, Vec::<String>::new());
        let left: Vec<Value> = lab.sandboxes.store_orders_of(&id).await?;
        assert_eq!(left.len(), 1);
    }
    Ok(())
}

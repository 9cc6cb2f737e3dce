//! A tool of somebody else: its client is generated from the document, compiled, and run against both shops.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chrono::TimeDelta;
use clock::{Clock, SystemClock};
use serde_json::{Value, json};
use tests::{ApiTools, Run, RunOptions, api_document_path};

use crate::talkative::talkative;

const TOOL: &str = "third-party-tool";

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_written_against_the_document_alone_does_its_work() {
    let tools = ApiTools::find().unwrap();
    let program = built(&tools);
    let folder = tempfile::tempdir().unwrap();
    // Orders that have been held may be shipped at once; the others only after an hour.
    let options = RunOptions { hold_seconds: 1, ..RunOptions::new(folder.path(), 41) };
    let run = Run::start(&talkative(options)).await.unwrap();
    run.sandboxes.place_random(6, 41, "plain").await.unwrap();
    run.sandboxes.place(&json!({ "count": 2, "seed": 41, "shapes": ["unknown_sku"] })).await.unwrap();
    run.sandboxes.place(&json!({ "count": 1, "seed": 41, "shapes": ["ambiguous_sku"] })).await.unwrap();
    let settled = run.settle(9, Duration::from_secs(120)).await.unwrap();
    assert!(settled.imported > 0 && settled.blocked > 0, "{settled}");
    let url = run.processes[0].url();
    // Nobody tries that one again by itself, so what the tool asks for is what imports it.
    let twins_told_apart = tell_twins_apart(&run).await;

    let mut tool = tools.node_at(&program);
    tool.env("ORDERBRIDGE_URL", &url).env("ORDERBRIDGE_TOKEN", key_of_the_tool(&run).await);
    let said = tokio::task::spawn_blocking(move || said_by(&mut tool)).await.unwrap();

    println!("{TOOL}: {said}");
    let report: Value = serde_json::from_str(said.lines().last().unwrap_or_default()).unwrap();
    let retried = report["errors"]["retried"].as_array().unwrap();
    assert_eq!((report["errors"]["listed"].as_u64(), retried.len()), (Some(3), 3), "{report}");
    let of = |issue: &str| {
        retried.iter().filter(move |order| order["issues"] == json!([issue])).collect::<Vec<_>>()
    };
    let [mended] = of("SKU_AMBIGUOUS")[..] else { panic!("{twins_told_apart}: {report}") };
    assert_eq!(
        (&mended["state"], &mended["status"]),
        (&json!("done"), &json!("awaiting_shipment")),
        "{report}"
    );
    assert_eq!(of("SKU_NOT_FOUND").len(), 2, "{report}");
    for order in of("SKU_NOT_FOUND") {
        let outcome = (&order["state"], &order["code"], &order["status"]);
        assert_eq!(outcome, (&json!("failed"), &json!("SKU_NOT_FOUND"), &json!("error")), "{report}");
    }
    assert_eq!(report["shipped"]["state"], "done", "{report}");
    assert_eq!(report["webhook"]["type"], "order.shipped", "{report}");
    assert_eq!(report["webhook"]["data"]["order_id"], report["shipped"]["orderId"], "{report}");
    assert_eq!(report["forged"], 0, "{report}");
    let orders = run.sandboxes.channel_orders().await.unwrap();
    let shipped = orders.iter().find(|order| order["id"] == report["shipped"]["tiktokOrderId"]).unwrap();
    let number = report["shipped"]["trackingNumber"].as_str().unwrap();
    assert!(shipped.to_string().contains(number), "TikTok Shop does not know {number}: {shipped}");
    figures::tell("generated client: compiled; its tool listed, retried, shipped and received a webhook");
}

/// Gives one of two products with the same SKU another one; the answer is the SKU.
async fn tell_twins_apart(run: &Run) -> String {
    let products = run.sandboxes.store_control.get("/entities/products").await.unwrap();
    let products = products.as_array().unwrap();
    let sku_of = |product: &Value| product["reference"].as_str().unwrap_or_default().to_owned();
    let is_twin = |product: &&Value| {
        let sku = sku_of(product);
        !sku.is_empty() && products.iter().filter(|other| sku_of(other) == sku).count() == 2
    };
    let twin = products.iter().rfind(is_twin).expect("two products have the same SKU");
    let change = json!({ "reference": format!("{}-OTHER", sku_of(twin)) });
    run.sandboxes.store_control.patch(&format!("/entities/products/{}", twin["id"]), &change).await.unwrap();
    sku_of(twin)
}

/// A key that carries what the tool needs, and no more.
async fn key_of_the_tool(run: &Run) -> String {
    let scopes = ["orders:read", "orders:write", "connections:read", "webhooks:read", "webhooks:write"];
    let expires_at = SystemClock.now() + TimeDelta::days(30);
    let body = json!({ "name": "Third-party tool", "scopes": scopes, "expires_at": expires_at });
    let key: Value = run.api.post("/api-keys", &body).await.unwrap();
    key["secret"].as_str().unwrap().to_owned()
}

/// Generates the client, compiles it with the tool, and returns the program.
fn built(tools: &ApiTools) -> std::path::PathBuf {
    let folder = tools.folder().join(TOOL);
    std::fs::create_dir_all(&folder).unwrap();
    for file in ["third-party-tool.ts", "tsconfig.json"] {
        std::fs::copy(tools.settings(file), folder.join(file)).unwrap();
    }
    std::fs::write(folder.join("package.json"), r#"{ "type": "module" }"#).unwrap();
    let mut generator = tools.node("openapi-typescript/bin/cli.js");
    // What has a default may be left out of a request.
    generator.arg("--default-non-nullable=false");
    generator.arg(api_document_path()).arg("--output").arg(folder.join("orderbridge.ts"));
    said_by(&mut generator);
    let mut compiler = tools.node("typescript/bin/tsc");
    compiler.arg("--project").arg(&folder);
    said_by(&mut compiler);
    Path::new(&folder).join("built/third-party-tool.js")
}

fn said_by(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

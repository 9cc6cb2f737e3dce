//! What importing a backlog asks of the store.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use shared::{ImportState, OrderCounts};
use tests::{Run, RunOptions};

use crate::Scale;
use crate::report::{Table, print_section, verdict};

/// The least calls that an import can do with: customer, address, cart, prices and order; look before, look after.
const LEAST_WRITES: u32 = 5;
const LEAST_READS: u32 = 2;
/// As many calls as the minimum plus at most one.
const MOST_CALLS: f64 = 8.0;
/// What may be read for each order; everything else is read once in a while and kept.
const READ_FOR_EACH_ORDER: [&str; 5] = ["orders", "stock_availables", "carts", "customers", "addresses"];
/// What the process may hold while a backlog drains, in megabytes.
const MOST_MEMORY_MB: u64 = 100;
const LEAST_BUSY_PERCENT: f64 = 90.0;
/// Orders that come first, so that what is read once for a connection is not counted.
const FIRST_ORDERS: u32 = 5;

pub async fn measure(scale: &Scale) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let options =
        RunOptions { order_post_ms: scale.order_post_ms, ..RunOptions::new(folder.path(), scale.seed) };
    let run = Run::start(&options).await?;
    place(&run, FIRST_ORDERS, scale.seed).await?;
    wait_until_imported(&run, FIRST_ORDERS, scale).await?;
    run.sandboxes.store_control.delete("/counters").await?;

    let begun = Instant::now();
    place(&run, scale.backlog, scale.seed + 1).await?;
    wait_until_imported(&run, FIRST_ORDERS + scale.backlog, scale).await?;
    let took = begun.elapsed();
    let counters = run.sandboxes.store_control.get("/counters").await?;
    print_calls(scale, &counters)?;
    print_business(scale, &counters, took, run.processes[0].peak_memory())?;

    let to_read_them_all = Duration::from_secs(60) + Duration::from_millis(20 * u64::from(scale.backlog));
    let comparison = run.settle(0, to_read_them_all).await?;
    println!("  afterwards: {comparison}");
    Ok(())
}

async fn place(run: &Run, count: u32, seed: u64) -> Result<()> {
    let orders = json!({ "count": count, "seed": seed, "mix": "plain", "start": "shippable" });
    run.sandboxes.place(&orders).await.map(drop)
}

async fn wait_until_imported(run: &Run, count: u32, scale: &Scale) -> Result<()> {
    let begun = Instant::now();
    let limit =
        Duration::from_secs(60) + Duration::from_millis((scale.order_post_ms + 50) * 4 * u64::from(count));
    loop {
        let known: OrderCounts = run.api.get("/orders/counts").await?;
        // A count with a filter ends at some ten thousand, so what is left is counted, and in the order in which it goes on.
        let mut left = 0;
        for state in [ImportState::Waiting, ImportState::Pending, ImportState::Importing] {
            let counts: OrderCounts = run.api.get(&format!("/orders/counts?import_state={state}")).await?;
            left += counts.all;
        }
        if known.all >= i64::from(count) && left == 0 {
            return Ok(());
        }
        ensure!(begun.elapsed() < limit, "{left} of {count} orders were not imported");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Calls by method and resource, beside the minimum.
fn print_calls(scale: &Scale, counters: &Value) -> Result<()> {
    let calls: BTreeMap<String, u64> = serde_json::from_value(counters["calls"].clone())?;
    let per_order = |calls: u64| calls as f64 / f64::from(scale.backlog);
    print_section(&format!(
        "Calls to the store: {} plain orders, one process on SQLite, with all other reading of the store meanwhile",
        scale.backlog
    ));
    let mut table = Table::new(&["call", "calls", "per order", "least", ""]);
    let (mut writes, mut reads, mut facts) = (0, 0, 0);
    for (call, count) in &calls {
        let kind = match call.split_once(' ') {
            Some(("GET", resource)) if READ_FOR_EACH_ORDER.contains(&resource) => &mut reads,
            Some(("GET", _)) => &mut facts,
            _ => &mut writes,
        };
        *kind += count;
        table.row([call.clone(), count.to_string(), format!("{:.2}", per_order(*count))]);
    }
    let mut sum = |name: &str, count: u64, least: u32, verdict: &str| {
        let per_order = format!("{:.2}", per_order(count));
        table.row([name.to_owned(), count.to_string(), per_order, least.to_string(), verdict.to_owned()]);
    };
    let together = writes + reads;
    // To one decimal, for the reader of what changed in the store looks through the orders a few times meanwhile.
    let met = (per_order(together) * 10.0).round() / 10.0 <= MOST_CALLS;
    sum("writes", writes, LEAST_WRITES, "");
    sum("reads for each order", reads, LEAST_READS, "");
    sum("together", together, LEAST_WRITES + LEAST_READS, verdict(met));
    sum("reads of what rarely changes", facts, 0, "");
    print!("{table}");
    Ok(())
}

/// How much of the time an order was being created, and whether two ever were.
fn print_business(scale: &Scale, counters: &Value, took: Duration, peak_memory: Option<u64>) -> Result<()> {
    let number = |name: &str| counters[name].as_u64().with_context(|| format!("no {name}"));
    let (busy, span) = (number("order_post_busy_ms")?, number("order_post_span_ms")?);
    let at_once = number("order_posts_at_once")?;
    let percent = 100.0 * busy as f64 / span.max(1) as f64;
    print_section(&format!(
        "The store's single file of order creations: {} ms each, {} orders in {:.1} s",
        scale.order_post_ms,
        scale.backlog,
        took.as_secs_f64()
    ));
    let mut table = Table::new(&["", "measured", "target", ""]);
    table.row([
        "time with an order POST in progress".to_owned(),
        format!("{percent:.1} %"),
        format!(">= {LEAST_BUSY_PERCENT} %"),
        verdict(percent >= LEAST_BUSY_PERCENT).to_owned(),
    ]);
    table.row([
        "pause between two order POSTs, on average".to_owned(),
        format!("{} ms", span.saturating_sub(busy) / u64::from(scale.backlog.saturating_sub(1).max(1))),
    ]);
    table.row([
        "order POSTs at once, at most".to_owned(),
        at_once.to_string(),
        "1".to_owned(),
        verdict(at_once == 1).to_owned(),
    ]);
    if let Some(megabytes) = peak_memory.map(|bytes| bytes / 1_000_000) {
        table.row([
            "most memory that the process held".to_owned(),
            format!("{megabytes} MB"),
            format!("<= {MOST_MEMORY_MB} MB"),
            verdict(megabytes <= MOST_MEMORY_MB).to_owned(),
        ]);
    }
    print!("{table}");
    Ok(())
}

//! The grid's queries on both databases, beside bare SQL, and how they grow.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clock::SystemClock;
use database::entities::orders;
use database::{Database, MasterKey, Vault};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::EntityTrait;
use test_database::TestDatabase;

use crate::Scale;
use crate::grid_orders::{connect_shops, place};
use crate::grid_queries::{self, Query};
use crate::report::{Samples, Table, ms, print_section, ratio, verdict};

/// Orders around which is asked.
const AROUND: usize = 50;
/// No query is asked for longer than this at one size, unless it is asked less often than [`FEWEST`].
const LONGEST: Duration = Duration::from_secs(4);
const FEWEST: usize = 10;
const MOST_RATIO: f64 = 2.0;
const MOST_GROWTH: f64 = 1.5;

/// A query's times, by hand and by orderbridge.
#[derive(Debug, Default)]
struct Times {
    bare: Samples,
    ours: Samples,
}

pub async fn measure(scale: &Scale) -> Result<()> {
    for store in test_database::databases().await {
        measure_on(&store, scale).await?;
    }
    Ok(())
}

async fn measure_on(store: &TestDatabase, scale: &Scale) -> Result<()> {
    let vault = Vault::new(&MasterKey::new([7; 32]));
    let database = Database::connect(&store.url, vault, SystemClock::shared()).await?;
    let shops = connect_shops(&database).await?;
    let queries = grid_queries::all(database.backend());
    let (few, many) = (scale.grid_orders / 10, scale.grid_orders);
    print_section(&format!("The grid on {} with {many} orders; milliseconds, pages of 50", store.name));
    place(&database, &shops, 0..few, scale.seed).await?;
    let at_few = ask_all(&database, &queries, few, scale).await?;
    let begun = Instant::now();
    place(&database, &shops, few..many, scale.seed + 1).await?;
    println!("  placed {} orders in {:.1} s", many - few, begun.elapsed().as_secs_f64());
    let at_many = ask_all(&database, &queries, many, scale).await?;

    let few_heading = format!("p99 at {few}");
    let mut table = Table::new(&[
        "",
        "bare p50",
        "p99",
        "grid p50",
        "p99",
        "grid / bare",
        &few_heading,
        "growth",
        "bare's growth",
        "",
    ]);
    for ((query, few), many) in queries.iter().zip(&at_few).zip(&at_many) {
        let over_bare = ratio(many.ours.percentile(50), many.bare.percentile(50));
        let growth = ratio(many.ours.percentile(99), few.ours.percentile(99));
        table.row([
            query.name.clone(),
            ms(many.bare.percentile(50)),
            ms(many.bare.percentile(99)),
            ms(many.ours.percentile(50)),
            ms(many.ours.percentile(99)),
            format!("{over_bare:.2}"),
            ms(few.ours.percentile(99)),
            format!("{growth:.2}"),
            format!("{:.2}", ratio(many.bare.percentile(99), few.bare.percentile(99))),
            verdict(over_bare <= MOST_RATIO && growth <= MOST_GROWTH).to_owned(),
        ]);
    }
    print!("{table}");
    println!("  targets: grid / bare <= {MOST_RATIO} (of the medians), growth of the p99 <= {MOST_GROWTH}");
    Ok(())
}

async fn ask_all(database: &Database, queries: &[Query], orders: u32, scale: &Scale) -> Result<Vec<Times>> {
    let mut random = StdRng::seed_from_u64(scale.seed);
    let mut around = Vec::new();
    for _ in 0..AROUND {
        let id = random.random_range(orders / 4..orders * 3 / 4) + 1;
        let order = orders::Entity::find_by_id(i64::from(id)).one(database.reader()).await?;
        around.push(order.with_context(|| format!("order {id} is missing"))?);
    }
    let mut all = Vec::new();
    for query in queries {
        let times = ask(database, query, &around, scale.samples).await;
        all.push(times.with_context(|| query.name.clone())?);
    }
    Ok(all)
}

/// Asks in turn by hand and by orderbridge, so that whatever else the machine does falls on both.
async fn ask(database: &Database, query: &Query, around: &[orders::Model], samples: usize) -> Result<Times> {
    let mut times = Times::default();
    let begun = Instant::now();
    for (number, order) in around.iter().cycle().take(samples + 1).enumerate() {
        if number > FEWEST && begun.elapsed() > LONGEST {
            break;
        }
        let question = query.prepare(database, order)?;
        let start = Instant::now();
        let expected = question.ask_bare(database).await?;
        let bare = start.elapsed();
        let start = Instant::now();
        let found = question.ask(database).await?;
        let ours = start.elapsed();
        ensure!(found.agrees_with(expected), "{found:?}, but {expected} by hand");
        // The first time, statements are prepared and pages are read.
        if number > 0 {
            times.bare.push(bare);
            times.ours.push(ours);
        }
    }
    Ok(times)
}

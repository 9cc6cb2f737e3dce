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
/// No query is asked for longer than this, unless it is asked less often than [`FEWEST`].
const LONGEST: Duration = Duration::from_secs(6);
const FEWEST: usize = 10;
const MOST_RATIO: f64 = 2.0;
const MOST_GROWTH: f64 = 1.5;

/// A query's times: by hand, by orderbridge, and by orderbridge among a tenth of the orders.
#[derive(Debug, Default)]
struct Times {
    bare: Samples,
    ours: Samples,
    among_few: Samples,
}

/// A database with so many orders, and some of them to ask around.
struct Grid {
    database: Database,
    around: Vec<orders::Model>,
    _store: TestDatabase,
}

pub async fn measure(scale: &Scale) -> Result<()> {
    let stores = test_database::databases().await.into_iter().zip(test_database::databases().await);
    for (store, store_of_few) in stores {
        let name = store.name;
        let (few, many) = (scale.grid_orders / 10, scale.grid_orders);
        print_section(&format!("The grid on {name} with {many} orders; milliseconds, pages of 50"));
        let begun = Instant::now();
        let many_grid = Grid::fill(store, many, scale.seed).await?;
        println!("  placed {many} orders in {:.1} s", begun.elapsed().as_secs_f64());
        let few_grid = Grid::fill(store_of_few, few, scale.seed).await?;
        let mut all = Vec::new();
        let queries = grid_queries::all(many_grid.database.backend());
        for query in queries.into_iter().filter(|query| query.name.contains(&scale.query)) {
            let times = ask(&query, &many_grid, &few_grid, scale.samples).await;
            all.push((times.with_context(|| query.name.clone())?, query));
        }
        print_times(&all, few);
    }
    Ok(())
}

impl Grid {
    async fn fill(store: TestDatabase, count: u32, seed: u64) -> Result<Self> {
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let database = Database::connect(&store.url, vault, SystemClock::shared()).await?;
        let shops = connect_shops(&database).await?;
        place(&database, &shops, count, seed).await?;
        let mut random = StdRng::seed_from_u64(seed);
        let mut around = Vec::new();
        for _ in 0..AROUND {
            let id = random.random_range(count / 4..count * 3 / 4) + 1;
            let order = orders::Entity::find_by_id(i64::from(id)).one(database.reader()).await?;
            around.push(order.with_context(|| format!("order {id} is missing"))?);
        }
        Ok(Self { database, around, _store: store })
    }
}

/// Asks in turn by hand, by orderbridge, and by orderbridge among few orders, so that whatever else the machine does
/// falls on all three.
async fn ask(query: &Query, many: &Grid, few: &Grid, samples: usize) -> Result<Times> {
    let mut times = Times::default();
    let begun = Instant::now();
    let around = many.around.iter().zip(&few.around).cycle().take(samples + 1);
    for (number, (around_many, around_few)) in around.enumerate() {
        if number > FEWEST && begun.elapsed() > LONGEST {
            break;
        }
        let question = query.prepare(&many.database, around_many)?;
        let question_of_few = query.prepare(&few.database, around_few)?;
        let (expected, bare) = timed(question.ask_bare(&many.database)).await?;
        let (found, ours) = timed(question.ask(&many.database)).await?;
        let (_, among_few) = timed(question_of_few.ask(&few.database)).await?;
        ensure!(found.agrees_with(expected), "{found:?}, but {expected} by hand");
        // The first time, statements are prepared and the database's pages are read.
        if number > 0 {
            times.bare.push(bare);
            times.ours.push(ours);
            times.among_few.push(among_few);
        }
    }
    Ok(times)
}

async fn timed<T>(work: impl Future<Output = Result<T>>) -> Result<(T, Duration)> {
    let begun = Instant::now();
    let result = work.await?;
    Ok((result, begun.elapsed()))
}

fn print_times(all: &[(Times, Query)], few: u32) {
    let few_heading = format!("p99 at {few}");
    let headings =
        ["", "bare p50", "p99", "grid p50", "p99", "grid / bare", &few_heading, "growth", "of the p50", ""];
    let mut table = Table::new(&headings);
    for (Times { bare, ours, among_few }, query) in all {
        let over_bare = ratio(ours.percentile(50), bare.percentile(50));
        let growth = ratio(ours.percentile(99), among_few.percentile(99));
        table.row([
            query.name.clone(),
            ms(bare.percentile(50)),
            ms(bare.percentile(99)),
            ms(ours.percentile(50)),
            ms(ours.percentile(99)),
            format!("{over_bare:.2}"),
            ms(among_few.percentile(99)),
            format!("{growth:.2}"),
            format!("{:.2}", ratio(ours.percentile(50), among_few.percentile(50))),
            verdict(over_bare <= MOST_RATIO && growth <= MOST_GROWTH).to_owned(),
        ]);
    }
    print!("{table}");
    println!("  targets: grid / bare <= {MOST_RATIO} (of the p50), growth (of the p99) <= {MOST_GROWTH}");
}

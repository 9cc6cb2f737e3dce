//! What the grid asks, each beside the SQL that somebody would write for it by hand.

use anyhow::{Result, anyhow};
use chrono::TimeDelta;
use database::entities::orders;
use database::order_counts;
use database::page::{PageRequest, Position, PositionKey, Start};
use database::{BuyerFilter, Criteria, Database, Reach, from_ms, order_list};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement, Value};
use shared::{OrderFilter, Search, SortKey};

use crate::grid_orders::{FREQUENT_WORD, RARE_WORD, UNCOMMON_WORD};

/// Orders on a page, as the page asks for them.
const LIMIT: u32 = 50;

/// Something the grid asks again and again, each time around another order.
pub struct Query {
    pub name: String,
    question: Box<dyn Fn(&orders::Model) -> Question>,
    bare: Box<dyn Fn(&orders::Model) -> Bare>,
}

/// What is asked of orderbridge.
struct Question {
    pairs: Vec<(&'static str, String)>,
    asked: Asked,
}

enum Asked {
    Page(Start),
    Counts,
}

/// The same by hand.
struct Bare {
    sql: String,
    values: Vec<Value>,
    gives_orders: bool,
}

/// A question that is ready to be asked.
pub struct Prepared {
    criteria: Criteria,
    request: Option<PageRequest>,
    bare: Statement,
    gives_orders: bool,
}

impl Query {
    /// Makes it a question about an order.
    ///
    /// # Errors
    /// When the filter is not understood.
    pub fn prepare(&self, database: &Database, around: &orders::Model) -> Result<Prepared> {
        let Question { pairs, asked } = (self.question)(around);
        let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str()));
        let filter = OrderFilter::from_pairs(pairs).map_err(|errors| anyhow!("{errors:?}"))?;
        let search = Search::of(&filter, database.clock.now()).map_err(|errors| anyhow!("{errors:?}"))?;
        let criteria = Criteria::new(search, BuyerFilter::default(), &Reach::All)
            .map_err(|errors| anyhow!("{errors:?}"))?;
        let request = match asked {
            Asked::Page(start) => Some(PageRequest { limit: LIMIT, start }),
            Asked::Counts => None,
        };
        let Bare { sql, values, gives_orders } = (self.bare)(around);
        let bare = Statement::from_sql_and_values(database.backend(), sql, values);
        Ok(Prepared { criteria, request, bare, gives_orders })
    }
}

impl Prepared {
    /// Asks orderbridge; answers how many orders it shows or counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask(&self, database: &Database) -> Result<Shown> {
        let (db, vault) = (database.reader(), &database.vault);
        let Some(request) = &self.request else {
            let counts = order_counts::count(db, vault, self.criteria.clone()).await?;
            return Ok(Shown { orders: usize::try_from(counts.all)?, are_all: !counts.at_least });
        };
        let page = order_list::list(db, vault, &self.criteria, request).await?;
        // What comes before a page in the middle is not asked for by the bare query either.
        let is_last =
            if matches!(request.start, Start::Before(_)) { !page.has_previous } else { !page.has_more };
        Ok(Shown { orders: page.items.len(), are_all: is_last })
    }

    /// Asks the database in plain SQL, and reads the rows into the same struct.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask_bare(&self, database: &Database) -> Result<usize> {
        let db = database.reader();
        if self.gives_orders {
            return Ok(orders::Entity::find().from_raw_sql(self.bare.clone()).all(db).await?.len());
        }
        let rows = db.query_all_raw(self.bare.clone()).await?;
        let counts = rows.iter().map(|row| row.try_get_by_index::<i64>(1)).collect::<Result<Vec<_>, _>>()?;
        Ok(usize::try_from(counts.iter().sum::<i64>())?)
    }
}

/// How many orders an answer holds.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    orders: usize,
    /// Whether there are no more than these.
    are_all: bool,
}

impl Shown {
    /// Whether it is what plain SQL answered: it counts to the end, and of a page it reads one order more.
    pub fn agrees_with(self, bare: usize) -> bool {
        if self.are_all { self.orders == bare } else { self.orders <= bare }
    }
}

/// Everything that is measured.
pub fn all(backend: DbBackend) -> Vec<Query> {
    let mut all = pages();
    all.extend(SortKey::ALL.iter().map(|key| page_by(*key)));
    all.extend(searches(backend));
    all.extend(counts(backend));
    all
}

fn query(
    name: &str,
    question: impl Fn(&orders::Model) -> Question + 'static,
    bare: impl Fn(&orders::Model) -> Bare + 'static,
) -> Query {
    Query { name: name.to_owned(), question: Box::new(question), bare: Box::new(bare) }
}

/// One page under a filter that is always the same; `condition` is the filter in SQL.
fn page(
    name: &str,
    pairs: &'static [(&'static str, &'static str)],
    middle: bool,
    condition: &'static str,
    order: &'static str,
) -> Query {
    let question = move |around: &orders::Model| Question {
        pairs: pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        asked: Asked::Page(if middle { Start::After(placed(around)) } else { Start::First }),
    };
    let bare = move |around: &orders::Model| {
        let (start, values) = if middle {
            ("AND (placed_at, id) < ($1, $2)", vec![around.placed_at.into(), around.id.into()])
        } else {
            ("", Vec::new())
        };
        listed(format!("WHERE {condition} {start}"), order, values)
    };
    query(name, question, bare)
}

/// A page of orders in plain SQL.
fn listed(condition: String, order: &str, values: Vec<Value>) -> Bare {
    let sql = format!(
        "SELECT orders.* FROM orders {condition} AND archived_at IS NULL ORDER BY {order} LIMIT {}",
        LIMIT + 1
    );
    Bare { sql, values, gives_orders: true }
}

const NEWEST_FIRST: &str = "placed_at DESC, id DESC";

fn placed(order: &orders::Model) -> Position {
    Position { key: PositionKey::Number(order.placed_at), id: order.id }
}

fn pages() -> Vec<Query> {
    let newest = NEWEST_FIRST;
    let before = query(
        "page before one in the middle",
        |around| Question { pairs: Vec::new(), asked: Asked::Page(Start::Before(placed(around))) },
        |around| {
            let values = vec![around.placed_at.into(), around.id.into()];
            listed("WHERE (placed_at, id) > ($1, $2)".to_owned(), "placed_at, id", values)
        },
    );
    let open = "status IN ('awaiting_shipment', 'error')";
    let of_shop = "connection_id = 2 AND status = 'awaiting_shipment'";
    vec![
        page("first page", &[], false, "TRUE", newest),
        page("page in the middle", &[], true, "TRUE", newest),
        before,
        page("a status", &[("status", "completed")], false, "status = 'completed'", newest),
        page("a status, in the middle", &[("status", "completed")], true, "status = 'completed'", newest),
        page("a rare status", &[("status", "error")], false, "status = 'error'", newest),
        page("two statuses", &[("status", "awaiting_shipment,error")], false, open, newest),
        page("a connection", &[("connection", "2")], false, "connection_id = 2", newest),
        page(
            "connection and status, in the middle",
            &[("connection", "2"), ("status", "awaiting_shipment")],
            true,
            of_shop,
            newest,
        ),
        page("a country", &[("country", "IE")], false, "country = 'IE'", newest),
        page(
            "a status, by total",
            &[("status", "awaiting_shipment"), ("sort", "-total")],
            false,
            "status = 'awaiting_shipment'",
            "total_micros DESC, id DESC",
        ),
        page(
            "a rare status, by total",
            &[("status", "error"), ("sort", "-total")],
            false,
            "status = 'error'",
            "total_micros DESC, id DESC",
        ),
        page(
            "a frequent status, by total",
            &[("status", "completed"), ("sort", "-total")],
            false,
            "status = 'completed'",
            "total_micros DESC, id DESC",
        ),
    ]
}

/// A page in the middle of the list in the order of a column.
fn page_by(key: SortKey) -> Query {
    let question = move |around: &orders::Model| Question {
        pairs: vec![("sort", format!("-{key}"))],
        asked: Asked::Page(Start::After(order_list::position_of(key, around))),
    };
    let bare = move |around: &orders::Model| match key {
        SortKey::Id => listed("WHERE id < $1".to_owned(), "id DESC", vec![around.id.into()]),
        SortKey::CreatedAt => by_column("placed_at", around.placed_at.into(), around.id),
        SortKey::TikTokOrderId => {
            by_column("tiktok_order_id", around.tiktok_order_id.as_str().into(), around.id)
        }
        SortKey::Status => by_column("status", around.status.as_str().into(), around.id),
        SortKey::Total => by_column("total_micros", around.total_micros.into(), around.id),
        SortKey::UpdatedAt => by_column("updated_at", around.updated_at.into(), around.id),
        SortKey::StoreOrderId => {
            by_expression("COALESCE(store_order_id, 0)", around.store_order_id.unwrap_or(0), around.id)
        }
        SortKey::ShipBy => by_expression(
            "COALESCE(ship_by, 9223372036854775807)",
            around.ship_by.unwrap_or(i64::MAX),
            around.id,
        ),
    };
    query(&format!("in the middle by {key}"), question, bare)
}

fn by_column(column: &str, key: Value, id: i64) -> Bare {
    let order = format!("{column} DESC, id DESC");
    listed(format!("WHERE ({column}, id) < ($1, $2)"), &order, vec![key, id.into()])
}

/// SQLite compares row values through an index only where they are columns; so by hand, too, it takes two ranges.
fn by_expression(key: &str, value: i64, id: i64) -> Bare {
    let limit = LIMIT + 1;
    let sql = format!(
        "SELECT * FROM (
            SELECT * FROM (SELECT * FROM orders WHERE {key} = $1 AND id < $2 AND archived_at IS NULL
                ORDER BY id DESC LIMIT {limit}) AS same
            UNION ALL
            SELECT * FROM (SELECT * FROM orders WHERE {key} < $3 AND archived_at IS NULL
                ORDER BY {key} DESC, id DESC LIMIT {limit}) AS beyond
        ) AS found ORDER BY {key} DESC, id DESC LIMIT {limit}"
    );
    Bare { sql, values: vec![value.into(), id.into(), value.into()], gives_orders: true }
}

/// The text of an order contains a word, through the trigram index.
fn contains(backend: DbBackend, word: &str) -> String {
    let like = format!("text LIKE '%{word}%'");
    match backend {
        DbBackend::Postgres => format!("JOIN order_search ON rowid = id WHERE {like}"),
        // An FTS5 table has a column of its own name, and the order's own `id` is its row's number.
        _ => format!("JOIN order_search ON order_search.rowid = orders.id WHERE order_search.{like}"),
    }
}

fn searches(backend: DbBackend) -> Vec<Query> {
    let by_word = |name: &str, word: &'static str| {
        query(
            name,
            move |_| Question { pairs: vec![("q", word.to_owned())], asked: Asked::Page(Start::First) },
            move |_| listed(contains(backend, word), NEWEST_FIRST, Vec::new()),
        )
    };
    let prefix = query(
        "first digits of a TikTok id",
        |around| Question {
            pairs: vec![("tiktok_order_id", prefix(around).0)],
            asked: Asked::Page(Start::First),
        },
        |around| {
            let (from, end) = prefix(around);
            let values = vec![from.into(), end.into()];
            listed("WHERE tiktok_order_id >= $1 AND tiktok_order_id < $2".to_owned(), NEWEST_FIRST, values)
        },
    );
    let full_id = query(
        "a TikTok id in the search box",
        |around| Question {
            pairs: vec![("q", around.tiktok_order_id.clone())],
            asked: Asked::Page(Start::First),
        },
        |around| {
            let values = vec![around.tiktok_order_id.as_str().into()];
            listed("WHERE tiktok_order_id = $1".to_owned(), NEWEST_FIRST, values)
        },
    );
    vec![
        prefix,
        full_id,
        by_word("a rare word", RARE_WORD),
        by_word("an uncommon word", UNCOMMON_WORD),
        by_word("a frequent word", FREQUENT_WORD),
    ]
}

/// Some first digits of an order's id, and the same count of digits that comes next.
fn prefix(order: &orders::Model) -> (String, String) {
    let prefix: String = order.tiktok_order_id.chars().take(10).collect();
    let next = prefix.parse::<u64>().map_or_else(|_| prefix.clone(), |number| (number + 1).to_string());
    (prefix, next)
}

fn counts(backend: DbBackend) -> Vec<Query> {
    let counted = |sql: String, values: Vec<Value>| Bare { sql, values, gives_orders: false };
    let by_status = "SELECT status, COUNT(*) FROM orders";
    let all = query(
        "counts",
        |_| Question { pairs: Vec::new(), asked: Asked::Counts },
        move |_| {
            counted(
                "SELECT status, CAST(SUM(n) AS BIGINT) FROM order_counts GROUP BY status".to_owned(),
                Vec::new(),
            )
        },
    );
    let all_rows = query(
        "counts, beside counting every row",
        |_| Question { pairs: Vec::new(), asked: Asked::Counts },
        move |_| counted(format!("{by_status} WHERE archived_at IS NULL GROUP BY status"), Vec::new()),
    );
    let range = query(
        "counts of a week and a half",
        |around| Question { pairs: week_and_a_half(around).0, asked: Asked::Counts },
        move |around| {
            let condition = "placed_at >= $1 AND placed_at < $2 AND archived_at IS NULL";
            let sql = format!("{by_status} WHERE {condition} GROUP BY status");
            counted(sql, week_and_a_half(around).1)
        },
    );
    let by_word = |name: &str, word: &'static str| {
        query(
            name,
            move |_| Question { pairs: vec![("q", word.to_owned())], asked: Asked::Counts },
            move |_| {
                let condition = contains(backend, word);
                let sql = format!("{by_status} {condition} AND archived_at IS NULL GROUP BY status");
                counted(sql, Vec::new())
            },
        )
    };
    let country = query(
        "counts of a country",
        |_| Question { pairs: vec![("country", "IE".to_owned())], asked: Asked::Counts },
        move |_| {
            let condition = "country = 'IE' AND archived_at IS NULL";
            counted(format!("{by_status} WHERE {condition} GROUP BY status"), Vec::new())
        },
    );
    vec![
        all,
        all_rows,
        range,
        country,
        by_word("counts of a rare word", RARE_WORD),
        by_word("counts of an uncommon word", UNCOMMON_WORD),
        by_word("counts of a frequent word", FREQUENT_WORD),
    ]
}

/// A range of time that begins and ends within a day, as a filter and as SQL has it.
fn week_and_a_half(order: &orders::Model) -> (Vec<(&'static str, String)>, Vec<Value>) {
    let end = from_ms(order.placed_at);
    let begin = end - TimeDelta::hours(10 * 24 + 12);
    let pairs = vec![("created_at[gte]", begin.to_rfc3339()), ("created_at[lt]", end.to_rfc3339())];
    (pairs, vec![database::to_ms(begin).into(), order.placed_at.into()])
}

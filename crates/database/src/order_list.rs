//! The grid: pages of orders under a filter, in the order of one column.

use sea_orm::sea_query::{Asterisk, Expr, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter,
    QueryTrait,
};
use shared::{OrderSummary, SortKey};

use crate::Vault;
use crate::entities::orders::{Column, Entity, Model};
use crate::order_filter::{Criteria, Resolved, SHIP_BY, STORE_ORDER_ID};
use crate::order_summary::Surroundings;
use crate::page::{PageRequest, Position, PositionKey, Range, Slice};

/// Up to this many combinations of status and connection are read one by one and merged.
const MAX_SPLITS: usize = 20;
/// Up to this many orders are sorted for a page; of more, the list's own index is walked until the page is full.
const SORTED: u64 = 5_000;

/// How the orders of the asked statuses and connections are found in the order of the list.
enum Access {
    /// By an index that leads with each of these and ends in the sorting key.
    Merge(Vec<Condition>),
    /// However the database likes: there is nothing to look up by, or the orders are named one by one.
    Plain,
    /// They are so few that looking them all up and sorting them is cheap.
    Sort,
    /// They are met soon enough by going through the index of the sorting key.
    Walk,
}

/// One page of the grid. Archived orders are left out.
///
/// # Errors
/// When the database fails or holds a word that is not known.
pub async fn list(
    db: &impl ConnectionTrait,
    vault: &Vault,
    criteria: &Criteria,
    request: &PageRequest,
) -> Result<Slice<OrderSummary>, DbErr> {
    let resolved = criteria.resolve(db, vault).await?;
    let access = access(db, criteria, &resolved).await?;
    let rows = db.query_all(&statement(criteria, &resolved, &access, request)).await?;
    let rows = rows.iter().map(|row| Model::from_query_result(row, "")).collect::<Result<Vec<_>, _>>()?;
    let key = criteria.filter.sort.key;
    let slice = request.slice(rows, |row| position_of(key, row));
    let surroundings = Surroundings::of(db, &slice.items).await?;
    slice.try_map(|row| surroundings.summary_of(row))
}

/// The query of one page.
fn statement(
    criteria: &Criteria,
    resolved: &Resolved<'_>,
    access: &Access,
    request: &PageRequest,
) -> SelectStatement {
    let sort = criteria.filter.sort;
    let key = match (resolved.backend(), access) {
        // PostgreSQL takes the index of the sorting key for the shorter way as long as it believes that the orders lie
        // evenly in it. Few orders often lie together, at the far end.
        (DbBackend::Postgres, Access::Sort) => Some(Expr::cust(unindexed_key_of(sort.key))),
        _ => key_of(sort.key),
    };
    let order = request.order(sort.descending);
    let ordered = |query: &mut SelectStatement, key: Option<Expr>| {
        if let Some(key) = key {
            query.order_by_expr(key, order.clone());
        }
        query.order_by(Column::Id, order.clone()).limit(request.rows()).to_owned()
    };
    let page = |split: &Condition, start: &Range| {
        let rows = Entity::find().filter(resolved.condition()).filter(split.clone());
        let rows = rows.filter(start.condition.clone());
        // Rows with the same key are in the order of their ids; told to sort by the key too, SQLite would sort.
        ordered(&mut rows.into_query(), key.clone().filter(|_| !start.has_one_key))
    };
    let starts = match (resolved.backend(), &key) {
        (DbBackend::Sqlite, Some(key)) => request.two_ranges(key, Column::Id, sort.descending),
        _ => vec![request.range(key.clone(), Column::Id, sort.descending)],
    };
    let splits = match access {
        Access::Merge(splits) => splits.clone(),
        Access::Plain | Access::Sort => vec![resolved.status_and_connection()],
        Access::Walk => vec![resolved.status_and_connection_unindexed()],
    };
    let mut pages: Vec<_> =
        splits.iter().flat_map(|split| starts.iter().map(|start| page(split, start))).collect();
    let first = pages.remove(0);
    if pages.is_empty() {
        return first;
    }

    // Neither database walks several ranges of an index in the order of their ends: asked for two statuses at once, both
    // would sort all orders of both. So each range gives its own page, and these are merged.
    let branch =
        |page: SelectStatement| Query::select().column(Asterisk).from_subquery(page, "branch").to_owned();
    let mut branches = branch(first);
    for other in pages {
        branches.union(UnionType::All, branch(other));
    }
    ordered(Query::select().column(Asterisk).from_subquery(branches, "merged"), key.clone())
}

/// Decides how to find the orders. SQLite, left to itself, would sort all orders of a status rather than walk an index.
async fn access(
    db: &impl ConnectionTrait,
    criteria: &Criteria,
    resolved: &Resolved<'_>,
) -> Result<Access, DbErr> {
    let filter = &criteria.filter;
    if resolved.is_short_list() || (filter.status.is_empty() && filter.connection.is_empty()) {
        return Ok(Access::Plain);
    }
    if let Some(splits) = splits(criteria) {
        return Ok(Access::Merge(splits));
    }
    let some = Query::select()
        .expr(Expr::val(1))
        .from(Entity)
        .cond_where(resolved.status_and_connection())
        .limit(SORTED + 1)
        .to_owned();
    let count =
        Query::select().expr_as(Expr::cust("COUNT(*)"), "n").from_subquery(some, "some_orders").to_owned();
    let row = db.query_one(&count).await?;
    let n: i64 = row.map_or(Ok(0), |row| row.try_get("", "n"))?;
    Ok(if n.unsigned_abs() <= SORTED { Access::Sort } else { Access::Walk })
}

/// The conditions on status and connection, one by one, where an index leads with them and ends in the sorting key.
fn splits(criteria: &Criteria) -> Option<Vec<Condition>> {
    let filter = &criteria.filter;
    let mut statuses: Vec<_> = filter.status.iter().map(|status| status.as_str()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let mut connections: Vec<_> = filter.connection.iter().map(|id| id.0).collect();
    connections.sort_unstable();
    connections.dedup();
    let key = filter.sort.key;
    if (!statuses.is_empty() && !sort_splits_statuses(key))
        || (!connections.is_empty() && !sort_splits_connections(key))
    {
        return None;
    }
    let each =
        |conditions: Vec<Condition>| if conditions.is_empty() { vec![Condition::all()] } else { conditions };
    let by_status = statuses.iter().map(|status| Condition::all().add(Column::Status.eq(*status)));
    let by_connection = connections.iter().map(|id| Condition::all().add(Column::ConnectionId.eq(*id)));
    let (by_status, by_connection) = (each(by_status.collect()), each(by_connection.collect()));
    let both = |status: &Condition| {
        by_connection.iter().map(|connection| status.clone().add(connection.clone())).collect::<Vec<_>>()
    };
    let splits: Vec<_> = by_status.iter().flat_map(both).collect();
    (splits.len() <= MAX_SPLITS).then_some(splits)
}

fn sort_splits_statuses(key: SortKey) -> bool {
    matches!(key, SortKey::CreatedAt | SortKey::Id | SortKey::Status)
}

fn sort_splits_connections(key: SortKey) -> bool {
    matches!(key, SortKey::CreatedAt)
}

/// What the list is sorted by before the id; spelled as the indexes spell it.
fn key_of(key: SortKey) -> Option<Expr> {
    Some(match key {
        SortKey::Id => return None,
        SortKey::CreatedAt => Expr::col(Column::PlacedAt),
        SortKey::StoreOrderId => Expr::cust(STORE_ORDER_ID),
        SortKey::TikTokOrderId => Expr::col(Column::TiktokOrderId),
        SortKey::Status => Expr::col(Column::Status),
        SortKey::ShipBy => Expr::cust(SHIP_BY),
        SortKey::Total => Expr::col(Column::TotalMicros),
        SortKey::UpdatedAt => Expr::col(Column::UpdatedAt),
    })
}

/// The same, but as no index spells it.
fn unindexed_key_of(key: SortKey) -> &'static str {
    match key {
        SortKey::Id => "id + 0",
        SortKey::CreatedAt => "placed_at + 0",
        SortKey::StoreOrderId => "COALESCE(store_order_id, 0) + 0",
        SortKey::TikTokOrderId => "tiktok_order_id || ''",
        SortKey::Status => "status || ''",
        SortKey::ShipBy => "COALESCE(ship_by, 9223372036854775807) + 0",
        SortKey::Total => "total_micros + 0",
        SortKey::UpdatedAt => "updated_at + 0",
    }
}

/// Where a row stands in the order of a sort key: what the cursor of a page says.
#[must_use]
pub fn position_of(key: SortKey, row: &Model) -> Position {
    let key = match key {
        SortKey::CreatedAt => PositionKey::Number(row.placed_at),
        SortKey::Id => PositionKey::Number(row.id),
        SortKey::StoreOrderId => PositionKey::Number(row.store_order_id.unwrap_or(0)),
        SortKey::TikTokOrderId => PositionKey::Text(row.tiktok_order_id.clone()),
        SortKey::Status => PositionKey::Text(row.status.clone()),
        SortKey::ShipBy => PositionKey::Number(row.ship_by.unwrap_or(i64::MAX)),
        SortKey::Total => PositionKey::Number(row.total_micros),
        SortKey::UpdatedAt => PositionKey::Number(row.updated_at),
    };
    Position { key, id: row.id }
}

#[cfg(test)]
mod tests {
    use clock::SystemClock;
    use shared::{OrderFilter, Search};

    use super::*;
    use crate::page::Start;
    use crate::{BuyerFilter, Database, MasterKey};

    /// How SQLite goes about a page, step by step.
    async fn plan(database: &Database, pairs: &[(&str, &str)], sort: SortKey, start: Start) -> String {
        let mut filter = OrderFilter::from_pairs(pairs.iter().copied()).unwrap();
        filter.sort.key = sort;
        let search = Search::of(&filter, database.clock.now()).unwrap();
        let criteria = Criteria::new(search, BuyerFilter::default(), &crate::Reach::All).unwrap();
        let db = database.reader();
        let resolved = criteria.resolve(db, &database.vault).await.unwrap();
        let access = match access(db, &criteria, &resolved).await.unwrap() {
            // The database is empty; let there be many.
            Access::Sort => Access::Walk,
            access => access,
        };
        let request = PageRequest { limit: 25, start };
        let mut statement = database.backend().build(&statement(&criteria, &resolved, &access, &request));
        statement.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        let rows = db.query_all_raw(statement).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
        steps.join("\n")
    }

    #[tokio::test]
    async fn pages_walk_an_index_and_sort_nothing() {
        let store = test_database::sqlite();
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let database = Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();
        let filters: [&[(&str, &str)]; 5] = [
            &[],
            &[("country", "FR")],
            &[("connection", "1")],
            &[("status", "error")],
            &[("connection", "1"), ("status", "error")],
        ];

        for pairs in filters {
            for sort in SortKey::ALL {
                let key = match sort {
                    SortKey::TikTokOrderId | SortKey::Status => PositionKey::Text("x".to_owned()),
                    _ => PositionKey::Number(5),
                };
                for start in [Start::First, Start::After(Position { key: key.clone(), id: 7 })] {
                    let plan = plan(&database, pairs, *sort, start.clone()).await;
                    // Only the merge of two pages sorts: both pages, or what is in both.
                    let sorts = if plan.contains("MERGE (UNION ALL)") {
                        2
                    } else {
                        plan.matches("SCAN merged").count()
                    };
                    let context = format!("{pairs:?} {sort} {start:?}\n{plan}");
                    assert_eq!(plan.matches("TEMP B-TREE").count(), sorts, "{context}");
                    if start != Start::First && pairs.is_empty() {
                        let whole_start = if *sort == SortKey::Id { "(rowid<?)" } else { "=? AND id<?)" };
                        assert!(plan.contains(whole_start), "{sort}: the start is looked up\n{plan}");
                    }
                }
            }
        }
    }

    #[tokio::test]
    async fn what_is_given_to_somebody_is_listed_by_its_own_index() {
        let store = test_database::sqlite();
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let database = Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();

        let plan = plan(&database, &[("assignee", "3")], SortKey::CreatedAt, Start::First).await;

        assert!(plan.contains("orders_assignee_placed (assignee_id=?)"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }

    #[tokio::test]
    async fn several_statuses_are_read_side_by_side() {
        let store = test_database::sqlite();
        let vault = Vault::new(&MasterKey::new([7; 32]));
        let database = Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();
        let pairs = [("status", "error,on_hold,unpaid"), ("connection", "1,2")];

        let plan = plan(&database, &pairs, SortKey::CreatedAt, Start::First).await;

        assert_eq!(
            plan.matches("orders_connection_status_placed (connection_id=? AND status=?)").count(),
            6,
            "{plan}"
        );
    }

    /// Puts orders into the tables as fast as can be.
    async fn fill(database: &Database, count: u32) {
        let connection = "INSERT INTO connections (id, uid, name, state, app_key, app_secret, shop_id, shop_cipher,
                access_token, refresh_token, access_token_expires_at, refresh_token_expires_at, store_url,
                webservice_key, webservice_key_hint, settings, created_at, updated_at)
            VALUES (1, 'u', 'n', 'active', 'k', '', 's', '', '', '', 0, 0, 'https://shop.example/', '', '', '{}', 0, 0)";
        let numbers =
            format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})");
        let orders = format!(
            "{numbers} INSERT INTO orders (connection_id, tiktok_order_id, channel_status, channel_updated_at, status,
                known_status, import_state, fulfillment_type, currency, total_micros, expected_store_total_micros,
                first_item, item_count, unit_count, placed_at, received_at, updated_at)
            SELECT 1, CAST(576400000000000000 + i AS TEXT), 'IN_TRANSIT', 0, 'in_transit', 'in_transit', 'waiting',
                'merchant', 'EUR', 0, 0, '', 1, 1, i, i, i FROM n"
        );
        let text = "CASE WHEN id % 4 = 0 THEN 'soap 100%' ELSE 'candle' END";
        let search = format!("INSERT INTO order_search (rowid, text) SELECT id, {text} FROM orders");
        for sql in [connection, &orders, &search] {
            database.writer().execute_unprepared(sql).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_word_that_very_many_orders_contain_is_found_on_every_page() {
        for store in test_database::databases().await {
            let vault = Vault::new(&MasterKey::new([7; 32]));
            let database = Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();
            fill(&database, 1_600).await;
            for (word, expected) in [("candle", 1_200), ("CANDLE soap", 0), ("100%", 400), ("_oap", 0)] {
                let filter = OrderFilter { q: Some(word.to_owned()), ..OrderFilter::default() };
                let search = Search::of(&filter, database.clock.now()).unwrap();
                let criteria = Criteria::new(search, BuyerFilter::default(), &crate::Reach::All).unwrap();

                let mut found = Vec::new();
                let mut start = Start::First;
                loop {
                    let request = PageRequest { limit: 100, start };
                    let page = list(database.reader(), &database.vault, &criteria, &request).await.unwrap();
                    found.extend(page.items.iter().map(|order| order.id.0));
                    let Some(last) = page.last.filter(|_| page.has_more) else { break };
                    start = Start::After(last);
                }

                assert_eq!(found.len(), expected, "{} {word}", store.name);
                assert!(found.is_sorted_by(|one, next| one > next), "newest first, each once");
                let counts =
                    crate::order_counts::count(database.reader(), &database.vault, criteria).await.unwrap();
                assert_eq!(usize::try_from(counts.all).unwrap(), expected, "{} {word}", store.name);
            }
        }
    }

    #[tokio::test]
    async fn tags_and_special_kinds_are_found_as_whole_words_on_every_page() {
        for store in test_database::databases().await {
            let vault = Vault::new(&MasterKey::new([7; 32]));
            let database = Database::connect(&store.url, vault, SystemClock::shared()).await.unwrap();
            fill(&database, 40).await;
            for change in [
                "UPDATE orders SET tags = 'fragile\n100%_!' WHERE id % 4 = 0",
                "UPDATE orders SET tags = 'fragile glass' WHERE id % 4 = 1",
                "UPDATE orders SET special = 'gift,cancellation_requested' WHERE id % 2 = 0",
            ] {
                database.writer().execute_unprepared(change).await.unwrap();
            }
            let filters: [(&[(&str, &str)], usize); 7] = [
                (&[("tag", "fragile")], 10),
                (&[("tag", "100%_!")], 10),
                (&[("tag", "100%%!")], 0),
                (&[("tag", "fragile,fragile glass")], 20),
                (&[("special", "cancellation_requested")], 20),
                (&[("special", "gift"), ("tag", "fragile")], 10),
                (&[("special", "sample")], 0),
            ];
            for (pairs, expected) in filters {
                let filter = OrderFilter::from_pairs(pairs.iter().copied()).unwrap();
                let search = Search::of(&filter, database.clock.now()).unwrap();
                let criteria = Criteria::new(search, BuyerFilter::default(), &crate::Reach::All).unwrap();
                let request = PageRequest { limit: 100, start: Start::First };

                let page = list(database.reader(), &database.vault, &criteria, &request).await.unwrap();
                assert_eq!(page.items.len(), expected, "{} {pairs:?}", store.name);
                let counts =
                    crate::order_counts::count(database.reader(), &database.vault, criteria).await.unwrap();
                assert_eq!(usize::try_from(counts.all).unwrap(), expected, "{} {pairs:?}", store.name);
            }
        }
    }
}

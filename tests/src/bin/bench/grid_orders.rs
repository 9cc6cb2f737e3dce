//! Many orders, invented: statuses, ties, sizes and words as shops have them.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use database::connections::{self, NewConnection, Tokens};
use database::entities::orders::{ActiveModel, Entity};
use database::{ConnectionTrait, Database};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::{ActiveValue::Set, DbBackend, EntityTrait, Statement};
use shared::{ChannelStatus, ConnectionId, ConnectionSettings, ImportState, OrderStatus};

/// Shops of very different size: of 100 orders so many belong to each.
const SHARES: [u32; 3] = [70, 25, 5];
/// Of 1,000 orders so many have each status.
const STATUSES: [(OrderStatus, ChannelStatus, u32); 10] = [
    (OrderStatus::Completed, ChannelStatus::Completed, 690),
    (OrderStatus::Delivered, ChannelStatus::Delivered, 85),
    (OrderStatus::InTransit, ChannelStatus::InTransit, 85),
    (OrderStatus::AwaitingShipment, ChannelStatus::AwaitingShipment, 50),
    (OrderStatus::AwaitingCollection, ChannelStatus::AwaitingCollection, 40),
    (OrderStatus::Canceled, ChannelStatus::Cancelled, 35),
    (OrderStatus::Error, ChannelStatus::AwaitingShipment, 6),
    (OrderStatus::OnHold, ChannelStatus::OnHold, 4),
    (OrderStatus::PartiallyShipped, ChannelStatus::PartiallyShipping, 3),
    (OrderStatus::Unpaid, ChannelStatus::Unpaid, 2),
];
const COUNTRIES: [&str; 8] = ["FR", "FR", "FR", "FR", "DE", "ES", "IT", "IE"];
const TITLES: [&str; 10] = [
    "Scented candle, fig",
    "Scented candle, cedar",
    "Scented candle, linen",
    "Hand cream with shea butter",
    "Solid shampoo",
    "Olive oil soap, set of three",
    "Bath salts",
    "Beard balm",
    "Lip care, tinted",
    "Body scrub, coffee",
];
/// One order in so many is for a product with a word that no other has.
const RARE: u32 = 200;
const RARE_TITLE: &str = "Massage oil, ylang-ylang";
pub const RARE_WORD: &str = "ylang";
const UNCOMMON: u32 = 40;
const UNCOMMON_TITLE: &str = "Eau de toilette, vetiver";
pub const UNCOMMON_WORD: &str = "vetiver";
/// A word that three of ten titles contain.
pub const FREQUENT_WORD: &str = "candle";
/// The id of the first order; the others follow in some distance.
const FIRST_ID: u64 = 576_460_000_000_000_000;
const ID_DISTANCE: u64 = 1_000_003;
/// Rows in one statement: below the parameters that SQLite takes.
const ROWS: usize = 500;
/// Rows in one transaction.
const ROWS_PER_COMMIT: u32 = 10_000;

/// Connects as many shops as there are [`SHARES`]; nobody calls them.
pub async fn connect_shops(database: &Database) -> Result<Vec<ConnectionId>> {
    let now = database.clock.now();
    let mut ids = Vec::new();
    for number in 0..SHARES.len() {
        let uid = format!("shop-{number}");
        let connection = NewConnection {
            name: format!("Shop {number}"),
            app_key: "key".to_owned(),
            app_secret: "secret".to_owned(),
            shop_id: number.to_string(),
            shop_name: None,
            shop_cipher: "cipher".to_owned(),
            region: Some("FR".to_owned()),
            tokens: Tokens {
                access_token: "access".to_owned(),
                access_token_expires_at: now,
                refresh_token: "refresh".to_owned(),
                refresh_token_expires_at: now,
            },
            store_url: "https://shop.example/".to_owned(),
            webservice_key: "key".to_owned(),
            settings: ConnectionSettings::default(),
        };
        ids.push(connections::create(database.writer(), &database.vault, &uid, connection, now).await?);
    }
    Ok(ids)
}

/// Places so many orders, the later the newer. PostgreSQL then looks at what it holds, as it does by itself sooner or
/// later; SQLite is left as orderbridge leaves it.
pub async fn place(database: &Database, shops: &[ConnectionId], count: u32, seed: u64) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut number = 0;
    while number < count {
        let end = count.min(number + ROWS_PER_COMMIT);
        let orders: Vec<_> = (number..end).map(|number| order(number, shops, &mut random)).collect();
        let txn = database.begin().await?;
        for rows in orders.chunks(ROWS) {
            Entity::insert_many(rows.iter().cloned()).exec_without_returning(&txn).await?;
        }
        let search = "INSERT INTO order_search (rowid, text)
            SELECT id, LOWER(tiktok_order_id || ' ' || first_item || ' ob-' || (id % 500)) FROM orders WHERE id > $1";
        let known = i64::from(number);
        txn.execute_raw(Statement::from_sql_and_values(database.backend(), search, [known.into()])).await?;
        txn.commit().await?;
        number = end;
    }
    if database.backend() == DbBackend::Postgres {
        database.writer().execute_unprepared("VACUUM ANALYZE").await?;
    }
    Ok(())
}

/// What has this place among a number of shares.
fn drawn<T: Clone>(mut place: u32, shares: impl IntoIterator<Item = (T, u32)>) -> Option<T> {
    for (what, share) in shares {
        if place < share {
            return Some(what);
        }
        place -= share;
    }
    None
}

fn order(number: u32, shops: &[ConnectionId], random: &mut StdRng) -> ActiveModel {
    let id = i64::from(number) + 1;
    let shop = drawn(random.random_range(0..100), shops.iter().map(|shop| shop.0).zip(SHARES)).unwrap_or(1);
    let statuses = STATUSES.map(|(status, channel_status, share)| ((status, channel_status), share));
    let (status, channel_status) = drawn(random.random_range(0..1_000), statuses)
        .unwrap_or((OrderStatus::Completed, ChannelStatus::Completed));
    let import_state = match status {
        OrderStatus::Error => ImportState::Blocked,
        OrderStatus::OnHold | OrderStatus::Unpaid => ImportState::Waiting,
        OrderStatus::Canceled if random.random_bool(0.5) => ImportState::Skipped,
        _ => ImportState::Imported,
    };
    let imported = import_state == ImportState::Imported;
    let to_ship = matches!(status, OrderStatus::AwaitingShipment | OrderStatus::Error);
    // TikTok Shop tells whole seconds, and in a rush several orders share one.
    let placed = DateTime::<Utc>::UNIX_EPOCH
        + TimeDelta::days(20_000)
        + TimeDelta::seconds(i64::from(number / 3) * 20);
    let after = |time: TimeDelta| database::to_ms(placed + time);
    let title = if random.random_ratio(1, RARE) {
        RARE_TITLE
    } else if random.random_ratio(1, UNCOMMON) {
        UNCOMMON_TITLE
    } else {
        TITLES[random.random_range(0..TITLES.len())]
    };
    let total = random.random_range(500_i64..20_000) * 10_000;
    ActiveModel {
        id: Set(id),
        connection_id: Set(shop),
        tiktok_order_id: Set((FIRST_ID + u64::from(number) * ID_DISTANCE).to_string()),
        channel_status: Set(channel_status.as_str().to_owned()),
        channel_updated_at: Set(after(TimeDelta::hours(1))),
        status: Set(status.to_string()),
        known_status: Set(status.to_string()),
        import_state: Set(import_state.to_string()),
        fulfillment_type: Set("merchant".to_owned()),
        special: Set(String::new()),
        store_order_id: Set(imported.then_some(id)),
        store_order_reference: Set(imported.then(|| format!("REF{number:06}"))),
        store_state_id: Set(imported.then_some(3)),
        store_deleted: Set(false),
        store_total_micros: Set(imported.then_some(total)),
        currency: Set("EUR".to_owned()),
        total_micros: Set(total),
        expected_store_total_micros: Set(total),
        first_item: Set(title.to_owned()),
        first_item_image: Set(Some("https://images.example/0123456789abcdef.jpeg".to_owned())),
        item_count: Set(1),
        unit_count: Set(random.random_range(1..4)),
        country: Set(Some(COUNTRIES[random.random_range(0..COUNTRIES.len())].to_owned())),
        ship_by: Set(to_ship.then(|| after(TimeDelta::days(3)))),
        placed_at: Set(after(TimeDelta::zero())),
        paid_at: Set(Some(after(TimeDelta::minutes(1)))),
        received_at: Set(after(TimeDelta::minutes(2))),
        importable_at: Set(Some(after(TimeDelta::hours(1)))),
        imported_at: Set(imported.then(|| after(TimeDelta::minutes(61)))),
        updated_at: Set(after(TimeDelta::minutes(random.random_range(62..20_000)))),
        open_errors: Set(i32::from(status == OrderStatus::Error)),
        open_warnings: Set(0),
        first_issue_code: Set(None),
        first_issue_severity: Set(None),
        first_issue_opened_at: Set(None),
        first_issue_next_retry_at: Set(None),
        archived_at: Set(None),
        version: Set(1),
        tags: Set(String::new()),
        assignee_id: Set(None),
        skipped_by_person: Set(false),
        shipment_failed: Set(false),
        purged_at: Set(None),
        buyer_erased_at: Set(None),
    }
}

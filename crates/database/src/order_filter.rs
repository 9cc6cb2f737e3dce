//! The grid's filter as conditions, for the list and the counts alike.

use rust_decimal::Decimal;
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect,
};
use shared::{
    AssigneeFilter, FieldError, OrderFilter, Search, StoreOrderFilter, TikTokOrderFilter, TimeRange,
};

use crate::entities::orders::Column;
use crate::entities::{issues as issue_rows, recipients};
use crate::order_search::{self, Found};
use crate::{Reach, Vault, issues, to_micros, to_ms};

/// A store order id that is missing counts as 0, so that the index on this very expression is used.
pub(crate) const STORE_ORDER_ID: &str = "COALESCE(store_order_id, 0)";
/// A deadline that is missing counts as the end of time, for the same reason.
pub(crate) const SHIP_BY: &str = "COALESCE(ship_by, 9223372036854775807)";

/// At most this many orders are found by buyers' data; a household has fewer.
const MAX_ORDERS_OF_BUYER: u64 = 1_000;

/// Whom to look for; compared by digests, so only whole names, numbers and addresses are found.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BuyerFilter {
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
}

/// Which orders are meant: filter, words and buyer, checked.
#[derive(Clone)]
pub struct Criteria {
    pub(crate) filter: OrderFilter,
    pub(crate) words: Vec<String>,
    buyer: BuyerFilter,
}

impl Criteria {
    /// The orders that a search means, within a caller's reach.
    ///
    /// # Errors
    /// One error for each word that is too short to be searched for.
    pub fn new(search: Search, buyer: BuyerFilter, reach: &Reach) -> Result<Self, Vec<FieldError>> {
        let words = order_search::checked(search.words)?;
        let mut filter = search.filter;
        filter.connection = reach.narrowed(filter.connection);
        Ok(Self { filter, words, buyer })
    }

    /// The same orders, the highest number first.
    #[must_use]
    pub(crate) fn by_number(self) -> Self {
        let sort = shared::Sort { key: shared::SortKey::Id, descending: true };
        Self { filter: OrderFilter { sort, ..self.filter }, ..self }
    }

    /// The same orders of whichever status, as the tabs count them.
    #[must_use]
    pub fn without_status(self) -> Self {
        Self { filter: self.filter.without_status(), ..self }
    }

    /// Whether nothing but connection and time of placing decides, which is what the counters are kept by.
    pub(crate) fn is_kept_by_counters(&self) -> bool {
        let rest = OrderFilter {
            status: Vec::new(),
            connection: Vec::new(),
            created_at: TimeRange::default(),
            ..self.filter.clone()
        };
        rest.is_open() && self.words.is_empty() && self.buyer == BuyerFilter::default()
    }

    /// Looks up what the words and the buyer stand for, once for all conditions made of it.
    pub(crate) async fn resolve(
        &self,
        db: &impl ConnectionTrait,
        vault: &Vault,
    ) -> Result<Resolved<'_>, DbErr> {
        Ok(Resolved {
            filter: &self.filter,
            words: order_search::find(db, &self.words).await?,
            of_buyer: orders_of_buyer(db, vault, &self.buyer).await?,
            backend: db.get_database_backend(),
        })
    }
}

async fn orders_of_buyer(
    db: &impl ConnectionTrait,
    vault: &Vault,
    buyer: &BuyerFilter,
) -> Result<Option<Vec<i64>>, DbErr> {
    let wanted = [
        (recipients::Column::NameDigest, "name", &buyer.name),
        (recipients::Column::PhoneDigest, "phone", &buyer.phone),
        (recipients::Column::EmailDigest, "email", &buyer.email),
    ];
    let mut query = recipients::Entity::find().select_only().column(recipients::Column::OrderId);
    let mut any = false;
    for (column, kind, text) in wanted {
        let digests = text.as_deref().map(|text| vault.search_digests(kind, text)).unwrap_or_default();
        if !digests.is_empty() {
            query = query.filter(column.is_in(digests));
            any = true;
        }
    }
    if !any {
        return Ok(None);
    }
    Ok(Some(query.limit(MAX_ORDERS_OF_BUYER).into_tuple().all(db).await?))
}

/// Criteria whose words and buyer have been looked up.
pub(crate) struct Resolved<'a> {
    filter: &'a OrderFilter,
    words: Found,
    of_buyer: Option<Vec<i64>>,
    backend: DbBackend,
}

impl Resolved<'_> {
    /// The database that is asked.
    pub(crate) fn backend(&self) -> DbBackend {
        self.backend
    }

    /// Whether the orders are named one by one, so that no index on a sorting key is needed.
    pub(crate) fn is_short_list(&self) -> bool {
        matches!(self.words, Found::Few(_))
            || self.of_buyer.is_some()
            || !self.filter.id.is_empty()
            || matches!(self.filter.tiktok_order_id, Some(TikTokOrderFilter::Exact(_)))
            || matches!(self.filter.store_order_id, Some(StoreOrderFilter::Ids(_)))
    }

    /// Brings the words into the form in which orders are counted rather than listed: looked up through the text's index,
    /// where going through all orders would take long.
    pub(crate) async fn for_counting(self, db: &impl ConnectionTrait, most: u64) -> Result<Self, DbErr> {
        let words = match self.words {
            Found::Many { words, exact } if exact.is_empty() => {
                if order_search::matches_at_most(db, &words, most).await? {
                    Found::Some { words }
                } else {
                    Found::Many { words, exact }
                }
            }
            words => words,
        };
        Ok(Self { words, ..self })
    }

    /// Everything but status and connection, which the caller may want to split by. Archived orders are left out.
    pub(crate) fn condition(&self) -> Condition {
        let filter = self.filter;
        let archived = Column::ArchivedAt;
        let archived = if filter.archived { archived.is_not_null() } else { archived.is_null() };
        let mut all = Condition::all().add(archived);
        if !filter.channel_status.is_empty() {
            all = all
                .add(Column::ChannelStatus.is_in(filter.channel_status.iter().map(|status| status.as_str())));
        }
        if !filter.import_state.is_empty() {
            all = all.add(Column::ImportState.is_in(filter.import_state.iter().map(|state| state.as_str())));
        }
        if !filter.fulfillment_type.is_empty() {
            all = all
                .add(Column::FulfillmentType.is_in(filter.fulfillment_type.iter().map(|kind| kind.as_str())));
        }
        if !filter.issue.is_empty() {
            let open = Query::select()
                .column(issue_rows::Column::OrderId)
                .from(issue_rows::Entity)
                .and_where(issue_rows::Column::Code.is_in(filter.issue.iter().map(|code| code.as_str())))
                .and_where(issue_rows::Column::ResolvedAt.is_null())
                .to_owned();
            all = all.add(Column::Id.in_subquery(open));
        }
        if let Some(issue) = filter.same_cause_as {
            all = all.add(Column::Id.in_subquery(issues::with_same_cause_as(issue)));
        }
        if !filter.store_state.is_empty() {
            all = all.add(Column::StoreStateId.is_in(filter.store_state.iter().copied()));
        }
        if !filter.country.is_empty() {
            all = all.add(Column::Country.is_in(filter.country.iter().map(String::as_str)));
        }
        if !filter.currency.is_empty() {
            all = all.add(Column::Currency.is_in(filter.currency.iter().map(String::as_str)));
        }
        if !filter.special.is_empty() {
            all = all.add(any_listed("special", ",", filter.special.iter().map(|kind| kind.as_str())));
        }
        if !filter.tag.is_empty() {
            let tags: Vec<_> = filter.tag.iter().map(|tag| tag.to_lowercase()).collect();
            all = all.add(any_listed("tags", "\n", tags.iter().map(String::as_str)));
        }
        match &filter.assignee {
            Some(AssigneeFilter::Empty) => all = all.add(Column::AssigneeId.is_null()),
            Some(AssigneeFilter::People(people)) => {
                all = all.add(Column::AssigneeId.is_in(people.iter().map(|id| id.0)));
            }
            None => {}
        }
        if !filter.id.is_empty() {
            all = all.add(Column::Id.is_in(filter.id.iter().map(|id| id.0)));
        }
        match &filter.store_order_id {
            Some(StoreOrderFilter::Empty) => all = all.add(Column::StoreOrderId.is_null()),
            Some(StoreOrderFilter::Ids(ids)) => {
                all = all.add(Expr::cust(STORE_ORDER_ID).is_in(ids.iter().map(|id| id.0)));
            }
            None => {}
        }
        match &filter.tiktok_order_id {
            Some(TikTokOrderFilter::Prefix(prefix)) => {
                all = all.add(Column::TiktokOrderId.gte(prefix.as_str()));
                if let Some(end) = end_of_prefix(prefix) {
                    all = all.add(Column::TiktokOrderId.lt(end));
                }
            }
            Some(TikTokOrderFilter::Exact(ids)) => {
                all = all.add(Column::TiktokOrderId.is_in(ids.iter().map(|id| id.as_str())));
            }
            None => {}
        }
        let ranges = [
            (Column::PlacedAt, filter.created_at),
            (Column::UpdatedAt, filter.updated_at),
            (Column::ImportedAt, filter.imported_at),
        ];
        for (column, range) in ranges {
            all = all
                .add_option(range.gte.map(|time| column.gte(to_ms(time))))
                .add_option(range.lt.map(|time| column.lt(to_ms(time))));
        }
        if !filter.ship_by.is_open() {
            // Spelled as the index spells it; a deadline that is missing lies in no range.
            let TimeRange { gte, lt } = filter.ship_by;
            all = all
                .add(Column::ShipBy.is_not_null())
                .add_option(gte.map(|time| Expr::cust(SHIP_BY).gte(to_ms(time))))
                .add_option(lt.map(|time| Expr::cust(SHIP_BY).lt(to_ms(time))));
        }
        all = all
            .add_option(filter.total_min.map(|amount| Column::TotalMicros.gte(bound(amount))))
            .add_option(filter.total_max.map(|amount| Column::TotalMicros.lte(bound(amount))));
        match &self.words {
            Found::All => {}
            Found::Few(ids) => all = all.add(Column::Id.is_in(ids.iter().copied())),
            Found::Some { words } => {
                all = all.add(Column::Id.in_subquery(order_search::matching(self.backend, words)));
            }
            Found::Many { words, exact } => {
                let mut contains = Condition::all();
                for word in words {
                    contains = contains.add(order_search::order_contains(self.backend, word));
                }
                let matching = Condition::any().add(contains).add(Column::Id.is_in(exact.iter().copied()));
                all = all.add(matching);
            }
        }
        if let Some(ids) = &self.of_buyer {
            all = all.add(Column::Id.is_in(ids.iter().copied()));
        }
        all
    }

    /// The condition on status and connection as a whole.
    pub(crate) fn status_and_connection(&self) -> Condition {
        self.conditions_on(Expr::col(Column::Status), Expr::col(Column::ConnectionId))
    }

    /// The same condition, but not to be looked up in an index, so that the index of the sorting key is walked.
    /// PostgreSQL knows how many orders there are of each kind, and decides for itself.
    pub(crate) fn status_and_connection_unindexed(&self) -> Condition {
        match self.backend {
            DbBackend::Postgres => self.status_and_connection(),
            _ => self.conditions_on(Expr::cust("+status"), Expr::cust("+connection_id")),
        }
    }

    /// The values stand in the statement itself: given as parameters, PostgreSQL would after a while plan for any status
    /// alike, and read the whole table for the rarest. They are our own words and numbers.
    fn conditions_on(&self, status: Expr, connection: Expr) -> Condition {
        let mut all = Condition::all();
        if !self.filter.status.is_empty() {
            let statuses = self.filter.status.iter().map(|status| Expr::Constant(status.as_str().into()));
            all = all.add(status.is_in(statuses));
        }
        if !self.filter.connection.is_empty() {
            let connections = self.filter.connection.iter().map(|id| Expr::Constant(id.0.into()));
            all = all.add(connection.is_in(connections));
        }
        all
    }
}

/// Whether a column of words with a separator between them holds any of these words.
fn any_listed<'a>(column: &str, separator: &str, words: impl Iterator<Item = &'a str>) -> Condition {
    let listed = format!("('{separator}' || {column} || '{separator}')");
    words.fold(Condition::any(), |any, word| {
        let mut pattern = format!("%{separator}");
        for character in word.chars() {
            if matches!(character, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(character);
        }
        pattern.push_str(separator);
        pattern.push('%');
        any.add(Expr::cust(listed.clone()).like(LikeExpr::new(pattern).escape('!')))
    })
}

/// The amount as it is stored; one that is too large to be money lies beyond all that are.
fn bound(amount: Decimal) -> i64 {
    to_micros(amount).unwrap_or(if amount.is_sign_negative() { i64::MIN } else { i64::MAX })
}

/// The first text of digits that sorts after everything with this prefix; `None` when there is none.
///
/// It is made of digits alone, because where other characters sort depends on the database's collation.
fn end_of_prefix(prefix: &str) -> Option<String> {
    let kept = prefix.trim_end_matches('9');
    let (head, last) = kept.split_at_checked(kept.len().checked_sub(1)?)?;
    let next = last.parse::<u8>().ok()? + 1;
    Some(format!("{head}{next}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_made_of_digits() {
        for (prefix, end) in
            [("5764", Some("5765")), ("5799", Some("58")), ("9999", None), ("0009", Some("001"))]
        {
            assert_eq!(end_of_prefix(prefix).as_deref(), end, "{prefix}");
        }
    }

    #[test]
    fn only_connection_and_time_of_placing_are_counted_by_counters() {
        let criteria = |pairs: &[(&str, &str)]| {
            let filter = OrderFilter::from_pairs(pairs.iter().copied()).unwrap();
            let search = Search::of(&filter, chrono::DateTime::default()).unwrap();
            Criteria::new(search, BuyerFilter::default(), &Reach::All).unwrap()
        };

        let kept = [("connection", "1"), ("created_at[gte]", "2026-11-01T00:00:00Z"), ("sort", "total")];
        assert!(criteria(&kept).is_kept_by_counters());
        for other in [
            ("q", "candle"),
            ("q", "country:FR"),
            ("ship_by[lt]", "2026-11-01T00:00:00Z"),
            ("id", "7"),
            ("archived", "true"),
        ] {
            assert!(!criteria(&[other]).is_kept_by_counters(), "{other:?}");
        }
    }
}

//! One order with everything known about it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, prelude::*,
};
use shared::{
    ActionFacts, ActionKind, ChannelStatus, Issue, IssueCode, IssueFacts, IssueId, Money, OrderDetail,
    OrderId, OrderLine, OrderSummary, Package, Payment, PaymentRow, Recipient, RefusedAction, RetryClass,
    Shipping, StatusFacts, StoreProduct, TikTokOrderId, action_refusal, status_reason,
};

use crate::compared_amounts::{StoreAmounts, Totals, compare};
use crate::entities::{issues, order_details, order_lines, orders};
use crate::order_summary::{Surroundings, word};
use crate::orders::{LineRow, OrderRow, PaymentRecord, buyer_message_place, lines_of};
use crate::recipients::{self, RecipientRecord};
use crate::timeline::{self, Entry};
use crate::{Vault, from_micros, from_ms, notes};

/// At most this many issues are shown with an order; all of them are listed elsewhere.
const MAX_ISSUES: u64 = 200;

/// One order. Buyers' data is masked; `can_reveal` says whether the caller may ask for more.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn find(
    db: &impl ConnectionTrait,
    vault: &Vault,
    id: OrderId,
    can_reveal: bool,
) -> Result<Option<OrderDetail>, DbErr> {
    let Some(row) = orders::Entity::find_by_id(id.0).one(db).await? else { return Ok(None) };
    let surroundings = Surroundings::of(db, std::slice::from_ref(&row)).await?;
    let shop = surroundings.shop(&row)?.clone();
    let tiktok_order_id = TikTokOrderId(row.tiktok_order_id.clone());
    let details = order_details::Entity::find_by_id(id.0).one(db).await?;
    let lines = lines_of(db, id).await?;
    let recipient = recipients::find_with_previous(db, vault, &shop.uid, &tiktok_order_id, id).await?;
    let buyer_message = match details.as_ref().and_then(|details| details.buyer_message.as_deref()) {
        Some(sealed) => {
            let place = buyer_message_place(&shop.uid, &tiktok_order_id);
            Some(vault.open_text(&place, sealed).map_err(|error| DbErr::Custom(error.to_string()))?)
        }
        None => None,
    };
    let shipping = Shipping {
        recipient: recipient.map(|(recipient, previous)| Recipient {
            previous: previous.map(|previous| Box::new(masked(&previous, can_reveal))),
            ..masked(&recipient, can_reveal)
        }),
        delivery_option: details.as_ref().and_then(|details| details.delivery_option.clone()),
        buyer_message: buyer_message.map(|message| mask_message(&message)),
        packages: packages_of(&lines),
    };
    let reason = reason_of(&row)?;
    let payment = payment_of(&row, details.as_ref(), &lines)?;
    let issues = issues_of(db, &row).await?;
    let summary = surroundings.summary_of(row)?;
    Ok(Some(OrderDetail {
        connection_name: shop.name,
        status_reason: reason,
        lines: group_lines(&lines, &payment.currency),
        shipping,
        payment,
        issues,
        refused_actions: refused(&summary),
        notes: notes::of_order(db, id).await?,
        summary,
    }))
}

fn refused(summary: &OrderSummary) -> Vec<RefusedAction> {
    let facts = ActionFacts::from(summary);
    let refused = ActionKind::ALL.iter().filter_map(|action| {
        let reason = action_refusal(*action, &facts)?;
        Some(RefusedAction { action: *action, reason: reason.to_owned() })
    });
    refused.collect()
}

/// The version of an order: grows with whatever the grid or the detail page shows of it.
///
/// # Errors
/// When the database fails.
pub async fn version(db: &impl ConnectionTrait, id: OrderId) -> Result<Option<i64>, DbErr> {
    let query = orders::Entity::find_by_id(id.0).select_only().column(orders::Column::Version);
    query.into_tuple().one(db).await
}

/// The whole address of an order, for the eyes of `reader`, whose name the order's story keeps; belongs into a
/// transaction.
///
/// # Errors
/// When the database fails, or the bytes cannot be read.
pub async fn reveal_recipient(
    db: &impl ConnectionTrait,
    vault: &Vault,
    id: OrderId,
    reader: &str,
    now: DateTime<Utc>,
) -> Result<Option<Recipient>, DbErr> {
    let Some(row) = orders::Entity::find_by_id(id.0).one(db).await? else { return Ok(None) };
    let surroundings = Surroundings::of(db, std::slice::from_ref(&row)).await?;
    let uid = &surroundings.shop(&row)?.uid;
    let tiktok_order_id = TikTokOrderId(row.tiktok_order_id.clone());
    let found = recipients::find_with_previous(db, vault, uid, &tiktok_order_id, id).await?;
    let Some((recipient, previous)) = found else { return Ok(None) };
    let entry = Entry::by(reader, "privacy", "Looked at the recipient's whole address.");
    timeline::record(db, id, entry, now).await?;
    let previous = previous.map(|previous| Box::new(whole(previous)));
    Ok(Some(Recipient { previous, ..whole(recipient) }))
}

/// The address as those see it who may.
fn whole(recipient: RecipientRecord) -> Recipient {
    Recipient {
        name: recipient.name,
        phone: recipient.phone,
        lines: recipient.lines,
        postal_code: recipient.postal_code,
        city: recipient.city,
        region: recipient.region,
        country: recipient.country,
        masked: recipient.masked,
        can_reveal: false,
        previous: None,
    }
}

fn reason_of(row: &OrderRow) -> Result<String, DbErr> {
    Ok(status_reason(&StatusFacts {
        channel_status: &ChannelStatus::from(row.channel_status.as_str()),
        has_open_error: row.open_errors > 0,
        previous: Some(word("orders.known_status", &row.known_status)?),
    }))
}

/// What a list of orders can show of each beside the grid's columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Included {
    pub lines: Vec<OrderLine>,
    pub packages: Vec<Package>,
    /// Open ones, oldest first.
    pub issues: Vec<Issue>,
}

/// The lines, packages and open issues of a page of orders, read for all of them at once.
///
/// # Errors
/// When the database fails, or holds what cannot be read.
pub async fn included(
    db: &impl ConnectionTrait,
    orders: &[OrderSummary],
) -> Result<BTreeMap<OrderId, Included>, DbErr> {
    let ids = || orders.iter().map(|order| order.id.0);
    let units = order_lines::Entity::find()
        .filter(order_lines::Column::OrderId.is_in(ids()))
        .order_by_asc(order_lines::Column::OrderId)
        .order_by_asc(order_lines::Column::Position)
        .all(db)
        .await?;
    let open = issues::Entity::find()
        .filter(issues::Column::OrderId.is_in(ids()))
        .filter(issues::Column::ResolvedAt.is_null())
        .order_by_asc(issues::Column::Id)
        .all(db)
        .await?;
    let mut units_of: BTreeMap<i64, Vec<LineRow>> = BTreeMap::new();
    for unit in units {
        units_of.entry(unit.order_id).or_default().push(unit);
    }
    let mut included = BTreeMap::new();
    for order in orders {
        let units = units_of.remove(&order.id.0).unwrap_or_default();
        let issues = open.iter().filter(|issue| issue.order_id == order.id.0);
        let issues = issues.map(|issue| issue_of(issue.clone(), order.tiktok_order_id.as_str()));
        let parts = Included {
            lines: group_lines(&units, &order.total.currency),
            packages: packages_of(&units),
            issues: issues.collect::<Result<_, _>>()?,
        };
        included.insert(order.id, parts);
    }
    Ok(included)
}

/// Units become lines: those of one SKU at one price, in one package and state, count as one line.
fn group_lines(units: &[LineRow], currency: &str) -> Vec<OrderLine> {
    let money = |micros: i64| Money::new(from_micros(micros), currency);
    let mut lines: Vec<(&LineRow, OrderLine)> = Vec::new();
    for unit in units {
        let alike = lines.iter_mut().find(|(first, _)| {
            first.sku_id == unit.sku_id
                && first.sale_price_micros == unit.sale_price_micros
                && first.platform_discount_micros == unit.platform_discount_micros
                && first.seller_discount_micros == unit.seller_discount_micros
                && first.is_gift == unit.is_gift
                && first.status == unit.status
                && first.package_id == unit.package_id
        });
        if let Some((_, line)) = alike {
            line.quantity += 1;
            line.line_total = money(unit.sale_price_micros * i64::from(line.quantity));
            line.tiktok_line_item_ids.push(unit.tiktok_line_item_id.clone());
            continue;
        }
        let line = OrderLine {
            sku: unit.seller_sku.clone(),
            tiktok_sku_id: unit.sku_id.clone(),
            product: unit.product_name.clone(),
            variant: unit.sku_name.clone(),
            image: unit.image.clone(),
            quantity: 1,
            unit_price: money(unit.original_price_micros),
            seller_discount: money(unit.seller_discount_micros),
            platform_discount: money(unit.platform_discount_micros),
            sale_price: money(unit.sale_price_micros),
            line_total: money(unit.sale_price_micros),
            is_gift: unit.is_gift,
            is_bundle: unit.is_bundle,
            status: unit.status.clone(),
            package_id: unit.package_id.clone(),
            tracking_number: unit.tracking_number.clone(),
            store_product: unit.store_product_id.map(|product_id| StoreProduct {
                product_id,
                combination_id: unit.store_combination_id,
                name: None,
            }),
            tiktok_line_item_ids: vec![unit.tiktok_line_item_id.clone()],
        };
        lines.push((unit, line));
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

fn packages_of(units: &[LineRow]) -> Vec<Package> {
    let mut packages: BTreeMap<&str, Package> = BTreeMap::new();
    for unit in units {
        let Some(id) = unit.package_id.as_deref() else { continue };
        let package = packages.entry(id).or_insert_with(|| Package {
            id: id.to_owned(),
            status: unit.package_status.clone(),
            carrier: unit.carrier.clone(),
            tracking_number: unit.tracking_number.clone(),
            unit_count: 0,
        });
        package.unit_count += 1;
    }
    packages.into_values().collect()
}

fn payment_of(
    row: &OrderRow,
    details: Option<&order_details::Model>,
    units: &[LineRow],
) -> Result<Payment, DbErr> {
    let money = |micros: i64| Money::new(from_micros(micros), row.currency.as_str());
    let rows = match details {
        Some(details) => {
            let payment: PaymentRecord =
                serde_json::from_str(&details.payment).map_err(|error| DbErr::Json(error.to_string()))?;
            let shown = payment.rows.into_iter().map(|paid| PaymentRow {
                label: paid.label,
                amount: Money::new(paid.amount, row.currency.as_str()),
                is_total: paid.is_total,
            });
            shown.collect()
        }
        None => Vec::new(),
    };
    let stored = details.and_then(|details| details.store_amounts.as_deref());
    let stored: Option<StoreAmounts> =
        stored.map(serde_json::from_str).transpose().map_err(|error| DbErr::Json(error.to_string()))?;
    let totals = Totals {
        expected: from_micros(row.expected_store_total_micros),
        store: row.store_total_micros.map(from_micros),
        currency: &row.currency,
    };
    let difference = row.store_total_micros.map(|total| total - row.expected_store_total_micros);
    Ok(Payment {
        method: details.and_then(|details| details.payment_method.clone()),
        paid_at: row.paid_at.map(from_ms),
        currency: row.currency.clone(),
        rows,
        compared: compare(units, stored.as_ref(), totals),
        expected_store_total: money(row.expected_store_total_micros),
        store_total: row.store_total_micros.map(money),
        difference: difference.map(money),
    })
}

/// Open issues first, then resolved ones, newest first.
async fn issues_of(db: &impl ConnectionTrait, row: &OrderRow) -> Result<Vec<Issue>, DbErr> {
    let models = issues::Entity::find()
        .filter(issues::Column::OrderId.eq(row.id))
        .order_by_desc(Expr::col(issues::Column::ResolvedAt).is_null())
        .order_by_desc(issues::Column::Id)
        .limit(MAX_ISSUES)
        .all(db)
        .await?;
    let others = others_with_same_cause(db, row, &models).await?;
    let issues = models.into_iter().map(|model| {
        let same_cause_count = match (model.resolved_at, cause_of(&model)) {
            (None, Some(cause)) => others.get(&cause).copied().unwrap_or(0),
            _ => 0,
        };
        Ok(Issue { same_cause_count, ..issue_of(model, &row.tiktok_order_id)? })
    });
    issues.collect()
}

/// What is to be put right for an issue: its code, its subject, and its facts where there is no subject.
type Cause = (String, String, String);

/// What an issue has in common with those that the same fix helps; `None` when each order needs its own fix.
fn cause_of(issue: &issues::Model) -> Option<Cause> {
    let code: IssueCode = issue.code.parse().ok()?;
    let is_common = !issue.subject.is_empty() || code.kind().retry == RetryClass::WhenFixed;
    let facts = if issue.subject.is_empty() { issue.facts.clone() } else { String::new() };
    is_common.then(|| (issue.code.clone(), issue.subject.clone(), facts))
}

/// How many other orders of the connection have an open issue of each cause that one of these issues has.
async fn others_with_same_cause(
    db: &impl ConnectionTrait,
    row: &OrderRow,
    models: &[issues::Model],
) -> Result<BTreeMap<Cause, i64>, DbErr> {
    let open = models.iter().filter(|model| model.resolved_at.is_none());
    let (codes, subjects): (BTreeSet<_>, BTreeSet<_>) = open
        .filter(|model| cause_of(model).is_some())
        .map(|model| (model.code.as_str(), model.subject.as_str()))
        .unzip();
    if codes.is_empty() {
        return Ok(BTreeMap::new());
    }
    let facts = Expr::cust("CASE WHEN subject = '' THEN facts ELSE '' END");
    let counts: Vec<(String, String, String, i64)> = issues::Entity::find()
        .select_only()
        .column(issues::Column::Code)
        .column(issues::Column::Subject)
        .column_as(facts.clone(), "common_facts")
        .column_as(issues::Column::Id.count(), "n")
        .filter(issues::Column::ConnectionId.eq(row.connection_id))
        .filter(issues::Column::ResolvedAt.is_null())
        .filter(issues::Column::OrderId.ne(row.id))
        .filter(issues::Column::Code.is_in(codes))
        .filter(issues::Column::Subject.is_in(subjects))
        .group_by(issues::Column::Code)
        .group_by(issues::Column::Subject)
        .group_by(facts)
        .into_tuple()
        .all(db)
        .await?;
    Ok(counts.into_iter().map(|(code, subject, facts, n)| ((code, subject, facts), n)).collect())
}

/// From a row to what people see of it.
pub(crate) fn issue_of(model: issues::Model, tiktok_order_id: &str) -> Result<Issue, DbErr> {
    let code: IssueCode = word("issues.code", &model.code)?;
    let facts: IssueFacts =
        serde_json::from_str(&model.facts).map_err(|error| DbErr::Json(error.to_string()))?;
    let kind = code.kind();
    Ok(Issue {
        id: IssueId(model.id),
        order_id: OrderId(model.order_id),
        tiktok_order_id: TikTokOrderId(tiktok_order_id.to_owned()),
        code,
        subject: model.subject,
        severity: word("issues.severity", &model.severity)?,
        retry: kind.retry,
        title: kind.title.to_owned(),
        sentence: code.sentence(&facts),
        remedy: kind.remedy.to_owned(),
        facts,
        attempts: model.attempts,
        next_retry_at: model.next_retry_at.map(from_ms),
        opened_at: from_ms(model.opened_at),
        resolved_at: model.resolved_at.map(from_ms),
        same_cause_count: 0,
    })
}

/// The address as everybody may see it: city, region and country stay, everything that names a person goes.
fn masked(recipient: &RecipientRecord, can_reveal: bool) -> Recipient {
    Recipient {
        name: mask_words(&recipient.name),
        phone: recipient.phone.as_deref().map(|_| "***".to_owned()),
        lines: recipient.lines.iter().map(|_| "***".to_owned()).collect(),
        postal_code: recipient.postal_code.as_deref().map(mask_words),
        city: recipient.city.clone(),
        region: recipient.region.clone(),
        country: recipient.country.clone(),
        masked: true,
        can_reveal,
        previous: None,
    }
}

/// `Camille Durand` becomes `C*** D***`, whatever the length.
fn mask_words(text: &str) -> String {
    let initials = text.split_whitespace().filter_map(|word| word.chars().next());
    initials.map(|initial| format!("{initial}***")).collect::<Vec<_>>().join(" ")
}

/// A message is free text and may name anybody, so only its being there is shown.
fn mask_message(message: &str) -> String {
    if message.trim().is_empty() { String::new() } else { "***".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(id: &str, sku_id: &str, sale_price: i64, package_id: Option<&str>) -> LineRow {
        LineRow {
            order_id: 1,
            tiktok_line_item_id: id.to_owned(),
            position: 0,
            sku_id: sku_id.to_owned(),
            seller_sku: None,
            product_name: "Candle".to_owned(),
            sku_name: None,
            image: None,
            original_price_micros: 10_000_000,
            seller_discount_micros: 0,
            platform_discount_micros: 0,
            sale_price_micros: sale_price,
            is_gift: false,
            is_bundle: false,
            status: "AWAITING_SHIPMENT".to_owned(),
            package_id: package_id.map(ToOwned::to_owned),
            package_status: None,
            tracking_number: None,
            carrier: None,
            store_product_id: None,
            store_combination_id: None,
            expected_store_micros: None,
        }
    }

    #[test]
    fn units_of_one_sku_and_price_are_one_line() {
        let units = [
            unit("a", "1", 9_990_000, None),
            unit("b", "2", 9_990_000, None),
            unit("c", "1", 9_990_000, None),
            unit("d", "1", 0, None),
        ];

        let lines = group_lines(&units, "EUR");

        assert_eq!(lines.iter().map(|line| line.quantity).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(lines[0].line_total.to_string(), "19.98 EUR");
        assert_eq!(lines[0].tiktok_line_item_ids, ["a", "c"]);
    }

    #[test]
    fn packages_count_their_units() {
        let units = [unit("a", "1", 1, Some("p")), unit("b", "2", 1, Some("p")), unit("c", "1", 1, None)];

        let packages = packages_of(&units);

        assert_eq!(packages.len(), 1);
        assert_eq!(packages[0].unit_count, 2);
    }

    #[test]
    fn masks_hide_what_names_a_person() {
        assert_eq!(mask_words(" Camille  Durand "), "C*** D***");
        assert_eq!(mask_words("75011"), "7***");
        assert_eq!(mask_message("Ring at Durand's"), "***");
    }
}

//! The one way in which anything is done with an order: checked by the shared rule, written down, told in the order's
//! story, and followed by a job where an effect outside follows.

use chrono::{DateTime, TimeDelta, Utc};
use database::actions::{self, Ending, NewAction};
use database::issues;
use database::orders::{self, OrderRow};
use database::timeline::{self, Entry};
use database::users::{self, UserRecord};
use database::{DatabaseTransaction, DbErr, drifts, import_intents, notes};
use job_queue::NewJob;
use shared::{
    ActionKind, ActionRequest, ChannelStatus, ConnectionId, FieldError, HEALABLE, IMPORT_ISSUES, ImportState,
    IssueCode, MAX_NOTE_CHARACTERS, MAX_TAG_CHARACTERS, OrderAction, OrderId, TikTokOrderId, UNDO_SECONDS,
    UserId, action_refusal, handling_refusal,
};

use crate::jobs;

/// Jobs that a person waits for go before those that nobody sees.
pub const ASKED_FOR_BY_A_PERSON: i16 = 10;

/// Of two people, the one who waits for a single order goes first.
const PART_OF_A_BULK_RUN: i16 = 5;

/// At most this many tags on one order.
const MAX_TAGS: usize = 20;

/// Who asks, and as part of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker<'a> {
    /// `store`, `orderbridge`, or a person's e-mail address.
    pub actor: &'a str,
    pub bulk_run_id: Option<shared::BulkRunId>,
    /// How long an action that cannot be taken back waits before it leaves.
    pub undo: TimeDelta,
}

impl<'a> Asker<'a> {
    /// A person who looks at the order, and may change their mind.
    #[must_use]
    pub fn person(actor: &'a str) -> Self {
        Self { actor, bulk_run_id: None, undo: TimeDelta::seconds(UNDO_SECONDS) }
    }

    /// The store, or orderbridge itself: nobody is there to take anything back.
    #[must_use]
    pub fn system(actor: &'a str) -> Self {
        Self { actor, bulk_run_id: None, undo: TimeDelta::zero() }
    }
}

/// Why nothing is done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The order does not allow it now; the sentence says why.
    #[error("{0}")]
    NotNow(String),
    /// The request itself is wrong.
    #[error("the request is wrong")]
    Invalid(Vec<FieldError>),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Asks for an action on an order. The order is locked by the transaction; call `Engine::wake` after the commit.
///
/// # Errors
/// When the order does not allow it now, the request is wrong, or the database fails.
pub async fn request(
    txn: &DatabaseTransaction,
    order_id: OrderId,
    request: &ActionRequest,
    asker: Asker<'_>,
    now: DateTime<Utc>,
) -> Result<Option<OrderAction>, Refused> {
    let errors = errors_of(request);
    if !errors.is_empty() {
        return Err(Refused::Invalid(errors));
    }
    let Some(order) = orders::find_locked(txn, order_id).await? else { return Ok(None) };
    let channel_status = ChannelStatus::from(order.channel_status.as_str());
    let facts = orders::action_facts(&order, &channel_status);
    if let Some(reason) = action_refusal(request.kind(), &facts) {
        return Err(Refused::NotNow(reason.to_owned()));
    }
    let leaves_at = if waits_for_undo(request.kind()) { now + asker.undo } else { now };
    let connection_id = ConnectionId(order.connection_id);
    let action = NewAction {
        order_id,
        connection_id,
        bulk_run_id: asker.bulk_run_id,
        request,
        actor: asker.actor,
        leaves_at,
    };
    let id = actions::create(txn, &action, now).await?;
    match carry_out(txn, &order, request, asker, leaves_at, now).await? {
        Some(result) => {
            let entry = Entry::by(asker.actor, topic(request.kind()), &result);
            timeline::record(txn, order_id, entry, now).await?;
            actions::end(txn, id, &Ending::done(result), now).await?;
            orders::derive_status(txn, order_id, now).await?;
        }
        None => {
            let sentence = asked_sentence(request.kind());
            timeline::record(txn, order_id, Entry::by(asker.actor, topic(request.kind()), sentence), now)
                .await?;
        }
    }
    Ok(actions::find(txn, id).await?)
}

/// Whether the action waits a moment before it leaves, because nothing brings it back afterwards.
#[must_use]
pub fn waits_for_undo(kind: ActionKind) -> bool {
    matches!(kind, ActionKind::Cancel | ActionKind::AcceptCancellation)
}

/// Does what concerns only our own records, and says what came out; `None` when a job follows.
async fn carry_out(
    txn: &DatabaseTransaction,
    order: &OrderRow,
    request: &ActionRequest,
    asker: Asker<'_>,
    leaves_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<String>, Refused> {
    let (id, connection_id) = (OrderId(order.id), ConnectionId(order.connection_id));
    let refresh = || jobs::refresh_order(connection_id, &TikTokOrderId(order.tiktok_order_id.clone()), now);
    let job = match request {
        ActionRequest::Sync {} => {
            // What keeps the store order back may have been put right in the store, which does not tell.
            if orders::import_state(order) == ImportState::Imported && order.open_errors > 0 {
                job_queue::enqueue(txn, jobs::push_store_state(connection_id, id, now), now).await?;
            }
            refresh()
        }
        ActionRequest::Import {} => {
            if order.store_deleted {
                begin_import_anew(txn, order, now).await?;
            }
            jobs::import_order(connection_id, id, now)
        }
        ActionRequest::Adopt { .. } => jobs::adopt_store_order(connection_id, id, now),
        ActionRequest::Ship { .. }
        | ActionRequest::ResendShipping {}
        | ActionRequest::CorrectShipping { .. } => jobs::ship_packages(connection_id, id, now),
        ActionRequest::FetchLabel { .. } => jobs::fetch_labels(connection_id, id, now),
        ActionRequest::Cancel { .. } => jobs::cancel_order(connection_id, id, leaves_at),
        ActionRequest::AcceptCancellation {} | ActionRequest::RejectCancellation { .. } => {
            jobs::answer_cancellation(connection_id, id, leaves_at)
        }
        ActionRequest::Skip {} => return skip(txn, order, now).await.map(Some),
        ActionRequest::Unskip {} => {
            orders::set_skipped_by_person(txn, id, false).await?;
            // The next look at the order decides whether it is to be imported.
            job_queue::enqueue(txn, refresh(), now).await?;
            orders::set_import_state(txn, id, ImportState::Waiting, now).await?;
            return Ok(Some("Took back that the order is never imported.".to_owned()));
        }
        ActionRequest::Note { text } => {
            notes::add(txn, id, asker.actor, text.trim(), now).await?;
            return Ok(Some("Wrote a note.".to_owned()));
        }
        ActionRequest::Tag { add, remove } => return tag(txn, order, add, remove).await.map(Some),
        ActionRequest::Assign { assignee_id } => return assign(txn, id, *assignee_id).await.map(Some),
        ActionRequest::Heal {} => {
            let open = issues::open_of(txn, id).await?;
            if !open.iter().any(|issue| HEALABLE.iter().any(|code| code.as_str() == issue.code)) {
                return Err(Refused::NotNow("Nothing is known to differ.".to_owned()));
            }
            // Whoever wants it healed no longer wants it ignored.
            drifts::forget_ignored(txn, id).await?;
            jobs::heal_order(connection_id, id, now)
        }
        ActionRequest::MarkHandled { code, subject } => {
            return mark_handled(txn, order, *code, subject.as_deref(), now).await.map(Some);
        }
        ActionRequest::Archive {} => {
            orders::set_archived(txn, id, Some(now)).await?;
            if matches!(orders::import_state(order), ImportState::Pending | ImportState::Blocked) {
                keep_out_of_the_store(txn, order, ImportState::Waiting, now).await?;
            }
            return Ok(Some("Deleted the order here; TikTok and PrestaShop are not touched.".to_owned()));
        }
        ActionRequest::Restore {} => {
            orders::set_archived(txn, id, None).await?;
            job_queue::enqueue(txn, refresh(), now).await?;
            return Ok(Some("Restored the order.".to_owned()));
        }
    };
    let priority = if asker.bulk_run_id.is_some() { PART_OF_A_BULK_RUN } else { ASKED_FOR_BY_A_PERSON };
    job_queue::enqueue(txn, NewJob { priority, ..job }, now).await?;
    Ok(None)
}

/// Ends the open problem of this code that is about the subject, or all of the code.
async fn mark_handled(
    txn: &DatabaseTransaction,
    order: &OrderRow,
    code: IssueCode,
    subject: Option<&str>,
    now: DateTime<Utc>,
) -> Result<String, Refused> {
    let id = OrderId(order.id);
    let channel_status = ChannelStatus::from(order.channel_status.as_str());
    if let Some(reason) = handling_refusal(code, &orders::action_facts(order, &channel_status)) {
        return Err(Refused::NotNow(reason.to_owned()));
    }
    if code == IssueCode::DriftDetected {
        drifts::ignore(txn, id, subject).await?;
    }
    let ended = match subject {
        Some(subject) => issues::resolve_about(txn, id, code, subject, now).await?,
        None => !issues::resolve(txn, id, &[code], now).await?.is_empty(),
    };
    if !ended {
        return Err(Refused::NotNow("No problem of this kind is open.".to_owned()));
    }
    Ok(format!("Marked as handled: {}.", code.kind().title))
}

/// The store order is gone, and somebody wants another one.
async fn begin_import_anew(
    txn: &DatabaseTransaction,
    order: &OrderRow,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let id = OrderId(order.id);
    import_intents::save(txn, &import_intents::ImportIntent::new(id), now).await?;
    orders::forget_store_order(txn, id, ImportState::Waiting).await?;
    orders::set_import_state(txn, id, ImportState::Pending, now).await?;
    issues::resolve(txn, id, &[IssueCode::StoreOrderDeleted], now).await?;
    Ok(())
}

async fn skip(txn: &DatabaseTransaction, order: &OrderRow, now: DateTime<Utc>) -> Result<String, Refused> {
    let id = OrderId(order.id);
    orders::set_skipped_by_person(txn, id, true).await?;
    if order.store_deleted {
        orders::forget_store_order(txn, id, ImportState::Skipped).await?;
        issues::resolve(txn, id, &[IssueCode::StoreOrderDeleted], now).await?;
    }
    keep_out_of_the_store(txn, order, ImportState::Skipped, now).await?;
    Ok("Chose never to import this order.".to_owned())
}

/// Ends an import that has not made a store order.
async fn keep_out_of_the_store(
    txn: &DatabaseTransaction,
    order: &OrderRow,
    state: ImportState,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let id = OrderId(order.id);
    orders::set_import_state(txn, id, state, now).await?;
    issues::resolve(txn, id, IMPORT_ISSUES, now).await?;
    // A store order whose creation was never answered must be found and told; the job knows by what it wrote down.
    let job = jobs::import_order(ConnectionId(order.connection_id), id, now);
    job_queue::enqueue(txn, job, now).await?;
    Ok(())
}

async fn tag(
    txn: &DatabaseTransaction,
    order: &OrderRow,
    add: &[String],
    remove: &[String],
) -> Result<String, Refused> {
    let removed: Vec<String> = remove.iter().map(|tag| tag_text(tag)).collect();
    let mut tags: Vec<String> =
        order.tags.lines().filter(|tag| !removed.iter().any(|it| it == tag)).map(ToOwned::to_owned).collect();
    for tag in add.iter().map(|tag| tag_text(tag)) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > MAX_TAGS {
        return Err(Refused::Invalid(vec![FieldError::new("/add", "at most 20 tags on one order")]));
    }
    orders::set_tags(txn, OrderId(order.id), &tags).await?;
    let named = |tags: &[String]| tags.iter().map(|tag| format!("“{tag}”")).collect::<Vec<_>>().join(", ");
    let added: Vec<String> = add.iter().map(|tag| tag_text(tag)).collect();
    Ok(match (added.is_empty(), removed.is_empty()) {
        (false, true) => format!("Added the tag {}.", named(&added)),
        (true, false) => format!("Removed the tag {}.", named(&removed)),
        _ => format!("Added the tag {} and removed {}.", named(&added), named(&removed)),
    })
}

async fn assign(txn: &DatabaseTransaction, id: OrderId, assignee: Option<UserId>) -> Result<String, Refused> {
    let sentence = match assignee {
        None => "Assigned to nobody.".to_owned(),
        Some(person) => match users::find(txn, person).await?.and_then(UserRecord::assignee) {
            Some(person) => format!("Assigned to {}.", person.email),
            None => {
                let remedy = "the id of one of `GET /assignees`: somebody who may act on orders";
                return Err(Refused::Invalid(vec![FieldError::new("/assignee_id", remedy)]));
            }
        },
    };
    orders::set_assignee(txn, id, assignee).await?;
    Ok(sentence)
}

/// A tag as it is kept: in lower case, with single blanks.
fn tag_text(tag: &str) -> String {
    tag.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// What is wrong with a request, whichever order it is for.
#[must_use]
pub fn errors_of(request: &ActionRequest) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut check = |pointer: &str, wrong: bool, remedy: &str| {
        if wrong {
            errors.push(FieldError::new(pointer, remedy));
        }
    };
    let is_key = |text: &str| {
        (1..=120).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    match request {
        ActionRequest::Ship { carrier_id, tracking_number, line_item_ids } => {
            check(
                "/carrier_id",
                carrier_id.as_deref().is_some_and(|id| !is_key(id)),
                "the id of a carrier from the order's options",
            );
            check(
                "/tracking_number",
                tracking_number.as_deref().is_some_and(|number| !is_tracking_number(number)),
                TRACKING_REMEDY,
            );
            check(
                "/tracking_number",
                carrier_id.is_some() != tracking_number.is_some(),
                "carrier and tracking number belong together: give both or neither",
            );
            check("/line_item_ids", line_item_ids.iter().any(|id| !is_key(id)), "ids of the order's units");
        }
        ActionRequest::CorrectShipping { package_id, carrier_id, tracking_number } => {
            check("/package_id", !is_key(package_id), "the id of one of the order's packages");
            check("/carrier_id", !is_key(carrier_id), "the id of a carrier from the order's options");
            check("/tracking_number", !is_tracking_number(tracking_number), TRACKING_REMEDY);
        }
        ActionRequest::FetchLabel { package_id } => check(
            "/package_id",
            package_id.as_deref().is_some_and(|id| !is_key(id)),
            "the id of one of the order's packages",
        ),
        ActionRequest::Cancel { reason, line_item_ids } => {
            check("/reason", !is_key(reason), "a key from the order's cancel reasons");
            check("/line_item_ids", line_item_ids.iter().any(|id| !is_key(id)), "ids of the order's units");
        }
        ActionRequest::RejectCancellation { reason, comment } => {
            check("/reason", !is_key(reason), "a key from the request's reject reasons");
            check(
                "/comment",
                comment.as_deref().is_some_and(|comment| comment.chars().count() > 500),
                "at most 500 characters",
            );
        }
        ActionRequest::Note { text } => check(
            "/text",
            text.trim().is_empty() || text.chars().count() > MAX_NOTE_CHARACTERS,
            "1 to 2000 characters",
        ),
        ActionRequest::Tag { add, remove } => {
            check("/add", add.is_empty() && remove.is_empty(), "name a tag to add or to remove");
            let is_tag = |tag: &String| {
                let tag = tag_text(tag);
                (1..=MAX_TAG_CHARACTERS).contains(&tag.chars().count())
                    && !tag.contains([',', '\u{0}'])
                    && !tag.chars().any(char::is_control)
            };
            check("/add", !add.iter().all(is_tag), "tags of 1 to 40 characters, without commas");
            check("/remove", !remove.iter().all(is_tag), "tags of 1 to 40 characters, without commas");
        }
        ActionRequest::Adopt { store_order_id } => {
            check("/store_order_id", store_order_id.0 < 1, "the number of an order in the store");
        }
        ActionRequest::Sync {}
        | ActionRequest::Import {}
        | ActionRequest::Assign { .. }
        | ActionRequest::ResendShipping {}
        | ActionRequest::AcceptCancellation {}
        | ActionRequest::Skip {}
        | ActionRequest::Unskip {}
        | ActionRequest::Heal {}
        | ActionRequest::MarkHandled { .. }
        | ActionRequest::Archive {}
        | ActionRequest::Restore {} => {}
    }
    errors
}

const TRACKING_REMEDY: &str = "a tracking number of 4 to 50 letters and digits";

/// What both sides take: TikTok Shop refuses special characters, the store more than 64 characters.
fn is_tracking_number(text: &str) -> bool {
    (4..=50).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_digit())
}

const fn topic(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Sync => "sync",
        ActionKind::Import | ActionKind::Adopt | ActionKind::Skip | ActionKind::Unskip => "import",
        ActionKind::Ship
        | ActionKind::ResendShipping
        | ActionKind::CorrectShipping
        | ActionKind::FetchLabel => "shipping",
        ActionKind::Cancel | ActionKind::AcceptCancellation | ActionKind::RejectCancellation => {
            "cancellation"
        }
        ActionKind::Note | ActionKind::Tag | ActionKind::Assign => "note",
        ActionKind::Heal | ActionKind::MarkHandled => "issue",
        ActionKind::Archive | ActionKind::Restore => "archive",
    }
}

const fn asked_sentence(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Sync => "Asked for the order's status on TikTok Shop.",
        ActionKind::Import => "Asked for the import.",
        ActionKind::Adopt => "Asked to take an existing store order for this order's.",
        ActionKind::Ship => "Asked to ship on TikTok Shop.",
        ActionKind::ResendShipping => "Asked to send the failed shipment again.",
        ActionKind::CorrectShipping => "Asked to correct carrier and tracking number.",
        ActionKind::FetchLabel => "Asked for the label.",
        ActionKind::Cancel => "Asked to cancel the order.",
        ActionKind::AcceptCancellation => "Decided to grant the buyer's request to cancel.",
        ActionKind::RejectCancellation => "Decided to refuse the buyer's request to cancel.",
        ActionKind::Heal => "Asked to bring both sides together.",
        ActionKind::Skip
        | ActionKind::Unskip
        | ActionKind::Note
        | ActionKind::Tag
        | ActionKind::Assign
        | ActionKind::MarkHandled
        | ActionKind::Archive
        | ActionKind::Restore => "Changed the order.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_requests_name_the_field() {
        let ship = |carrier: Option<&str>, number: Option<&str>| ActionRequest::Ship {
            carrier_id: carrier.map(ToOwned::to_owned),
            tracking_number: number.map(ToOwned::to_owned),
            line_item_ids: Vec::new(),
        };
        let pointers = |request: &ActionRequest| {
            errors_of(request).into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };

        assert!(pointers(&ship(Some("6617675021119438849"), Some("JX12345"))).is_empty());
        assert!(pointers(&ship(None, None)).is_empty());
        assert_eq!(pointers(&ship(Some("1"), None)), ["/tracking_number"]);
        for number in ["", "JX 12345", "ABCDEF", "JX-12345", "123"] {
            assert_eq!(pointers(&ship(Some("1"), Some(number))), ["/tracking_number"], "{number}");
        }
        assert_eq!(
            pointers(&ActionRequest::Cancel { reason: String::new(), line_item_ids: Vec::new() }),
            ["/reason"]
        );
        assert_eq!(pointers(&ActionRequest::Note { text: "  ".to_owned() }), ["/text"]);
        assert_eq!(
            pointers(&ActionRequest::Tag { add: vec!["a,b".to_owned()], remove: Vec::new() }),
            ["/add"]
        );
    }
}

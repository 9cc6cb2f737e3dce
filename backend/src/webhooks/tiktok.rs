use std::time::Duration;

use actix_web::http::header::{AUTHORIZATION, RETRY_AFTER};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::{DateTime, TimeDelta, Utc};
use database::connections::{self, ConnectionRecord};
use database::inbox::{self, Notification};
use database::{DbErr, events};
use job_queue::NewJob;
use shared::{ConnectionState, EventKind, TikTokOrderId};
use sync::jobs;
use tiktok_shop::Secret;
use tiktok_shop::webhook::{self, NotificationKind};

use crate::app::AppState;
use crate::error::ApiError;
use crate::extract::read_all;

/// Real notifications have a few hundred bytes.
const BODY_LIMIT_BYTES: usize = 256 * 1024;
/// TikTok Shop repeats a notification for about 15.5 hours (after 2 min, 30 min, 3 h and 12 h). A signed one that is
/// older is a recording. Were it accepted, nothing worse than one more reading would come of it.
const OLDEST: TimeDelta = TimeDelta::hours(24);
/// Clocks differ by less.
const FURTHEST_AHEAD: TimeDelta = TimeDelta::minutes(5);
/// So many notifications are taken at once. What comes beyond is sent again, and memory stays bounded.
pub const PLACES: usize = 256;
/// TikTok Shop gives up after five seconds; better to be asked again than to answer nobody.
const STORE_WITHIN: Duration = Duration::from_secs(4);
/// When TikTok Shop may try again, in seconds; it has its own mind about that.
const AGAIN_AFTER_S: u32 = 30;
/// Ids are decimal digits; whatever is not, is no order of ours.
const MAX_ORDERS: usize = 100;

/// Receive a notification of TikTok Shop
///
/// Signed with the app's secret over the raw body. Stored before it is acknowledged, each once; the order is then read
/// again, for a notification is only a reason to look. Bodies of answers are empty: nobody reads them.
#[utoipa::path(
    tag = "incoming",
    operation_id = "receiveTikTokWebhook",
    request_body(content = Object, content_type = "application/json"),
    params(("Authorization" = String, Header, description = "HMAC-SHA256 of app key and raw body, in hex")),
    responses(
        (status = 200, description = "Stored, now or before"),
        (status = 401, description = "Not signed by an app of ours for a shop of ours, or too old"),
        (status = 413, description = "Larger than any notification"),
        (status = 503, description = "Not stored; to be sent again")
    ),
    security(())
)]
#[post("/webhooks/tiktok")]
pub async fn receive_tiktok_webhook(
    state: Data<AppState>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let Ok(_place) = state.webhook_places.try_acquire() else {
        tracing::warn!("too many notifications at once; they will be sent again");
        return not_stored();
    };
    let body = match read_all(payload.into_inner(), BODY_LIMIT_BYTES, state.config.body_time_limit).await {
        Ok(body) => body,
        Err(ApiError::TooLarge { .. }) => return HttpResponse::PayloadTooLarge().finish(),
        Err(_) => return HttpResponse::BadRequest().finish(),
    };
    match tokio::time::timeout(STORE_WITHIN, receive(&state, &request, &body)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::error!(%error, "a notification could not be stored; it will be sent again");
            not_stored()
        }
        Err(_) => {
            tracing::error!("a notification could not be stored in time; it will be sent again");
            not_stored()
        }
    }
}

fn not_stored() -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, AGAIN_AFTER_S)).finish()
}

async fn receive(state: &AppState, request: &HttpRequest, body: &[u8]) -> Result<HttpResponse, DbErr> {
    let signature = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let signature = signature.unwrap_or_default();
    // Which secret it must be signed with is said in the body, so the body is read first and believed afterwards. One
    // that cannot be read names no shop, so nobody can have signed it for us.
    let Ok(notification) = webhook::Notification::parse(body) else { return Ok(refused("unreadable")) };
    let Some(shop_id) = notification.shop_id.as_deref() else { return Ok(refused("without a shop")) };
    let candidates = connections::of_shop(state.database.reader(), &state.database.vault, shop_id).await?;
    let is_signed_for = |connection: &&ConnectionRecord| {
        webhook::verify(&connection.app_key, &Secret::new(&connection.app_secret), signature, body).is_ok()
    };
    let Some(connection) = candidates.iter().find(is_signed_for) else {
        return Ok(refused(if candidates.is_empty() {
            "of an unknown shop"
        } else {
            "with a wrong signature"
        }));
    };
    let now = state.clock().now();
    let age = notification.timestamp.map(|sent_at| now - sent_at);
    if age.is_some_and(|age| age > OLDEST || age < -FURTHEST_AHEAD) {
        return Ok(refused("with a wrong time"));
    }
    match store(state, connection, &notification, now).await {
        // Once more, for TikTok Shop would come again only after minutes.
        Err(error) if database::gave_way(&error) => store(state, connection, &notification, now).await?,
        stored => stored?,
    }
    Ok(HttpResponse::Ok().finish())
}

/// The answer to what was not sent to us; deliberately the same in every case.
fn refused(what: &'static str) -> HttpResponse {
    tracing::warn!(what, "refused a notification");
    HttpResponse::Unauthorized().finish()
}

/// Stores the notification and what follows from it, together.
async fn store(
    state: &AppState,
    connection: &ConnectionRecord,
    notification: &webhook::Notification,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let order_ids: Vec<TikTokOrderId> =
        notification.order_ids().into_iter().take(MAX_ORDERS).filter_map(|id| id.parse().ok()).collect();
    let kept = Notification {
        connection_id: connection.id,
        notification_id: notification.id.clone(),
        kind: i32::try_from(notification.kind.number()).unwrap_or(0),
        tiktok_order_id: order_ids.first().cloned(),
        sent_at: notification.timestamp,
    };
    let txn = state.database.begin().await?;
    if !inbox::store(&txn, kept, now).await? {
        return txn.rollback().await;
    }
    connections::webhook_received(&txn, connection.id, now).await?;
    if notification.kind == NotificationKind::SellerDeauthorization {
        connections::set_state(
            &txn,
            connection.id,
            ConnectionState::Active,
            ConnectionState::Unauthorized,
            now,
        )
        .await?;
        connections::set_deauthorized(&txn, connection.id, Some(now)).await?;
        events::record(&txn, EventKind::ConnectionUpdated, connection.id, None, now).await?;
    }
    // New orders must not wait behind a backlog.
    let refreshes = order_ids
        .iter()
        .map(|id| NewJob { priority: jobs::NEWS, ..jobs::refresh_order(connection.id, id, now) });
    job_queue::enqueue_all(&txn, refreshes, now).await?;
    txn.commit().await?;
    state.committed();
    Ok(())
}

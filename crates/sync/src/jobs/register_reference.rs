use database::orders;
use job_queue::{Leased, Outcome};
use shared::OrderId;
use tiktok_shop::{Error, ExternalOrder};

use super::{JobError, connection_of, id_of};
use crate::attempts;
use crate::channel::ChannelFailure;
use crate::crash_points::{OutsideWrite, around};
use crate::engine::Engine;

/// Tells TikTok Shop the number of the store order. Optional: without the scope for it, nothing is lost.
pub(super) async fn run(engine: &Engine, job: &Leased) -> Result<Outcome, JobError> {
    let connection = match connection_of(engine, job).await? {
        Ok(connection) => connection,
        Err(outcome) => return Ok(outcome),
    };
    let order_id = OrderId(id_of(job, "order_id")?);
    let order = orders::find(engine.database().reader(), order_id).await?;
    let Some((order, store_order_id)) = order.and_then(|order| order.store_order_id.map(|id| (order, id)))
    else {
        return Ok(Outcome::Done);
    };
    let id = order.tiktok_order_id.as_str();
    let external = ExternalOrder::new(store_order_id.to_string());
    let external = &external;
    let answer = engine
        .in_shop(&connection, |shop| async move {
            around(OutsideWrite::Reference, shop.add_external_order(id, external)).await
        })
        .await;
    match answer {
        Ok(()) => Ok(Outcome::Done),
        Err(ChannelFailure::Channel(
            error @ (Error::ScopeMissing { .. }
            | Error::NotFound { .. }
            | Error::Denied { .. }
            | Error::Rejected { .. }
            | Error::InvalidRequest { .. }),
        )) => {
            tracing::info!(order = %order_id, %error, "TikTok Shop does not take the reference");
            attempts::failed(None);
            Ok(Outcome::Done)
        }
        // Writing the same reference again changes nothing.
        Err(failure) => Err(failure.into()),
    }
}

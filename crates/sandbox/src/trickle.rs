//! Answers that arrive a few bytes at a time.

use std::time::Duration;

use actix_web::web::Bytes;
use futures::{Stream, StreamExt, stream};

/// Into how many parts an answer falls, and what lies between two.
const PARTS: usize = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// The body in small parts with pauses between them.
pub fn trickle(body: Bytes) -> impl Stream<Item = std::io::Result<Bytes>> {
    let size = body.len().div_ceil(PARTS).max(1);
    let parts: Vec<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    stream::iter(parts).then(|part| async {
        tokio::time::sleep(PAUSE).await;
        Ok(part)
    })
}

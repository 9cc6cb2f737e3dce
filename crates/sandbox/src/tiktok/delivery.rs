//! What happens by itself: time passes, orders arrive, webhooks leave.

use std::sync::Arc;
use std::time::Duration;

use clock::{Clock, SystemClock};
use tokio::sync::Semaphore;

use super::server::Sandbox;
use super::webhooks::Prepared;

/// How many webhooks are on their way at the same time.
const MOST_IN_FLIGHT: usize = 16;
/// How often the background looks when nobody wakes it.
const TICK: Duration = Duration::from_millis(100);
/// How many orders may arrive in one tick, also after a long pause.
const MOST_ARRIVALS: u32 = 100;

/// Runs until it is aborted.
pub async fn run(sandbox: Arc<Sandbox>) {
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client without certificates of its own can always be built");
    let slots = Arc::new(Semaphore::new(MOST_IN_FLIGHT));
    let mut next_arrival_ms: Option<i64> = None;
    loop {
        let machine_ms = SystemClock.now().timestamp_millis();
        let now = sandbox.clock.now().timestamp();
        let due = {
            let mut world = sandbox.world();
            world.advance(now);
            let mut arrived = 0;
            // Paused or switched off: start counting afresh afterwards.
            if world.is_paused || world.orders_per_minute <= 0.0 {
                next_arrival_ms = None;
            } else {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a pause between orders fits into 64 bits"
                )]
                let pause_ms = ((60_000.0 / world.orders_per_minute) as i64).max(1);
                let mut next = next_arrival_ms.unwrap_or(machine_ms);
                while next <= machine_ms && arrived < MOST_ARRIVALS {
                    world.place_one(sandbox.options.mix, sandbox.options.arrive_as, now);
                    next += pause_ms;
                    arrived += 1;
                }
                next_arrival_ms = Some(next.max(machine_ms));
            }
            world.take_due_webhooks(now, machine_ms, slots.available_permits())
        };
        if due.is_empty() {
            tokio::select! {
                () = sandbox.wake.notified() => {}
                () = tokio::time::sleep(TICK) => {}
            }
            continue;
        }
        for prepared in due {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            let (http, sandbox) = (http.clone(), Arc::clone(&sandbox));
            actix_web::rt::spawn(async move {
                send(&http, &sandbox, prepared).await;
                drop(slot);
                sandbox.wake.notify_one();
            });
        }
    }
}

async fn send(http: &reqwest::Client, sandbox: &Sandbox, prepared: Prepared) {
    let timeout = Duration::from_millis(sandbox.world().switches.webhooks.timeout_ms);
    let answer = http
        .post(&prepared.target)
        .header("content-type", "application/json")
        .header("authorization", prepared.authorization)
        .timeout(timeout)
        .body(prepared.body)
        .send()
        .await;
    let http_status = answer.ok().map(|response| response.status().as_u16());
    let now = sandbox.clock.now().timestamp();
    sandbox.world().settle_webhook(prepared.number, http_status, now);
}

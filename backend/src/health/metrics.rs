use std::fmt::{Display, Write};

use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use database::Reach;
use shared::{BreakerState, Health, Problem, Side};

use super::get::measure;
use crate::app::AppState;
use crate::error::ApiError;

/// Prometheus' text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Metrics for Prometheus
///
/// The health in numbers, by connection. Served only to whoever sends the token that the operator has set for it
/// (`--metrics-token`); where none is set, to nobody. Never holds buyers' data, names or ids of orders.
#[utoipa::path(
    tag = "operation",
    operation_id = "getMetrics",
    params(("Authorization" = String, Header, description = "`Bearer` and the metrics token")),
    responses(
        (
            status = 200, description = "The metrics", body = String, content_type = "text/plain",
            example = json!("# TYPE orderbridge_queue_jobs gauge\norderbridge_queue_jobs 0\n")
        ),
        (
            status = 401, description = "Not the metrics token, or there is none", body = Problem,
            content_type = "application/problem+json"
        )
    ),
    security(())
)]
#[get("/metrics")]
pub async fn get_metrics(state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let sent = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let sent = sent.and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default();
    if !state.config.metrics_token.as_ref().is_some_and(|token| token.is(sent)) {
        return Err(ApiError::Unauthorized("Send the token of --metrics-token as a bearer token."));
    }
    let health = measure(&state, &Reach::All).await?;
    Ok(HttpResponse::Ok().content_type(TEXT_FORMAT).body(text_of(&health, resident_bytes())))
}

/// The memory that the process holds; known on Linux only.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn text_of(health: &Health, resident_bytes: Option<u64>) -> String {
    let mut text = Metrics(String::new());
    let version = env!("CARGO_PKG_VERSION");
    text.family("orderbridge_build_info", "The version that runs", [(labels(&[("version", &version)]), 1)]);
    if let Some(bytes) = resident_bytes {
        text.family(
            "process_resident_memory_bytes",
            "Memory that the process holds",
            [(String::new(), bytes)],
        );
    }
    text.one("orderbridge_queue_jobs", "Jobs that are due and not yet done", health.queue_depth);
    text.one(
        "orderbridge_queue_oldest_seconds",
        "How long the oldest due job has been waiting",
        health.oldest_due_job_s.unwrap_or(0),
    );
    text.one(
        "orderbridge_clock_skew_seconds",
        "How far this process's clock is ahead of the database's",
        seconds(health.clock_skew_ms),
    );
    macro_rules! by_connection {
        ($name:literal, $help:literal, $value:expr) => {
            text.family(
                $name,
                $help,
                health.connections.iter().filter_map(|connection| {
                    let value: fn(&shared::ConnectionHealth) -> Option<_> = $value;
                    Some((labels(&[("connection", &connection.connection_id)]), value(connection)?))
                }),
            );
        };
    }
    by_connection!("orderbridge_connection_queue_jobs", "Jobs of the connection that are due", |it| {
        Some(it.queue_depth)
    });
    by_connection!("orderbridge_poll_lag_seconds", "Since TikTok Shop was last read to the end", |it| {
        Some(it.poll_lag_s)
    });
    by_connection!("orderbridge_webhook_age_seconds", "Since the last webhook", |it| it.webhook_age_s);
    by_connection!("orderbridge_orders_waiting", "Orders that are importable and not in the store", |it| {
        Some(it.waiting_for_import)
    });
    by_connection!(
        "orderbridge_oldest_waiting_order_seconds",
        "How long the first of them has waited",
        |it| { Some(it.oldest_waiting_order_s.unwrap_or(0)) }
    );
    by_connection!("orderbridge_import_success_percent", "Imports that went well, of a day's", |it| {
        it.import_success_percent
    });
    by_connection!("orderbridge_authorization_days", "Days until TikTok Shop's authorization ends", |it| {
        Some(it.token_days_left)
    });
    by_connection!("orderbridge_open_alerts", "Alerts that are open", |it| Some(it.open_alerts));
    by_connection!("orderbridge_reconciliation_timestamp_seconds", "When the last comparison ended", |it| {
        it.last_reconciliation.as_ref()?.ended_at.map(|ended| ended.timestamp())
    });
    by_connection!("orderbridge_reconciliation_clean", "Whether everything agreed then", |it| {
        it.last_reconciliation.as_ref().map(|last| i64::from(last.clean))
    });
    text.family(
        "orderbridge_order_to_store_seconds",
        "From importable to created, of the latest imports",
        health.connections.iter().flat_map(|it| {
            [("0.5", it.order_to_store_p50_ms), ("0.95", it.order_to_store_p95_ms)].into_iter().filter_map(
                |(quantile, ms)| {
                    let labels = labels(&[("connection", &it.connection_id), ("quantile", &quantile)]);
                    Some((labels, seconds(ms?)))
                },
            )
        }),
    );
    text.family(
        "orderbridge_breaker_open",
        "Whether a side does not answer and is left alone",
        health.connections.iter().flat_map(|it| {
            [(Side::Channel, &it.tiktok), (Side::Store, &it.store)].map(|(side, health)| {
                let labels = labels(&[("connection", &it.connection_id), ("side", &side)]);
                (labels, i64::from(health.breaker != BreakerState::Closed))
            })
        }),
    );
    text.0
}

/// Milliseconds as seconds, without floats.
fn seconds(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    format!("{sign}{}.{:03}", ms / 1000, ms % 1000)
}

/// Labels as they stand behind a name. Values are numbers and words of ours, which need no escaping.
fn labels(pairs: &[(&str, &dyn Display)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    format!("{{{}}}", pairs.join(","))
}

struct Metrics(String);

impl Metrics {
    /// A gauge without labels.
    fn one(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, help, [(String::new(), value)]);
    }

    /// A gauge with a value for each set of labels; left out when there is none.
    fn family<V: Display>(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (String, V)>) {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return;
        }
        let text = &mut self.0;
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge")
            .expect("writing to a string does not fail");
        for (labels, value) in values {
            writeln!(text, "{name}{labels} {value}").expect("writing to a string does not fail");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_exact() {
        for (ms, text) in
            [(0, "0.000"), (1, "0.001"), (61_250, "61.250"), (-40, "-0.040"), (-3_007, "-3.007")]
        {
            assert_eq!(seconds(ms), text);
        }
    }

    #[test]
    fn an_installation_without_connections_has_its_own_metrics_only() {
        let health = Health {
            now: chrono::DateTime::UNIX_EPOCH,
            queue_depth: 3,
            oldest_due_job_s: None,
            clock_skew_ms: -12,
            connections: Vec::new(),
        };

        let text = text_of(&health, Some(4096));

        assert!(text.contains("# TYPE orderbridge_queue_jobs gauge\norderbridge_queue_jobs 3\n"), "{text}");
        assert!(text.contains("orderbridge_clock_skew_seconds -0.012\n"), "{text}");
        assert!(text.contains("process_resident_memory_bytes 4096\n"), "{text}");
        assert!(!text.contains("connection="), "{text}");
    }
}

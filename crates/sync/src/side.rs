//! How the two sides of a connection answer, as this process sees it: the failures in a row that open the circuit breaker,
//! and the pace that a side which asked for fewer calls is given.

use std::sync::Mutex;
use std::time::Duration;

use prestashop::{CallRecord, Verdict};
use shared::Side;
use tiktok_shop::Error;
use tokio::time::{Instant, sleep_until};

/// So many calls in a row that brought no answer, and the side counts as down.
pub const FAILURES_IN_A_ROW: u32 = 5;

/// A store that asks for fewer calls says nothing of how long.
const STORE_PAUSE: Duration = Duration::from_secs(30);
const CHANNEL_PAUSE: Duration = Duration::from_secs(2);

/// Calls per second after a side has asked for fewer; each further time halves them.
const FIRST_PACE: f64 = 4.0;
const SLOWEST_PACE: f64 = 0.5;

/// So much faster each time that a while has passed without a complaint, until there is no pace to keep any more.
const FASTER_BY: f64 = 1.0;
const FASTER_AFTER: Duration = Duration::from_secs(10);
const FASTEST_PACE: f64 = 20.0;

/// What a call said about the side as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The side is there, whatever it thinks of the request.
    Given,
    /// Nobody answered, or something that stands between.
    None(String),
    /// It asks for fewer calls, for this long.
    TooMany(Duration),
    /// Nothing.
    Nothing,
}

impl Answer {
    /// What a call to the store says of the store.
    #[must_use]
    pub fn of_store(call: &CallRecord) -> Self {
        match (call.status, call.verdict) {
            (_, Verdict::Success) => Self::Given,
            (Some(429), _) => Self::TooMany(STORE_PAUSE),
            // A webservice that is switched off says so in its own words.
            (Some(_), Verdict::Refused) => Self::Given,
            (Some(status @ 500..=599), _) => Self::None(format!("answered with status {status}")),
            (Some(_), _) => Self::Nothing,
            (None, Verdict::Refused) => Self::None("no connection came about".to_owned()),
            (None, _) => Self::None("no answer came".to_owned()),
        }
    }

    /// What a call to TikTok Shop says of TikTok Shop.
    #[must_use]
    pub fn of_channel<T>(result: &Result<T, Error>) -> Self {
        match result {
            Err(Error::RateLimited { retry_after, .. }) => {
                Self::TooMany(retry_after.unwrap_or(CHANNEL_PAUSE))
            }
            Err(error @ Error::Unreachable { .. }) => Self::None(error.to_string()),
            Err(
                error @ (Error::Transient { code, status, .. } | Error::OutcomeUnknown { code, status, .. }),
            ) if is_of_the_service(*code, *status) => Self::None(error.to_string()),
            // A page of something that stands between, or a list that is too long for us.
            Err(Error::Unexpected { .. } | Error::TooManyPages { .. }) => Self::Nothing,
            _ => Self::Given,
        }
    }
}

/// Whether it is the service as a whole that could not answer, rather than one thing that is not ready yet, such as a label
/// that is being made.
fn is_of_the_service(code: Option<i64>, status: Option<u16>) -> bool {
    const INTERNAL_ERROR: i64 = 36009003;
    const TIMEOUT: i64 = 36009007;
    matches!(code, None | Some(INTERNAL_ERROR | TIMEOUT)) || status.is_some_and(|status| status >= 500)
}

/// One side of a connection as this process sees it.
#[derive(Debug, Default)]
pub struct Pulse(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures_in_a_row: u32,
    /// Grows with each answer.
    answers: u64,
    /// Grows with each failure, whoever forgets the row.
    failures: u64,
    /// What the last failure was.
    reason: String,
    /// A complaint that nobody has passed on yet.
    complaint: Option<Duration>,
    pace: Option<Pace>,
}

#[derive(Debug, Clone, Copy)]
struct Pace {
    per_second: f64,
    /// When the next call may leave.
    next: Instant,
    /// Since when nobody has complained, or since it last became faster.
    since: Instant,
}

/// What this process has seen of a side so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub failures_in_a_row: u32,
    pub answers: u64,
    pub failures: u64,
    pub reason: String,
}

impl Seen {
    /// Whether the side has answered since.
    #[must_use]
    pub fn answered_since(&self, before: &Self) -> bool {
        self.answers > before.answers
    }

    /// Whether it was called since, in vain only.
    #[must_use]
    pub fn failed_since(&self, before: &Self) -> bool {
        self.failures > before.failures && !self.answered_since(before)
    }
}

impl Pulse {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no holder panics")
    }

    /// Takes note of a call.
    pub fn note(&self, answer: Answer) {
        let mut state = self.state();
        match answer {
            Answer::Given => {
                state.failures_in_a_row = 0;
                state.answers += 1;
            }
            Answer::None(reason) => {
                state.failures_in_a_row = state.failures_in_a_row.saturating_add(1);
                state.failures += 1;
                state.reason = reason;
            }
            Answer::TooMany(pause) => {
                state.complaint = Some(state.complaint.map_or(pause, |known| known.max(pause)));
                let now = Instant::now();
                let per_second = match state.pace {
                    Some(pace) => (pace.per_second / 2.0).max(SLOWEST_PACE),
                    None => FIRST_PACE,
                };
                state.pace = Some(Pace { per_second, next: now, since: now });
            }
            Answer::Nothing => {}
        }
    }

    /// What was seen so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        let state = self.state();
        Seen {
            failures_in_a_row: state.failures_in_a_row,
            answers: state.answers,
            failures: state.failures,
            reason: state.reason.clone(),
        }
    }

    /// Begins to count anew.
    pub fn forget_failures(&self) {
        self.state().failures_in_a_row = 0;
    }

    /// For how long the side wants to be left alone, told once.
    #[must_use]
    pub fn take_complaint(&self) -> Option<Duration> {
        self.state().complaint.take()
    }

    /// Waits for the turn of a call, so that calls are spread instead of coming all at once.
    pub async fn turn(&self) {
        let turn = self.state().pace.as_mut().map(|pace| pace.turn(Instant::now()));
        match turn {
            None => {}
            Some(None) => self.state().pace = None,
            Some(Some(at)) => sleep_until(at).await,
        }
    }
}

impl Pace {
    /// When a call may leave; `None` when there is no pace to keep any more.
    fn turn(&mut self, now: Instant) -> Option<Instant> {
        while now.duration_since(self.since) >= FASTER_AFTER {
            self.since += FASTER_AFTER;
            self.per_second += FASTER_BY;
        }
        if self.per_second > FASTEST_PACE {
            return None;
        }
        let at = self.next.max(now);
        self.next = at + Duration::from_secs_f64(1.0 / self.per_second);
        Some(at)
    }
}

/// What a side is called in sentences.
#[must_use]
pub fn name(side: Side) -> &'static str {
    match side {
        Side::Channel => "TikTok Shop",
        Side::Store => "the store",
    }
}

/// What a side is called where a sentence begins.
#[must_use]
pub fn sentence_name(side: Side) -> &'static str {
    match side {
        Side::Channel => "TikTok Shop",
        Side::Store => "The store",
    }
}

#[cfg(test)]
mod tests {
    use prestashop::{Method, Resource};

    use super::*;

    fn call(status: Option<u16>, verdict: Verdict) -> CallRecord {
        CallRecord {
            method: Method::Get,
            resource: Resource::Orders,
            status,
            duration: Duration::ZERO,
            verdict,
        }
    }

    #[test]
    fn only_what_is_no_answer_of_the_store_counts_against_it() {
        let table = [
            (Some(200), Verdict::Success, "given"),
            (Some(404), Verdict::Refused, "given"),
            (Some(401), Verdict::Refused, "given"),
            (Some(503), Verdict::Refused, "given"),
            (Some(503), Verdict::OutcomeUnknown, "none"),
            (Some(500), Verdict::OutcomeUnknown, "none"),
            (Some(429), Verdict::OutcomeUnknown, "too many"),
            (Some(200), Verdict::OutcomeUnknown, "nothing"),
            (None, Verdict::Refused, "none"),
            (None, Verdict::OutcomeUnknown, "none"),
        ];

        for (status, verdict, expected) in table {
            let answer = match Answer::of_store(&call(status, verdict)) {
                Answer::Given => "given",
                Answer::None(_) => "none",
                Answer::TooMany(_) => "too many",
                Answer::Nothing => "nothing",
            };
            assert_eq!(answer, expected, "{status:?} {verdict:?}");
        }
    }

    #[test]
    fn an_answer_ends_the_row_of_failures() {
        let pulse = Pulse::default();
        for _ in 0..4 {
            pulse.note(Answer::None("cut".to_owned()));
        }
        assert_eq!(pulse.seen().failures_in_a_row, 4);

        pulse.note(Answer::Nothing);
        assert_eq!(pulse.seen().failures_in_a_row, 4);
        pulse.note(Answer::Given);

        let seen = Seen { failures_in_a_row: 0, answers: 1, failures: 4, reason: "cut".to_owned() };
        assert_eq!(pulse.seen(), seen);
    }

    #[test]
    fn a_try_fails_by_its_own_calls_not_by_those_before_it() {
        let pulse = Pulse::default();
        pulse.note(Answer::None("cut".to_owned()));
        let before = pulse.seen();
        let outcomes = |pulse: &Pulse| {
            let seen = pulse.seen();
            (seen.answered_since(&before), seen.failed_since(&before))
        };

        pulse.note(Answer::Nothing);
        assert_eq!(outcomes(&pulse), (false, false), "nobody was asked");
        pulse.note(Answer::None("cut".to_owned()));
        pulse.forget_failures();
        assert_eq!(outcomes(&pulse), (false, true));
        pulse.note(Answer::Given);
        assert_eq!(outcomes(&pulse), (true, false));
    }

    #[test]
    fn calls_are_spread_after_a_complaint_and_free_again_after_a_while() {
        let begun = Instant::now();
        let at_ms = |ms: u64| begun + Duration::from_millis(ms);
        let mut pace = Pace { per_second: FIRST_PACE, next: begun, since: begun };
        let turns = |pace: &mut Pace, now: Instant| -> Vec<u128> {
            let turns = std::iter::repeat_with(|| pace.turn(now)).take(3);
            turns.map(|turn| (turn.expect("there is a pace") - begun).as_millis()).collect()
        };

        assert_eq!(turns(&mut pace, begun), [0, 250, 500], "four a second");
        assert_eq!(turns(&mut pace, at_ms(5_000)), [5_000, 5_250, 5_500], "nobody saves up turns");
        assert_eq!(
            turns(&mut pace, at_ms(10_000)),
            [10_000, 10_200, 10_400],
            "five a second after ten seconds"
        );
        assert_eq!(pace.turn(at_ms(200_000)), None, "no pace to keep any more");
    }

    #[test]
    fn each_complaint_is_passed_on_once_and_halves_the_pace() {
        let pulse = Pulse::default();

        pulse.note(Answer::TooMany(Duration::from_secs(3)));
        pulse.note(Answer::TooMany(Duration::from_secs(2)));

        assert_eq!(pulse.take_complaint(), Some(Duration::from_secs(3)), "the longer one");
        assert_eq!(pulse.take_complaint(), None);
        let pace = pulse.state().pace.map(|pace| pace.per_second);
        assert_eq!(pace, Some(FIRST_PACE / 2.0));
    }
}

//! When to try again. The client says whether another attempt makes sense; this says when.

use chrono::TimeDelta;
use rand::{Rng, RngExt};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// Seconds to wait after the first, second, … failed attempt; about 21 hours in all. One more would pass a day.
const DELAYS_S: [i64; 8] = [30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 6 * HOUR, 6 * HOUR];

/// The wait moves by up to a tenth either way, so that jobs which failed together do not all come back together.
const JITTER_PERCENT: i64 = 10;

/// How long to wait before the next attempt; `None` when a day of attempts is used up and the job should be parked.
///
/// `failed_before` counts the failed attempts before the one that has just failed: [`Leased::attempts`] as it is.
///
/// [`Leased::attempts`]: crate::Leased::attempts
pub fn delay(failed_before: i32, rng: &mut impl Rng) -> Option<TimeDelta> {
    let nominal = nominal_delay(failed_before)?;
    let largest_shift = nominal.num_milliseconds() * JITTER_PERCENT / 100;
    Some(nominal + TimeDelta::milliseconds(rng.random_range(-largest_shift..=largest_shift)))
}

/// [`delay`] without the jitter.
#[must_use]
pub fn nominal_delay(failed_before: i32) -> Option<TimeDelta> {
    let index = usize::try_from(failed_before).unwrap_or(0);
    DELAYS_S.get(index).copied().map(TimeDelta::seconds)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    use super::*;

    #[test]
    fn delays_grow_and_end_within_a_day() {
        let table = [
            (0, Some(30)),
            (1, Some(120)),
            (2, Some(600)),
            (3, Some(1_800)),
            (4, Some(7_200)),
            (5, Some(21_600)),
            (6, Some(21_600)),
            (7, Some(21_600)),
            (8, None),
            (i32::MAX, None),
        ];

        for (failed_before, seconds) in table {
            assert_eq!(
                nominal_delay(failed_before).map(|delay| delay.num_seconds()),
                seconds,
                "{failed_before}"
            );
        }
        assert!(DELAYS_S.iter().sum::<i64>() < 24 * HOUR);
    }

    #[test]
    fn jitter_stays_within_a_tenth_and_differs() {
        let mut rng = SmallRng::seed_from_u64(1);

        let delays: Vec<i64> =
            (0..100).filter_map(|_| delay(1, &mut rng)).map(|delay| delay.num_milliseconds()).collect();

        assert_eq!(delays.len(), 100);
        assert!(delays.iter().all(|delay| (108_000..=132_000).contains(delay)), "{delays:?}");
        assert!(delays.iter().any(|delay| *delay != delays[0]));
    }
}

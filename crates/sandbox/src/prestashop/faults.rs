//! Failures of the shop, the web server and the line that a test switches on.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// 500 with an empty body; nothing was done.
    #[serde(rename = "empty500_before")]
    Empty500Before,
    /// 500 with an empty body; everything was done.
    #[serde(rename = "empty500_after")]
    Empty500After,
    /// 200 with an HTML page of the invoice renderer; everything was done.
    #[serde(rename = "html200_after")]
    Html200After,
    /// 500 with XML that holds only messages of PHP; everything was done.
    #[serde(rename = "php_errors500_after")]
    PhpErrors500After,
    /// 400 with code 86; the entity was saved first.
    #[serde(rename = "code86_after")]
    Code86After,
    /// 500 with an empty body; the order was written, but the shop broke off before it gave it a state.
    #[serde(rename = "half_made500")]
    HalfMade500,
    /// 201, but what was stored differs from what was sent: an order has another total, a cart half the pieces.
    StoredSomethingElse,
    /// 504 of a gateway that has lost its patience, at once; the shop works on, and is done after `delay_ms`.
    StillRunning,
    /// 302 to the front page.
    #[serde(rename = "redirect302")]
    Redirect302,
    /// 503 with code 22, as from a webservice that is switched off.
    #[serde(rename = "unavailable503")]
    Unavailable503,
    /// 400 with a code and a sentence that mean nothing to anybody; nothing was done.
    #[serde(rename = "refused400")]
    Refused400,
    /// 429 with a page of a firewall.
    #[serde(rename = "too_many429")]
    TooMany429,
    /// 503 with the HTML page of a shop under maintenance.
    MaintenancePage,
    /// 200 with JSON that is none.
    JsonGarbage,
    /// The answer comes after `delay_ms`.
    Slow,
    /// The connection is cut; nothing was done.
    CutBefore,
    /// The connection is cut; everything was done.
    CutAfter,
    /// No answer ever comes, though the connection stays; nothing was done.
    SilentBefore,
    /// No answer ever comes, though the connection stays; everything was done.
    SilentAfter,
    /// Half of the answer arrives, then the connection is cut; everything was done.
    Truncated,
    /// The answer arrives a few bytes at a time, for about a second; everything was done.
    Trickled,
    /// The answer is followed by ten megabytes of blanks; everything was done.
    HugeBody,
}

impl FaultKind {
    /// Whether the shop does its work before things go wrong.
    #[must_use]
    pub fn is_after(self) -> bool {
        matches!(
            self,
            Self::Empty500After
                | Self::Html200After
                | Self::PhpErrors500After
                | Self::Code86After
                | Self::HalfMade500
                | Self::StoredSomethingElse
                | Self::Slow
                | Self::CutAfter
                | Self::SilentAfter
                | Self::Truncated
                | Self::Trickled
                | Self::HugeBody
        )
    }
}

/// When it goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// Resource in the address, such as `orders`; all when none is given.
    #[serde(default)]
    pub resource: Option<String>,
    /// Method, such as `POST`; all when none is given.
    #[serde(default)]
    pub method: Option<String>,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many calls it still hits; without end when not given.
    #[serde(default)]
    pub times: Option<u32>,
    /// How many matching calls pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// Share of the matching calls that it hits, from 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// How long a slow answer takes, in milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
}

fn always() -> f64 {
    1.0
}

/// The failures that are switched on, with the dice that decide whom they hit.
#[derive(Debug)]
pub struct Faults {
    active: Vec<Fault>,
    dice: StdRng,
}

impl Faults {
    /// No failures; the dice fall the same way for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { active: Vec::new(), dice: StdRng::seed_from_u64(seed) }
    }

    /// Switches a failure on.
    pub fn add(&mut self, fault: Fault) {
        self.active.push(fault);
    }

    /// Switches all failures off.
    pub fn clear(&mut self) {
        self.active.clear();
    }

    /// Starts the dice anew.
    pub fn reseed(&mut self, seed: u64) {
        self.dice = StdRng::seed_from_u64(seed);
    }

    /// The failures that are switched on.
    #[must_use]
    pub fn active(&self) -> &[Fault] {
        &self.active
    }

    /// The failure that hits a call, if one does.
    pub fn draw(&mut self, method: &str, resource: &str) -> Option<Fault> {
        for fault in &mut self.active {
            let meant = fault.resource.as_deref().is_none_or(|wanted| wanted == resource)
                && fault.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
            if !meant || fault.times == Some(0) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.rate < 1.0 && self.dice.random::<f64>() >= fault.rate {
                continue;
            }
            if let Some(times) = &mut fault.times {
                *times -= 1;
            }
            return Some(fault.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_hits_the_next_calls_that_it_is_meant_for() {
        let mut faults = Faults::new(1);
        faults.add(Fault {
            resource: Some("orders".to_owned()),
            method: Some("POST".to_owned()),
            kind: FaultKind::Empty500Before,
            times: Some(1),
            skip: 1,
            rate: 1.0,
            delay_ms: 0,
        });

        assert!(faults.draw("GET", "orders").is_none());
        assert!(faults.draw("POST", "orders").is_none());
        assert!(faults.draw("POST", "orders").is_some());
        assert!(faults.draw("POST", "orders").is_none());
    }
}

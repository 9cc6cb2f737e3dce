//! Codes that were exchanged before it was said which of several shops is meant. TikTok Shop takes a code once, so the tokens
//! wait here until the person has chosen: in this process alone, and for as long as a code lives.

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use database::connections::Tokens;
use sha2::{Digest, Sha256};
use shared::TikTokCredentials;

/// As long as TikTok Shop's codes.
const LIFE: TimeDelta = TimeDelta::minutes(30);

/// Far more than people who choose at the same time.
const MOST: usize = 64;

/// Tokens that nobody has yet said a shop for.
#[derive(Default)]
pub struct ExchangedCodes(Mutex<Vec<Exchanged>>);

struct Exchanged {
    digest: [u8; 32],
    at: DateTime<Utc>,
    tokens: Tokens,
}

impl ExchangedCodes {
    /// Keeps what a code was exchanged for.
    pub(super) fn keep(&self, tiktok: &TikTokCredentials, tokens: Tokens, now: DateTime<Utc>) {
        let mut kept = self.0.lock().expect("no holder panics");
        kept.retain(|exchanged| now - exchanged.at < LIFE);
        if kept.len() == MOST {
            kept.remove(0);
        }
        kept.push(Exchanged { digest: digest(tiktok), at: now, tokens });
    }

    /// What a code was exchanged for, for who names app and code alike; once.
    pub(super) fn take(&self, tiktok: &TikTokCredentials, now: DateTime<Utc>) -> Option<Tokens> {
        let mut kept = self.0.lock().expect("no holder panics");
        let digest = digest(tiktok);
        let index = kept.iter().position(|exchanged| exchanged.digest == digest)?;
        let exchanged = kept.remove(index);
        (now - exchanged.at < LIFE).then_some(exchanged.tokens)
    }
}

fn digest(tiktok: &TikTokCredentials) -> [u8; 32] {
    let parts = [Some(&tiktok.app_key), Some(&tiktok.app_secret), tiktok.auth_code.as_ref()];
    let mut digest = Sha256::new();
    for part in parts.into_iter().flatten() {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

//! Which failure becomes which issue, and what happens to the job: the only place that decides.

use chrono::{DateTime, TimeDelta, Utc};
use database::connections::ConnectionRecord;
use database::issues::{Found, Retry};
use job_queue::{Outcome, backoff};
use prestashop::{Refusal, RefusalKind, Unknown, UnknownReason};
use shared::{ConnectionId, IssueCode, RetryClass};
use tiktok_shop::Setting;

/// The issues that reading an order from TikTok Shop can open.
pub const CHANNEL_ISSUES: &[IssueCode] = &[
    IssueCode::ChannelUnreachable,
    IssueCode::ChannelAuthExpired,
    IssueCode::ChannelDeauthorized,
    IssueCode::ChannelScopeMissing,
    IssueCode::ChannelMisconfigured,
    IssueCode::ChannelClockSkew,
    IssueCode::ChannelRateLimited,
];

/// What an internal issue is about that a refusal of TikTok Shop opened; the next answer ends it.
pub const REFUSED_BY_CHANNEL: &str = "refused by TikTok Shop";

/// What a failed call to TikTok Shop means for the merchant of a connection.
///
/// TikTok Shop refuses a token alike whether the grant has ended or the seller has removed the app; which of them it was is
/// known only where it has told us.
#[must_use]
pub fn of_channel_in(connection: &ConnectionRecord, error: &tiktok_shop::Error) -> Found {
    let found = of_channel(error);
    if found.code == IssueCode::ChannelAuthExpired && connection.deauthorized_at.is_some() {
        return Found { code: IssueCode::ChannelDeauthorized, ..found };
    }
    found
}

/// What a failed call to TikTok Shop means for the merchant.
#[must_use]
pub fn of_channel(error: &tiktok_shop::Error) -> Found {
    use tiktok_shop::Error;
    let code = match error {
        Error::TokenExpired { .. } | Error::ReauthorizationNeeded { .. } => IssueCode::ChannelAuthExpired,
        Error::ScopeMissing { message, .. } => {
            return Found::new(IssueCode::ChannelScopeMissing).with("scope", message).with("reason", error);
        }
        Error::Misconfigured { setting, .. } => {
            return Found::new(IssueCode::ChannelMisconfigured)
                .with("what", wrong_setting(*setting))
                .with("reason", error);
        }
        Error::ClockSkew { .. } => IssueCode::ChannelClockSkew,
        Error::RateLimited { .. } => IssueCode::ChannelRateLimited,
        Error::Transient { .. }
        | Error::Unreachable { .. }
        | Error::OutcomeUnknown { .. }
        | Error::Unexpected { .. }
        | Error::TooManyPages { .. } => IssueCode::ChannelUnreachable,
        Error::NotFound { .. }
        | Error::Denied { .. }
        | Error::Rejected { .. }
        | Error::InvalidRequest { .. } => {
            return Found::new(IssueCode::Internal)
                .with("reference", "TikTok Shop refused our request")
                .with("reason", error)
                .about(REFUSED_BY_CHANNEL);
        }
    };
    Found::new(code).with("reason", error)
}

/// What is wrong with a setting of the app, in words that fit behind "TikTok refuses the app:".
fn wrong_setting(setting: Setting) -> &'static str {
    match setting {
        Setting::AllowedAddresses => "the address of this server is not on its IP allow list",
        Setting::AppKey => "it does not know the app key",
        Setting::AppSecret => "the app secret does not belong to the app key",
        Setting::ServiceAddress => "the address of TikTok's service leads somewhere else",
    }
}

/// What a failed call to the store means for the merchant.
#[must_use]
pub fn of_store(error: &prestashop::Error) -> Found {
    let found = match error {
        prestashop::Error::Refused(refusal) => of_refusal(refusal),
        prestashop::Error::OutcomeUnknown(unknown) if unknown.status == Some(429) => {
            Found::new(IssueCode::StoreRateLimited)
        }
        prestashop::Error::OutcomeUnknown(unknown) if unknown.reason == UnknownReason::ErrorsReported => {
            Found::new(IssueCode::StoreRefused).with("what", what_it_reports(unknown))
        }
        prestashop::Error::OutcomeUnknown(_) => Found::new(IssueCode::StoreUnreachable),
    };
    found.with("reason", error)
}

fn of_refusal(refusal: &Refusal) -> Found {
    match &refusal.kind {
        RefusalKind::NotReached { .. } => Found::new(IssueCode::StoreUnreachable),
        RefusalKind::KeyRejected => Found::new(IssueCode::StoreAuth)
            .with("permission", "the webservice key is unknown or switched off"),
        RefusalKind::PermissionMissing { resource, method } => {
            Found::new(IssueCode::StoreAuth).with("permission", format!("{method} on {resource}"))
        }
        RefusalKind::WebserviceDisabled => {
            Found::new(IssueCode::StoreAuth).with("permission", "the webservice is switched off")
        }
        RefusalKind::WrongAddress { .. } => {
            Found::new(IssueCode::StoreAuth).with("permission", "this is not the store's configured address")
        }
        RefusalKind::ShopMissing { shop } => Found::new(IssueCode::StoreAuth)
            .with("permission", format!("the shop #{shop} that the connection names is not in use")),
        RefusalKind::ShopNotChosen => Found::new(IssueCode::StoreAuth)
            .with("permission", "it does not have one shop alone, and the connection names none"),
        RefusalKind::FieldRequired { field } | RefusalKind::FieldInvalid { field } => {
            Found::new(IssueCode::AddressRejected).with("field", field)
        }
        RefusalKind::NotFound => {
            Found::new(IssueCode::StoreRefused).with("what", "it does not have what it is asked about")
        }
        RefusalKind::Other => Found::new(IssueCode::StoreRefused).with("what", numbers_of(refusal)),
    }
}

/// The store's own code for an e-mail address that an account has.
const EMAIL_TAKEN: u32 = 140;

/// What the store says that it could not do, by its codes.
fn what_it_reports(unknown: &Unknown) -> String {
    match unknown.errors.iter().find(|error| !error.is_from_php()) {
        Some(error) if error.code == EMAIL_TAKEN => {
            "a guest with an e-mail address that belongs to a customer account; set another one in the connection"
                .to_owned()
        }
        Some(error) => format!("PrestaShop's error {}", error.code),
        None => "it broke off".to_owned(),
    }
}

/// What is known of a refusal that has no meaning to us: its numbers. The store's own words stay unsaid, for at the address
/// that somebody typed anybody may answer.
fn numbers_of(refusal: &Refusal) -> String {
    match (refusal.status, refusal.errors.first()) {
        (Some(status), Some(error)) => format!("status {status}, PrestaShop's error {}", error.code),
        (Some(status), None) => format!("status {status}"),
        (None, _) => "it was not asked".to_owned(),
    }
}

/// The name under which jobs sleep until this cause is gone.
#[must_use]
pub fn cause(connection_id: ConnectionId, code: IssueCode, subject: &str) -> String {
    format!("{code}:{connection_id}:{subject}")
}

/// What becomes of a job that met these issues, and what the issues say about it. `attempts` counts this try.
#[must_use]
pub fn next_step(
    connection_id: ConnectionId,
    found: &[Found],
    attempts: i32,
    now: DateTime<Utc>,
) -> (Outcome, Retry) {
    let classes = || found.iter().map(|found| found.code.kind().retry);
    let delay = backoff::delay(attempts - 1, &mut rand::rng());
    let error = found.iter().map(|found| found.code.as_str()).collect::<Vec<_>>().join(", ");
    let first = found.first();
    let cause = first.map_or_else(String::new, |found| cause(connection_id, found.code, &found.subject));
    let rate_limited = found
        .iter()
        .all(|found| matches!(found.code, IssueCode::StoreRateLimited | IssueCode::ChannelRateLimited));
    if rate_limited {
        let at = now + TimeDelta::seconds(30);
        return (Outcome::WaitUntil { at, reason: error }, Retry { attempts, next_at: Some(at) });
    }
    let hopeless = classes().any(|class| matches!(class, RetryClass::Manual | RetryClass::Never));
    let at = if hopeless { None } else { delay.map(|delay| now + delay) };
    (Outcome::Park { cause, error, at }, Retry { attempts, next_at: at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_classes_decide_about_the_job() {
        let now = DateTime::from_timestamp(1_795_422_307, 0).unwrap();
        let step = |codes: &[IssueCode], attempts| {
            let found: Vec<_> = codes.iter().map(|code| Found::new(*code)).collect();
            next_step(ConnectionId(1), &found, attempts, now)
        };

        let (outcome, retry) = step(&[IssueCode::StoreUnreachable], 1);
        assert!(matches!(outcome, Outcome::Park { at: Some(_), .. }));
        assert!((27..=33).contains(&(retry.next_at.unwrap() - now).num_seconds()));
        let (_, retry) = step(&[IssueCode::SkuNotFound], 3);
        assert!(retry.next_at.unwrap() > now + TimeDelta::minutes(8));
        let (outcome, retry) = step(&[IssueCode::SkuNotFound, IssueCode::SkuAmbiguous], 1);
        assert_eq!((retry.next_at, retry.attempts), (None, 1));
        assert!(matches!(outcome, Outcome::Park { at: None, ref cause, .. } if cause == "SKU_NOT_FOUND:1:"));
        assert_eq!(step(&[IssueCode::StoreUnreachable], 99).1.next_at, None);
        assert!(matches!(step(&[IssueCode::StoreRateLimited], 1).0, Outcome::WaitUntil { .. }));
    }
}

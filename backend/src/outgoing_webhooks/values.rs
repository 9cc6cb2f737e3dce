//! Which values of a webhook are acceptable; errors name the field by its JSON pointer.

use std::collections::BTreeSet;

use database::{Reach, connections};
use shared::{ConnectionId, FieldError, WebhookEvent};

use crate::app::AppState;
use crate::error::ApiError;

const LONGEST_DESCRIPTION: usize = 200;

/// The address as it is connected to, if it leads to a public server.
pub(super) async fn url(state: &AppState, text: &str) -> Result<String, ApiError> {
    let destinations = state.config.destinations;
    let refused = |refused: public_address::Refused| {
        ApiError::Invalid(vec![FieldError::new("/url", refused.to_string())])
    };
    let url = public_address::parse(text, destinations).map_err(refused)?;
    public_address::check(&url, destinations).await.map_err(refused)?;
    Ok(url.to_string())
}

pub(super) fn description(errors: &mut Vec<FieldError>, text: &str) {
    if text.chars().count() > LONGEST_DESCRIPTION {
        errors.push(FieldError::new(
            "/description",
            format!("at most {LONGEST_DESCRIPTION} characters are taken"),
        ));
    } else if text.chars().any(char::is_control) {
        errors.push(FieldError::new("/description", "must not contain control characters"));
    }
}

/// The events, each once.
pub(super) fn events(errors: &mut Vec<FieldError>, events: &[WebhookEvent]) -> Vec<WebhookEvent> {
    if events.contains(&WebhookEvent::Test) {
        errors.push(FieldError::new("/events", "webhook.test is sent to every webhook and is not chosen"));
    }
    events.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The connections, each once and each of them there.
pub(super) async fn connection_ids(
    state: &AppState,
    errors: &mut Vec<FieldError>,
    ids: &[ConnectionId],
) -> Result<Vec<ConnectionId>, ApiError> {
    let known = connections::ids(state.database.reader(), &Reach::All).await?;
    let unknown = ids.iter().enumerate().filter(|(_, id)| !known.contains(id));
    errors.extend(unknown.map(|(index, _)| {
        FieldError::new(format!("/connection_ids/{index}"), "there is no such connection")
    }));
    let ids: BTreeSet<_> = ids.iter().copied().collect();
    Ok(ids.into_iter().collect())
}

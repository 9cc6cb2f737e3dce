//! The caller as an argument of a handler: a handler that asks for `May<OrdersWrite>` cannot be called with less.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono::{DateTime, TimeDelta, Utc};
use database::{Reach, api_keys};
use shared::{ApiKeyId, Role, Scope, User, UserSessionId};

use super::api_key;
use crate::app::AppState;
use crate::error::ApiError;

/// A stream that was opened with a key ends after this time at the latest, so that a revoked key loses it.
const KEY_STREAMS_FOR: TimeDelta = TimeDelta::minutes(10);

/// Somebody or something with valid credentials.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The person, or the owner of the key.
    pub user: User,
    pub credential: Credential,
    /// Lists ask for it, and ids are looked up in it.
    pub reach: Reach,
    /// Until when what was sent is good.
    pub good_until: DateTime<Utc>,
    /// How the caller is named in stories.
    actor: String,
}

/// What a caller has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// The access token of a person's session. `locked` while a second factor must be set up first.
    Session { id: UserSessionId, locked: bool },
    /// An API key and what it carries.
    Key { id: ApiKeyId, scopes: Vec<Scope>, expires_at: DateTime<Utc> },
}

impl Caller {
    /// Whether the caller has a right.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        match &self.credential {
            Credential::Session { .. } => self.user.role.has(scope),
            Credential::Key { scopes, .. } => scopes.contains(&scope),
        }
    }

    /// Refuses a caller who lacks a right.
    ///
    /// # Errors
    /// When the role does not have it, or the key does not carry it.
    pub fn require(&self, scope: Scope) -> Result<(), ApiError> {
        if let Credential::Session { locked: true, .. } = self.credential {
            return Err(ApiError::SecondFactorMissing);
        }
        match (self.may(scope), &self.credential) {
            (true, _) => Ok(()),
            (false, Credential::Session { .. }) => {
                Err(ApiError::Forbidden(format!("This needs the role {} or higher.", scope.lowest_role())))
            }
            (false, Credential::Key { .. }) => Err(ApiError::Forbidden(format!(
                "This needs a key that carries the scope {scope}, of somebody with the role {} or higher.",
                scope.lowest_role()
            ))),
        }
    }

    /// Refuses a caller who is to give or take what goes beyond the own rights: nobody raises anybody above themselves.
    ///
    /// # Errors
    /// When the role has rights that the caller lacks.
    pub fn require_all_of(&self, role: Role) -> Result<(), ApiError> {
        role.scopes().try_for_each(|scope| self.require(scope))
    }

    /// Refuses a key that is limited to some connections.
    ///
    /// # Errors
    /// When it is.
    pub fn require_all_connections(&self) -> Result<(), ApiError> {
        match self.reach {
            Reach::All => Ok(()),
            Reach::Only(_) => Err(ApiError::Forbidden(
                "This needs a key that is not limited to some connections.".to_owned(),
            )),
        }
    }

    /// How the caller is named in stories: a person's address, and the key's name if a key was used.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Whose keys, budgets and files they are: a person, or a key by itself.
    #[must_use]
    pub fn account(&self) -> String {
        match &self.credential {
            Credential::Session { .. } => format!("user:{}", self.user.id),
            Credential::Key { id, .. } => format!("key:{id}"),
        }
    }

    /// The session, if there is one.
    #[must_use]
    pub fn session(&self) -> Option<&UserSessionId> {
        match &self.credential {
            Credential::Session { id, .. } => Some(id),
            Credential::Key { .. } => None,
        }
    }
}

/// What a request has shown of its caller. Without one, nobody has looked, and nobody is let in.
#[derive(Debug, Clone)]
pub enum Identity {
    Nobody,
    /// What was sent is not good; the sentence says why.
    Refused(&'static str),
    Known(Box<Caller>),
}

impl Identity {
    /// Finds out who sends a request. Keys and tokens are read from the header alone, never from an address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(state: &AppState, headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(token) = bearer_token(headers) else { return Ok(Self::Nobody) };
        let now = state.clock().now();
        let known = if token.starts_with(api_key::PREFIX) {
            of_key(state, token, now).await?.ok_or("The API key is not valid, has ended or was revoked.")
        } else {
            let ended = "The access token is not valid any more; refresh the session.";
            of_session(state, token, now).await?.ok_or(ended)
        };
        Ok(known.map_or_else(Self::Refused, |caller| Self::Known(Box::new(caller))))
    }

    fn known(request: &HttpRequest) -> Result<Caller, ApiError> {
        match request.extensions().get::<Self>() {
            Some(Self::Known(caller)) => Ok(caller.as_ref().clone()),
            Some(Self::Refused(why)) => Err(ApiError::Unauthorized(why)),
            Some(Self::Nobody) | None => {
                Err(ApiError::Unauthorized("Send an access token or an API key as a bearer token."))
            }
        }
    }
}

pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn of_session(state: &AppState, token: &str, now: DateTime<Utc>) -> Result<Option<Caller>, ApiError> {
    let Some(claims) = state.access_tokens.read(token, now) else { return Ok(None) };
    let owner = state.live_sessions.owner_of(&state.database, &claims.sid, now).await?;
    let owner = owner.filter(|owner| Some(owner.user.id) == claims.user_id());
    Ok(owner.map(|owner| Caller {
        credential: Credential::Session {
            id: UserSessionId(claims.sid),
            locked: !owner.second_factor && state.config.needs_second_factor(owner.user.role),
        },
        reach: Reach::All,
        good_until: DateTime::from_timestamp(claims.exp, 0).unwrap_or(now),
        actor: owner.user.email.clone(),
        user: owner.user,
    }))
}

async fn of_key(state: &AppState, key: &str, now: DateTime<Utc>) -> Result<Option<Caller>, ApiError> {
    if !api_key::is_well_formed(key) {
        return Ok(None);
    }
    let digest = super::token_hash(key);
    let Some(key) = state.live_keys.find(&state.database, &digest, now).await? else { return Ok(None) };
    if api_keys::is_use_worth_writing(key.last_used_at, now) {
        api_keys::used(state.database.writer(), key.id, now).await?;
        state.live_keys.used(&digest, now);
    }
    Ok(Some(Caller {
        actor: format!("{} (key {})", key.owner.email, key.name),
        credential: Credential::Key { id: key.id, scopes: key.scopes, expires_at: key.expires_at },
        reach: key.reach,
        good_until: key.expires_at.min(now + KEY_STREAMS_FOR),
        user: key.owner,
    }))
}

/// Somebody who has the right that the type names; it dereferences to the [`Caller`].
#[derive(Debug, Clone)]
pub struct May<S> {
    caller: Caller,
    scope: PhantomData<S>,
}

impl<S> Deref for May<S> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// A right as a type.
pub trait Right {
    const SCOPE: Scope;
}

impl<S: Right> FromRequest for May<S> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = Identity::known(request).and_then(|caller| {
            caller.require(S::SCOPE)?;
            Ok(Self { caller, scope: PhantomData })
        });
        ready(caller)
    }
}

macro_rules! rights {
    ($($name:ident),+ $(,)?) => {$(
        #[doc = concat!("[`Scope::", stringify!($name), "`].")]
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Right for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )+};
}

rights!(
    OrdersRead,
    OrdersRaw,
    OrdersLabels,
    OrdersWrite,
    OrdersPii,
    OrdersErase,
    ConnectionsRead,
    ConnectionsWrite,
    WebhooksRead,
    WebhooksWrite,
    KeysRead,
    KeysWrite,
    UsersRead,
    UsersWrite,
    AuditRead,
    DocsRead,
);

/// Anybody with valid credentials, a key too.
#[derive(Debug, Clone)]
pub struct Anyone(pub Caller);

impl FromRequest for Anyone {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Identity::known(request).map(Self))
    }
}

/// A person in a session, for what concerns nobody else; keys are refused.
#[derive(Debug, Clone)]
pub struct Person {
    pub user: User,
    pub session: UserSessionId,
}

impl FromRequest for Person {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let person = Identity::known(request).and_then(|caller| match caller.credential {
            Credential::Session { id, .. } => Ok(Self { user: caller.user, session: id }),
            Credential::Key { .. } => {
                Err(ApiError::Forbidden("This is for people who are signed in, not for keys.".to_owned()))
            }
        });
        ready(person)
    }
}

/// The caller of a request, for what is asked beside the handler.
pub(crate) fn caller_of(request: &HttpRequest) -> Result<Caller, ApiError> {
    Identity::known(request)
}

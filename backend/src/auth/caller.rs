//! The caller as an argument of a handler: a handler that asks for `Operator` cannot be called by less.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, TimeDelta, Utc};
use database::{Database, sessions};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use shared::{Role, User};

use crate::app::AppState;
use crate::error::ApiError;

/// A person with a live session.
#[derive(Debug, Clone)]
pub struct Caller {
    pub user: User,
    /// When the access token that was sent ends.
    pub token_expires_at: DateTime<Utc>,
}

impl Caller {
    /// Whether the caller may do what this role may do.
    #[must_use]
    pub fn may(&self, role: Role) -> bool {
        self.user.role >= role
    }

    /// Refuses a caller whose role does not suffice.
    ///
    /// # Errors
    /// When the role is lower.
    pub fn require(&self, role: Role) -> Result<(), ApiError> {
        if self.may(role) { Ok(()) } else { Err(ApiError::Forbidden { needs: role }) }
    }

    async fn of(state: &AppState, token: Option<String>) -> Result<Self, ApiError> {
        let token =
            token.ok_or(ApiError::Unauthorized("Sign in and send the access token as a bearer token."))?;
        let now = state.clock().now();
        let ended = ApiError::Unauthorized("The access token is not valid any more; refresh the session.");
        let Some(claims) = state.access_tokens.read(&token, now) else { return Err(ended) };
        let user = state.live_sessions.user_of(&state.database, &claims.sid, now).await?;
        match user.filter(|user| Some(user.id) == claims.user_id()) {
            Some(user) => {
                Ok(Self { user, token_expires_at: DateTime::from_timestamp(claims.exp, 0).unwrap_or(now) })
            }
            None => Err(ended),
        }
    }
}

fn bearer_token(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

macro_rules! role_argument {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name(pub Caller);

        impl FromRequest for $name {
            type Error = ApiError;
            type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let state = request.app_data::<Data<AppState>>().cloned();
                let token = bearer_token(request);
                async move {
                    let state = state.ok_or_else(|| ApiError::internal("the app has no state"))?;
                    let caller = Caller::of(&state, token).await?;
                    caller.require(Role::$name)?;
                    Ok(Self(caller))
                }
                .boxed_local()
            }
        }
    };
}

role_argument!(
    /// Anybody who is signed in.
    Viewer
);
role_argument!(
    /// Somebody who may act on orders.
    Operator
);
role_argument!(
    /// Somebody who may see buyers' data and change connections.
    Manager
);
role_argument!(
    /// Somebody who may manage people.
    Admin
);

/// For this long a session is taken to live on after it was looked up; other processes notice its end this late.
const LOOKED_UP_FOR: TimeDelta = TimeDelta::seconds(10);
/// Beyond this many, all are looked up anew.
const MAX_REMEMBERED: usize = 10_000;

/// Which sessions are live, remembered for a moment, so that not every request asks the database.
#[derive(Debug, Default)]
pub struct LiveSessions {
    remembered: Mutex<HashMap<String, (User, DateTime<Utc>)>>,
}

impl LiveSessions {
    /// Whose session this is, if it has not been ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_of(
        &self,
        database: &Database,
        session: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, ApiError> {
        if let Some((user, looked_up_at)) = self.lock().get(session)
            && (now - *looked_up_at).abs() < LOOKED_UP_FOR
        {
            return Ok(Some(user.clone()));
        }
        let user = sessions::user_of_family(database.reader(), session).await?;
        let mut remembered = self.lock();
        match &user {
            Some(user) => {
                if remembered.len() >= MAX_REMEMBERED {
                    remembered.clear();
                }
                remembered.insert(session.to_owned(), (user.clone(), now));
            }
            None => {
                remembered.remove(session);
            }
        }
        Ok(user)
    }

    /// Notes that a session has ended.
    pub fn forget(&self, session: &str) {
        self.lock().remove(session);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (User, DateTime<Utc>)>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

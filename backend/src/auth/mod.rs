//! Who is calling, and what they may do.

mod access_token;
pub(crate) mod api_key;
mod caller;
mod leaked;
mod live;
mod password;
mod refresh_cookie;
mod setup_link;
mod throttle;
pub(crate) mod totp;
pub(crate) mod user_agent;

pub use access_token::{AccessTokens, Claims};
pub use caller::{
    Anyone, AuditRead, Caller, ConnectionsRead, ConnectionsWrite, Credential, DocsRead, Identity, KeysRead,
    KeysWrite, May, OrdersErase, OrdersLabels, OrdersPii, OrdersRaw, OrdersRead, OrdersWrite, Person, Right,
    UsersRead, UsersWrite, WebhooksRead, WebhooksWrite,
};
pub(crate) use caller::{bearer_token, caller_of};
pub use live::{LiveKeys, LiveSessions};
pub use password::{Passwords, check_new_email, check_new_password};
pub(crate) use refresh_cookie::is_from_our_page;
pub use refresh_cookie::{COOKIE_NAME, RefreshCookie, expired_cookie, new_token, refresh_cookie, token_hash};
pub use setup_link::{SETUP_TOKEN, offer_setup};
pub use throttle::{Throttle, ThrottlePolicy};

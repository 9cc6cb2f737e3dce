//! Who is calling, and what they may do.

mod access_token;
mod caller;
mod password;
mod refresh_cookie;
mod setup_link;
mod throttle;

pub use access_token::{AccessTokens, Claims};
pub use caller::{Admin, Caller, LiveSessions, Manager, Operator, Viewer};
pub use password::{Passwords, check_new_email, check_new_password};
pub use refresh_cookie::{COOKIE_NAME, RefreshCookie, expired_cookie, new_token, refresh_cookie, token_hash};
pub use setup_link::{SETUP_TOKEN, offer_setup};
pub use throttle::{Attempt, Throttle, ThrottlePolicy};

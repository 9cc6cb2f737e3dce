use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{ApiKeyId, ConnectionId, InvitationId, Role, Scope, UserId, UserSessionId};

/// A person, as those see them who manage people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserAccount {
    pub id: UserId,
    pub email: String,
    pub role: Role,
    /// People who are disabled cannot sign in, and their keys do not work.
    pub disabled: bool,
    /// Whether signing in asks for a code of an authenticator app too.
    pub second_factor: bool,
    pub created_at: DateTime<Utc>,
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// What a change must send as `If-Match`.
    pub version: i64,
}

/// A person whom orders can be assigned to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assignee {
    pub id: UserId,
    pub email: String,
}

/// Changes to a person; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateUser {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Disabling ends all sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// `false` takes the authenticator app away from somebody who has lost it; the person sets up a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<bool>,
}

/// A request to invite somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateInvitation {
    #[cfg_attr(feature = "openapi", schema(max_length = 254, example = "ana@example.com"))]
    pub email: String,
    pub role: Role,
}

/// An invitation that has not been accepted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    pub id: InvitationId,
    pub email: String,
    pub role: Role,
    /// Who invited.
    pub invited_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl Invitation {
    /// The version that each has, for none is ever changed.
    pub const VERSION: i64 = 1;
}

/// A new invitation with its link, which is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewInvitation {
    pub invitation: Invitation,
    /// Give it to the person; whoever opens it first chooses the password. The token follows `#`, which no server sees.
    pub link: String,
}

/// A request to accept an invitation.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// What follows `#token=` in the link.
    pub token: String,
    #[cfg_attr(feature = "openapi", schema(min_length = 12, max_length = 128, format = "password"))]
    pub password: String,
}

/// A request to change one's own password.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    #[cfg_attr(feature = "openapi", schema(max_length = 128, format = "password"))]
    pub current: String,
    #[cfg_attr(feature = "openapi", schema(min_length = 12, max_length = 128, format = "password"))]
    pub new: String,
}

/// A session that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserSession {
    pub id: UserSessionId,
    /// When the person signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed, to within ten minutes when it was last used.
    pub last_used_at: DateTime<Utc>,
    /// When it ends if it is not used.
    pub expires_at: DateTime<Utc>,
    /// The browser and system in a few words, such as `Firefox on Linux`.
    pub user_agent: Option<String>,
    /// Whether it is the session that asks.
    pub current: bool,
}

/// An API key; the key itself is shown once, when it is created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// How the key begins, to tell it from others.
    #[cfg_attr(feature = "openapi", schema(example = "obk_2hK9pQ4xZr"))]
    pub prefix: String,
    /// Whose key it is: it may never do more than this person.
    pub owner: String,
    pub scopes: Vec<Scope>,
    /// The only connections that it reaches; `null` means all, also later ones.
    pub connections: Option<Vec<ConnectionId>>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// To within a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// What a change must send as `If-Match`.
    pub version: i64,
}

/// A request for a new API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100, example = "Packing station"))]
    pub name: String,
    /// At least one, and none that the caller does not have.
    pub scopes: Vec<Scope>,
    /// The only connections that it reaches; left out or `null` means all. A key that is limited carries scopes of orders
    /// and connections only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Vec<ConnectionId>>,
    /// At most a year ahead.
    pub expires_at: DateTime<Utc>,
}

/// A new API key with its secret, which is shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewApiKey {
    pub api_key: ApiKey,
    /// Send as `Authorization: Bearer obk_…`; it is not kept anywhere.
    pub secret: String,
}

/// Changes to an API key; what is left out stays as it is. Connections cannot be changed: make another key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateApiKey {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<Scope>>,
    /// At most a year ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// The caller's own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Profile {
    pub id: UserId,
    pub email: String,
    pub role: Role,
    /// Whether signing in asks for a code of an authenticator app too.
    pub second_factor: bool,
    /// Whether the role must have one; until it is set up, nothing else is allowed.
    pub second_factor_required: bool,
    /// How many recovery codes are left.
    pub recovery_codes_left: u64,
    pub created_at: DateTime<Utc>,
}

/// The caller's password, asked for again before what a stolen session must not be enough for.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmPassword {
    #[cfg_attr(feature = "openapi", schema(max_length = 128, format = "password"))]
    pub password: String,
}

/// The secret of an authenticator app that is being set up, shown this once; it counts once a code has confirmed it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorSetup {
    /// In base32, to be typed in.
    pub secret: String,
    /// To be shown as a QR code or opened on the device.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "otpauth://totp/orderbridge:ana%40example.com?secret=…")
    )]
    pub uri: String,
}

/// A code of an authenticator app.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SecondFactorCode {
    #[cfg_attr(feature = "openapi", schema(max_length = 32, example = "492039"))]
    pub code: String,
}

/// Recovery codes, shown this once: each signs in one time in place of a code of the app.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    #[cfg_attr(feature = "openapi", schema(example = json!(["k3pd-8wqz-m2xa", "r7tn-c4vy-h9be"])))]
    pub codes: Vec<String>,
}

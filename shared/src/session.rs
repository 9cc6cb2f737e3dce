use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::UserId;
use crate::text_enum::text_enum;

text_enum!(
    /// What a person may do; each role may do all that the one before may.
    Role, "role" {
        /// Reads orders.
        Viewer => "viewer",
        /// Acts on orders.
        Operator => "operator",
        /// Reads buyers' data, changes connections and settings.
        Manager => "manager",
        /// Manages people.
        Admin => "admin",
    }
);

/// A request to sign in.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    #[cfg_attr(feature = "openapi", schema(example = "demo@example.com", max_length = 254))]
    pub email: String,
    #[cfg_attr(feature = "openapi", schema(max_length = 128, format = "password"))]
    pub password: String,
    /// A code of the authenticator app, or a recovery code; asked for with 401 `second_factor_needed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 32))]
    pub code: Option<String>,
}

/// A request to create the first admin, with the token of the one-time setup link.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    pub token: String,
    #[cfg_attr(feature = "openapi", schema(max_length = 254))]
    pub email: String,
    #[cfg_attr(feature = "openapi", schema(min_length = 12, max_length = 128, format = "password"))]
    pub password: String,
}

/// A signed-in session; the refresh token travels beside it in a cookie that scripts cannot read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Send as `Authorization: Bearer …`.
    pub access_token: String,
    pub expires_at: DateTime<Utc>,
    pub user: User,
}

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub role: Role,
}

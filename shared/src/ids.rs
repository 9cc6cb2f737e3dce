use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A word that is not in the table it was looked up in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} “{word}”")]
pub struct UnknownWord {
    pub what: &'static str,
    pub word: String,
}

macro_rules! number_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text.parse::<i64>() {
                    Ok(number) if number > 0 => Ok(Self(number)),
                    _ => Err(UnknownWord { what: "id", word: text.chars().take(64).collect() }),
                }
            }
        }
    };
}

number_id!(
    /// Our number of an order: unique and ascending per installation.
    OrderId
);
number_id!(
    /// One TikTok shop bound to one PrestaShop shop.
    ConnectionId
);
number_id!(
    /// The number of an order in the PrestaShop shop of its connection.
    StoreOrderId
);
number_id!(
    /// An open or resolved problem of an order.
    IssueId
);
number_id!(
    /// A comparison of both sides and our record.
    ReconciliationId
);
number_id!(
    /// Something that crossed a threshold.
    AlertId
);
number_id!(
    /// A person who may sign in.
    UserId
);
number_id!(
    /// One run of "fetch orders".
    SyncRunId
);
number_id!(
    /// Something that was asked to be done with an order.
    ActionId
);
number_id!(
    /// One run of an action over many orders.
    BulkRunId
);
number_id!(
    /// An API key.
    ApiKeyId
);
number_id!(
    /// An invitation that has not been accepted yet.
    InvitationId
);

/// One sign-in of a person, with all its tokens: a random UUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct UserSessionId(pub String);

impl UserSessionId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserSessionId {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_uuid = text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if is_uuid {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnknownWord { what: "session id", word: text.chars().take(64).collect() })
        }
    }
}

number_id!(
    /// A file of orders.
    ExportId
);
number_id!(
    /// Where a tool is told of what happens.
    WebhookId
);
number_id!(
    /// One message to one webhook.
    WebhookDeliveryId
);

/// The id that TikTok Shop gave an order: decimal digits, always text, for it exceeds what JavaScript can count.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct TikTokOrderId(pub String);

impl TikTokOrderId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TikTokOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TikTokOrderId {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnknownWord { what: "TikTok Shop order id", word: text.chars().take(64).collect() })
        }
    }
}

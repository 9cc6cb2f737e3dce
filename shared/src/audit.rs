use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::text_enum::text_enum;

text_enum!(
    /// What the audit log tells of.
    AuditEvent, "audit event" {
        SignedIn => "session.signed_in",
        SignInRefused => "session.sign_in_refused",
        SessionEnded => "session.ended",
        /// A refresh token came back after it was used up: somebody has a copy, and the session was ended.
        SessionStolen => "session.stolen",
        /// A right was missing. Told at most once a minute of one caller and operation.
        AccessRefused => "access.refused",
        PasswordChanged => "user.password_changed",
        SecondFactorSet => "user.second_factor_set",
        SecondFactorRemoved => "user.second_factor_removed",
        RecoveryCodesMade => "user.recovery_codes_made",
        RecoveryCodeUsed => "user.recovery_code_used",
        UserInvited => "user.invited",
        InvitationWithdrawn => "user.invitation_withdrawn",
        UserJoined => "user.joined",
        UserChanged => "user.changed",
        UserRemoved => "user.removed",
        KeyCreated => "key.created",
        KeyChanged => "key.changed",
        KeyRevoked => "key.revoked",
        RecipientRevealed => "order.recipient_revealed",
        BuyerSearched => "order.buyer_searched",
        LabelRead => "order.label_read",
        BuyerErased => "order.buyer_erased",
        OrdersExported => "orders.exported",
        ConnectionCreated => "connection.created",
        ConnectionChanged => "connection.changed",
        WebhookCreated => "webhook.created",
        WebhookChanged => "webhook.changed",
        WebhookDeleted => "webhook.deleted",
        /// Everything that is sealed was sealed anew.
        EncryptionKeyRotated => "installation.encryption_key_rotated",
    }
);

/// One event of the audit log. Nothing in it tells of anybody but the actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Ascending without gaps.
    pub id: i64,
    pub at: DateTime<Utc>,
    pub event: AuditEvent,
    /// A person's address, with the key's name if a key was used; `orderbridge` for what it does by itself; empty for
    /// somebody who is not known.
    pub actor: String,
    /// What it is about, such as `order:1207`; empty for the installation.
    pub subject: String,
    /// Further facts, such as the new role.
    pub facts: BTreeMap<String, String>,
    /// Over this entry and the hash of the one before, with a key that only the installation has.
    pub hash: String,
}

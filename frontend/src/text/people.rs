//! People, their keys and their own accounts.

use shared::{AuditEvent, ConnectionId, Role, Scope};

use super::role;
use crate::route::Section;

// The area of settings.
sentences! {
    SETTINGS "Settings"
    PEOPLE "People"
    API_KEYS "API keys"
    YOUR_ACCOUNT "Your account"
    KEEP "No, keep it"
    NOT_DONE "That could not be done"
    I_HAVE_KEPT_IT "I have kept it"
    STEPS "Actions"
    CHANGE "Change"
    ON "On"
    OFF "Off"
    ROLE "Role"
}

pub const fn section(section: Section) -> &'static str {
    match section {
        Section::Connections => super::CONNECTIONS,
        Section::Health => super::HEALTH,
        Section::ApiKeys => API_KEYS,
        Section::People => PEOPLE,
        Section::Webhooks => super::WEBHOOKS,
        Section::Audit => AUDIT,
        Section::Account => YOUR_ACCOUNT,
    }
}

pub fn no_permission(of: Section) -> String {
    format!("You may not see “{}”", section(of))
}

pub fn who_may(least: Role, yours: Role) -> String {
    let (least, yours) = (role(least), role(yours));
    format!("This page needs the role {least}; yours is {yours}. An admin can give you another role.")
}

// API keys.
sentences! {
    API_KEYS_LEAD "Programs use the API with a key, which they send as “Authorization: Bearer obk_…”. A key never may do more than its owner."
    API_DOCUMENTATION "API documentation"
    API_KEYS_NOT_LOADED "The API keys could not be loaded"
    NO_API_KEYS "No API keys yet"
    NO_API_KEYS_MORE "Make one for each program, so that you can revoke one without stopping the others."
    NEW_API_KEY "New API key"
    MAKE_API_KEY "Make the key"
    API_KEY_NOT_MADE "The key could not be made"
    API_KEY_NAME_HINT "What the key is for, such as “Packing station”."
    RIGHTS "What it may do"
    RIGHTS_HINT "As little as the program needs."
    REACH_HINT "None ticked: all connections, also later ones."
    ALL_CONNECTIONS "All"
    VALID_FOR "Valid for"
    THE_API_KEY "the API key"
    API_KEY_ONCE "Copy the key now. It is kept nowhere, so it cannot be shown again."
    REVOKE "Revoke"
    REVOKE_KEY "Yes, revoke the key"
}

pub const API_KEY_COLUMNS: [&str; 7] = ["Name", "Rights", "Connections", "Owner", "Last used", "Expires", ""];

pub fn rights(count: usize) -> String {
    if count == 1 { "1 right".to_owned() } else { format!("{count} rights") }
}

pub fn connection_number(id: ConnectionId) -> String {
    format!("Connection {id}")
}

pub fn revoke_api_key(name: &str) -> String {
    format!("Revoke the key “{name}”")
}

pub fn about_to_revoke(name: &str) -> String {
    format!(
        "Revoke “{name}”? Programs that use it are refused at once. A revoked key cannot be brought back."
    )
}

pub fn api_key_revoked(name: &str) -> String {
    format!("The key “{name}” is revoked.")
}

/// What a right is, for those who choose the rights of a key.
pub const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::OrdersRead => "Read orders, buyers masked",
        Scope::OrdersRaw => "Read TikTok Shop's own answers about orders",
        Scope::OrdersLabels => "Read shipping labels, which show the address",
        Scope::OrdersWrite => "Act on orders: import, ship, cancel",
        Scope::OrdersPii => "Read buyers' names and addresses",
        Scope::OrdersErase => "Erase buyers' data",
        Scope::ConnectionsRead => "Read connections and how they are doing",
        Scope::ConnectionsWrite => "Create, change and test connections",
        Scope::WebhooksRead => "Read webhooks and their deliveries",
        Scope::WebhooksWrite => "Create, change and delete webhooks",
        Scope::KeysRead => "Read API keys, never their secrets",
        Scope::KeysWrite => "Create and revoke API keys",
        Scope::UsersRead => "Read people, invitations and sessions",
        Scope::UsersWrite => "Invite, change and remove people",
        Scope::AuditRead => "Read the audit log",
        Scope::DocsRead => "Read about the API",
    }
}

// People.
sentences! {
    PEOPLE_NOT_LOADED "The people could not be loaded"
    NOBODY "Nobody"
    INVITE_SOMEBODY "Invite somebody"
    MAKE_INVITATION "Make the invitation"
    NOT_INVITED "The invitation could not be made"
    INVITATIONS "Open invitations"
    INVITATIONS_NOT_LOADED "The invitations could not be loaded"
    NO_INVITATIONS "No open invitations"
    NO_INVITATIONS_MORE "An invitation is a link that you give to somebody; it works once, for seven days."
    THE_INVITATION "the link"
    INVITATION_ONCE "Give this link to the person; orderbridge sends no mail. Whoever opens it first chooses the password. It cannot be shown again."
    WITHDRAW "Withdraw"
    WITHDRAW_INVITATION "Yes, withdraw it"
    INVITATION_WITHDRAWN "The invitation is withdrawn."
    THAT_IS_YOU " (you)"
    DISABLED "Disabled"
    MAY_SIGN_IN "May sign in"
    MAY_SIGN_IN_HINT "Switched off, all sessions end at once and the person's keys do not work."
    RESET_SECOND_FACTOR "Take the authenticator app away"
    RESET_SECOND_FACTOR_HINT "For somebody who has lost it: the person sets up a new one when signing in."
    REMOVE_PERSON "Yes, remove the person"
}

pub const PEOPLE_COLUMNS: [&str; 6] = ["E-mail", "Role", "Authenticator app", "Last sign-in", "State", ""];
pub const INVITATION_COLUMNS: [&str; 5] = ["E-mail", "Role", "Invited by", "Expires", ""];

pub const fn role_and_rights(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer: looks at orders",
        Role::Operator => "Operator: also ships and cancels",
        Role::Manager => "Manager: also connections, keys and webhooks",
        Role::Admin => "Admin: everything, also people",
    }
}

pub fn change_person(email: &str) -> String {
    format!("Change {email}")
}

pub fn person_changed(email: &str) -> String {
    format!("{email} is changed.")
}

pub fn remove_person(email: &str) -> String {
    format!("Remove {email}")
}

pub fn about_to_remove(email: &str) -> String {
    format!(
        "Remove {email}? All sessions end and the person's API keys stop working. What the person did stays in the story of the orders."
    )
}

pub fn person_removed(email: &str) -> String {
    format!("{email} is removed.")
}

pub fn withdraw_invitation(email: &str) -> String {
    format!("Withdraw the invitation of {email}")
}

pub fn about_to_withdraw(email: &str) -> String {
    format!("Withdraw the invitation of {email}? The link stops working.")
}

// Accepting an invitation.
sentences! {
    INVITATION "Welcome to orderbridge"
    INVITATION_MORE "You have been invited. Choose a password; afterwards you are signed in."
    NO_INVITATION_TOKEN "The link is incomplete. Open the whole link that you were given."
    INVITATION_NOT_ACCEPTED "The invitation could not be accepted"
    ACCEPT_INVITATION "Begin"
}

// One's own account.
sentences! {
    ACCOUNT_NOT_LOADED "Your account could not be loaded"
    CURRENT_PASSWORD "Current password"
    NEW_PASSWORD "New password"
    CHANGE_PASSWORD "Change the password"
    PASSWORD_CHANGED "Your password is changed. All other sessions have ended."
    PASSWORD_NOT_CHANGED "Your password could not be changed"
    OTHER_SESSIONS_END "All your other sessions end."
    SESSIONS "Sessions"
    SESSIONS_NOT_LOADED "Your sessions could not be loaded"
    NO_SESSIONS "No sessions"
    THIS_SESSION "This session"
    UNKNOWN_BROWSER "Unknown browser"
    END_SESSION "End"
    END_OTHERS "End all other sessions"
    ABOUT_TO_END_OTHERS "End all sessions but this one? Whoever uses them must sign in again."
    OTHER_SESSIONS_ENDED "All other sessions have ended."
    SESSION_IS_ENDED "The session has ended."
}

pub const SESSION_COLUMNS: [&str; 4] = ["Browser", "Signed in", "Last used", ""];

pub fn end_session(browser: &str) -> String {
    format!("End the session of {browser}")
}

pub fn about_to_end(browser: &str) -> String {
    format!("End the session of {browser}? Whoever uses it must sign in again.")
}

// The authenticator app.
sentences! {
    SECOND_FACTOR "Authenticator app"
    SECOND_FACTOR_MUST "Your role must have an authenticator app. Until it is set up, nothing else is possible."
    SECOND_FACTOR_MORE "With it, signing in asks for a code of your phone too, so a stolen password is worth nothing by itself."
    SET_UP_SECOND_FACTOR "Set up an app"
    NEW_RECOVERY_CODES "Make new recovery codes"
    REMOVE_SECOND_FACTOR "Remove the app"
    SECOND_FACTOR_REMOVED "Signing in needs only the password again."
    PASSWORD_FOR_SET_UP "Your password first, so that nobody else sets this up."
    PASSWORD_FOR_CODES "Your password first. The recovery codes that you have now stop working."
    PASSWORD_FOR_REMOVAL "Your password first. Signing in then needs the password only, and all recovery codes stop working."
    GO_ON "Go on"
    NOT_NOW "Not now"
    SCAN_THIS "Scan this with your authenticator app, then type the code that it shows."
    OR_TYPE_THIS "Or type this key into the app:"
    QR_CODE "QR code for the authenticator app; the key beside it says the same"
    CODE_HINT "Six digits; they change every 30 seconds."
    CONFIRM_CODE "Confirm"
    RECOVERY_CODES_ONCE "Keep these recovery codes where your phone is not. Each signs in once in place of a code of the app. They cannot be shown again."
    I_HAVE_KEPT_THEM "I have kept them"
}

pub fn recovery_codes_left(count: u64) -> String {
    match count {
        0 => "No recovery codes are left: make new ones.".to_owned(),
        1 => "1 recovery code is left.".to_owned(),
        count => format!("{count} recovery codes are left."),
    }
}

// The audit log.
sentences! {
    AUDIT "Audit"
    AUDIT_LEAD "Who signed in, changed settings or saw buyers' data. Entries can be added only; each is sealed with the one before."
    AUDIT_NOT_LOADED "The audit log could not be loaded"
    NO_AUDIT "Nothing matches"
    AUDIT_OF "Only"
    EVERYTHING "Everything"
    SOMEBODY_UNKNOWN "somebody unknown"
}

pub const AUDIT_COLUMNS: [&str; 5] = ["When", "What", "Who", "About", "Facts"];

/// What happened, in a few words.
pub const fn audit_event(event: AuditEvent) -> &'static str {
    match event {
        AuditEvent::SignedIn => "Signed in",
        AuditEvent::SignInRefused => "Sign-in refused",
        AuditEvent::SessionEnded => "Session ended",
        AuditEvent::SessionStolen => "Stolen session ended",
        AuditEvent::AccessRefused => "Access refused",
        AuditEvent::PasswordChanged => "Password changed",
        AuditEvent::SecondFactorSet => "Authenticator app set up",
        AuditEvent::SecondFactorRemoved => "Authenticator app removed",
        AuditEvent::RecoveryCodesMade => "Recovery codes made",
        AuditEvent::RecoveryCodeUsed => "Recovery code used",
        AuditEvent::UserInvited => "Person invited",
        AuditEvent::InvitationWithdrawn => "Invitation withdrawn",
        AuditEvent::UserJoined => "Person joined",
        AuditEvent::UserChanged => "Person changed",
        AuditEvent::UserRemoved => "Person removed",
        AuditEvent::KeyCreated => "API key made",
        AuditEvent::KeyChanged => "API key changed",
        AuditEvent::KeyRevoked => "API key revoked",
        AuditEvent::RecipientRevealed => "Buyer's address seen",
        AuditEvent::BuyerSearched => "Buyers searched",
        AuditEvent::LabelRead => "Shipping label seen",
        AuditEvent::BuyerErased => "Buyer's data erased",
        AuditEvent::OrdersExported => "Orders exported",
        AuditEvent::ConnectionCreated => "Connection made",
        AuditEvent::ConnectionChanged => "Connection changed",
        AuditEvent::WebhookCreated => "Webhook added",
        AuditEvent::WebhookChanged => "Webhook changed",
        AuditEvent::WebhookDeleted => "Webhook deleted",
        AuditEvent::EncryptionKeyRotated => "Encryption key replaced",
    }
}

//! People and what they sign in with.

use shared::{
    AcceptInvitation, ApiKey, ApiKeyId, AuditEntry, ChangePassword, ConfirmPassword, CreateApiKey,
    CreateInvitation, Invitation, InvitationId, NewApiKey, NewInvitation, Page, Profile, RecoveryCodes,
    SecondFactorCode, SecondFactorSetup, Session, UpdateUser, UserAccount, UserId, UserSession,
    UserSessionId,
};

use super::{Asking, Call, fetch, send_only};
use crate::grid_query::search_of;

pub fn users() -> Asking<Vec<UserAccount>> {
    fetch(Call::get("/users"))
}

/// Changes a person, unless somebody else changed the person since `version`.
pub fn update_user(id: UserId, version: i64, body: &UpdateUser) -> Asking<UserAccount> {
    let call = Call::new("PATCH", format!("/users/{id}")).body(body);
    fetch(Call { if_match: Some(version), ..call })
}

/// Removes a person, unless somebody else changed the person since `version`.
pub fn remove_user(id: UserId, version: i64) -> Asking<()> {
    let call = Call::new("DELETE", format!("/users/{id}"));
    send_only(Call { if_match: Some(version), ..call })
}

pub fn invitations() -> Asking<Vec<Invitation>> {
    fetch(Call::get("/invitations"))
}

pub fn invite(body: &CreateInvitation) -> Asking<NewInvitation> {
    fetch(Call::post("/invitations").body(body))
}

pub fn withdraw_invitation(id: InvitationId) -> Asking<()> {
    let call = Call::new("DELETE", format!("/invitations/{id}"));
    send_only(Call { if_match: Some(Invitation::VERSION), ..call })
}

pub fn accept_invitation(body: &AcceptInvitation) -> Asking<Session> {
    fetch(Call::post("/invitations/accept").open().body(body))
}

pub fn api_keys() -> Asking<Vec<ApiKey>> {
    fetch(Call::get("/api-keys"))
}

pub fn create_api_key(body: &CreateApiKey) -> Asking<NewApiKey> {
    fetch(Call::post("/api-keys").body(body))
}

/// Revokes a key, unless somebody else changed it since `version`.
pub fn revoke_api_key(id: ApiKeyId, version: i64) -> Asking<()> {
    let call = Call::new("DELETE", format!("/api-keys/{id}"));
    send_only(Call { if_match: Some(version), ..call })
}

pub fn profile() -> Asking<Profile> {
    fetch(Call::get("/profile"))
}

pub fn change_password(body: &ChangePassword) -> Asking<()> {
    send_only(Call::post("/profile/password").body(body))
}

pub fn sessions() -> Asking<Vec<UserSession>> {
    fetch(Call::get("/sessions"))
}

pub fn end_session(id: &UserSessionId) -> Asking<()> {
    send_only(Call::new("DELETE", format!("/sessions/{}", id.as_str())))
}

/// Ends all of one's own sessions but this one.
pub fn end_other_sessions() -> Asking<()> {
    send_only(Call::new("DELETE", "/sessions"))
}

/// Begins to set up an authenticator app.
pub fn begin_second_factor(body: &ConfirmPassword) -> Asking<SecondFactorSetup> {
    fetch(Call::post("/profile/second-factor").body(body))
}

pub fn confirm_second_factor(body: &SecondFactorCode) -> Asking<RecoveryCodes> {
    fetch(Call::post("/profile/second-factor/confirm").body(body))
}

pub fn make_recovery_codes(body: &ConfirmPassword) -> Asking<RecoveryCodes> {
    fetch(Call::post("/profile/second-factor/recovery-codes").body(body))
}

pub fn remove_second_factor(body: &ConfirmPassword) -> Asking<()> {
    send_only(Call::post("/profile/second-factor/remove").body(body))
}

/// The audit log, newest first.
pub fn audit(event: &str, after: Option<String>) -> Asking<Page<AuditEntry>> {
    let mut pairs = vec![("limit".to_owned(), "50".to_owned())];
    if !event.is_empty() {
        pairs.push(("event".to_owned(), event.to_owned()));
    }
    pairs.extend(after.map(|cursor| ("after".to_owned(), cursor)));
    fetch(Call::get(format!("/audit{}", search_of(&pairs))))
}

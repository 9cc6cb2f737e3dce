//! People and what they sign in with.

use shared::{
    AcceptInvitation, ApiKey, ApiKeyId, ChangePassword, CreateApiKey, CreateInvitation, Invitation,
    InvitationId, NewApiKey, NewInvitation, Profile, Session, UpdateUser, UserAccount, UserId, UserSession,
    UserSessionId,
};

use super::{Asking, Call, fetch, send_only};

pub fn users() -> Asking<Vec<UserAccount>> {
    fetch(Call::get("/users"))
}

/// Changes a person, unless somebody else changed the person since `version`.
pub fn update_user(id: UserId, version: i64, body: &UpdateUser) -> Asking<UserAccount> {
    let call = Call::new("PATCH", format!("/users/{id}")).body(body);
    fetch(Call { if_match: Some(version), ..call })
}

pub fn remove_user(id: UserId) -> Asking<()> {
    send_only(Call::new("DELETE", format!("/users/{id}")))
}

pub fn invitations() -> Asking<Vec<Invitation>> {
    fetch(Call::get("/invitations"))
}

pub fn invite(body: &CreateInvitation) -> Asking<NewInvitation> {
    fetch(Call::post("/invitations").body(body))
}

pub fn withdraw_invitation(id: InvitationId) -> Asking<()> {
    send_only(Call::new("DELETE", format!("/invitations/{id}")))
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

pub fn revoke_api_key(id: ApiKeyId) -> Asking<()> {
    send_only(Call::new("DELETE", format!("/api-keys/{id}")))
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

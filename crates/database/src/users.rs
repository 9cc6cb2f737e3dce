//! The people who may sign in.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, prelude::*,
};
use shared::{Role, User, UserId};

use crate::entities::users::{ActiveModel, Column, Entity, Model};
use crate::to_ms;

/// A person with the digest of the password; never leaves the server.
#[derive(Clone)]
pub struct UserRecord {
    pub user: User,
    /// An Argon2 digest in PHC form.
    pub password_hash: String,
    /// People who are disabled cannot sign in and lose their sessions.
    pub disabled: bool,
}

impl std::fmt::Debug for UserRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserRecord").field("user", &self.user.id).finish_non_exhaustive()
    }
}

impl TryFrom<Model> for UserRecord {
    type Error = DbErr;

    fn try_from(model: Model) -> Result<Self, DbErr> {
        let role: Role = model.role.parse().map_err(|error| DbErr::Type(format!("users.role: {error}")))?;
        Ok(Self {
            user: User { id: UserId(model.id), email: model.email, role },
            password_hash: model.password_hash,
            disabled: model.disabled_at.is_some(),
        })
    }
}

/// E-mail addresses are compared without regard to case and outer spaces.
#[must_use]
pub fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Adds a person.
///
/// # Errors
/// A unique violation when the address is taken.
pub async fn create(
    db: &impl ConnectionTrait,
    email: &str,
    password_hash: &str,
    role: Role,
    now: DateTime<Utc>,
) -> Result<User, DbErr> {
    let email = normal_email(email);
    let model = ActiveModel {
        email: Set(email.clone()),
        password_hash: Set(password_hash.to_owned()),
        role: Set(role.to_string()),
        created_at: Set(to_ms(now)),
        ..Default::default()
    };
    let id = UserId(Entity::insert(model).exec(db).await?.last_insert_id);
    Ok(User { id, email, role })
}

/// The person with this address.
///
/// # Errors
/// When the database fails.
pub async fn find_by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<UserRecord>, DbErr> {
    let model = Entity::find().filter(Column::Email.eq(normal_email(email))).one(db).await?;
    model.map(UserRecord::try_from).transpose()
}

/// One person.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &impl ConnectionTrait, id: UserId) -> Result<Option<UserRecord>, DbErr> {
    Entity::find_by_id(id.0).one(db).await?.map(UserRecord::try_from).transpose()
}

/// Whether anybody may sign in yet.
///
/// # Errors
/// When the database fails.
pub async fn any(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(Entity::find().count(db).await? > 0)
}

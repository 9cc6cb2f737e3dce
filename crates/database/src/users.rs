//! The people who may sign in.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, prelude::*,
};
use shared::{Assignee, Role, User, UserAccount, UserId};

use crate::entities::users::{ActiveModel, Column, Entity, Model};
use crate::{from_ms, to_ms};

/// A person with the digest of the password; never leaves the server.
#[derive(Clone)]
pub struct UserRecord {
    pub user: User,
    /// An Argon2 digest in PHC form.
    pub password_hash: String,
    /// People who are disabled cannot sign in and lose their sessions.
    pub disabled: bool,
    /// Whether signing in asks for a code of an authenticator app.
    pub second_factor: bool,
    pub created_at: DateTime<Utc>,
    pub last_sign_in_at: Option<DateTime<Utc>>,
    pub version: i64,
}

impl UserRecord {
    /// Whom orders can be assigned to this person as; `None` for somebody who may not act on orders.
    #[must_use]
    pub fn assignee(self) -> Option<Assignee> {
        let is_able = !self.disabled && self.user.role >= Role::Operator;
        is_able.then_some(Assignee { id: self.user.id, email: self.user.email })
    }

    /// The person as those see them who manage people.
    #[must_use]
    pub fn account(self) -> UserAccount {
        UserAccount {
            id: self.user.id,
            email: self.user.email,
            role: self.user.role,
            disabled: self.disabled,
            second_factor: self.second_factor,
            created_at: self.created_at,
            last_sign_in_at: self.last_sign_in_at,
            version: self.version,
        }
    }
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
            second_factor: model.totp_confirmed_at.is_some(),
            created_at: from_ms(model.created_at),
            last_sign_in_at: model.last_sign_in_at.map(from_ms),
            version: model.version,
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
        version: Set(1),
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

/// Everybody, by address. An installation has as many people as a shop has staff.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<UserRecord>, DbErr> {
    let models = Entity::find().order_by_asc(Column::Email).all(db).await?;
    models.into_iter().map(UserRecord::try_from).collect()
}

/// Those whom orders can be assigned to, by address: whoever may act on orders.
///
/// # Errors
/// When the database fails.
pub async fn assignable(db: &impl ConnectionTrait) -> Result<Vec<Assignee>, DbErr> {
    Ok(list(db).await?.into_iter().filter_map(UserRecord::assignee).collect())
}

/// Whether anybody may sign in yet.
///
/// # Errors
/// When the database fails.
pub async fn any(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(Entity::find().count(db).await? > 0)
}

/// Writes role and disabling; `false` when somebody else changed the person since `version` was read.
///
/// # Errors
/// When the database fails.
pub async fn update(
    db: &impl ConnectionTrait,
    account: &UserAccount,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let updated = Entity::update_many()
        .col_expr(Column::Role, Expr::value(account.role.as_str()))
        .col_expr(Column::DisabledAt, Expr::value(account.disabled.then(|| to_ms(now))))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(account.id.0))
        .filter(Column::Version.eq(account.version))
        .exec(db)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Whether there is an admin who can sign in besides this person. On PostgreSQL the admins' rows stay locked until the
/// transaction ends, so that two admins who remove each other at once do not both succeed.
///
/// # Errors
/// When the database fails.
pub async fn is_another_admin(db: &impl ConnectionTrait, id: UserId) -> Result<bool, DbErr> {
    let admins = Entity::find()
        .filter(Column::Role.eq(Role::Admin.as_str()))
        .filter(Column::DisabledAt.is_null())
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(db)
        .await?;
    Ok(admins.iter().any(|admin| admin.id != id.0))
}

/// Removes a person with sessions and keys; `false` when somebody changed the person since this version.
///
/// # Errors
/// When the database fails.
pub async fn delete(db: &impl ConnectionTrait, id: UserId, version: i64) -> Result<bool, DbErr> {
    let deleted = Entity::delete_many()
        .filter(Column::Id.eq(id.0))
        .filter(Column::Version.eq(version))
        .exec(db)
        .await?;
    Ok(deleted.rows_affected == 1)
}

/// Replaces a password.
///
/// # Errors
/// When the database fails.
pub async fn set_password(db: &impl ConnectionTrait, id: UserId, password_hash: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(password_hash))
        .col_expr(Column::Version, Expr::col(Column::Version).add(1))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}

/// Notes that somebody has signed in.
///
/// # Errors
/// When the database fails.
pub async fn signed_in(db: &impl ConnectionTrait, id: UserId, now: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::LastSignInAt, Expr::value(to_ms(now)))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await?;
    Ok(())
}

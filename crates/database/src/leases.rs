//! Who may do what only one may do at a time. A lease runs out by itself when its holder dies.
//!
//! Leases are measured on the database's clock, for the clocks of the processes differ. No clock can tell a holder that
//! it sleeps, so whatever it writes must be conditional on its fence: [`extend`] on the transaction that writes.

use chrono::TimeDelta;
use job_queue::database_now;
use sea_orm::{ConnectionTrait, DbErr, Statement};

/// Proof of holding a lease; a later holder has a higher fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub holder: String,
    pub fence: i64,
}

/// Takes a lease that is free, has run out, or is held by this very holder, whose earlier proof is then void.
///
/// # Errors
/// When the database fails.
pub async fn acquire(
    db: &impl ConnectionTrait,
    name: &str,
    holder: &str,
    length: TimeDelta,
) -> Result<Option<Lease>, DbErr> {
    let now = database_now(db.get_database_backend());
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        format!(
            "INSERT INTO leases (name, holder, fence, until) VALUES ($1, $2, 1, {now} + $3)
             ON CONFLICT (name) DO UPDATE SET
                fence = leases.fence + 1, holder = excluded.holder, until = excluded.until
             WHERE leases.holder = excluded.holder OR leases.until <= {now}
             RETURNING fence"
        ),
        [name.into(), holder.into(), length.num_milliseconds().into()],
    );
    let row = db.query_one_raw(statement).await?;
    let fence = row.map(|row| row.try_get::<i64>("", "fence")).transpose()?;
    Ok(fence.map(|fence| Lease { name: name.to_owned(), holder: holder.to_owned(), fence }))
}

/// Makes a lease last for `length` from now and says whether it is still the newest; nothing is changed if it is not.
///
/// A lease that ran out and that nobody has taken since is still the newest. On a transaction the answer holds until it
/// ends: nobody can take the lease before.
///
/// # Errors
/// When the database fails.
#[must_use = "who has lost a lease must not act on it any more"]
pub async fn extend(db: &impl ConnectionTrait, lease: &Lease, length: TimeDelta) -> Result<bool, DbErr> {
    let now = database_now(db.get_database_backend());
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        format!("UPDATE leases SET until = {now} + $4 WHERE name = $1 AND holder = $2 AND fence = $3"),
        [
            lease.name.as_str().into(),
            lease.holder.as_str().into(),
            lease.fence.into(),
            length.num_milliseconds().into(),
        ],
    );
    Ok(db.execute_raw(statement).await?.rows_affected() > 0)
}

/// Gives a lease back, if it is still ours.
///
/// # Errors
/// When the database fails.
pub async fn release(db: &impl ConnectionTrait, lease: &Lease) -> Result<(), DbErr> {
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        "UPDATE leases SET until = 0 WHERE name = $1 AND holder = $2 AND fence = $3",
        [lease.name.as_str().into(), lease.holder.as_str().into(), lease.fence.into()],
    );
    db.execute_raw(statement).await?;
    Ok(())
}

//! Who may do what only one may do at a time. A lease runs out by itself when its holder dies.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::to_ms;

/// Proof of holding a lease; a later holder has a higher fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub holder: String,
    pub fence: i64,
    pub until: DateTime<Utc>,
}

/// Takes a lease that is free, has run out, or is ours already (which keeps its fence and makes it longer).
///
/// # Errors
/// When the database fails.
pub async fn acquire(
    db: &impl ConnectionTrait,
    name: &str,
    holder: &str,
    length: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Option<Lease>, DbErr> {
    let until = now + length;
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        "INSERT INTO leases (name, holder, fence, until) VALUES ($1, $2, 1, $3)
         ON CONFLICT (name) DO UPDATE SET
            fence = CASE WHEN leases.holder = excluded.holder AND leases.until > $4 THEN leases.fence
                         ELSE leases.fence + 1 END,
            holder = excluded.holder, until = excluded.until
         WHERE leases.holder = excluded.holder OR leases.until <= $4
         RETURNING fence",
        [name.into(), holder.into(), to_ms(until).into(), to_ms(now).into()],
    );
    let row = db.query_one_raw(statement).await?;
    let fence = row.map(|row| row.try_get::<i64>("", "fence")).transpose()?;
    Ok(fence.map(|fence| Lease { name: name.to_owned(), holder: holder.to_owned(), fence, until }))
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

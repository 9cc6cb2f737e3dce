//! Which connections a caller reaches. Lists ask for it by type, and whatever is named by an id is looked up in it.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait, prelude::*};
use shared::{
    ActionId, ApiKeyId, BulkRunId, ConnectionId, ExportId, InvitationId, OrderId, ReconciliationId,
    SyncRunId, UserId, UserSessionId, WebhookId,
};

use crate::entities::{actions, bulk_run_orders, orders, reconciliations, sync_runs};

/// The connections whose things a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All, also later ones.
    All,
    /// These.
    Only(Vec<ConnectionId>),
}

/// The number of no connection; ours begin with 1.
const NONE: ConnectionId = ConnectionId(0);

impl Reach {
    /// Whether things of this connection may be seen.
    #[must_use]
    pub fn allows(&self, connection: ConnectionId) -> bool {
        match self {
            Self::All => true,
            Self::Only(connections) => connections.contains(&connection),
        }
    }

    /// The condition on a column that holds the connection's number; `None` when there is nothing to ask.
    #[must_use]
    pub fn condition(&self, column: impl ColumnTrait) -> Option<Expr> {
        match self {
            Self::All => None,
            Self::Only(connections) => Some(column.is_in(connections.iter().map(|id| id.0))),
        }
    }

    /// Narrows a filter by connection, of which an empty one means all.
    #[must_use]
    pub(crate) fn narrowed(&self, asked_for: Vec<ConnectionId>) -> Vec<ConnectionId> {
        let Self::Only(connections) = self else { return asked_for };
        let mut both: Vec<_> = if asked_for.is_empty() {
            connections.clone()
        } else {
            asked_for.into_iter().filter(|id| connections.contains(id)).collect()
        };
        if both.is_empty() {
            both.push(NONE);
        }
        both
    }
}

/// What an id in an address names. Each kind of id says how to find out whose it is, or no handler can take it.
pub trait Named: Sized {
    /// Whether what it names belongs to these connections, or to none at all. What does not exist belongs to none of them.
    ///
    /// # Errors
    /// When the database fails.
    fn is_within(
        &self,
        db: &impl ConnectionTrait,
        connections: &[ConnectionId],
    ) -> impl Future<Output = Result<bool, DbErr>>;

    /// The connection, if it is one that is named.
    fn connection(&self) -> Option<ConnectionId> {
        None
    }
}

impl Named for ConnectionId {
    fn connection(&self) -> Option<ConnectionId> {
        Some(*self)
    }

    async fn is_within(&self, _: &impl ConnectionTrait, connections: &[ConnectionId]) -> Result<bool, DbErr> {
        Ok(connections.contains(self))
    }
}

impl Named for OrderId {
    async fn is_within(
        &self,
        db: &impl ConnectionTrait,
        connections: &[ConnectionId],
    ) -> Result<bool, DbErr> {
        let query = orders::Entity::find_by_id(self.0).select_only().column(orders::Column::ConnectionId);
        Ok(is_one_of(query.into_tuple().one(db).await?, connections))
    }
}

impl Named for ActionId {
    async fn is_within(
        &self,
        db: &impl ConnectionTrait,
        connections: &[ConnectionId],
    ) -> Result<bool, DbErr> {
        let query = actions::Entity::find_by_id(self.0).select_only().column(actions::Column::ConnectionId);
        Ok(is_one_of(query.into_tuple().one(db).await?, connections))
    }
}

impl Named for SyncRunId {
    async fn is_within(
        &self,
        db: &impl ConnectionTrait,
        connections: &[ConnectionId],
    ) -> Result<bool, DbErr> {
        let query =
            sync_runs::Entity::find_by_id(self.0).select_only().column(sync_runs::Column::ConnectionId);
        Ok(is_one_of(query.into_tuple().one(db).await?, connections))
    }
}

impl Named for ReconciliationId {
    async fn is_within(
        &self,
        db: &impl ConnectionTrait,
        connections: &[ConnectionId],
    ) -> Result<bool, DbErr> {
        let query = reconciliations::Entity::find_by_id(self.0)
            .select_only()
            .column(reconciliations::Column::ConnectionId);
        Ok(is_one_of(query.into_tuple().one(db).await?, connections))
    }
}

impl Named for BulkRunId {
    /// All of its orders do.
    async fn is_within(
        &self,
        db: &impl ConnectionTrait,
        connections: &[ConnectionId],
    ) -> Result<bool, DbErr> {
        let of_run = bulk_run_orders::Entity::find()
            .select_only()
            .column(bulk_run_orders::Column::OrderId)
            .filter(bulk_run_orders::Column::RunId.eq(self.0));
        let any = of_run.clone().into_tuple::<i64>().one(db).await?.is_some();
        let outside = orders::Entity::find()
            .select_only()
            .column(orders::Column::Id)
            .filter(orders::Column::Id.in_subquery(of_run.into_query()))
            .filter(orders::Column::ConnectionId.is_not_in(connections.iter().map(|id| id.0)));
        Ok(any && outside.into_tuple::<i64>().one(db).await?.is_none())
    }
}

fn is_one_of(connection: Option<i64>, connections: &[ConnectionId]) -> bool {
    connection.is_some_and(|id| connections.contains(&ConnectionId(id)))
}

macro_rules! of_the_installation {
    ($($name:ident),+) => {$(
        impl Named for $name {
            /// It is of the installation, and so are the scopes that are needed to come near it.
            async fn is_within(&self, _: &impl ConnectionTrait, _: &[ConnectionId]) -> Result<bool, DbErr> {
                Ok(true)
            }
        }
    )+};
}

of_the_installation!(ApiKeyId, ExportId, InvitationId, UserId, UserSessionId, WebhookId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_never_leaves_the_reach() {
        let reach = Reach::Only(vec![ConnectionId(1), ConnectionId(2)]);

        assert_eq!(reach.narrowed(vec![]), [ConnectionId(1), ConnectionId(2)]);
        assert_eq!(reach.narrowed(vec![ConnectionId(2), ConnectionId(3)]), [ConnectionId(2)]);
        assert_eq!(reach.narrowed(vec![ConnectionId(3)]), [NONE], "nothing, not everything");
        assert_eq!(Reach::Only(vec![]).narrowed(vec![]), [NONE]);
        assert_eq!(Reach::All.narrowed(vec![ConnectionId(3)]), [ConnectionId(3)]);
    }
}

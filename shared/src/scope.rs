use crate::Role;
use crate::text_enum::text_enum;

text_enum!(
    /// One right. Each operation of the API needs one; a role has some, and an API key carries some of its owner's.
    Scope, "scope" {
        /// Reads orders with the buyer's data masked, their issues, story, actions and runs, and live events.
        OrdersRead => "orders:read",
        /// Reads TikTok Shop's own answers about orders and the calls to both sides, without what names the buyer.
        OrdersRaw => "orders:raw",
        /// Reads shipping labels, which show the buyer's address.
        OrdersLabels => "orders:labels",
        /// Acts on orders, and asks both sides for what an action needs.
        OrdersWrite => "orders:write",
        /// Reads buyers' data, and searches by it.
        OrdersPii => "orders:pii",
        /// Erases buyers' data.
        OrdersErase => "orders:erase",
        /// Reads connections, their settings and how they are doing; never their secrets.
        ConnectionsRead => "connections:read",
        /// Creates, changes and tests connections.
        ConnectionsWrite => "connections:write",
        /// Reads outgoing webhooks and their deliveries.
        WebhooksRead => "webhooks:read",
        /// Creates, changes, tests and deletes outgoing webhooks.
        WebhooksWrite => "webhooks:write",
        /// Reads API keys, never their secrets.
        KeysRead => "keys:read",
        /// Creates, changes and revokes API keys.
        KeysWrite => "keys:write",
        /// Reads people, invitations and sessions.
        UsersRead => "users:read",
        /// Invites, changes and removes people.
        UsersWrite => "users:write",
        /// Reads the audit log.
        AuditRead => "audit:read",
        /// Reads the description of the API.
        DocsRead => "docs:read",
    }
);

impl Scope {
    /// The lowest role that has it: this is the whole table of rights.
    #[must_use]
    pub const fn lowest_role(self) -> Role {
        match self {
            Self::OrdersRead | Self::ConnectionsRead => Role::Viewer,
            Self::OrdersRaw | Self::OrdersLabels | Self::OrdersWrite => Role::Operator,
            Self::OrdersPii
            | Self::ConnectionsWrite
            | Self::WebhooksRead
            | Self::WebhooksWrite
            | Self::KeysRead
            | Self::KeysWrite => Role::Manager,
            Self::OrdersErase | Self::UsersRead | Self::UsersWrite | Self::AuditRead | Self::DocsRead => {
                Role::Admin
            }
        }
    }

    /// Whether it is about what belongs to a connection, so that a key that is limited to some connections may carry it.
    /// The others are about the installation as a whole.
    #[must_use]
    pub const fn is_of_connections(self) -> bool {
        matches!(
            self,
            Self::OrdersRead
                | Self::OrdersRaw
                | Self::OrdersLabels
                | Self::OrdersWrite
                | Self::OrdersPii
                | Self::OrdersErase
                | Self::ConnectionsRead
                | Self::ConnectionsWrite
        )
    }
}

impl Role {
    /// Whether somebody with this role has a right.
    #[must_use]
    pub fn has(self, scope: Scope) -> bool {
        self >= scope.lowest_role()
    }

    /// Every right of the role.
    pub fn scopes(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.has(*scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_all_that_the_one_before_has_and_more() {
        let counts: Vec<_> = Role::ALL.iter().map(|role| role.scopes().count()).collect();

        assert!(counts.is_sorted_by(|less, more| less < more), "{counts:?}");
        assert_eq!(counts.last(), Some(&Scope::ALL.len()), "an admin may do everything");
        assert!(!Role::Operator.has(Scope::OrdersPii));
    }
}

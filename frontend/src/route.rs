//! The addresses of the page.

use shared::{ConnectionId, OrderId, Role, WebhookId};

/// Where files of orders are made.
pub const EXPORTS: &str = "/exports";
/// Where orders are printed.
pub const PRINT: &str = "/print";

/// What an address leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Home,
    SignIn,
    SetUp,
    Orders,
    Order(OrderId),
    NewConnection,
    Connection(ConnectionId),
    Webhook(WebhookId),
    Exports,
    Print,
    /// The first page of a section of the settings.
    Section(Section),
    Invitation,
    Unknown,
}

/// A part of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Connections,
    Health,
    ApiKeys,
    Webhooks,
    People,
    Audit,
    Account,
}

impl Section {
    /// In the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::Connections,
        Self::Health,
        Self::ApiKeys,
        Self::Webhooks,
        Self::People,
        Self::Audit,
        Self::Account,
    ];

    pub const fn path(self) -> &'static str {
        match self {
            Self::Connections => "/connections",
            Self::Health => "/health",
            Self::ApiKeys => "/api-keys",
            Self::Webhooks => "/webhooks",
            Self::People => "/people",
            Self::Audit => "/audit",
            Self::Account => "/account",
        }
    }

    /// Who may see it: those with this role, and all with a higher one.
    pub const fn least_role(self) -> Role {
        match self {
            Self::Connections | Self::Health | Self::Account => Role::Viewer,
            Self::ApiKeys | Self::Webhooks => Role::Manager,
            Self::People | Self::Audit => Role::Admin,
        }
    }
}

impl Route {
    /// Reads a path.
    pub fn of(path: &str) -> Self {
        let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        match segments[..] {
            [] => Self::Home,
            ["sign-in"] => Self::SignIn,
            ["setup"] => Self::SetUp,
            ["orders"] => Self::Orders,
            ["orders", id] => id.parse().map_or(Self::Unknown, Self::Order),
            ["connections", "new"] => Self::NewConnection,
            ["connections", id] => id.parse().map_or(Self::Unknown, Self::Connection),
            ["webhooks", id] => id.parse().map_or(Self::Unknown, Self::Webhook),
            ["invitation"] => Self::Invitation,
            ["exports"] => Self::Exports,
            ["print"] => Self::Print,
            [name] => {
                let section = Section::ALL.into_iter().find(|section| &section.path()[1..] == name);
                section.map_or(Self::Unknown, Self::Section)
            }
            _ => Self::Unknown,
        }
    }

    /// Whether the page is for people without a session.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::SignIn | Self::SetUp | Self::Invitation)
    }

    /// The section of the settings that the page belongs to.
    pub const fn section(self) -> Option<Section> {
        match self {
            Self::Section(section) => Some(section),
            Self::NewConnection | Self::Connection(_) => Some(Section::Connections),
            Self::Webhook(_) => Some(Section::Webhooks),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_their_pages() {
        let cases = [
            ("/", Route::Home),
            ("/sign-in", Route::SignIn),
            ("/setup", Route::SetUp),
            ("/orders", Route::Orders),
            ("/orders/", Route::Orders),
            ("/orders/12", Route::Order(OrderId(12))),
            ("/orders/abc", Route::Unknown),
            ("/orders/12/lines", Route::Unknown),
            ("/connections", Route::Section(Section::Connections)),
            ("/webhooks", Route::Section(Section::Webhooks)),
            ("/webhooks/7", Route::Webhook(WebhookId(7))),
            ("/webhooks/tiktok", Route::Unknown),
            ("/invitation", Route::Invitation),
            (EXPORTS, Route::Exports),
            (PRINT, Route::Print),
            ("/connections/new", Route::NewConnection),
            ("/connections/3", Route::Connection(ConnectionId(3))),
            ("/swagger-ui/", Route::Unknown),
        ];

        for (path, route) in cases {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}

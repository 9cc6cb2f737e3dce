//! The addresses of the page.

use shared::{ConnectionId, OrderId};

/// What an address leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Home,
    SignIn,
    SetUp,
    Orders,
    Order(OrderId),
    Connections,
    NewConnection,
    Connection(ConnectionId),
    Unknown,
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
            ["connections"] => Self::Connections,
            ["connections", "new"] => Self::NewConnection,
            ["connections", id] => id.parse().map_or(Self::Unknown, Self::Connection),
            _ => Self::Unknown,
        }
    }

    /// Whether the page is for people without a session.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::SignIn | Self::SetUp)
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
            ("/connections", Route::Connections),
            ("/connections/new", Route::NewConnection),
            ("/connections/3", Route::Connection(ConnectionId(3))),
            ("/swagger-ui/", Route::Unknown),
        ];

        for (path, route) in cases {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}

//! What every page knows of the installation: its connections, and how they are doing.

use crate::prelude::*;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use shared::{ConnectionId, ConnectionState, EventKind};

use crate::live::{self, News};
use crate::load::Load;
use crate::session::{self, SessionState};
use crate::{api, browser, clock};

/// Between two looks at the health, in milliseconds.
const HEALTH_MS: i32 = 30_000;

/// Of a connection what pages of orders need. Its settings are many; only the pages that show them read them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KnownConnection {
    pub id: ConnectionId,
    pub name: String,
    pub state: ConnectionState,
}

/// Of the health what the frame shows on every page.
#[derive(Debug, Clone, Deserialize)]
pub struct KnownHealth {
    pub now: DateTime<Utc>,
    pub connections: Vec<KnownConnectionHealth>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct KnownConnectionHealth {
    pub connection_id: ConnectionId,
    pub name: String,
    pub last_sync_at: Option<DateTime<Utc>>,
    pub last_webhook_at: Option<DateTime<Utc>>,
    pub waiting_for_import: i64,
    pub order_to_store_p50_ms: Option<i64>,
    pub order_to_store_p95_ms: Option<i64>,
    pub problems: Vec<String>,
}

#[derive(Clone, Copy)]
pub struct Installation {
    pub connections: Load<Vec<KnownConnection>>,
    pub health: Load<KnownHealth>,
}

impl Installation {
    /// Knows everything as long as somebody is signed in, and the calling component lives.
    pub fn watch() -> Self {
        let installation = Self { connections: Load::new(), health: Load::new() };
        let state = session::state();
        let is_signed_in = Memo::new(move |_| matches!(state.get(), SessionState::SignedIn(_)));
        Effect::new(move |_| {
            if is_signed_in.get() {
                installation.reload();
            } else {
                installation.connections.value.set(None);
                installation.health.value.set(None);
            }
        });
        live::listen(move |news| match news {
            News::Event(event) if event.kind == EventKind::ConnectionUpdated => installation.reload(),
            News::Event(_) => {}
            News::Refresh => installation.reload(),
        });
        leptos::task::spawn_local(async move {
            loop {
                browser::sleep(HEALTH_MS).await;
                if !browser::is_hidden() && is_signed_in.get_untracked() {
                    installation.reload_health();
                }
            }
        });
        installation
    }

    /// Asks for connections and health anew.
    pub fn reload(self) {
        self.connections.run(api::known_connections());
        self.reload_health();
    }

    pub fn reload_health(self) {
        self.health.request.run(api::known_health(), move |health| {
            clock::set_server_time(health.now);
            self.health.value.set(Some(health));
        });
    }

    /// What the page knows, from anywhere on it.
    pub fn expect() -> Self {
        use_context().expect("the app provides it before it draws anything")
    }
}

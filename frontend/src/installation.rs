//! What every page knows of the installation: its connections, and how they are doing.

use leptos::prelude::*;
use shared::{Connection, EventKind, Health};

use crate::live::{self, News};
use crate::load::Load;
use crate::session::{self, SessionState};
use crate::{api, browser, clock};

/// Between two looks at the health, in milliseconds.
const HEALTH_MS: i32 = 30_000;

#[derive(Clone, Copy)]
pub struct Installation {
    pub connections: Load<Vec<Connection>>,
    pub health: Load<Health>,
}

impl Installation {
    /// Knows everything as long as somebody is signed in, and the calling component lives.
    pub fn watch() -> Self {
        let installation = Self { connections: Load::new(), health: Load::new() };
        let state = session::state();
        let user = Memo::new(move |_| match state.get() {
            SessionState::SignedIn(user) => Some(user.id),
            _ => None,
        });
        Effect::new(move |_| {
            if user.get().is_some() {
                installation.reload();
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
                if !browser::is_hidden() && user.get_untracked().is_some() {
                    installation.reload_health();
                }
            }
        });
        installation
    }

    /// Asks for connections and health anew.
    pub fn reload(self) {
        self.connections.run(api::connections());
        self.reload_health();
    }

    pub fn reload_health(self) {
        self.health.run(async {
            let health = api::health().await?;
            clock::set_server_time(health.now);
            Ok(health)
        });
    }

    /// What the page knows, from anywhere on it.
    pub fn expect() -> Self {
        use_context().expect("the app provides it before it draws anything")
    }
}

//! What every page knows of the installation: its connections, and how they are doing.

use crate::prelude::*;
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
        let is_signed_in = Memo::new(move |_| matches!(state.get(), SessionState::SignedIn(_)));
        Effect::new(move |_| {
            if is_signed_in.get() {
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
                if !browser::is_hidden() && is_signed_in.get_untracked() {
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
        self.health.request.run(api::health(), move |health| {
            clock::set_server_time(health.now);
            self.health.value.set(Some(health));
        });
    }

    /// What the page knows, from anywhere on it.
    pub fn expect() -> Self {
        use_context().expect("the app provides it before it draws anything")
    }
}

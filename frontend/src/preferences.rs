//! What a person chose for this browser: theme, density, single-key shortcuts.

use crate::prelude::*;

use crate::browser;

/// How the page is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub const fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Where a choice is kept: the key in the browser's storage, and the attribute that styles look at.
const THEME: &str = "theme";
const DENSITY: &str = "density";
const SHORTCUTS: &str = "shortcuts";

thread_local! {
    static PREFERENCES: Preferences = Preferences::stored();
}

#[derive(Clone)]
pub struct Preferences {
    pub theme: ArcRwSignal<Theme>,
    pub compact: ArcRwSignal<bool>,
    /// Whether single keys do things.
    pub shortcuts: ArcRwSignal<bool>,
}

impl Preferences {
    pub fn get() -> Self {
        PREFERENCES.with(Clone::clone)
    }

    fn stored() -> Self {
        let theme = browser::stored(THEME);
        let theme = Theme::ALL.into_iter().find(|known| theme.as_deref() == Some(known.as_str()));
        Self {
            theme: ArcRwSignal::new(theme.unwrap_or(Theme::System)),
            compact: ArcRwSignal::new(browser::stored(DENSITY).as_deref() == Some("compact")),
            shortcuts: ArcRwSignal::new(browser::stored(SHORTCUTS).as_deref() != Some("off")),
        }
    }

    /// Shows the choices on the page, and keeps them whenever they change.
    pub fn apply(self) {
        Effect::new(move || {
            let theme = self.theme.get();
            let compact = self.compact.get();
            if let Some(root) = document().document_element() {
                let _ = root.set_attribute("data-theme", theme.as_str());
                let _ = root.set_attribute("data-density", if compact { "compact" } else { "comfortable" });
            }
            browser::store(THEME, (theme != Theme::System).then_some(theme.as_str()));
            browser::store(DENSITY, compact.then_some("compact"));
            browser::store(SHORTCUTS, (!self.shortcuts.get()).then_some("off"));
        });
    }
}

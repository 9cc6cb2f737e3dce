//! Line icons, drawn on a grid of 24 by 24.

use crate::markup::view;
use crate::prelude::*;

/// What an icon depicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Alert,
    ArrowDown,
    ArrowUp,
    Ban,
    Bell,
    Box,
    Card,
    Check,
    CheckCircle,
    ChevronDown,
    ChevronLeft,
    ChevronRight,
    Clock,
    Copy,
    Cross,
    DoubleCheck,
    Download,
    ErrorCircle,
    External,
    Eye,
    Filter,
    Info,
    Label,
    Layers,
    List,
    More,
    Note,
    Pause,
    Plug,
    Plus,
    Refresh,
    Search,
    Sliders,
    Sort,
    Store,
    Tag,
    Trash,
    Truck,
    User,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Alert => "M12 4 2.5 20h19zM12 10v4M12 17h.01",
            Self::ArrowDown => "M12 5v14M18 13l-6 6-6-6",
            Self::ArrowUp => "M12 19V5M6 11l6-6 6 6",
            Self::Ban => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.6 5.6l12.8 12.8",
            Self::Bell => "M6 10a6 6 0 0 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7zM10 20.5h4",
            Self::Box => "M3 8l9-5 9 5v8l-9 5-9-5zM3 8l9 5 9-5M12 13v8",
            Self::Card => "M3 6h18v12H3zM3 10h18",
            Self::Check => "M20 6 9 17l-5-5",
            Self::CheckCircle => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12.2l2.8 2.8L16 9.5",
            Self::ChevronDown => "M6 9l6 6 6-6",
            Self::ChevronLeft => "M15 6l-6 6 6 6",
            Self::ChevronRight => "M9 6l6 6-6 6",
            Self::Clock => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V12l3 2",
            Self::Copy => "M9 9h11v11H9zM5.5 15H4V4h11v1.5",
            Self::Cross => "M18 6 6 18M6 6l12 12",
            Self::DoubleCheck => "M2 12.5l4.5 4.5L16 7M12 16l1 1L22 7",
            Self::Download => "M12 4v11M7 11l5 5 5-5M5 20h14",
            Self::ErrorCircle => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V13M12 16.3h.01",
            Self::External => "M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5",
            Self::Eye => "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
            Self::Filter => "M4 6h16M7 12h10M10 18h4",
            Self::Info => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.5M12 7.7h.01",
            Self::Label => "M5 3h14v18H5zM8 7v6M11 7v6M13 7v6M16 7v6M8 17h8",
            Self::Layers => "M12 3l9 5-9 5-9-5zM3 13l9 5 9-5",
            Self::List => "M4 6h16M4 12h16M4 18h10",
            Self::More => "M5 12h.01M12 12h.01M19 12h.01",
            Self::Note => "M5 3h14v12l-6 6H5zM13 21v-6h6M9 8h6M9 12h3",
            Self::Pause => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM10 9v6M14 9v6",
            Self::Plug => "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Refresh => "M20 11a8 8 0 0 0-14.9-3M4.5 3.5V8H9M4 13a8 8 0 0 0 14.9 3M19.5 20.5V16H15",
            Self::Search => "M11 18.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM21 21l-4.6-4.6",
            Self::Sliders => "M4 7h9M19 7h1M16 4.5v5M4 17h1M11 17h9M8 14.5v5",
            Self::Sort => "M8 10l4-4 4 4M8 14l4 4 4-4",
            Self::Store => {
                "M4 9l1.5-5h13L20 9M5 12v8h14v-8M4 9a2.7 2.7 0 0 0 5.3 0 2.7 2.7 0 0 0 5.4 0A2.7 2.7 0 0 0 20 9"
            }
            Self::Tag => "M3 4h8l10 10-7 7L3 11zM7.5 8h.01",
            Self::Trash => "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
            Self::Truck => {
                "M2 6h12v11H2zM14 10h4l3.5 3.5V17H14M6.5 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM17.5 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"
            }
            Self::User => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6",
        }
    }

    /// The icon as decoration: whatever it says must be said in words beside it.
    pub fn view(self) -> AnyView {
        view! {
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
                <path d=self.path()></path>
            </svg>
        }
    }
}

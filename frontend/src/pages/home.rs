use crate::prelude::*;
use leptos::task::spawn_local;

use crate::{grid_query, navigation};

/// The start page is the grid.
pub fn view() -> AnyView {
    // After this page is drawn, for it is the address that draws it.
    spawn_local(async { navigation::replace(grid_query::PATH) });
    ().into_any()
}

use serde::{Deserialize, Serialize};

/// The page sizes that the grid offers.
pub const PAGE_SIZES: [u32; 3] = [25, 50, 100];

/// One page of a list; cursors are opaque and belong to the filter and sort they were made with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Whether there is a page after this one.
    pub has_more: bool,
    /// Whether there is a page before this one.
    pub has_previous: bool,
    /// Send as `after` to get the next page.
    pub next_cursor: Option<String>,
    /// Send as `before` to get the previous page.
    pub previous_cursor: Option<String>,
}

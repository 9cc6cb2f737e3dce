//! What the grid shows: rows, counts, selection; and how it follows the URL and the server's events.

use std::cell::RefCell;

use crate::prelude::*;
use leptos::ev;
use leptos::task::spawn_local;
use shared::{EventKind, OrderCounts, OrderFilter, OrderId, OrderSummary, Page};

use crate::actions::bulk_run::Selection;
use crate::components::announcer::announce;
use crate::grid_query::GridQuery;
use crate::live::{self, News};
use crate::load::{Load, Request};
use crate::route::{EXPORTS, PRINT};
use crate::{api, browser, grid_query, navigation, text};

/// Events are gathered for this long, so that a burst asks the server once.
const GATHER_MS: i32 = 800;

/// One row; its content changes in place.
#[derive(Clone)]
pub struct Row {
    pub id: OrderId,
    pub order: ArcRwSignal<OrderSummary>,
}

impl Row {
    fn new(order: OrderSummary) -> Self {
        Self { id: order.id, order: ArcRwSignal::new(order) }
    }
}

/// Whether and where the list goes on beyond the page that is shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edges {
    pub next: Option<String>,
    pub previous: Option<String>,
}

impl Edges {
    fn of(page: &Page<OrderSummary>) -> Self {
        Self {
            next: page.next_cursor.clone().filter(|_| page.has_more),
            previous: page.previous_cursor.clone().filter(|_| page.has_previous),
        }
    }
}

#[derive(Clone, Copy)]
pub struct Grid {
    pub query: Memo<GridQuery>,
    pub rows: RwSignal<Vec<Row>>,
    pub edges: RwSignal<Edges>,
    /// What the rows are the answer to; nothing before the first answer.
    pub shown: RwSignal<Option<GridQuery>>,
    pub request: Request,
    pub counts: Load<OrderCounts>,
    /// Rows that are selected one by one.
    pub selection: RwSignal<Vec<OrderId>>,
    /// Whether everything that matches is selected, on this page and beyond; `selection` is then left out of it.
    pub is_inverted: RwSignal<bool>,
    /// Where a range of selected rows begins.
    pub anchor: RwSignal<Option<OrderId>>,
    /// The row that the keyboard is on.
    pub current: RwSignal<Option<OrderId>>,
    /// New orders that the filter lets through and the page does not show yet.
    pub fresh: RwSignal<Vec<OrderId>>,
    /// The order whose issues are shown.
    pub issues_of: RwSignal<Option<OrderId>>,
    gathering: StoredValue<Option<Gathered>>,
    /// Orders that were deleted, or restored, while their rows were shown; when that is undone, they come back by
    /// themselves.
    left: StoredValue<Vec<OrderId>>,
    /// How far the page is scrolled down; when the grid is left, the next page has already moved it.
    scroll_top: StoredValue<f64>,
}

/// What events told since the server was last asked.
#[derive(Debug, Clone, Default, PartialEq)]
struct Gathered {
    received: Vec<OrderId>,
    updated: Vec<OrderId>,
}

/// What is kept of a grid while another page is open, so that Back finds it as it was.
struct Remembered {
    href: String,
    orders: Vec<OrderSummary>,
    edges: Edges,
    counts: Option<OrderCounts>,
    current: Option<OrderId>,
    scroll_top: f64,
}

thread_local! {
    static REMEMBERED: RefCell<Option<Remembered>> = const { RefCell::new(None) };
}

/// Forgets what is kept of the grid.
pub fn forget() {
    REMEMBERED.set(None);
}

/// The address of the grid that was last seen.
pub fn last_href() -> String {
    REMEMBERED.with_borrow(|it| it.as_ref().map_or_else(|| "/orders".to_owned(), |it| it.href.clone()))
}

/// How many orders a filter lets through, by the counts of all its statuses.
pub fn matching(counts: &OrderCounts, filter: &OrderFilter) -> i64 {
    if filter.status.is_empty() {
        return counts.all;
    }
    filter.status.iter().map(|status| counts.of(*status)).sum()
}

impl Grid {
    /// A grid that follows the query and the server's events while the calling component lives.
    pub fn new(query: Memo<GridQuery>) -> Self {
        let grid = Self {
            query,
            rows: RwSignal::new(Vec::new()),
            edges: RwSignal::new(Edges::default()),
            shown: RwSignal::new(None),
            request: Request::new(),
            counts: Load::new(),
            selection: RwSignal::new(Vec::new()),
            is_inverted: RwSignal::new(false),
            anchor: RwSignal::new(None),
            current: RwSignal::new(None),
            fresh: RwSignal::new(Vec::new()),
            issues_of: RwSignal::new(None),
            gathering: StoredValue::new(None),
            left: StoredValue::new(Vec::new()),
            scroll_top: StoredValue::new(0.0),
        };
        grid.restore();
        Effect::new(move |_| {
            grid.query.track();
            grid.select_none();
            grid.reload();
        });
        let counted = Memo::new(move |_| {
            grid.query.with(|query| grid_query::search_of(&query.filter.without_status().to_pairs()))
        });
        Effect::new(move |_| {
            // Reading is what subscribes to it.
            counted.with(|_| grid.recount());
        });
        live::listen(move |news| grid.hear(news));
        let scrolled = window_event_listener(ev::scroll, move |_| {
            if navigation::address_untracked().path == grid_query::PATH {
                grid.scroll_top.set_value(browser::scroll_top());
            }
        });
        on_cleanup(move || {
            scrolled.remove();
            grid.remember();
        });
        grid
    }

    /// The grid, from anywhere on its page.
    pub fn expect() -> Self {
        use_context().expect("the parts of the grid are drawn on its page, which provides it")
    }

    /// Asks for the rows of the page anew.
    pub fn reload(self) {
        let query = self.query.get_untracked();
        self.left.set_value(Vec::new());
        self.request.run(api::list_orders(query.clone()), move |page| {
            self.show(query, page);
            announce(text::orders_shown(self.rows.with_untracked(Vec::len)));
        });
    }

    /// Brings the visible rows up to date; orders that are new to the page are only told of, so that no row moves.
    fn refresh(self) {
        let query = self.query.get_untracked();
        self.request.run(api::list_orders(query.clone()), move |page: Page<OrderSummary>| {
            let rows = self.rows.get_untracked();
            if rows.is_empty() || self.shown.get_untracked().as_ref() != Some(&query) {
                self.show(query, page);
                return;
            }
            let fresh = page.items.into_iter().filter_map(|order| update(&rows, order)).collect();
            self.fresh.set(fresh);
        });
    }

    /// Whether the rows answer another question than the one that is asked.
    pub fn is_stale(self) -> bool {
        self.query.with(|query| self.shown.with(|shown| shown.as_ref().is_some_and(|shown| shown != query)))
    }

    /// Asks for the counts anew.
    pub fn recount(self) {
        self.counts.run(api::count_orders(self.query.get_untracked().filter));
    }

    /// How many orders the filter lets through; `None` while unknown. True when there may be more.
    pub fn total(self) -> Option<(i64, bool)> {
        self.counts.value.with(|counts| {
            let counts = counts?;
            Some((self.query.with(|query| matching(counts, &query.filter)), counts.at_least))
        })
    }

    pub fn is_selected(self, id: OrderId) -> bool {
        self.selection.with(|selection| selection.contains(&id)) != self.is_inverted.get()
    }

    /// How many orders are selected.
    pub fn selected_count(self) -> i64 {
        let named = self.selection.with(Vec::len) as i64;
        if self.is_inverted.get() { self.total().map_or(0, |(total, _)| total) - named } else { named }
    }

    /// The address that makes a file of the selected orders, or of all that match when none is. There is none for
    /// everything but a few.
    pub fn export_href(self) -> Option<String> {
        self.href_of_selection(EXPORTS)
    }

    /// The address that prints the selected orders, in the same way.
    pub fn print_href(self) -> Option<String> {
        self.href_of_selection(PRINT)
    }

    fn href_of_selection(self, page: &str) -> Option<String> {
        let named = self.selection.get();
        if self.is_inverted.get() && !named.is_empty() {
            return None;
        }
        let mut pairs = self.query.with(|query| {
            if named.is_empty() {
                return query.filter.to_pairs();
            }
            let archived = query.filter.archived;
            OrderFilter { id: named, archived, ..OrderFilter::default() }.to_pairs()
        });
        pairs.retain(|(name, _)| name != "sort");
        Some(format!("{page}{}", grid_query::search_of(&pairs)))
    }

    /// The orders that are selected, for a bulk run.
    pub fn selected(self) -> Selection {
        let count = untrack(|| self.selected_count());
        let named = self.selection.get_untracked();
        if !self.is_inverted.get_untracked() {
            return Selection { ids: named, count, ..Selection::default() };
        }
        let mut filter = self.query.with_untracked(|query| query.filter.to_pairs());
        filter.retain(|(name, _)| name != "sort");
        Selection { ids: Vec::new(), filter: Some(filter), except: named, count }
    }

    pub fn select_none(self) {
        self.selection.set(Vec::new());
        self.is_inverted.set(false);
        self.anchor.set(None);
    }

    /// Selects every row of the page, and nothing else.
    pub fn select_page(self) {
        self.is_inverted.set(false);
        self.selection.set(self.rows.with_untracked(|rows| rows.iter().map(|row| row.id).collect()));
    }

    /// Selects everything that matches, wherever it is.
    pub fn select_matching(self) {
        self.is_inverted.set(true);
        self.selection.set(Vec::new());
    }

    /// Selects or deselects one row, or with `range` all rows from the last one on.
    pub fn select(self, id: OrderId, on: bool, range: bool) {
        let ids: Vec<_> = self.rows.with_untracked(|rows| rows.iter().map(|row| row.id).collect());
        let from = self.anchor.get_untracked().filter(|_| range).unwrap_or(id);
        let chosen = span(&ids, from, id);
        let is_named = on != self.is_inverted.get_untracked();
        self.selection.update(|selection| {
            selection.retain(|other| !chosen.contains(other));
            if is_named {
                selection.extend(chosen);
            }
        });
        self.anchor.set(Some(id));
    }

    /// Moves the keyboard by so many rows.
    pub fn step(self, rows_down: i64) {
        let current = self.current.get_untracked();
        let target = self.rows.with_untracked(|rows| {
            let last = rows.len().checked_sub(1)?;
            let position = rows.iter().position(|row| Some(row.id) == current);
            let next = position.map_or(0, |position| (position as i64 + rows_down).clamp(0, last as i64));
            rows.get(next as usize).map(|row| row.id)
        });
        if let Some(id) = target {
            self.current.set(Some(id));
            browser::focus(&row_link(id));
        }
    }

    fn show(self, query: GridQuery, page: Page<OrderSummary>) {
        self.edges.set(Edges::of(&page));
        let old = self.rows.get_untracked();
        let rows = page.items.into_iter().map(|order| match old.iter().find(|row| row.id == order.id) {
            Some(row) => {
                change(row, order);
                row.clone()
            }
            None => Row::new(order),
        });
        self.rows.set(rows.collect());
        self.fresh.set(Vec::new());
        self.shown.set(Some(query));
    }

    fn hear(self, news: &News) {
        let News::Event(event) = news else {
            self.refresh();
            self.recount();
            return;
        };
        let Some(id) = event.order_id else { return };
        let starts = self.gathering.with_value(Option::is_none);
        self.gathering.update_value(|gathered| {
            let gathered = gathered.get_or_insert_default();
            let told = match event.kind {
                EventKind::OrderReceived => &mut gathered.received,
                _ => &mut gathered.updated,
            };
            if !told.contains(&id) {
                told.push(id);
            }
        });
        if starts {
            spawn_local(async move {
                // One after another: an answer that comes late must not undo what a newer one has told.
                loop {
                    browser::sleep(GATHER_MS).await;
                    let gathered =
                        self.gathering.try_update_value(|gathered| gathered.as_mut().map(std::mem::take));
                    match gathered.flatten() {
                        Some(gathered) if gathered != Gathered::default() => self.follow(gathered).await,
                        _ => break,
                    }
                }
                self.gathering.try_update_value(|gathered| *gathered = None);
            });
        }
    }

    /// Brings the visible rows up to date, and finds out which new orders belong on this page.
    async fn follow(self, gathered: Gathered) {
        let ids = |rows: &Vec<Row>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
        let Some(visible) = self.rows.try_with_untracked(ids) else { return };
        self.recount();
        let told = gathered.received.iter().chain(&gathered.updated);
        let changed = told.filter(|id| visible.contains(id)).copied().collect();
        let archived = self.query.with_untracked(|query| query.filter.archived);
        let any = GridQuery::default().filtered(|filter| filter.archived = archived);
        if let Some(query) = any.narrowed_to(changed)
            && let Ok(page) = api::list_orders(query.clone()).await
            && let Some(rows) = self.rows.try_get_untracked()
        {
            // Whoever is not told of any more was deleted, or restored, and has left this list.
            let has_left =
                |id: &OrderId| query.filter.id.contains(id) && page.items.iter().all(|order| order.id != *id);
            let left: Vec<_> = rows.iter().map(|row| row.id).filter(|id| has_left(id)).collect();
            if !left.is_empty() {
                self.rows.update(|rows| rows.retain(|row| !has_left(&row.id)));
                self.left.update_value(|all| all.extend(left));
                self.selection.update(|selection| selection.retain(|id| !has_left(id)));
            }
            for order in page.items {
                update(&rows, order);
            }
        }
        let Some(edges) = self.edges.try_get_untracked() else { return };
        let Some(left) = self.left.try_get_value() else { return };
        // While the page shows all that matches, an order that changed and now matches is new to it too.
        let is_all = edges == Edges::default();
        let mut candidates = gathered.received;
        candidates.extend(gathered.updated.into_iter().filter(|id| is_all || left.contains(id)));
        candidates.retain(|id| !visible.contains(id));
        let query = self.query.get_untracked();
        if let Some(narrowed) = query.narrowed_to(candidates)
            && let Ok(page) = api::list_orders(narrowed).await
            && self.query.try_get_untracked() == Some(query)
            && !page.items.is_empty()
        {
            if visible.is_empty() || page.items.iter().any(|order| left.contains(&order.id)) {
                self.reload();
            } else {
                self.fresh.update(|fresh| {
                    fresh.retain(|id| page.items.iter().all(|order| order.id != *id));
                    fresh.extend(page.items.iter().map(|order| order.id));
                });
            }
        }
    }

    fn remember(self) {
        let (Some(query), Some(rows)) = (self.query.try_get_untracked(), self.rows.try_get_untracked())
        else {
            return;
        };
        if self.shown.try_get_untracked().flatten().as_ref() == Some(&query) {
            REMEMBERED.set(Some(Remembered {
                href: query.href(),
                orders: rows.iter().map(|row| row.order.get_untracked()).collect(),
                edges: self.edges.try_get_untracked().unwrap_or_default(),
                counts: self.counts.value.get_untracked(),
                current: self.current.try_get_untracked().flatten(),
                scroll_top: self.scroll_top.try_get_value().unwrap_or_default(),
            }));
        }
    }

    fn restore(self) {
        let query = self.query.get_untracked();
        let href = query.href();
        let Some(remembered) = REMEMBERED.take().filter(|it| it.href == href) else { return };
        self.rows.set(remembered.orders.into_iter().map(Row::new).collect());
        self.edges.set(remembered.edges);
        self.counts.value.set(remembered.counts);
        self.current.set(remembered.current);
        self.shown.set(Some(query));
        // The rows are drawn by then; the router scrolls to the top before.
        request_animation_frame(move || {
            request_animation_frame(move || {
                if let Some(id) = remembered.current {
                    browser::focus(&row_link(id));
                }
                window().scroll_to_with_x_and_y(0.0, remembered.scroll_top);
            });
        });
    }
}

/// The selector of the link that opens an order.
pub fn row_link(id: OrderId) -> String {
    format!("#order-{id} .order-link")
}

/// Puts an order into its row; gives the id back when there is no such row.
fn update(rows: &[Row], order: OrderSummary) -> Option<OrderId> {
    match rows.iter().find(|row| row.id == order.id) {
        Some(row) => {
            change(row, order);
            None
        }
        None => Some(order.id),
    }
}

fn change(row: &Row, order: OrderSummary) {
    if row.order.with_untracked(|old| *old != order) {
        row.order.set(order);
    }
}

/// The ids from one to another, whichever comes first; just `to` when `from` is not there.
fn span(ids: &[OrderId], from: OrderId, to: OrderId) -> &[OrderId] {
    let position = |wanted: OrderId| ids.iter().position(|id| *id == wanted);
    let Some(to) = position(to) else { return &[] };
    let from = position(from).unwrap_or(to);
    &ids[from.min(to)..=from.max(to)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_runs_both_ways_and_starts_where_it_ends_without_a_beginning() {
        let ids = [9, 7, 5, 3].map(OrderId);
        let cases: [(i64, i64, &[i64]); 4] =
            [(7, 3, &[7, 5, 3]), (3, 7, &[7, 5, 3]), (1, 5, &[5]), (9, 1, &[])];

        for (from, to, expected) in cases {
            let chosen: Vec<_> = span(&ids, OrderId(from), OrderId(to)).iter().map(|id| id.0).collect();
            assert_eq!(chosen, expected, "{from} to {to}");
        }
    }
}

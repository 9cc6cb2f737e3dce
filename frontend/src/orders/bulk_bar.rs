use crate::prelude::*;
use leptos::task::spawn_local;
use shared::{ActionKind, MAX_BULK_ORDERS, Role, Scope};

use crate::actions::form::{Target, action_form};
use crate::actions::{bulk_run, has_form, icon, plain_request};
use crate::components::dropdown::{CloseDropdown, Dropdown};
use crate::components::icon::Icon;
use crate::components::toast::{self, Tone};
use crate::markup::{Show, handler, view};
use crate::orders::grid_state::Grid;
use crate::{session, text};

/// Width of a form above the bar in CSS pixels.
const FORM_WIDTH: i32 = 340;

/// What can be done with the selected orders, on this page or wherever they are.
#[component]
pub fn BulkBar() -> impl IntoView {
    let grid = Grid::expect();
    let is_any = Memo::new(move |_| grid.selected_count() > 0);
    let may = session::may(Role::Operator);
    view! {
        <Show when=move || is_any.get()>
            <section class="bulk-bar" aria-label=text::SELECTED_ORDERS>
                <BeyondThePage />
                <div class="bulk-actions">
                    <strong aria-live="polite">{move || text::selected(grid.selected_count())}</strong>
                    {if may { actions(grid) } else { view! { <span class="quiet">{text::OPERATORS_ONLY}</span> } }}
                    <button
                        type="button"
                        class="icon-button"
                        aria-label=text::CLEAR_SELECTION
                        on:click=handler(move |_| grid.select_none())
                    >
                        {Icon::Cross.view()}
                    </button>
                </div>
            </section>
        </Show>
    }
}

fn actions(grid: Grid) -> AnyView {
    let archived = grid.query.with_untracked(|query| query.filter.archived);
    let delete =
        if archived { direct(grid, ActionKind::Restore, "button") } else { asked(grid, ActionKind::Archive) };
    view! {
        {direct(grid, ActionKind::Sync, "button")}
        {direct(grid, ActionKind::Import, "button")}
        {asked(grid, ActionKind::Cancel)}
        {direct(grid, ActionKind::Skip, "button")}
        {asked(grid, ActionKind::Tag)}
        {delete}
        {more(grid)}
        <ExportLink of_selection=true />
    }
}

/// Leads to a file of the selected orders, or of all that match.
#[component]
pub fn ExportLink(
    /// Whether it stands beside what can be done with the selection, or alone while nothing is selected.
    of_selection: bool,
) -> impl IntoView {
    let grid = Grid::expect();
    let may = session::user().is_some_and(|user| user.role.has(Scope::OrdersRead));
    let link = move || {
        let is_here = may && (grid.selected_count() > 0) == of_selection;
        let href = grid.export_href().filter(|_| is_here)?;
        Some(view! { <a class="button export" href=href>{Icon::Download.view()} {text::EXPORT}</a> })
    };
    view! { {link} }
}

fn print_link(grid: Grid) -> AnyView {
    let link = move || {
        let href = grid.print_href()?;
        Some(view! { <a class="menu-item" href=href>{Icon::Label.view()} {text::PRINT_SLIPS}</a> })
    };
    view! { {link} }.into_any()
}

/// A button that starts a run at once.
fn direct(grid: Grid, kind: ActionKind, class: &'static str) -> AnyView {
    let busy = RwSignal::new(false);
    let start = move |_| {
        let (Some(request), false) = (plain_request(kind), busy.get_untracked()) else { return };
        busy.set(true);
        let selection = grid.selected();
        spawn_local(async move {
            match bulk_run::begin(request, selection).await {
                Ok(()) => {
                    grid.selection.try_set(Vec::new());
                    grid.is_inverted.try_set(false);
                }
                Err(failure) => {
                    toast::show(Tone::Bad, failure.sentence());
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <button
            type="button"
            class=class
            aria-disabled=move || busy.get().to_string()
            on:click=handler(start)
        >
            {icon(kind).view()}
            {text::bulk_action(kind)}
        </button>
    }
}

/// What fewer orders need.
fn more(grid: Grid) -> AnyView {
    const KINDS: [ActionKind; 6] = [
        ActionKind::Assign,
        ActionKind::ResendShipping,
        ActionKind::FetchLabel,
        ActionKind::AcceptCancellation,
        ActionKind::Unskip,
        ActionKind::Heal,
    ];
    view! {
        <Dropdown
            id="bulk-more"
            button_class="button"
            width=FORM_WIDTH
            button=move || view! { {Icon::More.view()} {text::MORE_ACTIONS} }
        >
            {
                let asked = RwSignal::new(None::<ActionKind>);
                let close = use_context::<CloseDropdown>();
                let close = move |was_asked: bool| {
                    if was_asked {
                        grid.select_none();
                    }
                    if let Some(close) = close {
                        close.close();
                    }
                };
                move || match asked.get() {
                    Some(kind) => action_form(kind, Target::Many(grid.selected()), Callback::new(close)),
                    None => {
                        let kinds = KINDS.map(|kind| match has_form(kind) {
                            true => asks(kind, asked),
                            false => direct(grid, kind, "menu-item"),
                        });
                        view! { {kinds.collect_view()} {print_link(grid)} }.into_any()
                    }
                }
            }
        </Dropdown>
    }
}

/// A button that puts the form of an action in the place of the others.
fn asks(kind: ActionKind, asked: RwSignal<Option<ActionKind>>) -> AnyView {
    view! {
        <button type="button" class="menu-item" on:click=handler(move |_| asked.set(Some(kind)))>
            {icon(kind).view()}
            {text::bulk_action(kind)}
        </button>
    }
}

/// A button that asks first.
fn asked(grid: Grid, kind: ActionKind) -> AnyView {
    view! {
        <Dropdown
            id=format!("bulk-{kind}")
            button_class="button"
            width=FORM_WIDTH
            button=move || view! { {icon(kind).view()} {text::bulk_action(kind)} }
        >
            {
                let close = use_context::<CloseDropdown>();
                let close = move |was_asked: bool| {
                    if was_asked {
                        grid.select_none();
                    }
                    if let Some(close) = close {
                        close.close();
                    }
                };
                action_form(kind, Target::Many(grid.selected()), Callback::new(close))
            }
        </Dropdown>
    }
}

/// Offers everything that matches once the whole page is selected.
#[component]
fn BeyondThePage() -> impl IntoView {
    let grid = Grid::expect();
    let is_page = move |rows| grid.selection.with(Vec::len) == rows;
    let content = move || {
        let (total, at_least) = grid.total()?;
        let rows = grid.rows.with(Vec::len);
        if grid.is_inverted.get() {
            return Some(view! {
                {text::matching_selected(total)}
                {link(text::ONLY_THIS_PAGE, move || grid.select_page())}
            });
        }
        if !is_page(rows) || total <= rows as i64 {
            return None;
        }
        if at_least || total > MAX_BULK_ORDERS.cast_signed() {
            return Some(view! { {text::page_selected(rows, total)} " " {text::too_many(MAX_BULK_ORDERS)} });
        }
        Some(view! {
            {text::page_selected(rows, total)}
            {link(text::SELECT_MATCHING, move || grid.select_matching())}
        })
    };
    view! { {move || content().map(|content| view! { <p role="status">{content}</p> })} }
}

fn link(label: &'static str, act: impl Fn() + 'static) -> AnyView {
    view! {
        <button type="button" class="text-button" on:click=handler(move |_| act())>
            {label}
        </button>
    }
}

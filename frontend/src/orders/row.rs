use crate::prelude::*;
use shared::{OrderId, OrderStatus, OrderSummary, StoreOrder};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, MouseEvent};

use crate::actions::menu::RowMenu;
use crate::components::badge::StatusBadge;
use crate::components::copy_button::CopyButton;
use crate::components::icon::Icon;
use crate::components::time::{Ago, Deadline, here};
use crate::markup::{handler, view};
use crate::orders::filters::StoreStateLabel;
use crate::orders::grid_state::{Grid, Row};
use crate::text;

/// A row shows at most this many tags, and none beside who looks after the order.
const SHOWN_TAGS: usize = 2;

/// One order as a row of the table; on a small screen styles make it a card.
#[component]
pub fn OrderRow(row: Row, menu: RowMenu) -> impl IntoView {
    let grid = Grid::expect();
    let Row { id, order } = row;
    let selected = Memo::new(move |_| grid.is_selected(id));
    let select = move |event: MouseEvent| {
        let on = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok()).map(|it| it.checked());
        grid.select(id, on.unwrap_or(false), event.shift_key());
    };
    view! {
        <tr
            role="row"
            id=format!("order-{id}")
            class:selected=move || selected.get()
            class:current=move || grid.current.get() == Some(id)
            aria-selected=move || selected.get().to_string()
            on:focusin=handler(move |_| grid.current.set(Some(id)))
        >
            <td role="cell" class="select">
                <label>
                    <input
                        type="checkbox"
                        prop:checked=move || selected.get()
                        aria-label=text::select_order(id)
                        on:click=handler(select)
                    />
                </label>
            </td>
            {move || cells(&order.get(), grid, menu)}
        </tr>
    }
}

fn cells(order: &OrderSummary, grid: Grid, menu: RowMenu) -> AnyView {
    let id = order.id;
    let times = text::order_times(&here(order.received_at), order.imported_at.map(here).as_deref());
    let pressed = order.clone();
    let clicked = order.clone();
    let open = move |event: MouseEvent| {
        let button = event.current_target().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        if let Some(button) = button {
            menu.open(clicked.clone(), &button);
        }
    };
    view! {
        <td role="cell" class="id">
            <a class="order-link" href=format!("/orders/{id}")>{id.0}</a>
        </td>
        <td role="cell" class="store-order" data-label=text::STORE_ORDER>
            {store_order(order.store_order.as_ref())}
        </td>
        <td role="cell" class="tiktok-id">
            <a
                class="digits"
                href=order.seller_center_url.clone()
                target="_blank"
                rel="noreferrer"
                title=text::OPEN_IN_SELLER_CENTER
            >
                <bdi>{order.tiktok_order_id.to_string()}</bdi>
            </a>
            <CopyButton value=order.tiktok_order_id.to_string() what=text::TIKTOK_ORDER_ID />
        </td>
        <td role="cell" class="created" data-label=text::CREATED_AT>
            <Ago at=order.created_at more=times />
        </td>
        <td role="cell" class="status">{status(order, grid)} {marks(order)}</td>
        <td role="cell" class="fulfillment" data-label=text::FULFILLMENT_TYPE>
            {order.fulfillment_type.label()}
        </td>
        <td role="cell" class="state" data-label=text::STORE_STATUS>
            {store_state(order.store_order.as_ref())}
        </td>
        <td role="cell" class="ship-by" data-label=text::SHIP_BY>
            {order.ship_by.map(|at| view! { <Deadline at /> })}
        </td>
        <td role="cell" class="view">
            <a class="button small" href=format!("/orders/{id}") aria-label=text::view_order(id)>
                {text::VIEW}
            </a>
        </td>
        <td role="cell" class="actions">
            <button
                type="button"
                class="icon-button"
                aria-haspopup="menu"
                aria-label=text::actions_of(id)
                on:pointerdown=handler(move |_| menu.press(&pressed))
                on:click=handler(open)
            >
                {Icon::More.view()}
            </button>
        </td>
    }
}

/// Who looks after the order, and its first tags; the others are named in the tooltip of their number.
fn marks(order: &OrderSummary) -> Option<AnyView> {
    let tags = &order.tags;
    let shown = if order.assignee.is_some() { 0 } else { SHOWN_TAGS };
    let assignee = order.assignee.as_ref().map(|it| assignee_mark(&it.email));
    let (first, more) = tags.split_at(tags.len().min(shown));
    let chips = first.iter().cloned().map(|tag| view! { <bdi class="tag">{tag}</bdi> }).collect_view();
    let more = (!more.is_empty())
        .then(|| view! { <span class="tag" title=more.join(", ")>{format!("+{}", more.len())}</span> });
    let is_any = assignee.is_some() || !tags.is_empty();
    is_any.then(|| view! { <span class="tags">{assignee} {chips} {more}</span> })
}

/// A colleague by the part of the address that tells them from the others.
pub fn assignee_mark(email: &str) -> AnyView {
    let name = email.split('@').next().unwrap_or(email).to_owned();
    view! {
        <span class="tag assignee" title=text::assigned_to(email)>
            {Icon::User.view()}
            <bdi>{name}</bdi>
        </span>
    }
}

fn store_order(store_order: Option<&StoreOrder>) -> AnyView {
    let Some(store_order) = store_order else {
        return view! { <span class="faint">{text::NOT_CREATED}</span> };
    };
    if store_order.deleted {
        let title = text::store_reference(store_order.id, store_order.reference.as_deref());
        return view! { <span class="faint" title=title>{text::DELETED_IN_STORE}</span> };
    }
    let title = store_order.reference.clone().map(|reference| text::reference(&reference));
    let id = store_order.id.0;
    match store_order.url.clone() {
        Some(url) => view! {
            <a href=url target="_blank" rel="noreferrer" title=title>{id}</a>
        },
        None => view! { <span title=title>{id}</span> },
    }
}

fn store_state(store_order: Option<&StoreOrder>) -> AnyView {
    match store_order.filter(|it| !it.deleted).and_then(|it| it.state.clone()) {
        Some(state) => view! { <StoreStateLabel state /> },
        None => view! { <span class="faint" aria-hidden="true">"–"</span> },
    }
}

/// The badge; an error is a button that opens the reason and the remedy.
fn status(order: &OrderSummary, grid: Grid) -> AnyView {
    let id = order.id;
    let warnings = (order.open_warnings > 0).then(|| {
        let label = text::warnings(order.open_warnings, order.first_issue.as_ref());
        view! {
            <button
                type="button"
                class="icon-button warning"
                title=label.clone()
                aria-label=label
                on:click=handler(move |_| grid.issues_of.set(Some(id)))
            >
                {Icon::Alert.view()}
            </button>
        }
    });
    if order.status != OrderStatus::Error {
        return view! { <StatusBadge status=order.status /> {warnings} };
    }
    let first = order.first_issue.as_ref().map(|issue| issue.title.clone()).unwrap_or_default();
    view! {
        <button
            type="button"
            class="badge red error-button"
            title=text::error_title(&first, &order.channel_status)
            aria-label=error_label(id, &first)
            on:click=handler(move |_| grid.issues_of.set(Some(id)))
        >
            {Icon::ErrorCircle.view()}
            {OrderStatus::Error.label()}
        </button>
        <span class="issue-title">{first}</span>
    }
}

fn error_label(id: OrderId, first_issue: &str) -> String {
    format!("{}: {first_issue}. {}", OrderStatus::Error.label(), text::issues_of(id))
}

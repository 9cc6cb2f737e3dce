use crate::prelude::*;
use shared::{ActionKind, OrderDetail, OrderId};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, MouseEvent};

use crate::actions::menu::RowMenu;
use crate::actions::{ask, icon, is_allowed, refusal};
use crate::components::badge::StatusBadge;
use crate::components::copy_button::CopyButton;
use crate::components::icon::Icon;
use crate::components::money::money;
use crate::components::time::{Ago, Deadline, here};
use crate::markup::{handler, view};
use crate::order_detail::issues::open_errors;
use crate::order_detail::{request_href, ship_href};
use crate::orders::filters::StoreStateLabel;
use crate::orders::grid_state::last_href;
use crate::text;

/// Which order this is, where it stands, and what to do next.
pub fn order_header(order: &OrderDetail, menu: RowMenu) -> AnyView {
    let summary = order.summary.clone();
    let special = summary
        .special
        .iter()
        .map(|kind| view! { <span class="badge outline">{kind.label()}</span> })
        .collect_view();
    let times = text::order_times(&here(summary.received_at), summary.imported_at.map(here).as_deref());
    view! {
        <header class="order-header">
            <nav aria-label=text::BREADCRUMB>
                <a class="back" href=last_href()>{Icon::ChevronLeft.view()} {text::ORDERS}</a>
            </nav>
            <div class="order-title">
                <h1>
                    <span class="quiet">{text::order_number(summary.id)}</span>
                    <bdi class="digits">{summary.tiktok_order_id.to_string()}</bdi>
                    <CopyButton value=summary.tiktok_order_id.to_string() what=text::TIKTOK_ORDER_ID />
                </h1>
                <div class="order-actions">{actions(order, menu)}</div>
            </div>
            <div class="order-state">
                <StatusBadge status=summary.status />
                {special}
                <span class="quiet">
                    {text::CHANNEL_SAYS} " " <code>{summary.channel_status.to_string()}</code>
                </span>
            </div>
            <dl class="order-facts">
                {fact(text::STORE_ORDER, store_order(order))}
                {fact(text::TOTAL, money(&summary.total).into_any())}
                {fact(text::CREATED_AT, view! { <Ago at=summary.created_at more=times /> })}
                {summary
                    .ship_by
                    .map(|at| fact(text::SHIP_BY, view! { <Deadline at /> }))}
                {fact(text::FULFILLMENT_TYPE, summary.fulfillment_type.label().into_any())}
                {fact(text::CONNECTION, connection(order))}
            </dl>
        </header>
    }
}

fn fact(label: &'static str, value: AnyView) -> AnyView {
    view! {
        <div>
            <dt>{label}</dt>
            <dd>{value}</dd>
        </div>
    }
}

fn connection(order: &OrderDetail) -> AnyView {
    let href = format!("/connections/{}", order.summary.connection_id);
    view! { <a href=href>{order.connection_name.clone()}</a> }
}

fn store_order(order: &OrderDetail) -> AnyView {
    let Some(store_order) = order.summary.store_order.clone() else {
        return view! { <span class="faint">{order.summary.import_state.label()}</span> };
    };
    let name = text::store_reference(store_order.id, store_order.reference.as_deref());
    if store_order.deleted {
        return view! { <span class="faint">{name} " · " {text::DELETED_IN_STORE}</span> };
    }
    let name = match store_order.url {
        Some(url) => view! {
            <a href=url target="_blank" rel="noreferrer">{name} {Icon::External.view()}</a>
        },
        None => name.into_any(),
    };
    view! { {name} {store_order.state.map(|state| view! { <StoreStateLabel state /> })} }
}

/// The one thing to do next, and beside it what can be done at any time.
fn actions(order: &OrderDetail, menu: RowMenu) -> AnyView {
    let summary = &order.summary;
    let id = summary.id;
    let may = |kind| is_allowed(kind, summary);
    let sync = refusal(ActionKind::Sync, summary);
    let (pressed, clicked) = (summary.clone(), summary.clone());
    let open = move |event: MouseEvent| {
        let button = event.current_target().and_then(|it| it.dyn_into::<HtmlElement>().ok());
        if let Some(button) = button {
            menu.open(clicked.clone(), &button);
        }
    };
    let errors = open_errors(&order.issues);
    let next = if may(ActionKind::AcceptCancellation) {
        link(request_href(id), Icon::Alert, text::ANSWER_BUYER.to_owned())
    } else if errors > 0 && !may(ActionKind::Import) {
        view! { <a class="button primary" href="#issues">{text::fix_problems(errors)}</a> }
    } else if may(ActionKind::Import) {
        let label = text::action(ActionKind::Import, summary.import_state);
        do_button(id, ActionKind::Import, "primary", label, None)
    } else if may(ActionKind::Ship) {
        link(ship_href(id), Icon::Truck, text::SHIP_ORDER.to_owned())
    } else if may(ActionKind::FetchLabel) {
        do_button(id, ActionKind::FetchLabel, "primary", text::GET_LABEL, None)
    } else {
        view! { <span class="quiet">{text::NOTHING_TO_DO}</span> }
    };
    view! {
        {next}
        {do_button(id, ActionKind::Sync, "", text::action_label(ActionKind::Sync), sync)}
        <button
            type="button"
            id="more-actions"
            class="button"
            aria-haspopup="menu"
            on:pointerdown=handler(move |_| menu.press(&pressed))
            on:click=handler(open)
        >
            {text::ACTIONS}
            {Icon::ChevronDown.view()}
        </button>
    }
}

fn link(href: String, icon: Icon, label: String) -> AnyView {
    view! { <a class="button primary" href=href>{icon.view()} {label}</a> }
}

/// A button that asks at once; where that is not possible, its tooltip says why.
fn do_button(
    id: OrderId,
    kind: ActionKind,
    class: &'static str,
    label: &'static str,
    refusal: Option<&'static str>,
) -> AnyView {
    let start = move |_| {
        if refusal.is_none() {
            ask::begin(id, kind);
        }
    };
    view! {
        <button
            type="button"
            id=format!("do-{kind}")
            class=format!("button {class}")
            aria-disabled=refusal.map(|_| "true")
            title=refusal
            on:click=handler(start)
        >
            {icon(kind).view()}
            {label}
        </button>
    }
}

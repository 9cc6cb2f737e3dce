use leptos::prelude::*;
use shared::{OrderDetail, OrderStatus};

use crate::components::badge::StatusBadge;
use crate::components::copy_button::CopyButton;
use crate::components::icon::Icon;
use crate::components::money::money;
use crate::components::time::{Ago, Deadline, here};
use crate::markup::{handler, view};
use crate::order_detail::issues::open_errors;
use crate::orders::actions::Action;
use crate::orders::filters::StoreStateLabel;
use crate::orders::grid_state::last_href;
use crate::text;

/// Which order this is, where it stands, and what to do next.
#[component]
pub fn OrderHeader(order: OrderDetail) -> impl IntoView {
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
                <div class="order-actions">{actions(&order)}</div>
            </div>
            <div class="order-state">
                <StatusBadge status=summary.status />
                {special}
                <span class="quiet">
                    {text::CHANNEL_SAYS} " " <code>{summary.channel_status.to_string()}</code>
                </span>
            </div>
            <dl class="order-facts">
                {fact(text::STORE_ORDER, store_order(&order))}
                {fact(text::TOTAL, money(&summary.total).into_any())}
                {fact(text::CREATED_AT, view! { <Ago at=summary.created_at more=times /> })}
                {summary
                    .ship_by
                    .map(|at| fact(text::SHIP_BY, view! { <Deadline at /> }))}
                {fact(text::FULFILLMENT_TYPE, summary.fulfillment_type.label().into_any())}
                {fact(text::CONNECTION, connection(&order))}
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
fn actions(order: &OrderDetail) -> AnyView {
    let summary = &order.summary;
    let id = summary.id;
    let errors = open_errors(&order.issues);
    let import = Action::Import.allowed(summary);
    let next = if errors > 0 && !import.allowed {
        view! { <a class="button primary" href="#issues">{text::fix_problems(errors)}</a> }
    } else if import.allowed {
        view! {
            <button type="button" class="button primary" on:click=handler(move |_| Action::Import.start(id))>
                {Icon::Download.view()}
                {Action::Import.label(summary)}
            </button>
        }
    } else if matches!(summary.status, OrderStatus::AwaitingShipment | OrderStatus::PartiallyShipped) {
        let url = summary.store_order.as_ref().and_then(|it| it.url.clone());
        let url = url.unwrap_or_else(|| summary.seller_center_url.clone());
        view! {
            <a class="button primary" href=url target="_blank" rel="noreferrer">
                {Icon::Truck.view()}
                {text::SHIP_IN_STORE}
            </a>
        }
    } else {
        view! { <span class="quiet">{text::NOTHING_TO_DO}</span> }
    };
    let sync = Action::Sync.allowed(summary);
    view! {
        {next}
        <button
            type="button"
            class="button"
            disabled=!sync.allowed
            title=sync.reason
            on:click=handler(move |_| Action::Sync.start(id))
        >
            {Icon::Refresh.view()}
            {text::SYNC_STATUS}
        </button>
        <a class="button" href=summary.seller_center_url.clone() target="_blank" rel="noreferrer">
            {Icon::External.view()}
            {text::SELLER_CENTER}
        </a>
    }
}

use leptos::prelude::*;
use shared::{OrderDetail, OrderId, Recipient};

use crate::components::failure::FailureNote;
use crate::frame::title;
use crate::live::{self, News};
use crate::load::Load;
use crate::markup::view;
use crate::order_detail::header::OrderHeader;
use crate::order_detail::issues::Issues;
use crate::order_detail::payment::PaymentCard;
use crate::order_detail::products::Products;
use crate::order_detail::shipping::ShippingCard;
use crate::order_detail::timeline::{Story, Timeline};
use crate::orders::grid_state::last_href;
use crate::{api, text};

pub fn view(id: OrderId) -> AnyView {
    view! { <OrderPage id /> }
}

/// Everything about one order; it follows the server's events.
#[component]
fn OrderPage(id: OrderId) -> impl IntoView {
    let order = Load::<OrderDetail>::new();
    let story = Story::new();
    let revealed = Load::<Recipient>::new();
    let load = move || {
        order.run(api::order(id));
        story.reload(id);
    };
    load();
    live::listen(move |news| match news {
        News::Event(event) if event.order_id != Some(id) => {}
        _ => load(),
    });
    title(move || text::order_number(id));
    let failure = move || {
        order.request.failure.get().map(|failure| {
            view! {
                <p><a href=last_href()>{text::BACK_TO_ORDERS}</a></p>
                <FailureNote title=text::ORDER_NOT_LOADED failure retry=Callback::new(move |()| load()) />
            }
        })
    };
    view! {
        <div class="order-page">
            {move || failure()}
            {move || match order.value.get() {
                Some(order) => view! { <OrderSections order story revealed /> },
                None if order.request.failure.with(Option::is_none) => skeleton(),
                None => ().into_any(),
            }}
        </div>
    }
}

#[component]
fn OrderSections(order: OrderDetail, story: Story, revealed: Load<Recipient>) -> impl IntoView {
    let summary = &order.summary;
    let (id, fulfillment_type) = (summary.id, summary.fulfillment_type);
    view! {
        <OrderHeader order=order.clone() />
        <Issues order=order.clone() />
        <Products lines=order.lines />
        <div class="two-columns">
            <div>
                <ShippingCard id shipping=order.shipping fulfillment_type revealed />
                <PaymentCard payment=order.payment />
            </div>
            <div>
                <section class="card">
                    <h2>{text::WHY_THIS_STATUS}</h2>
                    <p>{order.status_reason}</p>
                    <p class="quiet">{order.summary.status.meaning()}</p>
                </section>
                <Timeline id story />
            </div>
        </div>
    }
}

fn skeleton() -> AnyView {
    let cards =
        (0..3).map(|_| view! { <div class="card"><span class="bone tall"></span></div> }).collect_view();
    view! { <div aria-hidden="true">{cards}</div> <p class="visually-hidden" role="status">{text::LOADING}</p> }
}

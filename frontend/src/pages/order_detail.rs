use crate::prelude::*;
use shared::{ActionKind, OrderDetail, OrderId, Recipient, Role};

use crate::actions::is_allowed;
use crate::actions::menu::{ActionsMenu, RowMenu};
use crate::actions::options::options_of;
use crate::components::failure::FailureNote;
use crate::frame::title;
use crate::live::{self, News};
use crate::load::{Answer, Load};
use crate::markup::{Show, view};
use crate::order_detail::SHOW;
use crate::order_detail::header::order_header;
use crate::order_detail::issues::issues;
use crate::order_detail::notes::NotesCard;
use crate::order_detail::payment::payment_card;
use crate::order_detail::products::products;
use crate::order_detail::raw::raw_data;
use crate::order_detail::request::RequestCard;
use crate::order_detail::ship::ShipCard;
use crate::order_detail::shipping::{Correction, ShippingCard};
use crate::order_detail::timeline::{ATTEMPTS, Story, Timeline};
use crate::orders::grid_state::last_href;
use crate::{api, browser, navigation, session, text};

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
        order.run_for_changes(api::order(id));
        story.reload(id);
    };
    load();
    live::listen(move |news| match news {
        News::Event(event) if event.order_id != Some(id) => {}
        _ => load(),
    });
    title(move || text::order_number(id));
    let shown = order.value;
    // What was revealed of an address says nothing of the one that follows it.
    let masked = Memo::new(move |_| shown.with(|order| order.map(|order| order.shipping.recipient.clone())));
    Effect::new(move |_| {
        masked.track();
        revealed.value.set(None);
    });
    let menu = RowMenu::new();
    let options = options_of(id, move || shown.with(|order| order.is_some_and(has_forms)));
    let correction = Correction::new(options);
    follow_address(id, shown, story);
    let failure = move || {
        order.request.failure.get().map(|failure| {
            view! {
                <p><a href=last_href()>{text::BACK_TO_ORDERS}</a></p>
                <FailureNote title=text::ORDER_NOT_LOADED failure retry=Callback::new(move |()| load()) />
            }
        })
    };
    let part = move |part: fn(&OrderDetail) -> AnyView| move || shown.with(|order| order.map(part));
    let head = move || {
        browser::keep_focus();
        shown.with(|order| order.map(|order| order_header(order, menu)))
    };
    let is_known = Memo::new(move |_| shown.is_known());
    view! {
        <div class="order-page">
            {failure}
            {head}
            <RequestCard order=shown options />
            {part(issues)}
            {part(|order| products(&order.lines))}
            <Show when=move || is_known.get()>
                <div class="two-columns">
                    <div>
                        <ShippingCard id order=shown revealed correction />
                        {part(|order| payment_card(&order.payment))}
                    </div>
                    <div>
                        {part(why_this_status)}
                        <NotesCard id order=shown />
                        <Timeline id story />
                    </div>
                </div>
                <ShipCard id order=shown options />
                {session::may(Role::Operator).then(|| raw_data(id))}
            </Show>
            {move || (!is_known.get() && order.request.failure.with(Option::is_none)).then(skeleton)}
            <ActionsMenu menu />
        </div>
    }
}

/// Whether a form on the page offers TikTok Shop's lists.
fn has_forms(order: &OrderDetail) -> bool {
    [ActionKind::Ship, ActionKind::CorrectShipping, ActionKind::RejectCancellation]
        .into_iter()
        .any(|kind| is_allowed(kind, &order.summary))
}

fn why_this_status(order: &OrderDetail) -> AnyView {
    view! {
        <section class="card">
            <h2>{text::WHY_THIS_STATUS}</h2>
            <p>{order.status_reason.clone()}</p>
            <p class="quiet">{order.summary.status.meaning()}</p>
        </section>
    }
}

/// Goes to the part of the page that the address names, as soon as it is there, and takes the name off the address.
fn follow_address(id: OrderId, shown: Answer<OrderDetail>, story: Story) {
    let is_known = Memo::new(move |_| shown.is_known());
    Effect::new(move |_| {
        navigation::address();
        let wanted = navigation::parameter(SHOW)
            .filter(|wanted| matches!(wanted.as_str(), "ship" | "request" | ATTEMPTS));
        if let (true, Some(part)) = (is_known.get(), wanted) {
            if part == ATTEMPTS {
                story.topic.set(part.clone());
            }
            request_animation_frame(move || {
                navigation::replace(&format!("/orders/{id}"));
                if let Some(part) = browser::element(&format!("#{part}")) {
                    part.scroll_into_view();
                    // Fails for no element that is on the page.
                    let _ = part.focus();
                }
            });
        }
    });
}

fn skeleton() -> AnyView {
    let cards =
        (0..3).map(|_| view! { <div class="card"><span class="bone tall"></span></div> }).collect_view();
    view! { <div aria-hidden="true">{cards}</div> <p class="visually-hidden" role="status">{text::LOADING}</p> }
}

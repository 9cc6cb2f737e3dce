use crate::prelude::*;
use shared::{
    ActionKind, ActionOptions, ActionRequest, FulfillmentType, OrderDetail, OrderId, Package, Recipient,
    Role, Shipping,
};

use crate::actions::panel::{self, Panel};
use crate::actions::{ask, icon, is_allowed};
use crate::components::copy_button::CopyButton;
use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::load::{Answer, Load, Request};
use crate::markup::{handler, view};
use crate::order_detail::ship::{ParcelFields, failure_line};
use crate::{api, session, text};

/// What the card shows of an order.
#[derive(PartialEq)]
struct Facts {
    shipping: Shipping,
    fulfillment_type: FulfillmentType,
    can_correct: bool,
    has_labels: bool,
}

impl Facts {
    fn of(order: &OrderDetail) -> Self {
        Self {
            shipping: order.shipping.clone(),
            fulfillment_type: order.summary.fulfillment_type,
            can_correct: is_allowed(ActionKind::CorrectShipping, &order.summary),
            has_labels: is_allowed(ActionKind::FetchLabel, &order.summary),
        }
    }
}

/// Where the order goes, and in which parcels.
///
/// `revealed` is the whole address, once it was asked for; it outlives a refresh of the order, as a correction does.
#[component]
pub fn ShippingCard(
    id: OrderId,
    order: Answer<OrderDetail>,
    revealed: Load<Recipient>,
    correction: Correction,
) -> impl IntoView {
    // Drawn anew only for other facts: what else changes about the order must not take a form from under somebody.
    let facts = Memo::new(move |_| order.with(|order| order.map(Facts::of)));
    move || facts.with(|facts| facts.as_ref().map(|facts| card(id, facts, revealed, correction)))
}

fn card(id: OrderId, facts: &Facts, revealed: Load<Recipient>, correction: Correction) -> AnyView {
    let shipping = &facts.shipping;
    let labels = facts.has_labels.then(|| {
        view! {
            <button
                type="button"
                id="labels"
                class="button small"
                on:click=handler(move |_| panel::open(Panel::Labels(id)))
            >
                {icon(ActionKind::FetchLabel).view()}
                {text::GET_LABEL}
            </button>
        }
    });
    let masked = shipping.recipient.clone();
    let address = move || match revealed.value.get().or_else(|| masked.clone()) {
        Some(recipient) => view! { <Address id recipient revealed /> },
        None => view! { <p class="quiet">{text::ADDRESS_HIDDEN}</p> },
    };
    let packages = if shipping.packages.is_empty() {
        view! { <p class="quiet">{text::NO_PACKAGES}</p> }
    } else {
        let packages = shipping
            .packages
            .iter()
            .cloned()
            .map(|package| {
                let with_label = facts.has_labels && shipping.packages.len() > 1;
                package_item(id, package, facts.can_correct.then_some(correction), with_label)
            })
            .collect_view();
        view! { <ul class="packages">{packages}</ul> }
    };
    view! {
        <section class="card">
            <h2>{text::SHIPPING}</h2>
            <p class="quiet">
                {facts.fulfillment_type.label()}
                {shipping.delivery_option.as_ref().map(|option| format!(" · {option}"))}
            </p>
            {move || address()}
            {shipping
                .buyer_message
                .clone()
                .map(|message| view! { <blockquote><strong>{text::BUYER_MESSAGE}</strong> " " <bdi>{message}</bdi></blockquote> })}
            <h3>{text::PACKAGES}</h3>
            {packages}
            {labels}
        </section>
    }
}

/// An address as it is written on a parcel.
pub fn address(recipient: Recipient) -> AnyView {
    let place = [recipient.postal_code, recipient.city].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let rest: Vec<_> = recipient
        .lines
        .into_iter()
        .chain([place])
        .chain(recipient.region)
        .chain([recipient.country])
        .chain(recipient.phone)
        .filter(|line| !line.is_empty())
        .map(|line| view! { <span><bdi>{line}</bdi></span> })
        .collect();
    view! {
        <address>
            <strong><bdi>{recipient.name}</bdi></strong>
            {rest}
        </address>
    }
    .into_any()
}

#[component]
fn Address(id: OrderId, recipient: Recipient, revealed: Load<Recipient>) -> impl IntoView {
    let can_reveal = recipient.masked && recipient.can_reveal && session::may(Role::Manager);
    let previous = recipient.previous.clone();
    let addresses = match previous {
        Some(previous) => view! {
            <div class="addresses">
                <div>
                    <h3>{text::NEW_ADDRESS}</h3>
                    {address(recipient)}
                </div>
                <div>
                    <h3>{text::ADDRESS_BEFORE}</h3>
                    {address(*previous)}
                </div>
            </div>
        }
        .into_any(),
        None => address(recipient),
    };
    view! {
        {addresses}
        {can_reveal
            .then(|| {
                view! {
                    <p class="reveal">
                        <button
                            type="button"
                            class="button small"
                            prop:disabled=move || revealed.request.busy.get()
                            on:click=handler(move |_| revealed.run(api::reveal_recipient(id)))
                        >
                            {Icon::Eye.view()}
                            {text::SHOW_ADDRESS}
                        </button>
                        <span class="quiet">{text::REVEAL_IS_RECORDED}</span>
                    </p>
                }
            })}
        {move || {
            revealed
                .request
                .failure
                .get()
                .map(|failure| view! { <FailureNote title=text::ADDRESS_NOT_SHOWN failure /> })
        }}
    }
}

/// What a package offers to somebody who finds a mistake in it.
#[derive(Clone, Copy, PartialEq)]
enum Offer {
    Nothing,
    NoneLeft,
    Button,
    Form,
}

/// The correction of a parcel's carrier and number; it outlives a refresh of the order.
#[derive(Clone, Copy)]
pub struct Correction {
    options: Load<ActionOptions>,
    /// The package whose form is open.
    package: RwSignal<Option<String>>,
    fields: ParcelFields,
    sending: Request,
}

impl Correction {
    pub fn new(options: Load<ActionOptions>) -> Self {
        let (package, fields) = (RwSignal::new(None), ParcelFields::new());
        Self { options, package, fields, sending: Request::new() }
    }

    /// What a package that has left offers.
    fn offer(self, package_id: &str) -> Offer {
        let is_correctable = self
            .options
            .value
            .with(|options| options.map(|it| it.correctable_package_ids.iter().any(|it| it == package_id)));
        match is_correctable {
            Some(true) if self.package.with(|open| open.as_deref() == Some(package_id)) => Offer::Form,
            Some(true) => Offer::Button,
            // Options on their way may be the first ones after the package left.
            Some(false) if !self.options.request.busy.get() => Offer::NoneLeft,
            _ => Offer::Nothing,
        }
    }

    fn view(self, offer: Offer, id: OrderId, package_id: String) -> Option<AnyView> {
        match offer {
            Offer::Nothing => None,
            Offer::NoneLeft => Some(view! { <span class="quiet">{text::NO_CORRECTION_LEFT}</span> }),
            Offer::Form => Some(self.form(id, package_id)),
            Offer::Button => Some(view! {
                <button
                    type="button"
                    id=format!("correct-{package_id}")
                    class="button small"
                    on:click=handler(move |_| self.package.set(Some(package_id.clone())))
                >
                    {text::action_label(ActionKind::CorrectShipping)}
                </button>
            }),
        }
    }

    fn form(self, id: OrderId, package_id: String) -> AnyView {
        let is_ready = Memo::new(move |_| self.fields.parcel().is_some() && !self.sending.busy.get());
        let submit = move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            let (true, Some((carrier_id, tracking_number))) =
                (is_ready.get_untracked(), untrack(|| self.fields.parcel()))
            else {
                return;
            };
            let package_id = package_id.clone();
            let request = ActionRequest::CorrectShipping { package_id, carrier_id, tracking_number };
            self.sending
                .run_task(async move { ask::ask(id, &request).await }, move || self.package.set(None));
        };
        view! {
            <form class="ship-form" on:submit=handler(submit)>
                <p class="quiet">{text::ONE_CORRECTION}</p>
                {self.fields.view(self.options)}
                {move || failure_line(self.sending)}
                <p class="fixes">
                    <button type="button" class="button small" on:click=handler(move |_| self.package.set(None))>
                        {text::keep(ActionKind::CorrectShipping)}
                    </button>
                    <button
                        type="submit"
                        class="button small primary"
                        aria-disabled=move || (!is_ready.get()).to_string()
                    >
                        {text::SEND_CORRECTION}
                    </button>
                </p>
            </form>
        }
    }
}

fn package_item(id: OrderId, package: Package, correction: Option<Correction>, with_label: bool) -> AnyView {
    let label = with_label.then(|| {
        let request = ActionRequest::FetchLabel { package_id: Some(package.id.clone()) };
        view! {
            <button
                type="button"
                id=format!("label-{}", package.id)
                class="button small"
                on:click=handler(move |_| ask::begin_with(id, request.clone()))
            >
                {text::GET_LABEL}
            </button>
        }
    });
    let correct = correction.filter(|_| package.tracking_number.is_some()).map(|correction| {
        let (package_id, offered_for) = (package.id.clone(), package.id.clone());
        let offer = Memo::new(move |_| correction.offer(&offered_for));
        move || correction.view(offer.get(), id, package_id.clone())
    });
    let status = package.status.map(|status| text::status_words(&status));
    let carrier = package.carrier.unwrap_or_else(|| text::NO_CARRIER.to_owned());
    let tracking = match package.tracking_number {
        Some(number) => view! {
            <code><bdi>{number.clone()}</bdi></code>
            <CopyButton value=number what=text::TRACKING_NUMBER />
        },
        None => view! { <span class="faint">{text::NO_TRACKING}</span> },
    };
    view! {
        <li>
            {Icon::Truck.view()}
            <div>
                <span><strong>{carrier}</strong> " " {tracking}</span>
                <span class="quiet">
                    {text::package_and_units(&package.id, package.unit_count)}
                    {status.map(|status| format!(" · {status}"))}
                </span>
                {label}
                {correct}
            </div>
        </li>
    }
}

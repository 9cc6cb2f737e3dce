use leptos::prelude::*;
use shared::{FulfillmentType, OrderId, Package, Recipient, Role, Shipping};

use crate::components::copy_button::CopyButton;
use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::load::Load;
use crate::markup::{handler, view};
use crate::{api, session, text};

/// Where the order goes, and in which parcels.
#[component]
pub fn ShippingCard(
    id: OrderId,
    shipping: Shipping,
    fulfillment_type: FulfillmentType,
    /// The whole address, once it was asked for; it outlives a refresh of the order.
    revealed: Load<Recipient>,
) -> impl IntoView {
    let masked = shipping.recipient.clone();
    let address = move || match revealed.value.get().or_else(|| masked.clone()) {
        Some(recipient) => view! { <Address id recipient revealed /> },
        None => view! { <p class="quiet">{text::ADDRESS_HIDDEN}</p> },
    };
    let packages = if shipping.packages.is_empty() {
        view! { <p class="quiet">{text::NO_PACKAGES}</p> }
    } else {
        let packages = shipping.packages.into_iter().map(package).collect_view();
        view! { <ul class="packages">{packages}</ul> }
    };
    view! {
        <section class="card">
            <h2>{text::SHIPPING}</h2>
            <p class="quiet">
                {fulfillment_type.label()}
                {shipping.delivery_option.map(|option| format!(" · {option}"))}
            </p>
            {move || address()}
            {shipping
                .buyer_message
                .map(|message| view! { <blockquote><strong>{text::BUYER_MESSAGE}</strong> " " <bdi>{message}</bdi></blockquote> })}
            <h3>{text::PACKAGES}</h3>
            {packages}
        </section>
    }
}

#[component]
fn Address(id: OrderId, recipient: Recipient, revealed: Load<Recipient>) -> impl IntoView {
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
    let can_reveal = recipient.masked && recipient.can_reveal && session::may(Role::Manager);
    view! {
        <address>
            <strong><bdi>{recipient.name}</bdi></strong>
            {rest}
        </address>
        {can_reveal
            .then(|| {
                view! {
                    <p class="reveal">
                        <button
                            type="button"
                            class="button small"
                            disabled=move || revealed.request.busy.get()
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

fn package(package: Package) -> impl IntoView {
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
            </div>
        </li>
    }
}

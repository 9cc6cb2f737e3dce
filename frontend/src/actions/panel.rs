//! What is shown about an order above whichever page asked for it: the import it would get, and its labels.

use crate::prelude::*;
use shared::{OrderId, ShippingLabel};

use crate::actions::ask;
use crate::actions::preview::preview;
use crate::components::dialog::Dialog;
use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::components::time::here;
use crate::load::Load;
use crate::markup::{handler, view};
use crate::{api, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    /// The store order that an import would make.
    Preview(OrderId),
    /// Links to the labels of its parcels.
    Labels(OrderId),
}

thread_local! {
    static SHOWN: ArcRwSignal<Option<Panel>> = ArcRwSignal::new(None);
}

/// Shows a panel; whatever it has asked for is forgotten when it closes.
pub fn open(panel: Panel) {
    SHOWN.with(|shown| shown.set(Some(panel)));
}

/// Closes the panel.
pub fn close() {
    SHOWN.with(|shown| shown.set(None));
}

/// The panel that is open, if any; to be drawn once.
#[component]
pub fn OrderPanel() -> impl IntoView {
    let shown = SHOWN.with(Clone::clone);
    let shown = RwSignal::from(shown);
    let title = move || match shown.get() {
        Some(Panel::Preview(id)) => text::preview_of(id),
        Some(Panel::Labels(id)) => text::labels_of(id),
        None => String::new(),
    };
    let content = move || match shown.get()? {
        Panel::Preview(id) => Some(preview(id)),
        Panel::Labels(id) => Some(labels(id)),
    };
    view! {
        <Dialog
            open=Signal::derive(move || shown.get().is_some())
            close=move |()| close()
            title=Signal::derive(title)
            class="wide"
        >
            {content}
        </Dialog>
    }
}

/// The labels, read afresh: their addresses hold for a day and show the buyer's address to whoever has them.
fn labels(id: OrderId) -> AnyView {
    let labels = Load::<Vec<ShippingLabel>>::new();
    labels.run(api::shipping_labels(id));
    let make = move |_| {
        ask::begin(id, shared::ActionKind::FetchLabel);
        close();
    };
    let list = move || {
        if let Some(failure) = labels.request.failure.get() {
            return view! { <FailureNote title=text::LABELS_NOT_LOADED failure /> };
        }
        match labels.value.get() {
            None => view! { <p class="quiet" role="status">{text::LOADING}</p> },
            Some(labels) if labels.is_empty() => view! {
                <p>{text::NO_LABELS}</p>
                <footer>
                    <button type="button" class="button primary" on:click=handler(make)>{text::GET_LABEL}</button>
                </footer>
            },
            Some(labels) => {
                let items = labels.into_iter().map(label_link).collect_view();
                view! {
                    <ul class="labels">{items}</ul>
                    <p class="quiet">{text::LABELS_ARE_PRIVATE}</p>
                    <footer>
                        <button type="button" class="button" on:click=handler(make)>{text::GET_ALL_LABELS}</button>
                    </footer>
                }
            }
        }
    };
    view! { {list} }
}

fn label_link(label: ShippingLabel) -> AnyView {
    view! {
        <li>
            <a class="button" href=label.url target="_blank" rel="noreferrer">
                {Icon::Label.view()}
                {text::OPEN_LABEL}
            </a>
            <span>
                {text::package(&label.package_id)}
                {label.tracking_number.map(|number| view! { " · " <code><bdi>{number}</bdi></code> })}
                <span class="quiet">{text::holds_until(&here(label.expires_at))}</span>
            </span>
        </li>
    }
}

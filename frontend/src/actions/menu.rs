//! The menu of an order. There is one for all rows: a hundred hidden menus would cost the page its speed.

use crate::prelude::*;
use leptos::html;
use shared::{ActionKind, FulfillmentType, OrderSummary, SpecialKind};
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, KeyboardEvent, MouseEvent};

use crate::actions::form::{Target, action_form};
use crate::actions::panel::{self, Panel};
use crate::actions::{ask, has_form, icon, refusal};
use crate::components::dropdown::{Place, opens};
use crate::components::icon::Icon;
use crate::components::toast::{self, Tone};
use crate::markup::{handler, view};
use crate::order_detail::ship_href;
use crate::route::PRINT;
use crate::{browser, text};

/// Width of the menu in CSS pixels.
const WIDTH: i32 = 320;

/// The menu of whichever row asked for it last.
#[derive(Clone, Copy)]
pub struct RowMenu {
    order: RwSignal<Option<OrderSummary>>,
    /// The action whose form is shown in place of the items.
    asked: RwSignal<Option<ActionKind>>,
    place: RwSignal<Place>,
    is_open: RwSignal<bool>,
    panel: NodeRef<html::Div>,
    /// The button whose press found the menu open: that press closes it, and must not open it again.
    pressed_while_open: RwSignal<bool>,
}

impl RowMenu {
    pub fn new() -> Self {
        Self {
            order: RwSignal::new(None),
            asked: RwSignal::new(None),
            place: RwSignal::new(Place::default()),
            is_open: RwSignal::new(false),
            panel: NodeRef::new(),
            pressed_while_open: RwSignal::new(false),
        }
    }

    /// To be called when a row's button is pressed down.
    pub fn press(self, order: &OrderSummary) {
        let is_same = self.order.with_untracked(|shown| shown.as_ref().is_some_and(|it| it.id == order.id));
        self.pressed_while_open.set(is_same && self.is_open.get_untracked());
    }

    /// Opens the menu at the button that was clicked.
    pub fn open(self, order: OrderSummary, button: &HtmlElement) {
        let (Some(panel), false) = (self.panel.get_untracked(), self.pressed_while_open.get_untracked())
        else {
            self.pressed_while_open.set(false);
            return;
        };
        self.place.set(Place::beside(&button.get_bounding_client_rect(), WIDTH));
        self.asked.set(None);
        self.order.set(Some(order));
        // Fails only when it is open already; then it has just moved to another row.
        let _ = panel.show_popover();
        request_animation_frame(|| {
            browser::focus("#row-menu [role=menuitem]");
        });
    }

    fn close(self) {
        if let Some(panel) = self.panel.get_untracked() {
            // Fails only when it is closed already.
            let _ = panel.hide_popover();
        }
    }
}

/// The menu itself; to be drawn once on the grid's page.
#[component]
pub fn ActionsMenu(menu: RowMenu) -> impl IntoView {
    view! {
        <div
            id="row-menu"
            class="popover menu"
            popover="auto"
            role=move || if menu.asked.get().is_some() { "dialog" } else { "menu" }.to_owned()
            aria-label=move || menu.order.with(|it| it.as_ref().map(|it| text::actions_of(it.id)))
            node_ref=menu.panel
            style:left=move || menu.place.get().left_style()
            style:top=move || menu.place.get().top_style()
            style:bottom=move || menu.place.get().bottom_style()
            style:width=move || format!("{WIDTH}px")
            style:max-height=move || menu.place.get().height_style()
            on:toggle=handler(move |event: Event| toggled(menu, &event))
            on:keydown=handler(move_focus)
        >
            {move || menu.order.get().map(|order| content(menu, &order))}
        </div>
    }
}

fn toggled(menu: RowMenu, event: &Event) {
    let is_open = opens(event);
    menu.is_open.set(is_open);
    if !is_open {
        // What was typed into a form is gone with it.
        menu.asked.set(None);
    }
}

/// The kinds of the menu in groups; what can never concern this order is left out.
fn kinds(order: &OrderSummary) -> [Vec<ActionKind>; 3] {
    let offered = |kind: &ActionKind| match kind {
        ActionKind::FetchLabel => order.fulfillment_type == FulfillmentType::MerchantTikTokLabel,
        ActionKind::Adopt => order.store_order.as_ref().is_none_or(|it| it.deleted),
        ActionKind::ResendShipping => order.shipment_failed,
        ActionKind::AcceptCancellation | ActionKind::RejectCancellation => {
            order.special.contains(&SpecialKind::CancellationRequested)
        }
        ActionKind::Skip => !order.skipped_by_person,
        ActionKind::Unskip => order.skipped_by_person,
        ActionKind::Archive => order.archived_at.is_none(),
        ActionKind::Restore => order.archived_at.is_some(),
        _ => true,
    };
    let group = |kinds: &[ActionKind]| kinds.iter().copied().filter(offered).collect();
    [
        group(&[ActionKind::Import, ActionKind::Adopt, ActionKind::Skip, ActionKind::Unskip]),
        group(&[
            ActionKind::Ship,
            ActionKind::ResendShipping,
            ActionKind::FetchLabel,
            ActionKind::AcceptCancellation,
            ActionKind::RejectCancellation,
            ActionKind::Cancel,
        ]),
        group(&[
            ActionKind::Note,
            ActionKind::Tag,
            ActionKind::Assign,
            ActionKind::Archive,
            ActionKind::Restore,
        ]),
    ]
}

fn content(menu: RowMenu, order: &OrderSummary) -> AnyView {
    match menu.asked.get() {
        Some(kind) => {
            let target = Target::One(Box::new(order.clone()));
            action_form(kind, target, Callback::new(move |_| menu.close()))
        }
        None => items(menu, order),
    }
}

fn items(menu: RowMenu, order: &OrderSummary) -> AnyView {
    let id = order.id;
    let store_url = order.store_order.as_ref().and_then(|it| it.url.clone());
    let tiktok_order_id = order.tiktok_order_id.to_string();
    let copy = move |_| {
        let id = tiktok_order_id.clone();
        menu.close();
        leptos::task::spawn_local(async move {
            let copied = browser::copy(&id).await;
            let (tone, message) =
                if copied { (Tone::Good, text::COPIED) } else { (Tone::Bad, text::COPY_REFUSED) };
            toast::show(tone, message);
        });
    };
    let preview = move |_| {
        menu.close();
        panel::open(Panel::Preview(id));
    };
    let is_imported = order.store_order.as_ref().is_some_and(|it| !it.deleted);
    let [import, ship, keep] =
        kinds(order).map(|kinds| kinds.into_iter().map(|kind| action_item(menu, kind, order)).collect_view());
    view! {
        {action_item(menu, ActionKind::Sync, order)}
        {import}
        {plain_item(
            text::PREVIEW_IMPORT,
            Icon::List,
            is_imported.then_some(text::ALREADY_IMPORTED),
            Box::new(preview),
        )}
        <hr />
        {ship}
        <hr />
        {keep}
        <hr />
        {link_item(menu, text::VIEW_ORDER, Icon::Eye, Some(format!("/orders/{id}")), "", false)}
        {link_item(menu, text::PRINT_SLIP, Icon::Label, Some(format!("{PRINT}?id={id}")), "", false)}
        {link_item(
            menu,
            text::OPEN_IN_SELLER_CENTER,
            Icon::External,
            Some(order.seller_center_url.clone()),
            "",
            true,
        )}
        {link_item(
            menu,
            text::OPEN_IN_PRESTASHOP,
            Icon::Store,
            store_url,
            text::no_store_page(order.store_order.is_some()),
            true,
        )}
        {plain_item(text::COPY_TIKTOK_ID, Icon::Copy, None, Box::new(copy))}
    }
}

fn action_item(menu: RowMenu, kind: ActionKind, order: &OrderSummary) -> AnyView {
    let id = order.id;
    let refusal = refusal(kind, order);
    let label = text::action(kind, order.import_state);
    if kind == ActionKind::Ship && refusal.is_none() {
        return link_item(menu, label, icon(kind), Some(ship_href(id)), "", false);
    }
    let choose = move |_| {
        if has_form(kind) {
            menu.asked.set(Some(kind));
        } else {
            menu.close();
            ask::begin(id, kind);
        }
    };
    plain_item(label, icon(kind), refusal, Box::new(choose))
}

/// An item that does something; when it cannot, it says why and stays reachable for the keyboard.
fn plain_item(
    label: &'static str,
    icon: Icon,
    refusal: Option<&'static str>,
    mut choose: Box<dyn FnMut(MouseEvent)>,
) -> AnyView {
    let choose = move |event| {
        if refusal.is_none() {
            choose(event);
        }
    };
    view! {
        <button
            type="button"
            role="menuitem"
            tabindex="-1"
            class="menu-item"
            aria-disabled=refusal.map(|_| "true")
            on:click=handler(choose)
        >
            {icon.view()}
            <span>{label} {refusal.map(|refusal| view! { <small>{refusal}</small> })}</span>
        </button>
    }
}

fn link_item(
    menu: RowMenu,
    label: &'static str,
    icon: Icon,
    href: Option<String>,
    why_not: &'static str,
    new_tab: bool,
) -> AnyView {
    match href {
        Some(href) => view! {
            <a
                role="menuitem"
                tabindex="-1"
                class="menu-item"
                href=href
                target=if new_tab { "_blank" } else { "" }
                rel=if new_tab { "noreferrer" } else { "" }
                on:click=handler(move |_| menu.close())
            >
                {icon.view()}
                <span>{label}</span>
            </a>
        },
        None => view! {
            <button type="button" role="menuitem" tabindex="-1" class="menu-item" aria-disabled="true">
                {icon.view()}
                <span>{label} <small>{why_not}</small></span>
            </button>
        },
    }
}

/// Arrow keys, Home and End go through the items, as in every menu.
fn move_focus(event: KeyboardEvent) {
    if browser::is_typing(event.target()) {
        return;
    }
    let Ok(items) = document().query_selector_all("#row-menu [role=menuitem]") else { return };
    let items: Vec<HtmlElement> =
        (0..items.length()).filter_map(|index| items.item(index)?.dyn_into().ok()).collect();
    let active = document().active_element();
    let position = items.iter().position(|item| active.as_ref() == Some(item.as_ref()));
    let count = items.len();
    let next = match (event.key().as_str(), position) {
        ("ArrowDown", Some(position)) => (position + 1) % count,
        ("ArrowUp", Some(position)) => (position + count - 1) % count,
        ("Home" | "ArrowDown", _) => 0,
        ("End" | "ArrowUp", _) => count.saturating_sub(1),
        _ => return,
    };
    event.prevent_default();
    if let Some(item) = items.get(next) {
        // Fails for no element that is on the page.
        let _ = item.focus();
    }
}

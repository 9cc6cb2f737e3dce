//! Orders on paper: a packing slip for each, or one list of what to fetch from the shelves.

use std::collections::{BTreeMap, HashMap};

use crate::prelude::*;
use shared::{ChannelStatus, FulfillmentType, OrderFilter, OrderId, OrderLine, Recipient, Scope};

use crate::api::{Failure, PrintedOrder};
use crate::components::failure::FailureNote;
use crate::components::fields::{SwitchField, fixed_choices, select_field};
use crate::components::icon::Icon;
use crate::components::money::money;
use crate::components::time::here;
use crate::frame::title;
use crate::grid_query::GridQuery;
use crate::load::Request;
use crate::markup::{handler, view};
use crate::order_detail::shipping::address;
use crate::orders::grid_state::last_href;
use crate::pages::orders::ignored;
use crate::{api, navigation, session, text};

/// At most this many orders are printed at once.
const MOST: usize = 500;

const SLIPS: &str = "slips";
const PICK_LIST: &str = "pick";

pub fn view() -> AnyView {
    view! { <PrintPage /> }
}

/// What was read of the orders that the link names.
#[derive(Clone, Copy)]
struct Orders {
    to_pack: RwSignal<Vec<PrintedOrder>>,
    left_out: RwSignal<i64>,
    is_cut: RwSignal<bool>,
}

impl Orders {
    async fn read(self, filter: OrderFilter) -> Result<(), Failure> {
        let (mut after, mut read) = (None, 0);
        loop {
            let page = api::printed_orders(&filter, after).await?;
            read += page.orders.len();
            let (to_pack, others): (Vec<_>, Vec<_>) = page.orders.into_iter().partition(is_to_pack);
            self.to_pack.update(|orders| orders.extend(to_pack));
            self.left_out.update(|number| *number += others.len() as i64);
            match page.next_cursor {
                Some(_) if read >= MOST => {
                    self.is_cut.set(true);
                    return Ok(());
                }
                Some(cursor) => after = Some(cursor),
                None => return Ok(()),
            }
        }
    }
}

/// Whether the merchant has, or had just now, something to put into a parcel.
fn is_to_pack(order: &PrintedOrder) -> bool {
    let summary = &order.summary;
    summary.fulfillment_type != FulfillmentType::TikTok
        && matches!(
            summary.channel_status,
            ChannelStatus::AwaitingShipment
                | ChannelStatus::PartiallyShipping
                | ChannelStatus::AwaitingCollection
        )
}

fn is_canceled(line: &OrderLine) -> bool {
    ChannelStatus::from(line.status.as_str()) == ChannelStatus::Cancelled
}

#[component]
fn PrintPage() -> impl IntoView {
    title(|| text::PRINT_ORDERS.to_owned());
    // What the link says that led here; it does not change while the page is open.
    let (query, errors) = GridQuery::read(&navigation::address_untracked().search);
    let orders = Orders {
        to_pack: RwSignal::new(Vec::new()),
        left_out: RwSignal::new(0),
        is_cut: RwSignal::new(false),
    };
    let reading = Request::new();
    reading.run_task(orders.read(query.filter), || ());
    let what = RwSignal::new(SLIPS.to_owned());
    let with_prices = RwSignal::new(false);
    let addresses = RwSignal::new(HashMap::<OrderId, Recipient>::new());
    let is_slips = Memo::new(move |_| what.with(|what| what == SLIPS));
    let sheets = move || {
        let (busy, nothing) = (reading.busy.get(), orders.to_pack.with(Vec::is_empty));
        if let Some(failure) = reading.failure.get() {
            return view! { <FailureNote title=text::ORDERS_NOT_LOADED_TO_PRINT failure /> };
        }
        if busy {
            return view! { <p class="quiet" role="status">{text::LOADING}</p> };
        }
        if nothing {
            return view! { <p role="status">{text::NOTHING_TO_PACK}</p> };
        }
        if !is_slips.get() {
            return orders.to_pack.with(|orders| pick_list(orders));
        }
        let (prices, addresses) = (with_prices.get(), addresses.get());
        let slip = |order: &PrintedOrder| slip(order, addresses.get(&order.summary.id), prices);
        orders.to_pack.with(|orders| orders.iter().map(slip).collect_view().into_any())
    };
    let notes = move || {
        let left_out = orders.left_out.get();
        let left_out = (left_out > 0).then(|| view! { <p class="quiet">{text::left_out(left_out)}</p> });
        let cut = orders.is_cut.get().then(|| view! { <p class="quiet">{text::only_the_first(MOST)}</p> });
        view! { {left_out} {cut} }
    };
    let choices = [(SLIPS, text::PACKING_SLIPS), (PICK_LIST, text::PICK_LIST)];
    view! {
        <div class="page narrow-page print-page">
            <header class="page-header">
                <nav aria-label=text::BREADCRUMB>
                    <a class="back" href=last_href()>{Icon::ChevronLeft.view()} {text::ORDERS}</a>
                </nav>
                <h1>{text::PRINT_ORDERS}</h1>
            </header>
            {ignored(&errors)}
            <section class="card print-choices">
                <p class="lead">{text::PRINT_LEAD}</p>
                {select_field(text::WHAT_TO_PRINT, what, fixed_choices(choices.into_iter()), "")}
                {move || {
                    is_slips
                        .get()
                        .then(|| {
                            view! {
                                <SwitchField label=text::WITH_PRICES value=with_prices />
                                {reveal_button(orders, addresses)}
                            }
                        })
                }}
                {move || notes()}
                <footer>
                    <button type="button" class="button primary" on:click=handler(|_: web_sys::MouseEvent| print())>
                        {Icon::Label.view()}
                        {text::PRINT}
                    </button>
                </footer>
            </section>
            {move || sheets()}
        </div>
    }
}

fn print() {
    // Fails where the browser has no printing, and says so itself.
    let _ = window().print();
}

/// Reads the whole addresses, one by one, for each look is recorded.
fn reveal_button(orders: Orders, addresses: RwSignal<HashMap<OrderId, Recipient>>) -> Option<AnyView> {
    let may = session::user().is_some_and(|user| user.role.has(Scope::OrdersPii));
    let revealing = Request::new();
    let reveal = move |_: web_sys::MouseEvent| {
        let ids: Vec<_> =
            orders.to_pack.with_untracked(|orders| orders.iter().map(|it| it.summary.id).collect());
        let work = async move {
            for id in ids {
                if !addresses.with_untracked(|known| known.contains_key(&id)) {
                    let recipient = api::reveal_recipient(id).await?;
                    addresses.update(|known| drop(known.insert(id, recipient)));
                }
            }
            Ok(())
        };
        revealing.run_task(work, || ());
    };
    may.then(|| {
        view! {
            <p class="reveal">
                <button
                    type="button"
                    class="button small"
                    prop:disabled=move || revealing.busy.get()
                    on:click=handler(reveal)
                >
                    {Icon::Eye.view()}
                    {text::WITH_ADDRESSES}
                </button>
                <span class="quiet">{text::REVEAL_IS_RECORDED}</span>
            </p>
            {move || {
                revealing
                    .failure
                    .get()
                    .map(|failure| view! { <FailureNote title=text::ADDRESSES_NOT_SHOWN failure /> })
            }}
        }
    })
}

fn slip(order: &PrintedOrder, recipient: Option<&Recipient>, with_prices: bool) -> AnyView {
    let summary = &order.summary;
    let store_order = summary.store_order.as_ref().filter(|it| !it.deleted);
    let store_order = store_order.map(|it| {
        view! { <span>{text::store_reference(it.id, it.reference.as_deref())}</span> }
    });
    let address = recipient.map(|recipient| address(recipient.clone()));
    let lines = order.lines.iter().filter(|line| !is_canceled(line));
    let rows: Vec<_> = lines.map(|line| slip_row(line, with_prices)).collect();
    view! {
        <article class="card paper" id=format!("slip-{}", summary.id)>
            <header>
                <h2>{text::PACKING_SLIP}</h2>
                <p>
                    <strong><bdi>{summary.tiktok_order_id.to_string()}</bdi></strong>
                    {store_order}
                    <span>{text::ORDERED_ON} " " {here(summary.created_at)}</span>
                </p>
            </header>
            {address}
            <table>
                <thead>
                    <tr>
                        <th>{text::SKU}</th>
                        <th>{text::PRODUCT}</th>
                        <th class="number">{text::QUANTITY}</th>
                        {with_prices.then(|| view! { <th class="number">{text::PRICE}</th> })}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </article>
    }
}

fn slip_row(line: &OrderLine, with_prices: bool) -> AnyView {
    let price = with_prices.then(|| view! { <td class="number">{money(&line.line_total)}</td> });
    view! {
        <tr>
            <td><bdi>{sku(line)}</bdi></td>
            <td>{product(line)} {line.is_gift.then(|| view! { <em>{text::GIFT}</em> })}</td>
            <td class="number">{line.quantity}</td>
            {price}
        </tr>
    }
}

fn sku(line: &OrderLine) -> String {
    line.sku.clone().unwrap_or_else(|| text::NO_SKU.to_owned())
}

fn product(line: &OrderLine) -> AnyView {
    let variant = line.variant.clone().filter(|variant| !variant.is_empty());
    view! { <bdi>{line.product.clone()}</bdi> {variant.map(|variant| view! { " · " <bdi>{variant}</bdi> })} }
        .into_any()
}

/// One product of the pick list.
struct Pick<'o> {
    line: &'o OrderLine,
    quantity: i32,
    orders: Vec<String>,
}

/// What is still to be put into parcels, each product once, by SKU.
fn picks(orders: &[PrintedOrder]) -> BTreeMap<(String, &str), Pick<'_>> {
    let mut picks = BTreeMap::new();
    for order in orders {
        let open = |line: &&OrderLine| !is_canceled(line) && line.tracking_number.is_none();
        for line in order.lines.iter().filter(open) {
            // Without a SKU of the seller's, TikTok's id tells the products apart.
            let id = if line.sku.is_some() { "" } else { line.tiktok_sku_id.as_str() };
            let pick = picks.entry((sku(line), id)).or_insert(Pick { line, quantity: 0, orders: Vec::new() });
            pick.quantity += line.quantity;
            let order = order.summary.id.to_string();
            if !pick.orders.contains(&order) {
                pick.orders.push(order);
            }
        }
    }
    picks
}

fn pick_list(orders: &[PrintedOrder]) -> AnyView {
    let picks = picks(orders);
    let row = |((sku, _), pick): ((String, &str), Pick<'_>)| {
        view! {
            <tr>
                <td><bdi>{sku}</bdi></td>
                <td>{product(pick.line)}</td>
                <td class="number"><strong>{pick.quantity}</strong></td>
                <td class="quiet">{pick.orders.join(", ")}</td>
            </tr>
        }
    };
    let rows: Vec<_> = picks.into_iter().map(row).collect();
    view! {
        <article class="card paper" id="pick-list">
            <header>
                <h2>{text::TO_PICK}</h2>
                <p><span>{text::number_of_orders(orders.len() as i64)}</span></p>
            </header>
            <table>
                <thead>
                    <tr>
                        <th>{text::SKU}</th>
                        <th>{text::PRODUCT}</th>
                        <th class="number">{text::QUANTITY}</th>
                        <th>{text::IN_ORDERS}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </article>
    }
}

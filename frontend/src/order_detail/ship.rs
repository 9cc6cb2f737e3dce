//! The form that ships an order: which units, with which carrier, under which number.

use std::sync::Arc;

use crate::prelude::*;
use shared::{
    ActionKind, ActionOptions, ActionRequest, ChannelStatus, FulfillmentType, OrderDetail, OrderId,
};

use crate::actions::form::with_first;
use crate::actions::{ask, icon, refusal};
use crate::components::fields::{TextField, select_field};
use crate::load::{Answer, Load, Request};
use crate::markup::{handler, view};
use crate::text;

/// What both sides take for a tracking number.
const TRACKING_LENGTHS: std::ops::RangeInclusive<usize> = 4..=50;

/// Units of one product that can go into a parcel.
struct ShipLine {
    name: String,
    sku: Option<String>,
    /// TikTok Shop's id of each unit.
    units: Vec<String>,
}

/// What the form is about.
struct Shippable {
    lines: Vec<ShipLine>,
    /// TikTok chooses the carrier and makes the label.
    has_tiktok_label: bool,
    refusal: Option<&'static str>,
}

impl Shippable {
    /// `None` when there is nothing to ship, now or later.
    fn of(order: &OrderDetail) -> Option<Self> {
        let is_before_shipping = matches!(
            order.summary.channel_status,
            ChannelStatus::OnHold | ChannelStatus::AwaitingShipment | ChannelStatus::PartiallyShipping
        );
        let fulfillment_type = order.summary.fulfillment_type;
        if !is_before_shipping || fulfillment_type == FulfillmentType::TikTok {
            return None;
        }
        let is_open = |status: &str| matches!(status, "AWAITING_SHIPMENT" | "TO_SHIP" | "ON_HOLD");
        let lines = order.lines.iter().filter(|line| is_open(&line.status)).map(|line| ShipLine {
            name: line.product.clone(),
            sku: line.sku.clone(),
            units: line.tiktok_line_item_ids.clone(),
        });
        Some(Self {
            lines: lines.collect(),
            has_tiktok_label: fulfillment_type == FulfillmentType::MerchantTikTokLabel,
            refusal: refusal(ActionKind::Ship, &order.summary),
        })
    }

    /// Differs from that of anything else that there may be to ship.
    fn name(&self) -> String {
        let mut name = format!("{} {}", self.has_tiktok_label, self.refusal.unwrap_or("now"));
        for unit in self.lines.iter().flat_map(|line| &line.units) {
            name.push(' ');
            name.push_str(unit);
        }
        name
    }
}

/// Carrier and number of a parcel as they are chosen and typed.
#[derive(Clone, Copy)]
pub struct ParcelFields {
    pub carrier: RwSignal<String>,
    pub tracking: RwSignal<String>,
}

impl ParcelFields {
    pub fn new() -> Self {
        Self { carrier: RwSignal::new(String::new()), tracking: RwSignal::new(String::new()) }
    }

    /// Carrier and number; `None` while one is missing or cannot be right.
    pub fn parcel(self) -> Option<(String, String)> {
        let carrier = Some(self.carrier.get()).filter(|carrier| !carrier.is_empty())?;
        Some((carrier, tracking_number(&self.tracking.get()).ok()?))
    }

    /// The two fields, with what is wrong with the number as it is typed.
    pub fn view(self, options: Load<ActionOptions>) -> AnyView {
        let carriers = move || {
            options.value.with(|options| {
                let is_complete = options.is_some_and(|it| it.complete);
                let listed = options.map(|it| it.carriers.clone()).unwrap_or_default();
                let first =
                    if listed.is_empty() && !is_complete { text::ASKING_TIKTOK } else { text::CHOOSE };
                with_first(first, listed.into_iter().map(|it| (it.id, it.name)).collect())
            })
        };
        let wrong = move || {
            let typed = self.tracking.get();
            let wrong = tracking_number(&typed).err().filter(|_| !typed.trim().is_empty());
            wrong.map(|wrong| view! { <p class="field-error" role="alert">{wrong}</p> })
        };
        view! {
            {select_field(text::CARRIER_NAME, self.carrier, Arc::new(carriers), "")}
            <div class="field">
                <TextField label=text::TRACKING_NUMBER_FIELD value=self.tracking />
                {wrong}
            </div>
        }
    }
}

/// A tracking number as it is sent: without the spaces that people copy with it.
///
/// # Errors
/// What is wrong with it, in a sentence.
fn tracking_number(typed: &str) -> Result<String, &'static str> {
    let number: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let has_digit = number.bytes().any(|byte| byte.is_ascii_digit());
    if !number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Err(text::TRACKING_LETTERS)
    } else if !TRACKING_LENGTHS.contains(&number.len()) || !has_digit {
        Err(text::TRACKING_LENGTH)
    } else {
        Ok(number)
    }
}

/// How many units of a line go into the parcel.
struct Part {
    units: Vec<String>,
    /// As it is typed.
    number: RwSignal<String>,
}

impl Part {
    /// The units that go into the parcel; `None` unless what is typed is a number of them.
    fn chosen(&self) -> Option<&[String]> {
        let number = self.number.with(|number| number.trim().parse().ok())?;
        self.units.get(..number)
    }
}

/// The chosen units; empty for all, which lets TikTok Shop keep its own package. `None` when nothing is chosen, or too much.
fn chosen_units(parts: &[Part]) -> Option<Vec<String>> {
    let all: usize = parts.iter().map(|part| part.units.len()).sum();
    let chosen = parts.iter().map(Part::chosen).collect::<Option<Vec<_>>>()?.concat();
    match chosen.len() {
        number if number == all => Some(Vec::new()),
        0 => None,
        _ => Some(chosen),
    }
}

#[component]
pub fn ShipCard(id: OrderId, order: Answer<OrderDetail>, options: Load<ActionOptions>) -> impl IntoView {
    // Drawn anew only for other goods: what else changes about the order must not take the form from under somebody.
    let goods = Memo::new(move |_| {
        order.with(|order| order.and_then(Shippable::of).map(|it| it.name()).unwrap_or_default())
    });
    // What is typed outlives a refresh of the order.
    let parcel = ParcelFields::new();
    Effect::new(move |_| {
        let suggested = options.value.with(|options| {
            options.map(|it| (it.suggested_carrier_id.clone(), it.suggested_tracking_number.clone()))
        });
        // What was typed already is worth more than what the store says.
        let (carrier, tracking) = suggested.unwrap_or_default();
        for (field, suggestion) in [(parcel.carrier, carrier), (parcel.tracking, tracking)] {
            if let (Some(suggestion), true) = (suggestion, field.with_untracked(String::is_empty)) {
                field.set(suggestion);
            }
        }
    });
    let card = move |shippable: Shippable| {
        let content = match shippable.refusal {
            Some(refusal) => view! { <p class="quiet">{refusal}</p> },
            None => form(id, shippable, parcel, options),
        };
        view! {
            <section id="ship" class="card ship" tabindex="-1" aria-label=text::SHIP_THIS_ORDER>
                <h2>{text::SHIP_THIS_ORDER}</h2>
                {content}
            </section>
        }
    };
    view! {
        {move || {
            if goods.with(String::is_empty) {
                return None;
            }
            order.try_with_untracked(|order| order.and_then(Shippable::of)).flatten().map(card)
        }}
    }
}

fn form(id: OrderId, shippable: Shippable, parcel: ParcelFields, options: Load<ActionOptions>) -> AnyView {
    let sending = Request::new();
    let has_tiktok_label = shippable.has_tiktok_label;
    let parts: Vec<_> = shippable
        .lines
        .iter()
        .map(|line| Part { units: line.units.clone(), number: RwSignal::new(line.units.len().to_string()) })
        .collect();
    let units = shippable.lines.iter().zip(&parts).map(|(line, part)| units_field(line, part.number));
    let units = units.collect_view();
    let content = if has_tiktok_label {
        view! { <p>{text::TIKTOK_MAKES_THE_LABEL}</p> }
    } else {
        parcel.view(options)
    };
    let ask_for = move || {
        if has_tiktok_label {
            return Some(ActionRequest::Ship {
                carrier_id: None,
                tracking_number: None,
                line_item_ids: Vec::new(),
            });
        }
        let (carrier, number) = parcel.parcel()?;
        Some(ActionRequest::Ship {
            carrier_id: Some(carrier),
            tracking_number: Some(number),
            line_item_ids: chosen_units(&parts)?,
        })
    };
    let ask_for = Arc::new(ask_for);
    let asked = ask_for.clone();
    let is_ready = Memo::new(move |_| asked().is_some() && !sending.busy.get());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let (true, Some(request)) = (is_ready.get_untracked(), untrack(|| ask_for())) {
            sending.run_task(async move { ask::ask(id, &request).await }, move || {
                parcel.tracking.set(String::new());
            });
        }
    };
    view! {
        <form class="ship-form" on:submit=handler(submit)>
            {(!has_tiktok_label).then(|| view! { <fieldset class="units"><legend>{text::UNITS}</legend> {units}</fieldset> })}
            {content}
            {move || failure_line(sending)}
            <button
                type="submit"
                class="button primary"
                aria-disabled=move || (!is_ready.get()).to_string()
            >
                {icon(ActionKind::Ship).view()}
                {if has_tiktok_label { text::SHIP_WITH_TIKTOK } else { text::TELL_TIKTOK }}
            </button>
        </form>
    }
}

/// Why the last request failed, below the form that sent it.
pub fn failure_line(sending: Request) -> Option<AnyView> {
    let failure = sending.failure.get()?;
    Some(view! { <p class="field-error" role="alert">{failure.sentence()}</p> })
}

/// A line to tick; of several units some may stay behind.
fn units_field(line: &ShipLine, number: RwSignal<String>) -> AnyView {
    let all = line.units.len();
    let tick = move |event| {
        let chosen = if event_target_checked(&event) { all } else { 0 };
        number.set(chosen.to_string());
    };
    let some = (all > 1).then(|| {
        view! {
            <span class="unit-number">
                <input
                    type="number"
                    prop:min="0"
                    prop:max=all.to_string()
                    aria-label=text::units_of(&line.name)
                    prop:value=move || number.get()
                    on:input=handler(move |event| number.set(event_target_value(&event)))
                />
                {text::of_units(all)}
            </span>
        }
    });
    view! {
        <div class="unit">
            <label class="choice">
                <input
                    type="checkbox"
                    prop:checked=move || number.with(|number| number.trim().parse().is_ok_and(|number: usize| number > 0))
                    on:change=handler(tick)
                />
                <span>
                    <bdi>{line.name.clone()}</bdi>
                    {line.sku.clone().map(|sku| view! { " " <code class="quiet"><bdi>{sku}</bdi></code> })}
                </span>
            </label>
            {some}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracking_numbers_are_checked_before_they_are_sent() {
        assert_eq!(tracking_number(" JX 12345 67 "), Ok("JX1234567".to_owned()));
        for wrong in ["", "12", "JX-123", "ABCDEFG", "é12345", &"1".repeat(51)] {
            assert!(tracking_number(wrong).is_err(), "{wrong}");
        }
    }
}

//! The panels that change the filters which are more than a list of words.

use crate::prelude::*;
use chrono::TimeDelta;
use shared::{Assignee, AssigneeFilter, OrderFilter, StoreOrderFilter, StoreState, TimeRange};

use super::{Filter, StoreStateLabel, choice, filtering, link, toggle, value_of};
use crate::components::dropdown::CloseDropdown;
use crate::date_range::Preset;
use crate::load::Load;
use crate::markup::{handler, view};
use crate::orders::grid_state::Grid;
use crate::{api, browser, clock, text};

#[component]
pub fn StoreStatePanel() -> impl IntoView {
    let states = Load::<Vec<StoreState>>::new();
    states.run(api::store_states());
    let choices = move || {
        if let Some(failure) = states.request.failure.get() {
            return view! { <p class="popover-text">{failure.sentence()}</p> };
        }
        let Some(states) = states.value.get() else {
            return view! { <p class="quiet popover-text">{text::LOADING}</p> };
        };
        states.into_iter().map(store_state_choice).collect_view().into_any()
    };
    view! {
        {choice(
            text::NOT_CREATED.into_any(),
            |filter| filter.store_order_id == Some(StoreOrderFilter::Empty),
            |filter| {
                // An order that was not created has no state either.
                filter.store_state.clear();
                let is_on = filter.store_order_id == Some(StoreOrderFilter::Empty);
                filter.store_order_id = (!is_on).then_some(StoreOrderFilter::Empty);
            },
        )}
        {move || choices()}
    }
}

fn store_state_choice(state: StoreState) -> AnyView {
    let id = state.id;
    let label = view! { <StoreStateLabel state /> };
    choice(
        label,
        move |filter| filter.store_state.contains(&id),
        move |filter| {
            if filter.store_order_id == Some(StoreOrderFilter::Empty) {
                filter.store_order_id = None;
            }
            toggle(&mut filter.store_state, id);
        },
    )
}

#[component]
pub fn AssigneePanel() -> impl IntoView {
    let people = Load::<Vec<Assignee>>::new();
    people.run(api::assignees());
    let choices = move || {
        if let Some(failure) = people.request.failure.get() {
            return view! { <p class="popover-text">{failure.sentence()}</p> };
        }
        let Some(people) = people.value.get() else {
            return view! { <p class="quiet popover-text">{text::LOADING}</p> };
        };
        people.into_iter().map(assignee_choice).collect_view().into_any()
    };
    view! {
        {choice(
            text::NO_ASSIGNEE.into_any(),
            |filter| filter.assignee == Some(AssigneeFilter::Empty),
            |filter| {
                let is_on = filter.assignee == Some(AssigneeFilter::Empty);
                filter.assignee = (!is_on).then_some(AssigneeFilter::Empty);
            },
        )}
        {move || choices()}
    }
}

fn assignee_choice(person: Assignee) -> AnyView {
    let id = person.id;
    choice(
        view! { <bdi>{person.email}</bdi> },
        move |filter| matches!(&filter.assignee, Some(AssigneeFilter::People(people)) if people.contains(&id)),
        move |filter| {
            let mut people = match filter.assignee.take() {
                Some(AssigneeFilter::People(people)) => people,
                _ => Vec::new(),
            };
            toggle(&mut people, id);
            filter.assignee = (!people.is_empty()).then_some(AssigneeFilter::People(people));
        },
    )
}

#[component]
pub fn CreatedPanel() -> impl IntoView {
    let grid = Grid::expect();
    let presets = Preset::ALL
        .into_iter()
        .map(|preset| {
            let range = preset.range(browser::midnight);
            let chosen = move || grid.query.with(|query| query.filter.created_at == range);
            let href = link(move |filter| filter.created_at = range);
            view! {
                <a class="menu-item" href=move || href.get() data-noscroll="true" aria-current=move || chosen().to_string()>
                    {preset.label()}
                </a>
            }
        })
        .collect_view();
    let current = grid.query.with_untracked(|query| query.filter.created_at);
    let since = RwSignal::new(current.gte.map(browser::date_field).unwrap_or_default());
    let last = current.lt.map(|lt| browser::date_field(lt - TimeDelta::seconds(1)));
    let until = RwSignal::new(last.unwrap_or_default());
    let filtered = filtering();
    let close = use_context::<CloseDropdown>();
    let apply = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let range = TimeRange {
            gte: browser::midnight_of(&since.get_untracked(), 0),
            // The last day is meant to be inside.
            lt: browser::midnight_of(&until.get_untracked(), 1),
        };
        filtered(&mut |filter| filter.created_at = range);
        if let Some(close) = close {
            close.close();
        }
    };
    view! {
        {presets}
        <form class="panel-form" on:submit=handler(apply)>
            <label>
                <span>{text::FROM_DAY}</span>
                <input type="date" prop:value=move || since.get() on:input=handler(move |event| since.set(event_target_value(&event))) />
            </label>
            <label>
                <span>{text::TO_DAY}</span>
                <input type="date" prop:value=move || until.get() on:input=handler(move |event| until.set(event_target_value(&event))) />
            </label>
            <button type="submit" class="button primary">{text::APPLY}</button>
            <p class="quiet">{text::days_in_zone(&browser::zone_name())}</p>
        </form>
    }
}

#[component]
pub fn ShipByPanel() -> impl IntoView {
    let grid = Grid::expect();
    // To the minute, so that the address stays short and shareable.
    let now = clock::now_untracked();
    let now = now - TimeDelta::nanoseconds(now.timestamp_nanos_opt().unwrap_or_default() % 60_000_000_000);
    let ranges = [
        (text::OVERDUE, TimeRange { gte: None, lt: Some(now) }),
        (text::WITHIN_24_HOURS, TimeRange { gte: Some(now), lt: Some(now + TimeDelta::hours(24)) }),
        (text::WITHIN_3_DAYS, TimeRange { gte: Some(now), lt: Some(now + TimeDelta::days(3)) }),
    ];
    ranges
        .into_iter()
        .map(|(label, range)| {
            let chosen = move || grid.query.with(|query| query.filter.ship_by == range);
            let href = link(move |filter| filter.ship_by = range);
            view! {
                <a class="menu-item" href=move || href.get() data-noscroll="true" aria-current=move || chosen().to_string()>
                    {label}
                </a>
            }
        })
        .collect_view()
}

/// A field for ids; several are separated by space or comma.
#[component]
pub fn IdPanel(filter: Filter, hint: &'static str) -> impl IntoView {
    let grid = Grid::expect();
    let value = grid.query.with_untracked(|query| value_of(&query.filter, filter.name()));
    let value = RwSignal::new(if value == "empty" { String::new() } else { value });
    let wrong = RwSignal::new(None::<String>);
    let filtered = filtering();
    let close = use_context::<CloseDropdown>();
    let apply = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let mut read = OrderFilter::default();
        if let Err(detail) = read.set(filter.name(), &value.get_untracked()) {
            wrong.set(Some(detail));
            return;
        }
        wrong.set(None);
        filtered(&mut |changed| match filter {
            Filter::Id => changed.id.clone_from(&read.id),
            Filter::Tag => changed.tag.clone_from(&read.tag),
            Filter::Issue => changed.issue.clone_from(&read.issue),
            Filter::StoreOrderId => changed.store_order_id.clone_from(&read.store_order_id),
            _ => changed.tiktok_order_id.clone_from(&read.tiktok_order_id),
        });
        if let Some(close) = close {
            close.close();
        }
    };
    let not_created = (filter == Filter::StoreOrderId).then(|| {
        choice(
            text::NOT_CREATED.into_any(),
            |filter| filter.store_order_id == Some(StoreOrderFilter::Empty),
            |filter| {
                let is_on = filter.store_order_id == Some(StoreOrderFilter::Empty);
                filter.store_order_id = (!is_on).then_some(StoreOrderFilter::Empty);
            },
        )
    });
    view! {
        <form class="panel-form" on:submit=handler(apply)>
            <label>
                <span>{filter.label()}</span>
                <input
                    type="text"
                    inputmode=(!matches!(filter, Filter::Tag | Filter::Issue)).then_some("numeric")
                    prop:autofocus=true
                    prop:autocomplete="off"
                    prop:value=move || value.get()
                    aria-invalid=move || wrong.with(Option::is_some).to_string()
                    on:input=handler(move |event| value.set(event_target_value(&event)))
                />
            </label>
            {move || wrong.get().map(|detail| view! { <p class="field-error" role="alert">{detail}</p> })}
            <p class="quiet">{hint}</p>
            <button type="submit" class="button primary">{text::APPLY}</button>
        </form>
        {not_created}
    }
}

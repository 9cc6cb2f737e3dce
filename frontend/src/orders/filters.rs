//! The filters beside the search box: what each is called, what it says now, and the panel that changes it.

use crate::prelude::*;
use shared::{
    AssigneeFilter, FulfillmentType, OrderFilter, OrderStatus, SpecialKind, StoreOrderFilter, StoreState,
    TimeRange, UserId,
};

use crate::components::time::here;
use crate::date_range::label_here;
use crate::markup::{handler, view};
use crate::orders::grid_state::Grid;
use crate::{navigation, session, text};

mod panels;

use panels::{AssigneePanel, CreatedPanel, IdPanel, ShipByPanel, StoreStatePanel};

/// One filter of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    CreatedAt,
    Status,
    Fulfillment,
    StoreState,
    ShipBy,
    Special,
    Tag,
    Assignee,
    Issue,
    Archived,
    Id,
    StoreOrderId,
    TikTokOrderId,
}

impl Filter {
    pub const ALL: [Self; 13] = [
        Self::CreatedAt,
        Self::Status,
        Self::Fulfillment,
        Self::StoreState,
        Self::ShipBy,
        Self::Special,
        Self::Tag,
        Self::Assignee,
        Self::Issue,
        Self::Archived,
        Self::Id,
        Self::StoreOrderId,
        Self::TikTokOrderId,
    ];

    pub const fn label(self) -> &'static str {
        match self {
            Self::CreatedAt => "Created",
            Self::Status => "Status",
            Self::Fulfillment => "Fulfillment",
            Self::StoreState => "Store status",
            Self::ShipBy => "Ship by",
            Self::Special => "Special",
            Self::Tag => "Tags",
            Self::Assignee => "Assigned",
            Self::Issue => "Issue",
            Self::Archived => "Deleted",
            Self::Id => "ID",
            Self::StoreOrderId => "PS Order ID",
            Self::TikTokOrderId => "TikTok Shop Order ID",
        }
    }

    /// The filter's name in a URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::Status => "status",
            Self::Fulfillment => "fulfillment_type",
            Self::StoreState => "store_state",
            Self::ShipBy => "ship_by",
            Self::Special => "special",
            Self::Tag => "tag",
            Self::Assignee => "assignee",
            Self::Issue => "issue",
            Self::Archived => "archived",
            Self::Id => "id",
            Self::StoreOrderId => "store_order_id",
            Self::TikTokOrderId => "tiktok_order_id",
        }
    }

    /// Whether a column's head or a view opens it, so that the bar shows it only in use.
    pub const fn is_elsewhere(self) -> bool {
        matches!(
            self,
            Self::Assignee
                | Self::Issue
                | Self::Archived
                | Self::Id
                | Self::StoreOrderId
                | Self::TikTokOrderId
        )
    }

    /// What the filter lets through now; `None` while it is open.
    pub fn summary(self, filter: &OrderFilter) -> Option<String> {
        match self {
            Self::CreatedAt => label_here(&filter.created_at),
            Self::ShipBy => moments(&filter.ship_by),
            Self::Status => several(&filter.status, |status| status.label().to_owned()),
            Self::Fulfillment => several(&filter.fulfillment_type, |kind| kind.label().to_owned()),
            Self::StoreState => several(&filter.store_state, |id| text::state_number(*id)),
            Self::Special => several(&filter.special, |kind| kind.label().to_owned()),
            Self::Issue => several(&filter.issue, |code| text::status_words(code.as_str())),
            Self::Archived => filter.archived.then(|| text::YES.to_owned()),
            Self::StoreOrderId if filter.store_order_id == Some(StoreOrderFilter::Empty) => {
                Some(text::NOT_CREATED.to_owned())
            }
            Self::Assignee => match filter.assignee.as_ref()? {
                AssigneeFilter::Empty => Some(text::NO_ASSIGNEE.to_owned()),
                AssigneeFilter::People(people) => several(people, |id| person(*id)),
            },
            Self::Tag | Self::Id | Self::StoreOrderId | Self::TikTokOrderId => {
                let value = value_of(filter, self.name());
                (!value.is_empty()).then_some(value)
            }
        }
    }

    /// Opens the filter.
    pub fn clear(self, filter: &mut OrderFilter) {
        match self {
            Self::CreatedAt => filter.created_at = TimeRange::default(),
            Self::Status => filter.status.clear(),
            Self::Fulfillment => filter.fulfillment_type.clear(),
            Self::StoreState => filter.store_state.clear(),
            Self::ShipBy => filter.ship_by = TimeRange::default(),
            Self::Special => filter.special.clear(),
            Self::Tag => filter.tag.clear(),
            Self::Assignee => filter.assignee = None,
            Self::Issue => filter.issue.clear(),
            Self::Archived => filter.archived = false,
            Self::Id => filter.id.clear(),
            Self::StoreOrderId => filter.store_order_id = None,
            Self::TikTokOrderId => filter.tiktok_order_id = None,
        }
    }

    /// A box to tick for each of the filter's words, with what they are called.
    fn choices(self, words: Vec<(&'static str, &'static str)>) -> AnyView {
        let listed = move |filter: &OrderFilter| -> Vec<String> {
            let value = value_of(filter, self.name());
            value.split(',').filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
        };
        let boxes = words.into_iter().map(|(word, label)| {
            choice(
                label.into_any(),
                move |filter| listed(filter).iter().any(|other| other == word),
                move |filter| {
                    let mut words = listed(filter);
                    toggle(&mut words, word.to_owned());
                    self.clear(filter);
                    // These words come from the filter's own list, and none of them is refused.
                    let _ = filter.set(self.name(), &words.join(","));
                },
            )
        });
        boxes.collect_view().into_any()
    }

    /// The panel that changes the filter.
    pub fn panel(self) -> AnyView {
        match self {
            Self::CreatedAt => view! { <CreatedPanel /> },
            Self::Status => {
                self.choices(OrderStatus::ALL.iter().map(|it| (it.as_str(), it.label())).collect())
            }
            Self::Fulfillment => {
                self.choices(FulfillmentType::ALL.iter().map(|it| (it.as_str(), it.label())).collect())
            }
            Self::StoreState => view! { <StoreStatePanel /> },
            Self::ShipBy => view! { <ShipByPanel /> },
            Self::Special => {
                self.choices(SpecialKind::ALL.iter().map(|it| (it.as_str(), it.label())).collect())
            }
            Self::Archived => choice(
                text::DELETED_ORDERS.into_any(),
                |filter| filter.archived,
                |filter| filter.archived = !filter.archived,
            ),
            Self::Assignee => view! { <AssigneePanel /> },
            Self::Tag => view! { <IdPanel filter=self hint=text::TAG_HINT /> },
            Self::Issue => view! { <IdPanel filter=self hint=text::ISSUE_HINT /> },
            Self::Id | Self::StoreOrderId => view! { <IdPanel filter=self hint=text::ID_HINT /> },
            Self::TikTokOrderId => {
                view! { <IdPanel filter=self hint=text::TIKTOK_ID_HINT /> }
            }
        }
    }
}

/// One value in words, or how many.
fn several<T>(values: &[T], label: impl Fn(&T) -> String) -> Option<String> {
    match values {
        [] => None,
        [value] => Some(label(value)),
        values => Some(text::selected(values.len() as i64)),
    }
}

/// A span of time by its ends.
fn moments(range: &TimeRange) -> Option<String> {
    match (range.gte.map(here), range.lt.map(here)) {
        (None, None) => None,
        (Some(from), None) => Some(format!("from {from}")),
        (None, Some(until)) => Some(format!("before {until}")),
        (Some(from), Some(until)) => Some(format!("{from} – {until}")),
    }
}

/// What a URL says for a filter.
fn value_of(filter: &OrderFilter, name: &str) -> String {
    filter.to_pairs().into_iter().find(|(other, _)| other == name).map(|(_, value)| value).unwrap_or_default()
}

/// Puts a value into a list, or takes it out.
fn toggle<T: PartialEq>(values: &mut Vec<T>, value: T) {
    match values.iter().position(|other| *other == value) {
        Some(position) => drop(values.remove(position)),
        None => values.push(value),
    }
}

/// Goes to the grid under a changed filter.
fn filtering() -> impl Fn(&mut dyn FnMut(&mut OrderFilter)) + Clone + Send + Sync + 'static {
    let grid = Grid::expect();
    move |change| {
        let href = grid.query.with_untracked(|query| query.filtered(|filter| change(filter)).href());
        navigation::change(&href);
    }
}

/// The address of the grid under a changed filter.
pub fn link(change: impl Fn(&mut OrderFilter) + Send + Sync + 'static) -> Signal<String> {
    let grid = Grid::expect();
    Signal::derive(move || grid.query.with(|query| query.filtered(&change).href()))
}

/// A box to tick for one value of a filter.
fn choice(
    label: AnyView,
    chosen: impl Fn(&OrderFilter) -> bool + Send + Sync + 'static,
    change: impl Fn(&mut OrderFilter) + Send + Sync + 'static,
) -> AnyView {
    let grid = Grid::expect();
    let filtered = filtering();
    view! {
        <label class="choice">
            <input
                type="checkbox"
                prop:checked=move || grid.query.with(|query| chosen(&query.filter))
                on:change=handler(move |_| filtered(&mut |filter| change(filter)))
            />
            {label}
        </label>
    }
}

/// A store state with the colour that the store gives it.
#[component]
pub fn StoreStateLabel(state: StoreState) -> impl IntoView {
    let StoreState { name, color, .. } = state;
    let title = name.clone();
    view! {
        <span class="store-state" title=title>
            <span class="dot" style:background-color=move || color.clone().unwrap_or_default() aria-hidden="true"></span>
            {name}
        </span>
    }
}

/// A colleague, as far as this page knows them without asking.
fn person(id: UserId) -> String {
    let is_me = session::user().is_some_and(|user| user.id == id);
    if is_me { text::YOU.to_owned() } else { text::selected(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choosing_again_takes_the_choice_back() {
        let mut values = vec![1, 2];

        toggle(&mut values, 3);
        toggle(&mut values, 1);

        assert_eq!(values, [2, 3]);
    }

    #[test]
    fn every_filter_says_what_it_does_and_clears() {
        let search = "?status=error,on_hold&fulfillment_type=tiktok&store_state=2&id=7&store_order_id=empty\
                      &tiktok_order_id=5764&special=gift&tag=fragile&assignee=3,4&issue=STOCK_SHORT&archived=true";
        let mut filter = crate::grid_query::GridQuery::read(search).0.filter;
        let said: Vec<_> = Filter::ALL
            .into_iter()
            .filter(|filter| !matches!(filter, Filter::CreatedAt | Filter::ShipBy))
            .filter_map(|it| it.summary(&filter))
            .collect();
        assert_eq!(
            said,
            [
                "2 selected",
                "TikTok",
                "State 2",
                "Contains a gift",
                "fragile",
                "2 selected",
                "Stock short",
                "Yes",
                "7",
                "Not created",
                "5764"
            ]
        );

        for it in Filter::ALL {
            it.clear(&mut filter);
        }
        assert!(filter.is_open());
    }
}

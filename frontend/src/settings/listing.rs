//! A list that the server owns, in each of its states.

use crate::prelude::*;

use crate::components::failure::FailureNote;
use crate::components::icon::Icon;
use crate::load::Load;
use crate::markup::view;
use crate::text;

/// What is said when there is nothing in a list.
pub struct Nothing {
    pub icon: Icon,
    pub title: &'static str,
    pub more: &'static str,
}

/// The bones of a list that loads, why it did not, that it is empty, or what is in it.
pub fn listing<T: Clone + Send + Sync + 'static>(
    list: Load<Vec<T>>,
    not_loaded: &'static str,
    retry: impl Fn() + Send + Sync + 'static,
    nothing: Nothing,
    filled: impl Fn(Vec<T>) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let retry = Callback::new(move |()| retry());
    let failure = move || {
        list.request
            .failure
            .get()
            .map(|failure| view! { <FailureNote title=not_loaded failure retry=retry /> })
    };
    let content = move || match list.value.get() {
        None if list.request.failure.with(Option::is_some) => ().into_any(),
        None => {
            view! { <div class="card" aria-busy="true"><span class="bone tall" aria-hidden="true"></span></div> }
        }
        Some(items) if items.is_empty() => view! {
            <section class="empty">
                {nothing.icon.view()}
                <h2>{nothing.title}</h2>
                <p>{nothing.more}</p>
            </section>
        },
        Some(items) => filled(items),
    };
    view! {
        {move || failure()}
        {move || content()}
    }
}

/// A table whose rows become cards where it does not fit. A column without a name is for what can be done with a row; `label` names it for those who do not see where it stands.
pub fn table(label: &'static str, columns: &'static [&'static str], rows: Vec<AnyView>) -> AnyView {
    let column = |column: &&'static str| match *column {
        "" => view! { <th prop:scope="col"><span class="visually-hidden">{text::STEPS}</span></th> },
        column => view! { <th prop:scope="col">{column}</th> },
    };
    let columns = columns.iter().map(column).collect_view();
    view! {
        <div class="table-frame">
            <table class="list" aria-label=label>
                <thead><tr>{columns}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// A cell that names its column where the header is not seen.
pub fn cell(column: &'static str, content: AnyView) -> AnyView {
    view! { <td data-label=column>{content}</td> }
}

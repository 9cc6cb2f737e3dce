//! Form fields that only settings need.

use crate::prelude::*;

use crate::api::Failure;
use crate::components::fields::FormFailure;
use crate::installation::{Installation, KnownConnection};
use crate::markup::view;

/// What the server found wrong with a value that has no field of its own, or with any part of it.
pub fn errors_below(pointer: &'static str) -> AnyView {
    let failure = use_context::<FormFailure>();
    let errors = move || {
        let Some(Failure::Problem(problem)) = failure.and_then(|it| it.0.get()) else { return Vec::new() };
        let is_below = |found: &str| {
            found.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let below = problem.errors.into_iter().filter(|error| is_below(&error.pointer));
        below.map(|error| view! { <p class="field-error">{error.detail}</p> }).collect()
    };
    view! { {move || errors().collect_view()} }
}

/// The connections that can be chosen, by number and name.
pub fn connection_choices() -> impl Fn() -> Vec<(String, String)> + Send + Sync + 'static {
    let known = Installation::expect().connections.value;
    let pair = |it: &KnownConnection| (it.id.to_string(), it.name.clone());
    move || known.with(|known| known.map(|all| all.iter().map(pair).collect()).unwrap_or_default())
}

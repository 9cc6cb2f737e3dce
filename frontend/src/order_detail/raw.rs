use crate::prelude::*;
use shared::{OrderId, RawOrder};

use crate::api;
use crate::components::failure::FailureNote;
use crate::components::fold::fold;
use crate::components::time::here;
use crate::load::Load;
use crate::markup::view;
use crate::order_detail::attempts::code_block;
use crate::text;

/// TikTok Shop's own answer, read when somebody opens it.
pub fn raw_data(id: OrderId) -> AnyView {
    let content = move || {
        let raw = Load::<RawOrder>::new();
        let load = move || raw.run(api::raw_order(id));
        load();
        let failure = move || {
            raw.request.failure.get().map(|failure| {
                let retry = Callback::new(move |()| load());
                view! { <FailureNote title=text::RAW_DATA_NOT_LOADED failure retry=retry /> }
            })
        };
        let shown = move || raw.value.with(|raw| raw.map(raw_view));
        view! { {failure} {shown} }
    };
    view! { <section class="card raw">{fold(view! { <h2>{text::RAW_DATA}</h2> }, content)}</section> }
}

fn raw_view(raw: &RawOrder) -> AnyView {
    let changes =
        raw.changes.iter().map(|change| view! { <li><code>{change.clone()}</code></li> }).collect_view();
    let changes = if raw.changes.is_empty() {
        view! { <p class="quiet">{text::NO_ANSWER_BEFORE}</p> }
    } else {
        view! { <h4>{text::CHANGED_SINCE}</h4> <ul class="changes">{changes}</ul> }
    };
    view! {
        <p class="quiet">
            {text::raw_versions(&raw.schema_version, &here(raw.channel_updated_at), &here(raw.recorded_at))}
        </p>
        {changes}
        {code_block(text::LATEST_ANSWER, raw.json.clone())}
    }
}

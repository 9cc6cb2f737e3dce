//! What the forms of an order's actions offer: TikTok Shop's lists of carriers and reasons.

use crate::prelude::*;
use leptos::task::spawn_local;
use shared::{ActionOptions, OrderId};

use crate::live::{self, News};
use crate::load::Load;
use crate::{api, browser, text};

/// Between two looks while TikTok Shop is being asked.
const LOOK_MS: i32 = 2_000;
/// After so many looks only events are waited for.
const LOOKS: usize = 8;

/// Asks for the options of an order as soon as they are wanted, then again whenever the order changes, and until they
/// are complete, while the calling component lives.
pub fn options_of(id: OrderId, is_wanted: impl Fn() -> bool + Send + Sync + 'static) -> Load<ActionOptions> {
    let options = Load::<ActionOptions>::new();
    let is_wanted = Memo::new(move |_| is_wanted());
    // Lists that are the same as before must not close the one that somebody has just opened.
    let load = move || options.run_for_changes(api::action_options(id));
    let is_incomplete =
        move || options.value.try_with_untracked(|it| !it.is_some_and(|it| it.complete)).unwrap_or(false);
    live::listen(move |news| {
        if matches!(news, News::Event(event) if event.order_id == Some(id)) && is_wanted.get_untracked() {
            load();
        }
    });
    Effect::new(move |_| {
        if !is_wanted.get() {
            return;
        }
        load();
        spawn_local(async move {
            for _ in 0..LOOKS {
                browser::sleep(LOOK_MS).await;
                if !is_incomplete() {
                    return;
                }
                load();
            }
        });
    });
    options
}

/// The reasons that TikTok Shop takes for paid orders everywhere in the EU, by key.
pub fn common_cancel_reasons() -> Vec<(String, String)> {
    text::COMMON_CANCEL_REASONS.map(|(key, text)| (key.to_owned(), text.to_owned())).into()
}

//! A file of the orders that the grid showed: what goes into it, how far it has come, and the earlier ones.

use crate::prelude::*;
use leptos::task::spawn_local;
use shared::{Export, ExportColumn, ExportFormat, ExportState, OrderCounts, OrderFilter, Scope, StartExport};

use crate::components::failure::FailureNote;
use crate::components::fields::{checked_group, fixed_choices, select_field};
use crate::components::icon::Icon;
use crate::components::time::Ago;
use crate::components::toast::{self, Tone};
use crate::frame::title;
use crate::grid_query::GridQuery;
use crate::load::{Load, Request, look_again};
use crate::markup::{handler, view};
use crate::orders::filters::Filter;
use crate::orders::grid_state::{last_href, matching};
use crate::pages::orders::ignored;
use crate::settings::listing::{Nothing, cell, listing, table};
use crate::{api, clock, navigation, session, text};

/// Between two looks at a file that is being written, in milliseconds.
const LOOK_MS: i32 = 700;

pub fn view() -> AnyView {
    view! { <ExportsPage /> }
}

#[component]
fn ExportsPage() -> impl IntoView {
    title(|| text::EXPORT_ORDERS.to_owned());
    // What the link says that led here; it does not change while the page is open.
    let (query, errors) = GridQuery::read(&navigation::address_untracked().search);
    let earlier = Load::<Vec<Export>>::new();
    let reload = move || earlier.run(api::exports());
    reload();
    let nothing = Nothing { icon: Icon::Download, title: text::NO_EXPORTS, more: text::NO_EXPORTS_MORE };
    let rows = move |exports: Vec<Export>| {
        table(text::YOUR_EXPORTS, &text::EXPORT_LIST_COLUMNS, exports.into_iter().map(row).collect())
    };
    view! {
        <div class="page narrow-page">
            <header class="page-header">
                <nav aria-label=text::BREADCRUMB>
                    <a class="back" href=last_href()>{Icon::ChevronLeft.view()} {text::ORDERS}</a>
                </nav>
                <h1>{text::EXPORT_ORDERS}</h1>
            </header>
            <p class="lead">{text::EXPORT_LEAD}</p>
            {ignored(&errors)}
            <NewExport filter=query.filter ended=Callback::new(move |()| reload()) />
            <h2 class="list-title">{text::YOUR_EXPORTS}</h2>
            {listing(earlier, text::EXPORTS_NOT_LOADED, reload, nothing, rows)}
        </div>
    }
}

/// The form, then how far the file has come.
#[component]
fn NewExport(filter: OrderFilter, ended: Callback<()>) -> impl IntoView {
    let format = RwSignal::new(ExportFormat::Csv.to_string());
    let columns: Vec<_> = ExportColumn::defaults().iter().map(ToString::to_string).collect();
    let columns = RwSignal::new(columns);
    let request = Request::new();
    let export = RwSignal::new(None::<Export>);
    let is_running = move || export.with(|it| it.as_ref().is_some_and(is_going_on));
    let pairs = StoredValue::new(filter.to_pairs());
    let start = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = StartExport {
            format: format.get_untracked().parse().unwrap_or(ExportFormat::Csv),
            columns: in_order(&columns.get_untracked()),
            filter: Some(pairs.get_value()),
            order_ids: Vec::new(),
        };
        request.run(api::start_export(&body), move |started| {
            export.set(Some(started.clone()));
            spawn_local(follow(started, export, ended));
        });
    };
    let formats = fixed_choices(ExportFormat::ALL.iter().map(|it| (it.as_str(), text::export_format(*it))));
    let is_ready = move || columns.with(|columns| !columns.is_empty());
    let missing = move || {
        (!is_ready()).then(|| view! { <p class="field-error" role="alert">{text::COLUMNS_MISSING}</p> })
    };
    view! {
        <section class="card">
            <form class="settings" on:submit=handler(start)>
                {what(filter)}
                {select_field(text::EXPORT_FORMAT, format, formats, "")}
                <details class="more-settings">
                    <summary>{text::EXPORT_COLUMNS}</summary>
                    {column_boxes(columns)}
                </details>
                {missing}
                {move || request.failure.get().map(|failure| view! { <FailureNote title=text::EXPORT_NOT_STARTED failure /> })}
                <div class="form-actions">
                    <button
                        type="submit"
                        class="button primary"
                        prop:disabled=move || request.busy.get() || is_running() || !is_ready()
                    >
                        {Icon::Download.view()} {text::START_EXPORT}
                    </button>
                </div>
            </form>
            {move || export.get().map(|it| progress(&it, export))}
        </section>
    }
}

/// Which orders are meant, in the words of the grid's filters.
fn what(filter: OrderFilter) -> AnyView {
    let counts = Load::<OrderCounts>::new();
    counts.run(api::count_orders(filter.clone()));
    let part = |(name, value): (String, String)| {
        view! { <li>{name} ": " <strong><bdi>{value}</bdi></strong></li> }
    };
    let mut parts: Vec<_> = in_words(&filter).into_iter().map(part).collect();
    if parts.is_empty() {
        parts.push(view! { <li>{text::ALL_ORDERS}</li> });
    }
    let number = move || {
        counts.value.with(|counts| {
            let counts = counts?;
            Some(text::orders_to_export(matching(counts, &filter), counts.at_least))
        })
    };
    view! {
        <div class="export-what">
            <span>{text::WHICH_ORDERS}</span>
            <ul>{parts}</ul>
            <span class="quiet" aria-live="polite">{number}</span>
        </div>
    }
}

/// Each filter in use, with what it lets through.
fn in_words(filter: &OrderFilter) -> Vec<(String, String)> {
    let of_grid = Filter::ALL.into_iter().filter_map(|it| Some((it.label().to_owned(), it.summary(filter)?)));
    // The address may have filters that the bar above the grid has no button for.
    let is_other = |name: &str| {
        let name = name.split('[').next().unwrap_or(name);
        name != "sort" && Filter::ALL.iter().all(|it| it.name() != name)
    };
    let others = filter.to_pairs().into_iter().filter(|(name, _)| is_other(name));
    of_grid.chain(others.map(|(name, value)| (text::filter_name(&name), value))).collect()
}

fn column_boxes(columns: RwSignal<Vec<String>>) -> AnyView {
    let boxes = |personal: bool| {
        move || {
            let of_kind = ExportColumn::ALL.iter().filter(|it| it.is_personal() == personal);
            of_kind.map(|it| (it.to_string(), text::export_column(*it).to_owned())).collect()
        }
    };
    let may_name_people = session::user().is_some_and(|user| user.role.has(Scope::OrdersPii));
    view! {
        {checked_group(text::COLUMNS_ABOUT_ORDERS, "", columns, boxes(false))}
        {may_name_people
            .then(|| {
                let hint = text::COLUMNS_ABOUT_BUYERS_HINT;
                checked_group(text::COLUMNS_ABOUT_BUYERS, hint, columns, boxes(true))
            })}
    }
}

/// The columns that are ticked, in the order in which they are offered.
fn in_order(ticked: &[String]) -> Vec<ExportColumn> {
    ExportColumn::ALL.iter().copied().filter(|it| ticked.iter().any(|word| word == it.as_str())).collect()
}

fn is_going_on(export: &Export) -> bool {
    export.state == ExportState::Running
}

/// How far a file has come, and what can be done with it.
fn progress(export: &Export, shown: RwSignal<Option<Export>>) -> AnyView {
    let (id, format) = (export.id, export.format);
    let stop = move |_: web_sys::MouseEvent| {
        spawn_local(async move {
            match api::cancel_export(id).await {
                Ok(export) => drop(shown.try_set(Some(export))),
                Err(failure) => drop(toast::show(Tone::Bad, failure.sentence())),
            }
        });
    };
    let (sentence, step) = match export.state {
        ExportState::Running => (
            text::WRITING_FILE,
            Some(view! {
                <button type="button" class="button" on:click=handler(stop)>{text::CANCEL_EXPORT}</button>
            }),
        ),
        ExportState::Done => (text::FILE_READY, Some(download_button(export))),
        state => (text::export_state(state), None),
    };
    let file = text::export_file(id, format);
    let why = export.error.clone().map(|error| view! { <p class="field-error" role="alert">{error}</p> });
    view! {
        <section class="progress export-progress">
            <progress
                prop:max=export.total.unwrap_or(export.written).max(1).to_string()
                prop:value=export.written.to_string()
                aria-label=file.clone()
            ></progress>
            <p role="status">
                <strong>{sentence}</strong>
                " "
                <span class="quiet">{file} " · " {text::export_progress(export)}</span>
            </p>
            {why}
            {step}
        </section>
    }
}

/// Follows a file until it is written, then has the browser save it.
async fn follow(mut export: Export, shown: RwSignal<Option<Export>>, ended: Callback<()>) {
    while is_going_on(&export) {
        let Some(newer) = look_again(LOOK_MS, || api::export(export.id)).await else { return };
        export = newer;
        // The page may have been left meanwhile.
        if shown.try_set(Some(export.clone())).is_some() {
            return;
        }
    }
    if export.state == ExportState::Done {
        save(&export).await;
    }
    ended.run(());
}

async fn save(export: &Export) {
    let name = text::export_file(export.id, export.format);
    if let Err(failure) = api::download_export(export.id, &name).await {
        toast::show(Tone::Bad, format!("{}: {}", text::EXPORT_NOT_DOWNLOADED, failure.sentence()));
    }
}

fn download_button(export: &Export) -> AnyView {
    let export = export.clone();
    let download = move |_: web_sys::MouseEvent| {
        let export = export.clone();
        spawn_local(async move { save(&export).await });
    };
    view! {
        <button type="button" class="button small" on:click=handler(download)>
            {Icon::Download.view()} {text::DOWNLOAD}
        </button>
    }
}

fn row(export: Export) -> AnyView {
    let [_, of_orders, of_time, _] = text::EXPORT_LIST_COLUMNS;
    let is_there = export.state == ExportState::Done
        && export.expires_at.is_some_and(|until| clock::now_untracked() < until);
    let step = if is_there {
        download_button(&export)
    } else {
        view! { <span class="quiet">{text::export_state(export.state)}</span> }
    };
    view! {
        <tr>
            <th prop:scope="row">{text::export_file(export.id, export.format)}</th>
            {cell(of_orders, text::number_of_orders(export.written).into_any())}
            {cell(of_time, view! { <Ago at=export.created_at /> })}
            <td class="row-actions">{step}</td>
        </tr>
    }
}

use crate::prelude::*;
use shared::{Connection, ConnectionSettings, ConnectionTest, CreateConnection};

use crate::components::failure::FailureNote;
use crate::components::fields::{FormFailure, TextField};
use crate::components::icon::Icon;
use crate::components::toast::{self, Tone};
use crate::connections::credentials::{CredentialFields, StoreFields, TikTokFields};
use crate::connections::settings_fields::SettingsFields;
use crate::connections::settings_form::SettingsForm;
use crate::connections::test_result::TestResult;
use crate::frame::title;
use crate::installation::Installation;
use crate::load::{Load, Request};
use crate::markup::{handler, view};
use crate::{api, navigation, text};

pub fn view() -> AnyView {
    view! { <NewConnectionPage /> }
}

/// Binds a TikTok shop to a PrestaShop shop; both can be tested before anything is kept.
#[component]
fn NewConnectionPage() -> impl IntoView {
    title(|| text::ADD_CONNECTION.to_owned());
    let installation = Installation::expect();
    let name = RwSignal::new(String::new());
    let credentials = CredentialFields::new();
    let settings = SettingsFields::new(&ConnectionSettings::default());
    let test = Load::<ConnectionTest>::new();
    let creation = Request::new();
    provide_context(FormFailure(creation.failure));
    let body = move || CreateConnection {
        name: name.get_untracked().trim().to_owned(),
        tiktok: credentials.tiktok(),
        store: credentials.store(),
        settings: settings.settings(&ConnectionSettings::default()),
    };
    let run_test = move |_| test.run(api::test_new_connection(&body()));
    let create = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = body();
        creation.run(api::create_connection(&body), move |connection: Connection| {
            installation.reload();
            toast::show(Tone::Good, text::connection_created(&connection.name));
            navigation::go("/orders");
        });
    };
    view! {
        <div class="page narrow-page">
            <header class="page-header">
                <nav aria-label=text::BREADCRUMB>
                    <a class="back" href="/connections">{Icon::ChevronLeft.view()} {text::CONNECTIONS}</a>
                </nav>
                <h1>{text::ADD_CONNECTION}</h1>
            </header>
            <form class="settings" on:submit=handler(create)>
                <fieldset>
                    <legend>{text::NAME}</legend>
                    <TextField
                        label=text::CONNECTION_NAME
                        value=name
                        required=true
                        pointer="/name"
                        placeholder="Maison Lumière"
                    />
                </fieldset>
                <TikTokFields fields=credentials required=true />
                <StoreFields fields=credentials required=true />
                <details class="more-settings">
                    <summary>{text::MORE_SETTINGS}</summary>
                    <SettingsForm fields=settings />
                </details>
                <TestResult test />
                {move || {
                    creation
                        .failure
                        .get()
                        .map(|failure| view! { <FailureNote title=text::CONNECTION_NOT_CREATED failure /> })
                }}
                <div class="form-actions">
                    <button type="submit" class="button primary" prop:disabled=move || creation.busy.get()>{text::CREATE_CONNECTION}</button>
                    <button type="button" class="button" prop:disabled=move || test.request.busy.get() on:click=handler(run_test)>
                        {text::TEST_CONNECTION}
                    </button>
                </div>
            </form>
        </div>
    }
}

use crate::prelude::*;
use shared::{StoreCredentials, TikTokCredentials};

use crate::components::fields::TextField;
use crate::markup::{handler, view};
use crate::text;

/// What is typed to reach both sides. Secrets are only ever sent, never shown again.
#[derive(Clone, Copy)]
pub struct CredentialFields {
    pub app_key: RwSignal<String>,
    app_secret: RwSignal<String>,
    auth_code: RwSignal<String>,
    access_token: RwSignal<String>,
    refresh_token: RwSignal<String>,
    shop_id: RwSignal<String>,
    pub url: RwSignal<String>,
    webservice_key: RwSignal<String>,
}

impl CredentialFields {
    pub fn new() -> Self {
        let empty = || RwSignal::new(String::new());
        Self {
            app_key: empty(),
            app_secret: empty(),
            auth_code: empty(),
            access_token: empty(),
            refresh_token: empty(),
            shop_id: empty(),
            url: empty(),
            webservice_key: empty(),
        }
    }

    pub fn tiktok(self) -> TikTokCredentials {
        let optional = |value: RwSignal<String>| Some(trimmed(value)).filter(|value| !value.is_empty());
        TikTokCredentials {
            app_key: trimmed(self.app_key),
            app_secret: trimmed(self.app_secret),
            auth_code: optional(self.auth_code),
            access_token: optional(self.access_token),
            refresh_token: optional(self.refresh_token),
            shop_id: optional(self.shop_id),
        }
    }

    pub fn store(self) -> StoreCredentials {
        StoreCredentials { url: trimmed(self.url), webservice_key: trimmed(self.webservice_key) }
    }

    /// Whether new TikTok credentials were typed.
    pub fn has_tiktok(self) -> bool {
        !trimmed(self.app_secret).is_empty()
    }

    /// Whether a new webservice key was typed.
    pub fn has_store(self) -> bool {
        !trimmed(self.webservice_key).is_empty()
    }
}

fn trimmed(value: RwSignal<String>) -> String {
    value.get_untracked().trim().to_owned()
}

/// The TikTok Shop side: app, and either an authorization code or a token pair.
#[component]
pub fn TikTokFields(fields: CredentialFields, required: bool) -> impl IntoView {
    let with_code = RwSignal::new(true);
    view! {
        <fieldset>
            <legend>{text::TIKTOK_SHOP}</legend>
            <TextField
                label=text::APP_KEY
                value=fields.app_key
                required=required
                pointer="/tiktok/app_key"
                hint=text::APP_KEY_HINT
            />
            <TextField
                label=text::APP_SECRET
                value=fields.app_secret
                kind="password"
                required=required
                pointer="/tiktok/app_secret"
            />
            <div class="segments" role="group" aria-label=text::AUTHORIZATION>
                <div>
                    <label>
                        <input type="radio" prop:name="authorization" prop:checked=move || with_code.get() on:change=handler(move |_| with_code.set(true)) />
                        <span>{text::AUTH_CODE}</span>
                    </label>
                    <label>
                        <input
                            type="radio"
                            prop:name="authorization"
                            prop:checked=move || !with_code.get()
                            on:change=handler(move |_| with_code.set(false))
                        />
                        <span>{text::TOKEN_PAIR}</span>
                    </label>
                </div>
            </div>
            {move || if with_code.get() { code_field(fields) } else { token_fields(fields) }}
            <TextField
                label=text::SHOP_ID
                value=fields.shop_id
                pointer="/tiktok/shop_id"
                hint=text::SHOP_ID_HINT
            />
        </fieldset>
    }
}

fn code_field(fields: CredentialFields) -> AnyView {
    view! {
        <TextField
            label=text::AUTH_CODE
            value=fields.auth_code
            kind="password"
            pointer="/tiktok/auth_code"
            hint=text::AUTH_CODE_HINT
        />
    }
}

fn token_fields(fields: CredentialFields) -> AnyView {
    view! {
        <TextField
            label=text::ACCESS_TOKEN
            value=fields.access_token
            kind="password"
            pointer="/tiktok/access_token"
        />
        <TextField
            label=text::REFRESH_TOKEN
            value=fields.refresh_token
            kind="password"
            pointer="/tiktok/refresh_token"
        />
    }
}

/// The PrestaShop side: address and webservice key.
#[component]
pub fn StoreFields(fields: CredentialFields, required: bool) -> impl IntoView {
    view! {
        <fieldset>
            <legend>{text::PRESTASHOP}</legend>
            <TextField
                label=text::STORE_URL
                value=fields.url
                kind="url"
                required=required
                pointer="/store/url"
                placeholder="https://shop.example/"
            />
            <TextField
                label=text::WEBSERVICE_KEY
                value=fields.webservice_key
                kind="password"
                required=required
                pointer="/store/webservice_key"
                hint=text::WEBSERVICE_KEY_HINT
            />
        </fieldset>
    }
}

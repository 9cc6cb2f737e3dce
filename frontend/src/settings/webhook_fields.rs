//! What is said of an outgoing webhook, as it is typed.

use crate::prelude::*;
use shared::{ConnectionId, Webhook, WebhookEvent};

use crate::components::fields::{TextField, checked_group};
use crate::settings::fields::{connection_choices, errors_below};
use crate::text;

#[derive(Clone, Copy)]
pub struct WebhookFields {
    url: RwSignal<String>,
    description: RwSignal<String>,
    events: RwSignal<Vec<String>>,
    connections: RwSignal<Vec<String>>,
}

impl WebhookFields {
    pub fn new() -> Self {
        let empty = || RwSignal::new(Vec::new());
        Self {
            url: RwSignal::new(String::new()),
            description: RwSignal::new(String::new()),
            events: empty(),
            connections: empty(),
        }
    }

    pub fn of(webhook: &Webhook) -> Self {
        let fields = Self::new();
        fields.url.set(webhook.url.clone());
        fields.description.set(webhook.description.clone());
        fields.events.set(webhook.events.iter().map(|event| event.as_str().to_owned()).collect());
        fields.connections.set(webhook.connection_ids.iter().map(ConnectionId::to_string).collect());
        fields
    }

    pub fn url(self) -> String {
        self.url.get_untracked().trim().to_owned()
    }

    pub fn description(self) -> String {
        self.description.get_untracked().trim().to_owned()
    }

    pub fn events(self) -> Vec<WebhookEvent> {
        self.events.get_untracked().iter().filter_map(|word| word.parse().ok()).collect()
    }

    pub fn connections(self) -> Vec<ConnectionId> {
        self.connections.get_untracked().iter().filter_map(|id| id.parse().ok()).collect()
    }

    pub fn view(self) -> AnyView {
        let events = || {
            let offered = WebhookEvent::ALL.iter().filter(|event| **event != WebhookEvent::Test);
            offered.map(|it| (it.as_str().to_owned(), text::webhook_event(*it).to_owned())).collect()
        };
        crate::markup::view! {
            <TextField
                label=text::ADDRESS
                value=self.url
                kind="url"
                required=true
                pointer="/url"
                hint=text::WEBHOOK_ADDRESS_HINT
                placeholder="https://tool.example/hooks/orderbridge"
            />
            <TextField label=text::DESCRIPTION value=self.description pointer="/description" />
            {checked_group(text::TELLS_OF, text::TELLS_OF_HINT, self.events, events)}
            {errors_below("/events")}
            {checked_group(text::CONNECTIONS, text::REACH_HINT, self.connections, connection_choices())}
            {errors_below("/connection_ids")}
        }
    }
}

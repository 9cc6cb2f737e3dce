use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::client::{Call, Shop};
use crate::paging::members;
use crate::{Error, wire};

const WEBHOOKS: &str = "/event/202309/webhooks";

impl Shop {
    /// Lists where notifications of this shop are sent.
    pub async fn event_subscriptions(&self) -> Result<Vec<EventSubscription>, Error> {
        members(self.answer(Call::get(WEBHOOKS)).await?, "webhooks")
    }

    /// Has one kind of event sent to an address; replaces the address set before.
    pub async fn subscribe(&self, event_type: &str, address: &str) -> Result<(), Error> {
        let body = Subscription { address: Some(address), event_type };
        self.answer(Call::put(WEBHOOKS, &body)).await.map(drop)
    }

    /// Ends one kind of notification; repeating does no harm.
    pub async fn unsubscribe(&self, event_type: &str) -> Result<(), Error> {
        let body = Subscription { address: None, event_type };
        self.answer(Call::delete(WEBHOOKS, &body)).await.map(drop)
    }
}

/// Where one kind of event is sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EventSubscription {
    /// For example `ORDER_STATUS_CHANGE`.
    #[serde(deserialize_with = "wire::text")]
    pub event_type: String,
    #[serde(default, deserialize_with = "wire::optional_text")]
    pub address: Option<String>,
    #[serde(default, deserialize_with = "wire::optional_time")]
    pub create_time: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "wire::optional_time")]
    pub update_time: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct Subscription<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    event_type: &'a str,
}

//! Lists as streams of items; callers never see page tokens.

use std::num::NonZeroUsize;

use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::{Call, Shop};
use crate::error::Effect;
use crate::transport::{Answer, unwrap_envelope};
use crate::wire::{self, Unreadable};
use crate::{Error, wire::open_text};

/// Items of a list, one page fetched at a time; ends at the first error.
pub type Items<T> = BoxStream<'static, Result<T, Error>>;

/// Pages walked unless the caller says otherwise: 100,000 orders.
pub const DEFAULT_MAX_PAGES: NonZeroUsize = NonZeroUsize::new(1000).expect("not zero");

open_text! {
    /// The direction of a list.
    SortOrder { Ascending = "ASC", Descending = "DESC" }
}

open_text! {
    /// What a list is sorted by. Only the update time, ascending, walks stably while rows change.
    SortField { CreateTime = "create_time", UpdateTime = "update_time" }
}

#[derive(Deserialize)]
struct Cursor {
    #[serde(default, deserialize_with = "wire::optional_text")]
    next_page_token: Option<String>,
}

struct Walk {
    shop: Shop,
    call: Call,
    /// `None` when the last page has been read.
    next: Option<Next>,
    pages_read: usize,
}

enum Next {
    First,
    Page(String),
}

impl Shop {
    /// Walks a list whose items stand in the array `member` of `data`. The body is repeated with every page.
    pub(crate) fn items<T>(&self, call: Call, member: &'static str, max_pages: NonZeroUsize) -> Items<T>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let walk = Walk { shop: self.clone(), call, next: Some(Next::First), pages_read: 0 };
        stream::try_unfold(walk, move |mut walk| async move {
            let Some(next) = walk.next.take() else { return Ok(None) };
            if walk.pages_read == max_pages.get() {
                return Err(Error::TooManyPages { pages: max_pages.get() });
            }
            let call = match &next {
                Next::First => walk.call.clone(),
                Next::Page(token) => walk.call.clone().query("page_token", token),
            };
            let answer = walk.shop.answer(call).await?;
            walk.pages_read += 1;
            walk.next = following(&answer, &next)?;
            let items: Vec<T> = members(answer, member)?;
            Ok::<_, Error>(Some((stream::iter(items.into_iter().map(Ok)), walk)))
        })
        .try_flatten()
        .boxed()
    }
}

/// Reads the items of a whole page that came in another way, as from a fuzzer, and the token of the page after it.
///
/// # Errors
/// As the list whose page it is.
pub fn read_page<T: DeserializeOwned>(
    status: u16,
    body: &[u8],
    member: &'static str,
) -> Result<(Vec<T>, Option<String>), Error> {
    let answer = unwrap_envelope(body, status, None, Effect::Read, &[])?;
    let next = following(&answer, &Next::First)?.and_then(|next| match next {
        Next::First => None,
        Next::Page(token) => Some(token),
    });
    Ok((members(answer, member)?, next))
}

/// The page after this one: none when the token is empty or missing.
fn following(answer: &Answer, current: &Next) -> Result<Option<Next>, Error> {
    let cursor = serde_json::json!({ "next_page_token": answer.data.get("next_page_token") });
    let cursor: Cursor = wire::read(cursor, "data").map_err(|unreadable| answer.unreadable(unreadable))?;
    match (cursor.next_page_token, current) {
        (Some(token), Next::Page(same)) if token == *same => Err(answer.unreadable(Unreadable {
            path: "data.next_page_token".to_owned(),
            problem: "the same page again".to_owned(),
        })),
        (token, _) => Ok(token.map(Next::Page)),
    }
}

/// The elements of one array of `data`; none when it is missing.
pub(crate) fn members<T: DeserializeOwned>(
    mut answer: Answer,
    member: &'static str,
) -> Result<Vec<T>, Error> {
    let found = answer.data.get_mut(member).map(serde_json::Value::take).unwrap_or_default();
    let list = match found {
        serde_json::Value::Null => return Ok(Vec::new()),
        serde_json::Value::String(text) if text.trim().is_empty() => return Ok(Vec::new()),
        list => list,
    };
    wire::read(list, &format!("data.{member}")).map_err(|unreadable| answer.unreadable(unreadable))
}

//! Everything that was tried for an order, with the calls to the other sides.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::IssueCode;
use crate::text_enum::text_enum;

text_enum!(
    /// How an attempt ended.
    AttemptOutcome, "attempt outcome" {
        /// The other sides hold what was wanted.
        Succeeded => "succeeded",
        /// They do not; the code says why, where the order has an issue of it.
        Failed => "failed",
        /// It cannot be told yet; the next attempt looks before it does anything.
        Unknown => "unknown",
        /// It could not be finished now, and nothing is wrong: a rate limit, a hold, another worker's turn.
        Waiting => "waiting",
    }
);

text_enum!(
    /// Whom a call went to.
    CallSide, "side" {
        TikTok => "tiktok",
        Store => "store",
    }
);

/// One try of one effect on an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attempt {
    #[cfg_attr(feature = "openapi", schema(example = 4711))]
    pub id: i64,
    /// The kind of job, such as `import_order` or `ship_packages`.
    #[cfg_attr(feature = "openapi", schema(example = "import_order"))]
    pub kind: String,
    pub started_at: DateTime<Utc>,
    /// Milliseconds.
    #[cfg_attr(feature = "openapi", schema(example = 1240))]
    pub duration_ms: i64,
    pub outcome: AttemptOutcome,
    /// The problem that it met, if any; an attempt that succeeded may have found one, too.
    pub code: Option<IssueCode>,
    /// The problem in two or three words.
    #[cfg_attr(feature = "openapi", schema(example = "Product not found"))]
    pub title: Option<String>,
    /// Who asked for it: `store` or the e-mail address of a person; absent when it came about by itself.
    #[cfg_attr(feature = "openapi", schema(example = "operator@example.com"))]
    pub asked_by: Option<String>,
    /// In the order in which they were made.
    pub calls: Vec<AttemptCall>,
}

/// One call to TikTok Shop or PrestaShop. Of what was said, structure, ids, states, times and amounts are shown; everything
/// else is `***`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptCall {
    pub side: CallSide,
    #[cfg_attr(feature = "openapi", schema(example = "POST"))]
    pub method: String,
    /// With the query.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "/api/orders?filter[gift_message]=tiktok:576461413038785752")
    )]
    pub path: String,
    /// The HTTP status; absent when nothing was answered.
    #[cfg_attr(feature = "openapi", schema(example = 201))]
    pub status: Option<u16>,
    /// Milliseconds.
    #[cfg_attr(feature = "openapi", schema(example = 180))]
    pub duration_ms: i64,
    /// What the other side calls the request.
    #[cfg_attr(feature = "openapi", schema(example = "202611231020001A2B3C4D5E6F708192"))]
    pub request_id: Option<String>,
    /// The body of the request.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "<prestashop>\n  <order>\n    <id_cart>27</id_cart>\n  </order>\n</prestashop>")
    )]
    pub sent: Option<String>,
    /// The body of the answer.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "<prestashop>\n  <order>\n    <id>14</id>\n  </order>\n</prestashop>")
    )]
    pub answered: Option<String>,
    /// The call as a command line, with variables in the place of keys, tokens and signatures.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "curl -g \"https://shop.example/api/orders/14\" -u \"$WEBSERVICE_KEY:\"")
    )]
    pub curl: String,
}

//! The OpenAPI document, made from the list of routes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::App;
use shared::{ActionRequest, FieldError, OrderFilter, Problem};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Type};
use utoipa::{IntoParams, IntoResponses, Modify, OpenApi, ToSchema};
use utoipa_actix_web::{AppExt, scope};

use crate::app;
use crate::auth::COOKIE_NAME;

mod examples;
mod headers;
mod outgoing;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "orderbridge",
        description = "Brings TikTok Shop orders into a PrestaShop store exactly once and shows them in one grid.\n\n\
            Send an API key, or the access token of `POST /api/v1/session`, as a bearer token. TikTok ids and amounts are \
            strings, times are RFC 3339 in UTC, and enums may grow. Every error is a `Problem`."
    ),
    components(schemas(Problem, FieldError)),
    servers((url = "/", description = "Where this document comes from")),
    tags(
        (name = "session", description = "Signing in and out"),
        (name = "keys", description = "API keys of tools"),
        (name = "people", description = "People, invitations, and one's own profile and sessions"),
        (name = "audit", description = "Who did what that matters for security"),
        (name = "orders", description = "The order grid"),
        (name = "actions", description = "What is done with orders, one by one or many at once"),
        (name = "connections", description = "TikTok shops bound to PrestaShop shops"),
        (name = "events", description = "What changes, as it changes"),
        (name = "operation", description = "How the installation is doing"),
        (name = "exports", description = "Files of orders"),
        (name = "webhooks", description = "Telling tools of what happens, by the rules of Standard Webhooks"),
        (name = "incoming", description = "What TikTok Shop calls")
    ),
    modifiers(&Security)
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An access token of a session, or an API key (`obk_…`). What an operation names is the scope that it \
                 needs: a role has some, a key carries some of its owner's.",
            ))
            .build();
        let access_token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("An access token of a session; API keys are refused."))
            .build();
        let cookie = ApiKeyValue::with_description(COOKIE_NAME, "The refresh token; set by signing in.");
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("access_token", SecurityScheme::Http(access_token));
        components.add_security_scheme("refresh_cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// The whole document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let app = App::new()
        .into_utoipa_app()
        .openapi(Document::openapi())
        .service(scope(app::API).configure(|list| app::api(list)))
        .configure(|list| app::routes(list));
    let mut document = app.split_for_parts().1;
    remove_unused_schemas(&mut document);
    close_action_requests(&mut document);
    document
}

/// The items of generic pages are written out in place, and their own schemas are then referred to by nothing.
fn remove_unused_schemas(document: &mut utoipa::openapi::OpenApi) {
    let text = document.to_json().expect("the document has text keys only");
    if let Some(components) = &mut document.components {
        components.schemas.retain(|name, _| text.contains(&format!("#/components/schemas/{name}\"")));
    }
}

/// Unknown properties of an action are refused; utoipa does not say so of the variants of an enum.
fn close_action_requests(document: &mut utoipa::openapi::OpenApi) {
    let name = ActionRequest::name();
    let schema =
        document.components.as_mut().and_then(|components| components.schemas.get_mut(name.as_ref()));
    let Some(RefOr::T(Schema::OneOf(variants))) = schema else {
        unreachable!("{name} is an enum of objects")
    };
    for variant in &mut variants.items {
        if let RefOr::T(Schema::Object(object)) = variant {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

/// The document as it is checked in and served.
pub static DOCUMENT_TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut document = serde_json::to_value(document()).expect("the document has text keys only");
    examples::add(&mut document);
    headers::add(&mut document);
    outgoing::add(&mut document);
    serde_json::to_string_pretty(&document).expect("the document has text keys only") + "\n"
});

fn problem(description: &str) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
        .into()
}

fn problems(table: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    table.iter().map(|(status, description)| ((*status).to_owned(), problem(description))).collect()
}

macro_rules! problem_responses {
    ($($(#[$meta:meta])* $name:ident { $($status:literal $description:literal,)+ })+) => {$(
        $(#[$meta])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                problems(&[$(($status, $description)),+])
            }
        }
    )+};
}

problem_responses! {
    /// What may become of every request.
    OpenRefusals {
        "400" "The request is not understood",
        "500" "Our fault; name the request id",
        "503" "Busy; try again in a moment",
    }
    /// What may become of every request of somebody.
    Refusals {
        "400" "The request is not understood",
        "401" "No valid access token or API key",
        "403" "The right is missing",
        "429" "The budget of requests is used up; go on after Retry-After",
        "500" "Our fault; name the request id",
        "503" "Busy; try again in a moment",
    }
    /// What may become of a body.
    BodyRefusals {
        "413" "The body is too large",
        "415" "The body is not JSON",
        "422" "Some values are not acceptable",
    }
    /// The thing does not exist.
    Missing {
        "404" "There is no such thing",
    }
    /// The state of things does not allow it.
    NotNow {
        "409" "Not possible in the present state",
    }
    /// What may become of the key of a request with an effect.
    KeyRefusals {
        "409" "The request with this key is being answered, or what it asks for is not possible now",
        "422" "The key was sent with another request, or some values are not acceptable",
    }
    /// A file that is not there yet, or not any more.
    FileRefusals {
        "409" "The file is being made, or was canceled",
        "410" "The file was kept for 24 hours and is gone",
    }
    /// What may become of a body that holds one's own password or code.
    PasswordRefusals {
        "409" "Not possible in the present state",
        "413" "The body is too large",
        "415" "The body is not JSON",
        "422" "Some values are not acceptable",
        "429" "Too many attempts; try again later",
    }
    /// Too many attempts from one address.
    Throttled {
        "429" "Too many attempts; try again later",
    }
    /// Changes name the version that they change.
    Preconditions {
        "412" "Changed meanwhile; load it again",
        "428" "If-Match is missing",
    }
}

/// The key of a request with an effect.
pub struct IdempotencyKey;

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![idempotency_key(Required::True)]
    }
}

/// The same, where it may be left out.
pub struct OptionalIdempotencyKey;

impl IntoParams for OptionalIdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![idempotency_key(Required::False)]
    }
}

/// The version that is changed.
pub struct IfMatch;

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            // Tags in their quotes, without the commas that stand between them.
            .pattern(Some(r#"^(\*|(W/)?"[!#-+\--~]*"(, (W/)?"[!#-+\--~]*")*)$"#))
            .examples(["\"7\""]);
        let description = "The entity tag of the version that is changed; one of several, or `*` for any. A weak one matches none.";
        vec![header("If-Match", Required::True, description, schema)]
    }
}

/// What the caller has.
pub struct IfNoneMatch;

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        vec![header("If-None-Match", Required::False, "The entity tag that the caller has", text)]
    }
}

/// The answer to a caller who has it as it is.
pub struct NotModified;

impl IntoResponses for NotModified {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let response = ResponseBuilder::new().description("The caller has it as it is").build();
        BTreeMap::from([("304".to_owned(), response.into())])
    }
}

fn header(name: &str, required: Required, description: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(schema.build()))
        .build()
}

fn idempotency_key(required: Required) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[!-~]+$"))
        .examples(["8e03978e-40d5-43e8-bc93-6894a57f9324"]);
    let description = "A key of the caller's own, new for each request that is to have an effect: 1 to 255 visible ASCII \
        characters. For 24 hours the same request with the same key gets the first answer again, with the header \
        `Idempotent-Replayed: true`, and does nothing.";
    header("Idempotency-Key", required, description, schema)
}

pub fn query(name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema.build()))
        .build()
}

/// A parameter of text that may be left out.
pub fn text_parameter(name: &str, description: &str) -> Parameter {
    query(name, description, ObjectBuilder::new().schema_type(Type::String))
}

/// The filters of the grid.
pub struct FilterParameters;

impl IntoParams for FilterParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = || ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
        OrderFilter::names().iter().map(|name| query(name, filter_description(name), text())).collect()
    }
}

fn filter_description(name: &str) -> &'static str {
    match name {
        "status" => "Shown statuses, separated by commas, such as `error,on_hold`",
        "channel_status" => "TikTok Shop's own words, such as `AWAITING_SHIPMENT`",
        "import_state" => "How far the import has come, such as `blocked`",
        "issue" => "Codes of open issues, such as `SKU_NOT_FOUND`",
        "same_cause_as" => {
            "The id of an issue: orders of its connection with an open issue of the same cause, which the same fix helps"
        }
        "fulfillment_type" => "`merchant`, `merchant_tiktok_label`, `tiktok`",
        "store_state" => "Ids of store states",
        "connection" => "Ids of connections",
        "country" => "ISO 3166-1 alpha-2 codes",
        "currency" => "ISO 4217 codes",
        "special" => "What is special about orders, separated by commas, such as `gift`",
        "tag" => "Tags, separated by commas",
        "assignee" => "Ids of `GET /assignees`, or `empty` for orders that nobody looks after",
        "archived" => "`true` for deleted orders alone, which are left out otherwise",
        "id" => "Our order numbers",
        "store_order_id" => "Store order ids, or `empty`",
        "tiktok_order_id" => "The first digits (at least 4), or whole ids separated by commas",
        "total_min" | "total_max" => "An amount such as `46.89`",
        "q" => "Words, ids, and terms such as `status:error age:>2d`",
        "sort" => "A column, with a leading minus for descending; the default is `-created_at`",
        _ if name.ends_with(']') => "A time such as `2026-11-23T08:00:00Z`",
        _ => unreachable!("the filter {name} is not described"),
    }
}

/// Which page of a list.
pub struct PageQuery;

impl IntoParams for PageQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let limit = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(100))
            .default(Some(25.into()));
        let text = || ObjectBuilder::new().schema_type(Type::String);
        vec![
            query("limit", "Rows in a page", limit),
            query("after", "The `next_cursor` of a page with the same filter and sort", text()),
            query("before", "The `previous_cursor` of a page with the same filter and sort", text()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_that_is_checked_in_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/orderbridge.json");
        let checked_in = std::fs::read_to_string(path).unwrap_or_default();

        // As values: the order of names in an object depends on a feature that any crate of a build can switch on.
        let checked_in: serde_json::Value = serde_json::from_str(&checked_in).unwrap_or_default();
        let current: serde_json::Value = serde_json::from_str(&DOCUMENT_TEXT).unwrap();
        assert!(checked_in == current, "stale; write it anew with `cargo xtask openapi`");
    }

    #[test]
    fn a_stranger_is_told_of_headers_and_of_messages() {
        let document: serde_json::Value = serde_json::from_str(&DOCUMENT_TEXT).unwrap();
        let headers = |path: &str, method: &str, status: &str| {
            let response = &document["paths"][path][method]["responses"][status];
            let mut names: Vec<_> = response["headers"].as_object().unwrap().keys().cloned().collect();
            // In which order they stand hangs on a feature of `serde_json` that others switch on.
            names.sort_unstable();
            names.join(" ")
        };

        assert_eq!(headers("/api/v1/orders", "get", "200"), "RateLimit RateLimit-Policy X-Request-Id");
        assert_eq!(headers("/api/v1/orders", "get", "401"), "X-Request-Id");
        assert!(headers("/api/v1/orders", "get", "429").contains("Retry-After"));
        for path in ["webhooks", "api-keys", "invitations", "connections", "orders/{id}/actions", "exports"] {
            let path = format!("/api/v1/{path}");
            let responses = document["paths"][&path]["post"]["responses"].as_object().unwrap();
            let done = responses.keys().find(|status| status.starts_with('2')).unwrap();
            for status in [done, "409", "422"] {
                assert!(headers(&path, "post", status).contains("Idempotent-Replayed"), "{path} {status}");
            }
        }
        let mut made = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for status in ["201", "202"] {
                    if !operation["responses"][status].is_object()
                        || operation["operationId"] == "beginSecondFactor"
                    {
                        continue;
                    }
                    assert!(headers(path, method, status).contains("Location"), "{method} {path} {status}");
                    made += 1;
                }
            }
        }
        assert_eq!(made, 14, "whoever adds one sees to it that it has an address");
        let message = &document["webhooks"]["message"]["post"];
        let sent: Vec<_> =
            message["parameters"].as_array().unwrap().iter().map(|header| &header["name"]).collect();
        assert_eq!(sent, ["webhook-id", "webhook-timestamp", "webhook-signature"]);
        assert!(message.to_string().contains("connection.degraded"));
    }

    #[test]
    fn every_operation_is_described() {
        let document = document();
        let mut ids = std::collections::BTreeSet::new();
        for (path, item) in &document.paths.paths {
            let operations = [&item.get, &item.post, &item.patch, &item.put, &item.delete];
            for operation in operations.into_iter().flatten() {
                let id = operation.operation_id.clone().unwrap_or_default();
                assert!(!id.is_empty() && ids.insert(id.clone()), "{path}: operation id {id}");
                assert!(
                    operation.summary.as_ref().is_some_and(|summary| !summary.is_empty()),
                    "{id}: summary"
                );
                assert!(operation.tags.as_ref().is_some_and(|tags| tags.len() == 1), "{id}: tag");
                assert!(operation.security.is_some(), "{id}: security");
            }
        }
        let text = &*DOCUMENT_TEXT;
        for name in document.components.unwrap().schemas.keys() {
            assert!(text.contains(&format!("#/components/schemas/{name}\"")), "{name} is not used");
        }
    }
}

//! What all handlers share, and the single list of all routes.

use actix_web::dev::{HttpServiceFactory, ResourceDef};
use actix_web::web;
use clock::Clock;
use database::{Database, MasterKey};
use sync::{Engine, EngineSettings};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem, Paths};
use utoipa_actix_web::{OpenApiFactory, service_config};

use crate::audit::RefusalNotes;
use crate::auth::{AccessTokens, LiveKeys, LiveSessions, Passwords, Throttle};
use crate::config::Config;
use crate::connections::ExchangedCodes;
use crate::cursor::Cursors;
use crate::error::ApiError;
use crate::events::LiveEvents;
use crate::idempotency::RequestDigests;
use crate::page::Page;
use crate::rate_limits::RateLimits;
use crate::{
    actions, alerts, api_docs, api_keys, audit, bulk_runs, connections, events, exports, health, invitations,
    issues, orders, outgoing_webhooks, problem_types, profile, reconciliations, session, sessions,
    store_states, sync_runs, users, webhooks,
};

/// What all handlers share.
pub struct AppState {
    pub config: Config,
    pub database: Database,
    pub engine: Engine,
    /// Where TikTok Shop is, for the connection test.
    pub engine_settings: EngineSettings,
    pub access_tokens: AccessTokens,
    pub live_sessions: LiveSessions,
    pub live_keys: LiveKeys,
    pub refusal_notes: RefusalNotes,
    pub passwords: Passwords,
    pub throttle: Throttle,
    pub rate_limits: RateLimits,
    pub cursors: Cursors,
    pub request_digests: RequestDigests,
    pub live: LiveEvents,
    pub exchanged_codes: ExchangedCodes,
    /// Of notifications that are being taken.
    pub webhook_places: Semaphore,
    pub page: Page,
    pub routes: RouteTable,
    /// Talks to TikTok Shop while a connection is being authorized.
    pub tiktok_http: reqwest::Client,
    /// Cancelled when the program is about to end, so that open streams end first.
    pub shutdown: CancellationToken,
}

impl AppState {
    #[must_use]
    pub fn new(
        config: Config,
        database: Database,
        engine: Engine,
        engine_settings: EngineSettings,
        tiktok_http: reqwest::Client,
        shutdown: CancellationToken,
    ) -> Self {
        let master: &MasterKey = &config.master_key;
        Self {
            access_tokens: AccessTokens::new(master),
            live_sessions: LiveSessions::default(),
            live_keys: LiveKeys::default(),
            refusal_notes: RefusalNotes::default(),
            passwords: Passwords::new(),
            throttle: Throttle::new(config.throttle.clone()),
            rate_limits: RateLimits::new(config.quotas),
            cursors: Cursors::new(master.derive("cursors")),
            request_digests: RequestDigests::new(master),
            live: LiveEvents::default(),
            exchanged_codes: ExchangedCodes::default(),
            webhook_places: Semaphore::new(webhooks::PLACES),
            page: Page::load(),
            routes: RouteTable::of_program(),
            config,
            database,
            engine,
            engine_settings,
            tiktok_http,
            shutdown,
        }
    }

    /// The clock that everything goes by.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.database.clock.as_ref()
    }

    /// To be called after each commit that others wait for: workers look for jobs, open pages for events.
    pub fn committed(&self) {
        self.engine.wake();
        self.live.wake();
    }
}

/// Where the routes below [`API`] are.
pub const API: &str = "/api/v1";

/// Takes the routes: the server of each thread, or the OpenAPI document, which is megabytes while it is made.
pub trait RouteList {
    /// Adds a handler.
    fn service<H: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, handler: H) -> &mut Self;
}

impl RouteList for web::ServiceConfig {
    fn service<H: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, handler: H) -> &mut Self {
        Self::service(self, handler)
    }
}

impl RouteList for service_config::ServiceConfig<'_> {
    fn service<H: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, handler: H) -> &mut Self {
        Self::service(self, handler)
    }
}

impl RouteList for Paths {
    fn service<H: HttpServiceFactory + OpenApiFactory + 'static>(&mut self, handler: H) -> &mut Self {
        self.merge(handler.paths());
        self
    }
}

/// Every route of the program but those below [`API`].
pub fn routes(list: &mut impl RouteList) {
    list.service(webhooks::receive_tiktok_webhook)
        .service(health::check_live)
        .service(health::get_metrics)
        .service(health::check_ready)
        .service(problem_types::describe_problem);
}

/// Every route below [`API`].
pub fn api(list: &mut impl RouteList) {
    // People
    list.service(session::get_setup_state)
        .service(session::set_up::set_up)
        .service(session::sign_in::sign_in)
        .service(session::refresh_session)
        .service(session::get_session)
        .service(session::sign_out::sign_out)
        .service(api_docs::admit_to_api_docs)
        .service(api_keys::list_api_keys)
        .service(api_keys::create_api_key)
        .service(api_keys::get_api_key)
        .service(api_keys::update_api_key)
        .service(api_keys::revoke_api_key)
        .service(users::list_users)
        .service(users::get_user)
        .service(users::update_user)
        .service(users::remove_user)
        .service(users::list_user_sessions)
        .service(users::end_user_sessions)
        .service(invitations::list_invitations)
        .service(invitations::invite)
        .service(invitations::accept_invitation)
        .service(invitations::get_invitation)
        .service(invitations::withdraw_invitation)
        .service(profile::get_profile)
        .service(profile::change_password)
        .service(profile::begin_second_factor)
        .service(profile::confirm_second_factor)
        .service(profile::make_recovery_codes)
        .service(profile::remove_second_factor)
        .service(audit::list_audit_entries)
        .service(sessions::list_sessions)
        .service(sessions::end_session)
        .service(sessions::end_sessions)
        // Orders; fixed words before ids
        .service(orders::list_orders)
        .service(orders::count_orders)
        .service(orders::search_orders)
        .service(orders::get_order)
        .service(orders::reveal_recipient)
        .service(orders::erase_buyer)
        .service(orders::list_timeline)
        .service(orders::list_attempts)
        .service(orders::request_action)
        .service(users::list_assignees)
        .service(orders::list_actions)
        .service(orders::get_action_options)
        .service(orders::list_labels)
        .service(orders::get_raw_order)
        .service(orders::preview_import)
        .service(actions::get_action)
        .service(actions::undo_action)
        .service(bulk_runs::start_bulk_run)
        .service(bulk_runs::get_bulk_run)
        .service(bulk_runs::list_bulk_run_orders)
        .service(bulk_runs::stop_bulk_run)
        .service(bulk_runs::retry_bulk_run)
        .service(issues::list_issues)
        .service(store_states::list_store_states)
        // Connections
        .service(connections::list_connections)
        .service(connections::create_connection)
        .service(connections::test_new_connection)
        .service(connections::get_connection)
        .service(connections::get_connection_choices)
        .service(connections::update_connection)
        .service(connections::test_connection)
        .service(connections::fetch_orders)
        .service(sync_runs::get_sync_run)
        .service(sync_runs::cancel_sync_run)
        .service(reconciliations::list_reconciliations)
        .service(reconciliations::start_reconciliation)
        .service(reconciliations::get_reconciliation)
        .service(reconciliations::cancel_reconciliation)
        // Tools
        .service(exports::list_exports)
        .service(exports::start_export)
        .service(exports::get_export)
        .service(exports::cancel_export)
        .service(exports::get_export_file)
        .service(outgoing_webhooks::list_webhooks)
        .service(outgoing_webhooks::create_webhook)
        .service(outgoing_webhooks::get_webhook)
        .service(outgoing_webhooks::update_webhook)
        .service(outgoing_webhooks::delete_webhook)
        .service(outgoing_webhooks::rotate_webhook_secret)
        .service(outgoing_webhooks::test_webhook)
        .service(outgoing_webhooks::list_webhook_deliveries)
        .service(outgoing_webhooks::get_webhook_delivery)
        .service(outgoing_webhooks::replay_webhook_delivery)
        // Operation
        .service(events::stream_events)
        .service(health::get_health)
        .service(alerts::list_alerts);
}

/// Which methods each address answers to, and which of them take a query.
pub struct RouteTable(Vec<Route>);

struct Route {
    address: ResourceDef,
    methods: Vec<&'static str>,
    /// The methods of the operations that have no parameters in the query.
    without_query: Vec<&'static str>,
}

impl RouteTable {
    fn of_program() -> Self {
        let (mut below, mut others) = (Paths::new(), Paths::new());
        api(&mut below);
        routes(&mut others);
        let route = |path: &str, item: &PathItem| {
            let operations =
                [("GET", &item.get), ("POST", &item.post), ("PATCH", &item.patch), ("DELETE", &item.delete)];
            let operations = operations
                .into_iter()
                .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
                .collect::<Vec<_>>();
            let mut methods: Vec<_> = operations.iter().map(|(method, _)| *method).collect();
            // Whatever can be got can be asked about, and everything says what can be done with it.
            methods.extend(item.get.is_some().then_some("HEAD"));
            methods.push("OPTIONS");
            let without_query =
                operations.iter().filter(|(_, operation)| !takes_query(operation)).map(|(method, _)| *method);
            Route { address: ResourceDef::new(path), without_query: without_query.collect(), methods }
        };
        let below = below.paths.iter().map(|(path, item)| route(&format!("{API}{path}"), item));
        Self(below.chain(others.paths.iter().map(|(path, item)| route(path, item))).collect())
    }

    /// Whether something is at this address, whatever the method.
    #[must_use]
    pub fn knows(&self, path: &str) -> bool {
        self.0.iter().any(|route| route.address.is_match(path))
    }

    /// Whether a request goes to an operation that takes nothing in the query.
    #[must_use]
    pub fn is_without_query(&self, method: &str, path: &str) -> bool {
        // Fixed words stand before ids here too, for a brace comes after all letters.
        let mut routes = self.0.iter().filter(|route| route.methods.contains(&method));
        routes
            .find(|route| route.address.is_match(path))
            .is_some_and(|route| route.without_query.contains(&method))
    }

    /// Why no route has taken a request: nothing is there, or it answers to other methods.
    #[must_use]
    pub fn refusal(&self, path: &str) -> ApiError {
        // Fixed words stand before ids here too.
        let route = self.0.iter().find(|route| route.address.is_match(path));
        route.map_or(ApiError::NotFound, |route| not_allowed(&route.methods))
    }

    /// The same, before anybody looks for a route, for an address of fixed words. One such as `/orders/search` looks like
    /// that of an order, too, but no order has a word for an id.
    #[must_use]
    pub fn refusal_of_words(&self, method: &str, path: &str) -> Option<ApiError> {
        let route = self.0.iter().find(|route| route.address.pattern() == Some(path))?;
        (!route.methods.contains(&method)).then(|| not_allowed(&route.methods))
    }
}

fn takes_query(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| {
        matches!(parameter, RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query))
    })
}

fn not_allowed(methods: &[&str]) -> ApiError {
    ApiError::MethodNotAllowed { allowed: methods.join(", ") }
}

//! The routes, and the gate that every call of the API passes.

mod attachments;
mod body;
mod comments;
mod control;
mod gate;
mod meta;
mod page;
mod records;
mod webhooks;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{delete, get, patch, post, put},
};
use tower_http::normalize_path::NormalizePath;

use super::{error::ApiError, state::Shared};

/// Largest body accepted: an upload of 5 MB in base64, with room.
const MAX_BODY: usize = 8 << 20;

/// The whole server.
///
/// A final slash is ignored: airtable.js sends one when it writes.
pub(super) fn service(shared: Arc<Shared>) -> NormalizePath<Router> {
    let api = Router::new()
        .route("/v0/meta/whoami", get(meta::whoami))
        .route("/v0/meta/bases", get(meta::list_bases).post(meta::create_base))
        .route("/v0/meta/bases/{base}/tables", get(meta::list_tables).post(meta::create_table))
        .route("/v0/meta/bases/{base}/tables/{table}", patch(meta::update_table))
        .route("/v0/meta/bases/{base}/tables/{table}/fields", post(meta::create_field))
        .route("/v0/meta/bases/{base}/tables/{table}/fields/{field}", patch(meta::update_field))
        .route(
            "/v0/{base}/{table}",
            get(records::list)
                .post(records::create)
                .patch(records::update_many)
                .put(records::update_many)
                .delete(records::delete_many),
        )
        .route("/v0/{base}/{table}/listRecords", post(records::list_by_body))
        .route(
            "/v0/{base}/{table}/{record}",
            get(records::get).patch(records::update).put(records::update).delete(records::delete),
        )
        .route("/v0/{base}/{table}/{record}/uploadAttachment", post(attachments::upload))
        .route("/v0/{base}/{table}/{record}/comments", get(comments::list).post(comments::create))
        .route(
            "/v0/{base}/{table}/{record}/comments/{comment}",
            patch(comments::update).delete(comments::delete),
        )
        .route("/v0/bases/{base}/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/v0/bases/{base}/webhooks/{webhook}", delete(webhooks::delete))
        .route("/v0/bases/{base}/webhooks/{webhook}/refresh", post(webhooks::refresh))
        .route(
            "/v0/bases/{base}/webhooks/{webhook}/enableNotifications",
            post(webhooks::enable_notifications),
        )
        .route("/v0/bases/{base}/webhooks/{webhook}/payloads", get(webhooks::payloads))
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || ApiError::not_found())
        .layer(middleware::from_fn_with_state(shared.clone(), gate::admit))
        .route("/_attachments/{expires}/{signature}/{id}/{filename}", get(attachments::download))
        .layer(middleware::from_fn_with_state(shared.clone(), gate::strike));
    let bench = Router::new()
        .route("/", get(page::home))
        .route("/bases/{base}/{table}", get(page::table))
        .route("/_sandbox/page.css", get(page::style))
        .route("/_sandbox/page.js", get(page::script))
        .route("/_sandbox/state", get(control::state))
        .route(
            "/_sandbox/faults",
            get(control::list_faults).post(control::add_fault).delete(control::clear_faults),
        )
        .route("/_sandbox/calls", get(control::list_calls).delete(control::clear_calls))
        .route("/_sandbox/offsets/expire", post(control::expire_offsets))
        .route("/_sandbox/tokens/grant", post(control::grant_token))
        .route("/_sandbox/tokens/revoke", post(control::revoke_token))
        .route("/_sandbox/clock/advance", post(control::advance_clock))
        .route("/_sandbox/cells", put(control::set_cell))
        .layer(middleware::from_fn(control::same_origin));
    let router = bench
        .merge(api)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(shared.clone(), gate::own_name))
        .with_state(shared);
    NormalizePath::trim_trailing_slash(router)
}

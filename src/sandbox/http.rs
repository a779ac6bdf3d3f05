//! The routes, and the gate that every call of the API passes.

mod body;
mod gate;
mod meta;
mod records;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, patch, post},
};

use super::{error::ApiError, state::Shared};

/// Largest body accepted: an upload of 5 MB in base64, with room.
const MAX_BODY: usize = 8 << 20;

/// The whole server.
pub(super) fn router(shared: Arc<Shared>) -> Router {
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
                .put(records::replace_many)
                .delete(records::delete_many),
        )
        .route("/v0/{base}/{table}/listRecords", post(records::list_by_body))
        .route(
            "/v0/{base}/{table}/{record}",
            get(records::get).patch(records::update).put(records::replace).delete(records::delete),
        )
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || ApiError::not_found())
        .layer(middleware::from_fn_with_state(shared.clone(), gate::pass));
    Router::new().merge(api).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(shared)
}

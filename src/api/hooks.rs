//! The door for Airtable's pings. All checks and effects are [`Wake`](crate::sync::wake::Wake)'s.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    App,
    params::{NoParams, Query},
    problem::{self, Code, Problem},
};
use crate::{airtable::webhooks::MAC_HEADER, sync::wake::PingError};

/// Where pings go, below the public address.
pub const PING_PATH: &str = "/hooks/airtable";

/// Largest ping, in bytes. Airtable's have some 130.
const MAX_BODY: usize = 8 * 1_024;

/// The routes for other programs than clients.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(receive_airtable_ping))
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
}

/// Receive a ping of Airtable
///
/// For Airtable alone: it says that the base changed, and the service reads the changes soon. A ping
/// is signed with a key that only Airtable and the service know. Answered at once; pings that are
/// repeated or come in a burst are one.
#[utoipa::path(
    post, path = "/hooks/airtable", tag = "hooks", operation_id = "receive_airtable_ping",
    params((
        "X-Airtable-Content-MAC" = String, Header,
        description = "`hmac-sha256=` and the MAC of the raw body, in lower-case hexadecimal.",
        example = "hmac-sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    )),
    request_body(
        content = serde_json::Value, description = "Which webhook of which base; at most 8 KiB.",
        example = json!({
            "base": { "id": "app00000000000000" },
            "webhook": { "id": "ach00000000000000" },
            "timestamp": "2026-11-23T08:00:00.000Z",
        }),
    ),
    responses(
        (status = 204, description = "The ping is taken."),
        (status = 401, description = "The ping is not signed by the webhook in use.",
            body = problem::Body, content_type = "application/problem+json"),
        (status = 404, description = "No webhook that pings is in use.",
            body = problem::Body, content_type = "application/problem+json"),
        (status = 413, description = "The body is larger than a ping.",
            body = problem::Body, content_type = "application/problem+json"),
    ),
)]
async fn receive_airtable_ping(
    State(app): State<App>,
    _: Query<NoParams>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mac = headers.get(MAC_HEADER).and_then(|mac| mac.to_str().ok());
    match app.wake.receive(mac, &body, (app.clock)()) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(PingError::NotInUse) => Problem::of(Code::NoWebhook).into_response(),
        Err(PingError::NotSigned) => {
            // A 401 must name a scheme (RFC 9110, section 11.6.1); this one has no registered name.
            let scheme = HeaderValue::from_static("Airtable-Content-MAC");
            let mut response = Problem::of(Code::UnsignedPing).into_response();
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            response
        }
    }
}

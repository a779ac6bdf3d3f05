//! What every call of the API passes: the log, faults, the length of the address, the token, the
//! limits.

use std::{io, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{
        StatusCode,
        header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, RETRY_AFTER},
        request::Parts,
    },
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use futures::{StreamExt as _, stream};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::sandbox::{
    calls::Call,
    config::{Scope, TokenGrant},
    edit::{Author, Source},
    error::ApiError,
    faults::Fault,
    ids::IdKind,
    net::{Cutter, is_loopback},
    state::Shared,
};

/// Longest address accepted, as Airtable enforces it since December 2022.
const MAX_URL: usize = 16_000;

/// Who calls, once the token is known.
#[derive(Debug, Clone)]
pub(super) struct Caller(TokenGrant);

impl Caller {
    /// Refuses a token without this scope: 403.
    pub(super) fn require(&self, scope: Scope) -> Result<(), ApiError> {
        if self.0.scopes.contains(&scope) {
            return Ok(());
        }
        Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "INVALID_PERMISSIONS",
            format!("You are not permitted to perform this operation (missing {})", scope.name()),
        ))
    }

    pub(super) fn author(&self) -> Author {
        Author { user: self.0.user_id.as_str().into(), source: Source::PublicApi }
    }

    pub(super) fn grant(&self) -> &TokenGrant {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or_else(ApiError::unauthenticated)
    }
}

/// On a loopback address, refuses calls to any name but the loopback's: a page of another site may
/// have its own name lead here, and would pass for this origin.
pub(super) async fn own_name(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let host = request.headers().get(HOST).and_then(|value| value.to_str().ok());
    let host = host.and_then(|host| Url::parse(&format!("http://{host}/")).ok());
    if shared.config.listen.ip().is_loopback() && !host.is_some_and(|host| is_loopback(&host)) {
        return ApiError::new(StatusCode::FORBIDDEN, "FOREIGN_HOST", "").into_response();
    }
    next.run(request).await
}

/// Logs a call, and makes it fail if a rule says so.
pub(super) async fn strike(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let fault = shared.faults.strike(request.method(), &path);
    let id = shared.calls.begin(Call {
        at: Instant::now(),
        method: request.method().clone(),
        path,
        query: request.uri().query().map(str::to_owned),
        status: None,
    });
    if !shared.config.latency.is_zero() {
        tokio::time::sleep(shared.config.latency).await;
    }
    let response = match fault {
        None => next.run(request).await,
        Some(Fault::Delay { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            next.run(request).await
        }
        Some(Fault::Truncate { bytes }) => truncate(next.run(request).await, bytes).await,
        Some(Fault::Short { records }) => shorten(next.run(request).await, records).await,
        Some(Fault::Status { status, shape, code, message, retry_after }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = ApiError { status, shape, code, message }.into_response();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
            response
        }
        Some(Fault::Html { status }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            (status, Html("<!doctype html><title>Airtable</title><h1>Please try again</h1>"))
                .into_response()
        }
        Some(Fault::Drop) => {
            cutter.cut();
            return StatusCode::OK.into_response();
        }
        Some(Fault::Hang) => {
            shared.shutdown.cancelled().await;
            cutter.cut();
            return StatusCode::OK.into_response();
        }
    };
    shared.calls.finish(id, response.status().as_u16());
    response
}

/// Checks address, token and limits, then lets the call through.
pub(super) async fn admit(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    match check(&shared, &request) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

fn check(shared: &Shared, request: &Request) -> Result<Caller, ApiError> {
    let length = request.uri().path_and_query().map_or(0, |path| path.as_str().len())
        + shared.root.as_str().len();
    if length > MAX_URL {
        let message = format!("The request URL is longer than {MAX_URL} characters");
        return Err(ApiError::new(StatusCode::URI_TOO_LONG, "REQUEST_URI_TOO_LONG", message));
    }
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer "));
    let grant = token.and_then(|token| shared.grant(token.trim()));
    let grant = grant.ok_or_else(ApiError::unauthenticated)?;
    let target = Target::of(request.uri().path());
    shared.limits.admit(&grant.user_id, target.base, Instant::now())?;
    if target.billed {
        shared.limits.bill()?;
    }
    Ok(Caller(grant))
}

/// What a path aims at.
struct Target<'a> {
    /// The base, which has its own rate limit.
    base: Option<&'a str>,
    /// Whether the call counts against the month's: the metadata API goes on without.
    billed: bool,
}

impl<'a> Target<'a> {
    fn of(path: &'a str) -> Self {
        let base = path.split('/').find(|segment| IdKind::Base.matches(segment));
        Self { base, billed: !path.starts_with("/v0/meta/") }
    }
}

/// Leaves out all rows but the first, and what would lead to the next page.
async fn shorten(response: Response, records: usize) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let Ok(Value::Object(mut page)) = serde_json::from_slice(&whole) else {
        return Response::from_parts(parts, Body::from(whole));
    };
    page.remove("offset");
    if let Some(Value::Array(rows)) = page.get_mut("records") {
        rows.truncate(records);
    }
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(Value::Object(page).to_string()))
}

/// Announces the whole body and sends the beginning, so that the client sees it break off.
async fn truncate(response: Response, bytes: usize) -> Response {
    let (mut parts, body) = response.into_parts();
    let size = body.size_hint().exact();
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let beginning = whole.slice(..bytes.min(whole.len()));
    if let Some(size) = size {
        parts.headers.insert(CONTENT_LENGTH, size.into());
    }
    parts
        .headers
        .entry(CONTENT_TYPE)
        .or_insert(axum::http::HeaderValue::from_static("application/json"));
    // The pause lets the beginning leave before the connection is closed.
    const PAUSE: Duration = Duration::from_millis(50);
    let beginning = stream::once(async { Ok::<Bytes, io::Error>(beginning) });
    let broken = stream::once(async {
        tokio::time::sleep(PAUSE).await;
        Err(io::ErrorKind::ConnectionAborted.into())
    });
    Response::from_parts(parts, Body::from_stream(beginning.chain(broken)))
}

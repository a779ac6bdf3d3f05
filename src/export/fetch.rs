//! Reads the API in-process, as a client would.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderName, Request, StatusCode},
};
use bytes::Bytes;
use tower::ServiceExt as _;

use crate::api::Service;

/// Why an answer can't be read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It is not a 200.
    #[error("{target} answers {status}, not 200")]
    Status {
        /// The path and query.
        target: String,
        /// What it answers.
        status: StatusCode,
    },
    /// It is not a request.
    #[error("{target} can't be asked for")]
    Request {
        /// The path and query.
        target: String,
        /// Why.
        #[source]
        source: axum::http::Error,
    },
    /// It ends early.
    #[error("{target} ends before its end")]
    Body {
        /// The path and query.
        target: String,
        /// Why.
        #[source]
        source: axum::Error,
    },
}

/// What the API answers.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Fetched {
    /// A header, if it is there and text.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Gets a path, which must answer 200.
pub(super) async fn get(
    service: &Service,
    target: &str,
    header: (HeaderName, &str),
) -> Result<Fetched, FetchError> {
    let (name, value) = header;
    let request = Request::get(target).header(name, value).body(Body::empty());
    let request =
        request.map_err(|source| FetchError::Request { target: target.to_owned(), source })?;
    let Ok(response) = service.clone().oneshot(request).await;
    let (parts, body) = response.into_parts();
    if parts.status != StatusCode::OK {
        return Err(FetchError::Status { target: target.to_owned(), status: parts.status });
    }
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(|source| FetchError::Body { target: target.to_owned(), source })?;
    Ok(Fetched { headers: parts.headers, body })
}

//! The moment of a request: one publication and one instant, from which it is answered wholly.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderName, HeaderValue, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, Utc};

use super::{
    App,
    problem::{Code, Problem},
};
use crate::{catalog::Release, paris, sync::live::Publication};

/// The header that names the release an answer was drawn from.
pub const RELEASE_HEADER: HeaderName = HeaderName::from_static("x-release");

/// What a request is answered from.
#[derive(Debug, Clone)]
pub struct Moment {
    /// What is public.
    pub publication: Arc<Publication>,
    /// When the request came.
    pub now: DateTime<Utc>,
}

impl Moment {
    /// The content.
    pub fn release(&self) -> &Release {
        &self.publication.release
    }

    /// The day of the request, in Paris.
    pub fn today(&self) -> NaiveDate {
        paris::day(self.now)
    }
}

/// Middleware: takes the current publication for the whole request, and names its release. The
/// moment rides on the response, for those that keep it.
pub async fn attach(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(publication) = app.live.publication() else {
        return Problem::not_ready(app.settings.retry_after).into_response();
    };
    let name = HeaderValue::from_str(publication.release.id().as_str()).ok();
    let moment = Moment { publication, now: (app.clock)() };
    request.extensions_mut().insert(moment.clone());
    let mut response = next.run(request).await;
    response.headers_mut().extend(name.map(|name| (RELEASE_HEADER, name)));
    response.extensions_mut().insert(moment);
    response
}

/// Middleware: the same, for paths that answer even when nothing is published.
pub async fn attach_if_published(state: State<App>, request: Request, next: Next) -> Response {
    match state.live.publication() {
        Some(_) => attach(state, request, next).await,
        None => next.run(request).await,
    }
}

impl<S: Sync> FromRequestParts<S> for Moment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::of(Code::NotReady))
    }
}

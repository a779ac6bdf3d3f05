//! The moment of a request: one publication and one instant, from which it is answered wholly.
//!
//! `?release=` pins a read to a release that is kept, so that a page and its requests never mix two.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderName, HeaderValue, Method, Uri, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, Utc};
use utoipa::openapi::{
    ObjectBuilder, Required, Type,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::Object,
};

use super::{
    App,
    answer::Policy,
    params::{self, Params, TakesCommon},
    problem::{Code, Problem},
};
use crate::{
    catalog::{Release, ReleaseId},
    paris,
    sync::live::Publication,
};

/// The header that names the release an answer was drawn from.
pub const RELEASE_HEADER: HeaderName = HeaderName::from_static("x-release");

/// The parameter that pins a read to a release.
pub const RELEASE_PARAMETER: &str = "release";

/// What a request is answered from.
#[derive(Debug, Clone)]
pub struct Moment {
    /// What is public, or was when it was the release that is asked for.
    pub publication: Arc<Publication>,
    /// When the request came.
    pub now: DateTime<Utc>,
    choice: Choice,
}

/// How the release was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// It is the current one.
    Current,
    /// The request names it.
    Pinned,
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

    /// The release that must be the current one for an answer to hold; `None` for an answer from a
    /// release that the request names.
    pub fn current(&self) -> Option<&ReleaseId> {
        (self.choice == Choice::Current).then(|| self.release().id())
    }

    /// How long an answer may be kept, by what its handler says. What is drawn from a named release
    /// no longer changes when something is published; only when the program does, or at midnight.
    pub fn policy(&self, policy: Policy) -> Policy {
        match (self.choice, policy) {
            (Choice::Pinned, Policy::Content) => Policy::Program,
            (_, policy) => policy,
        }
    }
}

/// Middleware: takes the publication for the whole request, the current one or the one that
/// `release` names, and names its release.
pub async fn attach(State(app): State<App>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(TakesCommon);
    // What the path does not take is told before what it would be asked of.
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return with_current(&app, request, next).await;
    }
    match pinned(&app, request.uri()).await {
        Ok(None) => with_current(&app, request, next).await,
        Ok(Some(publication)) => answer(&app, publication, Choice::Pinned, request, next).await,
        Err(problem) => problem.into_response(),
    }
}

/// Middleware: takes the current publication for the whole request, and names its release.
pub async fn attach_current(State(app): State<App>, request: Request, next: Next) -> Response {
    with_current(&app, request, next).await
}

async fn with_current(app: &App, request: Request, next: Next) -> Response {
    match app.live.publication() {
        Some(publication) => answer(app, publication, Choice::Current, request, next).await,
        None => Problem::not_ready(app.settings.retry_after).into_response(),
    }
}

/// Answers from a publication, which rides on the answer too, for those that keep it.
async fn answer(
    app: &App,
    publication: Arc<Publication>,
    choice: Choice,
    mut request: Request,
    next: Next,
) -> Response {
    let name = HeaderValue::from_str(publication.release.id().as_str()).ok();
    let moment = Moment { publication, now: (app.clock)(), choice };
    request.extensions_mut().insert(moment.clone());
    let mut response = next.run(request).await;
    response.headers_mut().extend(name.map(|name| (RELEASE_HEADER, name)));
    response.extensions_mut().insert(moment);
    response
}

/// Middleware: the same, for paths that answer even when nothing is published.
pub async fn attach_if_published(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.live.publication() {
        Some(publication) => answer(&app, publication, Choice::Current, request, next).await,
        None => next.run(request).await,
    }
}

/// The publication that the request names, if it names one.
async fn pinned(app: &App, uri: &Uri) -> Result<Option<Arc<Publication>>, Problem> {
    if !params::may_have(uri, RELEASE_PARAMETER) {
        return Ok(None);
    }
    match release_id(&Params::parse(uri)?, RELEASE_PARAMETER)? {
        Some(id) => app.history.find(&id, RELEASE_PARAMETER).await.map(Some),
        None => Ok(None),
    }
}

/// Reads the name of a release.
///
/// # Errors
/// When it is repeated or malformed.
pub fn release_id(params: &Params, name: &str) -> Result<Option<ReleaseId>, Problem> {
    params.parsed(name, |text| text.parse().ok(), EXPECTED_RELEASE)
}

/// What the name of a release looks like.
pub const EXPECTED_RELEASE: &str = "the name of a release such as 9f2c1b7a3d5e8f60";

/// Declares `release`.
///
/// Without an example: pages to try the API fill examples in, and it would be no kept release.
pub fn release_parameter() -> Parameter {
    ParameterBuilder::new()
        .name(RELEASE_PARAMETER)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(
            "Answer from this release instead of the current one, as `X-Release` or \
             `/v1/releases` names it, as long as it is kept: so a page and its requests never mix \
             two.",
        ))
        .schema(Some(release_schema()))
        .build()
}

/// The schema of a release's name.
pub fn release_schema() -> Object {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-f]{16}$")).build()
}

impl<S: Sync> FromRequestParts<S> for Moment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::of(Code::NotReady))
    }
}

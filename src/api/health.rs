//! Liveness and readiness, for those who run the service.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App,
    params::{NoParams, Query},
};
use crate::{
    content::problem::Counts,
    sync::live::{Failure, Publication, SyncStatus},
};

/// The service is alive.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    #[schema(examples("ok"))]
    status: &'static str,
}

/// How current the published content is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// Whether something is published.
    ready: bool,
    /// Whether the last good content stays, since the last round failed or none has run lately.
    degraded: bool,
    /// Whether no round has run for longer than it should, so that nothing tells how things are now.
    stale: bool,
    /// The release that is public.
    release: Option<String>,
    /// When it became public.
    published_at: Option<DateTime<Utc>>,
    /// When Airtable was last read to the end.
    last_success: Option<DateTime<Utc>>,
    /// When Airtable was last asked.
    last_attempt: Option<DateTime<Utc>>,
    /// Seconds since Airtable was last read to the end.
    #[schema(minimum = 0)]
    age_seconds: Option<i64>,
    /// Rows read in the last good round.
    #[schema(minimum = 0)]
    rows: usize,
    /// Calls made to Airtable since the service started.
    #[schema(minimum = 0)]
    calls: u64,
    /// Why the last round failed.
    failure: Option<SyncFailure>,
    /// Guides that are kept as they last were, because an edit broke them.
    stale_guides: Vec<String>,
    /// What archivists should mend, counted by severity.
    problems: ProblemCounts,
}

/// Why the last round failed.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncFailure {
    /// Stable name of the reason.
    #[schema(examples("unreachable"))]
    code: &'static str,
    /// What happened, in English.
    #[schema(examples("Airtable can't be reached."))]
    message: String,
}

/// Problems of the back office.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemCounts {
    /// Content is missing or kept at its last good version.
    #[schema(minimum = 0)]
    error: usize,
    /// The public sees less, or something odd.
    #[schema(minimum = 0)]
    warning: usize,
    /// Worth a look.
    #[schema(minimum = 0)]
    info: usize,
}

/// Tell whether the service is alive
///
/// Says that the process answers, and nothing of its content.
#[utoipa::path(
    get, path = "/healthz", tag = "health", operation_id = "get_health",
    responses((status = 200, description = "Alive.", body = Health)),
)]
pub async fn get_health(_: Query<NoParams>) -> Response {
    not_stored(StatusCode::OK, Health { status: "ok" })
}

/// Tell whether the service has something to publish
///
/// 200 as soon as a release is public, and as long as one is, even when Airtable can't be read:
/// `degraded`, `stale` and `ageSeconds` then say so. 503 before.
#[utoipa::path(
    get, path = "/readyz", tag = "health", operation_id = "get_readiness",
    responses(
        (status = 200, description = "Something is published.", body = Readiness),
        (status = 503, description = "Nothing is published yet.", body = Readiness),
    ),
)]
pub async fn get_readiness(State(app): State<App>, _: Query<NoParams>) -> Response {
    let publication = app.live.publication();
    let status = match publication {
        Some(_) => StatusCode::OK,
        None => StatusCode::SERVICE_UNAVAILABLE,
    };
    let stale_after = app.settings.stale_after;
    let body = readiness(publication.as_deref(), &app.live.status(), (app.clock)(), stale_after);
    let mut response = not_stored(status, body);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let wait = app.settings.retry_after.as_secs().max(1);
        response.headers_mut().insert(header::RETRY_AFTER, wait.into());
    }
    response
}

fn readiness(
    publication: Option<&Publication>,
    status: &SyncStatus,
    now: DateTime<Utc>,
    stale_after: Duration,
) -> Readiness {
    let since_attempt = status.last_attempt.and_then(|at| (now - at).to_std().ok());
    let stale = since_attempt.is_some_and(|since| since > stale_after);
    let guides = publication.iter().flat_map(|live| live.release.content().guides.values());
    Readiness {
        ready: publication.is_some(),
        degraded: status.failure.is_some() || stale,
        stale,
        release: publication.map(|live| live.release.id().to_string()),
        published_at: publication.map(|live| live.published_at),
        last_success: status.last_success,
        last_attempt: status.last_attempt,
        age_seconds: status.last_success.map(|at| (now - at).num_seconds().max(0)),
        rows: status.rows,
        calls: status.calls,
        failure: status.failure.as_ref().map(SyncFailure::from),
        stale_guides: guides.filter(|g| g.is_stale).map(|g| g.slug.to_string()).collect(),
        problems: Counts::of(&status.problems).into(),
    }
}

impl From<&Failure> for SyncFailure {
    fn from(failure: &Failure) -> Self {
        Self { code: failure.code, message: failure.message.clone() }
    }
}

impl From<Counts> for ProblemCounts {
    fn from(Counts { errors, warnings, infos }: Counts) -> Self {
        Self { error: errors, warning: warnings, info: infos }
    }
}

fn not_stored(status: StatusCode, body: impl Serialize) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

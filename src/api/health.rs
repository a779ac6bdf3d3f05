//! Liveness and readiness, for those who run the service.

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
    App, Settings,
    params::{NoParams, Query},
};
use crate::{
    content::problem::Counts,
    sync::{
        budget,
        live::{Failure, Hearing, Held, Live, Publication},
    },
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
    /// Whether no round has run although one is long due, so that nothing tells how things are now.
    stale: bool,
    /// The release that is public.
    release: Option<String>,
    /// When it became public.
    published_at: Option<DateTime<Utc>>,
    /// When Airtable was last read to the end.
    last_success: Option<DateTime<Utc>>,
    /// When Airtable was last asked.
    last_attempt: Option<DateTime<Utc>>,
    /// When the whole base was last read.
    last_full: Option<DateTime<Utc>>,
    /// When Airtable is asked next at the latest, as the schedule and the budget have it.
    next_round: Option<DateTime<Utc>>,
    /// Seconds since Airtable was last read to the end.
    #[schema(minimum = 0)]
    age_seconds: Option<i64>,
    /// Rows read in the last good round.
    #[schema(minimum = 0)]
    rows: usize,
    /// Calls made to Airtable since the service started.
    #[schema(minimum = 0)]
    calls: u64,
    /// Rows that a reading of the whole base found other than they were known to be, since the
    /// service started: changes that were missed.
    #[schema(minimum = 0)]
    drift: u64,
    /// Why the last round failed.
    failure: Option<SyncFailure>,
    /// The release that waits to be confirmed, because it would remove much.
    held: Option<HeldRelease>,
    /// How changes are heard of; `null` until a round has found out.
    webhook: Option<WebhookState>,
    /// The calls to Airtable of the calendar month; `null` where they are not counted.
    budget: Option<BudgetState>,
    /// Why the last round is not kept on disk: a restart would go on from an earlier one.
    store_failure: Option<String>,
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

/// A release that waits to be confirmed.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldRelease {
    /// Its name, for `locadocs release accept`.
    #[schema(examples("d7cb69df965c2de9"))]
    release: String,
    /// Since when it waits.
    since: DateTime<Utc>,
    /// Stable name of the reason.
    #[schema(examples("mass-removal"))]
    code: &'static str,
    /// The reason, in English.
    #[schema(examples("60 holdings are public, and only 1 would stay"))]
    reason: String,
}

/// How changes are heard of.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookState {
    /// Which way.
    mode: WebhookMode,
    /// Why not a better one, where one is wanted.
    reason: Option<String>,
}

/// A way to hear of changes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WebhookMode {
    /// Airtable pings: changes are public within seconds.
    Pings,
    /// Airtable is asked for what changed, at each round.
    Polling,
    /// There is no webhook: each round reads the whole base.
    None,
}

/// The calls to Airtable of the calendar month, in UTC, as of the last round.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BudgetState {
    /// Calls that were made.
    #[schema(minimum = 0)]
    spent: u64,
    /// Calls that may still be made; `null` is without limit.
    #[schema(minimum = 0)]
    left: Option<u64>,
    /// Airtable said that its own quota is spent: no call is made before this instant.
    quiet_until: Option<DateTime<Utc>>,
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
    let body = readiness(publication.as_deref(), &app.live, (app.clock)(), &app.settings);
    let mut response = not_stored(status, body);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let wait = app.settings.retry_after.as_secs().max(1);
        response.headers_mut().insert(header::RETRY_AFTER, wait.into());
    }
    response
}

fn readiness(
    publication: Option<&Publication>,
    live: &Live,
    now: DateTime<Utc>,
    settings: &Settings,
) -> Readiness {
    let (status, next_round) = (live.status(), live.next_round());
    let due = status.last_attempt.max(next_round);
    let late = due.and_then(|at| (now - at).to_std().ok());
    let stale = late.is_some_and(|late| late > settings.stale_after);
    let guides = publication.iter().flat_map(|live| live.release.content().guides.values());
    Readiness {
        ready: publication.is_some(),
        degraded: status.failure.is_some() || stale,
        stale,
        release: publication.map(|live| live.release.id().to_string()),
        published_at: publication.map(|live| live.published_at),
        last_success: status.last_success,
        last_attempt: status.last_attempt,
        last_full: status.last_full,
        next_round,
        age_seconds: status.last_success.map(|at| (now - at).num_seconds().max(0)),
        rows: status.rows,
        calls: status.calls,
        drift: status.drift,
        failure: status.failure.as_ref().map(SyncFailure::from),
        held: status.held.as_ref().map(HeldRelease::from),
        webhook: webhook(&status.hearing),
        budget: status.budget.as_ref().map(BudgetState::from),
        store_failure: status.store_failure.clone(),
        stale_guides: guides.filter(|g| g.is_stale).map(|g| g.slug.to_string()).collect(),
        problems: Counts::of(&status.problems).into(),
    }
}

impl From<&Failure> for SyncFailure {
    fn from(failure: &Failure) -> Self {
        Self { code: failure.code, message: failure.message.clone() }
    }
}

impl From<&Held> for HeldRelease {
    fn from(Held { release, since, doubt }: &Held) -> Self {
        let reason = doubt.to_string();
        Self { release: release.clone(), since: *since, code: doubt.code(), reason }
    }
}

fn webhook(hearing: &Hearing) -> Option<WebhookState> {
    let (mode, reason) = match hearing {
        Hearing::Unknown => return None,
        Hearing::Pings => (WebhookMode::Pings, None),
        Hearing::Polling { why } => (WebhookMode::Polling, why.clone()),
        Hearing::Listing { why } => (WebhookMode::None, why.clone()),
    };
    Some(WebhookState { mode, reason })
}

impl From<&budget::Status> for BudgetState {
    fn from(status: &budget::Status) -> Self {
        let budget::Status { spent, left, quiet_until, .. } = status;
        Self { spent: *spent, left: *left, quiet_until: *quiet_until }
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

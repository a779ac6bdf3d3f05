//! The releases that are kept: when each became public, how much is in it, and what it changed.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use super::{
    changes::{self, Difference, Kind, Operation},
    paging::Page,
    root::Counts,
    window::{self, Window},
};
use crate::{
    api::{
        App,
        answer::Answer,
        history::Entry,
        moment::{EXPECTED_RELEASE, Moment, release_id, release_schema},
        params::{self, FromParams, Params, Query, Segments},
        problem::Problem,
    },
    catalog::{Release, ReleaseId},
    content::{holding::Holding, ids::RecordId},
    reference::Reference,
};

mod fields;
mod records;
mod summary;

pub use fields::FieldChange;

/// Releases, a page of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReleaseList {
    /// The releases, newest first. The same name comes again where an edit was undone.
    items: Vec<ReleaseSummary>,
    /// Where the page stands.
    page: Page,
}

/// A release.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseSummary {
    /// Its name, for `?release=` and `since`: the same content has the same name everywhere.
    #[schema(examples("9f2c1b7a3d5e8f60"))]
    id: String,
    /// When it became public.
    published_at: DateTime<Utc>,
    /// How much is in it.
    counts: Counts,
    /// Whether it is what is public now.
    current: bool,
}

/// A release, and what it changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseDetail {
    #[serde(flatten)]
    release: ReleaseSummary,
    /// The release with which it is compared: the one asked for, or else the one before it; null
    /// where that is not kept.
    #[schema(examples("1b7a3d5e8f609f2c"))]
    since: Option<String>,
    /// What changed, in a sentence, in French.
    #[schema(examples("1 guide modifié et 2 services ajoutés."))]
    summary: String,
    /// What changed, a page of it: guides, then documents, services and local records.
    items: Vec<ReleaseChange>,
    /// Where the page stands.
    page: Page,
}

/// What became of something.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseChange {
    /// What it is.
    kind: RecordKind,
    /// What became of it.
    operation: Operation,
    /// Public name of the guide, document or service; for a local record, that of its document.
    slug: String,
    /// Its title or name, as it is now, or was last; for a local record, that of its document.
    name: Option<String>,
    /// Names of the territories of a local record; empty for all else.
    territories: Vec<String>,
    /// How many fields differ.
    #[schema(minimum = 0)]
    field_count: usize,
    /// The fields that differ, the first 50 by path; empty where the whole was created or deleted.
    fields: Vec<FieldChange>,
}

/// What something is: a guide, a document, a service, or a local record, which tells who keeps a
/// document, where and of when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// A guide, steps included.
    Guide,
    /// A kind of document.
    Document,
    /// A service.
    Service,
    /// A local record.
    LocalRecord,
}

impl RecordKind {
    /// Every kind, in the order of lists.
    pub const ALL: [Self; 4] = [Self::Guide, Self::Document, Self::Service, Self::LocalRecord];
}

/// Which releases.
#[derive(Debug)]
pub struct ReleaseListQuery(Window);

impl IntoParams for ReleaseListQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        window::parameters().into()
    }
}

impl FromParams for ReleaseListQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        Window::read(params).map(Self)
    }
}

/// Compared with what, and which part.
#[derive(Debug)]
pub struct ReleaseQuery {
    since: Option<ReleaseId>,
    window: Window,
}

impl IntoParams for ReleaseQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let since = params::optional(
            "since",
            "The release to compare it with. By default the one before it.",
            release_schema(),
            "1b7a3d5e8f609f2c",
        );
        [since].into_iter().chain(window::parameters()).collect()
    }
}

impl FromParams for ReleaseQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        Ok(Self { since: release_id(params, "since")?, window: Window::read(params)? })
    }
}

/// Declares the release in a path.
pub struct ReleasePath;

impl IntoParams for ReleasePath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let example = "9f2c1b7a3d5e8f60";
        vec![params::path("id", "Name of the release.", release_schema(), example)]
    }
}

/// List releases
///
/// The releases that are kept, newest first: each can be read with `?release=`.
#[utoipa::path(
    get, path = "/v1/releases", tag = "releases", operation_id = "list_releases",
    params(ReleaseListQuery),
    responses((status = 200, description = "A page of releases.", body = ReleaseList)),
)]
pub async fn list_releases(
    State(app): State<App>,
    moment: Moment,
    Query(ReleaseListQuery(window)): Query<ReleaseListQuery>,
) -> Result<Answer<ReleaseList>, Problem> {
    let current = moment.release().id();
    let entries = app.history.entries(&moment.publication).await?;
    let head = window.settled().unwrap_or(current);
    let after = entries.iter().position(|entry| entry.id == *head).unwrap_or(entries.len());
    let listed = entries.get(after..).unwrap_or_default();
    let (shown, page) = window.cut(listed, head);
    let items = shown.iter().map(|entry| ReleaseSummary::new(entry, current)).collect();
    let link = page.link("/v1/releases", &[]);
    Ok(Answer::content(ReleaseList { items, page }).link(&link))
}

/// Read a release
///
/// How much is in it, and what it changed: each guide, document, service and local record, with the
/// fields that differ.
#[utoipa::path(
    get, path = "/v1/releases/{id}", tag = "releases", operation_id = "get_release",
    params(ReleasePath, ReleaseQuery),
    responses((status = 200, description = "The release.", body = ReleaseDetail)),
)]
pub async fn get_release(
    State(app): State<App>,
    moment: Moment,
    Segments(id): Segments<String>,
    Query(query): Query<ReleaseQuery>,
) -> Result<Answer<ReleaseDetail>, Problem> {
    let id: ReleaseId = id.parse().map_err(|_| Problem::invalid("id", &id, EXPECTED_RELEASE))?;
    let entries = app.history.entries(&moment.publication).await?;
    let at = entries.iter().position(|entry| entry.id == id);
    let now = app.history.find(&id, "id").await?;
    let ReleaseQuery { since, window } = query;
    let since = window.settled().cloned().or(since).or_else(|| before(&entries, at?));
    let entry = match at.and_then(|at| entries.get(at)) {
        Some(entry) => entry.clone(),
        None => Entry {
            id: id.clone(),
            published_at: now.published_at,
            counts: Counts::from(now.release.content()),
        },
    };
    let release = ReleaseSummary::new(&entry, moment.release().id());
    let Some(since) = since else {
        let summary = "Rien d'antérieur n'est conservé.".to_owned();
        let (_, page) = window.cut::<()>(&[], &id);
        let (since, items) = (None, Vec::new());
        return Ok(Answer::content(ReleaseDetail { release, since, summary, items, page }));
    };
    let was = app.history.find(&since, "since").await?;
    let differences = app.history.differences(&was, &now).await?;
    let pair = Pair { was: &was.release, is: &now.release, reference: app.reference };
    let found = pair.all(&differences);
    let (shown, page) = window.cut(&found, &since);
    let link = page.link(&format!("/v1/releases/{id}"), &[("since", Some(since.as_str()))]);
    let summary = summary::sentence(found.iter().map(|(found, what)| (found.kind(), *what)));
    let items = shown.iter().filter_map(|(found, what)| pair.change(found, *what)).collect();
    let since = Some(since.to_string());
    Ok(Answer::content(ReleaseDetail { release, since, summary, items, page }).link(&link))
}

/// The release before one in the history.
fn before(entries: &[Entry], at: usize) -> Option<ReleaseId> {
    entries.get(at + 1).map(|entry| entry.id.clone())
}

impl ReleaseSummary {
    fn new(entry: &Entry, current: &ReleaseId) -> Self {
        Self {
            id: entry.id.to_string(),
            published_at: entry.published_at,
            counts: entry.counts,
            current: entry.id == *current,
        }
    }
}

/// Two releases that are compared.
#[derive(Clone, Copy)]
struct Pair<'a> {
    was: &'a Release,
    is: &'a Release,
    reference: &'a Reference,
}

/// Something that differs, before it is written.
enum Found<'a> {
    Item(&'a Difference),
    Record(&'a RecordId),
}

impl Found<'_> {
    fn kind(&self) -> RecordKind {
        match self {
            Self::Item(item) => match item.kind {
                Kind::Guide => RecordKind::Guide,
                Kind::Document => RecordKind::Document,
                Kind::Service => RecordKind::Service,
            },
            Self::Record(_) => RecordKind::LocalRecord,
        }
    }
}

impl<'a> Pair<'a> {
    /// All that differs to the public.
    fn all(self, differences: &'a changes::Differences) -> Vec<(Found<'a>, Operation)> {
        let items = differences.items.iter().map(|item| (Found::Item(item), item.operation));
        let records = differences.records.iter().filter_map(|record| {
            let told = |(holding, release)| records::render(holding, release);
            let [was, is] = self.records(record).map(|found| found.map(told));
            Some((Found::Record(record), Operation::of(was, is)?))
        });
        items.chain(records).collect()
    }

    /// A local record as it was and as it is.
    fn records(self, record: &RecordId) -> [Option<(&'a Holding, &'a Release)>; 2] {
        [self.was, self.is].map(|release| Some((records::find(release, record)?, release)))
    }

    fn change(self, found: &Found<'_>, operation: Operation) -> Option<ReleaseChange> {
        let (slug, name, territories, told) = match found {
            Found::Item(Difference { kind, slug, .. }) => {
                let told = [self.was, self.is]
                    .map(|release| changes::render(*kind, slug, release, self.reference));
                let latest = told.iter().flatten().next_back()?;
                let name = latest.get("title").or(latest.get("name"));
                let name = name.and_then(Value::as_str).map(str::to_owned);
                (slug.to_string(), name, Vec::new(), told)
            }
            Found::Record(record) => {
                let pair = self.records(record);
                let (holding, release) = pair.into_iter().flatten().next_back()?;
                let document = release.content().documents.get(&holding.document);
                let told =
                    pair.map(|it| it.map(|(holding, release)| records::render(holding, release)));
                (
                    holding.document.to_string(),
                    document.map(|document| document.name.clone()),
                    records::territories(holding, release),
                    told,
                )
            }
        };
        let (field_count, fields) = match &told {
            [Some(was), Some(is)] => fields::compare(Some(was), Some(is)),
            _ => (0, Vec::new()),
        };
        let kind = found.kind();
        Some(ReleaseChange { kind, operation, slug, name, territories, field_count, fields })
    }
}

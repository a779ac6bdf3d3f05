//! What changed between two releases: a mirror stays current with one cheap request.
//!
//! A mirror reads everything once with `?release=`, then asks for the changes since that release,
//! reads again what they name with `?release=` of their `release`, and keeps that name for the next
//! time.

use axum::extract::State;
use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use super::{
    local_answer::TerritoryLevel,
    paging::Page,
    window::{self, Window},
};
use crate::{
    api::{
        App,
        answer::Answer,
        moment::{Moment, release_id, release_schema},
        params::{self, FromParams, Params, Query},
        problem::Problem,
    },
    catalog::{
        ReleaseId,
        affected::{self, Affected},
    },
    reference::{InseeCode, Reference},
};

mod differences;
#[cfg(test)]
mod tests;

pub use differences::{Difference, Differences, render};

/// What changed, a page of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeList {
    /// The release since which.
    #[schema(examples("9f2c1b7a3d5e8f60"))]
    since: String,
    /// The release up to which: `since` of the next call, once all pages are read. All pages have
    /// the same, though another one be published meanwhile.
    #[schema(examples("1b7a3d5e8f609f2c"))]
    release: String,
    /// Guides, then documents, services and local answers.
    items: Vec<Change>,
    /// Where the page stands.
    page: Page,
}

/// Something to read again, or to forget.
#[derive(Debug, Serialize, ToSchema)]
pub struct Change {
    /// What it is.
    kind: ChangeKind,
    /// What became of it.
    operation: Operation,
    /// Public name of the guide, document or service; null for local answers.
    slug: Option<String>,
    /// Where to read it, as of that release; null where it was deleted, and for local answers.
    #[schema(format = "uri-reference")]
    url: Option<String>,
    /// For local answers, the document; null is every document.
    document: Option<String>,
    /// For local answers, where they may differ: `/v1/locate` is to be asked again.
    place: Option<Place>,
}

/// What changed: a guide, a document, a service, or the local answers of a document in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// A guide, steps included.
    Guide,
    /// A kind of document.
    Document,
    /// A service.
    Service,
    /// The local answers of a document in a place.
    LocalAnswers,
}

/// What became of something: there was none, it is told otherwise, or there is none any more.
/// Local answers are always `updated`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// There was none.
    Created,
    /// It is told otherwise.
    Updated,
    /// There is none any more.
    Deleted,
}

/// A commune with all its parts, a part of one, or all communes of a territory.
#[derive(Debug, Serialize, ToSchema)]
pub struct Place {
    /// What it is.
    level: TerritoryLevel,
    /// INSEE's code, or the SIREN number of an EPCI; null for France.
    #[schema(examples("35238"))]
    code: Option<String>,
    /// Its name.
    #[schema(examples("Rennes"))]
    name: Option<String>,
}

/// What is listed by its slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A guide.
    Guide,
    /// A kind of document.
    Document,
    /// A service.
    Service,
}

/// Since when, and which page.
#[derive(Debug)]
pub struct ChangeQuery {
    since: ReleaseId,
    window: Window,
}

impl IntoParams for ChangeQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let since = params::required(
            "since",
            "The release that the client has, as `X-Release`, `release` of the last changes or \
             `/v1/releases` names it.",
            release_schema(),
            "9f2c1b7a3d5e8f60",
        );
        [since].into_iter().chain(window::parameters()).collect()
    }
}

impl FromParams for ChangeQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        let since = release_id(params, "since")?;
        Ok(Self {
            since: since.ok_or_else(|| Problem::missing("since"))?,
            window: Window::read(params)?,
        })
    }
}

/// Tell what changed
///
/// Everything that is told otherwise than in the release `since`, up to the current one: what to
/// read again with `?release=`, and what to forget. An item changed when any part of what the API
/// tells of it did, such as a picture that it shows. When the release is unknown or too old, the
/// error says how to start again.
#[utoipa::path(
    get, path = "/v1/changes", tag = "releases", operation_id = "list_changes",
    params(ChangeQuery),
    responses((status = 200, description = "A page of what changed.", body = ChangeList)),
)]
pub async fn list_changes(
    State(app): State<App>,
    moment: Moment,
    Query(query): Query<ChangeQuery>,
) -> Result<Answer<ChangeList>, Problem> {
    let ChangeQuery { since, window } = query;
    let now = match window.settled() {
        Some(id) => app.history.find(id, "cursor").await?,
        None => moment.publication,
    };
    let before = app.history.find(&since, "since").await?;
    let differences = app.history.differences(&before, &now).await?;
    let id = now.release.id();
    let items = differences.items.iter().map(Found::Item);
    let places = differences.places.iter().map(Found::Place);
    let found: Vec<Found<'_>> = items.chain(places).collect();
    let (shown, page) = window.cut(&found, id);
    let items = shown.iter().map(|found| match found {
        Found::Item(item) => Change::of_item(item, id),
        Found::Place(place) => Change::of_place(place, app.reference),
    });
    let link = page.link("/v1/changes", &[("since", Some(since.as_str()))]);
    let body = ChangeList {
        since: since.to_string(),
        release: id.to_string(),
        items: items.collect(),
        page,
    };
    Ok(Answer::content(body).link(&link))
}

/// A line of the list, before it is written.
enum Found<'a> {
    Item(&'a Difference),
    Place(&'a Affected),
}

impl Kind {
    /// The path under which it is read.
    pub fn path(self) -> &'static str {
        match self {
            Self::Guide => "/v1/guides",
            Self::Document => "/v1/documents",
            Self::Service => "/v1/services",
        }
    }
}

impl From<Kind> for ChangeKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Guide => Self::Guide,
            Kind::Document => Self::Document,
            Kind::Service => Self::Service,
        }
    }
}

impl Change {
    fn of_item(item: &Difference, release: &ReleaseId) -> Self {
        let Difference { kind, slug, operation } = item;
        let url = || format!("{}/{slug}?release={release}", kind.path());
        Self {
            kind: (*kind).into(),
            operation: *operation,
            slug: Some(slug.to_string()),
            url: (*operation != Operation::Deleted).then(url),
            document: None,
            place: None,
        }
    }

    fn of_place(affected: &Affected, reference: &Reference) -> Self {
        Self {
            kind: ChangeKind::LocalAnswers,
            operation: Operation::Updated,
            slug: None,
            url: None,
            document: affected.document.as_ref().map(ToString::to_string),
            place: Some(Place::new(affected.place, reference)),
        }
    }
}

impl Place {
    fn new(place: affected::Place, reference: &Reference) -> Self {
        use affected::Place as P;
        let commune = |code: InseeCode| reference.find(code).map(|found| &*found.commune().name);
        let (level, code, name) = match &place {
            P::SubCommune(code) => (TerritoryLevel::SubCommune, code.as_str(), commune(*code)),
            P::Commune(code) => (TerritoryLevel::Commune, code.as_str(), commune(*code)),
            P::Epci(code) => {
                let name = reference.epci(*code).map(|epci| &*epci.name);
                (TerritoryLevel::Epci, code.as_str(), name)
            }
            P::Departement(code) => {
                let name = reference.departement(*code).map(|found| &*found.name);
                (TerritoryLevel::Departement, code.as_str(), name)
            }
            P::Region(code) => {
                let name = reference.region(*code).map(|region| &*region.name);
                (TerritoryLevel::Region, code.as_str(), name)
            }
            P::National => (TerritoryLevel::National, "", Some("France")),
        };
        Self {
            level,
            code: Some(code).filter(|code| !code.is_empty()).map(str::to_owned),
            name: name.map(str::to_owned),
        }
    }
}

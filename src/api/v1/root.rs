//! What is here.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        App,
        answer::Answer,
        moment::Moment,
        params::{NoParams, Query},
    },
    catalog::{ItemKind, release::Content},
};

/// What is here.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Root {
    /// The version of the API.
    #[schema(examples("v1"))]
    version: &'static str,
    /// The release that is public: the same content has the same name everywhere.
    release: String,
    /// When it became public.
    published_at: DateTime<Utc>,
    /// How much is in it.
    counts: Counts,
    /// Version of the official division of France in use, that of the package
    /// `@etalab/decoupage-administratif`.
    #[schema(examples("6.0.0"))]
    reference: String,
    /// Where things are.
    links: Links,
}

/// How much is published.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Counts {
    /// Guides.
    #[schema(minimum = 0)]
    guides: usize,
    /// Kinds of document.
    #[schema(minimum = 0)]
    documents: usize,
    /// Services.
    #[schema(minimum = 0)]
    services: usize,
    /// Local records: who keeps what, where and of when.
    #[schema(minimum = 0)]
    holdings: usize,
}

/// Where things are. Replace what is in braces (RFC 6570).
#[derive(Debug, Serialize, ToSchema)]
pub struct Links {
    /// Guides.
    guides: &'static str,
    /// Kinds of document.
    documents: &'static str,
    /// Services.
    services: &'static str,
    /// Autocomplete and list of communes.
    communes: &'static str,
    /// The local answer.
    locate: &'static str,
    /// Search.
    search: &'static str,
    /// What changed since a release.
    changes: &'static str,
    /// The releases that are kept.
    releases: &'static str,
    /// Events: a new release.
    events: &'static str,
    /// The OpenAPI document.
    openapi: &'static str,
    /// A page to read and try the API.
    docs: &'static str,
}

const LINKS: Links = Links {
    guides: "/v1/guides",
    documents: "/v1/documents",
    services: "/v1/services",
    communes: "/v1/communes{?q,departement,region,epci,kind,postcode,limit}",
    locate: "/v1/locate{?document,commune,kind,date}",
    search: "/v1/search{?q,kind,lang,limit,cursor}",
    changes: "/v1/changes{?since,limit}",
    releases: "/v1/releases",
    events: "/v1/events",
    openapi: "/openapi.json",
    docs: "/docs/",
};

/// Show what is here
///
/// The release that is public, how much is in it, and where things are.
#[utoipa::path(
    get, path = "/v1", tag = "about", operation_id = "get_root",
    responses((status = 200, description = "What is here.", body = Root)),
)]
pub async fn get_root(State(app): State<App>, moment: Moment, _: Query<NoParams>) -> Answer<Root> {
    Answer::content(Root {
        version: "v1",
        release: moment.release().id().to_string(),
        published_at: moment.publication.published_at,
        counts: Counts::from(moment.release().content()),
        reference: app.reference.source().package.to_string(),
        links: LINKS,
    })
}

impl From<&Content> for Counts {
    fn from(content: &Content) -> Self {
        Self {
            guides: content.guides.len(),
            documents: content.documents.len(),
            services: content.services.len(),
            holdings: content.holdings.len(),
        }
    }
}

impl From<&BTreeMap<ItemKind, u64>> for Counts {
    fn from(counts: &BTreeMap<ItemKind, u64>) -> Self {
        let of = |kind| counts.get(&kind).map_or(0, |count| usize::try_from(*count).unwrap_or(0));
        Self {
            guides: of(ItemKind::Guide),
            documents: of(ItemKind::Document),
            services: of(ItemKind::Service),
            holdings: of(ItemKind::Holding),
        }
    }
}

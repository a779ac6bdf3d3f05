//! What an answer leads to, given along with it when `include` asks for it.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use super::{documents::Document, guides::GuideSummary, services::Service};
use crate::{
    api::{
        params::{self, FromParams, Params},
        problem::Problem,
    },
    catalog::Release,
    content::{document, guide, ids::Slug},
    reference::Reference,
};

/// Most services that are given along.
const MAX_SERVICES: usize = 200;

/// What a guide leads to; null for what `include` did not ask for.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuideIncluded {
    /// The documents that its steps are about, by slug.
    documents: Option<Vec<Document>>,
    /// The services that local records of these documents name, by slug; 200 at most.
    services: Option<Vec<Service>>,
    /// Whether there are more services than are given.
    truncated: bool,
}

/// What leads to a document, and who keeps some; null for what `include` did not ask for.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentIncluded {
    /// The guides with a step about it, by slug.
    guides: Option<Vec<GuideSummary>>,
    /// The services that its local records name, by slug; 200 at most.
    services: Option<Vec<Service>>,
    /// Whether there are more services than are given.
    truncated: bool,
}

/// What can be given along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Guides,
    Documents,
    Services,
}

const WITH_GUIDE: &[(&str, Kind)] = &[("documents", Kind::Documents), ("services", Kind::Services)];
const WITH_DOCUMENT: &[(&str, Kind)] = &[("guides", Kind::Guides), ("services", Kind::Services)];

/// What to give along with a guide.
#[derive(Debug, Default)]
pub struct WithGuide(Vec<Kind>);

/// What to give along with a document.
#[derive(Debug)]
pub struct WithDocument(Vec<Kind>);

impl IntoParams for WithGuide {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter(WITH_GUIDE)]
    }
}

impl IntoParams for WithDocument {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![parameter(WITH_DOCUMENT)]
    }
}

impl FromParams for WithGuide {
    fn read(params: &Params) -> Result<Self, Problem> {
        params.some_of("include", WITH_GUIDE).map(Self)
    }
}

impl FromParams for WithDocument {
    fn read(params: &Params) -> Result<Self, Problem> {
        params.some_of("include", WITH_DOCUMENT).map(Self)
    }
}

fn parameter(options: &[(&str, Kind)]) -> Parameter {
    let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
    let description = "What to give along in `included`, parted by commas.";
    params::optional_list("include", description, names.iter().copied(), &names)
}

impl WithGuide {
    /// What is asked for along with a guide, if anything is.
    pub fn of(
        &self,
        guide: &guide::Guide,
        release: &Release,
        reference: &Reference,
    ) -> Option<GuideIncluded> {
        let Self(kinds) = self;
        let documents: Vec<_> = release.documents_of(guide).collect();
        let slugs = documents.iter().map(|document| &document.slug).collect();
        let (services, truncated) = services(kinds, &slugs, release, reference);
        (!kinds.is_empty()).then(|| GuideIncluded {
            documents: kinds
                .contains(&Kind::Documents)
                .then(|| documents.into_iter().map(Document::from).collect()),
            services,
            truncated,
        })
    }
}

impl WithDocument {
    /// What is asked for along with a document, if anything is.
    pub fn of(
        &self,
        document: &document::Document,
        release: &Release,
        reference: &Reference,
    ) -> Option<DocumentIncluded> {
        let Self(kinds) = self;
        let slugs = BTreeSet::from([&document.slug]);
        let (services, truncated) = services(kinds, &slugs, release, reference);
        (!kinds.is_empty()).then(|| DocumentIncluded {
            guides: kinds
                .contains(&Kind::Guides)
                .then(|| release.guides_about(&document.slug).map(GuideSummary::from).collect()),
            services,
            truncated,
        })
    }
}

/// The services of some documents if they are asked for, and whether there are more.
fn services(
    kinds: &[Kind],
    documents: &BTreeSet<&Slug>,
    release: &Release,
    reference: &Reference,
) -> (Option<Vec<Service>>, bool) {
    if !kinds.contains(&Kind::Services) {
        return (None, false);
    }
    let mut found = release.services_for(documents);
    let given = found.by_ref().take(MAX_SERVICES);
    let given = given.map(|service| Service::new(service, release, reference)).collect();
    (Some(given), found.next().is_some())
}

//! What belongs together in a release: guides, the documents to which they lead, and the services that
//! records of these documents name.

use std::{collections::BTreeSet, ops::Deref as _};

use super::{item::Item, release::Release};
use crate::content::{document::Document, guide::Guide, ids::Slug, service::Service};

impl Release {
    /// The documents that steps of a guide are about, by slug.
    pub fn documents_of(&self, guide: &Guide) -> impl Iterator<Item = &Document> {
        let slugs: BTreeSet<&Slug> = named(guide).collect();
        slugs.into_iter().filter_map(|slug| Some(&**self.content().documents.get(slug)?))
    }

    /// The guides with a step about a document, by slug.
    pub fn guides_about(&self, document: &Slug) -> impl Iterator<Item = &Guide> {
        let guides = self.content().guides.values().map(Item::deref);
        guides.filter(move |guide| is_about(guide, document))
    }

    /// The services that local records of some documents name, as keepers or to be asked first, by
    /// slug.
    pub fn services_for(&self, documents: &BTreeSet<&Slug>) -> impl Iterator<Item = &Service> {
        let holdings = self.content().holdings.iter();
        let holdings = holdings.filter(|holding| documents.contains(&holding.document));
        let slugs: BTreeSet<&Slug> = holdings
            .flat_map(|holding| holding.service.iter().chain(&holding.contact_first))
            .collect();
        slugs.into_iter().filter_map(|slug| Some(&**self.content().services.get(slug)?))
    }

    /// The documents of which a service keeps some, by slug.
    pub fn documents_kept_by(&self, service: &Slug) -> BTreeSet<&Slug> {
        let holdings = self.content().holdings.iter();
        let kept = holdings.filter(|holding| holding.service.as_ref() == Some(service));
        kept.map(|holding| &holding.document).collect()
    }
}

/// Whether a step of a guide is about a document.
pub fn is_about(guide: &Guide, document: &Slug) -> bool {
    named(guide).any(|named| named == document)
}

fn named(guide: &Guide) -> impl Iterator<Item = &Slug> {
    guide.steps.values().filter_map(|step| step.document.as_ref())
}

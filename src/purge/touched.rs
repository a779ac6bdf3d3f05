//! Which answers may differ between two releases.
//!
//! Told by what the kinds of answers are made of, and rather too many than too few: an answer that
//! has none of these tags is the same in both.

use std::collections::BTreeSet;

use super::tag::{Kind, Tag, Tags};
use crate::catalog::{Release, changes};

/// Most tags worth telling one by one; beyond, everything is dropped. Caches take a few hundred.
const MOST: usize = 250;

/// Everything that is published.
pub fn everything() -> Tags {
    BTreeSet::from([Tag::Content])
}

/// The tags of all answers that may differ between two releases; none if the releases are the same.
pub fn between(before: &Release, now: &Release) -> Tags {
    if before.id() == now.id() {
        return Tags::new();
    }
    let mut tags = Tags::from([Tag::Release]);
    let (was, is) = (before.content(), now.content());
    let one = |kind, slug: &crate::content::ids::Slug| Tag::One(kind, slug.as_str().into());

    let mut guides = changes::differing(&was.guides, &is.guides).peekable();
    if guides.peek().is_some() {
        // A walk may lead from one guide into another.
        tags.extend([Tag::List(Kind::Guide), Tag::Kind(Kind::Walk)]);
    }
    tags.extend(guides.map(|slug| one(Kind::Guide, slug)));

    let mut documents = changes::differing(&was.documents, &is.documents).peekable();
    if documents.peek().is_some() {
        // Steps name their documents.
        let all = [Kind::Guide, Kind::Walk].map(Tag::Kind);
        tags.extend(all.into_iter().chain([Tag::List(Kind::Document)]));
    }
    for slug in documents {
        tags.extend([one(Kind::Document, slug), one(Kind::LocalAnswer, slug)]);
    }

    let mut services = changes::differing(&was.services, &is.services).peekable();
    if services.peek().is_some() {
        // Wherever nothing is known, a local answer names the services of the commune.
        let all = [Kind::Commune, Kind::LocalAnswer, Kind::Walk].map(Tag::Kind);
        tags.extend(all.into_iter().chain([Tag::List(Kind::Service)]));
    }
    tags.extend(services.map(|slug| one(Kind::Service, slug)));

    if changes::differing(&was.territories, &is.territories).next().is_some() {
        tags.extend([Kind::LocalAnswer, Kind::Walk].map(Tag::Kind));
    }
    for (was, is) in changes::differing_holdings(&was.holdings, &is.holdings) {
        let documents = [was, is].into_iter().flatten().map(|holding| &holding.document);
        tags.extend(documents.map(|document| one(Kind::LocalAnswer, document)));
        tags.insert(Tag::Kind(Kind::Walk));
    }
    if was.pictures != is.pictures {
        let all = [Kind::Guide, Kind::Walk, Kind::Service, Kind::LocalAnswer];
        tags.extend(all.map(Tag::Kind));
    }
    if tags.len() > MOST { everything() } else { tags }
}

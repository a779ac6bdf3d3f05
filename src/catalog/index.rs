//! The indexes of a release. What did not change since another release is shared with it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    changes::{differing, differing_holdings},
    item::Item,
    release::{Content, Release},
};
use crate::{
    content::{
        holding::Holding,
        ids::Slug,
        service::{Service, ServiceKind},
        territory::AreaKey,
    },
    reference::{DepartementCode, InseeCode, Reference},
};

/// A holding, and the territory by which it is found at a place.
pub(super) type Place = (Item<Holding>, Slug);

/// The holdings of one document, by the places that they name.
pub(super) type Places = HashMap<AreaKey, Vec<Place>>;

/// Where the holdings of each document are valid.
#[derive(Debug, Default)]
pub(super) struct HoldingIndex(HashMap<Slug, Arc<Places>>);

impl HoldingIndex {
    pub fn new(content: &Content, previous: Option<&Release>) -> Self {
        let Some(previous) = previous else { return Self::of(content, |_| true) };
        let touched = touched(&previous.content, content);
        let mut index = Self::of(content, |document| touched.contains(document));
        let same =
            previous.holdings_at.0.iter().filter(|(document, _)| !touched.contains(*document));
        index.0.extend(same.map(|(document, places)| (document.clone(), Arc::clone(places))));
        index
    }

    fn of(content: &Content, is_wanted: impl Fn(&Slug) -> bool) -> Self {
        let mut index: HashMap<&Slug, Places> = HashMap::new();
        for holding in content.holdings.iter().filter(|holding| is_wanted(&holding.document)) {
            let places = index.entry(&holding.document).or_default();
            for slug in &holding.territories {
                let keys = content.territories.get(slug).map(|territory| territory.keys());
                for key in keys.unwrap_or_default() {
                    places.entry(key).or_default().push((holding.clone(), slug.clone()));
                }
            }
        }
        Self(index.into_iter().map(|(slug, places)| (slug.clone(), Arc::new(places))).collect())
    }

    /// The holdings of a document, by place.
    pub fn of_document(&self, document: &Slug) -> Option<&Arc<Places>> {
        self.0.get(document)
    }

    /// Every document with holdings.
    pub fn documents(&self) -> impl Iterator<Item = (&Slug, &Arc<Places>)> {
        self.0.iter()
    }
}

/// The documents of which a holding, or a territory named by one, differs.
fn touched(before: &Content, now: &Content) -> HashSet<Slug> {
    let holdings = differing_holdings(&before.holdings, &now.holdings);
    let holdings = holdings.flat_map(|(was, is)| was.into_iter().chain(is));
    let mut touched: HashSet<Slug> = holdings.map(|holding| holding.document.clone()).collect();
    let territories: HashSet<&Slug> = differing(&before.territories, &now.territories).collect();
    if !territories.is_empty() {
        let names = |holding: &&Item<Holding>| {
            holding.territories.iter().any(|territory| territories.contains(territory))
        };
        touched.extend(now.holdings.iter().filter(names).map(|holding| holding.document.clone()));
    }
    touched
}

/// Where services sit.
#[derive(Debug, Default)]
pub(super) struct ServiceIndex {
    /// By the commune in which they sit.
    pub in_commune: HashMap<InseeCode, Vec<Slug>>,
    /// The archives of each département.
    pub archives_of: HashMap<DepartementCode, Vec<Slug>>,
}

impl ServiceIndex {
    pub fn new(content: &Content, previous: Option<&Release>, reference: &Reference) -> Arc<Self> {
        let same = previous.filter(|it| Arc::ptr_eq(&it.content.services, &content.services));
        if let Some(same) = same {
            return Arc::clone(&same.services);
        }
        let mut index = Self::default();
        let services = content.services.values();
        for service in services.filter(|service| !service.is_generic) {
            index.add(service, reference);
        }
        Arc::new(index)
    }

    fn add(&mut self, service: &Service, reference: &Reference) {
        let Some(commune) = service.commune.and_then(|code| reference.find(code)) else { return };
        let commune = commune.commune();
        let current = commune.parent.unwrap_or(commune.code);
        self.in_commune.entry(current).or_default().push(service.slug.clone());
        if service.kind == ServiceKind::DepartmentArchives {
            self.archives_of.entry(commune.departement).or_default().push(service.slug.clone());
        }
    }
}

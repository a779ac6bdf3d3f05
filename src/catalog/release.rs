//! A release, and the questions that it answers.

use std::{
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use chrono::NaiveDate;
use indexmap::IndexMap;

use crate::{
    content::{
        document::Document,
        guide::Guide,
        holding::Holding,
        ids::{RecordId, Slug},
        locate::{self, Candidate, Segment},
        period::Days,
        service::{Service, ServiceKind},
        territory::{AreaKey, Territory, keys_reaching},
    },
    reference::{Commune, DepartementCode, InseeCode, Reference},
};

/// The name of a release: a hash of its content, so that the same content has the same name on
/// every machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReleaseId(Arc<str>);

impl ReleaseId {
    /// Sixteen hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One immutable publication of everything that is public.
#[derive(Debug)]
pub struct Release {
    id: ReleaseId,
    content: Content,
    holdings_at: HashMap<(Slug, AreaKey), Vec<(usize, Slug)>>,
    services_in: HashMap<InseeCode, Vec<Slug>>,
    archives_of: HashMap<DepartementCode, Vec<Slug>>,
}

/// What a release publishes. Every link in it leads to something in it.
#[derive(Debug, Default)]
pub struct Content {
    /// Guides by slug, sorted.
    pub guides: IndexMap<Slug, Arc<Guide>>,
    /// The last sound version of each guide by its row, whole: what a later build falls back to.
    /// Neither published nor part of the release's name.
    pub good: HashMap<RecordId, Arc<Guide>>,
    /// Documents by slug, sorted.
    pub documents: IndexMap<Slug, Document>,
    /// Services by slug, sorted.
    pub services: IndexMap<Slug, Service>,
    /// Territories by slug, sorted.
    pub territories: IndexMap<Slug, Territory>,
    /// Holdings, sorted by record id.
    pub holdings: Vec<Holding>,
}

impl Release {
    /// Names and indexes a content.
    pub fn new(content: Content, reference: &Reference) -> Self {
        let mut holdings_at: HashMap<_, Vec<_>> = HashMap::new();
        for (at, holding) in content.holdings.iter().enumerate() {
            for slug in &holding.territories {
                let keys = content.territories.get(slug).map(Territory::keys).unwrap_or_default();
                for key in keys {
                    let entry = holdings_at.entry((holding.document.clone(), key)).or_default();
                    entry.push((at, slug.clone()));
                }
            }
        }
        let mut services_in: HashMap<_, Vec<_>> = HashMap::new();
        let mut archives_of: HashMap<_, Vec<_>> = HashMap::new();
        for service in content.services.values().filter(|service| !service.is_generic) {
            let Some(commune) = service.commune.and_then(|code| reference.find(code)) else {
                continue;
            };
            let commune = commune.commune();
            let current = commune.parent.unwrap_or(commune.code);
            services_in.entry(current).or_default().push(service.slug.clone());
            if service.kind == ServiceKind::DepartmentArchives {
                archives_of.entry(commune.departement).or_default().push(service.slug.clone());
            }
        }
        let id = content.id();
        Self { id, content, holdings_at, services_in, archives_of }
    }

    /// Its name.
    pub fn id(&self) -> &ReleaseId {
        &self.id
    }

    /// What it publishes.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The holdings of a document that reach a commune, in no particular order.
    pub fn candidates<'a>(
        &'a self,
        document: &Slug,
        commune: &Commune,
        reference: &Reference,
    ) -> Vec<Candidate<'a>> {
        let mut candidates = Vec::new();
        for (key, reach) in keys_reaching(commune, reference) {
            let found = self.holdings_at.get(&(document.clone(), key)).into_iter().flatten();
            candidates.extend(found.filter_map(|(at, territory)| {
                Some(Candidate {
                    holding: self.content.holdings.get(*at)?,
                    territory: self.content.territories.get(territory)?,
                    reach,
                })
            }));
        }
        candidates
    }

    /// The local answer: where a document of a commune is kept, over the days asked for.
    pub fn locate<'a>(
        &'a self,
        document: &'a Document,
        commune: &Commune,
        asked: Days,
        today: NaiveDate,
        reference: &Reference,
    ) -> LocalAnswer<'a> {
        let candidates = self.candidates(&document.slug, commune, reference);
        LocalAnswer {
            document,
            depends_on_today: locate::depends_on_today(document, &candidates),
            segments: locate::touching(locate::timeline(&candidates, today), asked),
        }
    }

    /// Who can help in a commune when nothing is known: its archives or else its town hall, then
    /// the archives of its département.
    pub fn contacts(&self, commune: &Commune) -> Vec<&Service> {
        let of_kind = |kind| self.services_of(commune).filter(move |service| service.kind == kind);
        let mut contacts: Vec<&Service> = of_kind(ServiceKind::MunicipalArchives).collect();
        if contacts.is_empty() {
            contacts.extend(of_kind(ServiceKind::TownHall));
        }
        if contacts.is_empty() {
            contacts.extend(self.generic(ServiceKind::TownHall));
        }
        let with_archives = contacts.len();
        contacts.extend(self.archives_of(commune));
        if contacts.len() == with_archives {
            contacts.extend(self.generic(ServiceKind::DepartmentArchives));
        }
        contacts
    }

    /// The archives of the département in which a commune lies.
    fn archives_of(&self, commune: &Commune) -> impl Iterator<Item = &Service> {
        let slugs = self.archives_of.get(&commune.departement).into_iter().flatten();
        slugs.filter_map(|slug| self.content.services.get(slug))
    }

    /// The service that stands for a kind everywhere.
    fn generic(&self, kind: ServiceKind) -> Option<&Service> {
        let mut services = self.content.services.values();
        services.find(|service| service.is_generic && service.kind == kind)
    }

    /// The services that sit in a commune, or in the one to which it belongs.
    pub fn services_of(&self, commune: &Commune) -> impl Iterator<Item = &Service> {
        let current = commune.parent.unwrap_or(commune.code);
        let slugs = self.services_in.get(&current).into_iter().flatten();
        slugs.filter_map(|slug| self.content.services.get(slug))
    }

    /// What a generic service stands for in a commune: a service of that kind that sits there, or the
    /// archives of its département, if there is exactly one.
    pub fn resolve_generic(&self, generic: &Service, commune: &Commune) -> Option<&Service> {
        let mut of_kind = self.services_of(commune).filter(|service| service.kind == generic.kind);
        let mut archives = self.archives_of(commune);
        let found = match generic.kind {
            ServiceKind::Other => return None,
            ServiceKind::DepartmentArchives => (archives.next(), archives.next()),
            _ => (of_kind.next(), of_kind.next()),
        };
        match found {
            (Some(service), None) => Some(service),
            _ => None,
        }
    }
}

/// The local answer.
#[derive(Debug)]
pub struct LocalAnswer<'a> {
    /// What was asked for.
    pub document: &'a Document,
    /// Segments in order; those without a holding are gaps.
    pub segments: Vec<Segment<'a>>,
    /// Whether it may change at midnight in Paris.
    pub depends_on_today: bool,
}

impl Content {
    fn id(&self) -> ReleaseId {
        let Self { guides, good: _, documents, services, territories, holdings } = self;
        let mut hasher = ContentHasher(blake3::Hasher::new());
        for guide in guides.values() {
            hash_guide(guide, &mut hasher);
        }
        documents.values().for_each(|document| document.hash(&mut hasher));
        services.values().for_each(|service| service.hash(&mut hasher));
        territories.values().for_each(|territory| territory.hash(&mut hasher));
        holdings.hash(&mut hasher);
        let hex = hasher.0.finalize().to_hex();
        ReleaseId(hex.as_str().get(..16).unwrap_or_default().into())
    }
}

fn hash_guide(guide: &Guide, hasher: &mut ContentHasher) {
    let Guide {
        slug,
        record,
        title,
        summary,
        theme,
        keywords,
        language,
        first_step,
        steps,
        is_stale,
    } = guide;
    (slug, record, title, summary, theme, keywords, language, first_step, is_stale).hash(hasher);
    steps.len().hash(hasher);
    steps.values().for_each(|step| step.hash(hasher));
}

/// Feeds what derives [`Hash`] to a hash that is the same on every run and machine of the same
/// word size and byte order.
struct ContentHasher(blake3::Hasher);

impl Hasher for ContentHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let hash = self.0.finalize();
        hash.as_bytes().first_chunk().copied().map_or(0, u64::from_le_bytes)
    }
}

//! A release, and the questions that it answers.

use std::{
    fmt,
    ops::Deref as _,
    str::FromStr,
    sync::{Arc, OnceLock},
};

use chrono::NaiveDate;

use super::{
    guides::Good,
    index::{HoldingIndex, ServiceIndex},
    item::{Item, Shelf},
    pictures::Pictures,
    search::{self, SearchError, SearchIndex},
};

use crate::{
    content::{
        document::Document,
        guide::Guide,
        holding::Holding,
        ids::{RecordId, Slug},
        locate::{self, Candidate, Segment},
        period::Days,
        picture::Picture,
        service::{Service, ServiceKind},
        territory::{Territory, keys_reaching},
    },
    reference::{Commune, Reference},
};

/// The name of a release: a hash of its content, so that the same content has the same name on
/// every machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReleaseId(Arc<str>);

/// Digits of a name.
const ID_DIGITS: usize = 16;

impl ReleaseId {
    /// Sixteen hexadecimal digits, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is not the name of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a release has {ID_DIGITS} hexadecimal digits in lower case")]
pub struct NotAReleaseId;

impl FromStr for ReleaseId {
    type Err = NotAReleaseId;

    fn from_str(text: &str) -> Result<Self, NotAReleaseId> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_name = text.len() == ID_DIGITS && text.bytes().all(is_digit);
        is_name.then(|| Self(text.into())).ok_or(NotAReleaseId)
    }
}

/// One immutable publication of everything that is public.
#[derive(Debug)]
pub struct Release {
    id: ReleaseId,
    pub(super) content: Content,
    pub(super) holdings_at: HoldingIndex,
    pub(super) services: Arc<ServiceIndex>,
    search: Arc<OnceLock<Result<SearchIndex, SearchError>>>,
}

/// What a release publishes. Every link in it leads to something in it.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// Guides.
    pub guides: Shelf<Guide>,
    /// The last sound version of each guide by its row, whole: what a later build falls back to.
    /// Neither published nor part of the release's name.
    pub good: Good,
    /// Documents.
    pub documents: Shelf<Document>,
    /// Services.
    pub services: Shelf<Service>,
    /// Territories.
    pub territories: Shelf<Territory>,
    /// Holdings, sorted by record id.
    pub holdings: Arc<Vec<Item<Holding>>>,
    /// Files of steps and services, by row.
    pub pictures: Pictures,
}

impl Release {
    /// Names and indexes a content. What it has in common with `previous` is not indexed anew.
    pub fn new(content: Content, reference: &Reference, previous: Option<&Self>) -> Self {
        Self {
            id: content.id(),
            holdings_at: HoldingIndex::new(&content, previous),
            services: ServiceIndex::new(&content, previous, reference),
            search: previous
                .filter(|previous| search::says_the_same(&previous.content, &content))
                .map(|previous| Arc::clone(&previous.search))
                .unwrap_or_default(),
            content,
        }
    }

    /// Its name.
    pub fn id(&self) -> &ReleaseId {
        &self.id
    }

    /// What it publishes.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The index of its texts, made at the first call, which takes long; others wait for it.
    ///
    /// # Errors
    /// When the engine failed; it is not asked again.
    pub fn search(&self, reference: &Reference) -> Result<&SearchIndex, &SearchError> {
        self.search.get_or_init(|| SearchIndex::new(&self.content, reference)).as_ref()
    }

    /// Whether the index of its texts is made.
    pub fn is_searchable(&self) -> bool {
        self.search.get().is_some()
    }

    /// The files of a step or service, by its row.
    pub fn pictures(&self, record: &RecordId) -> &[Picture] {
        self.content.pictures.get(record).map_or(&[], |gallery| &gallery.pictures)
    }

    /// The holdings of a document that reach a commune, in no particular order.
    pub fn candidates<'a>(
        &'a self,
        document: &Slug,
        commune: &Commune,
        reference: &Reference,
    ) -> Vec<Candidate<'a>> {
        let mut candidates = Vec::new();
        let Some(places) = self.holdings_at.of_document(document) else { return candidates };
        for (key, reach) in keys_reaching(commune, reference) {
            let found = places.get(&key).into_iter().flatten();
            candidates.extend(found.filter_map(|(holding, territory)| {
                let territory = self.content.territories.get(territory)?;
                Some(Candidate { holding, territory, reach })
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
        let slugs = self.services.archives_of.get(&commune.departement).into_iter().flatten();
        slugs.filter_map(|slug| self.content.services.get(slug).map(Item::deref))
    }

    /// The service that stands for a kind everywhere.
    fn generic(&self, kind: ServiceKind) -> Option<&Service> {
        let mut services = self.content.services.values().map(Item::deref);
        services.find(|service| service.is_generic && service.kind == kind)
    }

    /// The services that sit in a commune, or in the one to which it belongs.
    pub fn services_of(&self, commune: &Commune) -> impl Iterator<Item = &Service> {
        let current = commune.parent.unwrap_or(commune.code);
        let slugs = self.services.in_commune.get(&current).into_iter().flatten();
        slugs.filter_map(|slug| self.content.services.get(slug).map(Item::deref))
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
        let Self { guides, good: _, documents, services, territories, holdings, pictures } = self;
        let mut hasher = blake3::Hasher::new();
        hash(guides.values(), &mut hasher);
        hash(documents.values(), &mut hasher);
        hash(services.values(), &mut hasher);
        hash(territories.values(), &mut hasher);
        hash(holdings.iter(), &mut hasher);
        // Releases that were kept before there were any have the name that they had.
        if !pictures.is_empty() {
            hash(pictures.values(), &mut hasher);
        }
        let hex = hasher.finalize().to_hex();
        ReleaseId(hex.as_str().get(..ID_DIGITS).unwrap_or_default().into())
    }
}

/// Hashes the hashes of one kind of item, and how many there are, so that kinds don't run together.
fn hash<'a, T: 'a>(items: impl ExactSizeIterator<Item = &'a Item<T>>, hasher: &mut blake3::Hasher) {
    hasher.update(&(items.len() as u64).to_le_bytes());
    for item in items {
        hasher.update(item.hash().as_bytes());
    }
}

//! What can be found, and the texts by which it is.

use super::Shelves;
use crate::{
    catalog::item::Item,
    content::{
        document::Document,
        guide::{Choice, Guide, Step},
        ids::Slug,
        rich_text::RichText,
        service::{Service, ServiceKind},
    },
    reference::{Found, Reference},
};

/// What sort of thing is found. Of two that fit a query as well, the one of the first kind is shown
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A guide.
    Guide,
    /// A kind of document.
    Document,
    /// A step of a guide.
    Step,
    /// A service.
    Service,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Guide, Self::Document, Self::Step, Self::Service];
}

/// The name of what can be found. Sorted by kind, then slug.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// Its public name.
    pub slug: Slug,
    /// The guide of a step.
    pub guide: Option<Slug>,
}

/// What was found.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// A guide.
    Guide(&'a Guide),
    /// A kind of document.
    Document(&'a Document),
    /// A step, of a guide.
    Step(&'a Guide, &'a Step),
    /// A service.
    Service(&'a Service),
}

/// Everything that can be found, sorted by key.
pub(super) fn entries<'a>(shelves: &'a Shelves) -> Vec<Entry<'a>> {
    let guides = shelves.guides.values().map(Item::as_ref);
    let steps = |guide: &'a Guide| guide.steps.values().map(move |step| Entry::Step(guide, step));
    let mut entries: Vec<_> = guides
        .clone()
        .map(Entry::Guide)
        .chain(shelves.documents.values().map(|document| Entry::Document(document)))
        .chain(guides.flat_map(steps))
        .chain(shelves.services.values().map(|service| Entry::Service(service)))
        .collect();
    entries.sort_by_cached_key(Entry::key);
    entries
}

impl<'a> Entry<'a> {
    /// Its name.
    pub fn key(&self) -> Key {
        let (kind, slug, guide) = match self {
            Self::Guide(guide) => (Kind::Guide, &guide.slug, None),
            Self::Document(document) => (Kind::Document, &document.slug, None),
            Self::Step(guide, step) => (Kind::Step, &step.slug, Some(guide.slug.clone())),
            Self::Service(service) => (Kind::Service, &service.slug, None),
        };
        Key { kind, slug: slug.clone(), guide }
    }

    /// What it is called.
    pub fn title(&self) -> &'a str {
        match self {
            Self::Guide(guide) => &guide.title,
            Self::Document(document) => &document.name,
            Self::Step(_, step) => &step.title,
            Self::Service(service) => &service.name,
        }
    }

    /// The guide that it is or belongs to.
    pub fn guide(&self) -> Option<&'a Guide> {
        match self {
            Self::Guide(guide) | Self::Step(guide, _) => Some(guide),
            Self::Document(_) | Self::Service(_) => None,
        }
    }

    /// Other words for it, as archivists gave them.
    pub fn synonyms(&self) -> &'a [String] {
        match self {
            Self::Guide(guide) => &guide.keywords,
            Self::Document(document) => &document.synonyms,
            Self::Step(..) | Self::Service(_) => &[],
        }
    }

    /// What is known of it beside its names, that one may ask for it by.
    pub(super) fn labels(&self, reference: &Reference) -> Vec<String> {
        match self {
            Self::Guide(guide) => guide.theme.iter().cloned().collect(),
            Self::Document(_) | Self::Step(..) => Vec::new(),
            Self::Service(service) => {
                let commune = service.commune.and_then(|code| reference.find(code));
                let commune = commune.map(Found::commune);
                let departement = commune.and_then(|it| reference.departement(it.departement));
                let mut labels: Vec<_> =
                    kind_name(service.kind).map(str::to_owned).into_iter().collect();
                labels.extend(commune.map(|it| it.name.to_string()));
                labels.extend(departement.map(|it| format!("{} {}", it.code, it.name)));
                labels
            }
        }
    }

    /// The names of the documents to which it leads.
    pub(super) fn leads_to(&self, shelves: &'a Shelves) -> Vec<&'a str> {
        let document = |step: &Step| shelves.documents.get(step.document.as_ref()?);
        let mut documents: Vec<_> = match self {
            Self::Guide(guide) => guide.steps.values().filter_map(document).collect(),
            Self::Step(_, step) => document(step).into_iter().collect(),
            Self::Document(_) | Self::Service(_) => Vec::new(),
        };
        documents.sort_by(|a, b| a.slug.cmp(&b.slug));
        documents.dedup_by(|a, b| a.slug == b.slug);
        let names = documents.into_iter().flat_map(|document| {
            std::iter::once(&document.name).chain(&document.synonyms).map(String::as_str)
        });
        names.collect()
    }

    /// What is said of it, in plain words and one line.
    pub(super) fn body(&self) -> String {
        let plain = |text: &Option<RichText>| text.as_ref().map(RichText::plain);
        let parts: Vec<Option<String>> = match self {
            Self::Guide(guide) => vec![plain(&guide.summary)],
            Self::Document(document) => {
                vec![
                    plain(&document.description),
                    plain(&document.contents),
                    plain(&document.who_may_read),
                ]
            }
            Self::Step(_, step) => {
                let choices = step.choices.iter().map(|choice| Some(said_of(choice)));
                std::iter::once(plain(&step.content)).chain(choices).collect()
            }
            Self::Service(service) => {
                let place = [service.address.as_deref(), service.postcode.as_deref()];
                let place: Vec<_> = place.into_iter().flatten().collect();
                vec![Some(place.join(", ")), service.hours_note.clone()]
            }
        };
        let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        parts.join(" · ").split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn said_of(choice: &Choice) -> String {
    match &choice.note {
        Some(note) => format!("{} ({note})", choice.label),
        None => choice.label.clone(),
    }
}

/// What a kind of service is called in the back office.
fn kind_name(kind: ServiceKind) -> Option<&'static str> {
    let named = ServiceKind::OPTIONS.iter().find(|(_, option)| *option == kind);
    named.map(|(name, _)| *name).filter(|_| kind != ServiceKind::Other)
}

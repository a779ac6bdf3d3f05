//! Releases as they are kept: what changed from one to the next, item by item, and the way back.

use std::{collections::BTreeMap, sync::Arc};

use minicbor::{Decode, Encode};

use super::{
    changes::{differing, differing_holdings},
    item::{Item, ItemHash, Shelf},
    release::{Content, Release, ReleaseId},
};
use crate::{
    content::{
        document::Document,
        guide::Guide,
        holding::Holding,
        ids::{RecordId, Slug},
        picture::Gallery,
        service::Service,
        stored::{self, DecodeError},
        territory::Territory,
    },
    reference::Reference,
};

/// What an item is. The numbers are in the database: they never change, nor are they used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ItemKind {
    /// A published guide.
    Guide = 1,
    /// The last sound version of a guide.
    GoodGuide = 2,
    /// A kind of document.
    Document = 3,
    /// A service.
    Service = 4,
    /// A territory.
    Territory = 5,
    /// A local record.
    Holding = 6,
    /// The files of a step or service.
    Gallery = 7,
}

impl ItemKind {
    /// Every kind, by number.
    pub const ALL: [Self; 7] = [
        Self::Guide,
        Self::GoodGuide,
        Self::Document,
        Self::Service,
        Self::Territory,
        Self::Holding,
        Self::Gallery,
    ];

    /// Its number.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The kind of a number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemChange {
    /// What it is.
    pub kind: ItemKind,
    /// Its slug, or its record id for what has none.
    pub key: String,
    /// Its kept form; `None` when it is gone.
    pub body: Option<Vec<u8>>,
}

/// Why kept items are not a release.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// An item can't be read.
    #[error("{kind:?} {key}")]
    Item {
        /// What it is.
        kind: ItemKind,
        /// Its slug or record id.
        key: String,
        /// Why.
        source: DecodeError,
    },
    /// The items say something else than the release whose name they bear.
    #[error("the items are those of release {found}, not of {expected}")]
    OtherRelease {
        /// The name under which they were kept.
        expected: String,
        /// The name that they have.
        found: ReleaseId,
    },
}

impl Release {
    /// What is to be kept of this release by whoever has `previous`: everything where there is none.
    pub fn changes_since(&self, previous: Option<&Self>) -> Vec<ItemChange> {
        let nothing = Content::default();
        let (now, before) = (&self.content, previous.map_or(&nothing, |it| &it.content));
        let mut changes = Vec::new();
        shelf(ItemKind::Guide, &before.guides, &now.guides, &mut changes);
        shelf(ItemKind::Document, &before.documents, &now.documents, &mut changes);
        shelf(ItemKind::Service, &before.services, &now.services, &mut changes);
        shelf(ItemKind::Territory, &before.territories, &now.territories, &mut changes);
        holdings(&before.holdings, &now.holdings, &mut changes);
        rows(ItemKind::GoodGuide, &before.good, &now.good, &mut changes);
        rows(ItemKind::Gallery, &before.pictures, &now.pictures, &mut changes);
        changes
    }

    /// The release that these items are.
    ///
    /// # Errors
    /// When an item can't be read, or the items are not exactly those of the release of that name.
    pub fn restore<'a>(
        id: &str,
        items: impl IntoIterator<Item = (ItemKind, &'a str, &'a [u8])>,
        reference: &Reference,
    ) -> Result<Self, RestoreError> {
        let mut parts = Parts::default();
        for (kind, key, body) in items {
            parts.add(kind, body).map_err(|source| RestoreError::Item {
                kind,
                key: key.to_owned(),
                source,
            })?;
        }
        let release = Self::new(parts.content(), reference, None);
        match release.id().as_str() == id {
            true => Ok(release),
            false => Err(RestoreError::OtherRelease {
                expected: id.to_owned(),
                found: release.id().clone(),
            }),
        }
    }
}

fn shelf<T: Encode<()>>(
    kind: ItemKind,
    before: &Shelf<T>,
    now: &Shelf<T>,
    changes: &mut Vec<ItemChange>,
) {
    changes.extend(differing(before, now).map(|slug| ItemChange {
        kind,
        key: slug.to_string(),
        body: now.get(slug).map(|item| stored::encode(&**item)),
    }));
}

fn holdings(before: &[Item<Holding>], now: &[Item<Holding>], changes: &mut Vec<ItemChange>) {
    let key = |holding: &Item<Holding>| holding.facts.record.to_string();
    changes.extend(differing_holdings(before, now).map(|(was, is)| ItemChange {
        kind: ItemKind::Holding,
        key: is.or(was).map(key).unwrap_or_default(),
        body: is.map(|holding| stored::encode(&**holding)),
    }));
}

fn rows<T: Encode<()>>(
    kind: ItemKind,
    before: &Arc<BTreeMap<RecordId, Item<T>>>,
    now: &Arc<BTreeMap<RecordId, Item<T>>>,
    changes: &mut Vec<ItemChange>,
) {
    if Arc::ptr_eq(before, now) {
        return;
    }
    let mut change = |record: &RecordId, item: Option<&Item<T>>| {
        let body = item.map(|item| stored::encode(&**item));
        changes.push(ItemChange { kind, key: record.to_string(), body });
    };
    for (record, item) in now.iter().filter(|(record, item)| before.get(*record) != Some(*item)) {
        change(record, Some(item));
    }
    for record in before.keys().filter(|record| !now.contains_key(*record)) {
        change(record, None);
    }
}

#[derive(Default)]
struct Parts {
    guides: Vec<(Slug, Item<Guide>)>,
    good: BTreeMap<RecordId, Item<Guide>>,
    documents: Vec<(Slug, Item<Document>)>,
    services: Vec<(Slug, Item<Service>)>,
    territories: Vec<(Slug, Item<Territory>)>,
    holdings: Vec<Item<Holding>>,
    pictures: BTreeMap<RecordId, Item<Gallery>>,
}

impl Parts {
    fn add(&mut self, kind: ItemKind, body: &[u8]) -> Result<(), DecodeError> {
        match kind {
            ItemKind::Guide => {
                let guide: Item<Guide> = kept(body)?;
                self.guides.push((guide.slug.clone(), guide));
            }
            ItemKind::GoodGuide => {
                let guide: Item<Guide> = kept(body)?;
                self.good.insert(guide.record.clone(), guide);
            }
            ItemKind::Document => self.documents.push(by_slug(kept(body)?, |it| &it.slug)),
            ItemKind::Service => self.services.push(by_slug(kept(body)?, |it| &it.slug)),
            ItemKind::Territory => self.territories.push(by_slug(kept(body)?, |it| &it.slug)),
            ItemKind::Holding => self.holdings.push(kept(body)?),
            ItemKind::Gallery => {
                let gallery: Item<Gallery> = kept(body)?;
                self.pictures.insert(gallery.record.clone(), gallery);
            }
        }
        Ok(())
    }

    fn content(mut self) -> Content {
        self.holdings.sort_unstable_by(|a, b| a.facts.record.cmp(&b.facts.record));
        Content {
            guides: sorted(self.guides),
            good: Arc::new(self.good),
            documents: sorted(self.documents),
            services: sorted(self.services),
            territories: sorted(self.territories),
            holdings: Arc::new(self.holdings),
            pictures: Arc::new(self.pictures),
        }
    }
}

fn kept<'b, T: Decode<'b, ()>>(body: &'b [u8]) -> Result<Item<T>, DecodeError> {
    Ok(Item::kept(stored::decode(body)?, ItemHash::of(body)))
}

fn by_slug<T>(item: Item<T>, slug: fn(&T) -> &Slug) -> (Slug, Item<T>) {
    (slug(&item).clone(), item)
}

fn sorted<T>(mut items: Vec<(Slug, Item<T>)>) -> Shelf<T> {
    items.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Arc::new(items.into_iter().collect())
}

//! Holdings, *Données locales*: for a document, in some territories, over a period, a service keeps
//! it in some state, with ways of access.

use std::sync::Arc;

use chrono::NaiveDate;
use minicbor::{Decode, Encode};
use url::Url;

use super::{
    ids::{RecordId, Slug},
    period::{Bound, Period, Side},
    problem::{Code, Problem},
    rich_text::RichText,
    row::{Reader, Row},
    status::Status,
    stored,
    tables::{FieldKey, TableKey},
};

/// A published holding: the document, territories and services that it names exist.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Holding {
    /// What is kept.
    #[n(0)]
    pub document: Slug,
    /// Where the rule holds.
    #[n(1)]
    pub territories: Vec<Slug>,
    /// Who keeps it; `None` when nothing is kept.
    #[n(2)]
    pub service: Option<Slug>,
    /// Whom to ask before going there.
    #[n(3)]
    pub contact_first: Vec<Slug>,
    /// What the row says by itself.
    #[cbor(n(4), with = "stored::shared")]
    pub facts: Arc<HoldingFacts>,
}

/// What a row of *Données locales* says without the rows that it links to: one copy serves the row
/// and what is published of it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HoldingFacts {
    /// Its row.
    #[n(0)]
    pub record: RecordId,
    /// *Intitulé*: what archivists call it; not published.
    #[n(1)]
    pub title: Option<String>,
    /// *Du* and *Au*: of which dates.
    #[n(2)]
    pub period: Period,
    /// *État*: in which state.
    #[n(3)]
    pub state: State,
    /// *Modalités*: how to get it.
    #[n(4)]
    pub access: Vec<AccessMode>,
    /// *En ligne*: where to read it. Boxed: it is large, and most have none.
    #[cbor(n(5), with = "stored::foreign", has_nil)]
    pub online: Option<Box<Url>>,
    /// *Précisions*: anything else, for the public.
    #[n(6)]
    pub notes: Option<RichText>,
    /// *Cote*: shelf mark.
    #[n(7)]
    pub call_number: Option<String>,
    /// *Source*: where the knowledge comes from.
    #[n(8)]
    pub source: Option<String>,
    /// *Vérifié le*: when an archivist last checked it.
    #[cbor(n(9), with = "stored::foreign", has_nil)]
    pub verified_on: Option<NaiveDate>,
}

/// What became of the documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum State {
    /// Kept.
    #[default]
    #[n(0)]
    Kept,
    /// Kept with gaps.
    #[n(1)]
    Incomplete,
    /// Destroyed.
    #[n(2)]
    Destroyed,
    /// Moved to the service named.
    #[n(3)]
    Transferred,
    /// Never gathered by an archive.
    #[n(4)]
    NotCollected,
}

impl State {
    const OPTIONS: &'static [(&'static str, Self)] = &[
        ("Conservé", Self::Kept),
        ("Lacunaire", Self::Incomplete),
        ("Détruit", Self::Destroyed),
        ("Transféré", Self::Transferred),
        ("Non collecté", Self::NotCollected),
    ];

    /// Whether there is something to read.
    pub fn is_kept(self) -> bool {
        matches!(self, Self::Kept | Self::Incomplete | Self::Transferred)
    }
}

/// A way to get a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum AccessMode {
    /// In a reading room.
    #[n(0)]
    ReadingRoom,
    /// Sent on request.
    #[n(1)]
    Delivery,
    /// Online.
    #[n(2)]
    Online,
    /// At the reception desk.
    #[n(3)]
    Desk,
    /// By asking in writing.
    #[n(4)]
    Mail,
}

impl AccessMode {
    const OPTIONS: &'static [(&'static str, Self)] = &[
        ("Salle de lecture", Self::ReadingRoom),
        ("Envoi", Self::Delivery),
        ("En ligne", Self::Online),
        ("Accueil", Self::Desk),
        ("Courrier", Self::Mail),
    ];
}

/// A row of *Données locales*.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldingRow {
    /// Whether it is public.
    pub status: Status,
    /// *Document*.
    pub document: Option<RecordId>,
    /// *Territoires*.
    pub territories: Vec<RecordId>,
    /// *Service*.
    pub service: Option<RecordId>,
    /// *Contacter d'abord*.
    pub contact_first: Vec<RecordId>,
    /// The rest.
    pub facts: Arc<HoldingFacts>,
}

impl HoldingRow {
    /// Reads a row; `None` when it can't answer anything: no document, no territory, a period that
    /// can't be read, or an unknown state. A wrong answer would be worse than none.
    pub fn read(row: &Row, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut reader = Reader::new(TableKey::Holdings, row, problems);
        let status = Status::read(&mut reader)?;
        for (field, what) in
            [(FieldKey::Document, "le document"), (FieldKey::Territories, "au moins un territoire")]
        {
            if reader.is_empty(field) {
                let message = format!("Choisir {what} : sans lui, la donnée n'est pas publiée.");
                reader.report(field, Code::MissingCell, message);
            }
        }
        let period = period(&mut reader);
        let state = match reader.is_empty(FieldKey::State) {
            true => Some(State::default()),
            false => reader.option(FieldKey::State, State::OPTIONS),
        };
        let facts = HoldingFacts {
            record: row.id.clone(),
            title: reader.text(FieldKey::Title),
            period: period?,
            state: state?,
            access: reader.options(FieldKey::Access, AccessMode::OPTIONS),
            online: reader.url(FieldKey::OnlineLink).map(Box::new),
            notes: reader.rich_text(FieldKey::Notes),
            call_number: reader.text(FieldKey::CallNumber),
            source: reader.text(FieldKey::Source),
            verified_on: reader.day(FieldKey::VerifiedOn),
        };
        let holding = Self {
            status,
            document: reader.link(FieldKey::Document),
            territories: reader.links(FieldKey::Territories),
            service: reader.link(FieldKey::Service),
            contact_first: reader.links(FieldKey::ContactFirst),
            facts: facts.into(),
        };
        if holding.service.is_none() && holding.facts.state.is_kept() {
            reader.report(
                FieldKey::Service,
                Code::HoldingWithoutService,
                "Aucun service n'est indiqué alors que le fonds existe : la donnée n'est pas \
                 publiée.",
            );
            return None;
        }
        let is_usable = holding.document.is_some() && !holding.territories.is_empty();
        is_usable.then_some(holding)
    }
}

fn period(reader: &mut Reader<'_>) -> Option<Period> {
    let from: Option<Bound> = reader.bound(FieldKey::From, Side::From);
    let until = reader.bound(FieldKey::Until, Side::Until);
    let period = Period { from: from?, until: until? };
    if period.is_reversed() {
        reader.report(
            FieldKey::Until,
            Code::ReversedDates,
            "La période se termine avant d'avoir commencé : vérifier « Du » et « Au ».",
        );
        return None;
    }
    Some(period)
}

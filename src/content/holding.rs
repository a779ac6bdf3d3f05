//! Holdings, *Données locales*: for a document, in some territories, over a period, a service keeps
//! it in some state, with ways of access.

use chrono::NaiveDate;
use url::Url;

use super::{
    ids::{RecordId, Slug},
    period::{Bound, Period, Side},
    problem::{Code, Problem},
    rich_text::RichText,
    row::{Reader, Row},
    status::Status,
    tables::{FieldKey, TableKey},
};

/// A published holding: the document, territories and services that it names exist.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Holding {
    /// Its row.
    pub record: RecordId,
    /// What archivists call it; not published.
    pub title: Option<String>,
    /// What is kept.
    pub document: Slug,
    /// Where the rule holds.
    pub territories: Vec<Slug>,
    /// Who keeps it; `None` when nothing is kept.
    pub service: Option<Slug>,
    /// Of which dates.
    pub period: Period,
    /// In which state.
    pub state: State,
    /// How to get it.
    pub access: Vec<AccessMode>,
    /// Where to read it online. Boxed: it is large, and most have none.
    pub online: Option<Box<Url>>,
    /// Anything else, for the public.
    pub notes: Option<RichText>,
    /// Whom to ask before going there.
    pub contact_first: Vec<Slug>,
    /// Shelf mark.
    pub call_number: Option<String>,
    /// Where the knowledge comes from.
    pub source: Option<String>,
    /// When an archivist last checked it.
    pub verified_on: Option<NaiveDate>,
}

/// What became of the documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Kept.
    #[default]
    Kept,
    /// Kept with gaps.
    Incomplete,
    /// Destroyed.
    Destroyed,
    /// Moved to the service named.
    Transferred,
    /// Never gathered by an archive.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessMode {
    /// In a reading room.
    ReadingRoom,
    /// Sent on request.
    Delivery,
    /// Online.
    Online,
    /// At the reception desk.
    Desk,
    /// By asking in writing.
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
    /// Its row.
    pub record: RecordId,
    /// Whether it is public.
    pub status: Status,
    /// What archivists call it; not published.
    pub title: Option<String>,
    /// *Document*.
    pub document: Option<RecordId>,
    /// *Territoires*.
    pub territories: Vec<RecordId>,
    /// *Service*.
    pub service: Option<RecordId>,
    /// *Du* and *Au*.
    pub period: Period,
    /// *État*.
    pub state: State,
    /// *Modalités*.
    pub access: Vec<AccessMode>,
    /// *En ligne*.
    pub online: Option<Box<Url>>,
    /// *Précisions*.
    pub notes: Option<RichText>,
    /// *Contacter d'abord*.
    pub contact_first: Vec<RecordId>,
    /// *Cote*.
    pub call_number: Option<String>,
    /// *Source*.
    pub source: Option<String>,
    /// *Vérifié le*.
    pub verified_on: Option<NaiveDate>,
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
        let holding = Self {
            record: row.id.clone(),
            status,
            title: reader.text(FieldKey::Title),
            document: reader.link(FieldKey::Document),
            territories: reader.links(FieldKey::Territories),
            service: reader.link(FieldKey::Service),
            period: period?,
            state: state?,
            access: reader.options(FieldKey::Access, AccessMode::OPTIONS),
            online: reader.url(FieldKey::OnlineLink).map(Box::new),
            notes: reader.rich_text(FieldKey::Notes),
            contact_first: reader.links(FieldKey::ContactFirst),
            call_number: reader.text(FieldKey::CallNumber),
            source: reader.text(FieldKey::Source),
            verified_on: reader.day(FieldKey::VerifiedOn),
        };
        if holding.service.is_none() && holding.state.is_kept() {
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

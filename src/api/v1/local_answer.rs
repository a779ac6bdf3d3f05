//! The local answer on the wire: segments of time, each with who keeps the document, why, what
//! became of it and when it may be read. The sentences are in [`sentences`].

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    asked::FoundCommune,
    communes::CommuneReference,
    documents::DocumentReference,
    services::{Service, ServiceReference},
    text::{self, RichText},
};
use crate::{
    api::{answer::Policy, moment::Moment},
    catalog::Release,
    content::{
        document,
        holding::{self, AccessMode, State},
        locate::{self, Candidate},
        period::Days,
        territory::{Level, Reach},
    },
    paris,
    reference::{self, Reference},
};

mod sentences;

/// Where a document of a commune is kept.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalAnswer {
    /// The document asked for.
    document: DocumentReference,
    /// The commune asked for.
    commune: CommuneReference,
    /// The old code by which the commune was asked for.
    redirected_from: Option<String>,
    /// The dates asked for.
    asked: Range,
    /// The answer, cut wherever it changes; with a date, only the segments that it touches, whole.
    segments: Vec<Segment>,
    /// Until when the answer holds if nothing is edited; null is for ever.
    fresh_until: Option<DateTime<Utc>>,
}

/// A run of days, both included; null is open.
#[derive(Debug, Serialize, ToSchema)]
pub struct Range {
    /// First day.
    from: Option<NaiveDate>,
    /// Last day.
    until: Option<NaiveDate>,
}

/// A run of days over which the answer is the same.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Segment {
    /// First day; null is open.
    from: Option<NaiveDate>,
    /// Last day; null is open.
    until: Option<NaiveDate>,
    /// What became of the documents: of the best, where several services keep some.
    status: SegmentStatus,
    /// The answer in a sentence, in French.
    summary: String,
    /// Who keeps what; empty where nothing is known.
    holdings: Vec<Holding>,
    /// Why this is the answer.
    reason: Reason,
    /// What a more specific territory replaced.
    superseded: Vec<Superseded>,
    /// When the law lets everyone read the documents of these dates; null where it is not known.
    availability: Option<Availability>,
    /// Who can help where nothing is known.
    contacts: Vec<Service>,
}

/// What became of documents: kept, kept with gaps, destroyed, moved to the service named, never
/// gathered by an archive, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SegmentStatus {
    /// Kept.
    Kept,
    /// Moved to the service named.
    Transferred,
    /// Kept with gaps.
    Incomplete,
    /// Never gathered by an archive.
    NotCollected,
    /// Destroyed.
    Destroyed,
    /// Not known.
    Unknown,
}

/// A service keeps, or kept, the documents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Holding {
    /// What became of them.
    status: SegmentStatus,
    /// Who keeps them; null where nothing is kept.
    service: Option<Service>,
    /// Ways to get them.
    access: Vec<Access>,
    /// Where to read them online.
    #[schema(format = "uri")]
    online: Option<String>,
    /// Anything else.
    notes: Option<RichText>,
    /// Whom to ask before going there.
    contact_first: Vec<ServiceReference>,
    /// Shelf mark.
    call_number: Option<String>,
    /// Where the knowledge comes from.
    source: Option<String>,
    /// When an archivist last checked it.
    verified_on: Option<NaiveDate>,
}

/// A way to get a document: in a reading room, sent on request, online, at the reception desk, or
/// by asking in writing.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
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

/// Why an answer was chosen.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// The rule that chose it.
    rule: Rule,
    /// How specific the territory is that it holds for.
    level: Option<TerritoryLevel>,
    /// The territory that it holds for.
    territory: Option<String>,
    /// How that territory reaches the commune.
    reach: Option<TerritoryReach>,
    /// How many less specific records it replaced.
    #[schema(minimum = 0)]
    superseded_count: usize,
    /// The reason in a sentence, in French.
    text: String,
}

/// How an answer was chosen: only one territory has a record, the most specific of several wins,
/// or no record is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Only one territory has a record.
    OnlyTerritory,
    /// The most specific of several wins.
    MostSpecific,
    /// No record is known.
    NoRecord,
}

/// How specific a territory is, the most specific first. `jurisdiction` is a list of communes drawn
/// by an administration, such as that of a mortgage office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TerritoryLevel {
    /// A part of a commune.
    SubCommune,
    /// A commune.
    Commune,
    /// A list of communes.
    Jurisdiction,
    /// A group of communes.
    Epci,
    /// A département.
    Departement,
    /// A région.
    Region,
    /// France.
    National,
}

/// How a territory reaches the commune: it covers the whole of it, names the commune of which the
/// asked one is a part, or names only a part of it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TerritoryReach {
    /// It covers the whole of it.
    Whole,
    /// It names the commune of which the asked one is a part.
    Inherited,
    /// It names only a part of it.
    Part,
}

/// A record that a more specific one replaced.
#[derive(Debug, Serialize, ToSchema)]
pub struct Superseded {
    /// What it says became of the documents.
    status: SegmentStatus,
    /// Who keeps them, by this record.
    service: Option<ServiceReference>,
    /// How specific its territory is.
    level: TerritoryLevel,
    /// Its territory.
    territory: String,
}

/// When the law lets everyone read documents (Code du patrimoine, L. 213-1 and L. 213-2).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Availability {
    /// Years to wait, from the date of the document.
    #[schema(minimum = 0)]
    delay_years: u16,
    /// How much is open today.
    status: AvailabilityStatus,
    /// Documents of this day and before are open today; null when all are.
    open_until: Option<NaiveDate>,
    /// The day from which the last of them is open; null when they have no end.
    opens_on: Option<NaiveDate>,
    /// The same in a sentence, in French.
    text: String,
}

/// How much is open to everyone today: everything, the oldest only, or nothing yet.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AvailabilityStatus {
    /// Everything.
    Open,
    /// The oldest only.
    Partly,
    /// Nothing yet: some people only, or by exemption.
    Restricted,
}

/// A document, a commune and dates: what is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The document.
    pub document: &'a document::Document,
    /// The commune.
    pub commune: FoundCommune<'a>,
    /// The dates.
    pub asked: Days,
}

/// Answers a question, and tells how long the answer holds.
pub fn answer(
    question: Question<'_>,
    moment: &Moment,
    reference: &Reference,
) -> (LocalAnswer, Policy) {
    let Question { document, commune: FoundCommune { commune, redirected_from }, asked } = question;
    let (release, today) = (moment.release(), moment.today());
    let found = release.locate(document, commune, asked, today, reference);
    let policy = match found.depends_on_today {
        true => Policy::Until(paris::next_midnight(moment.now)),
        false => Policy::Content,
    };
    let place = Place { commune, release, reference };
    let segments = found.segments.iter().map(|segment| {
        // With a date, the law is asked about that date alone.
        let days = segment.days.intersection(asked).unwrap_or(segment.days);
        let availability = locate::availability(document, days, today);
        Segment::new(segment, availability.map(Availability::from), place)
    });
    let answer = LocalAnswer {
        document: document.into(),
        commune: commune.into(),
        redirected_from: redirected_from.map(|code| code.to_string()),
        asked: Range { from: asked.from(), until: asked.until() },
        segments: segments.collect(),
        fresh_until: policy.end(),
    };
    (answer, policy)
}

/// Where and from what a question is answered.
#[derive(Clone, Copy)]
struct Place<'a> {
    commune: &'a reference::Commune,
    release: &'a Release,
    reference: &'a Reference,
}

impl Segment {
    fn new(
        segment: &locate::Segment<'_>,
        availability: Option<Availability>,
        place: Place<'_>,
    ) -> Self {
        let holdings: Vec<Holding> =
            segment.chosen.iter().map(|chosen| Holding::new(chosen.holding, place)).collect();
        let status = holdings.iter().map(|holding| holding.status).min();
        let contacts: Vec<Service> = match status {
            Some(status) if status != SegmentStatus::NotCollected => Vec::new(),
            _ => {
                let services = place.release.contacts(place.commune).into_iter();
                services.map(|service| place.service(service)).collect()
            }
        };
        let status = status.unwrap_or(SegmentStatus::Unknown);
        let superseded = segment.superseded.iter();
        Self {
            from: segment.days.from(),
            until: segment.days.until(),
            status,
            summary: sentences::summary(segment.days, status, &holdings, &contacts),
            reason: Reason::new(segment),
            superseded: superseded.map(|other| Superseded::new(other, place)).collect(),
            availability: availability.filter(|_| segment.chosen.iter().any(is_kept)),
            holdings,
            contacts,
        }
    }
}

/// The law says nothing of what no longer exists.
fn is_kept(candidate: &Candidate<'_>) -> bool {
    candidate.holding.state.is_kept()
}

impl Place<'_> {
    fn service(self, service: &crate::content::service::Service) -> Service {
        Service::for_commune(service, self.commune, self.release, self.reference)
    }
}

impl Holding {
    fn new(holding: &holding::Holding, place: Place<'_>) -> Self {
        let services = &place.release.content().services;
        let find = |slug| services.get(slug);
        Self {
            status: holding.state.into(),
            service: holding.service.as_ref().and_then(find).map(|found| place.service(found)),
            access: holding.access.iter().copied().map(Access::from).collect(),
            online: holding.online.as_ref().map(ToString::to_string),
            notes: text::optional(holding.notes.as_ref()),
            contact_first: holding
                .contact_first
                .iter()
                .filter_map(find)
                .map(|found| place.service(found).into())
                .collect(),
            call_number: holding.call_number.clone(),
            source: holding.source.clone(),
            verified_on: holding.verified_on,
        }
    }
}

impl Reason {
    fn new(segment: &locate::Segment<'_>) -> Self {
        let superseded_count = segment.superseded.len();
        let best = segment.chosen.first();
        let rule = match (best, superseded_count) {
            (None, _) => Rule::NoRecord,
            (Some(_), 0) => Rule::OnlyTerritory,
            (Some(_), _) => Rule::MostSpecific,
        };
        let verified_on = segment.chosen.iter().filter_map(|found| found.holding.verified_on).max();
        Self {
            rule,
            level: best.map(|found| found.territory.level().into()),
            territory: best.map(|found| found.territory.name.clone()),
            reach: best.map(|found| found.reach.into()),
            superseded_count,
            text: sentences::reason(best, superseded_count, verified_on),
        }
    }
}

impl Superseded {
    fn new(other: &Candidate<'_>, place: Place<'_>) -> Self {
        let services = &place.release.content().services;
        let service = other.holding.service.as_ref().and_then(|slug| services.get(slug));
        Self {
            status: other.holding.state.into(),
            service: service.map(|service| place.service(service).into()),
            level: other.territory.level().into(),
            territory: other.territory.name.clone(),
        }
    }
}

impl From<locate::Availability> for Availability {
    fn from(availability: locate::Availability) -> Self {
        let locate::Availability { delay_years, status, open_until, opens_on } = availability;
        Self {
            delay_years,
            status: status.into(),
            open_until,
            opens_on,
            text: sentences::availability(&availability),
        }
    }
}

impl From<State> for SegmentStatus {
    fn from(state: State) -> Self {
        match state {
            State::Kept => Self::Kept,
            State::Incomplete => Self::Incomplete,
            State::Destroyed => Self::Destroyed,
            State::Transferred => Self::Transferred,
            State::NotCollected => Self::NotCollected,
        }
    }
}

impl From<AccessMode> for Access {
    fn from(mode: AccessMode) -> Self {
        match mode {
            AccessMode::ReadingRoom => Self::ReadingRoom,
            AccessMode::Delivery => Self::Delivery,
            AccessMode::Online => Self::Online,
            AccessMode::Desk => Self::Desk,
            AccessMode::Mail => Self::Mail,
        }
    }
}

impl From<Level> for TerritoryLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::SubCommune => Self::SubCommune,
            Level::Commune => Self::Commune,
            Level::Jurisdiction => Self::Jurisdiction,
            Level::Epci => Self::Epci,
            Level::Departement => Self::Departement,
            Level::Region => Self::Region,
            Level::National => Self::National,
        }
    }
}

impl From<Reach> for TerritoryReach {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::Whole => Self::Whole,
            Reach::Inherited => Self::Inherited,
            Reach::Part => Self::Part,
        }
    }
}

impl From<locate::AvailabilityStatus> for AvailabilityStatus {
    fn from(status: locate::AvailabilityStatus) -> Self {
        match status {
            locate::AvailabilityStatus::Open => Self::Open,
            locate::AvailabilityStatus::Partly => Self::Partly,
            locate::AvailabilityStatus::Restricted => Self::Restricted,
        }
    }
}

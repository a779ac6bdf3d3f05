//! The local answer on the wire: segments of time, each with who keeps the document, why, what
//! became of it and when it may be read. The sentences are in [`sentences`].

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    asked::FoundCommune, communes::CommuneReference, documents::DocumentReference,
    services::Service,
};
use crate::{
    api::{answer::Policy, moment::Moment},
    catalog::Release,
    content::{
        document,
        holding::State,
        locate::{self, Candidate},
        period::Days,
    },
    paris,
    reference::{self, Reference},
};

mod availability;
mod holding;
mod reason;
mod sentences;

pub use availability::{Availability, AvailabilityStatus};
pub use holding::{Access, Holding};
pub use reason::TerritoryLevel;
use reason::{Reason, Superseded};

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
    pub segments: Vec<Segment>,
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
    pub from: Option<NaiveDate>,
    /// Last day; null is open.
    pub until: Option<NaiveDate>,
    /// What became of the documents: of the best, where several services keep some.
    pub status: SegmentStatus,
    /// The answer in a sentence, in French.
    pub summary: String,
    /// Who keeps what; empty where nothing is known.
    pub holdings: Vec<Holding>,
    /// Why this is the answer.
    pub reason: Reason,
    /// What a more specific territory replaced.
    superseded: Vec<Superseded>,
    /// When the law lets everyone read the documents of these dates; null where it is not known.
    pub availability: Option<Availability>,
    /// Who can help where nothing is known.
    pub contacts: Vec<Service>,
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
    candidate.holding.facts.state.is_kept()
}

impl Place<'_> {
    fn service(self, service: &crate::content::service::Service) -> Service {
        Service::for_commune(service, self.commune, self.release, self.reference)
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

//! Why an answer was chosen, and what it replaced.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Place, SegmentStatus, sentences};
use crate::{
    api::v1::services::ServiceReference,
    content::{
        locate::{self, Candidate},
        territory::{Level, Reach},
    },
};

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
    pub text: String,
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

impl Reason {
    pub(super) fn new(segment: &locate::Segment<'_>) -> Self {
        let superseded_count = segment.superseded.len();
        // The record that the summary speaks of: what is kept comes before what is lost.
        let kept = segment.chosen.iter().find(|found| found.holding.facts.state.is_kept());
        let best = kept.or(segment.chosen.first());
        let rule = match (best, superseded_count) {
            (None, _) => Rule::NoRecord,
            (Some(_), 0) => Rule::OnlyTerritory,
            (Some(_), _) => Rule::MostSpecific,
        };
        let verified_on =
            segment.chosen.iter().filter_map(|found| found.holding.facts.verified_on).max();
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
    pub(super) fn new(other: &Candidate<'_>, place: Place<'_>) -> Self {
        let services = &place.release.content().services;
        let service = other.holding.service.as_ref().and_then(|slug| services.get(slug));
        Self {
            status: other.holding.facts.state.into(),
            service: service.map(|service| place.service(service).into()),
            level: other.territory.level().into(),
            territory: other.territory.name.clone(),
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

//! Records that the API tells in its answers alone: local records, and their territories.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::{
    api::{Access, RichText, SegmentStatus, TerritoryLevel},
    content::{
        holding::Holding,
        period::Bound,
        territory::{self, Area},
    },
};

/// A local record: for a document, in some territories, over a period, a service keeps it, or it is
/// known what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalRecord {
    /// Slug of the document.
    document: String,
    /// Slugs of the territories where it holds.
    territories: Vec<String>,
    /// First day of the documents; null is open, or `fromYearsAgo`.
    from: Option<NaiveDate>,
    /// They start the day after the one so many years before the day of the question.
    #[schema(minimum = 1)]
    from_years_ago: Option<u16>,
    /// Last day of the documents, included; null is open, or `untilYearsAgo`.
    until: Option<NaiveDate>,
    /// They end so many years before the day of the question, that day included.
    #[schema(minimum = 1)]
    until_years_ago: Option<u16>,
    /// What became of them.
    status: SegmentStatus,
    /// Slug of the service that keeps them; null where nothing is kept.
    service: Option<String>,
    /// Ways to get them.
    access: Vec<Access>,
    /// Where to read them online.
    #[schema(format = "uri")]
    online: Option<String>,
    /// Anything else.
    notes: Option<RichText>,
    /// Slugs of the services to ask before going there.
    contact_first: Vec<String>,
    /// Shelf mark.
    call_number: Option<String>,
    /// Where the knowledge comes from.
    source: Option<String>,
    /// When an archivist last checked it.
    verified_on: Option<NaiveDate>,
}

/// A territory that local records name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Territory {
    /// Its name in this data.
    slug: String,
    /// What the public reads.
    name: String,
    /// How specific it is: of several records, the one of the most specific territory holds.
    level: TerritoryLevel,
    /// INSEE code of the commune, département or région, SIREN of the EPCI; null for the others.
    code: Option<String>,
    /// INSEE codes of the communes of a jurisdiction; empty for the others, which the code names.
    communes: Vec<String>,
}

/// The schemas of both.
#[derive(OpenApi)]
#[openapi(components(schemas(LocalRecord, Territory)))]
pub(super) struct Schemas;

impl From<&Holding> for LocalRecord {
    fn from(holding: &Holding) -> Self {
        let Holding { document, territories, service, contact_first, facts } = holding;
        let (from, from_years_ago) = bound(facts.period.from);
        let (until, until_years_ago) = bound(facts.period.until);
        Self {
            document: document.to_string(),
            territories: territories.iter().map(ToString::to_string).collect(),
            from,
            from_years_ago,
            until,
            until_years_ago,
            status: facts.state.into(),
            service: service.as_ref().map(ToString::to_string),
            access: facts.access.iter().copied().map(Access::from).collect(),
            online: facts.online.as_ref().map(ToString::to_string),
            notes: facts.notes.as_ref().map(RichText::from),
            contact_first: contact_first.iter().map(ToString::to_string).collect(),
            call_number: facts.call_number.clone(),
            source: facts.source.clone(),
            verified_on: facts.verified_on,
        }
    }
}

/// A day, or an age in years, or neither.
fn bound(bound: Bound) -> (Option<NaiveDate>, Option<u16>) {
    match bound {
        Bound::Open => (None, None),
        Bound::Day(day) => (Some(day), None),
        Bound::YearsAgo(years) => (None, Some(years)),
    }
}

impl From<&territory::Territory> for Territory {
    fn from(territory: &territory::Territory) -> Self {
        let (code, communes) = match &territory.area {
            Area::SubCommune(code) | Area::Commune(code) => (Some(code.to_string()), Vec::new()),
            Area::Jurisdiction(codes) => (None, codes.iter().map(ToString::to_string).collect()),
            Area::Epci(siren) => (Some(siren.to_string()), Vec::new()),
            Area::Departement(code) => (Some(code.to_string()), Vec::new()),
            Area::Region(code) => (Some(code.to_string()), Vec::new()),
            Area::National => (None, Vec::new()),
        };
        Self {
            slug: territory.slug.to_string(),
            name: territory.name.clone(),
            level: territory.level().into(),
            code,
            communes,
        }
    }
}

//! Who keeps what, and how to get it.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Place, SegmentStatus};
use crate::{
    api::v1::{
        services::{Service, ServiceReference},
        text::{self, RichText},
    },
    content::holding::{self, AccessMode},
};

/// A service keeps, or kept, the documents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Holding {
    /// What became of them.
    pub status: SegmentStatus,
    /// Who keeps them; null where nothing is kept.
    pub service: Option<Service>,
    /// Ways to get them.
    pub access: Vec<Access>,
    /// Where to read them online.
    #[schema(format = "uri")]
    pub online: Option<String>,
    /// Anything else.
    pub notes: Option<RichText>,
    /// Whom to ask before going there.
    contact_first: Vec<ServiceReference>,
    /// Shelf mark.
    pub call_number: Option<String>,
    /// Where the knowledge comes from.
    source: Option<String>,
    /// When an archivist last checked it.
    pub verified_on: Option<NaiveDate>,
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

impl Holding {
    pub(super) fn new(holding: &holding::Holding, place: Place<'_>) -> Self {
        let services = &place.release.content().services;
        let find = |slug| services.get(slug);
        Self {
            status: holding.facts.state.into(),
            service: holding.service.as_ref().and_then(find).map(|found| place.service(found)),
            access: holding.facts.access.iter().copied().map(Access::from).collect(),
            online: holding.facts.online.as_ref().map(ToString::to_string),
            notes: text::optional(holding.facts.notes.as_ref()),
            contact_first: holding
                .contact_first
                .iter()
                .filter_map(find)
                .map(|found| place.service(found).into())
                .collect(),
            call_number: holding.facts.call_number.clone(),
            source: holding.facts.source.clone(),
            verified_on: holding.facts.verified_on,
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

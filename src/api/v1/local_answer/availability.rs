//! When the law lets everyone read documents.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::sentences;
use crate::content::locate;

/// When the law lets everyone read documents (Code du patrimoine, L. 213-1 and L. 213-2).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Availability {
    /// Years to wait, from the date of the document.
    #[schema(minimum = 0)]
    delay_years: u16,
    /// How much is open today.
    pub status: AvailabilityStatus,
    /// Documents of this day and before are open today; null when all are.
    open_until: Option<NaiveDate>,
    /// The day from which the last of them is open; null when they have no end.
    opens_on: Option<NaiveDate>,
    /// The same in a sentence, in French.
    pub text: String,
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

impl From<locate::AvailabilityStatus> for AvailabilityStatus {
    fn from(status: locate::AvailabilityStatus) -> Self {
        match status {
            locate::AvailabilityStatus::Open => Self::Open,
            locate::AvailabilityStatus::Partly => Self::Partly,
            locate::AvailabilityStatus::Restricted => Self::Restricted,
        }
    }
}

//! Why a round left everything as it was, for the caller, for the log and for the public.

use std::error::Error;

use super::live::{Failure, Held};
use crate::airtable;

/// Why a round left everything as it was.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// Airtable could not be read to the end.
    #[error("the base could not be read")]
    Airtable(#[from] airtable::Error),
    /// A required table or field is missing or retyped.
    #[error("the base lacks what publishing needs: {0}")]
    Schema(String),
    /// What was read is too odd to be believed at once.
    #[error("a release is held: {}", .0.doubt)]
    Held(Held),
}

impl RoundError {
    /// Whether trying again soon can't help: someone has to act first, or the month to end.
    pub fn is_final(&self) -> bool {
        use airtable::Error as E;
        match self {
            Self::Airtable(error) => matches!(
                error,
                E::Unauthorized { .. }
                    | E::Forbidden { .. }
                    | E::NotFound { .. }
                    | E::BillingLimit { .. }
                    | E::BudgetSpent { .. }
            ),
            Self::Schema(_) | Self::Held(_) => false,
        }
    }

    /// What the public may know.
    pub(super) fn failure(&self) -> Failure {
        use airtable::Error as E;
        let code = match self {
            Self::Airtable(E::Unauthorized { .. }) => "unauthorized",
            Self::Airtable(E::Forbidden { .. } | E::NotFound { .. }) => "forbidden",
            Self::Airtable(E::BillingLimit { .. } | E::BudgetSpent { .. }) => "quota-spent",
            Self::Airtable(E::RateLimited { .. }) => "rate-limited",
            Self::Airtable(_) => "unreachable",
            Self::Schema(_) => "schema",
            Self::Held(held) => held.doubt.code(),
        };
        let message = match self {
            Self::Airtable(error) => format!("{self}: {error}"),
            _ => self.to_string(),
        };
        Failure { code, message }
    }
}

/// An error and what caused it, in one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = anyhow::Chain::new(error).map(ToString::to_string);
    causes.collect::<Vec<_>>().join(": ")
}

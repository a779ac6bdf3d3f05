//! The month's budget: how many calls to Airtable are made, and when the next ones may be.
//!
//! Airtable counts calls by calendar month and answers nothing once they are spent
//! (<https://support.airtable.com/docs/managing-api-call-limits-in-airtable>). So three things work
//! together:
//!
//! - a [`Ledger`] counts every attempt before it is made, and a restart, even after a kill, finds at
//!   least as many as there were;
//! - [`Means`] tells when the next round may start, so that what is left lasts until the month ends
//!   and editors' changes find some of it whenever they come;
//! - a [`Meter`] puts both behind the client's [`Gate`](crate::airtable::gate::Gate), where no retry
//!   can go past them.

mod ledger;
mod meter;
mod month;
mod pace;
#[cfg(test)]
mod simulation;

pub use self::{
    ledger::{Account, Ledger, Refusal, Taken},
    meter::{Meter, Save, SaveError, Status},
    month::Month,
    pace::{FullRounds, Means},
};

/// How much may be spent, and on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Calls in a calendar month, of every kind; `None` is without limit. Default: 100,000.
    pub monthly_calls: Option<u64>,
    /// Share of what is left that rounds without news leave to editors' changes, in percent, at most
    /// 90. Default: 20.
    pub reserve_percent: u8,
}

impl Default for Budget {
    fn default() -> Self {
        Self { monthly_calls: Some(100_000), reserve_percent: 20 }
    }
}

impl Budget {
    /// Calls that are written down at a time, before the first of them is made: what a kill may
    /// cost. A thousandth of a small budget; for the others, few enough not to be missed and many
    /// enough to write seldom.
    fn block(&self) -> u64 {
        const LARGEST: u64 = 20;
        self.monthly_calls.map_or(LARGEST, |calls| (calls / 1_000).clamp(1, LARGEST))
    }
}

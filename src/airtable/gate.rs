//! Who may forbid a call: the month's budget.

use std::fmt;

use chrono::{DateTime, Utc};

use super::calls::CallKind;

/// Asked before every attempt, retries included.
///
/// Only when the limiter has given the attempt its turn: a call that is given up while it waits then
/// costs nothing, and a refusal stops those that wait behind it too.
pub trait Gate: fmt::Debug + Send + Sync {
    /// Counts an attempt that is about to be made. It may write to disk, and so take milliseconds.
    ///
    /// # Errors
    /// When the attempt may not be made.
    fn take(&self, kind: CallKind) -> Result<(), BudgetSpent>;

    /// Airtable answered that the month's quota is spent.
    fn quota_refused(&self);
}

/// No call may be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetSpent {
    /// Nor before this instant.
    pub until: DateTime<Utc>,
}

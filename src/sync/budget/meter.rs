//! The budget at work: it stands at the client's gate, keeps the ledger safe, and tells how it is.

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::{Budget, Ledger, Means, Month, Taken};
use crate::airtable::{
    calls::CallKind,
    gate::{BudgetSpent, Gate},
};

/// Why a ledger could not be written down.
pub type SaveError = Box<dyn std::error::Error + Send + Sync>;

/// Writes a ledger down, as JSON, so that it survives a kill once this returns.
pub type Save = Box<dyn Fn(&str) -> Result<(), SaveError> + Send + Sync>;

/// Counts the calls of one client and lets none go past the budget.
pub struct Meter {
    budget: Budget,
    clock: fn() -> DateTime<Utc>,
    save: Save,
    state: Mutex<State>,
}

struct State {
    ledger: Ledger,
    /// Whether the last writing failed, so that a full disk is told once and not at every block.
    is_unsaved: bool,
}

/// How the budget of a month is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The month.
    pub month: Month,
    /// Calls in a month; `None` is without limit.
    pub limit: Option<u64>,
    /// Calls made, by kind.
    pub made: BTreeMap<CallKind, u64>,
    /// Calls that were made, or may have been before a kill.
    pub spent: u64,
    /// Calls that may still be made; `None` is without limit.
    pub left: Option<u64>,
    /// Of these, calls kept for editors' changes.
    pub reserve: Option<u64>,
    /// Calls expected by the end of the month, were they to come as they have so far.
    pub forecast: u64,
    /// Airtable said that the quota is spent: no call before this instant.
    pub quiet_until: Option<DateTime<Utc>>,
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("budget", &self.budget).finish_non_exhaustive()
    }
}

impl Meter {
    /// Goes on from the ledger that an earlier run saved, if there is one.
    pub fn new(
        budget: Budget,
        saved: Option<&str>,
        clock: fn() -> DateTime<Utc>,
        save: Save,
    ) -> Self {
        let ledger = saved.and_then(|json| match serde_json::from_str::<Ledger>(json) {
            Ok(ledger) => Some(ledger.restored()),
            Err(error) => {
                tracing::warn!(%error, "the saved count of calls can't be read; it starts anew");
                None
            }
        });
        let state = State { ledger: ledger.unwrap_or_default(), is_unsaved: false };
        Self { budget, clock, save, state: Mutex::new(state) }
    }

    /// A meter that keeps nothing: its count starts anew with each run.
    pub fn forgetful(budget: Budget, clock: fn() -> DateTime<Utc>) -> Self {
        Self::new(budget, None, clock, Box::new(|_| Ok(())))
    }

    /// What may still be spent this month, from which the next rounds are planned.
    pub fn means(&self) -> Means {
        self.state.lock().ledger.means((self.clock)(), &self.budget)
    }

    /// How the budget is doing.
    pub fn status(&self) -> Status {
        let now = (self.clock)();
        let month = Month::of(now);
        let state = self.state.lock();
        let account = state.ledger.account(month);
        let means = state.ledger.means(now, &self.budget);
        Status {
            month,
            limit: self.budget.monthly_calls,
            spent: account.spent(),
            left: means.left,
            reserve: means.reserve(),
            forecast: account.forecast(month, now),
            quiet_until: means.quiet_until.filter(|until| now < *until),
            made: account.made,
        }
    }

    /// Gives back what was set aside and not used. To be called when no more calls will be made; the
    /// next one sets calls aside again.
    pub fn settle(&self) {
        let mut state = self.state.lock();
        state.ledger.settle();
        self.write_down(&mut state);
    }

    /// Under the lock, so that an older ledger never replaces a newer one.
    fn write_down(&self, state: &mut State) {
        let saved = serde_json::to_string(&state.ledger)
            .map_err(SaveError::from)
            .and_then(|json| (self.save)(&json));
        // Calls go on: the count stays right as long as this process lives.
        if let Err(error) = &saved
            && !state.is_unsaved
        {
            tracing::warn!(error, "the count of calls can't be saved; a restart would forget some");
        }
        state.is_unsaved = saved.is_err();
    }
}

impl Gate for Meter {
    fn take(&self, kind: CallKind) -> Result<(), BudgetSpent> {
        let mut state = self.state.lock();
        match state.ledger.take(kind, (self.clock)(), &self.budget) {
            Ok(Taken::FromBlock) => {}
            Ok(Taken::NewBlock) => self.write_down(&mut state),
            Err(until) => return Err(BudgetSpent { until }),
        }
        Ok(())
    }

    fn quota_refused(&self) {
        let mut state = self.state.lock();
        state.ledger.refuse((self.clock)(), &self.budget);
        self.write_down(&mut state);
    }
}

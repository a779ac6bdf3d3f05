//! The account of calls, month by month, as it is kept on disk. Pure: the time comes in.
//!
//! Calls are set aside in blocks, and a block is written down before the first of its calls is made.
//! So what is on disk is never less than the truth. After a kill, the rest of the block counts as
//! spent, since nobody knows; a clean stop gives it back.
//!
//! Months are kept side by side instead of one counter that starts anew, so that a clock that jumps
//! into the next month and back finds the account that it left.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Budget, Means, Month};
use crate::airtable::calls::CallKind;

/// Months kept: enough to look back a year.
const KEPT: usize = 12;

/// How long a refusal is believed at the very start of a month.
const EARLY_QUIET: TimeDelta = TimeDelta::hours(1);

/// Calls by month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    months: BTreeMap<Month, Account>,
}

/// The calls of one month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Calls made, by kind.
    pub made: BTreeMap<CallKind, u64>,
    /// Calls set aside by runs that were killed before they told how many they made.
    pub lost: u64,
    /// Calls set aside by this run and not made yet.
    pub set_aside: u64,
    /// When the first call was counted.
    pub since: Option<DateTime<Utc>>,
    /// That Airtable said that the quota is spent, whatever our count.
    pub refusal: Option<Refusal>,
}

/// Airtable's word that the month's quota is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// When it said so.
    pub at: DateTime<Utc>,
    /// The monthly budget at that time. A change of it tells that the plan was changed, and the
    /// refusal is forgotten.
    pub monthly_calls: Option<u64>,
}

/// How a call was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// From a block that is written down already.
    FromBlock,
    /// From a new block: the ledger has to be written down before the call is made.
    NewBlock,
}

impl Ledger {
    /// A ledger as an earlier run left it: what that run had set aside and not given back is lost.
    pub fn restored(mut self) -> Self {
        for account in self.months.values_mut() {
            account.lost += std::mem::take(&mut account.set_aside);
        }
        self
    }

    /// Counts a call that is about to be made.
    ///
    /// # Errors
    /// The instant before which no call may be made.
    pub fn take(
        &mut self,
        kind: CallKind,
        now: DateTime<Utc>,
        budget: &Budget,
    ) -> Result<Taken, DateTime<Utc>> {
        let month = Month::of(now);
        let account = self.open(month);
        if let Some(until) = account.quiet_until(month, budget).filter(|until| now < *until) {
            return Err(until);
        }
        let mut taken = Taken::FromBlock;
        if account.set_aside == 0 {
            let left = account.left(budget).unwrap_or(u64::MAX);
            account.set_aside = budget.block().min(left);
            taken = Taken::NewBlock;
        }
        account.set_aside = account.set_aside.checked_sub(1).ok_or_else(|| month.end())?;
        *account.made.entry(kind).or_default() += 1;
        account.since.get_or_insert(now);
        Ok(taken)
    }

    /// Notes that Airtable refused a call because the quota is spent.
    pub fn refuse(&mut self, now: DateTime<Utc>, budget: &Budget) {
        let refusal = Refusal { at: now, monthly_calls: budget.monthly_calls };
        self.open(Month::of(now)).refusal = Some(refusal);
    }

    /// Gives back what was set aside and not used.
    pub fn settle(&mut self) {
        for account in self.months.values_mut() {
            account.set_aside = 0;
        }
    }

    /// The account of a month.
    pub fn account(&self, month: Month) -> Account {
        self.months.get(&month).cloned().unwrap_or_default()
    }

    /// What may still be spent in the month of `now`.
    pub fn means(&self, now: DateTime<Utc>, budget: &Budget) -> Means {
        let month = Month::of(now);
        let account = self.months.get(&month);
        Means {
            budget: *budget,
            month,
            left: account.map_or(budget.monthly_calls, |account| account.left(budget)),
            quiet_until: account.and_then(|account| account.quiet_until(month, budget)),
        }
    }

    fn open(&mut self, month: Month) -> &mut Account {
        while self.months.len() > KEPT {
            self.months.pop_first();
        }
        self.months.entry(month).or_default()
    }
}

impl Account {
    /// Calls that were made, or may have been.
    pub fn spent(&self) -> u64 {
        self.made.values().sum::<u64>() + self.lost
    }

    /// Calls that may still be made; `None` is without limit.
    pub fn left(&self, budget: &Budget) -> Option<u64> {
        budget.monthly_calls.map(|limit| limit.saturating_sub(self.spent()))
    }

    /// Until when Airtable's word that the quota is spent stands.
    ///
    /// Airtable doesn't tell in which time zone its month turns. So a refusal on the first day of
    /// ours may still be about the month before, and is doubted after an hour.
    pub fn quiet_until(&self, month: Month, budget: &Budget) -> Option<DateTime<Utc>> {
        let stands = |refusal: &Refusal| refusal.monthly_calls == budget.monthly_calls;
        let refusal = self.refusal.filter(stands)?;
        let is_early = refusal.at < month.start() + TimeDelta::days(1);
        Some(if is_early { refusal.at + EARLY_QUIET } else { month.end() })
    }

    /// Calls expected by the end of the month, were they to come as they have since the first one.
    pub fn forecast(&self, month: Month, now: DateTime<Utc>) -> u64 {
        // The first hours, with their full round, say little of the days that follow.
        const SHORTEST: TimeDelta = TimeDelta::days(1);
        let since = self.since.unwrap_or(now).clamp(month.start(), month.end());
        let elapsed = (now - since).max(SHORTEST).as_seconds_f64();
        let spent = self.spent();
        let to_come = spent as f64 / elapsed * month.seconds_left(now);
        spent.saturating_add(to_come.round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Budget = Budget { monthly_calls: Some(10), reserve_percent: 20 };
    const LARGE: Budget = Budget { monthly_calls: Some(100_000), reserve_percent: 20 };

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn noon() -> DateTime<Utc> {
        at("2026-11-23T12:00:00Z")
    }

    /// Takes calls until refused; how many there were, and until when.
    fn drain(ledger: &mut Ledger, now: DateTime<Utc>, budget: &Budget) -> (u64, DateTime<Utc>) {
        let mut count = 0;
        loop {
            match ledger.take(CallKind::List, now, budget) {
                Ok(_) => count += 1,
                Err(until) => return (count, until),
            }
        }
    }

    fn kill(on_disk: &str) -> Ledger {
        serde_json::from_str::<Ledger>(on_disk).unwrap().restored()
    }

    #[test]
    fn a_month_has_its_calls_and_no_more() {
        let mut ledger = Ledger::default();
        let end = at("2026-12-01T00:00:00Z");
        assert_eq!(drain(&mut ledger, noon(), &TEN), (10, end));
        assert_eq!(drain(&mut ledger, end - TimeDelta::milliseconds(1), &TEN), (0, end));
        assert_eq!(drain(&mut ledger, end, &TEN), (10, at("2027-01-01T00:00:00Z")));
        let without_limit = Budget { monthly_calls: None, ..TEN };
        assert_eq!(ledger.take(CallKind::List, end, &without_limit), Ok(Taken::NewBlock));
    }

    #[test]
    fn a_kill_loses_no_more_than_a_block_and_a_clean_stop_nothing() {
        for calls in [1, 19, 20, 21, 40, 99] {
            let (mut ledger, mut on_disk) = (Ledger::default(), String::new());
            for _ in 0..calls {
                if ledger.take(CallKind::Webhook, noon(), &LARGE) == Ok(Taken::NewBlock) {
                    on_disk = serde_json::to_string(&ledger).unwrap();
                }
            }
            let found = kill(&on_disk).account(Month::of(noon())).spent();
            assert!((calls..calls + 20).contains(&found), "{calls}: {found}");
            ledger.settle();
            let stopped = kill(&serde_json::to_string(&ledger).unwrap());
            assert_eq!(stopped.account(Month::of(noon())).spent(), calls);
        }
    }

    #[test]
    fn kills_alone_never_spend_more_than_the_budget() {
        let budget = Budget { monthly_calls: Some(30_050), ..LARGE };
        let (mut ledger, mut calls) = (Ledger::default(), 0);
        while ledger.take(CallKind::Get, noon(), &budget).is_ok() {
            calls += 1;
            ledger = kill(&serde_json::to_string(&ledger).unwrap());
            assert!(ledger.account(Month::of(noon())).spent() <= 30_050);
        }
        assert_eq!(calls, 30_050_u64.div_ceil(20));
    }

    #[test]
    fn a_clock_that_jumps_and_comes_back_finds_its_account() {
        let mut ledger = Ledger::default();
        assert_eq!(drain(&mut ledger, noon(), &TEN).0, 10);
        ledger.take(CallKind::List, at("2031-01-01T00:00:00Z"), &TEN).unwrap();
        ledger.refuse(at("2031-01-01T00:00:00Z"), &TEN);
        assert_eq!(drain(&mut ledger, noon(), &TEN).0, 0);
        assert_eq!(drain(&mut ledger, at("2026-12-02T00:00:00Z"), &TEN).0, 10);
    }

    #[test]
    fn airtable_s_refusal_wins_over_our_count_and_survives_a_restart() {
        let raised = Budget { monthly_calls: Some(20), ..TEN };
        let first = "2026-11-01T06:00:00Z";
        for (refused, asked, budget, expected) in [
            ("2026-11-23T12:00:00Z", "2026-11-30T23:59:59Z", TEN, Err("2026-12-01T00:00:00Z")),
            ("2026-11-23T12:00:00Z", "2026-12-01T00:00:00Z", TEN, Ok(())),
            // Someone paid for more.
            ("2026-11-23T12:00:00Z", "2026-11-23T12:00:01Z", raised, Ok(())),
            // Airtable's month may not have turned yet.
            (first, "2026-11-01T06:59:59Z", TEN, Err("2026-11-01T07:00:00Z")),
            (first, "2026-11-01T07:00:00Z", TEN, Ok(())),
        ] {
            let mut ledger = Ledger::default();
            ledger.refuse(at(refused), &TEN);
            let mut ledger = kill(&serde_json::to_string(&ledger).unwrap());
            let found = ledger.take(CallKind::Schema, at(asked), &budget);
            assert_eq!(found.map(drop), expected.map_err(at), "{refused} {asked}");
        }
    }

    #[test]
    fn the_forecast_extends_the_pace_so_far() {
        let month = Month::of(noon());
        for (since, now, spent, expected) in [
            ("2026-11-01T00:00:00Z", "2026-11-16T00:00:00Z", 500, 1_000),
            // Started in the middle of the month.
            ("2026-11-16T00:00:00Z", "2026-11-21T00:00:00Z", 500, 1_500),
            // A first full round is not the pace of an hour.
            ("2026-11-21T00:00:00Z", "2026-11-21T00:10:00Z", 100, 1_099),
            ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", 700, 700),
        ] {
            let account = Account {
                made: BTreeMap::from([(CallKind::List, spent)]),
                since: Some(at(since)),
                ..Account::default()
            };
            assert_eq!(account.forecast(month, at(now)), expected, "{since} {now}");
        }
    }

    #[test]
    fn a_year_of_months_is_kept() {
        let mut ledger = Ledger::default();
        for month in 0..40 {
            let now = at("2026-01-15T00:00:00Z") + TimeDelta::days(30 * month);
            ledger.take(CallKind::List, now, &TEN).unwrap();
        }
        assert!((KEPT..=KEPT + 1).contains(&ledger.months.len()));
    }
}

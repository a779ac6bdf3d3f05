//! When the next round may start, so that what is left lasts. Pure: the time comes in.
//!
//! - **Idle rounds**, which look for news and mostly find none, share what is left evenly over the
//!   time left, but for the reserve: a share of what is left, at any time, that is not theirs. As
//!   the month ends the reserve ends with it, since it shrinks with what is left.
//! - **Full rounds** on a schedule take at most half of what the reserve leaves; where that isn't
//!   enough for the schedule, they are spaced out.
//! - **Rounds for editors** start at once, as long as half of an even pace stays for the rest of
//!   the month. Below it they share what is left evenly, reserve included: a busy week must not
//!   leave the rest of the month without news.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Budget, Month};

/// What may still be spent, and until when it has to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {
    /// The settings.
    pub budget: Budget,
    /// The month.
    pub month: Month,
    /// Calls left; `None` is without limit.
    pub left: Option<u64>,
    /// Airtable said that the quota is spent, whatever our count: no call before this instant.
    pub quiet_until: Option<DateTime<Utc>>,
}

/// The full rounds that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullRounds {
    /// Calls of one.
    pub cost: u64,
    /// Time from one to the next.
    pub every: TimeDelta,
}

impl Means {
    /// The earliest start of the next idle round after one at `last`. `cost` is its number of calls;
    /// `full` are the full rounds that run beside idle ones, if these don't read everything.
    pub fn next_idle(
        &self,
        last: DateTime<Utc>,
        cost: u64,
        full: Option<FullRounds>,
    ) -> DateTime<Utc> {
        let Some(left) = self.left else { return self.unless_quiet(last) };
        if left < cost {
            return self.unless_quiet(self.month.end());
        }
        let time = self.month.seconds_left(last);
        let planned = full.map_or(0.0, |full| self.planned(full, left, time));
        let rounds = (self.unreserved(left) - planned) / cost.max(1) as f64;
        self.unless_quiet(last + even_gap(time, rounds))
    }

    /// The earliest start of a round for editors' changes, after a round of any kind at `last`.
    pub fn next_edit(&self, now: DateTime<Utc>, last: DateTime<Utc>, cost: u64) -> DateTime<Utc> {
        let (Some(left), Some(limit)) = (self.left, self.budget.monthly_calls) else {
            return self.unless_quiet(last);
        };
        if left < cost {
            return self.unless_quiet(self.month.end());
        }
        let whole_month = self.month.seconds_left(self.month.start());
        let even_pace = limit as f64 * self.month.seconds_left(now) / whole_month;
        if left as f64 >= even_pace / 2.0 {
            return self.unless_quiet(last);
        }
        let rounds = left as f64 / cost.max(1) as f64;
        self.unless_quiet(last + even_gap(self.month.seconds_left(last), rounds))
    }

    /// The earliest start of the next scheduled full round after one at `last`.
    pub fn next_full(
        &self,
        now: DateTime<Utc>,
        last: DateTime<Utc>,
        full: FullRounds,
    ) -> DateTime<Utc> {
        let wanted = last + full.every;
        let Some(left) = self.left else { return self.unless_quiet(wanted) };
        if self.unreserved(left) < full.cost as f64 {
            return self.unless_quiet(wanted.max(self.month.end()));
        }
        let gap = self.full_gap(full, left, self.month.seconds_left(now));
        self.unless_quiet(last + seconds(gap))
    }

    /// Calls kept for editors.
    pub fn reserve(&self) -> Option<u64> {
        self.left.map(|left| left - self.unreserved(left) as u64)
    }

    fn unless_quiet(&self, instant: DateTime<Utc>) -> DateTime<Utc> {
        self.quiet_until.map_or(instant, |until| instant.max(until))
    }

    /// What is left to rounds without news.
    fn unreserved(&self, left: u64) -> f64 {
        left as f64 * (1.0 - f64::from(self.budget.reserve_percent.min(100)) / 100.0)
    }

    /// Seconds from one full round to the next: as wanted, or what half of the unreserved allows.
    fn full_gap(&self, full: FullRounds, left: u64, time: f64) -> f64 {
        let affordable = self.unreserved(left) / 2.0 / full.cost.max(1) as f64;
        full.every.as_seconds_f64().max(time / affordable)
    }

    /// Calls that full rounds will take in `time`.
    fn planned(&self, full: FullRounds, left: u64, time: f64) -> f64 {
        if self.unreserved(left) < full.cost as f64 {
            return 0.0;
        }
        full.cost as f64 * time / self.full_gap(full, left, time)
    }
}

/// The gap that spreads rounds evenly over a time: between the last one, each of them and the end.
fn even_gap(time: f64, rounds: f64) -> TimeDelta {
    seconds(time / (rounds + 1.0))
}

fn seconds(seconds: f64) -> TimeDelta {
    // A century is as good as never, and far from what a date can't hold.
    const NEVER: f64 = 3.2e9;
    TimeDelta::milliseconds((seconds.min(NEVER) * 1_000.0).ceil() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: TimeDelta = TimeDelta::days(1);

    fn at(day: u32, hour: u32) -> DateTime<Utc> {
        format!("2026-11-{day:02}T{hour:02}:00:00Z").parse().unwrap()
    }

    fn means(monthly_calls: u64, left: u64) -> Means {
        Means {
            budget: Budget { monthly_calls: Some(monthly_calls), reserve_percent: 20 },
            month: Month::of(at(1, 0)),
            left: Some(left),
            quiet_until: None,
        }
    }

    #[test]
    fn idle_rounds_share_what_the_reserve_leaves() {
        let daily = |cost| Some(FullRounds { cost, every: DAY });
        for (monthly, left, last, cost, full, minutes) in [
            // 30 days in 801 gaps.
            (1_000, 1_000, at(1, 0), 1, None, 53.9),
            (100_000, 100_000, at(1, 0), 1, None, 0.54),
            // Half a month with half of the calls: the same pace.
            (1_000, 500, at(16, 0), 1, None, 53.9),
            // Editors took much.
            (1_000, 100, at(16, 0), 1, None, 266.7),
            // A daily full round of 10 calls takes 300 of 800.
            (1_000, 1_000, at(1, 0), 1, daily(10), 86.2),
            // One of 500 would take all, and gets half.
            (1_000, 1_000, at(1, 0), 1, daily(500), 107.7),
            // None can be paid any more, so idle rounds need leave nothing to it.
            (1_000, 400, at(1, 0), 1, daily(509), 134.6),
            // Without a webhook, a round costs what a full one does.
            (1_000, 1_000, at(1, 0), 16, None, 847.1),
            // The last call of the month.
            (1_000, 1, at(30, 0), 1, None, 800.0),
        ] {
            let gap = means(monthly, left).next_idle(last, cost, full) - last;
            let found = gap.as_seconds_f64() / 60.0;
            assert!((found - minutes).abs() < 0.06, "{left} of {monthly}, {cost}: {found}");
        }
    }

    #[test]
    fn without_enough_for_a_round_the_next_month_is_awaited() {
        let end = means(1_000, 0).month.end();
        let full = FullRounds { cost: 509, every: DAY };
        assert_eq!(means(1_000, 0).next_idle(at(3, 0), 1, None), end);
        assert_eq!(means(1_000, 15).next_idle(at(3, 0), 16, None), end);
        assert_eq!(means(1_000, 2).next_edit(at(3, 0), at(3, 0), 3), end);
        assert_eq!(means(1_000, 600).next_full(at(3, 0), at(1, 0), full), end);
    }

    #[test]
    fn a_new_month_asks_no_more_patience_for_the_one_before() {
        let last = at(1, 0) - TimeDelta::hours(2);
        assert!(means(1_000, 1_000).next_idle(last, 1, None) < at(1, 0));
    }

    #[test]
    fn full_rounds_run_as_wanted_when_they_fit_and_are_spaced_out_when_not() {
        for (monthly, left, cost, days) in [
            (100_000, 100_000, 509, 1.0),
            (1_000, 1_000, 10, 1.0),
            (1_000, 1_000, 16, 1.2),
            (1_000, 1_000, 509, 38.175),
        ] {
            let full = FullRounds { cost, every: DAY };
            let gap = means(monthly, left).next_full(at(1, 0), at(1, 0), full) - at(1, 0);
            let found = gap.as_seconds_f64() / 86_400.0;
            assert!((found - days).abs() < 0.001, "{cost} of {monthly}: {found}");
        }
    }

    #[test]
    fn editors_are_served_at_once_unless_the_rest_of_the_month_would_go_without() {
        for (left, now, hours) in [
            (1_000, at(1, 0), 0.0),
            (500, at(1, 0), 0.0),
            (250, at(16, 0), 0.0),
            // 15 days in 81 gaps.
            (240, at(16, 0), 4.444),
            (9, at(30, 23), 0.25),
            (900, at(1, 0), 0.0),
        ] {
            // A small budget of which 0.7 calls an hour are the half of an even pace.
            let limit = if left == 9 { 20_000 } else { 1_000 };
            let gap = means(limit, left).next_edit(now, now, 3) - now;
            let found = gap.as_seconds_f64() / 3_600.0;
            assert!((found - hours).abs() < 0.001, "{left}: {found}");
        }
    }

    #[test]
    fn without_a_limit_nothing_waits_but_for_airtable_s_refusal() {
        let mut means = means(1_000, 0);
        (means.budget.monthly_calls, means.left) = (None, None);
        let full = FullRounds { cost: 509, every: DAY };
        assert_eq!(means.next_idle(at(3, 0), 16, None), at(3, 0));
        assert_eq!(means.next_edit(at(3, 0), at(3, 0), 3), at(3, 0));
        assert_eq!(means.next_full(at(3, 0), at(3, 0), full), at(4, 0));
        means.quiet_until = Some(at(20, 0));
        assert_eq!(means.next_idle(at(3, 0), 16, None), at(20, 0));
        assert_eq!(means.next_edit(at(3, 0), at(3, 0), 3), at(20, 0));
        assert_eq!(means.next_full(at(3, 0), at(3, 0), full), at(20, 0));
    }

    #[test]
    fn the_reserve_is_a_share_of_what_is_left() {
        assert_eq!(means(1_000, 1_000).reserve(), Some(200));
        assert_eq!(means(1_000, 3).reserve(), Some(1));
        assert_eq!(means(1_000, 0).reserve(), Some(0));
    }
}

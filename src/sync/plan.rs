//! Planning: which round is due, by the schedule, the budget and what is held. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    budget::{FullRounds, Means},
    engine::Standing,
};

/// What a round that is due reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The whole base.
    Everything,
    /// What changed.
    News,
}

/// When the whole base is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FullWanted {
    /// So long after the last time.
    Every(TimeDelta),
    /// Since this instant, at which a cron expression asked for it.
    Since(DateTime<Utc>),
    /// Not before a cron expression asks for it again.
    Later,
}

/// The round that is due at a tick of the schedule, if the budget lets it be. Without `means` there
/// is no limit.
pub fn due(
    now: DateTime<Utc>,
    standing: &Standing,
    wanted: FullWanted,
    means: Option<&Means>,
) -> Option<Due> {
    if standing.is_fed && is_full_due(now, standing, wanted, means) {
        return Some(Due::Everything);
    }
    let next = means.and_then(|means| next_look(standing, wanted, means));
    next.is_none_or(|at| at <= now).then_some(Due::News)
}

/// When a round that looks for news may start, by the budget; `None` before the first of all, and
/// after the clock was put back: it may start at once.
pub fn next_look(standing: &Standing, wanted: FullWanted, means: &Means) -> Option<DateTime<Utc>> {
    let last = standing.last_look?;
    let every = match wanted {
        FullWanted::Every(every) => every,
        FullWanted::Since(_) | FullWanted::Later => TimeDelta::days(1),
    };
    Some(means.next_idle(last, standing.idle_cost(), standing.full_rounds(every)))
}

fn is_full_due(
    now: DateTime<Utc>,
    standing: &Standing,
    wanted: FullWanted,
    means: Option<&Means>,
) -> bool {
    let Some(last_full) = standing.last_full else { return false };
    let is_wanted = match wanted {
        FullWanted::Every(every) => last_full + every <= now,
        FullWanted::Since(since) => last_full < since,
        FullWanted::Later => false,
    };
    let may_let_out = standing.held_until.is_some_and(|until| last_full < until && until <= now);
    let affordable = FullRounds { cost: standing.full_calls, every: TimeDelta::zero() };
    let next = means.map(|means| means.next_full(now, last_full, affordable));
    (is_wanted || may_let_out) && next.is_none_or(|at| at <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::budget::{Budget, Month};

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-{text}Z").parse().unwrap()
    }

    fn means(monthly_calls: u64, left: u64, now: DateTime<Utc>) -> Means {
        let budget = Budget { monthly_calls: Some(monthly_calls), ..Budget::default() };
        Means { budget, month: Month::of(now), left: Some(left), quiet_until: None }
    }

    const DAILY: FullWanted = FullWanted::Every(TimeDelta::days(1));

    #[test]
    fn the_round_that_is_due_is_the_one_that_the_budget_affords() {
        let now = at("16T12:00:00");
        let fed = Standing {
            last_look: Some(at("16T11:59:30")),
            last_full: Some(at("16T03:00:00")),
            full_calls: 10,
            is_fed: true,
            held_until: None,
        };
        let rich = means(10_000_000, 5_000_000, now);
        let poor = means(1_000, 500, now);
        let quiet = Means { quiet_until: Some(at("16T12:00:01")), ..rich };
        let yesterday = Standing { last_full: Some(at("15T11:00:00")), ..fed };
        let put_back = Standing { last_look: None, ..fed };
        let held = Standing { held_until: Some(at("16T11:30:00")), ..fed };
        let unfed = Standing { is_fed: false, ..yesterday };
        for (name, standing, wanted, means, expected) in [
            ("nothing was ever read", Standing::default(), DAILY, Some(&poor), Some(Due::News)),
            ("half a minute ago", fed, DAILY, Some(&rich), Some(Due::News)),
            ("half a minute ago, and a small budget", fed, DAILY, Some(&poor), None),
            ("at a time that is still to come", put_back, DAILY, Some(&poor), Some(Due::News)),
            ("no budget to keep", fed, DAILY, None, Some(Due::News)),
            (
                "a day since everything was read",
                yesterday,
                DAILY,
                Some(&rich),
                Some(Due::Everything),
            ),
            (
                "asked for by cron",
                fed,
                FullWanted::Since(at("16T11:00:00")),
                Some(&rich),
                Some(Due::Everything),
            ),
            (
                "asked for by cron, and done",
                fed,
                FullWanted::Since(at("16T02:00:00")),
                Some(&rich),
                Some(Due::News),
            ),
            ("cron has yet to ask", yesterday, FullWanted::Later, Some(&rich), Some(Due::News)),
            ("a release may be let out", held, DAILY, Some(&rich), Some(Due::Everything)),
            ("a release may be let out, at a price", held, DAILY, Some(&poor), None),
            ("every round reads everything", unfed, DAILY, Some(&rich), Some(Due::News)),
            ("every round reads everything, at a price", unfed, DAILY, Some(&poor), None),
            ("Airtable refused", yesterday, DAILY, Some(&quiet), None),
        ] {
            assert_eq!(due(now, &standing, wanted, means), expected, "{name}");
        }
    }
}

//! Checks that depend on the day they are made, and so are no part of a release.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{Days as CalendarDays, NaiveDate};

use super::{links::Origin, release::Release};
use crate::content::{
    holding::Holding,
    ids::Slug,
    period::Days,
    problem::{Code, Problem},
    tables::FieldKey,
    territory::{AreaKey, Territory},
};

/// Tells what is out of date or contradictory on a day. Sorted by place.
///
/// `max_age_days` is how long a verification stays good; `None` never asks.
pub fn dated(release: &Release, today: NaiveDate, max_age_days: Option<u32>) -> Vec<Problem> {
    let mut problems = contradictions(release, today);
    if let Some(days) = max_age_days
        && let Some(oldest) = today.checked_sub_days(CalendarDays::new(days.into()))
    {
        problems.extend(stale_verifications(release, oldest));
    }
    problems.sort();
    problems
}

/// A row in so many contradictions needs mending, not counting.
const MOST_PER_HOLDING: usize = 20;

fn stale_verifications(release: &Release, oldest: NaiveDate) -> impl Iterator<Item = Problem> {
    let holdings = release.content().holdings.iter();
    holdings.filter_map(move |holding| {
        let verified_on = holding.facts.verified_on.filter(|day| *day < oldest)?;
        let message = format!(
            "Dernière vérification le {} : vérifier que l'information est toujours exacte.",
            verified_on.format("%d/%m/%Y")
        );
        let origin = Origin::holding(&holding.facts);
        Some(origin.problem(FieldKey::VerifiedOn, Code::StaleVerification, message))
    })
}

/// Pairs of holdings of one document that reach a place at the same level, share days and disagree
/// on who keeps it or whether it is kept. Each pair is told once, at the later row.
fn contradictions(release: &Release, today: NaiveDate) -> Vec<Problem> {
    let content = release.content();
    let mut at_place: HashMap<(&Slug, AreaKey), Vec<(Days, usize)>> = HashMap::new();
    for (at, holding) in content.holdings.iter().enumerate() {
        let Some(days) = holding.facts.period.resolve(today) else { continue };
        let territories =
            holding.territories.iter().filter_map(|slug| content.territories.get(slug));
        for key in territories.flat_map(Territory::keys).collect::<HashSet<_>>() {
            at_place.entry((&holding.document, key)).or_default().push((days, at));
        }
    }
    let mut pairs = BTreeSet::new();
    for mut runs in at_place.into_values() {
        runs.sort_by_key(|(days, at)| (days.from(), *at));
        for (i, (days, at)) in runs.iter().enumerate() {
            let overlapping = runs.iter().skip(i + 1).take_while(|(later, _)| {
                // Sorted by start: once one starts after the end, so do all that follow.
                days.until().is_none_or(|until| later.from().is_none_or(|from| from <= until))
            });
            let disagreeing = overlapping.filter(|(_, other)| {
                content.holdings.get(*at).zip(content.holdings.get(*other)).is_some_and(disagree)
            });
            let disagreeing = disagreeing.take(MOST_PER_HOLDING);
            pairs.extend(disagreeing.map(|(_, other)| (*at.min(other), *at.max(other))));
        }
    }
    let told = pairs.into_iter().filter_map(|(a, b)| {
        Some(contradiction(content.holdings.get(a)?, content.holdings.get(b)?))
    });
    told.collect()
}

/// One says that the documents exist and the other that they don't; or they name two services and
/// no note explains how these share them.
fn disagree((a, b): (&Holding, &Holding)) -> bool {
    let is_explained = a.facts.notes.is_some() || b.facts.notes.is_some();
    a.facts.state.is_kept() != b.facts.state.is_kept() || (a.service != b.service && !is_explained)
}

fn contradiction(a: &Holding, b: &Holding) -> Problem {
    let other = a.facts.title.as_deref().unwrap_or("une autre ligne");
    let message = format!(
        "Cette donnée et « {other} » portent sur le même document, au même niveau et sur des \
         périodes communes, mais ne disent pas la même chose : le public verra les deux."
    );
    Origin::holding(&b.facts).problem(FieldKey::Service, Code::ContradictoryHoldings, message)
}

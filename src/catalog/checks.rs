//! Checks that depend on the day they are made, and so are no part of a release.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::{Days as CalendarDays, NaiveDate};

use super::{index::Places, item::Item, links::Origin, release::Release};
use crate::content::{
    holding::Holding,
    ids::{RecordId, Slug},
    period::Days,
    problem::{Code, Problem},
    tables::FieldKey,
};

/// What the checks of one day found, so that the next ones redo only what changed.
#[derive(Debug, Default)]
pub struct Memo {
    asked: Option<(NaiveDate, Option<u32>)>,
    documents: HashMap<Slug, (Arc<Places>, Vec<Problem>)>,
}

/// Tells what is out of date or contradictory on a day. Sorted by place.
///
/// `max_age_days` is how long a verification stays good; `None` never asks. The memo changes the
/// time that it takes, and never what it tells.
pub fn dated(
    release: &Release,
    today: NaiveDate,
    max_age_days: Option<u32>,
    memo: &mut Memo,
) -> Vec<Problem> {
    let asked = Some((today, max_age_days));
    let mut known = std::mem::take(&mut memo.documents);
    if memo.asked != asked {
        known.clear();
    }
    let oldest =
        max_age_days.and_then(|days| today.checked_sub_days(CalendarDays::new(days.into())));
    let documents = release.holdings_at.documents().map(|(document, places)| {
        let known = known.remove(document).filter(|(of, _)| Arc::ptr_eq(of, places));
        let found = known.map_or_else(|| check(places, today, oldest), |(_, problems)| problems);
        (document.clone(), (Arc::clone(places), found))
    });
    *memo = Memo { asked, documents: documents.collect() };
    let mut problems: Vec<Problem> =
        memo.documents.values().flat_map(|(_, problems)| problems).cloned().collect();
    problems.sort();
    problems
}

/// Checks the holdings of one document.
fn check(places: &Places, today: NaiveDate, oldest: Option<NaiveDate>) -> Vec<Problem> {
    let mut problems = contradictions(places, today);
    if let Some(oldest) = oldest {
        problems.extend(stale_verifications(places, oldest));
    }
    problems
}

/// A row in so many contradictions needs mending, not counting.
const MOST_PER_HOLDING: usize = 20;

fn stale_verifications(places: &Places, oldest: NaiveDate) -> impl Iterator<Item = Problem> {
    let mut met: HashSet<&RecordId> = HashSet::new();
    let holdings = places.values().flatten().map(|(holding, _)| holding);
    let holdings = holdings.filter(move |holding| met.insert(&holding.facts.record));
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

/// Pairs of holdings that reach a place at the same level, share days and disagree on who keeps the
/// document or whether it is kept. Each pair is told once, at the later row.
fn contradictions(places: &Places, today: NaiveDate) -> Vec<Problem> {
    let mut pairs: BTreeMap<(&RecordId, &RecordId), (&Holding, &Holding)> = BTreeMap::new();
    for here in places.values().filter(|here| here.len() > 1) {
        let mut runs: Vec<(Days, &Item<Holding>)> = Vec::with_capacity(here.len());
        for (holding, _) in here {
            // The territories of one holding that name this place follow each other.
            let is_known =
                runs.last().is_some_and(|(_, last)| last.facts.record == holding.facts.record);
            let days = holding.facts.period.resolve(today).filter(|_| !is_known);
            runs.extend(days.map(|days| (days, holding)));
        }
        runs.sort_by(|(a, x), (b, y)| {
            a.from().cmp(&b.from()).then_with(|| x.facts.record.cmp(&y.facts.record))
        });
        for (i, (days, holding)) in runs.iter().enumerate() {
            let overlapping = runs.iter().skip(i + 1).take_while(|(later, _)| {
                // Sorted by start: once one starts after the end, so do all that follow.
                days.until().is_none_or(|until| later.from().is_none_or(|from| from <= until))
            });
            let disagreeing = overlapping.filter(|(_, other)| disagree(holding, other));
            for (_, other) in disagreeing.take(MOST_PER_HOLDING) {
                let (a, b): (&Holding, &Holding) = match holding.facts.record < other.facts.record {
                    true => (holding, other),
                    false => (other, holding),
                };
                pairs.insert((&a.facts.record, &b.facts.record), (a, b));
            }
        }
    }
    pairs.into_values().map(|(a, b)| contradiction(a, b)).collect()
}

/// One says that the documents exist and the other that they don't; or they name two services and
/// no note explains how these share them.
fn disagree(a: &Holding, b: &Holding) -> bool {
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

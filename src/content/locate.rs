//! Locate: from the holdings that may answer to a timeline of segments.
//!
//! In each segment the most specific territory wins, and equals are all kept. Pure: the holdings
//! come in with the level at which they reach the asked commune, and `today` as an argument.

use chrono::NaiveDate;

use super::{
    document::Document,
    holding::Holding,
    period::{Days, day_of_age},
    territory::{Reach, Territory},
};

/// A holding that reaches the asked commune through a territory.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The holding.
    pub holding: &'a Holding,
    /// The territory that reaches the commune.
    pub territory: &'a Territory,
    /// How it does.
    pub reach: Reach,
}

impl Candidate<'_> {
    /// Smaller is more specific: by level, then a territory that names the commune itself before
    /// one that reaches it through the commune to which it belongs.
    fn rank(&self) -> impl Ord + use<> {
        (self.territory.level(), self.reach == Reach::Inherited)
    }

    fn is_same_holding(&self, other: &Self) -> bool {
        self.holding.facts.record == other.holding.facts.record
    }
}

/// A run of days over which the answer is the same.
#[derive(Debug, Clone)]
pub struct Segment<'a> {
    /// From when to when, both included.
    pub days: Days,
    /// The answer; empty when nothing is known.
    pub chosen: Vec<Candidate<'a>>,
    /// What a more specific territory replaced.
    pub superseded: Vec<Candidate<'a>>,
}

/// Cuts time into segments that cover it once, in order.
///
/// The result does not depend on the order of the candidates.
pub fn timeline<'a>(candidates: &[Candidate<'a>], today: NaiveDate) -> Vec<Segment<'a>> {
    let mut live: Vec<(Days, Candidate<'a>)> = candidates
        .iter()
        .filter_map(|candidate| Some((candidate.holding.facts.period.resolve(today)?, *candidate)))
        .collect();
    live.sort_by(|(_, a), (_, b)| {
        (a.rank(), &a.holding.facts.record, &a.territory.slug).cmp(&(
            b.rank(),
            &b.holding.facts.record,
            &b.territory.slug,
        ))
    });

    let mut segments: Vec<Segment<'a>> = Vec::new();
    for days in elementary_runs(live.iter().map(|(days, _)| *days)) {
        let segment = choose(days, &live);
        match segments.last_mut() {
            Some(last) if is_same_answer(last, &segment) => absorb(last, segment),
            _ => segments.push(segment),
        }
    }
    segments
}

/// The segments that share a day with those asked for, whole.
pub fn touching<'a>(segments: Vec<Segment<'a>>, asked: Days) -> Vec<Segment<'a>> {
    segments.into_iter().filter(|segment| segment.days.intersection(asked).is_some()).collect()
}

/// Cuts all days wherever one of the given runs starts or has just ended.
fn elementary_runs(runs: impl Iterator<Item = Days>) -> Vec<Days> {
    let mut starts: Vec<NaiveDate> = runs
        .flat_map(|days| [days.from(), days.until().and_then(|last| last.succ_opt())])
        .flatten()
        .collect();
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().map(NaiveDate::pred_opt).chain([None]);
    let starts = [None].into_iter().chain(starts.iter().copied().map(Some));
    starts.zip(ends).filter_map(|(from, until)| Days::new(from, until)).collect()
}

/// `live` is sorted from the most specific to the least.
fn choose<'a>(days: Days, live: &[(Days, Candidate<'a>)]) -> Segment<'a> {
    let covering = live.iter().filter(|(run, _)| run.covers(days)).map(|(_, candidate)| *candidate);
    let mut segment = Segment { days, chosen: Vec::new(), superseded: Vec::new() };
    for candidate in covering {
        match segment.chosen.first() {
            Some(best) if best.rank() < candidate.rank() => {
                if !segment.chosen.iter().any(|chosen| chosen.is_same_holding(&candidate)) {
                    push_once(&mut segment.superseded, candidate);
                }
            }
            _ => push_once(&mut segment.chosen, candidate),
        }
    }
    segment
}

fn push_once<'a>(list: &mut Vec<Candidate<'a>>, candidate: Candidate<'a>) {
    if !list.iter().any(|present| present.is_same_holding(&candidate)) {
        list.push(candidate);
    }
}

fn is_same_answer(a: &Segment<'_>, b: &Segment<'_>) -> bool {
    a.chosen.len() == b.chosen.len()
        && a.chosen.iter().zip(&b.chosen).all(|(a, b)| a.is_same_holding(b))
}

fn absorb<'a>(last: &mut Segment<'a>, next: Segment<'a>) {
    if let Some(days) = Days::new(last.days.from(), next.days.until()) {
        last.days = days;
    }
    for candidate in next.superseded {
        push_once(&mut last.superseded, candidate);
    }
}

/// When the law lets everyone read the documents of some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// Years to wait, from the date of the document.
    pub delay_years: u16,
    /// How much of it is open today.
    pub status: AvailabilityStatus,
    /// Documents of this day and before are open today; `None` when all are.
    pub open_until: Option<NaiveDate>,
    /// The day from which the last of the days is open; `None` when they have no end, or when there
    /// is no delay.
    pub opens_on: Option<NaiveDate>,
}

/// How much of some days is open to everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AvailabilityStatus {
    /// Everything.
    Open,
    /// The oldest only.
    Partly,
    /// Nothing yet: some people only, or by exemption.
    Restricted,
}

/// What the law says of a document's days, if its delay is known.
///
/// The delay runs from the date of the document, or of the newest paper of a file (Code du
/// patrimoine, L. 213-2).
pub fn availability(document: &Document, days: Days, today: NaiveDate) -> Option<Availability> {
    let delay_years = document.delay_years?;
    if delay_years == 0 {
        let status = AvailabilityStatus::Open;
        return Some(Availability { delay_years, status, open_until: None, opens_on: None });
    }
    let open = Days::new(None, super::period::Bound::YearsAgo(delay_years).last_day(today))?;
    let status = match open.intersection(days) {
        None => AvailabilityStatus::Restricted,
        Some(part) if part == days => AvailabilityStatus::Open,
        Some(_) => AvailabilityStatus::Partly,
    };
    Some(Availability {
        delay_years,
        status,
        open_until: open.until(),
        opens_on: days.until().and_then(|last| day_of_age(last, delay_years)),
    })
}

/// Whether an answer about a document may change at midnight, though nothing was edited.
pub fn depends_on_today(document: &Document, candidates: &[Candidate<'_>]) -> bool {
    document.delay_years.is_some_and(|years| years > 0)
        || candidates.iter().any(|candidate| candidate.holding.facts.period.is_rolling())
}

#[cfg(test)]
mod tests;

//! What may happen, wherever the indexes fall.

use chrono::TimeDelta;
use proptest::{prelude::*, sample::Index};

use super::{
    base::{Edit, edit},
    service::Wanted,
};

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Step {
    /// Someone edits the base.
    Edit(Edit),
    /// Some calls will fail.
    Trouble(Trouble),
    /// Airtable does well again.
    TroubleEnds,
    /// Someone deletes every webhook.
    WebhooksDeleted,
    /// Time passes.
    Wait(TimeDelta),
    /// A round.
    Round(Wanted),
    /// A round is dropped after it was polled so many times.
    RoundGivenUp(Wanted, usize),
    /// Someone lets out what is held.
    Accept,
    /// The service ends and starts again.
    Restart(Restart),
}

/// Calls that fail.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub kind: TroubleKind,
    /// Calls that pass first.
    pub after: u32,
    /// Calls that fail.
    pub times: u32,
}

#[derive(Debug, Clone, Copy)]
pub enum TroubleKind {
    Internal,
    RateLimit,
    Forbidden,
    Cut,
    Html,
    Drop,
}

/// How the service ends, and what becomes of its folder meanwhile.
#[derive(Debug, Clone)]
pub struct Restart {
    /// It is killed in this round, after so many polls. Else it ends between rounds.
    pub killed_in: Option<(Wanted, usize)>,
    pub damage: Damage,
}

#[derive(Debug, Clone, Copy)]
pub enum Damage {
    None,
    /// The folder is gone.
    Gone,
    /// So many percent of the database are left.
    Cut(u64),
}

fn wanted() -> impl Strategy<Value = Wanted> {
    prop_oneof![3 => Just(Wanted::News), 1 => Just(Wanted::Everything)]
}

fn polls() -> impl Strategy<Value = usize> {
    1..60usize
}

fn trouble() -> impl Strategy<Value = Trouble> {
    use TroubleKind::*;
    let kind = prop::sample::select(vec![Internal, RateLimit, Forbidden, Cut, Html, Drop]);
    (kind, 0..12u32, 1..16u32).prop_map(|(kind, after, times)| Trouble { kind, after, times })
}

fn wait() -> impl Strategy<Value = TimeDelta> {
    use TimeDelta as D;
    let waits = [D::minutes(6), D::hours(2), D::hours(25), D::days(4), D::days(8), D::days(15)];
    prop::sample::select(waits.to_vec())
}

fn restart() -> impl Strategy<Value = Restart> {
    let damage = prop_oneof![
        6 => Just(Damage::None),
        1 => Just(Damage::Gone),
        1 => (0..100u64).prop_map(Damage::Cut),
    ];
    let killed_in = prop::option::of((wanted(), polls()));
    (killed_in, damage).prop_map(|(killed_in, damage)| Restart { killed_in, damage })
}

pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        16 => edit().prop_map(Step::Edit),
        4 => trouble().prop_map(Step::Trouble),
        2 => Just(Step::TroubleEnds),
        1 => Just(Step::WebhooksDeleted),
        3 => wait().prop_map(Step::Wait),
        8 => wanted().prop_map(Step::Round),
        3 => (wanted(), polls()).prop_map(|(wanted, polls)| Step::RoundGivenUp(wanted, polls)),
        1 => Just(Step::Accept),
        4 => restart().prop_map(Step::Restart),
    ]
}

/// An index that falls wherever.
pub fn index() -> impl Strategy<Value = Index> {
    any::<Index>()
}

//! A month under the budget, lived through in no time: edits, outages, kills and full rounds come at
//! random, and what must always hold is checked at every step.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rand::{SeedableRng as _, rngs::SmallRng};

use super::{Budget, FullRounds, Ledger, Month, Taken};
use crate::airtable::calls::CallKind;

/// Calls of a round that finds news: its payloads, the rows, and one for more rows.
const EDIT_COST: u64 = 3;
/// Attempts at a call that fails.
const ATTEMPTS: u32 = 5;
const DAY: TimeDelta = TimeDelta::days(1);

/// What a month is made of.
#[derive(Debug, Clone)]
struct Life {
    monthly_calls: u64,
    /// Time wanted from one idle round to the next.
    wanted: TimeDelta,
    full: Option<FullRounds>,
    edits_per_day: f64,
    kills_per_day: f64,
    outages_per_day: f64,
    seed: u64,
}

impl Life {
    fn quiet(monthly_calls: u64, wanted: TimeDelta) -> Self {
        Self {
            monthly_calls,
            wanted,
            full: None,
            edits_per_day: 0.0,
            kills_per_day: 0.0,
            outages_per_day: 0.0,
            seed: 1,
        }
    }
}

struct World {
    life: Life,
    budget: Budget,
    rng: SmallRng,
    now: DateTime<Utc>,
    ledger: Ledger,
    on_disk: String,
    last_round: DateTime<Utc>,
    last_full: DateTime<Utc>,
    outage_until: DateTime<Utc>,
    next: [DateTime<Utc>; 3],
    seen: Seen,
}

/// What came of it.
#[derive(Debug, Default)]
struct Seen {
    /// Calls that Airtable counted.
    calls: u64,
    idle_rounds: u64,
    full_rounds: u64,
    /// Edits that were read at once, and those that waited.
    prompt_edits: u64,
    late_edits: u64,
    longest_wait: TimeDelta,
    kills: u64,
}

/// How a call ended.
#[derive(Debug, PartialEq)]
enum End {
    Answered,
    Failed,
    Killed,
}

impl World {
    fn new(life: Life, start: DateTime<Utc>) -> Self {
        let mut rng = SmallRng::seed_from_u64(life.seed);
        let rates = [life.edits_per_day, life.kills_per_day, life.outages_per_day];
        let next = rates.map(|rate| start + until_next(&mut rng, rate));
        Self {
            budget: Budget { monthly_calls: Some(life.monthly_calls), reserve_percent: 20 },
            rng,
            now: start,
            ledger: Ledger::default(),
            on_disk: "{\"months\":{}}".to_owned(),
            last_round: start - life.wanted,
            last_full: start - DAY,
            outage_until: start,
            next,
            life,
            seen: Seen::default(),
        }
    }

    /// Lives until the end of the month of `now`.
    fn live_a_month(&mut self) -> Seen {
        let month = Month::of(self.now);
        let mut waiting: Option<DateTime<Utc>> = None;
        loop {
            let means = self.ledger.means(self.now, &self.budget);
            let idle = means.next_idle(self.last_round, 1, self.life.full);
            let idle = idle.max(self.last_round + self.life.wanted);
            let full = self.life.full.map(|full| means.next_full(self.now, self.last_full, full));
            let edit = waiting.map(|_| means.next_edit(self.now, self.last_round, EDIT_COST));
            let [next_edit, next_kill, next_outage] = self.next;
            let due = [Some(idle), full, edit, Some(next_edit), Some(next_kill), Some(next_outage)];
            let (at, which) =
                due.iter().zip(0..).filter_map(|(at, n)| Some(((*at)?, n))).min().unwrap();
            self.now = self.now.max(at);
            if self.now >= month.end() {
                self.now = month.end();
                assert!(self.seen.calls <= self.life.monthly_calls, "{:?}", self.seen);
                return std::mem::take(&mut self.seen);
            }
            match which {
                0 => {
                    self.check_patience();
                    self.seen.idle_rounds += u64::from(self.round(1) == End::Answered);
                }
                1 => {
                    let cost = self.life.full.unwrap().cost;
                    self.last_full = self.now;
                    self.seen.full_rounds += u64::from(self.round(cost) == End::Answered);
                }
                2 => {
                    let wait = self.now - waiting.take().unwrap();
                    let is_prompt = wait == TimeDelta::zero();
                    self.seen.prompt_edits += u64::from(is_prompt);
                    self.seen.late_edits += u64::from(!is_prompt);
                    self.seen.longest_wait = self.seen.longest_wait.max(wait);
                    self.round(EDIT_COST);
                }
                3 => {
                    waiting.get_or_insert(self.now);
                    self.next[0] += until_next(&mut self.rng, self.life.edits_per_day);
                }
                4 => {
                    self.kill();
                    self.next[1] += until_next(&mut self.rng, self.life.kills_per_day);
                }
                _ => {
                    self.outage_until =
                        self.now + TimeDelta::minutes(self.rng.random_range(1..600));
                    self.next[2] += until_next(&mut self.rng, self.life.outages_per_day);
                }
            }
            assert!(self.seen.calls <= self.life.monthly_calls, "{:?}", self.seen);
        }
    }

    /// An idle round never waits longer than wanted or needed: than the share of the time left that
    /// a call has, of those that are left to idle rounds. A month that has nothing left is waited for
    /// to its end, and no longer.
    fn check_patience(&self) {
        let month = Month::of(self.now);
        let account = self.ledger.account(month);
        let unreserved = account.left(&self.budget).unwrap() as f64 * 0.8;
        let time = month.seconds_left(self.last_round);
        let for_full = self.life.full.map_or(0.0, |full| {
            let wanted = full.cost as f64 * time / full.every.as_seconds_f64();
            wanted.min(unreserved / 2.0)
        });
        let needed = time / (unreserved - for_full);
        let allowed = needed.max(self.life.wanted.as_seconds_f64()) * 1.001;
        let waited = (self.now - self.last_round.max(month.start())).as_seconds_f64();
        assert!(waited <= allowed, "{} waited {waited} s of {allowed}", self.now);
    }

    fn round(&mut self, calls: u64) -> End {
        self.last_round = self.now;
        let ends = (0..calls).map(|_| self.call());
        ends.into_iter().find(|end| *end != End::Answered).unwrap_or(End::Answered)
    }

    fn call(&mut self) -> End {
        let is_down = self.now < self.outage_until;
        for _ in 0..if is_down { ATTEMPTS } else { 1 } {
            match self.ledger.take(CallKind::Webhook, self.now, &self.budget) {
                Err(_) => return End::Failed,
                Ok(Taken::FromBlock) => {}
                Ok(Taken::NewBlock) => self.on_disk = serde_json::to_string(&self.ledger).unwrap(),
            }
            self.seen.calls += 1;
            // Some kills come between two calls of a round.
            if self.life.kills_per_day > 0.0 && self.rng.random_bool(0.001) {
                self.kill();
                return End::Killed;
            }
        }
        if is_down { End::Failed } else { End::Answered }
    }

    fn kill(&mut self) {
        self.seen.kills += 1;
        self.ledger = serde_json::from_str::<Ledger>(&self.on_disk).unwrap().restored();
        let spent = self.ledger.account(Month::of(self.now)).spent();
        assert!(spent >= self.seen.calls, "{spent} on disk, {} made", self.seen.calls);
    }
}

/// Time to the next of events that come at random, so many a day.
fn until_next(rng: &mut SmallRng, per_day: f64) -> TimeDelta {
    if per_day == 0.0 {
        return TimeDelta::days(1_000);
    }
    let days = -rng.random_range(f64::EPSILON..1.0).ln() / per_day;
    TimeDelta::seconds((days * 86_400.0) as i64 + 1)
}

fn start() -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn lives(monthly_calls: u64, wanted: TimeDelta, full_cost: u64) -> impl Strategy<Value = Life> {
    let full = FullRounds { cost: full_cost, every: DAY };
    let full = prop_oneof![Just(None), Just(Some(full))];
    let started = (full, 0.0..100.0, prop_oneof![Just(0.0), 0.0..3.0], 0.0..1.0, any::<u64>());
    started.prop_map(move |(full, edits_per_day, kills_per_day, outages_per_day, seed)| Life {
        monthly_calls,
        wanted,
        full,
        edits_per_day,
        kills_per_day,
        outages_per_day,
        seed,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_thousand_calls_are_never_exceeded_and_never_waited_for_in_vain(
        life in lives(1_000, TimeDelta::seconds(30), 16)
    ) {
        let mut world = World::new(life, start());
        for _ in 0..3 {
            world.live_a_month();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, ..ProptestConfig::default() })]

    #[test]
    fn nor_are_a_hundred_thousand(life in lives(100_000, TimeDelta::seconds(30), 509)) {
        let mut world = World::new(life, start());
        for _ in 0..2 {
            world.live_a_month();
        }
    }
}

#[test]
fn the_whole_budget_is_used_where_it_is_wanted() {
    for (monthly_calls, wanted, full) in [
        (1_000, TimeDelta::seconds(30), None),
        (1_000, TimeDelta::seconds(30), Some(FullRounds { cost: 16, every: DAY })),
        (20_000, TimeDelta::seconds(30), Some(FullRounds { cost: 509, every: DAY })),
        (100_000, TimeDelta::seconds(5), None),
    ] {
        let mut world = World::new(Life { full, ..Life::quiet(monthly_calls, wanted) }, start());
        for _ in 0..2 {
            let seen = world.live_a_month();
            let unused = monthly_calls - seen.calls;
            assert!(unused * 100 <= monthly_calls, "{monthly_calls}, {full:?}: {seen:?}");
        }
    }
}

#[test]
fn a_budget_that_suffices_is_not_felt() {
    let full = Some(FullRounds { cost: 20, every: DAY });
    let life = Life { full, edits_per_day: 50.0, ..Life::quiet(200_000, TimeDelta::seconds(30)) };
    let seen = World::new(life, start()).live_a_month();
    assert_eq!((seen.full_rounds, seen.late_edits), (30, 0));
    assert!(seen.idle_rounds >= 30 * 2_880 - 3_200, "{seen:?}");
}

#[test]
fn editors_who_need_no_more_than_the_reserve_are_served_at_once_to_the_last_day() {
    for seed in 0..20 {
        let calls_per_day = 200.0 / 30.0;
        let edits_per_day = calls_per_day / EDIT_COST as f64;
        let quiet = Life::quiet(1_000, TimeDelta::seconds(30));
        let mut world = World::new(Life { edits_per_day, seed, ..quiet }, start());
        for _ in 0..3 {
            let seen = world.live_a_month();
            assert_eq!(seen.late_edits, 0, "{seen:?}");
            assert!(seen.prompt_edits > 20, "{seen:?}");
        }
    }
}

#[test]
fn editors_who_need_ten_times_what_there_is_wait_less_than_a_day() {
    let quiet = Life::quiet(1_000, TimeDelta::seconds(30));
    for seed in 0..20 {
        let mut world = World::new(Life { edits_per_day: 100.0, seed, ..quiet.clone() }, start());
        let seen = world.live_a_month();
        assert!(seen.prompt_edits > 100, "{seen:?}");
        assert!(seen.longest_wait < DAY, "{seen:?}");
    }
}

#[test]
fn full_rounds_that_do_not_fit_are_spaced_out() {
    let quiet = Life::quiet(1_000, TimeDelta::seconds(30));
    let full = Some(FullRounds { cost: 100, every: DAY });
    let mut world = World::new(Life { full, ..quiet }, start());
    let seen: Vec<_> = (0..3).map(|_| world.live_a_month().full_rounds).collect();
    assert!(seen.iter().all(|rounds| (2..=5).contains(rounds)), "{seen:?}");
}

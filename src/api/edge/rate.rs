//! How many requests a client may make: so many a second in the long run, and a burst at once.
//!
//! Counted by the generic cell rate algorithm, which keeps one number for each client. Answers tell
//! by the fields of the draft of the IETF, version 10
//! (<https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10>). A shared cache
//! repeats what it was told with the answer: clients should pass over these fields where there is
//! an `Age`.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use super::client::Client;

/// The header that tells what a client may do.
pub const POLICY_HEADER: HeaderName = HeaderName::from_static("ratelimit-policy");
/// The header that tells what is left to it.
pub const LEFT_HEADER: HeaderName = HeaderName::from_static("ratelimit");

/// After so many requests, clients that have their whole burst again are forgotten. So memory is
/// bounded by these and by the clients that are being counted, at some 60 bytes each.
const UPKEEP: u32 = 1 << 16;

/// What a client may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How long it takes to earn a request. Not zero.
    pub interval: Duration,
    /// How many can be made at once.
    pub burst: NonZeroU32,
}

impl Rate {
    /// So many a second, and so many at once.
    pub fn per_second(requests: NonZeroU32, burst: NonZeroU32) -> Self {
        Self { interval: Duration::from_secs(1) / requests.get(), burst }
    }

    /// How long it takes to earn so many requests, in whole seconds.
    fn seconds_for(self, requests: u32) -> u64 {
        self.interval.saturating_mul(requests).as_nanos().div_ceil(1_000_000_000) as u64
    }
}

/// Counts the requests of each client.
#[derive(Debug)]
pub struct Limiter<C: Clock = DefaultClock> {
    rate: Rate,
    policy: HeaderValue,
    counts: RateLimiter<Client, DashMapStateStore<Client>, C, StateInformationMiddleware>,
    clock: C,
    /// Requests until the next upkeep.
    until_upkeep: AtomicU32,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// How many more could be made at once.
    pub remaining: u32,
    /// Seconds until the whole burst can be made again, if none is made.
    pub reset: u64,
    /// How long to wait, where this one is refused.
    pub wait: Option<Duration>,
}

impl Verdict {
    /// Whether the request is one too many.
    pub fn is_refusal(&self) -> bool {
        self.wait.is_some()
    }
}

impl Limiter {
    /// Nobody has asked yet.
    pub fn new(rate: Rate) -> Self {
        Self::with_clock(rate, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limiter<C> {
    /// As [`Limiter::new`], by another clock.
    pub fn with_clock(rate: Rate, clock: C) -> Self {
        // A period of zero has no quota: the shortest there is stands for it.
        let interval = rate.interval.max(Duration::from_nanos(1));
        let quota = Quota::with_period(interval).unwrap_or(Quota::per_second(NonZeroU32::MAX));
        let (quota, nobody) = (quota.allow_burst(rate.burst), DashMapStateStore::default());
        let window = rate.seconds_for(rate.burst.get()).max(1);
        let policy = format!("\"client\";q={};w={window}", rate.burst);
        Self {
            rate: Rate { interval, ..rate },
            policy: HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("")),
            counts: RateLimiter::new(quota, nobody, clock.clone()),
            clock,
            until_upkeep: AtomicU32::new(UPKEEP),
        }
    }

    /// Counts a request.
    pub fn check(&self, client: Client) -> Verdict {
        if self.until_upkeep.fetch_sub(1, Ordering::Relaxed) == 1 {
            // Meanwhile the others count on from the largest number.
            self.until_upkeep.store(UPKEEP, Ordering::Relaxed);
            self.counts.retain_recent();
            self.counts.shrink_to_fit();
        }
        let (remaining, wait) = match self.counts.check_key(&client) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(refusal) => (0, Some(refusal.wait_time_from(self.clock.now()))),
        };
        let spent = self.rate.burst.get().saturating_sub(remaining);
        Verdict { remaining, reset: self.rate.seconds_for(spent), wait }
    }

    /// Tells a client of a verdict.
    pub fn tell(&self, verdict: Verdict, headers: &mut HeaderMap) {
        let Verdict { remaining, reset, wait } = verdict;
        headers.insert(POLICY_HEADER, self.policy.clone());
        if let Ok(left) = HeaderValue::try_from(format!("\"client\";r={remaining};t={reset}")) {
            headers.insert(LEFT_HEADER, left);
        }
        if let Some(wait) = wait {
            let seconds = wait.as_nanos().div_ceil(1_000_000_000).max(1) as u64;
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
    }

    /// Clients that are remembered.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.counts.len()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use governor::clock::FakeRelativeClock;
    use proptest::prelude::*;

    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate::per_second(per_second.try_into().unwrap(), burst.try_into().unwrap())
    }

    fn client(number: u32) -> Client {
        Client::V4(Ipv4Addr::from(number))
    }

    #[test]
    fn a_burst_goes_through_then_what_is_earned() {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::with_clock(rate(2, 4), clock.clone());
        for (remaining, reset) in [(3, 1), (2, 1), (1, 2), (0, 2)] {
            assert_eq!(limiter.check(client(1)), Verdict { remaining, reset, wait: None });
        }
        let half = Duration::from_millis(500);
        assert_eq!(limiter.check(client(1)), Verdict { remaining: 0, reset: 2, wait: Some(half) });
        assert_eq!(limiter.check(client(2)).remaining, 3, "another one has its own");
        clock.advance(half);
        assert_eq!(limiter.check(client(1)).wait, None);
        assert_eq!(limiter.check(client(1)).wait, Some(half));
    }

    #[test]
    fn a_verdict_is_told_as_the_draft_has_it() {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::with_clock(rate(200, 2_000), clock);
        let mut headers = HeaderMap::new();
        limiter.tell(limiter.check(client(1)), &mut headers);
        assert_eq!(headers[POLICY_HEADER], "\"client\";q=2000;w=10");
        assert_eq!(headers[LEFT_HEADER], "\"client\";r=1999;t=1");
        assert!(!headers.contains_key(header::RETRY_AFTER));
        let refused = Verdict { remaining: 0, reset: 10, wait: Some(Duration::from_millis(5)) };
        limiter.tell(refused, &mut headers);
        assert_eq!(headers[LEFT_HEADER], "\"client\";r=0;t=10");
        assert_eq!(headers[header::RETRY_AFTER], "1");
    }

    #[test]
    fn clients_that_are_gone_take_no_memory() {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::with_clock(rate(1, 1), clock.clone());
        for number in 0..3 * UPKEEP {
            if number % UPKEEP == 0 {
                clock.advance(Duration::from_secs(5));
            }
            limiter.check(client(number));
            assert!(number % 1_000 != 0 || limiter.len() <= 2 * UPKEEP as usize);
        }
        assert!(limiter.len() <= 2 * UPKEEP as usize, "{}", limiter.len());
    }

    proptest! {
        #[test]
        fn no_client_ever_gets_more_than_its_burst_and_what_it_earned(
            per_second in 1_u32..50,
            burst in 1_u32..20,
            steps in prop::collection::vec((0_u64..2_000, 0_u32..3), 1..200),
        ) {
            let clock = FakeRelativeClock::default();
            let limiter = Limiter::with_clock(rate(per_second, burst), clock.clone());
            let (mut elapsed, mut allowed) = (Duration::ZERO, [0_u32; 3]);
            for (pause, number) in steps {
                let pause = Duration::from_millis(pause);
                clock.advance(pause);
                elapsed += pause;
                let verdict = limiter.check(client(number));
                if verdict.wait.is_none() {
                    allowed[number as usize] += 1;
                }
                let earned = (elapsed.as_secs_f64() * f64::from(per_second)).ceil() as u32;
                prop_assert!(allowed[number as usize] <= burst + earned);
                prop_assert!(verdict.remaining < burst);
            }
        }

        #[test]
        fn who_waits_as_told_is_let_through(
            per_second in 1_u32..50,
            burst in 1_u32..20,
            tries in 1_usize..60,
        ) {
            let clock = FakeRelativeClock::default();
            let limiter = Limiter::with_clock(rate(per_second, burst), clock.clone());
            for _ in 0..tries {
                if let Some(wait) = limiter.check(client(1)).wait {
                    clock.advance(wait);
                    prop_assert_eq!(limiter.check(client(1)).wait, None);
                }
            }
        }
    }
}

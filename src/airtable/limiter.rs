//! Keeps every call to a base within what Airtable allows, as Airtable itself counts it.
//!
//! Airtable refuses the sixth request of any second and then everything for 30 s
//! (<https://airtable.com/developers/web/api/rate-limits>). What it counts is the arrival of a
//! request, a moment that we don't know: it lies somewhere between our sending and the first byte of
//! the answer. So two rules hold at once:
//!
//! - at most `rate` requests are *sent* in any second, the share that the settings give us;
//! - at most five requests are *uncertain* at any time: sent and not answered yet, or answered less
//!   than a second ago. A sixth can then never arrive in the same second as five others, whatever
//!   the network does to them.
//!
//! Callers are served in the order in which they came. One that gives up frees its turn at once.

use std::{
    collections::VecDeque,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as Queue, Notify},
    time::{Instant, sleep_until},
};

/// Requests that Airtable accepts from a base in one second, on every plan.
pub const AIRTABLE_REQUESTS_PER_SECOND: usize = 5;

/// One second, and a little more because neither end's clock is finer than a millisecond.
const WINDOW: Duration = Duration::from_millis(1_005);

/// The limiter of one base, shared by all that speak to it.
#[derive(Debug, Clone)]
pub(super) struct Limiter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// A fair lock: the one who holds it is the next to send.
    queue: Queue<()>,
    ledger: Mutex<Ledger>,
    answered: Notify,
}

/// The right to send one request. To be dropped when the answer begins, or when none will come:
/// a request that is given up may still have reached the server.
#[derive(Debug)]
#[must_use = "the request counts as answered once this is dropped"]
pub(super) struct Pass(Arc<Shared>);

impl Limiter {
    /// `rate` is the number of requests sent in any second; `None` sends without limit, though still
    /// respecting lock-outs.
    pub(super) fn new(rate: Option<NonZeroU32>) -> Self {
        Self(Arc::new(Shared {
            queue: Queue::new(()),
            ledger: Mutex::new(Ledger::new(rate)),
            answered: Notify::new(),
        }))
    }

    /// Waits for the right to send one request now.
    pub(super) async fn pass(&self) -> Pass {
        let _turn = self.0.queue.lock().await;
        loop {
            let next = self.0.ledger().try_send(Instant::now());
            match next {
                Next::Sent => return Pass(Arc::clone(&self.0)),
                Next::NotBefore(instant) => sleep_until(instant).await,
                Next::AfterAnAnswer => self.0.answered.notified().await,
            }
        }
    }

    /// Silences all callers until `instant`; a later lock-out that is already set stays.
    pub(super) fn lock_out_until(&self, instant: Instant) {
        let mut ledger = self.0.ledger();
        ledger.locked_until = ledger.locked_until.max(Some(instant));
    }
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Nothing panics while it holds the lock; were that to change, the ledger is still sound.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.ledger().answered(Instant::now());
        self.0.answered.notify_one();
    }
}

/// What was sent and answered of late. Pure: the time comes in.
#[derive(Debug)]
struct Ledger {
    /// `None` keeps no account.
    rate: Option<usize>,
    /// When requests were sent, oldest first, within the last window.
    sent: VecDeque<Instant>,
    /// Requests sent and not answered.
    in_flight: usize,
    /// When answers came, oldest first, within the last window.
    answers: VecDeque<Instant>,
    locked_until: Option<Instant>,
}

/// What the next caller in the queue may do.
#[derive(Debug, PartialEq)]
enum Next {
    /// It sends now; the request is written down.
    Sent,
    /// It asks again at this instant.
    NotBefore(Instant),
    /// It asks again after one of the requests in flight is answered.
    AfterAnAnswer,
}

impl Ledger {
    fn new(rate: Option<NonZeroU32>) -> Self {
        Self {
            rate: rate.map(|rate| usize::try_from(rate.get()).unwrap_or(usize::MAX)),
            sent: VecDeque::new(),
            in_flight: 0,
            answers: VecDeque::new(),
            locked_until: None,
        }
    }

    fn try_send(&mut self, now: Instant) -> Next {
        if let Some(until) = self.locked_until {
            if now < until {
                return Next::NotBefore(until);
            }
            self.locked_until = None;
        }
        let Some(rate) = self.rate else {
            return Next::Sent;
        };
        forget_before_window(&mut self.sent, now);
        forget_before_window(&mut self.answers, now);
        if self.sent.len() >= rate {
            return Next::after(self.sent.front());
        }
        if self.in_flight + self.answers.len() >= AIRTABLE_REQUESTS_PER_SECOND {
            return Next::after(self.answers.front());
        }
        self.sent.push_back(now);
        self.in_flight += 1;
        Next::Sent
    }

    fn answered(&mut self, now: Instant) {
        if self.rate.is_some() {
            self.in_flight = self.in_flight.saturating_sub(1);
            self.answers.push_back(now);
        }
    }
}

impl Next {
    fn after(oldest: Option<&Instant>) -> Self {
        oldest.map_or(Self::AfterAnAnswer, |instant| Self::NotBefore(*instant + WINDOW))
    }
}

fn forget_before_window(instants: &mut VecDeque<Instant>, now: Instant) {
    while instants.front().is_some_and(|instant| *instant + WINDOW <= now) {
        instants.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use proptest::prelude::*;
    use tokio::time::sleep;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limiter(rate: u32) -> Limiter {
        Limiter::new(NonZeroU32::new(rate))
    }

    /// The most instants that fall within any one second.
    fn busiest_second(mut instants: Vec<Instant>) -> usize {
        instants.sort();
        (0..instants.len())
            .map(|i| instants[i..].iter().take_while(|t| **t - instants[i] < SECOND).count())
            .max()
            .unwrap_or(0)
    }

    /// One request: sent, counted by the server after `there`, answered after `back` more.
    async fn request(limiter: Limiter, there: Duration, back: Duration) -> (Instant, Instant) {
        let pass = limiter.pass().await;
        let sent = Instant::now();
        sleep(there).await;
        let counted = Instant::now();
        sleep(back).await;
        drop(pass);
        (sent, counted)
    }

    fn paused(future: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(future);
    }

    proptest! {
        #[test]
        fn the_server_never_counts_more_than_five_in_any_second(
            rate in 1_u32..=20,
            latencies in prop::collection::vec((0_u64..1_500, 0_u64..1_500), 1..60),
        ) {
            paused(async {
                let limiter = limiter(rate);
                let log = join_all(latencies.iter().map(|(there, back)| {
                    let (there, back) = (Duration::from_millis(*there), Duration::from_millis(*back));
                    request(limiter.clone(), there, back)
                }))
                .await;
                let (sent, counted): (Vec<_>, Vec<_>) = log.into_iter().unzip();
                assert!(busiest_second(counted) <= AIRTABLE_REQUESTS_PER_SECOND);
                assert!(busiest_second(sent) <= rate as usize);
            });
        }
    }

    #[tokio::test(start_paused = true)]
    async fn quick_answers_leave_the_whole_rate() {
        let (limiter, start) = (limiter(4), Instant::now());
        let latency = Duration::from_millis(100);
        join_all((0..400).map(|_| request(limiter.clone(), latency, latency))).await;
        let ideal = 100 * SECOND;
        assert!(start.elapsed() < ideal.mul_f64(1.01), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_nobody_waits_but_for_a_lock_out() {
        let (limiter, start) = (Limiter::new(None), Instant::now());
        join_all((0..100).map(|_| limiter.pass())).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        limiter.lock_out_until(start + 30 * SECOND);
        let _pass = limiter.pass().await;
        assert_eq!(start.elapsed(), 30 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_out_silences_those_who_already_wait_and_is_never_shortened() {
        let (limiter, start) = (limiter(1), Instant::now());
        drop(limiter.pass().await);
        let waiting = tokio::spawn({
            let limiter = limiter.clone();
            async move { drop(limiter.pass().await) }
        });
        tokio::task::yield_now().await;
        limiter.lock_out_until(start + 30 * SECOND);
        limiter.lock_out_until(start + 10 * SECOND);
        waiting.await.unwrap();
        assert_eq!(start.elapsed(), 30 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn callers_are_served_in_order_and_one_who_leaves_frees_the_turn() {
        let limiter = limiter(1);
        drop(limiter.pass().await);
        let served = Arc::new(Mutex::new(Vec::new()));
        let mut callers = Vec::new();
        for name in 0..4 {
            let (limiter, served) = (limiter.clone(), Arc::clone(&served));
            callers.push(tokio::spawn(async move {
                drop(limiter.pass().await);
                served.lock().unwrap().push(name);
            }));
            tokio::task::yield_now().await;
        }
        callers[0].abort();
        callers[2].abort();
        for caller in callers {
            let _ = caller.await;
        }
        assert_eq!(*served.lock().unwrap(), [1, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_given_up_on_the_way_still_counts_for_a_second() {
        let limiter = limiter(5);
        let flying = join_all((0..5).map(|_| limiter.pass())).await;
        sleep(10 * SECOND).await;
        drop(flying);
        let given_up = Instant::now();
        drop(limiter.pass().await);
        assert!(given_up.elapsed() >= SECOND);
    }
}

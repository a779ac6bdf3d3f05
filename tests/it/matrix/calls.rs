//! What Airtable must not see: too many calls in a second, and calls that it asked us not to make.

use std::time::Duration;

use locadocs::sandbox::calls::Call;
use tokio::time::Instant;

/// What a 429 asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// For so long as a lock-out lasts.
    Pause,
    /// Until the month ends.
    Month,
}

/// The sandbox's, and Airtable's.
pub const LOCK_OUT: Duration = Duration::from_secs(30);

const SECOND: Duration = Duration::from_secs(1);
const MOST_IN_A_SECOND: usize = 5;

/// What is wrong with calls, in the order in which they came. No 429 is to come but those that the
/// fault is about, which ended at `end`.
pub fn wrong(calls: &[Call], asked: Option<Silence>, end: Instant) -> Vec<String> {
    let mut wrong = Vec::new();
    let busiest = (0..calls.len()).map(|i| within(&calls[i..], SECOND)).max().unwrap_or(0);
    if busiest > MOST_IN_A_SECOND {
        wrong.push(format!("{busiest} calls in a second"));
    }
    let refused = calls.iter().find(|call| call.status == Some(429));
    match (refused, asked) {
        (None, _) => {}
        (Some(call), None) => wrong.push(format!("{} exceeded the rate", name(call))),
        (Some(call), Some(Silence::Month)) => {
            let later = calls.iter().filter(|later| is_after(later, call.at) && later.at < end);
            wrong.extend(later.map(|later| format!("{} although the quota is spent", name(later))));
        }
        (Some(_), Some(Silence::Pause)) => {
            let refusals = calls.iter().filter(|call| call.status == Some(429));
            let broken = refusals.flat_map(|refused| {
                let later = calls.iter().filter(|later| is_after(later, refused.at));
                later.filter(|later| later.at < refused.at + LOCK_OUT)
            });
            wrong.extend(broken.map(|call| format!("{} during a lock-out", name(call))));
        }
    }
    wrong
}

/// How many of the calls come so soon after the first of them.
fn within(calls: &[Call], time: Duration) -> usize {
    let soon = |call: &&Call| call.at - calls[0].at < time;
    calls.iter().take_while(soon).count()
}

/// Whether a call was sent when the answer to one that came at `refused` was known.
fn is_after(call: &Call, refused: Instant) -> bool {
    const ON_THE_WAY: Duration = Duration::from_millis(20);
    call.at > refused + ON_THE_WAY
}

fn name(call: &Call) -> String {
    format!("{} {}", call.method, call.path)
}

//! The time of day in a cell: it follows the runtime's virtual time, may be moved ahead for all, and
//! may be wrong for the service alone.

use std::cell::Cell;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::api::harness::noon;

thread_local! {
    // A cell has its thread to itself.
    static START: Cell<Option<Instant>> = const { Cell::new(None) };
    static PASSED: Cell<TimeDelta> = const { Cell::new(TimeDelta::zero()) };
    static ERROR: Cell<TimeDelta> = const { Cell::new(TimeDelta::zero()) };
}

/// Starts at noon.
pub fn start() {
    START.set(Some(Instant::now()));
}

/// The right time.
pub fn right() -> DateTime<Utc> {
    let start = START.get().expect("the clock was started");
    noon() + TimeDelta::from_std(start.elapsed()).unwrap() + PASSED.get()
}

/// The time that the service is told.
pub fn told() -> DateTime<Utc> {
    right() + ERROR.get()
}

/// Lets time pass.
pub fn pass(time: TimeDelta) {
    PASSED.set(PASSED.get() + time);
}

/// Has the service's clock be wrong by this.
pub fn be_wrong_by(error: TimeDelta) {
    ERROR.set(error);
}

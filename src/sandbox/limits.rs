//! Airtable's limits on calls (<https://airtable.com/developers/web/api/rate-limits>).
//!
//! So many requests in any second to one base, so many by one user; whoever goes beyond is refused
//! until the lock-out has passed. Time is the monotonic clock's.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{config::Config, error::ApiError};

/// The calls of the last second, and the month's.
#[derive(Debug)]
pub struct Limits {
    per_base: Option<u32>,
    per_user: Option<u32>,
    lockout: Duration,
    monthly: Option<u64>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bases: HashMap<String, Window>,
    users: HashMap<String, Window>,
    calls: u64,
}

#[derive(Debug, Default)]
struct Window {
    recent: VecDeque<Instant>,
    locked_until: Option<Instant>,
}

impl Window {
    /// Counts a call; false when it is one too many.
    fn admit(&mut self, limit: u32, lockout: Duration, now: Instant) -> bool {
        const SECOND: Duration = Duration::from_secs(1);
        if self.locked_until.is_some_and(|end| now < end) {
            return false;
        }
        while self.recent.front().is_some_and(|at| now.duration_since(*at) >= SECOND) {
            self.recent.pop_front();
        }
        if self.recent.len() >= limit as usize {
            self.locked_until = Some(now + lockout);
            return false;
        }
        self.recent.push_back(now);
        true
    }
}

impl Limits {
    /// No call yet.
    pub fn new(config: &Config) -> Self {
        Self {
            per_base: config.per_second,
            per_user: config.per_second_user,
            lockout: config.lockout,
            monthly: config.monthly_calls,
            state: Mutex::default(),
        }
    }

    /// Counts a call of a user, to a base if the path names one.
    ///
    /// # Errors
    /// The 429 of a limit that is exceeded.
    pub fn admit(&self, user: &str, base: Option<&str>, now: Instant) -> Result<(), ApiError> {
        let mut state = self.state.lock();
        if let (Some(base), Some(limit)) = (base, self.per_base)
            && !window(&mut state.bases, base).admit(limit, self.lockout, now)
        {
            return Err(ApiError::rate_limited());
        }
        if let Some(limit) = self.per_user
            && !window(&mut state.users, user).admit(limit, self.lockout, now)
        {
            return Err(ApiError::rate_limited());
        }
        Ok(())
    }

    /// Counts a call against the month's.
    ///
    /// # Errors
    /// The billing 429 once they are spent.
    pub fn bill(&self) -> Result<(), ApiError> {
        let mut state = self.state.lock();
        if self.monthly.is_some_and(|allowed| state.calls >= allowed) {
            return Err(ApiError::billing_limit());
        }
        state.calls += 1;
        Ok(())
    }
}

fn window<'a>(windows: &'a mut HashMap<String, Window>, key: &str) -> &'a mut Window {
    windows.entry(key.to_owned()).or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_in_a_sliding_second_pass_and_the_sixth_locks() {
        let limits = Limits::new(&Config::default());
        let start = Instant::now();
        let call = |ms| limits.admit("usr", Some("app"), start + Duration::from_millis(ms)).is_ok();
        assert!((0..5).all(|i| call(i * 100)));
        assert!(call(1_000), "the first one is a second old");
        assert!(!call(1_050), "five within the last second");
        assert!(!call(31_049), "locked for thirty seconds");
        assert!(call(31_050));
    }

    #[test]
    fn bases_are_counted_apart_and_users_together() {
        let config = Config { per_second_user: Some(7), ..Config::default() };
        let limits = Limits::new(&config);
        let now = Instant::now();
        let allowed = (0..10)
            .filter(|i| limits.admit("usr", Some(if i % 2 == 0 { "a" } else { "b" }), now).is_ok())
            .count();
        assert_eq!(allowed, 7);
        assert!(limits.admit("other", Some("c"), now).is_ok());
    }

    #[test]
    fn the_month_ends_with_its_last_call() {
        let limits = Limits::new(&Config { monthly_calls: Some(1), ..Config::default() });
        assert!(limits.bill().is_ok());
        assert_eq!(limits.bill().unwrap_err().code, "PUBLIC_API_BILLING_LIMIT_EXCEEDED");
    }
}

//! The log of calls: what came in and when, as the server saw it.

use std::collections::VecDeque;

use axum::http::Method;
use parking_lot::Mutex;
use tokio::time::Instant;

/// A call of the API.
#[derive(Debug, Clone)]
pub struct Call {
    /// When it came in.
    pub at: Instant,
    /// Its method.
    pub method: Method,
    /// Its path, without the query.
    pub path: String,
    /// Its query, as sent.
    pub query: Option<String>,
    /// What was answered; none while it is under way, or when the connection was dropped.
    pub status: Option<u16>,
}

/// How many calls are remembered.
const KEPT: usize = 100_000;

/// The calls that came in, in their order.
#[derive(Debug, Default)]
pub struct CallLog(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    forgotten: usize,
    calls: VecDeque<Call>,
}

/// The place of a call in the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallId(usize);

impl CallLog {
    /// Every call so far; the oldest of very many are forgotten.
    pub fn all(&self) -> Vec<Call> {
        self.0.lock().calls.iter().cloned().collect()
    }

    /// Forgets them.
    pub fn clear(&self) {
        let mut log = self.0.lock();
        log.forgotten += log.calls.len();
        log.calls.clear();
    }

    pub(super) fn begin(&self, call: Call) -> CallId {
        let mut log = self.0.lock();
        if log.calls.len() == KEPT {
            log.calls.pop_front();
            log.forgotten += 1;
        }
        log.calls.push_back(call);
        CallId(log.forgotten + log.calls.len() - 1)
    }

    pub(super) fn finish(&self, CallId(id): CallId, status: u16) {
        let mut log = self.0.lock();
        let at = id.checked_sub(log.forgotten);
        if let Some(call) = at.and_then(|at| log.calls.get_mut(at)) {
            call.status = Some(status);
        }
    }
}

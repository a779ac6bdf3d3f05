//! Counts calls: the month's quota and the metrics are drawn from here.
//!
//! Every attempt counts, since Airtable counts every request, refused ones included.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallKind {
    /// Bases, tables, fields, and who the token is.
    Schema,
    /// One page of rows.
    List,
    /// One row.
    Get,
    /// Rows created, changed or deleted.
    Write,
    /// Webhooks and their payloads.
    Webhook,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A good answer.
    Answered,
    /// A good status, but a body that was cut, too large or not what it should be.
    Unreadable,
    /// Refused because of the rate: 429.
    RateLimited,
    /// Refused because the month's calls are spent: 429.
    OverQuota,
    /// Refused for another reason: any other 3xx or 4xx.
    Refused,
    /// The server failed: 5xx.
    ServerError,
    /// No answer: connection refused or broken, or too long a silence.
    NoAnswer,
    /// Given up by the caller while under way.
    Abandoned,
}

impl CallKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 5] = [Self::Schema, Self::List, Self::Get, Self::Write, Self::Webhook];

    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::List => "list",
            Self::Get => "get",
            Self::Write => "write",
            Self::Webhook => "webhook",
        }
    }
}

impl Outcome {
    /// Every outcome, in the order of declaration.
    pub const ALL: [Self; 8] = [
        Self::Answered,
        Self::Unreadable,
        Self::RateLimited,
        Self::OverQuota,
        Self::Refused,
        Self::ServerError,
        Self::NoAnswer,
        Self::Abandoned,
    ];

    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unreadable => "unreadable",
            Self::RateLimited => "rate_limited",
            Self::OverQuota => "over_quota",
            Self::Refused => "refused",
            Self::ServerError => "server_error",
            Self::NoAnswer => "no_answer",
            Self::Abandoned => "abandoned",
        }
    }
}

/// Calls made since the client was, by kind and outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallCounts([[u64; Outcome::ALL.len()]; CallKind::ALL.len()]);

impl CallCounts {
    /// Calls of one kind that ended in one way.
    pub fn get(&self, kind: CallKind, outcome: Outcome) -> u64 {
        self.iter().find(|(k, o, _)| (*k, *o) == (kind, outcome)).map_or(0, |(.., count)| count)
    }

    /// All calls.
    pub fn total(&self) -> u64 {
        self.iter().map(|(.., count)| count).sum()
    }

    /// Every count, zeros included.
    pub fn iter(&self) -> impl Iterator<Item = (CallKind, Outcome, u64)> {
        CallKind::ALL.into_iter().zip(&self.0).flat_map(|(kind, row)| {
            Outcome::ALL.into_iter().zip(row).map(move |(outcome, count)| (kind, outcome, *count))
        })
    }
}

/// The running counts, shared by the clones of a client.
#[derive(Debug, Clone, Default)]
pub(super) struct Counter(Arc<[[AtomicU64; Outcome::ALL.len()]; CallKind::ALL.len()]>);

impl Counter {
    /// Opens the count of a call that is about to be sent. Dropped unfinished, it counts as
    /// abandoned.
    pub(super) fn open(&self, kind: CallKind) -> OpenCall<'_> {
        OpenCall { counter: self, kind, outcome: Outcome::Abandoned }
    }

    pub(super) fn snapshot(&self) -> CallCounts {
        CallCounts(self.0.each_ref().map(|row| row.each_ref().map(|n| n.load(Ordering::Relaxed))))
    }
}

/// A call under way, counted when dropped.
#[derive(Debug)]
pub(super) struct OpenCall<'a> {
    counter: &'a Counter,
    kind: CallKind,
    outcome: Outcome,
}

impl OpenCall<'_> {
    pub(super) fn finish(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        let row = self.counter.0.get(self.kind as usize);
        if let Some(count) = row.and_then(|row| row.get(self.outcome as usize)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_counts_once_under_its_kind_and_outcome() {
        let counter = Counter::default();
        counter.open(CallKind::List).finish(Outcome::Answered);
        counter.open(CallKind::List).finish(Outcome::Answered);
        counter.open(CallKind::Webhook).finish(Outcome::NoAnswer);
        drop(counter.open(CallKind::Get));

        let counts = counter.snapshot();
        assert_eq!(counts.get(CallKind::List, Outcome::Answered), 2);
        assert_eq!(counts.get(CallKind::Webhook, Outcome::NoAnswer), 1);
        assert_eq!(counts.get(CallKind::Get, Outcome::Abandoned), 1);
        assert_eq!(counts.total(), 4);
    }
}

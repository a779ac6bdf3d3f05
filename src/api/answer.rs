//! A handler's answer: a body to render, how long it may be kept, and whether that is worth it.

use std::time::Duration;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    problem::{Code, Problem},
    settings::Settings,
};

/// How long an answer may be kept, by caches and by this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Published content: changes with the release.
    Content,
    /// Content that also changes at an instant: the next midnight in Paris.
    Until(DateTime<Utc>),
    /// Content that changed at an instant and will at another.
    During {
        /// When it last changed, though nothing was published.
        since: DateTime<Utc>,
        /// When it changes next.
        until: DateTime<Utc>,
    },
    /// Changes with the program alone.
    Program,
}

impl Policy {
    /// The `Cache-Control` of an answer (RFC 9111 and RFC 5861).
    pub fn header(self, settings: &Settings, now: DateTime<Utc>) -> String {
        let (max_age, stale) = match self {
            Self::Content => (settings.max_age, settings.stale_while_revalidate),
            Self::Program => (settings.reference_max_age, settings.stale_while_revalidate),
            Self::Until(end) | Self::During { until: end, .. } => {
                let left = (end - now).to_std().unwrap_or(Duration::ZERO);
                let max_age = settings.max_age.min(left);
                (max_age, settings.stale_while_revalidate.min(left.saturating_sub(max_age)))
            }
        };
        format!(
            "public, max-age={}, stale-while-revalidate={}, stale-if-error={}",
            max_age.as_secs(),
            stale.as_secs(),
            settings.stale_if_error.as_secs()
        )
    }

    /// When the answer began to hold though nothing was published then, on a day that began at
    /// `midnight`.
    pub fn start(self, midnight: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        match self {
            Self::Until(_) => midnight,
            Self::During { since, .. } => Some(since),
            Self::Content | Self::Program => None,
        }
    }

    /// When the answer ends to hold though nothing is published, if it does.
    pub fn end(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Until(end) | Self::During { until: end, .. } => Some(end),
            Self::Content | Self::Program => None,
        }
    }
}

/// What of an answer is worth keeping for the next who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// All of it.
    Always,
    /// It was asked for compressed, which takes long: rendering it takes no longer than finding it,
    /// and there are so many others that it is hardly ever asked for again.
    IfCompressed,
}

/// A body to be rendered as a page. It rides on a response, past the routes, as an extension.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The whole body, not compressed.
    pub body: Bytes,
    /// How long it may be kept.
    pub policy: Policy,
    /// Whether it is worth it.
    pub keep: Keep,
}

/// A body in JSON.
#[derive(Debug)]
pub struct Answer<T> {
    body: T,
    policy: Policy,
    keep: Keep,
    link: Option<HeaderValue>,
}

impl<T> Answer<T> {
    /// Published content.
    pub fn content(body: T) -> Self {
        Self::with(Policy::Content, body)
    }

    /// An answer under another policy.
    pub fn with(policy: Policy, body: T) -> Self {
        Self { body, policy, keep: Keep::Always, link: None }
    }

    /// One of very many answers, each made in no time.
    #[must_use]
    pub fn passing(mut self) -> Self {
        self.keep = Keep::IfCompressed;
        self
    }

    /// Adds a `Link` header (RFC 8288).
    #[must_use]
    pub fn link(mut self, link: &str) -> Self {
        self.link = HeaderValue::from_str(link).ok();
        self
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let body = match serde_json::to_vec(&self.body) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "an answer can't be written as JSON");
                return Problem::of(Code::Internal).into_response();
            }
        };
        let mut response = [(header::CONTENT_TYPE, "application/json")].into_response();
        let draft = Draft { body: body.into(), policy: self.policy, keep: self.keep };
        response.extensions_mut().insert(draft);
        if let Some(link) = self.link {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_day_is_never_fresh_after_midnight() {
        let settings = Settings::default();
        let daily = Policy::Until("2026-11-23T23:00:00Z".parse().unwrap());
        for (policy, now, expected) in [
            (Policy::Content, "2026-11-23T22:59:50Z", "max-age=60, stale-while-revalidate=300"),
            (Policy::Program, "2026-11-23T22:59:50Z", "max-age=3600, stale-while-revalidate=300"),
            (daily, "2026-11-23T12:00:00Z", "max-age=60, stale-while-revalidate=300"),
            (daily, "2026-11-23T22:58:00Z", "max-age=60, stale-while-revalidate=60"),
            (daily, "2026-11-23T22:59:50Z", "max-age=10, stale-while-revalidate=0"),
            (daily, "2026-11-23T23:00:01Z", "max-age=0, stale-while-revalidate=0"),
        ] {
            let header = policy.header(&settings, now.parse().unwrap());
            assert_eq!(header, format!("public, {expected}, stale-if-error=86400"), "{now}");
        }
    }
}

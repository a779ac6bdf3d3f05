//! The limit as requests meet it: who asks, whether a key lifts the limit, and what is left.

use std::net::SocketAddr;

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request},
    response::{IntoResponse as _, Response},
};

use super::{
    client::Proxies,
    keys::ApiKeys,
    rate::{Limiter, Rate, Verdict},
};
use crate::api::{
    hooks::PING_PATH,
    metrics,
    problem::{Code, Problem},
};

/// Whom to limit, and how.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// What a client without a key may do; `None` is without limit.
    pub rate: Option<Rate>,
    /// The proxies in front.
    pub proxies: Proxies,
    /// The keys that lift the limit.
    pub keys: ApiKeys,
}

/// Stands before the answers.
#[derive(Debug)]
pub struct Guard {
    limiter: Option<Limiter>,
    proxies: Proxies,
    keys: ApiKeys,
}

/// Paths that machines of ours or Airtable's ask for.
pub const EXEMPT: [&str; 4] = ["/healthz", "/readyz", metrics::PATH, PING_PATH];

impl Guard {
    /// Nobody has asked yet.
    pub fn new(limits: Limits) -> Self {
        let Limits { rate, proxies, keys } = limits;
        Self { limiter: rate.map(Limiter::new), proxies, keys }
    }

    /// Counts a request; `None` if it is not to be counted: a preflight, or one without the extension
    /// [`ConnectInfo`], which tells who asks.
    pub fn check<B>(&self, request: &Request<B>) -> Option<Verdict> {
        let limiter = self.limiter.as_ref()?;
        let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
        let is_exempt =
            request.method() == Method::OPTIONS || EXEMPT.contains(&request.uri().path());
        if is_exempt || self.keys.admit(request.headers()) {
            return None;
        }
        Some(limiter.check(self.proxies.client(peer.ip(), request.headers())?))
    }

    /// Tells the client of a verdict.
    pub fn tell(&self, verdict: Verdict, headers: &mut HeaderMap) {
        if let Some(limiter) = &self.limiter {
            limiter.tell(verdict, headers);
        }
    }

    /// The answer to a request with this verdict, if it is refused.
    pub fn refusal(&self, verdict: Option<&Verdict>) -> Option<Response> {
        let is_refused = verdict.is_some_and(Verdict::is_refusal);
        is_refused.then(|| Problem::of(Code::TooManyRequests).into_response())
    }
}

//! Settings of the sandbox: limits, lifetimes and who may call it.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use secrecy::SecretString;

/// A permission of a token (<https://airtable.com/developers/web/api/scopes>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `data.records:read`
    RecordsRead,
    /// `data.records:write`
    RecordsWrite,
    /// `data.recordComments:read`
    CommentsRead,
    /// `data.recordComments:write`
    CommentsWrite,
    /// `schema.bases:read`
    SchemaRead,
    /// `schema.bases:write`
    SchemaWrite,
    /// `webhook:manage`
    WebhookManage,
}

impl Scope {
    /// Every scope that the sandbox knows.
    pub const ALL: [Self; 7] = [
        Self::RecordsRead,
        Self::RecordsWrite,
        Self::CommentsRead,
        Self::CommentsWrite,
        Self::SchemaRead,
        Self::SchemaWrite,
        Self::WebhookManage,
    ];

    /// The name that Airtable gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RecordsRead => "data.records:read",
            Self::RecordsWrite => "data.records:write",
            Self::CommentsRead => "data.recordComments:read",
            Self::CommentsWrite => "data.recordComments:write",
            Self::SchemaRead => "schema.bases:read",
            Self::SchemaWrite => "schema.bases:write",
            Self::WebhookManage => "webhook:manage",
        }
    }
}

/// A token and what it allows.
#[derive(Debug, Clone)]
pub struct TokenGrant {
    /// What callers send after `Bearer`.
    pub token: SecretString,
    /// What they may do.
    pub scopes: Vec<Scope>,
    /// In whose name, `usr…`. Tokens of one user share the limit of [`Config::per_second_user`].
    pub user_id: String,
}

/// The token accepted by default, with every scope. It guards nothing, so it is no secret.
pub const DEFAULT_TOKEN: &str = "patSandbox00000000.sandbox";

impl TokenGrant {
    /// A token with every scope.
    pub fn full(token: &str) -> Self {
        Self {
            token: SecretString::from(token),
            scopes: Scope::ALL.to_vec(),
            user_id: "usrSandbox0000001".into(),
        }
    }
}

/// Tells the time of day. Tests pass their own to move time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock that asks `now`.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time of day.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(Utc::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Settings of a sandbox. The defaults are Airtable's own limits, as documented.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// File that keeps the bases over restarts; in memory only without it.
    pub data: Option<PathBuf>,
    /// At most one write of the data file in this time.
    pub data_interval: Duration,
    /// Tokens accepted.
    pub tokens: Vec<TokenGrant>,
    /// Requests in any second to one base; none: unlimited.
    pub per_second: Option<u32>,
    /// Requests in any second by one user, over all bases; none: unlimited.
    pub per_second_user: Option<u32>,
    /// How long every request is refused once a limit was exceeded.
    pub lockout: Duration,
    /// How long a list may pause between two pages before its offset expires.
    pub offset_ttl: Duration,
    /// Life of an attachment's link.
    pub attachment_ttl: Duration,
    /// Life of a webhook since its creation, refresh or last reading.
    pub webhook_ttl: Duration,
    /// Wait before the second ping of a failing webhook; each further wait doubles.
    pub ping_backoff: Duration,
    /// Added to every answer.
    pub latency: Duration,
    /// Calls allowed in all before the billing 429; none: unlimited. The metadata API goes on.
    pub monthly_calls: Option<u64>,
    /// Time of day, used for stamps and lifetimes; the rate limits use the monotonic clock.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: None,
            data_interval: Duration::from_secs(1),
            tokens: vec![TokenGrant::full(DEFAULT_TOKEN)],
            per_second: Some(5),
            per_second_user: Some(50),
            lockout: Duration::from_secs(30),
            offset_ttl: Duration::from_secs(5 * 60),
            attachment_ttl: Duration::from_secs(2 * 60 * 60),
            webhook_ttl: 7 * DAY,
            ping_backoff: Duration::from_secs(10),
            latency: Duration::ZERO,
            monthly_calls: None,
            clock: Clock::default(),
        }
    }
}

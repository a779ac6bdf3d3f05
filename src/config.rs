//! Settings: a TOML file, then the environment, then flags; the later wins.
//!
//! A variable is `LOCADOCS_`, the section and the key: `LOCADOCS_SYNC_EVERY_SECONDS` sets
//! `every_seconds` in `[sync]`. Unknown keys and bad values are errors that name the key and where
//! it was set. Secrets are never read from the file itself, and never printed.

mod airtable;
mod check;
mod http;
mod log;
mod media;
mod purge;
mod secrets;
mod sources;
mod store;
mod sync;

use std::{
    num::{NonZeroU32, NonZeroUsize},
    path::Path,
    time::Duration,
};

use chrono::TimeDelta;
use figment::{
    Figment, Metadata, Profile,
    providers::{Format as _, Toml},
};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use url::Url;

use self::sources::{Named, environment};
pub use self::{
    airtable::AirtableConfig,
    http::HttpConfig,
    log::{LogConfig, LogFormat},
    media::MediaConfig,
    purge::PurgeConfig,
    store::StoreConfig,
    sync::SyncConfig,
};
use crate::{
    airtable::{
        Settings as AirtableSettings,
        download::DownloadSettings,
        token::{self, TokenFileError},
    },
    api,
    media::Settings as LibrarySettings,
    purge::{self as purges, message::SigningKey},
    sync::{
        budget::Budget,
        engine::{self, Follow},
        jobs::Schedule,
        mapping::Names,
    },
};

/// Shortest key that lifts the limit, in bytes.
const SHORTEST_KEY: usize = 16;

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How to reach the base.
    pub airtable: AirtableConfig,
    /// How the API is served.
    pub http: HttpConfig,
    /// When the base is read, and how many calls that may take.
    pub sync: SyncConfig,
    /// What is kept on disk.
    pub store: StoreConfig,
    /// The files of rows.
    pub media: MediaConfig,
    /// Caches that are told when a release comes.
    pub purge: PurgeConfig,
    /// What is logged.
    pub log: LogConfig,
    /// Names of tables and fields, where they are not the default ones.
    pub tables: Names,
}

/// Settings that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key is unknown, or its value is not of the expected form.
    #[error(transparent)]
    Invalid(#[from] Box<figment::Error>),
    /// A setting without which nothing works is missing.
    #[error("{key} is missing: {help}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What to do.
        help: &'static str,
    },
    /// A value of the right form that can't be used.
    #[error("{key} is {found}, {expected} is expected")]
    OutOfRange {
        /// The key.
        key: String,
        /// Its value.
        found: String,
        /// What is expected.
        expected: &'static str,
    },
    /// The token's file can't be read, or holds none.
    #[error("airtable.token_file can't be used")]
    TokenFile(#[from] TokenFileError),
    /// What messages to caches should be signed with can't sign.
    #[error("LOCADOCS_PURGE_SECRET can't be used")]
    PurgeSecret(#[source] purges::message::UnusableSecret),
}

impl Config {
    /// Reads a file, if one is given, then the environment.
    ///
    /// # Errors
    /// When the file is not there, or a key or value is not as it should be.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let figment = file.map_or_else(Figment::new, |path| {
            let keys = |_: &Profile, keys: &[&str]| keys.join(".");
            let name = Metadata::from("the file", path).interpolater(keys);
            Figment::from(Named(Toml::file_exact(path), name))
        });
        Self::extract(&figment.merge(environment()))
    }

    fn extract(figment: &Figment) -> Result<Self, ConfigError> {
        let config: Self = figment.extract().map_err(Box::new)?;
        check::check(&config)?;
        Ok(config)
    }

    /// Whether the server is Airtable's, not a sandbox.
    fn is_airtable(&self) -> bool {
        self.airtable.url.host_str() == Some("api.airtable.com")
    }

    /// How to reach the base.
    ///
    /// # Errors
    /// When the base or the token is missing.
    pub fn airtable(&self) -> Result<AirtableSettings, ConfigError> {
        let base = self.airtable.base.clone().ok_or(ConfigError::Missing {
            key: "airtable.base",
            help: "give the id of the base, app…, in the file or in LOCADOCS_AIRTABLE_BASE",
        })?;
        let file = self.airtable.token_file.as_deref();
        let typed = secrets::read(secrets::TOKEN);
        let token_file = file.filter(|_| typed.is_none()).map(Path::to_owned);
        let token = match (typed, file) {
            (Some(token), _) => token,
            (None, Some(path)) => token::read(path)?,
            (None, None) => {
                return Err(ConfigError::Missing {
                    key: "the Airtable token",
                    help: "set LOCADOCS_AIRTABLE_TOKEN, or airtable.token_file",
                });
            }
        };
        let mut settings = AirtableSettings::new(self.airtable.url.clone(), base, token);
        settings.token_file = token_file;
        settings.requests_per_second = NonZeroU32::new(self.airtable.requests_per_second);
        settings.request_timeout = Duration::from_secs(self.airtable.timeout_seconds);
        Ok(settings)
    }

    /// How the base is read.
    pub fn engine(&self) -> engine::Settings {
        let days = self.sync.verification_max_age_days;
        engine::Settings {
            names: self.tables.clone(),
            verification_max_age_days: (days > 0).then_some(days),
            hold: TimeDelta::minutes(self.sync.hold_minutes.into()),
            hold_percent: self.sync.hold_percent,
            releases: NonZeroUsize::new(self.store.releases as usize).unwrap_or(NonZeroUsize::MIN),
            ..engine::Settings::default()
        }
    }

    /// When the base is looked at.
    pub fn schedule(&self) -> Schedule {
        schedule(self.sync.cron.as_ref(), Duration::from_secs(self.sync.every_seconds))
    }

    /// When the whole base is read.
    pub fn full_schedule(&self) -> Schedule {
        let every = Duration::from_secs(self.sync.full_every_hours.saturating_mul(3_600));
        schedule(self.sync.full_cron.as_ref(), every)
    }

    /// How changes are heard of: by pings where the public address is known, else by asking.
    /// Airtable itself pings no address without TLS.
    pub fn follow(&self) -> Follow {
        let may_ping = |url: &&Url| url.scheme() == "https" || !self.is_airtable();
        let url = self.http.public_url.as_ref().filter(may_ping);
        let pinged = url.and_then(|url| url.join(api::PING_PATH).ok());
        pinged.map_or(Follow::Polling, Follow::Pings)
    }

    /// How many calls may be made.
    pub fn budget(&self) -> Budget {
        let calls = self.sync.monthly_calls;
        Budget {
            monthly_calls: (calls > 0).then_some(calls),
            reserve_percent: self.sync.reserve_percent,
        }
    }

    /// The folder where things are kept; `None` keeps nothing.
    pub fn data_dir(&self) -> Option<&Path> {
        Some(self.store.data_dir.as_path()).filter(|folder| !folder.as_os_str().is_empty())
    }

    /// How files are kept.
    pub fn library(&self) -> LibrarySettings {
        let MediaConfig { max_pixels, grace_days, patience_seconds, .. } = self.media;
        LibrarySettings {
            max_pixels,
            grace: Duration::from_secs(u64::from(grace_days) * 24 * 3_600),
            patience: Duration::from_secs(patience_seconds),
            ..LibrarySettings::default()
        }
    }

    /// How the files of an API at this address are downloaded.
    pub fn downloads(&self, api_url: Url) -> DownloadSettings {
        let MediaConfig { hosts, max_bytes, .. } = self.media.clone();
        DownloadSettings { hosts, max_bytes, ..DownloadSettings::new(api_url) }
    }

    /// How many requests clients may make.
    ///
    /// # Errors
    /// When a key is too short to be one.
    pub fn limits(&self) -> Result<api::Limits, ConfigError> {
        let keys = secrets::read(secrets::API_KEYS);
        let keys = keys.as_ref().map_or("", |keys| keys.expose_secret());
        let keys = || keys.split(',').map(str::trim).filter(|key| !key.is_empty());
        if keys().any(|key| key.len() < SHORTEST_KEY) {
            return Err(ConfigError::Missing {
                key: "a key that can't be guessed",
                help: "those in LOCADOCS_HTTP_API_KEYS have 16 characters or more each",
            });
        }
        let HttpConfig { rate_limit_per_second, rate_limit_burst, .. } = self.http;
        let rate = NonZeroU32::new(rate_limit_per_second).zip(NonZeroU32::new(rate_limit_burst));
        Ok(api::Limits {
            rate: rate.map(|(requests, burst)| api::Rate::per_second(requests, burst)),
            proxies: api::Proxies {
                trusted: self.http.trusted_proxies.clone(),
                header: self.http.forwarded_header,
            },
            keys: keys().collect(),
        })
    }

    /// Which caches are told when a release comes; `None` if none is.
    ///
    /// # Errors
    /// When there is no secret to sign with, or one of another form.
    pub fn purges(&self) -> Result<Option<purges::Settings>, ConfigError> {
        if self.purge.urls.is_empty() {
            return Ok(None);
        }
        let secret = secrets::read(secrets::PURGE_SECRET).ok_or(ConfigError::Missing {
            key: "the secret of purges",
            help: "set LOCADOCS_PURGE_SECRET, which signs what purge.urls are told",
        })?;
        let key = SigningKey::new(secret).map_err(ConfigError::PurgeSecret)?;
        Ok(Some(purges::Settings::new(self.purge.urls.clone(), key)))
    }

    /// Address by which the public reaches the service.
    pub fn public_url(&self) -> Url {
        let listen = || known_url(&format!("http://{}", self.http.listen));
        self.http.public_url.clone().unwrap_or_else(listen)
    }
}

fn schedule(cron: Option<&String>, every: Duration) -> Schedule {
    cron.map_or(Schedule::Every(every), |expression| Schedule::Cron(expression.clone()))
}

/// An address that is known to be one.
#[expect(clippy::expect_used, reason = "a constant, or an http address made of a socket address")]
fn known_url(text: &str) -> Url {
    Url::parse(text).expect("a valid address")
}

#[cfg(test)]
mod tests;

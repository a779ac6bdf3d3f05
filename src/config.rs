//! Settings: a TOML file, then the environment, then flags; the later wins.
//!
//! A variable is `LOCADOCS_`, the section and the key: `LOCADOCS_SYNC_EVERY_SECONDS` sets
//! `every_seconds` in `[sync]`. Unknown keys and bad values are errors that name the key and where
//! it was set. Secrets are never read from the file itself, and never printed.

use std::{
    net::{Ipv4Addr, SocketAddr},
    num::{NonZeroU32, NonZeroUsize},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Env, Format as _, Toml},
    value::{Dict, Map},
};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use url::Url;

use crate::{
    airtable::{
        self,
        token::{self, TokenFileError},
    },
    api,
    content::ids::BaseId,
    sync::{
        budget::Budget,
        engine::{self, Follow},
        jobs::Schedule,
        mapping::Names,
    },
};

/// Start of the names of all variables.
const PREFIX: &str = "LOCADOCS_";
/// The token's own variable, read apart from the others so that no error can ever show it.
const TOKEN: &str = "LOCADOCS_AIRTABLE_TOKEN";

/// Seconds that a setting may have.
const YEAR: RangeInclusive<u64> = 1..=31_536_000;

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
    /// What is logged.
    pub log: LogConfig,
    /// Names of tables and fields, where they are not the default ones.
    pub tables: Names,
}

/// `[airtable]`: how to reach the base.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AirtableConfig {
    /// The base, `app…`. No default. `LOCADOCS_AIRTABLE_BASE`
    pub base: Option<BaseId>,
    /// A file that holds the token, when `LOCADOCS_AIRTABLE_TOKEN` doesn't. No default.
    /// `LOCADOCS_AIRTABLE_TOKEN_FILE`
    pub token_file: Option<PathBuf>,
    /// Airtable's address. Default: `https://api.airtable.com`. `LOCADOCS_AIRTABLE_URL`
    pub url: Url,
    /// Calls in any second, at most 5; 0 is without limit, for other servers than Airtable's.
    /// Default: 4. `LOCADOCS_AIRTABLE_REQUESTS_PER_SECOND`
    pub requests_per_second: u32,
    /// Seconds for one call. Default: 60. `LOCADOCS_AIRTABLE_TIMEOUT_SECONDS`
    pub timeout_seconds: u64,
}

impl Default for AirtableConfig {
    fn default() -> Self {
        Self {
            base: None,
            token_file: None,
            url: known_url(airtable::settings::AIRTABLE_URL),
            requests_per_second: 4,
            timeout_seconds: 60,
        }
    }
}

/// `[http]`: how the API is served.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Address and port to listen on. Default: `127.0.0.1:8080`. `LOCADOCS_HTTP_LISTEN`
    #[serde(deserialize_with = "socket_address")]
    pub listen: SocketAddr,
    /// Address by which the public reaches the service, for the API's document, and for Airtable's
    /// pings. Default: `http://` and the address listened on, and no pings.
    /// `LOCADOCS_HTTP_PUBLIC_URL`
    pub public_url: Option<Url>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), public_url: None }
    }
}

/// `[sync]`: when the base is read, and how many calls that may take.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SyncConfig {
    /// Seconds from one round to the next, where the budget allows it. Default: 30.
    /// `LOCADOCS_SYNC_EVERY_SECONDS`
    pub every_seconds: u64,
    /// A cron expression with seconds, in UTC, instead of `every_seconds`. No default.
    /// `LOCADOCS_SYNC_CRON`
    pub cron: Option<String>,
    /// Hours from one reading of the whole base to the next, where the budget allows it. Default:
    /// 24. `LOCADOCS_SYNC_FULL_EVERY_HOURS`
    pub full_every_hours: u64,
    /// A cron expression with seconds, in UTC, instead of `full_every_hours`. No default.
    /// `LOCADOCS_SYNC_FULL_CRON`
    pub full_cron: Option<String>,
    /// Calls in a calendar month, in UTC; 0 is without limit. Default: 100,000.
    /// `LOCADOCS_SYNC_MONTHLY_CALLS`
    pub monthly_calls: u64,
    /// Share of the calls left that rounds without news leave to editors' changes, in percent, 0 to
    /// 90. Default: 20. `LOCADOCS_SYNC_RESERVE_PERCENT`
    pub reserve_percent: u8,
    /// Days after which a verification is called old; 0 never. Default: 730.
    /// `LOCADOCS_SYNC_VERIFICATION_MAX_AGE_DAYS`
    pub verification_max_age_days: u32,
}

impl Default for SyncConfig {
    fn default() -> Self {
        Self {
            every_seconds: 30,
            cron: None,
            full_every_hours: 24,
            full_cron: None,
            monthly_calls: 100_000,
            reserve_percent: 20,
            verification_max_age_days: 730,
        }
    }
}

/// `[store]`: what is kept on disk, so that a restart goes on where it was.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// The folder; empty keeps nothing. Default: `data`. `LOCADOCS_STORE_DATA_DIR`
    pub data_dir: PathBuf,
    /// Releases kept, the current one included, 1 to 1,000. Default: 30. `LOCADOCS_STORE_RELEASES`
    pub releases: u32,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { data_dir: PathBuf::from("data"), releases: 30 }
    }
}

/// `[log]`: what is logged, on the standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// Levels by module, as `tracing` reads them. Default: `info`. `LOCADOCS_LOG_FILTER`
    pub filter: String,
    /// `text` or `json`. Default: `text`. `LOCADOCS_LOG_FORMAT`
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
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
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let out_of_range = |key: &str, found: String, expected| {
            Err(ConfigError::OutOfRange { key: key.to_owned(), found, expected })
        };
        let rate = self.airtable.requests_per_second;
        if rate > 5 || (rate == 0 && self.is_airtable()) {
            let key = "airtable.requests_per_second";
            return out_of_range(key, rate.to_string(), "1 to 5, what Airtable allows,");
        }
        if !matches!(self.airtable.url.scheme(), "http" | "https") {
            let found = format!("{:?}", self.airtable.url.scheme());
            return out_of_range("airtable.url", found, "an http or https address");
        }
        for (key, found, range, expected) in [
            ("airtable.timeout_seconds", self.airtable.timeout_seconds, YEAR, "1 second to a year"),
            ("sync.every_seconds", self.sync.every_seconds, YEAR, "1 second to a year"),
            ("sync.full_every_hours", self.sync.full_every_hours, 1..=8_760, "1 hour to a year"),
            ("sync.reserve_percent", self.sync.reserve_percent.into(), 0..=90, "0 to 90"),
            ("store.releases", self.store.releases.into(), 1..=1_000, "1 to 1,000"),
        ] {
            if !range.contains(&found) {
                return out_of_range(key, found.to_string(), expected);
            }
        }
        for (key, expression, schedule) in [
            ("sync.cron", &self.sync.cron, self.schedule()),
            ("sync.full_cron", &self.sync.full_cron, self.full_schedule()),
        ] {
            if let Some(expression) = expression
                && schedule.check().is_err()
            {
                let found = format!("{expression:?}");
                return out_of_range(key, found, "six fields such as \"0 */10 * * * *\"");
            }
        }
        if let Some((table, field)) = self.tables.unknown_fields().first() {
            let (table, field) = (key_name(table), key_name(field));
            let key = format!("tables.{table}.fields");
            return out_of_range(&key, field, "a field of that table");
        }
        Ok(())
    }

    /// Whether the server is Airtable's, not a sandbox.
    fn is_airtable(&self) -> bool {
        self.airtable.url.host_str() == Some("api.airtable.com")
    }

    /// How to reach the base.
    ///
    /// # Errors
    /// When the base or the token is missing.
    pub fn airtable(&self) -> Result<airtable::Settings, ConfigError> {
        let base = self.airtable.base.clone().ok_or(ConfigError::Missing {
            key: "airtable.base",
            help: "give the id of the base, app…, in the file or in LOCADOCS_AIRTABLE_BASE",
        })?;
        let file = self.airtable.token_file.as_deref();
        let typed = typed_token();
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
        let mut settings = airtable::Settings::new(self.airtable.url.clone(), base, token);
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

    /// Address by which the public reaches the service.
    pub fn public_url(&self) -> Url {
        let listen = || known_url(&format!("http://{}", self.http.listen));
        self.http.public_url.clone().unwrap_or_else(listen)
    }
}

/// The token that its own variable holds. Orchestrators set variables that they have no value for to
/// nothing.
fn typed_token() -> Option<SecretString> {
    let typed = std::env::var(TOKEN).unwrap_or_default();
    Some(typed.trim()).filter(|token| !token.is_empty()).map(SecretString::from)
}

fn schedule(cron: Option<&String>, every: Duration) -> Schedule {
    cron.map_or(Schedule::Every(every), |expression| Schedule::Cron(expression.clone()))
}

/// The standard library's own error doesn't say what it found.
fn socket_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        D::Error::custom(format!("{text:?} is not an address and port such as 127.0.0.1:8080"))
    })
}

/// The variables, but for those that are read elsewhere.
fn environment() -> Named<Env> {
    let variables = Env::prefixed(PREFIX)
        .ignore(&["AIRTABLE_TOKEN", "CONFIG"])
        // Only the first: keys have underscores of their own.
        .map(|key| key.as_str().replacen('_', ".", 1).into());
    let variable =
        |_: &Profile, keys: &[&str]| format!("{PREFIX}{}", keys.join("_").to_uppercase());
    Named(variables, Metadata::named("the environment").interpolater(variable))
}

/// Settings whose errors name keys as people write them.
struct Named<P>(P, Metadata);

impl<P: Provider> Provider for Named<P> {
    fn metadata(&self) -> Metadata {
        self.1.clone()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        self.0.data()
    }
}

fn key_name(key: &impl Serialize) -> String {
    serde_json::to_value(key)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// An address that is known to be one.
#[expect(clippy::expect_used, reason = "a constant, or an http address made of a socket address")]
fn known_url(text: &str) -> Url {
    Url::parse(text).expect("a valid address")
}

#[cfg(test)]
mod tests;

//! What the handlers share: the bases behind a lock, and everything beside them.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use indexmap::IndexMap;
use parking_lot::{Mutex, RwLock};
use secrecy::ExposeSecret as _;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    attachment::{Files, LinkSigner},
    base::{Base, Table},
    calls::CallLog,
    computed,
    config::{Config, TokenGrant},
    edit::{Author, Transaction},
    error::ApiError,
    faults::Faults,
    limits::Limits,
    list::{Iterators, Links},
    webhook::ping,
};

/// The bases and their files.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) bases: IndexMap<String, Base>,
    pub(super) files: Files,
}

impl World {
    /// Finds a base, or answers as the data API does for one that is unknown: a bare 404.
    pub(super) fn base(&self, id: &str) -> Result<&Base, ApiError> {
        self.bases.get(id).ok_or_else(ApiError::not_found)
    }

    pub(super) fn table(&self, base: &str, table: &str) -> Result<(&Base, &Table), ApiError> {
        let base = self.base(base)?;
        Ok((base, base.require_table(table)?))
    }
}

/// What the handlers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Config,
    /// Address of the sandbox, with a final slash.
    pub(super) root: Url,
    pub(super) world: RwLock<World>,
    pub(super) iterators: Mutex<Iterators>,
    pub(super) tokens: RwLock<Vec<TokenGrant>>,
    pub(super) limits: Limits,
    pub(super) faults: Faults,
    pub(super) calls: CallLog,
    pub(super) signer: LinkSigner,
    pub(super) client: reqwest::Client,
    pub(super) shutdown: CancellationToken,
    /// Told whenever a base changes.
    pub(super) changed: Notify,
    /// Milliseconds by which the clock was moved.
    moved: AtomicI64,
}

impl Shared {
    pub(super) fn new(config: Config, root: Url, world: World, client: reqwest::Client) -> Self {
        Self {
            root,
            world: RwLock::new(world),
            iterators: Mutex::default(),
            tokens: RwLock::new(config.tokens.clone()),
            limits: Limits::new(&config),
            faults: Faults::default(),
            calls: CallLog::default(),
            signer: LinkSigner::default(),
            client,
            shutdown: CancellationToken::new(),
            changed: Notify::new(),
            moved: AtomicI64::new(0),
            config,
        }
    }

    /// The time of day, as the sandbox sees it.
    pub(super) fn now(&self) -> DateTime<Utc> {
        let moved = TimeDelta::milliseconds(self.moved.load(Ordering::Relaxed));
        self.config.clock.now() + moved
    }

    /// Moves the clock ahead. Rate limits don't follow it.
    pub(super) fn advance(&self, by: Duration) {
        let by = by.as_millis().try_into().unwrap_or(i64::MAX / 2);
        self.moved.fetch_add(by, Ordering::Relaxed);
    }

    /// What makes the links of attachments in an answer given now.
    pub(super) fn links(&self) -> Links<'_> {
        let expires = self.now() + time_delta(self.config.attachment_ttl);
        Links { signer: &self.signer, root: &self.root, expires }
    }

    /// The grant of a token.
    pub(super) fn grant(&self, token: &str) -> Option<TokenGrant> {
        let tokens = self.tokens.read();
        tokens.iter().find(|grant| grant.token.expose_secret() == token).cloned()
    }

    /// Makes a token unknown from now on.
    pub(super) fn revoke(&self, token: &str) {
        self.tokens.write().retain(|grant| grant.token.expose_secret() != token);
    }

    /// Computes the fields of a table again that change with time alone, before it is read.
    pub(super) fn refresh_volatile(&self, base: &str, table: &str) {
        let is_volatile =
            self.world.read().table(base, table).is_ok_and(|(_, table)| table.is_volatile());
        if !is_volatile {
            return;
        }
        let now = self.now();
        let mut world = self.world.write();
        let Some(base) = world.bases.get_mut(base) else { return };
        let Some(at) = base.position(table) else { return };
        let rows: Vec<_> =
            base.tables.get(at).into_iter().flat_map(|t| t.records.keys()).cloned().collect();
        computed::refresh(base, rows.into_iter().map(|id| (at, id)), now, |_, _, _, _| {});
    }

    /// Runs a transaction on a base. `change` must check everything before it edits: nothing is
    /// rolled back.
    pub(super) fn edit<T>(
        self: &std::sync::Arc<Self>,
        base: &str,
        author: Author,
        change: impl FnOnce(&mut Transaction<'_>, &Files) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.edit_with(&Files::default(), base, author, change)
    }

    /// Runs a transaction that brings files, which are kept if it succeeds.
    pub(super) fn edit_with<T>(
        self: &std::sync::Arc<Self>,
        brought: &Files,
        base: &str,
        author: Author,
        change: impl FnOnce(&mut Transaction<'_>, &Files) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let now = self.now();
        let (result, told) = {
            let mut world = self.world.write();
            let World { bases, files } = &mut *world;
            let base = bases.get_mut(base).ok_or_else(ApiError::not_found)?;
            let mut transaction = Transaction::begin(base, author, now);
            files.adopt(brought);
            let result =
                change(&mut transaction, files).inspect_err(|_| files.drop_all(brought))?;
            (result, transaction.commit())
        };
        self.changed.notify_one();
        for webhook in told {
            ping::notify(self, base, &webhook);
        }
        Ok(result)
    }
}

/// A duration of the settings as a difference of dates.
pub(super) fn time_delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

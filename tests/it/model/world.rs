//! The base, the way to it and the service, to which things happen.

use std::{
    collections::{BTreeSet, HashSet},
    fs::{self, OpenOptions},
    path::Path,
    sync::Arc,
    time::Duration,
};

use axum::http::StatusCode;
use locadocs::{
    airtable::{self, Client},
    catalog::Release,
    sandbox::{
        Sandbox,
        config::{Clock, Config},
        faults::{Fault, FaultRule},
    },
    store::ValueKey,
    sync::{
        engine::{Report, RoundError},
        live::Publication,
        metrics::RoundKind,
    },
};
use tempfile::TempDir;

use super::{
    base::Base,
    service::{Service, Wanted, begin, now, wait},
    steps::{Damage, Restart, Step, Trouble, TroubleKind},
};
use crate::harmless::{
    harness::{address, client_settings, demo_base, sandbox, unlimited},
    published::assert_whole,
};

const DATABASE: &str = "locadocs.sqlite";
/// The held release that someone lets out.
const ACCEPTED: ValueKey = ValueKey::new("accepted");

pub struct World {
    pub sandbox: Sandbox,
    pub base: Base,
    pub client: airtable::Settings,
    pub folder: TempDir,
    /// `None` only while it starts again.
    service: Option<Service>,
    /// The names of all that was public.
    history: BTreeSet<String>,
    /// What was last checked.
    checked: Option<Arc<Publication>>,
}

impl World {
    /// With the demo base, and a service that has published nothing yet.
    pub async fn start() -> Self {
        begin();
        let seed = demo_base();
        let sandbox = sandbox(Config { clock: Clock::new(now), ..unlimited() }, &seed).await;
        let client = airtable::Settings {
            rate_limit_pause: Duration::from_millis(2),
            backoff_min: Duration::from_millis(1),
            backoff_max: Duration::from_millis(2),
            ..client_settings(address(&sandbox), &seed)
        };
        let folder = tempfile::tempdir().unwrap();
        let (service, notices) = Service::start(folder.path(), client.clone());
        assert_eq!(notices, []);
        Self {
            sandbox,
            base: Base::of(&seed),
            client,
            folder,
            service: Some(service),
            history: BTreeSet::new(),
            checked: None,
        }
    }

    pub fn service(&self) -> &Service {
        self.service.as_ref().unwrap()
    }

    /// A client that trouble does not reach.
    pub async fn undisturbed<T>(&self, what: impl AsyncFnOnce(&Client) -> T) -> T {
        let rules = self.sandbox.faults().list();
        self.sandbox.faults().clear();
        let result = what(&Client::new(self.client.clone()).unwrap()).await;
        rules.into_iter().for_each(|rule| self.sandbox.faults().add(rule));
        result
    }

    pub async fn step(&mut self, step: &Step) {
        wait(chrono::TimeDelta::seconds(20));
        match step {
            Step::Edit(edit) => self.base.apply(edit, &self.sandbox),
            Step::Trouble(trouble) => self.sandbox.faults().add(trouble.rule()),
            Step::TroubleEnds => self.sandbox.faults().clear(),
            Step::WebhooksDeleted => {
                self.undisturbed(async |client| {
                    for webhook in client.list_webhooks().await.unwrap() {
                        client.delete_webhook(&webhook.id).await.unwrap();
                    }
                })
                .await;
            }
            Step::Wait(time) => wait(*time),
            Step::Round(wanted) => drop(self.round(*wanted).await),
            Step::RoundGivenUp(wanted, polls) => {
                drop(self.service().round_given_up(*wanted, *polls).await);
            }
            Step::Accept => self.accept(),
            Step::Restart(restart) => self.restart(restart).await,
        }
    }

    /// A round, which costs one call if it finds nothing.
    pub async fn round(&self, wanted: Wanted) -> Result<Report, RoundError> {
        let service = self.service();
        let is_quiet = self.sandbox.faults().list().is_empty();
        let before = self.sandbox.calls().all().len();
        let result = service.round(wanted).await;
        let calls = &self.sandbox.calls().all()[before..];
        if is_quiet && result.as_ref().is_ok_and(|report| report.kind == RoundKind::Idle) {
            // Once a day the webhook is looked after: two more.
            let upkeep = calls.iter().filter(|call| call.path.ends_with("/refresh")).count();
            assert!(calls.len() == 1 + 2 * upkeep, "an idle round: {calls:?}");
        }
        result
    }

    /// Someone lets out what is held.
    pub fn accept(&self) {
        if let Some(held) = &self.service().engine.live().status().held {
            self.service().store.put_value(ACCEPTED, Some(&held.release)).unwrap();
        }
    }

    pub async fn restart(&mut self, restart: &Restart) {
        let service = self.service.take().unwrap();
        let next = tempfile::tempdir().unwrap();
        if let Some((wanted, polls)) = restart.killed_in {
            drop(service.round_given_up(wanted, polls).await);
            // As the files lie, for no one closes them.
            copy(self.folder.path(), next.path());
        }
        let before = service.publication();
        self.history.extend(service.release());
        drop(service);
        if restart.killed_in.is_none() {
            copy(self.folder.path(), next.path());
        }
        match restart.damage {
            Damage::None => {}
            Damage::Gone => fs::remove_dir_all(next.path()).unwrap(),
            Damage::Cut(percent) => cut(&next.path().join(DATABASE), percent),
        }
        self.folder = next;
        let (service, notices) = Service::start(self.folder.path(), self.client.clone());
        let now = service.publication();
        if matches!(restart.damage, Damage::None) {
            assert_eq!(notices, []);
            match (&before, &now) {
                (Some(before), Some(now)) => {
                    assert!(is_same(&now.release, &before.release), "another release came back");
                    assert_eq!(now.published_at, before.published_at);
                }
                (None, None) => {}
                (before, now) => panic!("{} {}", before.is_some(), now.is_some()),
            }
        } else if let Some(release) = service.release() {
            assert!(self.history.contains(&release), "{release} was never public");
        }
        self.service = Some(service);
    }

    /// What is public is whole, and answers.
    pub async fn check(&mut self, case: &str) {
        let now = self.service().publication();
        let checked = self.checked.as_ref().map(Arc::as_ptr);
        if let Some(publication) = now.as_ref().filter(|now| checked != Some(Arc::as_ptr(now))) {
            assert_whole(&publication.release);
            self.history.insert(publication.release.id().to_string());
            self.service().assert_answers(case).await;
        }
        assert!(now.is_some() || self.history.is_empty() || !self.has_published(), "{case}");
        self.checked = now;
    }

    /// Whether this run of the service had something public.
    fn has_published(&self) -> bool {
        self.checked.is_some() && self.service().engine.live().status().last_success.is_some()
    }
}

/// Whether two releases publish and fall back to the same.
pub fn is_same(a: &Release, b: &Release) -> bool {
    a.id() == b.id() && a.changes_since(Some(b)).is_empty()
}

fn copy(from: &Path, to: &Path) {
    let names: HashSet<_> =
        fs::read_dir(from).unwrap().map(|file| file.unwrap().file_name()).collect();
    for name in names {
        fs::copy(from.join(&name), to.join(&name)).unwrap();
    }
}

fn cut(path: &Path, percent: u64) {
    let length = fs::metadata(path).map_or(0, |file| file.len());
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).unwrap();
    file.set_len(length * percent / 100).unwrap();
}

impl Trouble {
    fn rule(&self) -> FaultRule {
        let fault = match self.kind {
            TroubleKind::Internal => {
                Fault::status(StatusCode::INTERNAL_SERVER_ERROR, "SERVER_ERROR")
            }
            TroubleKind::RateLimit => {
                Fault::status(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMIT_REACHED")
            }
            TroubleKind::Forbidden => {
                Fault::status(StatusCode::FORBIDDEN, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
            }
            TroubleKind::Cut => Fault::Truncate { bytes: 40 },
            TroubleKind::Html => Fault::Html { status: 502 },
            TroubleKind::Drop => Fault::Drop,
        };
        FaultRule::new(fault).after(self.after).times(self.times)
    }
}

//! What the service is about to do when something fails.

use std::fmt;

use axum::http::StatusCode;
use locadocs::sync::engine::{Report, RoundError};
use tokio::time::Instant;

use super::{
    calls,
    fault::{BaseFault, Fault},
    reader::{Known, Published, Reader},
    world::{Service, World},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its first round of all.
    ColdStart,
    /// Its first round after an earlier run kept what it published.
    WarmStart,
    /// A round, and nothing changed.
    Idle,
    /// A round, and a row changed.
    Edit,
    /// A round that reads everything, and a row changed.
    Full,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ColdStart => "cold start",
            Self::WarmStart => "warm start",
            Self::Idle => "idle round",
            Self::Edit => "edit",
            Self::Full => "full round",
        })
    }
}

impl Phase {
    pub const ALL: [Self; 5] =
        [Self::ColdStart, Self::WarmStart, Self::Idle, Self::Edit, Self::Full];

    /// Has a service meet the fault, and tells what it did wrong.
    pub async fn run(self, fault: &Fault, known: &Known) -> Vec<String> {
        let world = World::start().await;
        let folder = tempfile::tempdir().unwrap();
        let service = self.prepared(&world, folder.path()).await;
        let reader = Reader { states: self.states(fault, known), wrong: Default::default() };
        let met = reader.during(&service.api, async {
            fault.begin(&world).await;
            if self.has_edit() {
                world.edit();
            }
            if self == Self::WarmStart {
                service.engine.restore();
            }
            let _told_by_the_status = match self {
                Self::Full => service.engine.sync_once().await,
                _ => service.engine.look().await,
            };
            let _told_by_the_status = service.engine.look().await;
            let end = Instant::now();
            fault.end(&world).await;
            (end, Self::recover(&service).await)
        });
        let (end, recovered) = met.await;
        let mut wrong = calls::wrong(&world.calls(), fault.asks(), end);
        let expected = if self.has_edit() { &known.after } else { &known.before };
        wrong.extend(recovered.err());
        wrong.extend(wrong_at_the_end(&service, expected).await);
        wrong.append(&mut reader.wrong.take());
        wrong
    }

    /// What may be public, in its order.
    fn states<'a>(self, fault: &Fault, known: &'a Known) -> Vec<&'a Published> {
        match self {
            Self::Edit | Self::Full => vec![&known.before, &known.after],
            // That a base is not what it was can't be known at first sight.
            Self::ColdStart if *fault == Fault::Base(BaseFault::TableEmptied) => {
                vec![&known.emptied, &known.before]
            }
            Self::ColdStart | Self::WarmStart | Self::Idle => vec![&known.before],
        }
    }

    fn has_edit(self) -> bool {
        matches!(self, Self::Edit | Self::Full)
    }

    async fn prepared(self, world: &World, folder: &std::path::Path) -> Service {
        match self {
            Self::ColdStart => world.service(None),
            Self::WarmStart => {
                drop(world.warm(Some(folder)).await);
                world.service(Some(folder))
            }
            Self::Idle | Self::Edit | Self::Full => world.warm(None).await,
        }
    }

    /// Two rounds, as they come, mend everything.
    async fn recover(service: &Service) -> Result<Report, String> {
        if !service.has_round_soon().await {
            return Err("no round comes any more".to_owned());
        }
        let mut round: Result<Report, RoundError> = service.engine.look().await;
        if round.is_err() {
            round = service.engine.look().await;
        }
        round.map_err(|error| format!("the second round after the fault fails: {error:?}"))
    }
}

async fn wrong_at_the_end(service: &Service, expected: &Published) -> Vec<String> {
    let mut wrong = Vec::new();
    let found = Published::now(&service.api).await;
    if found != *expected {
        wrong.push(format!("it ends with {found:?}"));
    }
    let readiness = service.api.get("/readyz").await;
    if readiness.status != StatusCode::OK || readiness.json()["degraded"] != false {
        wrong.push(format!("it ends unwell: {}", readiness.text()));
    }
    wrong
}

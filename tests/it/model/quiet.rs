//! Once all is quiet: the mirror is the base, and the release is what a fresh build gives.

use chrono::TimeDelta;
use locadocs::{
    content::problem::Code,
    store::{Store, ValueKey},
    sync::{
        engine::{Follow, Outcome, RoundError},
        metrics::RoundKind,
    },
};

use super::{
    service::{Service, Wanted, wait},
    steps::{Damage, Restart},
    world::{World, is_same},
};

/// By what the rows were read: the schema, and which table and field is which.
const BASE: ValueKey = ValueKey::new("base");

impl World {
    /// Trouble ends, and nobody touches anything. Everything comes right.
    pub async fn come_to_rest(&mut self) {
        self.sandbox.faults().clear();
        self.settle().await;
        self.check("at rest").await;
        self.assert_no_drift("at rest").await;
        self.assert_fresh_build().await;

        let before = self.service().publication().unwrap();
        let problems = self.service().engine.live().status().problems.clone();
        self.restart(&Restart { killed_in: None, damage: Damage::None }).await;
        let report = self.round(Wanted::News).await.unwrap();
        assert_eq!((report.kind, report.outcome), (RoundKind::Idle, Outcome::Unchanged));
        assert_eq!(self.service().engine.live().status().problems, problems);
        self.assert_no_drift("after a restart").await;
        assert!(is_same(&self.service().publication().unwrap().release, &before.release));
    }

    /// Looks until there is nothing more to see.
    async fn settle(&mut self) {
        const PATIENCE: usize = 8;
        let mut good = 0;
        for _ in 0..PATIENCE {
            // A row that can't be found is waited for; a webhook that was refused is asked for again.
            let is_fed = self.service().engine.standing().await.is_fed;
            wait(if is_fed { TimeDelta::minutes(10) } else { TimeDelta::hours(25) });
            match self.round(Wanted::News).await {
                Ok(_) if !self.service().engine.standing().await.is_fed => good = 0,
                Ok(_) => good += 1,
                Err(RoundError::Schema(_)) => self.base.mend(&self.sandbox),
                Err(RoundError::Held(_)) => self.accept(),
                Err(error) => panic!("all is quiet, and yet: {error:?}"),
            }
            if good == 2 {
                return;
            }
        }
        panic!("no rest after {PATIENCE} rounds: {:?}", self.service().engine.live().status());
    }

    /// Reading the whole base finds nothing that was not known.
    async fn assert_no_drift(&self, case: &str) {
        let drift = self.service().metrics.drift();
        let report = self.round(Wanted::Everything).await.unwrap();
        assert_eq!(self.service().metrics.drift() - drift, 0, "{case}");
        assert_eq!((report.kind, report.outcome), (RoundKind::Full, Outcome::Unchanged), "{case}");
    }

    /// A service that never saw the base before comes to the same release.
    async fn assert_fresh_build(&self) {
        let publication = self.service().publication().unwrap();
        let problems = &self.service().engine.live().status().problems;
        let fresh = self.fresh();
        fresh.publish_copy(&publication.release);
        let report = fresh.round(Wanted::News).await.unwrap();
        assert_eq!((report.kind, report.outcome), (RoundKind::Full, Outcome::Unchanged));
        assert!(is_same(&fresh.publication().unwrap().release, &publication.release));
        assert_eq!(fresh.engine.live().status().problems, *problems);

        // What stays of earlier versions, and who had a contested slug first, only history tells.
        let is_history = |code| matches!(code, Code::KeptLastGood | Code::DuplicateSlug);
        if !problems.iter().any(|problem| is_history(problem.code)) {
            let cold = self.fresh();
            cold.round(Wanted::News).await.unwrap();
            assert!(is_same(&cold.publication().unwrap().release, &publication.release));
            assert_eq!(cold.engine.live().status().problems, *problems);
        }
    }

    /// A service that knows nothing of the base but which table and field is which.
    fn fresh(&self) -> Service {
        let store = Store::in_memory().unwrap();
        let mapping = self.service().store.value(BASE).unwrap();
        store.put_value(BASE, mapping.as_deref()).unwrap();
        Service::on(store, self.client.clone(), Follow::Listing)
    }
}

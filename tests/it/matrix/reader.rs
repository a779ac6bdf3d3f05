//! A reader that never stops asking, and knows which answers are right.

use std::{cell::RefCell, time::Duration};

use axum::http::StatusCode;

use crate::{
    api::harness::Service as Api,
    harmless::harness::{GUIDE, LOCATE},
};

/// All that is published of a state of the base, as far as the reader asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub release: String,
    pub locate: String,
    pub guide: String,
}

/// The states of the base.
#[derive(Debug)]
pub struct Known {
    /// Before the edit.
    pub before: Published,
    /// After it.
    pub after: Published,
    /// With a table emptied.
    pub emptied: Published,
}

/// What the reader asks for again and again, and what it found wrong.
pub struct Reader<'a> {
    /// The states that may be published, in their order.
    pub states: Vec<&'a Published>,
    pub wrong: RefCell<Vec<String>>,
}

/// The time from one reading to the next.
const EVERY: Duration = Duration::from_millis(500);

impl Published {
    /// What is published now; answers that fail are told as they are.
    pub async fn now(api: &Api) -> Self {
        let locate = api.get(LOCATE).await;
        let guide = api.get(GUIDE).await.text().to_owned();
        let release = locate.header("x-release").to_owned();
        Self { release, locate: locate.text().to_owned(), guide }
    }
}

impl Reader<'_> {
    /// Reads while something is done.
    pub async fn during<T>(&self, api: &Api, what: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            result = what => result,
            never = self.read(api) => never,
        }
    }

    async fn read(&self, api: &Api) -> ! {
        let mut newest = 0;
        loop {
            for target in [LOCATE, GUIDE] {
                if let Err(wrong) = self.ask(api, target, &mut newest).await {
                    let wrong = format!("a reader of {target} {wrong}");
                    let mut found = self.wrong.borrow_mut();
                    if !found.contains(&wrong) {
                        found.push(wrong);
                    }
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn ask(&self, api: &Api, target: &str, newest: &mut usize) -> Result<(), String> {
        let was_public = api.live.publication().is_some();
        let answer = api.get(target).await;
        if !was_public && answer.status == StatusCode::SERVICE_UNAVAILABLE {
            return match answer.problem()["code"] == "not-ready" {
                true => Ok(()),
                false => Err(format!("is told {}", answer.text())),
            };
        }
        let release = answer.header("x-release");
        let is = |state: &&Published| {
            let body = if target == GUIDE { &state.guide } else { &state.locate };
            release == state.release && answer.text() == body
        };
        let told = || format!("{} as {release}: {}", answer.status, answer.text());
        match self.states.iter().position(is) {
            Some(state) if state < *newest => Err("is given older content than before".to_owned()),
            Some(state) => {
                *newest = state;
                Ok(())
            }
            None => Err(format!("is given what may not be public, {}", told())),
        }
    }
}

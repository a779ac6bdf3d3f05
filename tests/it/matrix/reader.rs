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

/// The states that may be published: the base before the edit, and after it.
#[derive(Debug)]
pub struct Known {
    pub before: Published,
    pub after: Published,
}

/// What the reader asks for again and again, and what it found wrong.
pub struct Reader<'a> {
    pub known: &'a Known,
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
        let mut has_seen_after = false;
        loop {
            for target in [LOCATE, GUIDE] {
                if let Err(wrong) = self.ask(api, target, &mut has_seen_after).await {
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

    async fn ask(&self, api: &Api, target: &str, has_seen_after: &mut bool) -> Result<(), String> {
        let was_public = api.live.publication().is_some();
        let answer = api.get(target).await;
        if !was_public && answer.status == StatusCode::SERVICE_UNAVAILABLE {
            return match answer.problem()["code"] == "not-ready" {
                true => Ok(()),
                false => Err(format!("is told {}", answer.text())),
            };
        }
        if answer.status != StatusCode::OK {
            return Err(format!("is answered {}: {}", answer.status, answer.text()));
        }
        let is = |state: &Published| {
            let body = if target == GUIDE { &state.guide } else { &state.locate };
            answer.header("x-release") == state.release && answer.text() == body
        };
        if is(&self.known.after) {
            *has_seen_after = true;
            Ok(())
        } else if !is(&self.known.before) {
            let release = answer.header("x-release");
            Err(format!("is given what was never in the base, as {release}: {}", answer.text()))
        } else if *has_seen_after {
            Err("is given older content than before".to_owned())
        } else {
            Ok(())
        }
    }
}

//! Publishing: what was read becomes a release, unless it is too odd to be believed at once.

use super::{
    Engine, Outcome, RoundError,
    keep::End,
    state::{State, row_counts},
};
use crate::{
    catalog::{self, Built, Release},
    content::guide::Illustration,
    store::RowChanges,
    sync::{
        failure::chain,
        guards::{Doubt, doubt},
        live::{Held, Publication, SyncStatus},
        metrics::RoundKind,
    },
};

impl Engine {
    /// Builds a release of what was read, swaps it in and keeps it. Where it is held, what was read
    /// is kept all the same.
    pub(super) fn publish(
        &self,
        state: &mut State,
        status: &mut SyncStatus,
        kind: RoundKind,
        rows: RowChanges,
    ) -> Result<Outcome, RoundError> {
        let Some(base) = &state.base else { return Ok(Outcome::Unchanged) };
        let current = self.live.publication();
        let previous = current.as_deref().map(|publication| &publication.release);
        let files = |file: &Illustration| self.file(file);
        let Built { release, mut problems } =
            catalog::build(&base.mirror.rows, &files, self.reference, previous, &mut state.memo);
        let (today, max_age) = (self.today(), self.settings.verification_max_age_days);
        problems.extend(base.problems.iter().cloned());
        problems.extend(catalog::checks::dated(&release, today, max_age, &mut state.checks));
        problems.sort();
        status.problems = problems.into();
        state.checked_on = Some(today);

        let counts = row_counts(&base.mirror.rows);
        let doubt = doubt(
            self.settings.hold_percent,
            (&state.progress.row_counts, previous),
            (&counts, &release),
        );
        let held = doubt.and_then(|doubt| self.hold(state, &release, kind, doubt));
        let before = std::mem::replace(&mut state.progress.held, held.clone());
        if let Some(held) = held {
            let end = if before.as_ref() == Some(&held) { End::StaysHeld } else { End::Held };
            self.keep_round(state, rows, end);
            return Err(RoundError::Held(held));
        }
        state.progress.row_counts = counts;
        if kind != RoundKind::Media {
            state.progress.last_success = status.last_attempt;
        }
        let is_same = previous.is_some_and(|previous| previous.id() == release.id());
        let published_at = match &current {
            Some(current) if is_same => current.published_at,
            _ => self.now(),
        };
        // On this thread, so that no reader waits for it.
        if let Err(error) = release.search(self.reference) {
            tracing::error!(error = %chain(error), "the release can't be searched");
        }
        // Even if it says the same: it may fall back to other versions of a guide.
        self.live.publish(Publication { release, published_at });
        if let Some(now) = self.live.publication() {
            self.keep_round(state, rows, End::Public { now: &now, before: current.as_deref() });
        }
        Ok(if is_same { Outcome::Unchanged } else { Outcome::Published })
    }

    /// Whether a doubtful release is held: until someone accepts it, or a full round finds the same
    /// after the set time. An emptied column or a renamed option may hide every row at a click.
    fn hold(
        &self,
        state: &State,
        release: &Release,
        kind: RoundKind,
        doubt: Doubt,
    ) -> Option<Held> {
        let now = self.now();
        let id = release.id().as_str();
        let earlier = state.progress.held.clone().filter(|held| held.release == id);
        let held = earlier.unwrap_or_else(|| {
            let held = Held { release: id.to_owned(), since: now, doubt };
            tracing::warn!(
                release = held.release,
                doubt = %held.doubt,
                "a release is held; `locadocs release accept` lets it out"
            );
            held
        });
        let has_lasted = kind == RoundKind::Full && now - held.since >= self.settings.hold;
        if has_lasted || self.is_accepted(id) {
            tracing::info!(release = id, has_lasted, "the release that was held goes out");
            return None;
        }
        Some(held)
    }
}

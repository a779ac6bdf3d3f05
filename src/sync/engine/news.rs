//! Incremental rounds: what the webhook told is read again, and nothing else.

use super::{
    Done, Engine, Outcome, RoundError,
    keep::stored,
    state::{Base, State},
};
use crate::{
    store::RowChanges,
    sync::{
        changes::{Changes, Seen, tables_to_list},
        failure::chain,
        feed::{self, FeedError, FeedState, Upkeep},
        live::SyncStatus,
        metrics::RoundKind,
        mirror::Mirror,
        reread::{self, Reread, reread},
    },
};

impl Engine {
    /// Reads what changed and publishes it; the whole base where that can't be known.
    pub(super) async fn read_news(
        &self,
        state: &mut State,
        status: &mut SyncStatus,
    ) -> Result<Done, RoundError> {
        let feed = match self.hear(state).await? {
            Some(feed) if state.base.is_some() => feed,
            _ => return self.read_everything(state, status).await,
        };
        let news = async {
            let changes = feed::read(&self.client, &feed).await?;
            let upkeep = self.keep_alive(&feed, &changes).await?;
            Ok((changes, upkeep))
        };
        let (changes, upkeep) = match news.await {
            Ok(news) => news,
            Err(FeedError::Airtable(error)) => return Err(error.into()),
            Err(lost) => {
                tracing::warn!(error = %chain(&lost), "another webhook is needed");
                self.hear_anew(state, &feed).await?;
                return self.read_everything(state, status).await;
            }
        };
        let feed = match upkeep {
            Some(Upkeep { state: feed, pings }) => {
                state.pings_off = pings.why_off();
                feed
            }
            None => feed,
        };
        let Some(mut base) = state.base.take() else {
            return self.read_everything(state, status).await;
        };
        if changes.relevant(&base.mirror.mapping).is_schema_changed {
            base = match self.follow_schema(base, &changes, state, status).await? {
                Some(base) => base,
                None => return self.read_everything(state, status).await,
            };
        }
        let relevant = changes.relevant(&base.mirror.mapping);
        let now = self.now();
        let read = reread(&self.client, &base.mirror.mapping, &relevant, &feed.pending, now).await;
        let base = state.base.insert(base);
        let rows = match read? {
            Reread::Rows(rows) => rows,
            Reread::SchemaChanged(_) => return self.read_everything(state, status).await,
        };
        let reread::Rows { tables, pending } = rows;
        state.feed = Some(FeedState { cursor: changes.cursor, pending, ..feed });
        let (mut put, mut gone) = (Vec::new(), Vec::new());
        let mut has_changed = relevant.is_schema_changed || !changes.is_empty();
        for (table, rows) in tables {
            let lost = rows.gone.iter().cloned();
            let changed = base.mirror.apply(table, &rows.found, lost, self.reference);
            has_changed |= !changed.is_empty();
            put.extend(rows.found.iter().map(|record| stored(table, record)));
            gone.extend(rows.gone.into_iter().map(|id| (table, id)));
        }
        if !has_changed && !self.is_due_anyway(state) {
            return match &state.progress.held {
                Some(held) => Err(RoundError::Held(held.clone())),
                None => Ok(Done { kind: RoundKind::Idle, outcome: Outcome::Unchanged }),
            };
        }
        let kind = if has_changed { RoundKind::Incremental } else { RoundKind::Idle };
        let rows = RowChanges::Change { put, gone };
        let outcome = self.publish(state, status, kind, rows)?;
        Ok(Done { kind, outcome })
    }

    /// Follows a change of the schema that leaves all rows as they are, such as a rename. `None`
    /// when it doesn't, so that everything is to be read.
    async fn follow_schema(
        &self,
        base: Base,
        changes: &Changes,
        state: &mut State,
        status: &mut SyncStatus,
    ) -> Result<Option<Base>, RoundError> {
        let seen = self.client.schema().await;
        let schema = match seen {
            Ok(schema) => schema,
            Err(error) => {
                state.base = Some(base);
                return Err(error.into());
            }
        };
        let (mapping, problems) = match self.resolve(&schema, state, status) {
            Ok(resolved) => resolved,
            Err(error) => {
                state.base = Some(base);
                return Err(error);
            }
        };
        let before = Seen { schema: &base.mirror.schema, mapping: &base.mirror.mapping };
        let to_list = tables_to_list(before, Seen { schema: &schema, mapping: &mapping });
        if !to_list.is_empty() || changes.have_touched_cells(before) {
            state.base = Some(base);
            return Ok(None);
        }
        state.pins = mapping.clone();
        let mirror = Mirror { schema, mapping, ..base.mirror };
        Ok(Some(Base { mirror, problems }))
    }

    /// Whether there is something to do without news: a new day, or a held release that may go out.
    fn is_due_anyway(&self, state: &State) -> bool {
        let is_accepted =
            || state.progress.held.as_ref().is_some_and(|held| self.is_accepted(&held.release));
        state.checked_on != Some(self.today()) || is_accepted()
    }
}

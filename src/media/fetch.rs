//! Bringing home the attachments that are not kept yet.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, stream};
use tokio::task::spawn_blocking;

use super::{inspect::Unfit, library::Library};
use crate::{
    airtable::download::{DownloadError, Downloader},
    content::{cell::Attachment, ids::AttachmentId},
};

/// Downloads under way at once.
const AT_ONCE: usize = 4;

/// An attachment to be downloaded.
#[derive(Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its id.
    pub id: AttachmentId,
    /// Its link, which lives for two hours.
    pub link: String,
    /// Its bytes, if Airtable says how many.
    pub size: Option<u64>,
}

/// Without the link: its signature is a key.
impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wanted").field("id", &self.id).finish_non_exhaustive()
    }
}

impl From<&Attachment> for Wanted {
    fn from(attachment: &Attachment) -> Self {
        Self {
            id: attachment.id.clone(),
            link: attachment.url.clone(),
            // The sandbox and some integrations say 0 of a size that they don't know.
            size: attachment.size.filter(|size| *size > 0),
        }
    }
}

/// What became of the attachments that were wanted.
#[derive(Debug, Default)]
pub struct FetchReport {
    /// Those that are kept from now on.
    pub arrived: Vec<AttachmentId>,
    /// Those that are not, and why.
    pub failed: Vec<(AttachmentId, Arc<FetchError>)>,
    /// Those for which the time did not suffice.
    pub left: Vec<AttachmentId>,
}

/// Why an attachment is not kept.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It could not be downloaded.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// It is no file to be published.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Its row has no such file any more, or can't be found.
    #[error("the row has no such file any more")]
    Gone,
    /// It could not be written.
    #[error("the file can't be written")]
    Disk(#[source] std::io::Error),
}

impl FetchError {
    /// What the archivist can do about it, in French.
    pub fn advice(&self) -> String {
        match self {
            Self::Unfit(Unfit::TooManyPixels { width, height, limit }) => format!(
                "L'image est trop grande ({width} × {height} pixels) : la réduire à moins de {} \
                 millions de pixels.",
                limit / 1_000_000
            ),
            Self::Unfit(Unfit::Empty) => "Le fichier est vide : le déposer à nouveau.".to_owned(),
            Self::Unfit(Unfit::Damaged { .. }) => {
                "L'image est abîmée : l'enregistrer et la déposer à nouveau.".to_owned()
            }
            Self::Unfit(Unfit::Unknown | Unfit::Refused { .. }) => {
                "Ce type de fichier ne peut pas être publié : déposer une image, un PDF ou un \
                 document de bureautique."
                    .to_owned()
            }
            Self::Download(DownloadError::TooLarge { limit }) => format!(
                "Le fichier est trop lourd : en déposer un de moins de {} Mo.",
                limit / 1_000_000
            ),
            Self::Download(_) | Self::Gone | Self::Disk(_) => {
                "Le fichier n'a pas encore pu être copié ; il le sera automatiquement.".to_owned()
            }
        }
    }
}

/// The attachments whose downloads failed, and when each may be tried again.
#[derive(Debug, Default)]
pub(super) struct Setbacks(HashMap<AttachmentId, Setback>);

#[derive(Debug)]
struct Setback {
    failures: u32,
    not_before: DateTime<Utc>,
    reason: Arc<FetchError>,
}

impl Setbacks {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn allows(&self, id: &AttachmentId, now: DateTime<Utc>) -> bool {
        self.0.get(id).is_none_or(|setback| setback.not_before <= now)
    }

    /// Notes a failure: the wait starts at a minute and doubles up to a day.
    fn note(&mut self, id: AttachmentId, reason: Arc<FetchError>, now: DateTime<Utc>) {
        let failures = self.0.get(&id).map_or(1, |setback| setback.failures.saturating_add(1));
        let minutes = 1_i64 << (failures - 1).min(11);
        let wait = TimeDelta::minutes(minutes).min(TimeDelta::days(1));
        self.0.insert(id, Setback { failures, not_before: now + wait, reason });
    }

    /// Forgets those that nobody has tried again since they could have been.
    pub(super) fn forget_before(&mut self, now: DateTime<Utc>) {
        self.0.retain(|_, setback| now - setback.not_before < TimeDelta::days(1));
    }
}

impl Library {
    /// Those of some attachments that are not kept and may be tried now: a failure is followed by a
    /// pause, of which each is longer than the last.
    pub fn missing<'a>(
        &self,
        wanted: impl IntoIterator<Item = &'a AttachmentId>,
        now: DateTime<Utc>,
    ) -> Vec<AttachmentId> {
        let mut seen = HashSet::new();
        let unkept = wanted.into_iter().filter(|id| seen.insert(*id) && self.get(id).is_none());
        let mut missing: Vec<AttachmentId> = unkept.cloned().collect();
        let setbacks = self.setbacks().lock();
        missing.retain(|id| setbacks.allows(id, now));
        missing
    }

    /// Why the last download of an attachment failed, as long as none has succeeded.
    pub fn failure(&self, id: &AttachmentId) -> Option<Arc<FetchError>> {
        self.setbacks().lock().0.get(id).map(|setback| Arc::clone(&setback.reason))
    }

    /// Notes that these have no link to be downloaded from: it is sought again after a pause.
    pub fn give_up(&self, gone: impl IntoIterator<Item = AttachmentId>, now: DateTime<Utc>) {
        let mut setbacks = self.setbacks().lock();
        gone.into_iter().for_each(|id| setbacks.note(id, Arc::new(FetchError::Gone), now));
    }

    /// Downloads attachments and keeps them: each once, a few at a time, for a bounded time.
    ///
    /// Links must be fresh. One that failed is tried again by a later call with a new link, once
    /// [`Self::missing`] names it again.
    pub async fn fetch(
        &self,
        downloader: &Downloader,
        wanted: impl IntoIterator<Item = Wanted>,
        now: DateTime<Utc>,
    ) -> FetchReport {
        let mut seen = HashSet::new();
        let wanted: Vec<Wanted> = wanted
            .into_iter()
            .filter(|wanted| self.get(&wanted.id).is_none() && seen.insert(wanted.id.clone()))
            .collect();
        let mut left = seen;
        let downloads = stream::iter(wanted.into_iter().map(async |wanted| {
            let result = self.bring(downloader, &wanted).await;
            (wanted.id, result)
        }));
        let end = tokio::time::sleep(self.patience());
        let mut downloads = Box::pin(downloads.buffer_unordered(AT_ONCE).take_until(end));
        let mut report = FetchReport::default();
        while let Some((id, result)) = downloads.next().await {
            left.remove(&id);
            let mut setbacks = self.setbacks().lock();
            match result {
                Ok(()) => {
                    setbacks.0.remove(&id);
                    report.arrived.push(id);
                }
                Err(reason) => {
                    let reason = Arc::new(reason);
                    setbacks.note(id.clone(), Arc::clone(&reason), now);
                    report.failed.push((id, reason));
                }
            }
        }
        report.left = left.into_iter().collect();
        report.left.sort_unstable();
        report
    }

    async fn bring(&self, downloader: &Downloader, wanted: &Wanted) -> Result<(), FetchError> {
        let content = downloader.download(&wanted.link, wanted.size).await?;
        let (library, id) = (self.clone(), wanted.id.clone());
        let kept = spawn_blocking(move || library.keep(&id, &content)).await;
        kept.map_err(|error| FetchError::Disk(std::io::Error::other(error)))??;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_after_a_failure_doubles_up_to_a_day() {
        let id: AttachmentId = "attA".parse().unwrap();
        let now: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
        let mut setbacks = Setbacks::default();
        let mut pauses = Vec::new();
        for _ in 0..40 {
            assert!(setbacks.allows(&id, now + TimeDelta::days(1)));
            setbacks.note(id.clone(), Arc::new(Unfit::Empty.into()), now);
            let minutes = (0..=1_440).find(|m| setbacks.allows(&id, now + TimeDelta::minutes(*m)));
            pauses.extend(minutes);
        }
        assert_eq!(pauses[..4], [1, 2, 4, 8]);
        assert_eq!(pauses[10..13], [1_024, 1_440, 1_440]);
        assert_eq!(pauses.len(), 40);

        setbacks.forget_before(now + TimeDelta::days(1));
        assert_eq!(setbacks.len(), 1);
        setbacks.forget_before(now + TimeDelta::days(3));
        assert_eq!(setbacks.len(), 0);
    }
}

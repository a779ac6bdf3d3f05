//! What a receiver has not been told yet: at most one purge, with which later ones are merged.

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::message::Purge;

/// A place for one purge.
#[derive(Debug, Default)]
pub struct Mailbox {
    waiting: Mutex<Option<Purge>>,
    news: Notify,
}

impl Mailbox {
    /// Adds a purge to what waits.
    pub fn put(&self, purge: Purge) {
        let mut waiting = self.waiting.lock();
        *waiting = Some(match waiting.take() {
            Some(earlier) => earlier.then(purge),
            None => purge,
        });
        drop(waiting);
        self.news.notify_one();
    }

    /// Takes what waits, if anything does.
    pub fn take(&self) -> Option<Purge> {
        self.waiting.lock().take()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.lock().is_none()
    }

    /// Waits for something, and takes it.
    pub async fn next(&self) -> Purge {
        loop {
            if let Some(purge) = self.take() {
                return purge;
            }
            self.news.notified().await;
        }
    }
}

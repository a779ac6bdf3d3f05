//! Pings: what tells a webhook's owner that there is something to read.
//!
//! At least once, maybe merged; tried thirteen times with doubling waits, then turned off
//! (<https://airtable.com/developers/web/api/webhooks-overview#webhook-notification-delivery>).

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use super::{Notifications, Pinger, Webhook};
use crate::sandbox::{formula::iso, state::Shared};

/// How often a ping is tried.
const TRIES: u32 = 13;
/// How long the owner may take to answer.
const PATIENCE: Duration = Duration::from_secs(25);

/// Header of the signature.
pub const MAC_HEADER: &str = "x-airtable-content-mac";

/// What is sent, and where to.
struct Ping {
    url: String,
    body: String,
    mac: String,
}

impl Webhook {
    fn ping(&self, base: &str, now: DateTime<Utc>) -> Option<Ping> {
        if self.notifications == Notifications::Off || !self.is_live(now) {
            return None;
        }
        let body = json!({
            "base": { "id": base },
            "webhook": { "id": self.id },
            "timestamp": iso(now),
        })
        .to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        mac.update(body.as_bytes());
        let hex: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Ping { url: self.notification_url.clone()?, body, mac: format!("hmac-sha256={hex}") })
    }
}

/// Sends a ping in the background. While one is under way, another follows it at most.
pub(in crate::sandbox) fn notify(shared: &Arc<Shared>, base: &str, webhook: &str) {
    let state = with_webhook(shared, base, webhook, |webhook, now| {
        webhook.ping(base, now)?;
        let before = webhook.pinger;
        webhook.pinger = if before == Pinger::Idle { Pinger::Busy } else { Pinger::Behind };
        Some(before)
    });
    if state.flatten() == Some(Pinger::Idle) {
        let (shared, base, webhook) = (shared.clone(), base.to_owned(), webhook.to_owned());
        tokio::spawn(async move {
            let shutdown = shared.shutdown.clone();
            shutdown.run_until_cancelled(deliver(&shared, &base, &webhook)).await;
        });
    }
}

fn with_webhook<T>(
    shared: &Shared,
    base: &str,
    webhook: &str,
    act: impl FnOnce(&mut Webhook, DateTime<Utc>) -> T,
) -> Option<T> {
    let now = shared.now();
    let mut world = shared.world.write();
    let webhooks = &mut world.bases.get_mut(base)?.webhooks;
    webhooks.iter_mut().find(|candidate| candidate.id == webhook).map(|webhook| act(webhook, now))
}

async fn deliver(shared: &Arc<Shared>, base: &str, webhook: &str) {
    let mut retry = 0;
    loop {
        let ping = with_webhook(shared, base, webhook, |webhook, now| {
            let ping = webhook.ping(base, now);
            webhook.pinger = if ping.is_some() { Pinger::Busy } else { Pinger::Idle };
            ping
        });
        let Some(Some(ping)) = ping else { return };
        let started = tokio::time::Instant::now();
        let outcome = send(&shared.client, ping).await;
        let report = Report { outcome, retry, took: started.elapsed() };
        match with_webhook(shared, base, webhook, |webhook, now| webhook.report(&report, now)) {
            Some(Next::Again) => retry = 0,
            Some(Next::Retry) => {
                tokio::time::sleep(shared.config.ping_backoff * 2_u32.pow(retry)).await;
                retry += 1;
            }
            Some(Next::Rest) | None => return,
        }
    }
}

async fn send(client: &reqwest::Client, ping: Ping) -> Result<(), String> {
    let Ping { url, body, mac } = ping;
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header(MAC_HEADER, mac)
        .timeout(PATIENCE)
        .body(body);
    match request.send().await {
        Ok(response) if matches!(response.status().as_u16(), 200 | 204) => Ok(()),
        Ok(response) => Err(format!("the webhook answered {}", response.status())),
        Err(error) => Err(error.without_url().to_string()),
    }
}

struct Report {
    outcome: Result<(), String>,
    retry: u32,
    took: Duration,
}

/// What follows a ping.
enum Next {
    /// Nothing.
    Rest,
    /// Something new happened meanwhile.
    Again,
    /// It failed.
    Retry,
}

impl Webhook {
    fn report(&mut self, report: &Report, now: DateTime<Utc>) -> Next {
        let Report { outcome, retry, took } = report;
        let will_retry = outcome.is_err() && retry + 1 < TRIES;
        let mut result = json!({
            "success": outcome.is_ok(),
            "completionTimestamp": iso(now),
            "durationMs": took.as_secs_f64() * 1_000.0,
            "retryNumber": retry,
        });
        if let Err(message) = outcome {
            result["error"] = json!({ "message": message });
            result["willBeRetried"] = json!(will_retry);
        }
        self.last_result = Some(result);
        match (outcome, self.pinger) {
            (Ok(()), pinger) => {
                self.last_success = Some(now);
                if pinger == Pinger::Behind {
                    return Next::Again;
                }
            }
            (Err(_), _) if will_retry => return Next::Retry,
            (Err(_), _) => self.notifications = Notifications::Off,
        }
        self.pinger = Pinger::Idle;
        Next::Rest
    }
}

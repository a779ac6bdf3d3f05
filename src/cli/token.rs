//! The token, replaced without a restart.

use tokio::signal::unix::{SignalKind, signal};

use crate::airtable::Client;

/// Reads the token's file again at each SIGHUP.
pub(super) async fn reload_on_hangup(client: Client) -> ! {
    match signal(SignalKind::hangup()) {
        Ok(mut hangups) => {
            while hangups.recv().await.is_some() {
                reload(&client);
            }
        }
        Err(error) => tracing::warn!(%error, "SIGHUP can't be listened to"),
    }
    std::future::pending().await
}

fn reload(client: &Client) {
    match client.reload_token() {
        Ok(true) => tracing::info!("the token was replaced"),
        Ok(false) => tracing::info!("the token is the same as before"),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the token can't be replaced; the former one stays");
        }
    }
}

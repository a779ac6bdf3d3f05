//! What of the feed must outlive the process.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    airtable::webhooks::WebhookId,
    content::ids::BaseId,
    sync::{changes::Changes, reread::Pending},
};

/// The webhook in use and how far it was read. To be kept durably, together with the rows that were
/// read by it: serialized, it holds the secret in clear.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FeedState {
    /// The base that it watches.
    pub base: BaseId,
    /// The webhook.
    pub webhook: WebhookId,
    /// The key that signs its pings. `None` for a webhook that was adopted.
    #[serde(with = "secret")]
    pub secret: Option<SecretString>,
    /// Where its pings go.
    pub notification_url: Option<Url>,
    /// The first payload that was not dealt with.
    pub cursor: u64,
    /// When Airtable said that it would end. `None`: never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last refreshed, or made.
    pub refreshed_at: DateTime<Utc>,
    /// Whether the whole base was read since it began to tell. Before that, it says nothing of what
    /// changed while there was no webhook.
    #[serde(default)]
    pub follows_listing: bool,
    /// When the webhooks before it were lost, in the last day.
    #[serde(default)]
    pub losses: Vec<DateTime<Utc>>,
    /// Rows that the payloads told of and that could not be found yet.
    #[serde(default)]
    pub pending: Pending,
}

/// Time that may pass between a look at the clock and the use of the webhook.
const MARGIN: TimeDelta = TimeDelta::hours(1);
/// How often a webhook is refreshed.
const REFRESH_EVERY: TimeDelta = TimeDelta::days(1);
/// How soon a webhook that seems not to ping is looked at again.
const LOOK_EVERY: TimeDelta = TimeDelta::hours(1);

/// Whether a webhook that ends at this instant still lives for a while.
pub(super) fn lives(expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    expires_at.is_none_or(|end| end - now > MARGIN)
}

impl FeedState {
    /// Whether it can serve this base, with pings to this address.
    pub(super) fn serves(&self, base: &BaseId, url: Option<&Url>, now: DateTime<Utc>) -> bool {
        self.base == *base && self.notification_url.as_ref() == url && lives(self.expires_at, now)
    }

    /// Takes for noted now what lies ahead because the clock was put back since.
    pub(in crate::sync) fn put_back(&mut self, now: DateTime<Utc>) {
        let noted = self.losses.iter_mut().chain([&mut self.refreshed_at]);
        for at in noted {
            *at = now.min(*at);
        }
        self.pending.put_back(now);
    }

    /// Whether the service made this webhook, and so may delete it.
    pub(super) fn is_own(&self) -> bool {
        self.secret.is_some()
    }

    /// Whether [`upkeep`](super::upkeep()) is due: once a day, and hourly while changes come that no
    /// ping announced, since Airtable turns the pings off after a day of failures. `last_ping` is
    /// when the last good ping came.
    pub fn is_upkeep_due(
        &self,
        changes: &Changes,
        last_ping: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> bool {
        let age = now - self.refreshed_at;
        let is_silent =
            || self.notification_url.is_some() && changes.is_unannounced(last_ping, now);
        age >= REFRESH_EVERY || (age >= LOOK_EVERY && is_silent())
    }
}

/// Secrets don't serialize by themselves; here they are meant to.
mod secret {
    use secrecy::{ExposeSecret, SecretString};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(super) fn serialize<S: Serializer>(
        secret: &Option<SecretString>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(ExposeSecret::expose_secret).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SecretString>, D::Error> {
        Option::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;
    use crate::airtable::webhooks::Payloads;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn state(url: Option<&str>) -> FeedState {
        FeedState {
            base: "appTest".parse().unwrap(),
            webhook: WebhookId("ach1".into()),
            secret: Some("c2VjcmV0".into()),
            notification_url: url.map(|url| url.parse().unwrap()),
            cursor: 7,
            expires_at: Some(at("2026-02-08T12:00:00Z")),
            refreshed_at: at("2026-02-01T12:00:00Z"),
            follows_listing: true,
            losses: Vec::new(),
            pending: Pending::default(),
        }
    }

    #[test]
    fn a_state_is_kept_whole_and_shown_without_its_secret() {
        let state = state(Some("https://a.fr/hooks/airtable"));
        let kept = serde_json::to_string(&state).unwrap();
        let again: FeedState = serde_json::from_str(&kept).unwrap();
        assert_eq!(again.secret.as_ref().unwrap().expose_secret(), "c2VjcmV0");
        assert_eq!(serde_json::to_string(&again).unwrap(), kept);
        assert!(!format!("{state:?}").contains("c2VjcmV0"), "{state:?}");
    }

    #[test]
    fn a_state_serves_its_base_and_address_until_shortly_before_its_end() {
        let url = |text: &str| Some(text.parse::<Url>().unwrap());
        let with_pings = state(Some("https://a.fr/x"));
        for (state, base, url, now, expected) in [
            (state(None), "appTest", None, "2026-02-02T12:00:00Z", true),
            (state(None), "appTest", None, "2026-02-08T11:30:00Z", false),
            (state(None), "appTest", None, "2026-03-02T12:00:00Z", false),
            (state(None), "appOther", None, "2026-02-02T12:00:00Z", false),
            (state(None), "appTest", url("https://a.fr/x"), "2026-02-02T12:00:00Z", false),
            (with_pings.clone(), "appTest", url("https://a.fr/x"), "2026-02-02T12:00:00Z", true),
            (with_pings.clone(), "appTest", url("https://a.fr/y"), "2026-02-02T12:00:00Z", false),
            (with_pings.clone(), "appTest", None, "2026-02-02T12:00:00Z", false),
        ] {
            let base = base.parse().unwrap();
            assert_eq!(
                state.serves(&base, url.as_ref(), at(now)),
                expected,
                "{base} {url:?} {now}"
            );
        }
        let forever = FeedState { expires_at: None, ..state(None) };
        assert!(forever.serves(&forever.base, None, at("2036-01-01T00:00:00Z")));
    }

    #[test]
    fn what_was_noted_ahead_of_the_clock_is_taken_for_noted_now() {
        let (now, earlier) = (at("2026-02-01T12:00:00Z"), at("2026-02-01T11:00:00Z"));
        let later = at("2026-03-04T12:00:00Z");
        let mut state =
            FeedState { refreshed_at: later, losses: vec![earlier, later], ..state(None) };
        state.put_back(now);
        assert_eq!((state.refreshed_at, state.losses), (now, vec![earlier, now]));
    }

    #[test]
    fn upkeep_is_due_daily_and_hourly_while_pings_are_missed() {
        let page = json!({ "cursor": 8, "mightHaveMore": false, "payloads": [
            { "timestamp": "2026-02-01T12:30:00Z" },
        ] });
        let mut changes = Changes::since(7);
        changes.add(serde_json::from_value::<Payloads>(page).unwrap()).unwrap();
        let with_pings = state(Some("https://a.fr/x"));
        let ping = Some(at("2026-02-01T12:30:01Z"));
        for (state, last_ping, now, expected) in [
            (&state(None), None, "2026-02-02T12:00:00Z", true),
            (&state(None), None, "2026-02-02T11:59:00Z", false),
            (&with_pings, None, "2026-02-01T13:00:00Z", true),
            (&with_pings, None, "2026-02-01T12:59:00Z", false),
            (&with_pings, ping, "2026-02-02T11:59:00Z", false),
            (&with_pings, ping, "2026-02-02T12:00:00Z", true),
        ] {
            let found = state.is_upkeep_due(&changes, last_ping, at(now));
            assert_eq!(found, expected, "{last_ping:?} {now}");
        }
    }
}

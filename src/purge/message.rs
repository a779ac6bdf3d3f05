//! What a receiver is told, signed as Standard Webhooks have it
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use sha2::Sha256;

use super::tag::Tags;
use crate::sync::live::Publication;

/// What caches should drop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purge {
    /// The release that is public.
    pub release: String,
    /// The one to which the caches were last told to go; `None` if that is not known.
    pub previous: Option<String>,
    /// When the release became public.
    pub published_at: DateTime<Utc>,
    /// What to drop.
    pub tags: Tags,
}

impl Purge {
    /// What to drop when a publication comes.
    pub fn new(previous: Option<String>, now: &Publication, tags: Tags) -> Self {
        let release = now.release.id().to_string();
        Self { release, previous, published_at: now.published_at, tags }
    }

    /// This purge and a later one, as one.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        let tags = self.tags.into_iter().chain(later.tags).collect();
        Self { previous: self.previous, tags, ..later }
    }

    /// The body of its message.
    pub fn body(&self) -> String {
        let tags = self.tags.iter().map(ToString::to_string).collect();
        let Self { release, previous, published_at, .. } = self;
        let body = Body { r#type: "purge", release, previous, published_at, tags };
        serde_json::to_string(&body).unwrap_or_default()
    }
}

/// The JSON of a message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    r#type: &'static str,
    release: &'a str,
    previous: &'a Option<String>,
    published_at: &'a DateTime<Utc>,
    tags: Vec<String>,
}

/// The key by which messages are signed.
#[derive(Debug, Clone)]
pub struct SigningKey(SecretString);

/// A secret that can't sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not 24 to 64 bytes in base64, after whsec_")]
pub struct UnusableSecret;

impl SigningKey {
    /// Takes a secret as Standard Webhooks write it: `whsec_` and 24 to 64 bytes in base64.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn new(secret: SecretString) -> Result<Self, UnusableSecret> {
        let key = Self(secret);
        let length = key.bytes().ok_or(UnusableSecret)?.len();
        if (24..=64).contains(&length) { Ok(key) } else { Err(UnusableSecret) }
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        BASE64_STANDARD.decode(self.0.expose_secret().strip_prefix("whsec_")?).ok()
    }

    /// The signature of a message: the header `webhook-signature`.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let key = self.bytes().unwrap_or_default();
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::purge::tag::{Kind, Tag};

    #[test]
    fn a_message_is_signed_as_the_standard_shows() {
        // The example of the reference libraries.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let key = SigningKey::new(secret.into()).unwrap();
        assert_eq!(
            key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert!(!format!("{key:?}").contains("MfKQ"));
    }

    #[test]
    fn a_short_or_odd_secret_is_refused() {
        for secret in
            ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_é"]
        {
            assert_eq!(SigningKey::new(secret.into()).unwrap_err(), UnusableSecret, "{secret}");
        }
    }

    #[test]
    fn two_purges_make_one_that_drops_what_each_would() {
        let purge = |previous: &str, release: &str, slug: &str| Purge {
            release: release.to_owned(),
            previous: Some(previous.to_owned()),
            published_at: "2026-11-23T12:00:00Z".parse().unwrap(),
            tags: BTreeSet::from([Tag::Release, Tag::One(Kind::Guide, slug.into())]),
        };
        let both = purge("a", "b", "acte").then(purge("b", "c", "urbanisme"));
        assert_eq!(
            both.body(),
            r#"{"type":"purge","release":"c","previous":"a","publishedAt":"2026-11-23T12:00:00Z","tags":["release","guide/acte","guide/urbanisme"]}"#
        );
    }
}

//! Keys that lift the limit. Nothing else asks for one: what is public stays so without.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, header};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use blake3::Hash;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The keys that are known. Only their hashes are held, which are compared in constant time.
#[derive(Clone, Default)]
pub struct ApiKeys(Box<[Hash]>);

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeys({})", self.0.len())
    }
}

impl<'a> FromIterator<&'a str> for ApiKeys {
    fn from_iter<I: IntoIterator<Item = &'a str>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| blake3::hash(key.as_bytes())).collect())
    }
}

impl ApiKeys {
    /// Whether a request brings a known key: in `X-API-Key`, as a bearer token, or as the password of
    /// HTTP Basic, whatever the user name.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let own = headers.get(X_API_KEY).is_some_and(|key| self.knows(key.as_bytes()));
        own || headers.get(header::AUTHORIZATION).is_some_and(|value| {
            let value = value.to_str().unwrap_or_default();
            let (scheme, credentials) = value.split_once(' ').unwrap_or_default();
            let credentials = credentials.trim();
            match scheme {
                scheme if scheme.eq_ignore_ascii_case("bearer") => {
                    self.knows(credentials.as_bytes())
                }
                scheme if scheme.eq_ignore_ascii_case("basic") => {
                    let pair = BASE64_STANDARD.decode(credentials).unwrap_or_default();
                    let mut parts = pair.splitn(2, |byte| *byte == b':');
                    parts.nth(1).is_some_and(|password| self.knows(password))
                }
                _ => false,
            }
        })
    }

    fn knows(&self, key: &[u8]) -> bool {
        let hash = blake3::hash(key);
        // No early end, so that time does not tell which key is near.
        self.0.iter().fold(false, |found, known| found | (*known == hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_key_is_admitted_wherever_it_stands() {
        let keys: ApiKeys = ["k-ministere", "k-mairie"].into_iter().collect();
        let basic = |pair: &str| format!("Basic {}", BASE64_STANDARD.encode(pair));
        for (name, value, expected) in [
            (X_API_KEY, "k-mairie".to_owned(), true),
            (X_API_KEY, "k-mairi".to_owned(), false),
            (X_API_KEY, String::new(), false),
            (header::AUTHORIZATION, "Bearer k-ministere".to_owned(), true),
            (header::AUTHORIZATION, "bearer  k-ministere".to_owned(), true),
            (header::AUTHORIZATION, "k-ministere".to_owned(), false),
            (header::AUTHORIZATION, basic("stonly:k-mairie"), true),
            (header::AUTHORIZATION, basic(":k-mairie"), true),
            (header::AUTHORIZATION, basic("k-mairie"), false),
            (header::AUTHORIZATION, basic("k-mairie:"), false),
            (header::AUTHORIZATION, "Basic ???".to_owned(), false),
            (header::AUTHORIZATION, "Digest k-mairie".to_owned(), false),
        ] {
            let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
            assert_eq!(keys.admit(&headers), expected, "{value}");
            assert!(!ApiKeys::default().admit(&headers), "{value}");
        }
        assert!(!keys.admit(&HeaderMap::new()));
        assert_eq!(format!("{keys:?}"), "ApiKeys(2)");
    }
}

//! Identifiers, checked once when they are made.
//!
//! Airtable's ids are a three-letter prefix and an opaque tail
//! (<https://airtable.com/developers/web/api/introduction>). They name rows in problems and in the
//! mirror, and never leave the service through the public API, which speaks of slugs and INSEE codes.

use std::{fmt, str::FromStr, sync::Arc};

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Why a text is not the identifier that it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not {expected}")]
pub struct InvalidId {
    /// The text as it was found, cut to 60 characters.
    pub found: String,
    /// What was expected, with an example.
    pub expected: &'static str,
}

impl InvalidId {
    fn new(found: &str, expected: &'static str) -> Self {
        Self { found: found.chars().take(60).collect(), expected }
    }
}

/// Longest Airtable id accepted: real ones have 17 characters, and a bound keeps slips small.
const MAX_ID_LEN: usize = 64;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let is_valid: fn(&str) -> bool = $check;
                if is_valid(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidId::new(text, $expected))
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                std::borrow::Cow::<'de, str>::deserialize(deserializer)?
                    .parse()
                    .map_err(D::Error::custom)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), encode::Error<W::Error>> {
                e.str(self.as_str())?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                let at = d.position();
                d.str()?.parse().map_err(|error: InvalidId| decode::Error::custom(error).at(at))
            }
        }
    };
}

/// The prefix, then ASCII letters and digits: safe as a path segment without escaping.
fn is_airtable_id(text: &str, prefix: &str) -> bool {
    text.len() <= MAX_ID_LEN
        && text
            .strip_prefix(prefix)
            .is_some_and(|tail| !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_alphanumeric()))
}

id!(
    /// An Airtable base.
    BaseId, "a base id such as appRennes35238Bzh", |t| is_airtable_id(t, "app")
);
id!(
    /// An Airtable table.
    TableId, "a table id such as tblGuides0000001", |t| is_airtable_id(t, "tbl")
);
id!(
    /// An Airtable field, a column of a table.
    FieldId, "a field id such as fldTitre00000001", |t| is_airtable_id(t, "fld")
);
id!(
    /// An Airtable record, a row of a table.
    RecordId, "a record id such as recUrbanisme0001", |t| is_airtable_id(t, "rec")
);
id!(
    /// An attachment. Stable while its link changes; a replaced file gets a new one.
    AttachmentId, "an attachment id such as attPhoto00000001", |t| is_airtable_id(t, "att")
);
id!(
    /// The public name of a guide, a step, a choice, a document, a service or a territory.
    ///
    /// 1 to 100 characters: lower-case ASCII letters and digits, with single hyphens between them.
    Slug, "a slug such as permis-de-construire", is_slug
);

fn is_slug(text: &str) -> bool {
    (1..=Slug::MAX_LEN).contains(&text.len())
        && text.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

impl Slug {
    /// Longest slug, in characters.
    pub const MAX_LEN: usize = 100;

    /// Makes a slug of any text: *L'acte notarié* gives `l-acte-notarie`.
    ///
    /// `None` when nothing of it can be kept.
    pub fn slugify(text: &str) -> Option<Self> {
        let ascii = deunicode::deunicode(text).to_ascii_lowercase();
        let mut slug = ascii
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        slug.truncate(Self::MAX_LEN);
        slug.trim_end_matches('-').parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn airtable_ids_need_their_prefix_and_a_safe_tail() {
        for (text, valid) in [
            ("rec00000000000001", true),
            ("recA", true),
            ("rec", false),
            ("tbl00000000000001", false),
            ("rec/../../etc", false),
            ("rec'\"", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<RecordId>().is_ok(), valid, "{text}");
        }
    }

    #[test]
    fn slugs_are_strict_and_slugify_reaches_them() {
        for (text, valid) in [
            ("permis-de-construire", true),
            ("a", true),
            ("1943", true),
            ("Permis", false),
            ("a--b", false),
            ("-a", false),
            ("é", false),
            ("a b", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Slug>().is_ok(), valid, "{text}");
        }
        let slug = |t| Slug::slugify(t).map(|s| s.to_string());
        assert_eq!(slug("L'acte  notarié…").as_deref(), Some("l-acte-notarie"));
        assert_eq!(slug("  "), None);
        assert_eq!(slug(&"à".repeat(300)).map(|s| s.len()), Some(100));
    }

    #[test]
    fn an_error_shows_what_was_found_and_an_example() {
        let error = "tbl1".parse::<RecordId>().unwrap_err();
        assert_eq!(error.to_string(), r#""tbl1" is not a record id such as recUrbanisme0001"#);
    }
}

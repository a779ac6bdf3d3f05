//! Where a search goes on: a place among its results.
//!
//! The place is a rank and a name, not a number: what is published between two pages neither repeats
//! nor hides a result whose rank stays. It bears a check of what was asked for, since the ranks of
//! another search mean nothing in this one.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{KINDS, name_in};
use crate::{
    api::{problem::Problem, v1::paging},
    catalog::search::{Asked, Key, Place},
    content::guide::Language,
};

/// A place among the results of a search.
#[derive(Debug)]
pub(super) struct Cursor(Place);

impl Cursor {
    /// What one looks like.
    pub const EXAMPLE: &'static str = "Yx1yhkQHQvZkb2N1bWVudC9hY3RlLW5vdGFyaWU";

    pub fn new(place: Place) -> Self {
        Self(place)
    }

    pub fn place(&self) -> &Place {
        &self.0
    }

    /// For the next page of what was asked for.
    pub fn write(&self, asked: &Asked<'_>) -> String {
        let Place { score, key: Key { kind, slug, guide } } = &self.0;
        let mut bytes = check(asked).to_vec();
        bytes.extend(score.to_bits().to_be_bytes());
        bytes.extend_from_slice(name_in(KINDS, *kind).unwrap_or_default().as_bytes());
        for slug in [Some(slug), guide.as_ref()].into_iter().flatten() {
            bytes.push(b'/');
            bytes.extend_from_slice(slug.as_str().as_bytes());
        }
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a text names, among the results of what is asked for.
    ///
    /// # Errors
    /// The text is no cursor, or one of another search.
    pub fn read(text: &str, asked: &Asked<'_>) -> Result<Self, Problem> {
        let bytes = paging::decoded(text)?;
        Self::from_bytes(&bytes, asked).ok_or_else(|| paging::foreign(text))
    }

    fn from_bytes(bytes: &[u8], asked: &Asked<'_>) -> Option<Self> {
        let (found, bytes) = bytes.split_first_chunk()?;
        let (score, name) = bytes.split_first_chunk()?;
        if *found != check(asked) {
            return None;
        }
        let score = f32::from_bits(u32::from_be_bytes(*score));
        let mut parts = std::str::from_utf8(name).ok()?.split('/');
        let kind = parts.next()?;
        let (_, kind) = KINDS.iter().find(|(name, _)| *name == kind)?;
        let slug = parts.next()?.parse().ok()?;
        let guide = parts.next().map(str::parse).transpose().ok()?;
        let key = Key { kind: *kind, slug, guide };
        (score.is_finite() && parts.next().is_none()).then_some(Self(Place { score, key }))
    }
}

/// Tells one search from another.
fn check(asked: &Asked<'_>) -> [u8; 4] {
    let Asked { text, kinds, language, scope: _ } = asked;
    let mut hasher = blake3::Hasher::new();
    hasher.update(text.as_bytes()).update(&[0]);
    for kind in *kinds {
        hasher.update(name_in(KINDS, *kind).unwrap_or_default().as_bytes()).update(&[0]);
    }
    hasher.update(language.map_or("", Language::tag).as_bytes());
    hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        api::problem::Code,
        catalog::search::{Kind, Scope},
    };

    fn asked<'a>(text: &'a str, kinds: &'a [Kind]) -> Asked<'a> {
        Asked { text, kinds, language: None, scope: Scope::Everything }
    }

    fn code(text: &str, asked: &Asked<'_>) -> Code {
        Cursor::read(text, asked).unwrap_err().code()
    }

    #[test]
    fn a_cursor_is_read_by_the_search_that_gave_it_alone() {
        for (kind, guide) in [(Kind::Document, None), (Kind::Step, Some("urbanisme"))] {
            let guide = guide.map(|guide| guide.parse().unwrap());
            let place =
                Place { score: 541.05, key: Key { kind, slug: "acte".parse().unwrap(), guide } };
            let text = Cursor::new(place.clone()).write(&asked("acte", &[]));
            assert_eq!(Cursor::read(&text, &asked("acte", &[])).unwrap().place(), &place);
            assert_eq!(code(&text, &asked("actes", &[])), Code::ForeignCursor);
            assert_eq!(code(&text, &asked("acte", &[Kind::Document])), Code::ForeignCursor);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail(text in "[A-Za-z0-9_-]{0,80}", bytes: Vec<u8>) {
            let of_search = [check(&asked("acte", &[])).to_vec(), bytes].concat();
            for text in [text, BASE64_URL_SAFE_NO_PAD.encode(of_search)] {
                if let Ok(cursor) = Cursor::read(&text, &asked("acte", &[])) {
                    prop_assert!(cursor.place().score.is_finite());
                }
            }
        }
    }
}

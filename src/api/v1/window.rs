//! Pages of lists that never change once they are named: what differs between two releases, or the
//! releases before one. A cursor names the release on which the first page settled, and counts what
//! was shown: so pages never mix two lists, whatever is published while they are read.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use utoipa::openapi::path::Parameter;

use super::paging::{self, Page};
use crate::{
    api::{params::Params, problem::Problem},
    catalog::ReleaseId,
};

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    limit: usize,
    cursor: Option<Cursor>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor {
    settled: ReleaseId,
    shown: usize,
}

impl Window {
    /// Reads `limit` and `cursor`.
    ///
    /// # Errors
    /// When one is repeated or invalid.
    pub fn read(params: &Params) -> Result<Self, Problem> {
        let limit = paging::limit(params)?;
        let cursor = params.optional("cursor")?.map(Cursor::decode).transpose()?;
        Ok(Self { limit, cursor })
    }

    /// The release on which the first page settled; `None` for the first page.
    pub fn settled(&self) -> Option<&ReleaseId> {
        self.cursor.as_ref().map(|cursor| &cursor.settled)
    }

    /// Cuts the page out of the list that `settled` names.
    pub fn cut<'a, T>(&self, items: &'a [T], settled: &ReleaseId) -> (&'a [T], Page) {
        let start = self.cursor.as_ref().map_or(0, |cursor| cursor.shown).min(items.len());
        let end = start.saturating_add(self.limit).min(items.len());
        let next =
            (end < items.len()).then(|| Cursor { settled: settled.clone(), shown: end }.encode());
        let shown = items.get(start..end).unwrap_or_default();
        (shown, Page { limit: self.limit, next, total: items.len() })
    }
}

impl Cursor {
    fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("{}:{}", self.settled, self.shown))
    }

    fn decode(text: &str) -> Result<Self, Problem> {
        Self::from_bytes(paging::decoded(text)?).ok_or_else(|| paging::foreign(text))
    }

    fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let text = String::from_utf8(bytes).ok()?;
        let (settled, shown) = text.split_once(':')?;
        Some(Self { settled: settled.parse().ok()?, shown: shown.parse().ok()? })
    }
}

/// Declares `limit` and `cursor`.
pub fn parameters() -> [Parameter; 2] {
    [paging::limit_parameter(), paging::cursor_parameter("OWYyYzFiN2EzZDVlOGY2MDo1MA")]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_pages_are_the_list(items: Vec<u8>, limit in 1usize..10) {
            let settled: ReleaseId = "9f2c1b7a3d5e8f60".parse().unwrap();
            let (mut seen, mut cursor) = (Vec::new(), None);
            loop {
                let window = Window { limit, cursor };
                let (shown, page) = window.cut(&items, &settled);
                prop_assert!(shown.len() <= limit);
                seen.extend_from_slice(shown);
                let Some(next) = page.next else { break };
                cursor = Cursor::decode(&next).ok();
                prop_assert_eq!(&cursor.as_ref().unwrap().settled, &settled);
            }
            prop_assert_eq!(seen, items);
        }

        #[test]
        fn no_cursor_is_out_of_bounds(shown: usize, items: Vec<u8>) {
            let settled: ReleaseId = "9f2c1b7a3d5e8f60".parse().unwrap();
            let cursor = Some(Cursor { settled: settled.clone(), shown });
            let (cut, _) = Window { limit: 200, cursor }.cut(&items, &settled);
            prop_assert!(cut.len() <= items.len());
        }
    }
}

//! Which parts of a file a client asks for (RFC 9110, section 14).

use std::{num::NonZeroUsize, ops::Range};

use axum::http::{HeaderMap, header};
use headers::{ETag, HeaderMapExt as _, IfRange};
use http_range_header::{RangeUnsatisfiableError, parse_range_header_with_max_ranges};

/// Most parts of one answer: readers of PDF ask for a few, and none for more.
const MOST_PARTS: NonZeroUsize = NonZeroUsize::new(16).unwrap();

/// What is sent of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// All of it.
    Whole,
    /// A part.
    One(Range<u64>),
    /// Several parts, in the order in which they are asked for.
    Several(Vec<Range<u64>>),
    /// Nothing, since it has none of these parts.
    None,
}

impl Selection {
    /// What is sent of so many bytes. A range that can't be read, or asks for too much at once,
    /// counts as absent, as the RFC allows.
    pub(super) fn of(headers: &HeaderMap, etag: Option<&ETag>, length: u64) -> Self {
        let Some(range) = headers.get(header::RANGE) else { return Self::Whole };
        if headers.contains_key(header::IF_RANGE) {
            // A date can't hold, since files have none.
            let condition = headers.typed_get::<IfRange>();
            if condition.is_none_or(|condition| condition.is_modified(etag, None)) {
                return Self::Whole;
            }
        }
        let asked = range.to_str().ok();
        let asked = asked.and_then(|it| parse_range_header_with_max_ranges(it, MOST_PARTS).ok());
        let Some(asked) = asked else { return Self::Whole };
        match asked.validate(length) {
            Ok(parts) => {
                let mut parts: Vec<Range<u64>> =
                    parts.into_iter().map(|part| *part.start()..part.end() + 1).collect();
                match parts.len() {
                    0 => Self::Whole,
                    1 => Self::One(parts.remove(0)),
                    _ => Self::Several(parts),
                }
            }
            Err(RangeUnsatisfiableError::Unsatisfiable) => Self::None,
            Err(_) => Self::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_selects_bytes() {
        use Selection::{None, One, Several, Whole};
        for (range, expected) in [
            ("bytes=0-0", One(0..1)),
            ("bytes=0-99", One(0..100)),
            ("bytes=10-", One(10..100)),
            ("bytes=-10", One(90..100)),
            ("bytes=-1000", One(0..100)),
            ("bytes=50-1000", One(50..100)),
            ("Bytes=0-1", One(0..2)),
            ("bytes=0-1,98-", Several(vec![0..2, 98..100])),
            ("bytes=98-, 0-1", Several(vec![98..100, 0..2])),
            ("bytes=0-1,200-300", One(0..2)),
            ("bytes=100-", None),
            ("bytes=-0", None),
            ("bytes=5-4", Whole),
            ("bytes=a-b", Whole),
            ("bytes=", Whole),
            ("lines=0-1", Whole),
            ("bytes=0-,0-,0-,0-", Whole),
            (
                "bytes=1-1,3-3,5-5,7-7,9-9,11-11,13-13,15-15,17-17,19-19,21-21,23-23,25-25,27-27,29-29,31-31,33-33",
                Whole,
            ),
        ] {
            let headers = HeaderMap::from_iter([(header::RANGE, range.parse().unwrap())]);
            assert_eq!(Selection::of(&headers, Option::None, 100), expected, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_version_counts_as_absent() {
        let etag: ETag = "\"a\"".parse().unwrap();
        for (condition, expected) in [
            ("\"a\"", Selection::One(0..2)),
            ("\"b\"", Selection::Whole),
            ("W/\"a\"", Selection::Whole),
            ("Mon, 23 Nov 2026 08:00:00 GMT", Selection::Whole),
            ("nonsense", Selection::Whole),
        ] {
            let headers = HeaderMap::from_iter([
                (header::RANGE, "bytes=0-1".parse().unwrap()),
                (header::IF_RANGE, condition.parse().unwrap()),
            ]);
            assert_eq!(Selection::of(&headers, Some(&etag), 100), expected, "{condition}");
        }
    }
}

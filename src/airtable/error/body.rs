//! The three shapes in which Airtable says what is wrong, and anything else that may stand there.

use serde::Deserialize;

/// Longest message kept, in characters.
const MAX_MESSAGE: usize = 200;

/// The type of an error and Airtable's words on it, each as far as it is given.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ErrorBody {
    pub(super) kind: Option<String>,
    pub(super) message: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Object { error: Object },
    Bare { error: String },
    List { errors: Vec<Item> },
}

#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    error: Option<String>,
    message: Option<String>,
}

impl ErrorBody {
    /// Never fails: a body that is none of the three says nothing.
    pub(super) fn parse(body: &[u8]) -> Self {
        let (kind, message) = match serde_json::from_slice(body) {
            Ok(Wire::Object { error: Object { kind, message } }) => (kind, message),
            Ok(Wire::Bare { error }) => (Some(error), None),
            Ok(Wire::List { errors }) => match errors.into_iter().next() {
                Some(Item { error, message }) => (error, message),
                None => (None, None),
            },
            Err(_) => (None, None),
        };
        let short = |text: String| excerpt(text.as_bytes(), MAX_MESSAGE);
        Self { kind: kind.map(short), message: message.map(short) }
    }
}

/// The beginning of a text that comes from outside, fit for one line of a log.
pub(super) fn excerpt(text: &[u8], max_chars: usize) -> String {
    // Four bytes are the longest character: the rest need not be looked at.
    let head = text.get(..max_chars * 4).unwrap_or(text);
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    String::from_utf8_lossy(head).chars().take(max_chars).map(printable).collect()
}

/// What stands between the first two double quotes.
pub(super) fn quoted(message: &str) -> Option<String> {
    let (_, rest) = message.split_once('"')?;
    let (quoted, _) = rest.split_once('"')?;
    Some(quoted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shapes_are_read_and_none_is_required() {
        for (body, kind, message) in [
            (r#"{"error":{"type":"T","message":"M"}}"#, Some("T"), Some("M")),
            (r#"{"error":{"type":"T"}}"#, Some("T"), None),
            (r#"{"error":"T"}"#, Some("T"), None),
            (r#"{"errors":[{"error":"T","message":"M"},{"error":"U"}]}"#, Some("T"), Some("M")),
            (r#"{"errors":[]}"#, None, None),
            (r#"{"error":7}"#, None, None),
            (r#"[]"#, None, None),
            ("<html>", None, None),
            ("", None, None),
        ] {
            let expected =
                ErrorBody { kind: kind.map(str::to_owned), message: message.map(str::to_owned) };
            assert_eq!(ErrorBody::parse(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn excerpts_are_short_printable_and_never_fail() {
        assert_eq!(excerpt(b"<!DOCTYPE\r\n\x1b[31m>", 80), "<!DOCTYPE   [31m>");
        assert_eq!(excerpt("é".repeat(500).as_bytes(), 80), "é".repeat(80));
        assert_eq!(excerpt(&[0xff, b'a'], 80), "\u{fffd}a");
    }

    #[test]
    fn the_field_is_read_from_the_message() {
        assert_eq!(quoted(r#"Unknown field name: "Titre""#).as_deref(), Some("Titre"));
        assert_eq!(quoted("Unknown"), None);
    }
}

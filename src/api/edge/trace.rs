//! The trace that a request belongs to, as whoever sent it says (W3C Trace Context,
//! <https://www.w3.org/TR/trace-context/#traceparent-header>). It goes into the logs, so that a
//! request can be followed through all that it passed. The service calls nothing on behalf of a
//! request, so that there is nothing to pass it on to.

use axum::http::{HeaderMap, HeaderName};

/// The header that names the trace.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent<'a> {
    /// The trace, 32 lower-case hexadecimal digits.
    pub trace_id: &'a str,
    /// Who sent the request within it, 16 such digits.
    pub parent_id: &'a str,
}

/// The trace that a request names; `None` if it names none, or not as the standard has it.
pub fn parent(headers: &HeaderMap) -> Option<Parent<'_>> {
    let mut values = headers.get_all(TRACEPARENT).into_iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    read(value.to_str().ok()?)
}

fn read(text: &str) -> Option<Parent<'_>> {
    let mut parts = text.splitn(5, '-');
    let version = hex::<2>(parts.next()?)?;
    let trace_id = hex::<32>(parts.next()?)?;
    let parent_id = hex::<16>(parts.next()?)?;
    hex::<2>(parts.next()?)?;
    let is_zero = |id: &str| id.bytes().all(|byte| byte == b'0');
    // Later versions may add parts; this one has four.
    let has_more = parts.next().is_some();
    let is_valid = version != "ff"
        && (version != "00" || !has_more)
        && !is_zero(trace_id)
        && !is_zero(parent_id);
    is_valid.then_some(Parent { trace_id, parent_id })
}

/// A text of so many lower-case hexadecimal digits.
fn hex<const LENGTH: usize>(text: &str) -> Option<&str> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (text.len() == LENGTH && text.bytes().all(is_digit)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SENDER: &str = "00f067aa0ba902b7";

    #[test]
    fn a_trace_is_taken_as_the_standard_has_it() {
        for (text, is_valid) in [
            (format!("00-{TRACE}-{SENDER}-01"), true),
            (format!("00-{TRACE}-{SENDER}-00"), true),
            (format!("01-{TRACE}-{SENDER}-01-more"), true),
            (format!("cc-{TRACE}-{SENDER}-01"), true),
            (format!("00-{TRACE}-{SENDER}-01-more"), false),
            (format!("00-{TRACE}-{SENDER}-01-"), false),
            (format!("ff-{TRACE}-{SENDER}-01"), false),
            (format!("00-{}-{SENDER}-01", TRACE.to_uppercase()), false),
            (format!("00-{}-{SENDER}-01", "0".repeat(32)), false),
            (format!("00-{TRACE}-{}-01", "0".repeat(16)), false),
            (format!("00-{}-{SENDER}-01", &TRACE[1..]), false),
            (format!("00-{TRACE}-{SENDER}"), false),
            (format!("0-{TRACE}-{SENDER}-01"), false),
            (format!("00-{TRACE}-{SENDER}-1"), false),
            (format!(" 00-{TRACE}-{SENDER}-01"), false),
            (String::new(), false),
        ] {
            let expected = is_valid.then_some(Parent { trace_id: TRACE, parent_id: SENDER });
            assert_eq!(read(&text), expected, "{text}");
        }
    }

    #[test]
    fn two_traces_are_none() {
        let value = format!("00-{TRACE}-{SENDER}-01");
        let mut headers = HeaderMap::from_iter([(TRACEPARENT, value.parse().unwrap())]);
        assert!(parent(&headers).is_some());
        headers.append(TRACEPARENT, value.parse().unwrap());
        assert_eq!(parent(&headers), None);
    }
}

//! Operations that clients should leave, and by when: one table, from which follow the headers of
//! their answers (RFC 9745 and RFC 8594) and what the OpenAPI document says of them.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use chrono::{DateTime, Utc};
use utoipa::openapi::{Deprecated as Mark, OpenApi};

/// An operation that clients should leave.
#[derive(Debug, Clone, Copy)]
pub struct Deprecated {
    /// Its path, as the router and the document have it.
    pub path: &'static str,
    /// Since when there is something better, in seconds since 1970.
    pub since: i64,
    /// When it may cease to answer, in seconds since 1970, if that is settled.
    pub sunset: Option<i64>,
    /// A page that says what to do instead.
    pub help: &'static str,
}

/// All of them: none yet.
pub const DEPRECATED: &[Deprecated] = &[];

/// The header that tells since when (RFC 9745).
pub const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// The header that tells until when (RFC 8594).
pub const SUNSET: HeaderName = HeaderName::from_static("sunset");

impl Deprecated {
    /// Tells clients so.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let date = |at| {
            let at: DateTime<Utc> = DateTime::from_timestamp(at, 0)?;
            HeaderValue::try_from(at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
        };
        headers.extend(
            HeaderValue::try_from(format!("@{}", self.since))
                .ok()
                .map(|since| (DEPRECATION, since)),
        );
        headers.extend(self.sunset.and_then(date).map(|sunset| (SUNSET, sunset)));
        let link = format!("<{}>; rel=\"deprecation\"; type=\"text/html\"", self.help);
        if let Ok(link) = HeaderValue::try_from(link) {
            headers.append(header::LINK, link);
        }
    }
}

/// Marks the operations in the document.
pub fn mark(document: &mut OpenApi, table: &[Deprecated]) {
    for entry in table {
        let Some(item) = document.paths.paths.get_mut(entry.path) else { continue };
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            operation.deprecated = Some(Mark::True);
        }
    }
}

/// Tells clients of a route that is in the table.
pub fn tell(route: &str, headers: &mut HeaderMap) {
    if let Some(entry) = find(DEPRECATED, route) {
        entry.tell(headers);
    }
}

fn find<'a>(table: &'a [Deprecated], route: &str) -> Option<&'a Deprecated> {
    table.iter().find(|entry| entry.path == route)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &[Deprecated] = &[Deprecated {
        path: "/v1/guides/{guide}",
        since: 1_688_169_599,
        sunset: Some(1_735_689_599),
        help: "https://example.org/v2",
    }];

    #[test]
    fn clients_are_told_since_when_until_when_and_what_instead() {
        let mut headers = HeaderMap::new();
        headers.insert(header::LINK, HeaderValue::from_static("</v1/guides>; rel=\"first\""));
        find(EXAMPLE, "/v1/guides/{guide}").unwrap().tell(&mut headers);
        assert_eq!(headers[DEPRECATION], "@1688169599");
        assert_eq!(headers[SUNSET], "Tue, 31 Dec 2024 23:59:59 GMT");
        let links: Vec<_> = headers.get_all(header::LINK).iter().collect();
        assert_eq!(links.len(), 2, "what was linked stays");
        assert_eq!(links[1], "<https://example.org/v2>; rel=\"deprecation\"; type=\"text/html\"");
        assert!(find(EXAMPLE, "/v1/guides").is_none());
    }

    #[test]
    fn the_document_says_so_of_that_operation_alone() {
        let mut document = crate::api::openapi();
        let before = serde_json::to_value(&document).unwrap();
        mark(&mut document, EXAMPLE);
        let mut after = serde_json::to_value(&document).unwrap();
        let operation = &mut after["paths"]["/v1/guides/{guide}"]["get"];
        assert_eq!(operation.as_object_mut().unwrap().remove("deprecated"), Some(true.into()));
        assert_eq!(after, before);
    }

    #[test]
    fn every_entry_is_an_operation() {
        let document = crate::api::openapi();
        for entry in DEPRECATED {
            assert!(document.paths.paths.contains_key(entry.path), "{}", entry.path);
            assert!(entry.sunset.is_none_or(|sunset| sunset >= entry.since), "{}", entry.path);
        }
    }
}

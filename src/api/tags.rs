//! The tags of answers, by which caches in front are told what to drop: `Surrogate-Key` and
//! `Cache-Tag`.
//!
//! They follow from what is asked for alone, so that they can be told without rendering, and so
//! that a cache forgets in time that something is not there. [`crate::purge`] says when each is
//! dropped; a path that is not known here has the tag that every release drops.

use std::borrow::Cow;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use percent_encoding::percent_decode_str;

use crate::{
    content::ids::Slug,
    purge::{
        Kind, Tag,
        tag::{Tags, joined},
    },
};

/// Tags as Fastly and Varnish read them: parted by spaces.
pub const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
/// Tags as Cloudflare and others read them: parted by commas.
pub const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

/// The parameters by which an answer may depend on anything: what is included, and what other things
/// a list is filtered by.
const ANYTHING: [&str; 3] = ["include", "guide", "service"];

/// The tags of the answer to a request.
pub fn of(path: &str, query: Option<&str>) -> Tags {
    let Some(rest) = path.strip_prefix("/v1") else { return Tags::from([Tag::Program]) };
    let query = query.unwrap_or_default();
    let segments: Vec<&str> = rest.split('/').skip(1).collect();
    let own = match ANYTHING.iter().any(|name| parameter(query, name).is_some()) {
        true => None,
        false => of_path(&segments, query),
    };
    match own {
        Some(tags) if tags.contains(&Tag::Program) || tags.contains(&Tag::Kind(Kind::Media)) => {
            tags
        }
        Some(tags) => tags.into_iter().chain([Tag::Content]).collect(),
        None => Tags::from([Tag::Content, Tag::Release]),
    }
}

/// The tags of a path below `/v1`; `None` if it may be made of anything.
fn of_path(segments: &[&str], query: &str) -> Option<Tags> {
    let (kind, tag) = match segments {
        // The division of France comes with the program.
        ["communes"] => return Some(Tags::from([Tag::Program])),
        ["guides"] => (Kind::Guide, Tag::List(Kind::Guide)),
        ["documents"] => (Kind::Document, Tag::List(Kind::Document)),
        ["services"] => (Kind::Service, Tag::List(Kind::Service)),
        ["guides", slug] | ["guides", slug, "steps", _] => (Kind::Guide, one(Kind::Guide, slug)?),
        ["guides", slug, "walk"] => {
            let guide = one(Kind::Guide, slug)?;
            return Some(Tags::from([Tag::Kind(Kind::Guide), guide, Tag::Kind(Kind::Walk)]));
        }
        ["documents", slug] => (Kind::Document, one(Kind::Document, slug)?),
        ["services", slug] => (Kind::Service, one(Kind::Service, slug)?),
        ["communes", code] => (Kind::Commune, one(Kind::Commune, code)?),
        ["locate"] => {
            let document = parameter(query, "document")?;
            (Kind::LocalAnswer, one(Kind::LocalAnswer, document)?)
        }
        ["media", id, _] => (Kind::Media, one(Kind::Media, id)?),
        _ => return None,
    };
    Some(Tags::from([Tag::Kind(kind), tag]))
}

/// The tag of a thing; `None` if nothing can have that name.
fn one(kind: Kind, written: &str) -> Option<Tag> {
    let name: Cow<'_, str> = percent_decode_str(written).decode_utf8().ok()?;
    let is_name = match kind {
        Kind::Commune | Kind::Media => {
            (1..=100).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }
        _ => name.parse::<Slug>().is_ok(),
    };
    is_name.then(|| Tag::One(kind, name.into()))
}

/// The value of a parameter, as it is written.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let decoded = |written: &'a str| percent_decode_str(written).decode_utf8().ok();
    let mut named =
        pairs.filter(|(written, _)| decoded(written).is_some_and(|found| found == name));
    named.next().map(|(_, value)| value)
}

/// Tells the tags of a path and query to caches, with an answer that they may keep.
pub fn tell(target: &str, response: &mut Response) {
    let cached = response.headers().get(header::CACHE_CONTROL);
    let is_stored = cached.is_none_or(|value| value != "no-store" && value != "no-cache");
    // Slips of clients are not kept; what is not there is, for a while.
    if is_stored && (response.status().is_success() || response.status() == StatusCode::NOT_FOUND) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        insert(&of(path, Some(query)), response.headers_mut());
    }
}

fn insert(tags: &Tags, headers: &mut HeaderMap) {
    for (name, separator) in [(SURROGATE_KEY, " "), (CACHE_TAG, ",")] {
        if let Ok(value) = HeaderValue::try_from(joined(tags, separator)) {
            headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(target: &str) -> String {
        let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
        let mut headers = HeaderMap::new();
        insert(&of(path, query), &mut headers);
        let comma = headers[CACHE_TAG].to_str().unwrap().replace(',', " ");
        let space = headers[SURROGATE_KEY].to_str().unwrap();
        assert_eq!(comma, space);
        space.to_owned()
    }

    #[test]
    fn an_answer_is_tagged_by_what_it_is_made_of() {
        let long = format!("/v1/guides/{}", "a".repeat(5_000));
        for (target, expected) in [
            ("/v1", "content release"),
            ("/v1/guides", "content guides guide-list"),
            ("/v1/guides?theme=Foncier", "content guides guide-list"),
            ("/v1/guides/urbanisme", "content guides guide/urbanisme"),
            ("/v1/guides/%75rbanisme", "content guides guide/urbanisme"),
            ("/v1/guides/urbanisme?include=documents", "content release"),
            ("/v1/guides/urbanisme?%69nclude=documents", "content release"),
            ("/v1/guides/urbanisme/steps/permis", "content guides guide/urbanisme"),
            ("/v1/guides/urbanisme/walk?q.a=b", "content guides walks guide/urbanisme"),
            ("/v1/documents/plan", "content documents document/plan"),
            ("/v1/services", "content services service-list"),
            ("/v1/services/archives-rennes", "content services service/archives-rennes"),
            ("/v1/communes?q=renn", "program"),
            ("/v1/communes/35238", "content communes commune/35238"),
            ("/v1/locate?commune=35238&document=plan", "content local-answers local-answer/plan"),
            ("/v1/locate?document=pl%61n", "content local-answers local-answer/plan"),
            ("/v1/locate?commune=35238", "content release"),
            ("/v1/media/0a1b/plan.png", "media medium/0a1b"),
            ("/v1/something-new", "content release"),
            ("/v1/guides/un titre", "content release"),
            ("/v1/guides/a,b", "content release"),
            (&long, "content release"),
            ("/openapi.json", "program"),
        ] {
            assert_eq!(told(target), expected, "{target}");
        }
    }
}

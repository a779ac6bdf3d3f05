//! Every answer that a test reads, against the committed document.
//!
//! The document must know the path, the method, the status, the headers, the media type and the body
//! of each, and a body may hold nothing that the document doesn't tell of. So a test that sends a
//! request can't pass with an answer that clients are not told of.

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use axum::http::{Method, Request, StatusCode, header};
use jsonschema::{Registry, Validator};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::harness::Answer;

/// What the service answers beside the API.
const UNDOCUMENTED: [&str; 2] = ["/docs", "/metrics"];

/// Headers that some answers lack though the document tells of them, where paths begin so.
const OPTIONAL: [(&str, &[&str]); 4] = [
    // When to come back is not always known; of an answer in parts, each part tells its range.
    ("/", &["Retry-After", "Content-Range"]),
    // What is no page of a list leads to no other.
    ("/v1/communes", &["Link"]),
    ("/v1/releases/{id}", &["Link"]),
    // What can't be answered is told by a good answer, which nobody should keep.
    ("/v1/flat/", &["ETag", "Last-Modified", "X-Release"]),
];

/// Statuses that any path may answer for the sake of HTTP itself, and that only errors have.
const OF_HTTP: [StatusCode; 3] = [
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
];

/// What the places of the document hold and a fragment may not (RFC 3986, section 3.5).
const NOT_IN_FRAGMENTS: &AsciiSet = &CONTROLS.add(b'{').add(b'}').add(b'%').add(b' ');

static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::of(include_str!("../../../openapi/v1.json").parse().unwrap()));

/// The request of an answer, as far as the document speaks of it.
#[derive(Debug)]
pub struct Asked {
    pub method: Method,
    pub path: String,
    pub query: String,
}

impl Asked {
    pub fn of<B>(request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
        }
    }
}

/// Checks an answer against the committed document.
///
/// # Panics
/// When the document tells of another answer, with the operation, the status and the place.
pub fn check(asked: &Asked, answer: &Answer) {
    if let Err(error) = CONTRACT.check(asked, answer) {
        let Asked { method, path, query } = asked;
        let status = answer.status.as_u16();
        let body = String::from_utf8_lossy(&answer.body);
        panic!(
            "{method} {path}?{query} answers {status} unlike the document: {error}\n{body:.2000}"
        );
    }
}

/// The document, with its schemas compiled.
struct Contract {
    document: Value,
    /// For each schema of a body, by its place in the document: that of whole answers, and that of
    /// answers cut by `fields`.
    bodies: HashMap<String, [Validator; 2]>,
}

impl Contract {
    fn of(document: Value) -> Self {
        let mut contract = Self { document, bodies: HashMap::new() };
        let places = contract.bodies_of();
        let whole = closed(&contract.document, &places);
        let cut = loosened(&whole);
        let registries = [whole, cut].map(|document| {
            let registry = Registry::new().add("urn:api", document).unwrap();
            registry.prepare().unwrap()
        });
        for place in places {
            let fragment = utf8_percent_encode(&place, NOT_IN_FRAGMENTS);
            let validators = registries.each_ref().map(|registry| {
                jsonschema::draft202012::options()
                    .with_registry(registry)
                    .should_validate_formats(true)
                    .build(&json!({ "$ref": format!("urn:api#{fragment}") }))
                    .unwrap_or_else(|error| panic!("{place}: {error}"))
            });
            contract.bodies.insert(place, validators);
        }
        contract
    }

    /// Where the schemas of all bodies are.
    fn bodies_of(&self) -> BTreeSet<String> {
        let mut places = BTreeSet::new();
        for (path, item) in self.document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for status in operation["responses"].as_object().unwrap().keys() {
                    let place = format!("/paths/{}/{method}/responses/{status}", escaped(path));
                    let place = self.resolved(place);
                    let response = self.document.pointer(&place).unwrap();
                    for media_type in response["content"].as_object().into_iter().flatten() {
                        places.insert(format!("{place}/content/{}/schema", escaped(media_type.0)));
                    }
                }
            }
        }
        places
    }

    fn check(&self, asked: &Asked, answer: &Answer) -> Result<(), String> {
        let Some(path) = self.path(&asked.path) else {
            let is_known = answer.status == StatusCode::NOT_FOUND
                || UNDOCUMENTED.iter().any(|known| asked.path.starts_with(known));
            return match is_known {
                true => Ok(()),
                false => Err("the document knows no such path".to_owned()),
            };
        };
        let place = format!("/paths/{}", escaped(path));
        // A HEAD is answered as a GET would be (RFC 9110, section 9.3.2).
        let method = match &asked.method {
            &Method::HEAD => "get".to_owned(),
            method => method.as_str().to_lowercase(),
        };
        let of_http = OF_HTTP.contains(&answer.status);
        let responses = format!("{place}/{method}/responses");
        if self.document.pointer(&responses).is_none() {
            // An OPTIONS is answered by the edge for all paths alike.
            let is_known = of_http || asked.method == Method::OPTIONS;
            return if is_known {
                Ok(())
            } else {
                Err(format!("no such operation: {place}/{method}"))
            };
        }
        let status = answer.status.as_str();
        let response = self.resolved(format!("{responses}/{status}"));
        let declared = match self.document.pointer(&response) {
            Some(declared) => declared,
            None if of_http => return Ok(()),
            None => return Err(format!("{responses} tells of no {status}")),
        };
        check_headers(path, declared, answer)?;
        self.check_body(&response, declared, asked, answer)
    }

    /// The path of the document that a path is an instance of: the one with the fewest variables.
    fn path(&self, found: &str) -> Option<&str> {
        let fits = |template: &&String| {
            let (template, found) = (template.split('/'), found.split('/'));
            template.clone().count() == found.clone().count()
                && template.zip(found).all(|(part, found)| {
                    part == found || (part.starts_with('{') && !found.is_empty())
                })
        };
        let paths = self.document["paths"].as_object().unwrap().keys();
        paths.filter(fits).min_by_key(|path| path.matches('{').count()).map(String::as_str)
    }

    /// Follows references from a place to where it says something itself.
    fn resolved(&self, place: String) -> String {
        let reference = self.document.pointer(&place).and_then(|found| found["$ref"].as_str());
        match reference {
            Some(reference) => self.resolved(reference.trim_start_matches('#').to_owned()),
            None => place,
        }
    }

    fn check_body(
        &self,
        place: &str,
        declared: &Value,
        asked: &Asked,
        answer: &Answer,
    ) -> Result<(), String> {
        let found = answer.header(header::CONTENT_TYPE.as_str());
        let media_type = found.split(';').next().unwrap_or_default().trim();
        let content = declared["content"].as_object();
        let has_content = content.is_some_and(|content| !content.is_empty());
        if !has_content {
            let is_empty = answer.body.is_empty() && media_type.is_empty();
            return if is_empty { Ok(()) } else { Err(format!("no body is told of: {found}")) };
        }
        if !content.is_some_and(|content| content.contains_key(media_type)) {
            return Err(format!("{place} tells of no {found:?}"));
        }
        let is_head = asked.method == Method::HEAD;
        let is_coded = answer.headers.contains_key(header::CONTENT_ENCODING);
        if !media_type.ends_with("json") || is_head || is_coded {
            return Ok(());
        }
        let body: Value =
            serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
        let schema = format!("{place}/content/{}/schema", escaped(media_type));
        let [whole, cut] = self.bodies.get(&schema).ok_or(format!("{schema} is no schema"))?;
        let is_cut = answer.status == StatusCode::OK
            && asked.query.split('&').any(|pair| pair.starts_with("fields="));
        let errors: Vec<String> = (if is_cut { cut } else { whole })
            .iter_errors(&body)
            .take(5)
            .map(|error| format!("\n  at {:?}: {error:.300}", error.instance_path().as_str()))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(format!("by {schema}{}", errors.concat())) }
    }
}

fn check_headers(path: &str, declared: &Value, answer: &Answer) -> Result<(), String> {
    let may_lack = |name: &str| {
        OPTIONAL.iter().any(|(start, names)| path.starts_with(start) && names.contains(&name))
    };
    let names = declared["headers"].as_object().into_iter().flatten().map(|(name, _)| name);
    let mut required = names.filter(|name| !may_lack(name));
    match required.find(|name| answer.header(name).is_empty()) {
        Some(name) => Err(format!("{name} is absent")),
        None => Ok(()),
    }
}

/// The same document, but that no body may hold a field that its schema doesn't name.
fn closed(document: &Value, bodies: &BTreeSet<String>) -> Value {
    let mut document = document.clone();
    // A schema that has a name may be a part of another: where it is used tells.
    for schema in document["components"]["schemas"].as_object_mut().unwrap().values_mut() {
        close(schema, Use::Part);
    }
    for place in bodies {
        close(document.pointer_mut(place).unwrap(), Use::Whole);
    }
    document
}

/// Whether a schema tells of all fields of a value, or of some that others add to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Whole,
    Part,
}

fn close(schema: &mut Value, used: Use) {
    let Some(keywords) = schema.as_object_mut() else { return };
    for (keyword, value) in keywords.iter_mut() {
        let (schemas, used) = match keyword.as_str() {
            "properties" => (value.as_object_mut().unwrap().values_mut().collect(), Use::Whole),
            "items" | "additionalProperties" => (vec![value], Use::Whole),
            "allOf" => (value.as_array_mut().unwrap().iter_mut().collect(), Use::Part),
            "oneOf" | "anyOf" => (value.as_array_mut().unwrap().iter_mut().collect(), used),
            _ => continue,
        };
        for schema in schemas {
            close(schema, used);
        }
    }
    let tells_fields =
        ["$ref", "properties", "allOf"].iter().any(|key| keywords.contains_key(*key));
    if tells_fields && used == Use::Whole {
        keywords.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
}

/// The same document, but that all fields may be absent; what is left of a value may then fit
/// several of the schemas that part its kinds.
fn loosened(document: &Value) -> Value {
    let mut document = document.clone();
    let mut waiting = vec![&mut document["components"]["schemas"]];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(values) => waiting.extend(values),
            Value::Object(fields) => {
                if fields.get("required").is_some_and(Value::is_array) {
                    fields.remove("required");
                }
                if let Some(kinds) = fields.remove("oneOf") {
                    fields.insert("anyOf".to_owned(), kinds);
                }
                waiting.extend(fields.values_mut());
            }
            _ => {}
        }
    }
    document
}

/// A name as a part of a JSON Pointer (RFC 6901, section 3).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

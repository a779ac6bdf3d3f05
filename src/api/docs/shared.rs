//! What every operation shares: headers, errors, conditional answers, and that no field is ever
//! left out.

use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, Content, ContentBuilder, Header, HeaderBuilder, KnownFormat, ObjectBuilder,
        OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, Schema, SchemaFormat, Type,
        path::{Operation, ParameterIn},
    },
};

use crate::{
    api::{edge::guard, moment, problem, v1},
    media::Format,
};

/// Headers of whole answers and of 304: name, description, example.
const HEADERS: &[(&str, &str, &str)] = &[
    (
        "ETag",
        "Strong validator of the answer in its coding.",
        "\"5f0a4d3c2b1e0f9a8b7c6d5e4f3a2b1c\"",
    ),
    (
        "Cache-Control",
        "How long the answer may be kept.",
        "public, max-age=60, stale-while-revalidate=300, stale-if-error=86400",
    ),
    ("X-Request-Id", "Name of the request in the logs; one sent with the request is kept.", "7f3c"),
];
/// Those of published content.
const CONTENT_HEADERS: &[(&str, &str, &str)] = &[
    ("Last-Modified", "When the content last changed.", "Mon, 23 Nov 2026 08:00:00 GMT"),
    ("X-Release", "The release from which the answer was drawn.", "9f2c1b7a3d5e8f60"),
];
/// Those of files.
const FILE_HEADERS: &[(&str, &str, &str)] = &[
    ("Accept-Ranges", "That parts can be asked for.", "bytes"),
    ("Content-Disposition", "How the file is saved.", "inline; filename=\"plan.png\""),
];
/// That of parts of files.
const CONTENT_RANGE: (&str, &str, &str) =
    ("Content-Range", "Which part it is, and the length of the file.", "bytes 0-1023/146515");
/// That of lists.
const LINK: (&str, &str, &str) = (
    "Link",
    "The first page and, if there is one, the next (RFC 8288). Absent where there is no list: from \
     suggestions, and from a release that nothing kept comes before.",
    "</v1/guides?limit=50&sort=title>; rel=\"first\"",
);
/// That of a service that can't answer now.
const RETRY_AFTER: (&str, &str, &str) = ("Retry-After", "Seconds to wait.", "5");

/// Those of what a client may ask for (draft-ietf-httpapi-ratelimit-headers-10).
const RATE_HEADERS: &[(&str, &str, &str)] = &[
    ("RateLimit-Policy", "What a client may do.", "\"client\";q=2000;w=10"),
    ("RateLimit", "What is left to it.", "\"client\";r=0;t=10"),
];

/// An error that several operations share: a component of the document.
struct Failure {
    name: &'static str,
    status: &'static str,
    description: &'static str,
    example: fn() -> Value,
}

const BAD_REQUEST: Failure = Failure {
    name: "BadRequest",
    status: "400",
    description: "A parameter is unknown, missing, repeated or invalid, or can't be read.",
    example: || {
        json!({
            "type": "/problems/unknown-parameter",
            "title": "Unknown parameter",
            "status": 400,
            "code": "unknown-parameter",
            "detail": "\"comune\" is not a parameter of this path, which takes document, commune, kind, date, release.",
            "parameter": "comune",
            "valid": ["document", "commune", "kind", "date", "release"],
        })
    },
};
const NOT_FOUND: Failure = Failure {
    name: "NotFound",
    status: "404",
    description: "What is asked for does not exist, or is not published.",
    example: || {
        json!({
            "type": "/problems/guide-not-found",
            "title": "No such guide",
            "status": 404,
            "code": "guide-not-found",
            "detail": "No such guide: \"permis\".",
            "found": "permis",
        })
    },
};
const GONE: Failure = Failure {
    name: "Gone",
    status: "410",
    description: "The release was kept, and can no longer be read.",
    example: || {
        json!({
            "type": "/problems/release-gone",
            "title": "Release gone",
            "status": 410,
            "code": "release-gone",
            "detail": "Release 9f2c1b7a3d5e8f60 is not kept here, or no longer. To start again: read the name of the current release in \"release\" of /v1, read everything with ?release= and that name, then ask /v1/changes?since= it.",
            "parameter": "release",
            "found": "9f2c1b7a3d5e8f60",
        })
    },
};
const CONFLICT: Failure = Failure {
    name: "Conflict",
    status: "409",
    description: "The parameters do not fit each other, or do not fit the guide as it is now.",
    example: || {
        json!({
            "type": "/problems/unknown-choice",
            "title": "Unknown answer",
            "status": 409,
            "code": "unknown-choice",
            "detail": "In this guide, step document-connu offers no choice peut-etre.",
            "parameter": "q.document-connu",
            "step": "document-connu",
            "found": "peut-etre",
            "valid": ["oui", "non"],
        })
    },
};
const RANGE_NOT_SATISFIABLE: Failure = Failure {
    name: "RangeNotSatisfiable",
    status: "416",
    description: "The file has no byte in the ranges that are asked for.",
    example: || {
        json!({
            "type": "/problems/range-not-satisfiable",
            "title": "Range not satisfiable",
            "status": 416,
            "code": "range-not-satisfiable",
            "detail": "The file is shorter than the ranges that are asked for: Content-Range tells its length.",
        })
    },
};
const BODY_TOO_LARGE: Failure = Failure {
    name: "BodyTooLarge",
    status: "413",
    description: "The body of the request is larger than the service accepts.",
    example: || {
        json!({
            "type": "/problems/body-too-large",
            "title": "Body too large",
            "status": 413,
            "code": "body-too-large",
            "detail": "The body of the request is larger than the service accepts.",
        })
    },
};
const URI_TOO_LONG: Failure = Failure {
    name: "UriTooLong",
    status: "414",
    description: "The path and query are longer than the service accepts.",
    example: || {
        json!({
            "type": "/problems/uri-too-long",
            "title": "Address too long",
            "status": 414,
            "code": "uri-too-long",
            "detail": "The path and query are longer than the service accepts.",
        })
    },
};
const TOO_MANY_REQUESTS: Failure = Failure {
    name: "TooManyRequests",
    status: "429",
    description: "The client makes more requests than it may.",
    example: || {
        json!({
            "type": "/problems/too-many-requests",
            "title": "Too many requests",
            "status": 429,
            "code": "too-many-requests",
            "detail": "This address makes more requests than it may: Retry-After tells how long to wait.",
        })
    },
};
const INTERNAL: Failure = Failure {
    name: "Internal",
    status: "500",
    description: "The service failed; the failure is logged under `X-Request-Id`.",
    example: || {
        json!({
            "type": "/problems/internal",
            "title": "Internal error",
            "status": 500,
            "code": "internal",
            "detail": "The service failed to answer. The failure is logged under X-Request-Id.",
        })
    },
};
const UNAVAILABLE: Failure = Failure {
    name: "Unavailable",
    status: "503",
    description: "Nothing is published yet, too much is being done at once, or the answer took \
                  too long.",
    example: || {
        json!({
            "type": "/problems/not-ready",
            "title": "Not ready",
            "status": 503,
            "code": "not-ready",
            "detail": "Nothing is published yet; please try again in a few seconds.",
        })
    },
};
const FAILURES: [Failure; 10] = [
    BAD_REQUEST,
    NOT_FOUND,
    CONFLICT,
    BODY_TOO_LARGE,
    GONE,
    URI_TOO_LONG,
    RANGE_NOT_SATISFIABLE,
    TOO_MANY_REQUESTS,
    INTERNAL,
    UNAVAILABLE,
];

/// Adds to every operation the parameter that all of them take.
pub(super) fn add_common(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            let parameters = operation.parameters.get_or_insert_default();
            parameters.push(moment::release_parameter().into());
        }
    }
}

/// Adds to every operation what all share, and to the components what that needs.
pub(super) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            complete_operation(path, operation);
        }
    }
    let components = document.components.get_or_insert_default();
    for (name, schema) in &mut components.schemas {
        if let RefOr::T(schema) = schema {
            let is_error = name == &problem::Body::name();
            name_required(schema, is_error);
        }
    }
    add_components(components);
    // No operation needs a key.
    document.security = Some(Vec::new());
}

fn complete_operation(path: &str, operation: &mut Operation) {
    let is_file = path.starts_with("/v1/media/");
    let is_stream = path == "/v1/events";
    let is_content = path.starts_with("/v1") && !is_file && !is_stream;
    let is_kept = is_content || is_file || path == "/openapi.json";
    let has_next = operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.name == "cursor",
        RefOr::Ref(_) => false,
    });
    let names_something = operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => {
            let is_required = parameter.required == Required::True;
            parameter.parameter_in == ParameterIn::Path
                || (parameter.name == "document" && is_required)
        }
        RefOr::Ref(_) => false,
    });
    let is_flat = path.starts_with(v1::flat::PREFIX);
    let is_sent = is_flat && operation.request_body.is_some();
    if let Some(RefOr::T(body)) = operation.request_body.as_mut().filter(|_| is_sent) {
        // Without one, too, the answer is a good one, which tells what is missing.
        body.required = Some(Required::False);
    }
    let names_release = operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => ["release", "since"].contains(&parameter.name.as_str()),
        RefOr::Ref(_) => false,
    });
    let is_walk = path.ends_with("/walk");
    let mut headers = vec!["X-Request-Id"];
    if is_kept {
        headers.extend(if is_sent { &["Cache-Control"][..] } else { &["ETag", "Cache-Control"] });
    }
    if is_content {
        let names = CONTENT_HEADERS.iter().map(|(name, ..)| *name);
        headers.extend(names.filter(|name| !is_sent || *name == "X-Release"));
    }
    if has_next {
        headers.push(LINK.0);
    }
    if is_file {
        headers.extend(FILE_HEADERS.iter().map(|(name, ..)| *name));
    }
    let responses = &mut operation.responses.responses;
    for (status, own) in [("200", None), ("206", Some(CONTENT_RANGE.0))] {
        if let Some(RefOr::T(found)) = responses.get_mut(status) {
            found.headers = headers.iter().copied().chain(own).map(header_ref).collect();
            if is_file {
                let several = own.map(|_| "multipart/byteranges");
                let types = Format::all().map(Format::media_type).chain(several);
                found.content =
                    types.map(|name| (name.to_owned(), RefOr::T(file_body()))).collect();
            }
        }
    }
    if is_kept && !is_sent {
        let mut unchanged = ResponseBuilder::new()
            .description("Unchanged: the client's `If-None-Match` names this very answer.")
            .build();
        unchanged.headers = headers.iter().map(|name| header_ref(name)).collect();
        responses.insert("304".to_owned(), RefOr::T(unchanged));
    }
    // What is wrong with a flat request is told by a good answer.
    let failures = [
        (!is_flat).then_some(BAD_REQUEST),
        ((names_something || names_release) && !is_flat).then_some(NOT_FOUND),
        ((is_walk || has_next) && !is_flat).then_some(CONFLICT),
        names_release.then_some(GONE),
        is_sent.then_some(BODY_TOO_LARGE),
        Some(URI_TOO_LONG),
        is_file.then_some(RANGE_NOT_SATISFIABLE),
        (!guard::EXEMPT.contains(&path)).then_some(TOO_MANY_REQUESTS),
        Some(INTERNAL),
        (path != "/readyz").then_some(UNAVAILABLE),
    ];
    for failure in failures.into_iter().flatten() {
        let response = Ref::from_response_name(failure.name);
        responses.insert(failure.status.to_owned(), RefOr::Ref(response));
    }
}

fn file_body() -> Content {
    let bytes = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
    ContentBuilder::new().schema(Some(bytes)).build()
}

fn header_ref(name: &str) -> (String, RefOr<Header>) {
    let location = format!("#/components/headers/{name}");
    (name.to_owned(), RefOr::Ref(Ref::new(location)))
}

/// Every field is always there, save those of an error.
fn name_required(schema: &mut Schema, is_error: bool) {
    match schema {
        Schema::Object(object) if !is_error => {
            object.required = object.properties.keys().cloned().collect();
        }
        Schema::AllOf(all) => {
            for item in &mut all.items {
                if let RefOr::T(schema) = item {
                    name_required(schema, is_error);
                }
            }
        }
        _ => {}
    }
}

fn add_components(components: &mut Components) {
    let body = problem::Body::name().into_owned();
    let code = problem::Code::name().into_owned();
    components.schemas.insert(body.clone(), problem::Body::schema());
    components.schemas.insert(code, problem::Code::schema());
    for failure in FAILURES {
        components.responses.insert(failure.name.to_owned(), RefOr::T(failure.response(&body)));
    }
    for (name, description, example) in HEADERS
        .iter()
        .chain(CONTENT_HEADERS)
        .chain(FILE_HEADERS)
        .chain(RATE_HEADERS)
        .chain([&CONTENT_RANGE, &LINK, &RETRY_AFTER])
    {
        let schema = ObjectBuilder::new().schema_type(Type::String).examples([*example]);
        let header =
            HeaderBuilder::new().schema(Some(schema)).description(Some(*description)).build();
        components.headers.insert((*name).to_owned(), RefOr::T(header));
    }
}

impl Failure {
    fn response(&self, schema: &str) -> Response {
        let content: Content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(schema)))
            .example(Some((self.example)()))
            .build();
        let mut response = ResponseBuilder::new()
            .description(self.description)
            .content(problem::MEDIA_TYPE, content)
            .build();
        response.headers.extend([header_ref("X-Request-Id")]);
        if self.name == RANGE_NOT_SATISFIABLE.name {
            response.headers.extend([header_ref(CONTENT_RANGE.0)]);
        }
        if self.name == TOO_MANY_REQUESTS.name {
            let told = RATE_HEADERS.iter().map(|(name, ..)| *name).chain([RETRY_AFTER.0]);
            response.headers.extend(told.map(header_ref));
        }
        if self.name == UNAVAILABLE.name {
            response.headers.extend([header_ref(RETRY_AFTER.0)]);
        }
        response
    }
}

//! Files of the back office: whole, in parts, and images made smaller.
//!
//! A path names a content, so that an answer is valid for ever. Nothing of a file is believed by
//! the browser: its type is the one found here, a drawing can't run scripts, and what is not shown
//! is saved.

use std::{io, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use headers::{ETag, HeaderMapExt as _, IfNoneMatch};
use tokio::task::spawn_blocking;
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Type,
        path::{Parameter, ParameterIn},
    },
};

use self::{file_name::FileName, ranges::Selection, variants::VariantError};
use crate::{
    api::{
        App, coding,
        params::{self, FromParams, Params, Query, Segments},
        problem::{Code, Problem},
    },
    media::{Content, Format, Media, resize::Plan},
};

mod file_name;
mod parts;
mod ranges;
mod variants;

pub use self::variants::Variants;

/// The widths at which images are served.
const WIDTHS: &[(&str, u32)] =
    &[("320", 320), ("640", 640), ("960", 960), ("1280", 1_280), ("1920", 1_920)];

/// How long a client waits before it asks again for an image that is not made yet.
const BUSY_RETRY: Duration = Duration::from_secs(2);

/// Declares the file in a path.
pub struct MediaPath;

impl IntoParams for MediaPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9a-f]{32}$"));
        let file = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(FileName::MAX_LEN));
        vec![
            params::path(
                "id",
                "Name of the content: published paths have it.",
                id,
                "031e4baf983b85ad9ccb1904d1e835bf",
            ),
            params::path(
                "file",
                "Any name; the file is saved under it, with the extension of its type.",
                file,
                "plan.png",
            ),
        ]
    }
}

/// How a file is asked for.
#[derive(Debug)]
pub struct MediaQuery {
    width: Option<u32>,
}

impl IntoParams for MediaQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let widths = WIDTHS.iter().map(|(_, width)| *width);
        let schema = ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(widths));
        let description = "Largest width of an image, in pixels: a larger one is made smaller. It \
                           is turned upright, freed of its metadata, and in WebP for clients that \
                           accept it. Ignored for GIF and other animations, drawings and \
                           documents, which are served as they are.";
        vec![params::optional("width", description, schema, 640)]
    }
}

impl FromParams for MediaQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        Ok(Self { width: params.one_of("width", WIDTHS)? })
    }
}

/// Read a file
///
/// An image or a document of a guide or a service, or a part of it. Its path is in what is
/// published, and its content never changes.
#[utoipa::path(
    get, path = "/v1/media/{id}/{file}", tag = "media", operation_id = "get_media",
    params(MediaPath, MediaQuery),
    responses(
        (status = 200, description = "The file."),
        (status = 206, description = "The parts of the file that `Range` asks for: one, or \
                                      several as `multipart/byteranges`."),
    ),
)]
pub async fn get_media(
    State(app): State<App>,
    Segments((id, file)): Segments<(String, String)>,
    Query(query): Query<MediaQuery>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let not_found = || Problem::not_found(Code::MediaNotFound, &id);
    let name = FileName::parse(&file).ok_or_else(not_found)?;
    let media = id.parse().ok().and_then(|id| app.media.find(id)).ok_or_else(not_found)?;
    let plan = query.width.and_then(|width| Plan::new(&media, width, takes_webp(&headers)));
    let found = match plan {
        Some(plan) => variant(&app, media, plan).await?,
        None => original(&app, media).await?,
    };
    let found = found.ok_or_else(not_found)?;
    let mut response = found.answer(&method, &headers);
    guard(response.headers_mut(), found.format);
    if response.status() != StatusCode::RANGE_NOT_SATISFIABLE {
        found.describe(response.headers_mut(), &name, media.format);
    }
    if plan.is_some() {
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    }
    Ok(response)
}

/// Whether a client asks for WebP by its name: `*/*` is also said by those that can't show it.
fn takes_webp(headers: &HeaderMap) -> bool {
    coding::wishes(headers, &header::ACCEPT)
        .any(|(name, weight)| name.eq_ignore_ascii_case("image/webp") && weight > 0.0)
}

async fn original(app: &App, media: Media) -> Result<Option<Representation>, Problem> {
    let library = app.media.clone();
    let opened = spawn_blocking(move || library.content(&media)).await;
    let content = opened.map_err(io::Error::other).flatten().map_err(|error| internal(&error))?;
    let tag = media.id.to_string();
    Ok(content.map(|content| Representation { content, tag, format: media.format }))
}

async fn variant(app: &App, media: Media, plan: Plan) -> Result<Option<Representation>, Problem> {
    let variant = app.variants.get(media, plan).await;
    match variant.as_deref().map_err(AsRef::as_ref) {
        Ok(variant) => Ok(Some(Representation {
            content: Content::Bytes(variant.content.clone()),
            tag: variant.tag.clone(),
            format: plan.encoding.format(),
        })),
        // What can't be made smaller is perhaps shown by the browser all the same.
        Err(VariantError::Impossible) => original(app, media).await,
        Err(VariantError::Lost) => Ok(None),
        Err(VariantError::Busy) => Err(Problem::busy(BUSY_RETRY)),
        Err(VariantError::Disk(error)) => Err(internal(error)),
    }
}

fn internal(error: &io::Error) -> Problem {
    tracing::error!(%error, "a file can't be read");
    Problem::of(Code::Internal)
}

/// What a path leads to, for a client.
struct Representation {
    content: Content,
    /// A hash of the content.
    tag: String,
    format: Format,
}

impl Representation {
    /// The status and the body: whole, in parts, or none if the client has it.
    fn answer(&self, method: &Method, headers: &HeaderMap) -> Response {
        let length = self.content.length();
        let etag = self.etag();
        let condition = headers.typed_get::<IfNoneMatch>();
        if condition.zip(etag.as_ref()).is_some_and(|(known, tag)| !known.precondition_passes(tag))
        {
            return StatusCode::NOT_MODIFIED.into_response();
        }
        // RFC 9110, section 14.2: ranges are for GET alone.
        let selection = match *method {
            Method::GET => Selection::of(headers, etag.as_ref(), length),
            _ => Selection::Whole,
        };
        match selection {
            Selection::Whole => {
                let body = match *method {
                    Method::HEAD => Body::empty(),
                    _ => Body::from_stream(self.content.clone().stream(0..length)),
                };
                let headers = [
                    (header::CONTENT_TYPE, HeaderValue::from_static(self.format.media_type())),
                    (header::CONTENT_LENGTH, length.into()),
                ];
                (headers, body).into_response()
            }
            Selection::One(part) => parts::one(&self.content, self.format, part),
            Selection::Several(several) => parts::several(&self.content, self.format, several),
            Selection::None => {
                let mut response = Problem::of(Code::RangeNotSatisfiable).into_response();
                response.headers_mut().extend(parts::content_range(None, length));
                response
            }
        }
    }

    fn etag(&self) -> Option<ETag> {
        format!("\"{}\"", self.tag).parse().ok()
    }

    /// How long the answer may be kept, and under which name.
    fn describe(&self, headers: &mut HeaderMap, name: &FileName, file: Format) {
        const FOREVER: HeaderValue =
            HeaderValue::from_static("public, max-age=31536000, immutable");
        headers.insert(header::CACHE_CONTROL, FOREVER);
        let disposition = name.disposition(file, self.format);
        headers.extend(disposition.map(|value| (header::CONTENT_DISPOSITION, value)));
        if let Some(etag) = self.etag() {
            headers.typed_insert(etag);
        }
    }
}

/// What browsers may do with a file: any page may show it, and it can do nothing there. A drawing
/// may have styles of its own, but in a frame it has no origin.
fn guard(headers: &mut HeaderMap, format: Format) {
    let policy = match format {
        Format::Svg => "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        _ => "default-src 'none'",
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
}

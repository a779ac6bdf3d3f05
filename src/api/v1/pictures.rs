//! Files of steps and services on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::content::picture;

/// A file: an image, or, where the archivist put one, a document to be linked to, as its type says.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Picture {
    /// Where it is served by this API, for ever. An image is made smaller on request: `?width=640`.
    #[schema(
        format = "uri-reference",
        examples("/v1/media/031e4baf983b85ad9ccb1904d1e835bf/plan-de-masse.png")
    )]
    url: String,
    /// Its media type, told by its bytes.
    #[schema(examples("image/png"))]
    media_type: String,
    /// Width in pixels, as it is shown; null for what is not made of pixels, such as SVG.
    #[schema(minimum = 1)]
    width: Option<u32>,
    /// Height in pixels, as it is shown.
    #[schema(minimum = 1)]
    height: Option<u32>,
    /// What it goes with, for those who do not see it: the title of the step, the name of the
    /// service.
    alt: String,
}

/// The files of something that is called so.
pub fn all(pictures: &[picture::Picture], alt: &str) -> Vec<Picture> {
    let wire = |picture: &picture::Picture| Picture {
        url: picture.path.clone(),
        media_type: picture.media_type.clone(),
        width: picture.dimensions.map(|(width, _)| width),
        height: picture.dimensions.map(|(_, height)| height),
        alt: alt.to_owned(),
    };
    pictures.iter().map(wire).collect()
}

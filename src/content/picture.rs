//! What the public gets of the files in a row: copies that this service serves, since Airtable's
//! links die in two hours.

use minicbor::{Decode, Encode};

use super::ids::{AttachmentId, RecordId};

/// A file of a row, as it is published.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Picture {
    /// The attachment that it is a copy of. Never published.
    #[n(0)]
    pub file: AttachmentId,
    /// Where it is served: `/v1/media/{id}/{name}`.
    #[n(1)]
    pub path: String,
    /// What it is, told by its bytes.
    #[n(2)]
    pub media_type: String,
    /// Width and height in pixels, as it is shown; `None` for what is not made of pixels.
    #[n(3)]
    pub dimensions: Option<(u32, u32)>,
}

/// The files of a row, as they are published: at least one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Gallery {
    /// The row.
    #[n(0)]
    pub record: RecordId,
    /// Its files, in the archivist's order.
    #[n(1)]
    pub pictures: Vec<Picture>,
}

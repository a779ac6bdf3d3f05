//! Rich text on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use crate::content;

/// A text in two forms.
#[derive(Debug, Serialize, ToSchema)]
pub struct RichText {
    /// As Markdown. Not safe to show as HTML without a sanitizer.
    pub markdown: String,
    /// As sanitized HTML: paragraphs, lists, emphasis, titles, links and images of this service.
    pub html: String,
}

impl From<&content::rich_text::RichText> for RichText {
    fn from(text: &content::rich_text::RichText) -> Self {
        Self { markdown: text.markdown().to_owned(), html: text.html().trim_end().to_owned() }
    }
}

/// The same, when there may be none.
pub fn optional(text: Option<&content::rich_text::RichText>) -> Option<RichText> {
    text.map(RichText::from)
}

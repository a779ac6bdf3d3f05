//! The formats of files that are kept, and how each is shown.

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// PNG, animated or not.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP, animated or not.
    WebP,
    /// AVIF.
    Avif,
    /// SVG.
    Svg,
    /// TIFF, which browsers don't show.
    Tiff,
    /// PDF.
    Pdf,
    /// A text of `LibreOffice`.
    Odt,
    /// A spreadsheet of `LibreOffice`.
    Ods,
    /// A text of Word.
    Docx,
    /// A spreadsheet of Excel.
    Xlsx,
    /// MP3 sound.
    Mp3,
    /// MP4 video.
    Mp4,
}

/// Each format with its media type and its extensions, the usual one first.
const FORMATS: &[(Format, &str, &[&str])] = &[
    (Format::Png, "image/png", &["png", "apng"]),
    (Format::Jpeg, "image/jpeg", &["jpg", "jpeg", "jpe", "jfif"]),
    (Format::Gif, "image/gif", &["gif"]),
    (Format::WebP, "image/webp", &["webp"]),
    (Format::Avif, "image/avif", &["avif"]),
    (Format::Svg, "image/svg+xml", &["svg"]),
    (Format::Tiff, "image/tiff", &["tif", "tiff"]),
    (Format::Pdf, "application/pdf", &["pdf"]),
    (Format::Odt, "application/vnd.oasis.opendocument.text", &["odt"]),
    (Format::Ods, "application/vnd.oasis.opendocument.spreadsheet", &["ods"]),
    (
        Format::Docx,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        &["docx"],
    ),
    (Format::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"]),
    (Format::Mp3, "audio/mpeg", &["mp3"]),
    (Format::Mp4, "video/mp4", &["mp4", "m4v"]),
];

impl Format {
    /// Every format.
    pub fn all() -> impl Iterator<Item = Self> {
        FORMATS.iter().map(|(format, ..)| *format)
    }

    /// The format of a media type, without parameters.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let row = FORMATS.iter().find(|(_, name, _)| *name == media_type);
        row.map(|(format, ..)| *format)
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        self.row().1
    }

    /// Its usual extension, without the dot.
    pub fn extension(self) -> &'static str {
        self.row().2.first().copied().unwrap_or_default()
    }

    /// Whether a file of this format may have this extension, in any case.
    pub fn fits(self, extension: &str) -> bool {
        self.row().2.iter().any(|known| known.eq_ignore_ascii_case(extension))
    }

    /// Whether browsers show it in a page or a tab, rather than save it.
    pub fn is_shown(self) -> bool {
        !matches!(self, Self::Tiff | Self::Odt | Self::Ods | Self::Docx | Self::Xlsx)
    }

    fn row(self) -> (Self, &'static str, &'static [&'static str]) {
        let row = FORMATS.iter().find(|(format, ..)| *format == self);
        row.copied().unwrap_or((self, "application/octet-stream", &["bin"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_media_type_of_its_own() {
        for (format, media_type, extensions) in FORMATS {
            assert_eq!(Format::of_media_type(media_type), Some(*format));
            assert_eq!(format.media_type(), *media_type);
            assert!(format.fits(&extensions[0].to_uppercase()));
        }
        assert_eq!(Format::of_media_type("text/html"), None);
    }
}

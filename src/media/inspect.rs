//! What a file is, told by its bytes: names and declared types are not believed.
//!
//! An ended link of Airtable answers a page of HTML, for one, and nothing that could run in a
//! browser may be kept as an image.

use std::io::Cursor;

use image::{
    ImageDecoder, ImageError, ImageResult,
    codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder},
    metadata::Orientation,
};
use quick_xml::{
    NsReader,
    events::Event,
    name::{Namespace, ResolveResult},
};

use super::format::Format;

/// A file that is fit to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspected {
    /// What it is.
    pub format: Format,
    /// What it shows, if it is an image made of pixels.
    pub picture: Option<Picture>,
}

/// An image made of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Picture {
    /// Width in pixels, as it is shown: turned as its metadata says.
    pub width: u32,
    /// Height in pixels, as it is shown.
    pub height: u32,
    /// Whether smaller ones can be made of it, which excludes animations and, since most are, GIF.
    pub is_resizable: bool,
}

/// Why a file is not kept.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It has no byte.
    #[error("the file is empty")]
    Empty,
    /// Its bytes tell nothing.
    #[error("the file is of no known format")]
    Unknown,
    /// It is of a format that is not kept, such as a page of HTML or a program.
    #[error("the file is {found}, which is not kept")]
    Refused {
        /// Its media type.
        found: &'static str,
    },
    /// It starts as an image and goes on as something else.
    #[error("the {} can't be read", .format.media_type())]
    Damaged {
        /// What it starts as.
        format: Format,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It would take too much memory once decoded.
    #[error("the image has {width} × {height} pixels, more than {limit} in all")]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Most pixels.
        limit: u64,
    },
}

/// Tells what a file is, from its first bytes and its header; images are not decoded.
///
/// # Errors
/// When it is not fit to be kept.
pub fn inspect(content: &[u8], most_pixels: u64) -> Result<Inspected, Unfit> {
    if content.is_empty() {
        return Err(Unfit::Empty);
    }
    let format = format(content)?;
    let picture = picture(format, content)?;
    match picture {
        Some(Picture { width, height, .. })
            if u64::from(width) * u64::from(height) > most_pixels =>
        {
            Err(Unfit::TooManyPixels { width, height, limit: most_pixels })
        }
        _ => Ok(Inspected { format, picture }),
    }
}

fn format(content: &[u8]) -> Result<Format, Unfit> {
    if is_svg(content) {
        return Ok(Format::Svg);
    }
    let found = infer::get(content).ok_or(Unfit::Unknown)?.mime_type();
    Format::of_media_type(found).ok_or(Unfit::Refused { found })
}

/// Whether it is XML whose root is `svg`, in its namespace, and which can be read to its end.
fn is_svg(content: &[u8]) -> bool {
    const SVG: Namespace<'_> = Namespace("http://www.w3.org/2000/svg");
    let text = std::str::from_utf8(content).unwrap_or_default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.trim_start().starts_with('<') {
        return false;
    }
    let mut reader = NsReader::from_str(text);
    let mut has_root = false;
    loop {
        match reader.read_resolved_event() {
            Ok((namespace, Event::Start(tag) | Event::Empty(tag))) if !has_root => {
                let is_root = namespace == ResolveResult::Bound(SVG);
                if !is_root || tag.local_name().as_ref() != "svg" {
                    return false;
                }
                has_root = true;
            }
            Ok((_, Event::Eof)) => return has_root,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

fn picture(format: Format, content: &[u8]) -> Result<Option<Picture>, Unfit> {
    let bytes = Cursor::new(content);
    let decoded = match format {
        Format::Png => PngDecoder::new(bytes).and_then(|decoder| {
            let is_still = !decoder.is_apng()?;
            shown(decoder, is_still)
        }),
        Format::Jpeg => JpegDecoder::new(bytes).and_then(|decoder| shown(decoder, true)),
        Format::WebP => WebPDecoder::new(bytes).and_then(|decoder| {
            let is_still = !decoder.has_animation();
            shown(decoder, is_still)
        }),
        Format::Gif | Format::Avif => return measured(format, content).map(Some),
        _ => return Ok(None),
    };
    decoded.map(Some).map_err(|source| damaged(format, source))
}

fn shown(mut decoder: impl ImageDecoder, is_resizable: bool) -> ImageResult<Picture> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(ImageError::Parameter(image::error::ParameterError::from_kind(
            image::error::ParameterErrorKind::DimensionMismatch,
        )));
    }
    let (width, height) = match is_turned(decoder.orientation()?) {
        true => (height, width),
        false => (width, height),
    };
    Ok(Picture { width, height, is_resizable })
}

/// Whether width and height change places.
pub(super) fn is_turned(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// The size of an image that is served as it is, and never decoded here.
fn measured(format: Format, content: &[u8]) -> Result<Picture, Unfit> {
    let size = imagesize::blob_size(content).map_err(|source| damaged(format, source))?;
    let pixels = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let (width, height) = (pixels(size.width), pixels(size.height));
    Ok(Picture { width, height, is_resizable: false })
}

fn damaged(format: Format, source: impl std::error::Error + Send + Sync + 'static) -> Unfit {
    Unfit::Damaged { format, source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, ImageFormat};

    use super::*;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(4, 3).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// What is found: the media type, or the start of the reason.
    fn found(content: &[u8]) -> String {
        match inspect(content, 100) {
            Ok(found) => found.format.media_type().to_owned(),
            Err(unfit) => unfit.to_string(),
        }
    }

    #[test]
    fn a_file_is_what_its_bytes_say() {
        let png = encoded(ImageFormat::Png);
        let png_with_page = [png.as_slice(), b"<script>alert(1)</script>"].concat();
        let page_as_png = [&png[..8], b"<html><script>alert(1)</script></html>"].concat();
        for (content, expected) in [
            (png.as_slice(), "image/png"),
            (&encoded(ImageFormat::Jpeg), "image/jpeg"),
            (&encoded(ImageFormat::WebP), "image/webp"),
            (b"GIF89a\x04\x00\x03\x00\x00\x00\x00;", "image/gif"),
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "application/pdf"),
            // The picture is whole: what follows it is never read as a page, since it is not sent
            // as one.
            (&png_with_page, "image/png"),
            (&page_as_png, "the image/png can't be read"),
            (b"<!DOCTYPE html><title>Airtable</title>", "the file is text/html, which is not kept"),
            (b"#!/bin/sh\nrm -r /", "the file is text/x-shellscript, which is not kept"),
            (
                b"MZ\x90\x00",
                "the file is application/vnd.microsoft.portable-executable, which is not kept",
            ),
            (b"PK\x03\x04", "the file is application/zip, which is not kept"),
            (b"alert(1)", "the file is of no known format"),
            (b"", "the file is empty"),
        ] {
            assert_eq!(found(content), expected, "{}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn an_svg_is_xml_with_its_root() {
        const NS: &str = "xmlns=\"http://www.w3.org/2000/svg\"";
        let svg = "image/svg+xml";
        for (content, expected) in [
            (format!("<svg {NS}/>"), svg),
            (
                format!(
                    "\u{feff}<?xml version=\"1.0\"?>\n<!-- a --><!DOCTYPE svg>\n<svg {NS}><g/></svg>"
                ),
                svg,
            ),
            ("<s:svg xmlns:s=\"http://www.w3.org/2000/svg\"></s:svg>".to_owned(), svg),
            (format!("<svg {NS}><g></svg>"), "the file is of no known format"),
            ("<svg/>".to_owned(), "the file is of no known format"),
            (format!("<html {NS}><svg {NS}/></html>"), "the file is text/html, which is not kept"),
            (
                "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><svg/></html>"
                    .to_owned(),
                "the file is text/xml, which is not kept",
            ),
        ] {
            assert_eq!(found(content.as_bytes()), expected, "{content}");
        }
    }

    #[test]
    fn an_image_of_too_many_pixels_is_refused_unread() {
        // 65,535 × 65,535 pixels in fourteen bytes.
        let bomb = b"GIF89a\xff\xff\xff\xff\x00\x00\x00;";
        let unfit = inspect(bomb, 50_000_000).unwrap_err();
        assert!(matches!(unfit, Unfit::TooManyPixels { width: 65_535, .. }), "{unfit}");
    }
}

//! Smaller images, made of the ones that are kept.
//!
//! An image is turned as its metadata says, brought to the colours of the web, and written without
//! any metadata: the place where a photo was taken is nobody's concern.

use std::io::Cursor;

use bytes::Bytes;
use fast_image_resize::{ResizeError as ScaleError, Resizer};
use image::{
    DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits,
    codecs::{
        jpeg::JpegEncoder,
        png::{CompressionType, FilterType, PngEncoder},
    },
    metadata::Orientation,
};
use moxcms::{ColorProfile, Layout, TransformOptions};

use super::{
    format::Format,
    index::Media,
    inspect::{Picture, is_turned},
};

/// What a smaller image is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// How it is written.
    pub encoding: Encoding,
}

/// How a smaller image is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// WebP, lossy: less than half the bytes of a JPEG of the same look.
    WebP,
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

/// Most pixels on a side of a WebP image
/// (<https://developers.google.com/speed/webp/docs/riff_container>).
const WEBP_MAX_SIDE: u32 = 16_383;

/// Quality of the lossy encodings, of 100: below it, the print of a scanned plan gets blurred.
const QUALITY: u8 = 80;

/// Most bytes of a decoded image: some more than the pixels that are accepted, of four bytes.
const MAX_DECODED: u64 = 256 << 20;

impl Encoding {
    /// The format of what is written.
    pub fn format(self) -> Format {
        match self {
            Self::WebP => Format::WebP,
            Self::Jpeg => Format::Jpeg,
            Self::Png => Format::Png,
        }
    }
}

impl Plan {
    /// The plan for a width, at which the image is at most as large as it is; `None` for what is
    /// served as it is: animations, drawings, documents.
    pub fn new(media: &Media, width: u32, takes_webp: bool) -> Option<Self> {
        let picture = media.picture.filter(|picture| picture.is_resizable)?;
        let width = width.min(picture.width);
        let height = height(picture, width);
        let encoding = match media.format {
            _ if takes_webp && width.max(height) <= WEBP_MAX_SIDE => Encoding::WebP,
            Format::Jpeg => Encoding::Jpeg,
            _ => Encoding::Png,
        };
        Some(Self { width, height, encoding })
    }
}

/// The height that keeps the proportions, rounded, at least 1.
fn height(picture: Picture, width: u32) -> u32 {
    let (whole, part) = (u64::from(picture.width).max(1), u64::from(width));
    let height = (u64::from(picture.height) * part + whole / 2) / whole;
    u32::try_from(height.max(1)).unwrap_or(u32::MAX)
}

/// Why no smaller image can be made.
#[derive(Debug, thiserror::Error)]
pub enum ResizeError {
    /// The image can't be decoded, or takes too much memory.
    #[error("the image can't be decoded")]
    Decode(#[source] ImageError),
    /// The image can't be scaled.
    #[error("the image can't be scaled")]
    Scale(#[from] ScaleError),
    /// The image can't be written.
    #[error("the image can't be encoded")]
    Encode(#[source] ImageError),
    /// libwebp refused the image.
    #[error("the image can't be encoded: {0:?}")]
    WebP(webp::WebPEncodingError),
}

/// Makes a smaller image. Takes some tenths of a second of a processor for a large photo.
///
/// # Errors
/// When the image is damaged, or takes more memory than its declared size lets expect.
pub fn resize(content: &[u8], format: Format, plan: &Plan) -> Result<Bytes, ResizeError> {
    let (image, orientation, profile) = decode(content, format).map_err(ResizeError::Decode)?;
    let (width, height) = match is_turned(orientation) {
        true => (plan.height, plan.width),
        false => (plan.width, plan.height),
    };
    let mut image = scale(&plain(image), width, height)?;
    if let Some(profile) = profile {
        to_srgb(&mut image, &profile);
    }
    // Last, since it is cheaper on a small image.
    image.apply_orientation(orientation);
    encode(&image, plan.encoding)
}

type Decoded = (DynamicImage, Orientation, Option<Vec<u8>>);

fn decode(content: &[u8], format: Format) -> Result<Decoded, ImageError> {
    let format = match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::WebP => ImageFormat::WebP,
        _ => ImageFormat::Png,
    };
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODED);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let profile = decoder.icc_profile()?;
    Ok((DynamicImage::from_decoder(decoder)?, orientation, profile))
}

/// Eight bits of red, green, blue and, if need be, of transparency.
fn plain(image: DynamicImage) -> DynamicImage {
    match image.color().has_alpha() {
        true => DynamicImage::ImageRgba8(image.into_rgba8()),
        false => DynamicImage::ImageRgb8(image.into_rgb8()),
    }
}

fn scale(image: &DynamicImage, width: u32, height: u32) -> Result<DynamicImage, ScaleError> {
    let mut scaled = DynamicImage::new(width, height, image.color());
    Resizer::new().resize(image, &mut scaled, None)?;
    Ok(scaled)
}

/// Brings the colours of a profile to those that are meant where there is none. A profile that
/// can't be read, or is not one of red, green and blue, is as good as none.
fn to_srgb(image: &mut DynamicImage, profile: &[u8]) {
    let (layout, samples) = match image {
        DynamicImage::ImageRgb8(image) => (Layout::Rgb, &mut **image),
        DynamicImage::ImageRgba8(image) => (Layout::Rgba, &mut **image),
        _ => return,
    };
    let Ok(profile) = ColorProfile::new_from_slice(profile) else { return };
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, options) else {
        return;
    };
    let source = samples.to_vec();
    if let Err(error) = transform.transform(&source, samples) {
        tracing::debug!(%error, "the colours of an image stay as they are");
    }
}

fn encode(image: &DynamicImage, encoding: Encoding) -> Result<Bytes, ResizeError> {
    let mut bytes = Vec::new();
    let written = match encoding {
        Encoding::WebP => return encode_webp(image),
        Encoding::Jpeg => {
            image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))
        }
        Encoding::Png => image.write_with_encoder(PngEncoder::new_with_quality(
            &mut bytes,
            CompressionType::Default,
            FilterType::Adaptive,
        )),
    };
    written.map_err(ResizeError::Encode)?;
    Ok(bytes.into())
}

/// By libwebp, in C: what it reads was decoded in Rust, so that no file reaches it.
fn encode_webp(image: &DynamicImage) -> Result<Bytes, ResizeError> {
    let (width, height) = (image.width(), image.height());
    let encoder = match image {
        DynamicImage::ImageRgba8(image) => webp::Encoder::from_rgba(image, width, height),
        _ => webp::Encoder::from_rgb(image.as_bytes(), width, height),
    };
    let encoded = encoder.encode_simple(false, f32::from(QUALITY)).map_err(ResizeError::WebP)?;
    Ok(Bytes::copy_from_slice(&encoded))
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView as _, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;
    use crate::media::{
        MediaId,
        inspect::{Inspected, inspect},
    };

    fn media(content: &[u8]) -> Media {
        let found = inspect(content, 1_000_000).unwrap();
        let (id, bytes) = (MediaId::of(content), content.len() as u64);
        Media { id, format: found.format, bytes, picture: found.picture }
    }

    fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        image.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    /// A JPEG whose left half is red and whose right half is blue, with an EXIF orientation.
    fn photo(orientation: u8) -> Vec<u8> {
        let image =
            RgbImage::from_fn(64, 32, |x, _| Rgb(if x < 32 { [255, 0, 0] } else { [0, 0, 255] }));
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 95).encode_image(&image).unwrap();
        // <https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf>: one entry, tag 0x0112.
        let exif = [
            b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
            &[orientation, 0, 0, 0, 0, 0, 0],
        ];
        [&bytes[..2], &exif.concat(), &bytes[2..]].concat()
    }

    #[test]
    fn a_plan_keeps_the_proportions_and_never_enlarges() {
        let wide = media(&png(RgbImage::new(1_000, 333)));
        for (width, webp, expected) in [
            (320, true, (320, 107, Encoding::WebP)),
            (320, false, (320, 107, Encoding::Png)),
            (1_280, true, (1_000, 333, Encoding::WebP)),
        ] {
            let plan = Plan::new(&wide, width, webp).unwrap();
            assert_eq!((plan.width, plan.height, plan.encoding), expected);
        }
        let line = media(&png(RgbImage::new(1_000, 1)));
        assert_eq!(Plan::new(&line, 320, true).map(|plan| plan.height), Some(1));
        let tower = media(&png(RgbImage::new(20, 17_000)));
        assert_eq!(Plan::new(&tower, 320, true).map(|p| p.encoding), Some(Encoding::Png));
        assert_eq!(Plan::new(&media(&photo(1)), 320, false).unwrap().encoding, Encoding::Jpeg);
        assert_eq!(Plan::new(&media(b"GIF89a\x04\x00\x03\x00\x00\x00\x00;"), 320, true), None);
        assert_eq!(Plan::new(&media(b"%PDF-1.7"), 320, true), None);
    }

    #[test]
    fn an_image_is_turned_as_its_metadata_says_which_is_then_dropped() {
        let content = photo(6);
        let media = media(&content);
        assert_eq!(media.picture.map(|p| (p.width, p.height)), Some((32, 64)));
        for webp in [true, false] {
            let plan = Plan::new(&media, 16, webp).unwrap();
            let smaller = resize(&content, media.format, &plan).unwrap();
            assert!(!smaller.windows(4).any(|window| window == b"Exif"));
            let shown = image::load_from_memory(&smaller).unwrap();
            assert_eq!(shown.dimensions(), (16, 32));
            let (top, bottom) = (shown.get_pixel(8, 4).0, shown.get_pixel(8, 28).0);
            assert!(top[0] > 200 && top[2] < 60, "red is above: {top:?}");
            assert!(bottom[2] > 200 && bottom[0] < 60, "blue is below: {bottom:?}");
        }
    }

    #[test]
    fn transparency_stays() {
        let image =
            RgbaImage::from_fn(64, 64, |x, _| Rgba([0, 128, 0, if x < 32 { 0 } else { 255 }]));
        let content = png(image);
        let media = media(&content);
        for webp in [true, false] {
            let plan = Plan::new(&media, 32, webp).unwrap();
            let smaller = resize(&content, media.format, &plan).unwrap();
            let shown = image::load_from_memory(&smaller).unwrap();
            assert_eq!((shown.get_pixel(4, 16).0[3], shown.get_pixel(28, 16).0[3]), (0, 255));
        }
    }

    #[test]
    fn the_colours_of_a_profile_become_those_of_the_web() {
        let mut image = DynamicImage::ImageRgb8(RgbImage::from_pixel(2, 2, Rgb([200, 100, 50])));
        to_srgb(&mut image, &ColorProfile::new_display_p3().encode().unwrap());
        let [red, green, blue, _] = image.get_pixel(0, 0).0;
        // The same colour needs more red in the smaller range of sRGB.
        assert!(red > 205 && green < 100 && blue < 50, "{red} {green} {blue}");
        to_srgb(&mut image, b"no profile");
        assert_eq!(image.get_pixel(0, 0).0[0], red);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(200))]

        /// Whatever is made of it, a damaged file is an error or an image of the planned size.
        #[test]
        fn a_damaged_image_breaks_nothing(
            format in proptest::sample::select(vec![ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP]),
            damages in proptest::collection::vec((0_usize..600, 0_u8..), 1..6),
        ) {
            let image = RgbImage::from_fn(16, 9, |x, y| Rgb([(x * y) as u8, x as u8, y as u8]));
            let mut bytes = Cursor::new(Vec::new());
            image.write_to(&mut bytes, format).unwrap();
            let mut content = bytes.into_inner();
            for (place, byte) in damages {
                let length = content.len();
                content[place % length] = byte;
            }
            if let Ok(Inspected { format, picture: Some(_), .. }) = inspect(&content, 10_000) {
                let media = media(&content);
                for webp in [true, false] {
                    let Some(plan) = Plan::new(&media, 8, webp) else { continue };
                    if let Ok(smaller) = resize(&content, format, &plan) {
                        let shown = image::load_from_memory(&smaller).unwrap();
                        proptest::prop_assert_eq!(shown.dimensions(), (plan.width, plan.height));
                    }
                }
            }
        }
    }

    #[test]
    fn an_image_that_breaks_off_is_an_error() {
        let content = png(RgbImage::from_fn(64, 64, |x, y| Rgb([(x * y) as u8, 0, 0])));
        let media = media(&content);
        let plan = Plan::new(&media, 32, true).unwrap();
        assert!(resize(&content[..content.len() / 2], media.format, &plan).is_err());
    }
}

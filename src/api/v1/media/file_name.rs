//! The name under which a file is saved.

use axum::http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::media::Format;

/// The last segment of a path, as a file may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileName(String);

/// What RFC 8187 has escaped (section 3.2.1).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

impl FileName {
    /// Longest name, in bytes.
    pub(super) const MAX_LEN: usize = 255;

    /// Reads a name; `None` when it would hide a file, leave its folder or mislead a reader.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_odd = |c: char| {
            // Marks of direction make `exe.gnp` look like `png.exe`.
            let is_mark = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            c.is_control() || is_mark || "/\\:*?\"<>|".contains(c)
        };
        let is_fit = (1..=Self::MAX_LEN).contains(&text.len())
            && !text.starts_with('.')
            && !text.contains(is_odd);
        is_fit.then(|| Self(text.to_owned()))
    }

    /// `Content-Disposition` (RFC 6266): shown, or saved under this name and the extension of what
    /// is sent, which may be another than that of the file it was made of.
    pub(super) fn disposition(&self, file: Format, sent: Format) -> Option<HeaderValue> {
        let name = match self.0.rsplit_once('.') {
            Some((_, extension)) if sent.fits(extension) => self.0.clone(),
            Some((stem, extension)) if file.fits(extension) => {
                format!("{stem}.{}", sent.extension())
            }
            _ => format!("{}.{}", self.0, sent.extension()),
        };
        let plain = deunicode::deunicode(&name).replace(['"', '\\', '/'], "_");
        let kind = if sent.is_shown() { "inline" } else { "attachment" };
        let escaped = utf8_percent_encode(&name, ESCAPED);
        let value = format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{escaped}");
        HeaderValue::from_str(&value).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_and_its_extension_fits() {
        for (name, file, sent, expected) in [
            (
                "plan.png",
                Format::Png,
                Format::Png,
                "inline; filename=\"plan.png\"; filename*=UTF-8''plan.png",
            ),
            (
                "Acte n° 3.PDF",
                Format::Pdf,
                Format::Pdf,
                "inline; filename=\"Acte ndeg 3.PDF\"; filename*=UTF-8''Acte%20n%C2%B0%203.PDF",
            ),
            (
                "virus.exe",
                Format::Odt,
                Format::Odt,
                "attachment; filename=\"virus.exe.odt\"; filename*=UTF-8''virus.exe.odt",
            ),
            (
                "photo.jpg",
                Format::Jpeg,
                Format::WebP,
                "inline; filename=\"photo.webp\"; filename*=UTF-8''photo.webp",
            ),
        ] {
            let found = FileName::parse(name).unwrap().disposition(file, sent).unwrap();
            assert_eq!(found, expected);
        }
        for bad in ["", ".", "..", ".htaccess", "a/b", "a\\b", "a\"b", "a\nb", "a\u{202e}gnp.exe"] {
            assert_eq!(FileName::parse(bad), None, "{bad:?}");
        }
        assert_eq!(FileName::parse(&"a".repeat(256)), None);
    }
}

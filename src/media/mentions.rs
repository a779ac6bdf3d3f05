//! The files that a text names by their public paths.

use super::id::MediaId;
use crate::content::rich_text::MEDIA_PATH;

/// The files whose paths stand in some bytes, whatever is around them: kept content, for one.
pub fn mentioned(bytes: &[u8]) -> impl Iterator<Item = MediaId> {
    let starts = bytes.windows(MEDIA_PATH.len()).enumerate();
    let starts = starts.filter(|(_, window)| *window == MEDIA_PATH.as_bytes());
    starts.filter_map(|(at, _)| {
        let (id, _) = bytes.get(at + MEDIA_PATH.len()..)?.split_first_chunk::<32>()?;
        std::str::from_utf8(id).ok()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_wherever_it_stands() {
        let [a, b] = [b"a", b"b"].map(|content| MediaId::of(content));
        for (text, expected) in [
            (format!("\u{0}x/v1/media/{a}/plan.png![](/v1/media/{b}/b.pdf)"), vec![a, b]),
            (format!("/v1/media/{a}"), vec![a]),
            (format!("/v1/media//v1/media/{a}/"), vec![a]),
            (format!("/v1/medias/{a}/"), vec![]),
            ("/v1/media/0123".to_owned(), vec![]),
            ("/v1/media/éééééééééééééééééééé".to_owned(), vec![]),
            (String::new(), vec![]),
        ] {
            assert_eq!(mentioned(text.as_bytes()).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}

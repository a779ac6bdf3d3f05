//! Which files are kept, by attachment and by content.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{format::Format, id::MediaId, inspect::Picture};
use crate::content::{
    guide::Illustration, ids::AttachmentId, ids::Slug, picture, rich_text::MEDIA_PATH,
};

/// A file that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Media {
    /// Its public name.
    pub id: MediaId,
    /// What it is.
    pub format: Format,
    /// Its length.
    pub bytes: u64,
    /// What it shows, if it is an image made of pixels.
    pub picture: Option<Picture>,
}

impl Media {
    /// Its public path, with a name made of the archivist's: `Plan cadastral.PNG` gives
    /// `/v1/media/{id}/plan-cadastral.png`.
    pub fn path(&self, filename: &str) -> String {
        let stem = match filename.rsplit_once('.') {
            Some((stem, extension)) if self.format.fits(extension) => stem,
            _ => filename,
        };
        let name = Slug::slugify(stem).map(|slug| slug.to_string());
        let name = name.as_deref().unwrap_or("document");
        format!("{MEDIA_PATH}{}/{name}.{}", self.id, self.format.extension())
    }

    /// What is published of a file of which this is the copy.
    pub fn published(&self, file: &Illustration) -> picture::Picture {
        picture::Picture {
            file: file.id.clone(),
            path: self.path(&file.filename),
            media_type: self.format.media_type().to_owned(),
            dimensions: self.picture.map(|picture| (picture.width, picture.height)),
        }
    }
}

/// A file as an attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) attachment: AttachmentId,
    pub(super) media: Media,
    /// Since when no release needs it.
    pub(super) unneeded_since: Option<DateTime<Utc>>,
}

/// The files that are kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    by_attachment: HashMap<AttachmentId, Entry>,
    by_id: HashMap<MediaId, Media>,
}

impl Index {
    pub(super) fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut index = Self::default();
        for entry in entries {
            index.add(entry);
        }
        index
    }

    pub(super) fn add(&mut self, entry: Entry) {
        self.by_id.insert(entry.media.id, entry.media);
        self.by_attachment.insert(entry.attachment.clone(), entry);
    }

    pub(super) fn of_attachment(&self, attachment: &AttachmentId) -> Option<Media> {
        self.by_attachment.get(attachment).map(|entry| entry.media)
    }

    pub(super) fn of_id(&self, id: MediaId) -> Option<Media> {
        self.by_id.get(&id).copied()
    }

    /// The files, each once.
    pub(super) fn files(&self) -> impl ExactSizeIterator<Item = &Media> {
        self.by_id.values()
    }

    pub(super) fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.by_attachment.values()
    }

    /// The same without some files.
    pub(super) fn without(&self, lost: &HashSet<MediaId>) -> Self {
        Self::of(self.entries().filter(|entry| !lost.contains(&entry.media.id)).cloned())
    }

    /// The same once what is not needed is noted, and what was not needed for `grace` is left out.
    pub(super) fn swept(
        &self,
        needed: &HashSet<MediaId>,
        now: DateTime<Utc>,
        grace: chrono::Duration,
    ) -> Self {
        let noted = self.entries().map(|entry| {
            let unneeded_since = match needed.contains(&entry.media.id) {
                true => None,
                false => Some(entry.unneeded_since.unwrap_or(now)),
            };
            Entry { unneeded_since, ..entry.clone() }
        });
        let is_kept = |entry: &Entry| entry.unneeded_since.is_none_or(|since| now - since < grace);
        Self::of(noted.filter(is_kept))
    }
}

/// An entry as it is written: one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    attachment: AttachmentId,
    id: String,
    media_type: String,
    bytes: u64,
    picture: Option<PictureLine>,
    unneeded_since: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PictureLine {
    width: u32,
    height: u32,
    is_resizable: bool,
}

impl Entry {
    /// One line, its end included.
    pub(super) fn to_line(&self) -> serde_json::Result<String> {
        let Media { id, format, bytes, picture } = self.media;
        let line = Line {
            attachment: self.attachment.clone(),
            id: id.to_string(),
            media_type: format.media_type().to_owned(),
            bytes,
            picture: picture.map(|picture| PictureLine {
                width: picture.width,
                height: picture.height,
                is_resizable: picture.is_resizable,
            }),
            unneeded_since: self.unneeded_since,
        };
        Ok(serde_json::to_string(&line)? + "\n")
    }

    /// Reads a line; `None` when it is torn, damaged or of another version.
    pub(super) fn from_line(line: &[u8]) -> Option<Self> {
        let line: Line = serde_json::from_slice(line).ok()?;
        let media = Media {
            id: line.id.parse().ok()?,
            format: Format::of_media_type(&line.media_type)?,
            bytes: line.bytes,
            picture: line.picture.map(|picture| Picture {
                width: picture.width,
                height: picture.height,
                is_resizable: picture.is_resizable,
            }),
        };
        Some(Self { attachment: line.attachment, media, unneeded_since: line.unneeded_since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(attachment: &str, content: &str) -> Entry {
        let picture = Some(Picture { width: 4, height: 3, is_resizable: true });
        let id = MediaId::of(content.as_bytes());
        let media = Media { id, format: Format::Png, bytes: 7, picture };
        Entry { attachment: attachment.parse().unwrap(), media, unneeded_since: None }
    }

    #[test]
    fn a_line_gives_its_entry_back_and_a_torn_one_nothing() {
        let entry = Entry {
            unneeded_since: Some("2026-11-23T12:00:00Z".parse().unwrap()),
            ..entry("attA", "a")
        };
        let line = entry.to_line().unwrap();
        assert_eq!(Entry::from_line(line.trim_end().as_bytes()), Some(entry));
        assert_eq!(Entry::from_line(&line.as_bytes()[..line.len() / 2]), None);
    }

    #[test]
    fn a_public_path_has_a_plain_name_and_the_extension_of_the_format() {
        let media = entry("attA", "a").media;
        for (filename, expected) in [
            ("Plan cadastral (1808).PNG", "plan-cadastral-1808.png"),
            ("photo.exe", "photo-exe.png"),
            ("Écluse", "ecluse.png"),
            ("../..", "document.png"),
            ("", "document.png"),
        ] {
            assert_eq!(media.path(filename), format!("/v1/media/{}/{expected}", media.id));
        }
    }

    #[test]
    fn a_file_goes_after_the_grace_unless_it_is_needed_again() {
        let at = |day: u32| format!("2026-11-{day:02}T00:00:00Z").parse().unwrap();
        let grace = chrono::Duration::days(7);
        let (a, b) = (entry("attA", "a"), entry("attB", "b"));
        let needed = HashSet::from([a.media.id]);
        let index = Index::of([a.clone(), b.clone()]).swept(&needed, at(1), grace);
        assert_eq!(index.files().len(), 2);

        let gone = index.swept(&needed, at(8), grace);
        assert_eq!(gone.of_attachment(&b.attachment), None);
        assert_eq!(gone.of_attachment(&a.attachment), Some(a.media));

        let needed = HashSet::from([a.media.id, b.media.id]);
        let again = index.swept(&needed, at(8), grace).swept(&HashSet::new(), at(9), grace);
        assert_eq!(again.of_attachment(&b.attachment), Some(b.media));
    }
}

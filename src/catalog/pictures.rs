//! The files of steps and services: which are published, and what stands in for those that are not
//! here yet.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    item::{Item, Shelf},
    links::Origin,
    shelf::origin,
};
use crate::content::{
    guide::{Guide, Illustration},
    ids::RecordId,
    picture::{Gallery, Picture},
    problem::{Code, Problem},
    row::excerpt,
    service::Service,
    tables::FieldKey,
};

/// What is published of the files of each row. Rows without any are absent.
pub type Pictures = Arc<BTreeMap<RecordId, Item<Gallery>>>;

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// It can be served.
    Kept(Picture),
    /// It could not be had.
    Failed {
        /// What the archivist can do about it, in French.
        advice: String,
    },
    /// Nobody has tried to have it yet.
    Awaited,
}

/// Tells what is known of a file.
pub type Files<'a> = dyn Fn(&Illustration) -> File + 'a;

/// What shows files.
struct Shown<'a> {
    origin: Origin<'a>,
    field: FieldKey,
    files: &'a [Illustration],
    is_stale: bool,
}

/// The pictures of what is published.
///
/// A file that is not here is stood in for by the one that had its place in `before`, the pictures
/// of the previous release: a picture that was replaced is seen until the new one has come.
pub(super) fn pictures(
    (guides, services): (&Shelf<Guide>, &Shelf<Service>),
    before: Option<&Pictures>,
    files: &Files<'_>,
    problems: &mut Vec<Problem>,
) -> Pictures {
    let mut pictures = BTreeMap::new();
    for shown in shown(guides, services) {
        let record = shown.origin.record;
        // A step that moved to another guide is also in the version that the first falls back to.
        if shown.files.is_empty() || (shown.is_stale && pictures.contains_key(record)) {
            continue;
        }
        let earlier = before.and_then(|before| before.get(record));
        let found: Vec<File> = shown.files.iter().map(files).collect();
        if !shown.is_stale {
            problems.extend(failures(&shown, &found));
        }
        let all = resolve(shown.files, found, earlier.map_or(&[], |gallery| &gallery.pictures));
        if all.is_empty() {
            continue;
        }
        let item = match earlier.filter(|gallery| gallery.pictures == all) {
            Some(same) => same.clone(),
            None => Item::new(Arc::new(Gallery { record: record.clone(), pictures: all })),
        };
        pictures.insert(record.clone(), item);
    }
    match before.filter(|before| ***before == pictures) {
        Some(same) => Arc::clone(same),
        None => Arc::new(pictures),
    }
}

/// What shows files: current versions first.
fn shown<'a>(
    guides: &'a Shelf<Guide>,
    services: &'a Shelf<Service>,
) -> impl Iterator<Item = Shown<'a>> {
    let steps = |is_stale| {
        let guides = guides.values().filter(move |guide| guide.is_stale == is_stale);
        guides.flat_map(|guide| guide.steps.values()).map(move |step| Shown {
            origin: Origin::step(step),
            field: FieldKey::Illustrations,
            files: &step.illustrations,
            is_stale,
        })
    };
    let services = services.values().map(|service| Shown {
        origin: origin(&**service),
        field: FieldKey::Photo,
        files: &service.photos,
        is_stale: false,
    });
    steps(false).chain(steps(true)).chain(services)
}

fn failures(shown: &Shown<'_>, found: &[File]) -> impl Iterator<Item = Problem> {
    shown.files.iter().zip(found).filter_map(|(file, found)| match found {
        File::Failed { advice } => {
            let message = format!("« {} » n'est pas publié. {advice}", excerpt(&file.filename));
            Some(shown.origin.problem(shown.field, Code::FileNotCopied, message))
        }
        File::Kept(_) | File::Awaited => None,
    })
}

/// The pictures of a row: its files as far as they are here; for any other, the earlier picture of
/// the same file, else the one that was in the same place, unless it is shown in its own right.
fn resolve(files: &[Illustration], found: Vec<File>, earlier: &[Picture]) -> Vec<Picture> {
    let is_own = |picture: &Picture| files.iter().any(|file| file.id == picture.file);
    let stands_in = |place: usize, file: &Illustration| {
        let same = earlier.iter().find(|picture| picture.file == file.id);
        same.or_else(|| earlier.get(place).filter(|picture| !is_own(picture))).cloned()
    };
    let places = files.iter().zip(found).enumerate();
    let pictures = places.filter_map(|(place, (file, found))| match found {
        File::Kept(picture) => Some(picture),
        File::Failed { .. } | File::Awaited => stands_in(place, file),
    });
    pictures.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: char) -> Illustration {
        let id = format!("att{name}").parse().unwrap();
        Illustration { id, filename: format!("{name}.png"), media_type: None, dimensions: None }
    }

    fn picture(name: char) -> Picture {
        Picture {
            file: file(name).id,
            path: format!("/v1/media/0/{name}.png"),
            media_type: "image/png".to_owned(),
            dimensions: None,
        }
    }

    /// The pictures of files of which those in capitals are here, by their letters.
    fn resolved(files: &str, earlier: &str) -> String {
        let files: Vec<_> = files.chars().collect();
        let found = files.iter().map(|name| match name.is_uppercase() {
            true => File::Kept(picture(*name)),
            false => File::Awaited,
        });
        let found = found.collect();
        let files: Vec<_> = files.iter().map(|name| file(name.to_ascii_uppercase())).collect();
        let earlier: Vec<_> = earlier.chars().map(picture).collect();
        let pictures = resolve(&files, found, &earlier);
        pictures.iter().filter_map(|picture| picture.file.as_str().chars().last()).collect()
    }

    #[test]
    fn a_picture_is_seen_until_the_one_that_replaces_it_has_come() {
        for (files, earlier, expected) in [
            ("A", "", "A"),
            ("a", "", ""),
            ("aB", "", "B"),
            // Replaced, and the new one is not here yet; then it is.
            ("b", "A", "A"),
            ("B", "A", "B"),
            ("Ac", "AB", "AB"),
            // Put in front of another one, or taken away.
            ("cAB", "AB", "AB"),
            ("B", "AB", "B"),
            // Lost here, and still known.
            ("a", "A", "A"),
            ("ba", "AB", "BA"),
            // The first was never here: the second has kept its own place.
            ("aB", "B", "B"),
            ("aC", "B", "BC"),
        ] {
            assert_eq!(resolved(files, earlier), expected, "{files} after {earlier}");
            assert_eq!(resolved(files, expected), expected, "{files} again");
        }
    }
}

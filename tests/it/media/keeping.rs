//! The folder of files: there again after a restart, and honest about what it lost.

use std::{collections::HashSet, fs, path::Path, time::Duration};

use bytes::Bytes;
use chrono::TimeDelta;
use image::ImageFormat;
use locadocs::media::{Content, Damage, Library, Media, Settings, Swept};
use tempfile::TempDir;

use super::harness::{attachment, now, picture, pixel};

fn open(folder: &Path) -> (Library, Vec<Damage>) {
    Library::open(folder, Settings::default()).unwrap()
}

fn keep(library: &Library, id: &str, content: &Bytes) -> Media {
    library.keep(&attachment(id), content).unwrap()
}

fn read(library: &Library, media: &Media) -> Option<Bytes> {
    library.content(media).unwrap().map(|content| content.whole().unwrap())
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("files")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn files_are_there_again_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let (library, damages) = open(folder.path());
    assert_eq!(damages, []);
    let zip = Bytes::from_static(b"PK\x03\x04");
    let refused = library.keep(&attachment("attZip"), &zip).unwrap_err();
    assert!(refused.advice().contains("ne peut pas être publié"), "{refused}");

    // Large enough to be read piece by piece.
    let pdf = Bytes::from([b"%PDF-1.7".as_slice(), &[7; 300_000]].concat());
    let one = keep(&library, "attA", &pixel());
    let same = keep(&library, "attB", &pixel());
    let two = keep(&library, "attC", &pdf);
    assert_eq!(one.id, same.id);
    assert_eq!(files(folder.path()).len(), 2, "one content is written once");

    let (library, damages) = open(folder.path());
    assert_eq!(damages, []);
    assert_eq!(library.stats().attachments, 3);
    for (id, media, content) in [("attA", one, pixel()), ("attB", one, pixel()), ("attC", two, pdf)]
    {
        assert_eq!(library.get(&attachment(id)), Some(media));
        assert_eq!(library.find(media.id), Some(media));
        assert_eq!(read(&library, &media), Some(content));
    }
    assert!(matches!(library.content(&two).unwrap(), Some(Content::File(..))));
}

#[test]
fn what_is_damaged_is_told_left_out_and_mended_by_a_download() {
    let (a, b, c) = (picture(4, 4, ImageFormat::Png), picture(5, 5, ImageFormat::Png), pixel());
    type Harm = fn(&Path, &Media);
    type Told = fn(&Media) -> Damage;
    let harms: [(Harm, Told); 2] = [
        (|file, _| fs::remove_file(file).unwrap(), |media| Damage::Missing { id: media.id }),
        (
            |file, media| {
                fs::write(file, &fs::read(file).unwrap()[..media.bytes as usize / 2]).unwrap()
            },
            |media| Damage::Length { id: media.id, found: media.bytes / 2, expected: media.bytes },
        ),
    ];
    for (harm, expected) in harms {
        let folder = TempDir::new().unwrap();
        let (library, _) = open(folder.path());
        let medias =
            [("attA", &a), ("attB", &b), ("attC", &c)].map(|(id, it)| keep(&library, id, it));
        harm(&folder.path().join("files").join(medias[1].id.to_string()), &medias[1]);

        let (library, damages) = open(folder.path());
        assert_eq!(damages, [expected(&medias[1])]);
        let ids = ["attA", "attB", "attC"].map(attachment);
        assert_eq!(library.missing(&ids, now()), [ids[1].clone()]);
        assert_eq!(read(&library, &medias[0]), Some(a.clone()));

        keep(&library, "attB", &b);
        let (library, damages) = open(folder.path());
        assert_eq!((damages, library.stats().files), (vec![], 3));
        assert_eq!(read(&library, &medias[1]), Some(b.clone()));
    }
}

#[test]
fn a_content_that_changed_on_the_disk_is_never_served() {
    let folder = TempDir::new().unwrap();
    let content = picture(5, 5, ImageFormat::Png);
    let media = keep(&open(folder.path()).0, "attA", &content);
    let file = folder.path().join("files").join(media.id.to_string());
    let mut bytes = content.to_vec();
    bytes[20] ^= 1;
    fs::write(&file, bytes).unwrap();

    let (library, damages) = open(folder.path());
    assert_eq!(damages, [], "the length is right");
    assert_eq!(read(&library, &media), None);
    assert_eq!(library.missing(&[attachment("attA")], now()), [attachment("attA")]);
    assert_eq!(files(folder.path()).len(), 0);

    keep(&library, "attA", &content);
    assert_eq!(read(&open(folder.path()).0, &media), Some(content));
}

#[test]
fn a_torn_line_loses_itself_alone() {
    let folder = TempDir::new().unwrap();
    let index = folder.path().join("index.jsonl");
    keep(&open(folder.path()).0, "attA", &pixel());
    let whole = fs::read(&index).unwrap();
    keep(&open(folder.path()).0, "attB", &picture(2, 2, ImageFormat::Png));
    let both = fs::read(&index).unwrap();
    for cut in whole.len()..both.len() {
        fs::write(&index, &both[..cut]).unwrap();
        let (library, _) = open(folder.path());
        assert!(library.get(&attachment("attA")).is_some(), "cut at {cut}");
        // The next line is whole whatever stands before it.
        keep(&library, "attC", &pixel());
        let (library, damages) = open(folder.path());
        assert!(library.get(&attachment("attC")).is_some(), "cut at {cut}");
        assert!(damages.len() <= 1, "{damages:?}");
    }
}

#[test]
fn files_that_nothing_needs_go_after_the_grace() {
    let folder = TempDir::new().unwrap();
    let settings = Settings { grace: Duration::from_secs(86_400), ..Settings::default() };
    let (library, _) = Library::open(folder.path(), settings.clone()).unwrap();
    let needed = keep(&library, "attA", &pixel());
    let other = keep(&library, "attB", &picture(5, 5, ImageFormat::Png));
    fs::write(folder.path().join("files/.tmpLeft"), "left by a crash").unwrap();

    let wanted = HashSet::from([needed.id]);
    let swept = library.sweep(&wanted, now()).unwrap();
    assert_eq!(swept, Swept { files: 1, bytes: 15 }, "what a crash left goes at once");

    // The grace runs on through a restart.
    let (library, damages) = Library::open(folder.path(), settings).unwrap();
    assert_eq!(damages, []);
    let almost = now() + TimeDelta::days(1) - TimeDelta::seconds(1);
    assert_eq!(library.sweep(&wanted, almost).unwrap(), Swept::default());
    let swept = library.sweep(&wanted, now() + TimeDelta::days(1)).unwrap();
    assert_eq!(swept, Swept { files: 1, bytes: other.bytes });
    assert_eq!(library.find(other.id), None);
    assert_eq!(files(folder.path()), [needed.id.to_string()]);
    assert_eq!(open(folder.path()).0.stats().files, 1);
}

#[test]
fn memory_is_bounded() {
    let library = Library::in_memory(Settings { memory_bytes: 100, ..Settings::default() });
    keep(&library, "attA", &pixel());
    let full = library.keep(&attachment("attB"), &picture(9, 9, ImageFormat::Png)).unwrap_err();
    assert_eq!(full.to_string(), "the file can't be written");
    keep(&library, "attC", &pixel());
    assert_eq!((library.stats().attachments, library.stats().files), (2, 1));
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("media");
    fs::write(&file, "").unwrap();
    let error = Library::open(&file, Settings::default()).unwrap_err();
    assert!(error.to_string().contains(&*file.to_string_lossy()), "{error}");
}

//! Whatever was done to the files, what is given is what was once kept.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
};

use locadocs::store::{Notice, Opened, Saved, Store, StoreError};

use super::{VALUE, number, numbered, rows};

const DATABASE: &str = "locadocs.sqlite";
const LOG: &str = "locadocs.sqlite-wal";

/// The files of a store that keeps 1, 2 and 3: as they lie while it is open, or after it closed.
fn files(is_open: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = tempfile::tempdir().unwrap();
    let store = Store::open(source.path()).unwrap().store;
    for n in 1..=3 {
        store.commit(&numbered(n)).unwrap();
    }
    let held = is_open.then_some(store);
    copy(source.path(), folder.path());
    drop(held);
    folder
}

fn copy(from: &Path, to: &Path) {
    for name in [DATABASE, LOG] {
        let _ = fs::remove_file(to.join(name));
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

fn cut(path: &Path, length: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(length).unwrap();
}

fn set_aside(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut aside: Vec<_> =
        files.filter(|path| path.to_str().unwrap().contains(".set-aside-")).collect();
    aside.sort();
    aside
}

/// Each part is as it was kept at some time, or is told to be damaged or lost.
fn check_parts(store: &Store) {
    let whole = numbered(3);
    match store.rows(|_, _, _| {}) {
        Ok(Some(_)) => {
            let first = rows(store).unwrap()[0].json.clone();
            let number = store.value(VALUE).ok().flatten().unwrap_or_else(|| "3".to_owned());
            assert_eq!(*first, number.repeat(200));
        }
        Ok(None) | Err(StoreError::Damaged { .. } | StoreError::Corrupt { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
    match store.value(VALUE) {
        Ok(Some(text)) => assert!(["1", "2", "3"].contains(&text.as_str()), "{text}"),
        Ok(None) | Err(StoreError::Damaged { .. } | StoreError::Corrupt { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
    for id in ["1", "2", "3"] {
        match store.release(id) {
            Ok(Some(release)) => {
                assert_eq!(release.items.len(), 40);
                assert!(release.items.iter().all(|item| item.body == id.repeat(200).as_bytes()));
            }
            Ok(None) | Err(StoreError::Damaged { .. } | StoreError::Corrupt { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    if store.commit(&whole).is_err() {
        // The file proved damaged, so that a new one was begun.
        store.commit(&whole).unwrap();
    }
    assert_eq!(number(store), 3);
}

#[test]
fn a_log_that_was_cut_anywhere_leaves_one_of_the_commits() {
    let original = files(true);
    let folder = tempfile::tempdir().unwrap();
    let length = fs::metadata(original.path().join(LOG)).unwrap().len();
    let mut seen = [0; 4];
    for n in 0..=100 {
        copy(original.path(), folder.path());
        cut(&folder.path().join(LOG), length * n / 100);
        let Opened { store, notices } = Store::open(folder.path()).unwrap();
        assert_eq!(notices, []);
        seen[usize::try_from(number(&store)).unwrap()] += 1;
    }
    assert!(seen.iter().all(|times| *times > 0), "{seen:?}");
}

#[test]
fn a_database_that_was_cut_anywhere_is_set_aside() {
    let original = files(false);
    let length = fs::metadata(original.path().join(DATABASE)).unwrap().len();
    let mut saved_some = 0;
    for n in 0..100 {
        let folder = tempfile::tempdir().unwrap();
        copy(original.path(), folder.path());
        let cut_at = 2 + (length - 3) * n / 100;
        cut(&folder.path().join(DATABASE), cut_at);
        let Opened { store, notices } = Store::open(folder.path()).unwrap();
        let [Notice::SetAside { file, saved, .. }] = notices.as_slice() else {
            panic!("cut at {cut_at}: {notices:?}")
        };
        assert_eq!(set_aside(folder.path()), std::slice::from_ref(file));
        assert_eq!(fs::metadata(file).unwrap().len(), cut_at);
        saved_some += usize::from(*saved != Saved::default());
        check_parts(&store);
    }
    assert!(saved_some > 20, "something was saved {saved_some} times");
}

#[test]
fn a_database_that_was_cut_while_its_log_was_full_is_never_read_as_a_mixture() {
    let original = files(true);
    for (length, log_is_kept) in
        [(0, true), (1, true), (2, true), (4096, true), (2, false), (0, false)]
    {
        let folder = tempfile::tempdir().unwrap();
        copy(original.path(), folder.path());
        cut(&folder.path().join(DATABASE), length);
        if !log_is_kept {
            fs::remove_file(folder.path().join(LOG)).unwrap();
        }
        let Opened { store, notices } = Store::open(folder.path()).unwrap();
        assert!(!notices.is_empty() || number(&store) == 3 || !log_is_kept, "{length}");
        check_parts(&store);
    }
}

#[test]
fn a_byte_that_changed_is_never_given() {
    let original = files(false);
    let bytes = fs::read(original.path().join(DATABASE)).unwrap();
    for n in 0..400 {
        let folder = tempfile::tempdir().unwrap();
        // Every field of the header, then all over the file.
        let at = if n < 100 { n } else { rand::random_range(100..bytes.len()) };
        let mut damaged = bytes.clone();
        let bit = rand::random_range(0..8);
        println!("byte {at}, bit {bit}");
        damaged[at] ^= 1 << bit;
        fs::write(folder.path().join(DATABASE), damaged).unwrap();
        let Opened { store, .. } = Store::open(folder.path()).unwrap();
        check_parts(&store);
    }
}

#[test]
fn releases_outlive_a_damaged_mirror() {
    let original = files(false);
    let folder = tempfile::tempdir().unwrap();
    copy(original.path(), folder.path());
    let page = 4096;
    let mut bytes = fs::read(folder.path().join(DATABASE)).unwrap();
    // The root of `rows` is the second page: the first table that is made.
    bytes[page..2 * page].fill(0xff);
    fs::write(folder.path().join(DATABASE), bytes).unwrap();
    let Opened { store, notices } = Store::open(folder.path()).unwrap();
    let [Notice::SetAside { saved, .. }] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!(*saved, Saved { rows: None, values: 1, releases: 3 });
    assert_eq!(rows(&store), None);
    assert_eq!(store.current_release().unwrap().release.unwrap().id, "3");
    assert_eq!(store.value(VALUE).unwrap().as_deref(), Some("3"));
}

#[test]
fn a_file_of_another_version_or_program_is_set_aside_as_it_is() {
    for (name, bytes) in [
        ("another version", {
            let mut bytes = fs::read(files(false).path().join(DATABASE)).unwrap();
            // `user_version`: <https://www.sqlite.org/fileformat.html#the_database_header>.
            bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
            bytes
        }),
        ("another program", {
            let mut bytes = fs::read(files(false).path().join(DATABASE)).unwrap();
            bytes[68..72].copy_from_slice(b"ELSE");
            bytes
        }),
        ("no database", b"{\"version\": 1}".to_vec()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for round in 1..=3 {
            fs::write(folder.path().join(DATABASE), &bytes).unwrap();
            let Opened { store, notices } = Store::open(folder.path()).unwrap();
            let [Notice::SetAside { file, saved, .. }] = notices.as_slice() else {
                panic!("{name}: {notices:?}")
            };
            assert_eq!(*saved, Saved::default(), "{name}");
            assert_eq!(fs::read(file).unwrap(), bytes, "{name}");
            assert_eq!(set_aside(folder.path()).len(), round, "{name}");
            assert_eq!(number(&store), 0, "{name}");
            store.commit(&numbered(1)).unwrap();
            assert_eq!(number(&store), 1, "{name}");
        }
    }
}

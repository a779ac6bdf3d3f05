//! The folder: made private, one service at a time, readable where it can't be written.

use std::{
    env, fs,
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::Path,
};

use locadocs::store::{Notice, OpenError, Opened, Store, StoreError};

use super::{FOLDER_OF_CHILD, VALUE, child, number, numbered};

const DATABASE: &str = "locadocs.sqlite";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_folder_is_made_for_its_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a/b");
    let Opened { store, notices } = Store::open(&folder).unwrap();
    assert_eq!(notices, []);
    store.commit(&numbered(1)).unwrap();
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.contains(&folder.join("locadocs.sqlite-wal")), "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn a_file_of_laxer_permissions_is_made_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(DATABASE);
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    drop(Store::open(folder.path()).unwrap());
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn what_was_kept_is_there_when_the_folder_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..3 {
        let Opened { store, notices } = Store::open(folder.path()).unwrap();
        assert_eq!(notices, []);
        assert_eq!(number(&store), n);
        store.commit(&numbered(n + 1)).unwrap();
    }
}

#[test]
fn a_folder_serves_one_store_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path()).unwrap().store;
    let clone = first.clone();
    for _ in 0..2 {
        let second = Store::open(folder.path());
        assert!(matches!(second, Err(OpenError::InUse { .. })), "{second:?}");
    }
    drop(first);
    assert!(Store::open(folder.path()).is_err(), "a clone still lives");
    drop(clone);
    assert!(Store::open(folder.path()).is_ok());
}

#[test]
fn a_command_talks_to_a_running_service_through_a_value() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Store::open_beside(folder.path()), Err(OpenError::Nothing { .. })));
    assert!(!folder.path().join(DATABASE).exists());

    let service = Store::open(folder.path()).unwrap().store;
    service.commit(&numbered(1)).unwrap();
    let command = Store::open_beside(folder.path()).unwrap();
    assert_eq!(number(&command), 1);
    command.put_value(VALUE, Some("accept")).unwrap();
    assert_eq!(service.value(VALUE).unwrap().as_deref(), Some("accept"));
    service.commit(&numbered(2)).unwrap();
    assert_eq!(number(&command), 2);
}

#[test]
fn a_path_that_is_no_folder_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "text").unwrap();
    for path in [file.clone(), file.join("below")] {
        let opened = Store::open(&path);
        assert!(matches!(opened, Err(OpenError::NotAFolder { .. })), "{opened:?}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "text");
}

/// Runs a test on a folder that can only be read, as a user who can't change that.
fn where_nothing_can_be_written(test: &str, folder: &Path) {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let all: Vec<_> = files.chain([folder.to_owned()]).collect();
    let mut command = child(test, folder);
    // The superuser may write everywhere, and so tests as nobody.
    const NOBODY: u32 = 65_534;
    if all.iter().all(|path| chown(path, Some(NOBODY), Some(NOBODY)).is_ok()) {
        command.uid(NOBODY).gid(NOBODY);
    }
    for path in &all {
        let mode = if path == folder { 0o500 } else { 0o400 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let output = command.output().unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}

#[test]
fn what_is_whole_can_be_read_where_nothing_can_be_written() {
    in_a_folder_that_keeps_seven("store::folder::child_reads_seven_and_writes_nothing");
}

#[test]
fn a_store_that_could_only_be_read_writes_as_soon_as_it_can() {
    in_a_folder_that_keeps_seven("store::folder::child_writes_as_soon_as_it_can");
}

fn in_a_folder_that_keeps_seven(test: &str) {
    // Closed in good order, then killed with everything still in the log.
    for is_killed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let source = tempfile::tempdir().unwrap();
        let store = Store::open(source.path()).unwrap().store;
        store.commit(&numbered(6)).unwrap();
        store.commit(&numbered(7)).unwrap();
        let held = is_killed.then_some(store);
        for name in [DATABASE, "locadocs.sqlite-wal"] {
            let copied = fs::copy(source.path().join(name), folder.path().join(name));
            assert!(copied.is_ok() || !is_killed);
        }
        fs::write(folder.path().join("locadocs.lock"), "").unwrap();
        drop(held);
        where_nothing_can_be_written(test, folder.path());
    }
}

#[test]
fn child_reads_seven_and_writes_nothing() {
    let Some(folder) = env::var_os(FOLDER_OF_CHILD) else { return };
    let Opened { store, notices } = Store::open(folder.as_ref()).unwrap();
    assert!(matches!(notices.as_slice(), [Notice::ReadOnly { .. }]), "{notices:?}");
    assert_eq!(number(&store), 7);
    let refused = store.commit(&numbered(8));
    assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
    assert!(matches!(store.put_value(VALUE, Some("8")), Err(StoreError::ReadOnly)));
    assert_eq!(number(&store), 7);
    assert_eq!(store.release("6").unwrap().unwrap().items.len(), 40);
}

#[test]
fn child_writes_as_soon_as_it_can() {
    let Some(folder) = env::var_os(FOLDER_OF_CHILD) else { return };
    let Opened { store, notices } = Store::open(folder.as_ref()).unwrap();
    assert!(matches!(notices.as_slice(), [Notice::ReadOnly { .. }]), "{notices:?}");
    assert!(store.commit(&numbered(8)).is_err());
    let folder = Path::new(&folder);
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    for file in fs::read_dir(folder).unwrap() {
        fs::set_permissions(file.unwrap().path(), fs::Permissions::from_mode(0o600)).unwrap();
    }
    store.commit(&numbered(8)).unwrap();
    assert_eq!(number(&store), 8);
}

#[test]
fn without_a_folder_that_can_be_used_things_are_kept_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    where_nothing_can_be_written("store::folder::child_keeps_things_in_memory", folder.path());
    fs::write(folder.path().join(DATABASE), "no database").unwrap();
    where_nothing_can_be_written("store::folder::child_keeps_things_in_memory", folder.path());
}

#[test]
fn child_keeps_things_in_memory() {
    let Some(folder) = env::var_os(FOLDER_OF_CHILD) else { return };
    for folder in [Path::new(&folder).to_owned(), Path::new(&folder).join("below")] {
        let Opened { store, notices } = Store::open(&folder).unwrap();
        assert!(matches!(notices.as_slice(), [Notice::InMemory { .. }]), "{notices:?}");
        store.commit(&numbered(1)).unwrap();
        assert_eq!(number(&store), 1);
    }
}

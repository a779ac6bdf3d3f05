//! What is exported: the API as files, alone and behind a real nginx, and open data.

mod nginx;
mod open_data;
mod site;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use locadocs::export::folder::{Folder, Kind, MARKER};
use tempfile::TempDir;

/// Every file of a folder but the marker, by its path with slashes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(root, &path, files);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    gather(folder, folder, &mut found);
    found.remove(MARKER);
    found
}

/// A folder to export into, within one that goes with the test.
struct Place {
    _parent: TempDir,
    target: PathBuf,
}

impl Place {
    fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("out");
        Self { _parent: parent, target }
    }

    fn open(&self, kind: Kind) -> Folder {
        Folder::open(&self.target, kind).unwrap()
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.target)
    }
}

fn export(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_locadocs"));
    command.arg("export").args(arguments).env_clear().output().unwrap()
}

#[test]
fn the_command_writes_either_form_and_leaves_other_folders_alone() {
    let place = Place::new();
    let out = place.target.to_str().unwrap();
    let output = export(&["--demo", "--out", out]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let files = place.files();
    assert!(said.contains(&format!("{} files", files.len())), "{said}");
    assert!(files.contains_key("v1/guides.json.br"));
    assert!(files.keys().any(|path| path.starts_with("v1/media/")), "{:?}", files.keys());

    let output = export(&["--demo", "--format", "open-data", "--out", out]);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("neither empty nor an export"), "{said}");
    assert_eq!(place.files().len(), files.len());

    let place = Place::new();
    let out = place.target.to_str().unwrap();
    let output =
        export(&["--demo", "--format", "open-data", "--licence", "ODbL-1.0", "--out", out]);
    assert!(output.status.success(), "{output:?}");
    let package = String::from_utf8(place.files().remove("datapackage.json").unwrap()).unwrap();
    assert!(package.contains("ODbL-1.0"), "{package}");
}

#[test]
fn the_command_says_what_it_lacks() {
    let output = export(&["--demo"]);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--out is missing"), "{said}");
}

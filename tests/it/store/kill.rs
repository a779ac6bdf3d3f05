//! Killed at any moment of a write, the store opens at what it had said to be kept, or one commit
//! later, and never between.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    num::NonZeroUsize,
    process::Stdio,
    thread,
    time::Duration,
};

use locadocs::store::{Opened, Store};

use super::{FOLDER_OF_CHILD, child, number, numbered};

const KILLS: usize = 300;

#[test]
fn a_store_killed_at_any_moment_is_whole_and_forgets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = 0;
    let mut commits = 0;
    for n in 0..KILLS {
        let mut writer = child("store::kill::child_commits_until_it_is_killed", folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(writer.stdout.take().unwrap()).lines().map(Result::unwrap);
        // One in four may still be opening the folder; the others are at work.
        if n % 4 != 0 {
            said.find(|line| line == "open");
        }
        thread::sleep(Duration::from_micros(rand::random_range(0..50_000)));
        // SIGKILL.
        writer.kill().unwrap();
        let acknowledged =
            said.filter_map(|line| line.strip_prefix("kept ")?.parse().ok()).last().unwrap_or(kept);
        writer.wait().unwrap();

        let Opened { store, notices } = Store::open(folder.path()).unwrap();
        assert_eq!(notices, []);
        let found = number(&store);
        assert!(
            found == acknowledged || found == acknowledged + 1,
            "found {found} after {acknowledged} was said to be kept"
        );
        commits += usize::from(found > kept);
        kept = found;
        for release in store.releases().unwrap() {
            let whole = store.release(&release.id).unwrap().unwrap();
            assert!(whole.items.iter().all(|item| item.body == release.id.repeat(200).as_bytes()));
        }
    }
    assert!(commits > KILLS / 2, "only {commits} of them had time to commit");
}

#[test]
fn child_commits_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER_OF_CHILD) else { return };
    let store = Store::open(folder.as_ref()).unwrap().store;
    let mut out = std::io::stdout();
    // One line in one write, and libtest's own begins without a line break.
    let mut say = |line: &str| {
        out.write_all(format!("\n{line}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    };
    say("open");
    for next in number(&store) + 1.. {
        store.commit(&numbered(next)).unwrap();
        say(&format!("kept {next}"));
        store.keep_releases(NonZeroUsize::new(3).unwrap()).unwrap();
    }
}

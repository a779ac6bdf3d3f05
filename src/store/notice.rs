//! What was left aside, and why: for the log and for whoever runs the service.

use std::{fmt, path::PathBuf};

/// Something that the store could not use, or can't do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The database could not be used. It is kept under another name, and a new one was begun.
    SetAside {
        /// Where it is now.
        file: PathBuf,
        /// What was wrong with it.
        why: String,
        /// What the new one has of it.
        saved: Saved,
    },
    /// A release is damaged. It is never given; others are.
    ReleaseLeftOut {
        /// Its id, if that can be read.
        id: Option<String>,
        /// What is wrong with it.
        why: String,
    },
    /// What was kept can be read, and nothing new will be kept.
    ReadOnly {
        /// The folder.
        dir: PathBuf,
        /// Why.
        why: String,
    },
    /// Nothing can be read from the folder nor written to it: all is kept in memory, until the
    /// process ends.
    InMemory {
        /// The folder.
        dir: PathBuf,
        /// Why.
        why: String,
    },
}

/// What could be taken over from a damaged database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Saved {
    /// How many rows; `None` when they were not whole.
    pub rows: Option<usize>,
    /// How many small values.
    pub values: usize,
    /// How many releases.
    pub releases: usize,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetAside { file, why, saved } => write!(
                f,
                "the database could not be used ({why}): it is now {}, and a new one has {saved}",
                file.display()
            ),
            Self::ReleaseLeftOut { id: Some(id), why } => {
                write!(f, "release {id} is left out: {why}")
            }
            Self::ReleaseLeftOut { id: None, why } => write!(f, "a release is left out: {why}"),
            Self::ReadOnly { dir, why } => {
                write!(f, "{} can only be read, nothing new is kept: {why}", dir.display())
            }
            Self::InMemory { dir, why } => {
                write!(f, "{} can't be used, nothing outlives this process: {why}", dir.display())
            }
        }
    }
}

impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, values, releases } = self;
        if (*rows, *values, *releases) == (None, 0, 0) {
            return f.write_str("nothing of it");
        }
        match rows {
            Some(rows) => write!(f, "its {rows} rows")?,
            None => f.write_str("none of its rows")?,
        }
        write!(f, ", {values} of its values and {releases} of its releases")
    }
}

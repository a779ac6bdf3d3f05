//! The journal of a push: what was sent and what Stonly answered, so that a push that stopped goes
//! on where it did, and makes nothing twice.
//!
//! A line is written before each call and one after it. The file stays in the end: it tells which
//! id each step has in Stonly.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{Key, Placeholder};

/// What a push has come to.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    guide: Option<Value>,
    steps: HashMap<String, Value>,
    done: usize,
    in_doubt: bool,
}

/// A line of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Entry {
    /// What is pushed, and where to.
    Push { fingerprint: String },
    /// A call is about to be sent.
    Sent { call: usize },
    /// It was answered.
    Answered {
        call: usize,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        guide_id: Option<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<(String, Value)>,
    },
    /// It changed nothing, beyond doubt.
    Unapplied { call: usize },
}

/// A journal that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file can't be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A line is not one of a journal.
    #[error("{}: line {line} is not one of a journal", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// What went wrong.
        source: serde_json::Error,
    },
    /// It is the journal of another guide, or of another version of it.
    #[error(
        "{} is the journal of another push: the guide has changed, or goes elsewhere; give another \
         file to begin anew", path.display()
    )]
    OtherPush {
        /// The file.
        path: PathBuf,
    },
}

impl Journal {
    /// Opens a journal, or begins one. The fingerprint tells this push from others.
    ///
    /// # Errors
    /// When the file can't be used, or is that of another push.
    pub fn open(path: &Path, fingerprint: &str) -> Result<Self, JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(io(error)),
        };
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(io)?;
        let mut journal = Self {
            path: path.to_owned(),
            file,
            guide: None,
            steps: HashMap::new(),
            done: 0,
            in_doubt: false,
        };
        for (number, line) in (1..).zip(text.lines()) {
            let entry = serde_json::from_str(line).map_err(|source| JournalError::Line {
                path: path.to_owned(),
                line: number,
                source,
            })?;
            if let Entry::Push { fingerprint: found } = &entry
                && found != fingerprint
            {
                return Err(JournalError::OtherPush { path: path.to_owned() });
            }
            journal.apply(entry);
        }
        if text.is_empty() {
            journal.write(Entry::Push { fingerprint: fingerprint.to_owned() })?;
        }
        Ok(journal)
    }

    /// The number of calls that were answered: the next is the one of this index.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Whether the next call was sent before, and nobody knows what became of it.
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// An id that Stonly gave.
    pub fn id(&self, placeholder: Placeholder<'_>) -> Option<&Value> {
        match placeholder {
            Placeholder::Folder => None,
            Placeholder::Guide => self.guide.as_ref(),
            Placeholder::Step(key) => self.steps.get(key.as_str()),
        }
    }

    pub(super) fn sent(&mut self) -> Result<(), JournalError> {
        self.write(Entry::Sent { call: self.done })
    }

    pub(super) fn unapplied(&mut self) -> Result<(), JournalError> {
        self.write(Entry::Unapplied { call: self.done })
    }

    pub(super) fn answered(
        &mut self,
        guide_id: Option<Value>,
        step: Option<(&Key, Value)>,
    ) -> Result<(), JournalError> {
        let step = step.map(|(key, id)| (key.to_string(), id));
        self.write(Entry::Answered { call: self.done, guide_id, step })
    }

    fn write(&mut self, entry: Entry) -> Result<(), JournalError> {
        let io = |source| JournalError::Io { path: self.path.clone(), source };
        let line = serde_json::to_string(&entry).map_err(|error| io(error.into()))?;
        writeln!(self.file, "{line}").map_err(io)?;
        // Known before the call is made: the point of it.
        self.file.sync_data().map_err(io)?;
        self.apply(entry);
        Ok(())
    }

    fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Push { .. } => {}
            Entry::Sent { .. } => self.in_doubt = true,
            Entry::Unapplied { .. } => self.in_doubt = false,
            Entry::Answered { call, guide_id, step } => {
                self.done = call + 1;
                self.in_doubt = false;
                self.guide = guide_id.or(self.guide.take());
                self.steps.extend(step);
            }
        }
    }
}

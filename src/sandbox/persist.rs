//! The data file: bases that survive a restart.
//!
//! It is replaced whole, by a rename, so that a crash leaves the old one or the new one; and not
//! more often than the settings say, however many cells are edited.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    seed::{self, BaseSeed, SeedError},
    state::Shared,
};

const VERSION: u32 = 1;

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    version: u32,
    bases: Vec<BaseSeed>,
}

/// Why the data file can't be used. It is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It can't be read.
    #[error("it can't be read")]
    Read(#[from] io::Error),
    /// It is damaged.
    #[error("it is damaged")]
    Damaged(#[from] SeedError),
    /// It was written by another version.
    #[error("it has version {found}, and this program reads version {VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
}

/// Reads the file; `None` when there is none yet.
pub(super) fn read(path: &Path) -> Result<Option<Vec<BaseSeed>>, DataError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let data: Data = seed::from_json(&text)?;
    if data.version != VERSION {
        return Err(DataError::Version { found: data.version });
    }
    Ok(Some(data.bases))
}

fn write(path: &Path, data: &Data) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let mut file = File::create(&temporary)?;
    let mut out = io::BufWriter::new(&mut file);
    serde_json::to_writer(&mut out, data)?;
    out.flush()?;
    drop(out);
    file.sync_all()?;
    fs::rename(&temporary, path)
}

/// Writes the file whenever a base has changed, until the sandbox stops; then once more.
pub(super) async fn keep(shared: Arc<Shared>, path: PathBuf) {
    loop {
        let stopped = shared.shutdown.run_until_cancelled(shared.changed.notified()).await;
        let saved = save(&shared, path.clone()).await;
        if let Err(error) = &saved {
            tracing::error!(path = %path.display(), %error, "the sandbox's data file can't be written");
        }
        if stopped.is_none() {
            return;
        }
        if saved.is_err() {
            shared.changed.notify_one();
        }
        let pause = tokio::time::sleep(shared.config.data_interval);
        shared.shutdown.run_until_cancelled(pause).await;
    }
}

async fn save(shared: &Shared, path: PathBuf) -> io::Result<()> {
    let data = {
        let world = shared.world.read();
        let bases = world.bases.values().map(|base| seed::dump(base, &world.files)).collect();
        Data { version: VERSION, bases }
    };
    tokio::task::spawn_blocking(move || write(&path, &data)).await.map_err(io::Error::other)?
}

//! The token as a file holds it, so that it can be replaced while the service runs.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use secrecy::SecretString;

/// Why the token of a file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// The token doesn't come from a file.
    #[error("no file is set that could hold another token")]
    NotSet,
    /// The file can't be read.
    #[error("{} can't be read", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is empty.
    #[error("{} is empty, a token is expected", path.display())]
    Empty {
        /// Its path.
        path: PathBuf,
    },
    /// What the file holds has characters that no token has.
    #[error("{} holds characters that can't be sent, such as a line break", path.display())]
    Unusable {
        /// Its path.
        path: PathBuf,
    },
}

/// Reads the token that a file holds, without the blanks around it.
///
/// # Errors
/// When the file can't be read, or is empty.
pub fn read(path: &Path) -> Result<SecretString, TokenFileError> {
    let text = fs::read_to_string(path)
        .map_err(|source| TokenFileError::Unreadable { path: path.to_owned(), source })?;
    match text.trim() {
        "" => Err(TokenFileError::Empty { path: path.to_owned() }),
        token => Ok(SecretString::from(token)),
    }
}

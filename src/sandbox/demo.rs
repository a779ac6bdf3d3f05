//! The demo base, *Urbanisme et foncier*: real facts in small number. `demo/README.md` says which.

use bytes::Bytes;

use super::seed::{BaseSeed, SeedError};

/// The demo base as JSON, in the seed format.
pub const JSON: &str = include_str!("demo/base.json");

/// The demo base.
///
/// # Errors
/// Never: a test reads it. The type says so because nothing here may panic.
pub fn base() -> Result<BaseSeed, SeedError> {
    BaseSeed::from_json(JSON)
}

/// The files that its attachments name.
pub fn file(path: &str) -> Option<Bytes> {
    match path {
        "media/plan-de-masse.png" => {
            Some(Bytes::from_static(include_bytes!("demo/media/plan-de-masse.png")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_demo_base_can_be_read() {
        super::base().unwrap();
    }
}

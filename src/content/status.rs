//! Whether a row is public.

use minicbor::{Decode, Encode};

use super::{row::Reader, tables::FieldKey};

/// *Statut* of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Status {
    /// Being written: not public.
    #[n(0)]
    Draft,
    /// Public.
    #[n(1)]
    Published,
    /// No longer public, kept for memory.
    #[n(2)]
    Archived,
}

impl Status {
    /// Reads *Statut*. Empty is a draft. `None` when it can't be read: an option that was renamed is
    /// no wish to take the row away from the public.
    pub fn read(row: &mut Reader<'_>) -> Option<Self> {
        const KNOWN: &[(&str, Status)] = &[
            ("Brouillon", Status::Draft),
            ("Publié", Status::Published),
            ("Archivé", Status::Archived),
        ];
        if row.is_empty(FieldKey::Status) {
            return Some(Self::Draft);
        }
        row.option(FieldKey::Status, KNOWN)
    }
}

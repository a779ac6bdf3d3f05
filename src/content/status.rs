//! Whether a row is public.

use super::{row::Reader, tables::FieldKey};

/// *Statut* of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Being written: not public.
    Draft,
    /// Public.
    Published,
    /// No longer public, kept for memory.
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

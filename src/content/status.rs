//! Whether a row is public.

use super::{row::Reader, tables::FieldKey};

/// *Statut* of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Being written, or without a status: not public.
    Draft,
    /// Public.
    Published,
    /// No longer public, kept for memory.
    Archived,
}

impl Status {
    /// Reads *Statut*. Empty or unknown means that the row is not public.
    pub fn read(row: &mut Reader<'_>) -> Self {
        const KNOWN: &[(&str, Status)] = &[
            ("Brouillon", Status::Draft),
            ("Publié", Status::Published),
            ("Archivé", Status::Archived),
        ];
        row.option(FieldKey::Status, KNOWN).unwrap_or(Self::Draft)
    }
}

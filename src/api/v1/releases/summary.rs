//! A release in a sentence, in French.

use super::RecordKind;
use crate::api::v1::{changes::Operation, french};

/// *1 guide modifié, 2 services ajoutés et 3 données locales retirées.*
pub fn sentence(changes: impl Iterator<Item = (RecordKind, Operation)>) -> String {
    let changes: Vec<_> = changes.collect();
    let mut parts = Vec::new();
    for kind in RecordKind::ALL {
        for operation in [Operation::Created, Operation::Updated, Operation::Deleted] {
            let count = changes.iter().filter(|change| **change == (kind, operation)).count();
            if count > 0 {
                parts.push(part(count, kind, operation));
            }
        }
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [] => "Rien de visible n'a changé.".to_owned(),
        parts => format!("{}.", french::list(parts)),
    }
}

fn part(count: usize, kind: RecordKind, operation: Operation) -> String {
    let plural = if count > 1 { "s" } else { "" };
    let (noun, feminine) = match kind {
        RecordKind::Guide => (format!("guide{plural}"), ""),
        RecordKind::Document => (format!("type{plural} de document"), ""),
        RecordKind::Service => (format!("service{plural}"), ""),
        RecordKind::LocalRecord => (format!("donnée{plural} locale{plural}"), "e"),
    };
    let what = match operation {
        Operation::Created => "ajouté",
        Operation::Updated => "modifié",
        Operation::Deleted => "retiré",
    };
    format!("{count} {noun} {what}{feminine}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_said_in_a_sentence() {
        use Operation as O;
        use RecordKind as K;
        for (changes, expected) in [
            (&[][..], "Rien de visible n'a changé."),
            (&[(K::Guide, O::Updated)], "1 guide modifié."),
            (
                &[(K::Document, O::Created), (K::Document, O::Created), (K::Guide, O::Deleted)],
                "1 guide retiré et 2 types de document ajoutés.",
            ),
            (
                &[
                    (K::LocalRecord, O::Deleted),
                    (K::LocalRecord, O::Deleted),
                    (K::LocalRecord, O::Created),
                    (K::Service, O::Updated),
                ],
                "1 service modifié, 1 donnée locale ajoutée et 2 données locales retirées.",
            ),
        ] {
            assert_eq!(sentence(changes.iter().copied()), expected);
        }
    }
}

//! What is wrong in the back office, said to the archivist who can mend it.

use std::fmt;

use super::{
    ids::RecordId,
    tables::{FieldKey, TableKey},
};

/// How much a problem matters to the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth a look; the public sees nothing of it.
    Info,
    /// The public sees less, or sees something odd.
    Warning,
    /// Content is missing or kept at its last good version.
    Error,
}

impl Severity {
    /// As printed and as on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $severity:ident;)*) => {
        /// The kinds of problem. Codes are stable: people and programs filter on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// How much it matters.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// A table of the mapping is not in the base.
    MissingTable = "missing-table", Error;
    /// A required field is not in its table.
    MissingField = "missing-field", Error;
    /// An optional field is not in its table.
    MissingOptionalField = "missing-optional-field", Warning;
    /// A field has another type than expected.
    WrongFieldType = "wrong-field-type", Error;
    /// An optional field has another type than expected.
    WrongOptionalFieldType = "wrong-optional-field-type", Warning;
    /// A table or field was renamed since the service first saw it.
    Renamed = "renamed", Info;
    /// A required cell is empty.
    MissingCell = "missing-cell", Error;
    /// A cell's value does not fit its field.
    UnreadableCell = "unreadable-cell", Warning;
    /// A text is longer than any that is published.
    TextTooLong = "text-too-long", Warning;
    /// A formula, lookup or rollup failed.
    ComputedFieldError = "computed-field-error", Warning;
    /// A select holds an option that the service does not know.
    UnknownOption = "unknown-option", Warning;
    /// A row that should be public is not, because of its other problems.
    RowNotPublished = "row-not-published", Error;
    /// A slug has forbidden characters.
    UnusableSlug = "unusable-slug", Warning;
    /// Two rows of a table have the same slug.
    DuplicateSlug = "duplicate-slug", Error;
    /// A link leads to a row that no longer exists.
    BrokenLink = "broken-link", Error;
    /// A public row links to a row that is not published.
    UnpublishedLink = "unpublished-link", Error;
    /// A cell that should hold one link holds several.
    SeveralLinks = "several-links", Warning;
    /// A guide has several first steps.
    SeveralFirstSteps = "several-first-steps", Error;
    /// A guide's first step belongs to another guide.
    ForeignStep = "foreign-step", Error;
    /// A question offers no choice.
    QuestionWithoutChoices = "question-without-choices", Error;
    /// A choice leads nowhere.
    ChoiceWithoutTarget = "choice-without-target", Error;
    /// No path leads to a step.
    UnreachableStep = "unreachable-step", Warning;
    /// A step ends the guide without being a result or a declared dead end.
    UndeclaredDeadEnd = "undeclared-dead-end", Warning;
    /// Steps lead to each other for ever.
    CycleWithoutExit = "cycle-without-exit", Error;
    /// A result step names no document.
    ResultWithoutDocument = "result-without-document", Error;
    /// A date is not one.
    UnreadableDate = "unreadable-date", Error;
    /// A period ends before it starts.
    ReversedDates = "reversed-dates", Error;
    /// An INSEE code is not in the official division.
    UnknownInseeCode = "unknown-insee-code", Error;
    /// A SIREN is not that of a group of communes.
    UnknownSirenCode = "unknown-siren-code", Error;
    /// An INSEE code of a former commune, which redirects to a current one.
    FormerInseeCode = "former-insee-code", Info;
    /// A territory's level needs a code or a list of communes.
    TerritoryWithoutCode = "territory-without-code", Error;
    /// Records of one level overlap and name different services or states.
    ContradictoryHoldings = "contradictory-holdings", Warning;
    /// A record names no service although something is kept.
    HoldingWithoutService = "holding-without-service", Error;
    /// Opening hours are not in OpenStreetMap's format.
    UnreadableHours = "unreadable-hours", Warning;
    /// A web or e-mail address is not one.
    UnreadableAddress = "unreadable-address", Warning;
    /// A file could not be copied, so that the public doesn't see it.
    FileNotCopied = "file-not-copied", Warning;
    /// A record was verified too long ago.
    StaleVerification = "stale-verification", Warning;
    /// A guide or a row is kept as it last was, because an edit broke it.
    KeptLastGood = "kept-last-good", Error;
}

/// Where a problem is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The table.
    pub table: TableKey,
    /// The row, unless the problem is the table's or the field's own.
    pub record: Option<RecordId>,
    /// What the archivist calls that row.
    pub label: Option<String>,
    /// The field, unless the whole row is meant.
    pub field: Option<FieldKey>,
}

/// Something for an archivist to mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What kind.
    pub code: Code,
    /// What is wrong and what to do, in French.
    pub message: String,
}

impl Problem {
    /// A problem of a whole table.
    pub fn of_table(table: TableKey, code: Code, message: String) -> Self {
        let place = Place { table, record: None, label: None, field: None };
        Self { place, code, message }
    }

    /// A problem of a field in every row.
    pub fn of_field(table: TableKey, field: FieldKey, code: Code, message: String) -> Self {
        let place = Place { table, record: None, label: None, field: Some(field) };
        Self { place, code, message }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// How many problems there are of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of [`Severity::Error`].
    pub errors: usize,
    /// Of [`Severity::Warning`].
    pub warnings: usize,
    /// Of [`Severity::Info`].
    pub infos: usize,
}

impl Counts {
    /// Counts problems.
    pub fn of(problems: &[Problem]) -> Self {
        let of = |severity| problems.iter().filter(|p| p.severity() == severity).count();
        Self {
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            infos: of(Severity::Info),
        }
    }
}

impl fmt::Display for Place {
    /// `Étapes › « Permis de construire » › Contenu`, under the default names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.table.def();
        f.write_str(table.name)?;
        if let Some(label) = &self.label {
            write!(f, " › « {label} »")?;
        }
        if let Some(field) = self.field.and_then(|key| table.field(key)) {
            write!(f, " › {}", field.name)?;
        }
        Ok(())
    }
}

//! The kinds of record that are open data.

use serde::Serialize;

/// A kind of record: a file of data and a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Guides, with their steps.
    Guides,
    /// Kinds of document.
    Documents,
    /// Services.
    Services,
    /// Territories, which local records name.
    Territories,
    /// Local records: who keeps what, where and of when.
    LocalRecords,
}

/// What is said of a kind.
struct About {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    component: &'static str,
}

impl Kind {
    /// Every kind, in the order in which they are described.
    pub const ALL: [Self; 5] =
        [Self::Guides, Self::Documents, Self::Services, Self::Territories, Self::LocalRecords];

    fn about(self) -> About {
        let (name, title, description, component) = match self {
            Self::Guides => {
                let description = "Guides pas à pas, avec leurs étapes et leurs choix.";
                ("guides", "Guides", description, "Guide")
            }
            Self::Documents => {
                let description = "Types de documents que l'on peut chercher.";
                ("documents", "Documents", description, "DocumentDetail")
            }
            Self::Services => {
                let description = "Organismes qui conservent des documents ou informent le public.";
                ("services", "Services", description, "Service")
            }
            Self::Territories => {
                let description = "Territoires pour lesquels valent les données locales.";
                ("territories", "Territoires", description, "Territory")
            }
            Self::LocalRecords => {
                let description =
                    "Qui conserve quoi : un document, des territoires, une période, un service.";
                ("local-records", "Données locales", description, "LocalRecord")
            }
        };
        About { name, title, description, component }
    }

    /// Its name in paths.
    pub fn name(self) -> &'static str {
        self.about().name
    }

    /// What it is called, in French.
    pub fn title(self) -> &'static str {
        self.about().title
    }

    /// What it is, in French.
    pub fn description(self) -> &'static str {
        self.about().description
    }

    /// The schema of a record.
    pub(super) fn component(self) -> &'static str {
        self.about().component
    }

    /// Where its records are.
    pub fn path(self) -> String {
        format!("{}.ndjson", self.name())
    }

    /// Where its schema is.
    pub fn schema_path(self) -> String {
        format!("schemas/{}.schema.json", self.name())
    }
}

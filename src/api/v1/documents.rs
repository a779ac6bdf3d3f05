//! Kinds of document.

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        ObjectBuilder, Type,
        path::{Parameter, ParameterIn},
    },
};

use super::{
    asked::{self, name_in, options_schema, slug_schema},
    included::{DocumentIncluded, WithDocument},
    paging::{self, Page},
    text::{self, RichText},
};
use crate::{
    api::{
        App,
        answer::Answer,
        moment::Moment,
        params::{self, FromParams, Params, Query, Segments},
        problem::{Code, Problem},
    },
    catalog::{Item, Release},
    content::{document, ids::Slug},
};

/// Kinds of document, a page of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentList {
    /// The documents.
    items: Vec<Document>,
    /// Where the page stands.
    page: Page,
}

/// A kind of document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Its public name.
    slug: String,
    /// What people call it.
    name: String,
    /// What it is good for.
    description: Option<RichText>,
    /// Papers found in it.
    contents: Option<RichText>,
    /// Rules of access, in simple words.
    who_may_read: Option<RichText>,
    /// Years before everyone may read it (Code du patrimoine, L. 213-2); 0 is at once, null is not
    /// known.
    #[schema(minimum = 0)]
    delay_years: Option<u16>,
    /// Which commune to ask for.
    territorial_rule: TerritorialRule,
    /// How to ask for the commune, in French.
    #[schema(examples("Dans quelle commune se trouve le bien ?"))]
    commune_question: &'static str,
    /// Other words for it.
    synonyms: Vec<String>,
}

/// A kind of document, and what it goes with.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentDetail {
    #[serde(flatten)]
    document: Document,
    /// What leads to it and who keeps some, as far as `include` asks for it.
    included: Option<DocumentIncluded>,
}

/// A kind of document, by name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentReference {
    /// Its public name.
    slug: String,
    /// What people call it.
    name: String,
    /// Which commune to ask for.
    territorial_rule: TerritorialRule,
}

/// Which commune decides where a document is kept: that of the property, of the notary's office or
/// of the person's home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TerritorialRule {
    /// That of the property.
    Property,
    /// That of the notary's office.
    NotaryOffice,
    /// That of the person's home.
    Home,
}

const RULES: &[(&str, TerritorialRule)] = &[
    ("property", TerritorialRule::Property),
    ("notary-office", TerritorialRule::NotaryOffice),
    ("home", TerritorialRule::Home),
];

/// Which documents, in which order.
#[derive(Debug)]
pub struct DocumentQuery {
    guide: Option<Slug>,
    service: Option<Slug>,
    theme: Option<String>,
    rule: Option<TerritorialRule>,
    page: paging::Asked,
}

impl IntoParams for DocumentQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let theme = ObjectBuilder::new().schema_type(Type::String);
        let own = [
            params::optional(
                "guide",
                "Only documents to which the guide of this slug leads.",
                slug_schema(),
                "urbanisme",
            ),
            params::optional(
                "service",
                "Only documents of which the service of this slug keeps some.",
                slug_schema(),
                "archives-rennes",
            ),
            params::optional(
                "theme",
                "Only documents to which a guide of this theme leads.",
                theme,
                "Urbanisme et foncier",
            ),
            params::optional(
                "territorialRule",
                "Only documents for which this commune is to be asked for.",
                options_schema(RULES),
                "property",
            ),
        ];
        own.into_iter().chain(paging::parameters("name")).collect()
    }
}

impl FromParams for DocumentQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        Ok(Self {
            guide: asked::optional_slug(params, "guide")?,
            service: asked::optional_slug(params, "service")?,
            theme: params.optional("theme")?.map(str::to_owned),
            rule: params.one_of("territorialRule", RULES)?,
            page: paging::Asked::read(params, "name")?,
        })
    }
}

impl DocumentQuery {
    /// The documents that are wanted, in no order that matters.
    fn of<'a>(&self, release: &'a Release) -> impl Iterator<Item = &'a document::Document> {
        let by_guide = (self.guide.is_some() || self.theme.is_some()).then(|| {
            let guides = release.content().guides.values().filter(|guide| {
                self.guide.as_ref().is_none_or(|slug| guide.slug == *slug)
                    && self.theme.as_ref().is_none_or(|theme| guide.theme.as_ref() == Some(theme))
            });
            let documents = guides.flat_map(|guide| release.documents_of(guide));
            documents.map(|document| &document.slug).collect::<BTreeSet<_>>()
        });
        let by_service = self.service.as_ref().map(|service| release.documents_kept_by(service));
        let rule = self.rule;
        release.content().documents.values().map(Item::as_ref).filter(move |document| {
            let is_in = |slugs: &BTreeSet<&Slug>| slugs.contains(&document.slug);
            by_guide.as_ref().is_none_or(is_in)
                && by_service.as_ref().is_none_or(is_in)
                && rule.is_none_or(|rule| TerritorialRule::from(document.territorial_rule) == rule)
        })
    }

    fn filters(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("guide", self.guide.as_ref().map(Slug::as_str)),
            ("service", self.service.as_ref().map(Slug::as_str)),
            ("theme", self.theme.as_deref()),
            ("territorialRule", self.rule.and_then(|rule| name_in(RULES, rule))),
        ]
    }
}

/// Declares the document in a path.
pub struct DocumentPath;

impl IntoParams for DocumentPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let example = "permis-de-construire";
        vec![params::path("document", "Slug of the document.", slug_schema(), example)]
    }
}

/// List kinds of document
///
/// The kinds of document that the service can locate, by name. A filter that nothing fits gives an
/// empty list.
#[utoipa::path(
    get, path = "/v1/documents", tag = "documents", operation_id = "list_documents",
    params(DocumentQuery),
    responses((status = 200, description = "A page of documents.", body = DocumentList)),
)]
pub async fn list_documents(
    moment: Moment,
    Query(query): Query<DocumentQuery>,
) -> Answer<DocumentList> {
    let wanted = query.of(moment.release());
    let (documents, page) = query.page.page(wanted, |document| (&document.slug, &document.name));
    let link = page.links("/v1/documents", &query.page, &query.filters());
    let items = documents.into_iter().map(Document::from).collect();
    Answer::content(DocumentList { items, page }).link(&link)
}

/// Read a kind of document
///
/// What it is, who may read it, and which commune to ask for. `include` adds the guides that lead to
/// it, and the services that keep some.
#[utoipa::path(
    get, path = "/v1/documents/{document}", tag = "documents", operation_id = "get_document",
    params(DocumentPath, WithDocument),
    responses((status = 200, description = "The document.", body = DocumentDetail)),
)]
pub async fn get_document(
    State(app): State<App>,
    moment: Moment,
    Segments(slug): Segments<String>,
    Query(include): Query<WithDocument>,
) -> Result<Answer<DocumentDetail>, Problem> {
    let release = moment.release();
    let document = find(release, &slug)?;
    let included = include.of(document, release, app.reference);
    Ok(Answer::content(DocumentDetail { document: document.into(), included }))
}

/// Finds a document by its slug.
///
/// # Errors
/// When no published document has it.
pub fn find<'a>(release: &'a Release, slug: &str) -> Result<&'a document::Document, Problem> {
    let document = release.content().documents.get(slug).map(Item::as_ref);
    document.ok_or_else(|| Problem::not_found(Code::DocumentNotFound, slug))
}

impl From<&document::Document> for Document {
    fn from(document: &document::Document) -> Self {
        Self {
            slug: document.slug.to_string(),
            name: document.name.clone(),
            description: text::optional(document.description.as_ref()),
            contents: text::optional(document.contents.as_ref()),
            who_may_read: text::optional(document.who_may_read.as_ref()),
            delay_years: document.delay_years,
            territorial_rule: document.territorial_rule.into(),
            commune_question: commune_question(document.territorial_rule),
            synonyms: document.synonyms.clone(),
        }
    }
}

impl From<&document::Document> for DocumentReference {
    fn from(document: &document::Document) -> Self {
        Self {
            slug: document.slug.to_string(),
            name: document.name.clone(),
            territorial_rule: document.territorial_rule.into(),
        }
    }
}

impl From<document::TerritorialRule> for TerritorialRule {
    fn from(rule: document::TerritorialRule) -> Self {
        match rule {
            document::TerritorialRule::Property => Self::Property,
            document::TerritorialRule::NotaryOffice => Self::NotaryOffice,
            document::TerritorialRule::Home => Self::Home,
        }
    }
}

fn commune_question(rule: document::TerritorialRule) -> &'static str {
    match rule {
        document::TerritorialRule::Property => "Dans quelle commune se trouve le bien ?",
        document::TerritorialRule::NotaryOffice => {
            "Dans quelle commune se trouve l'étude du notaire ?"
        }
        document::TerritorialRule::Home => "Dans quelle commune habitait la personne ?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_filters_under_the_name_that_it_is_published_by() {
        for (name, rule) in RULES {
            assert_eq!(serde_json::to_value(rule).unwrap(), *name);
        }
    }
}

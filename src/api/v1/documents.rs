//! Kinds of document.

use serde::Serialize;
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use super::{
    asked::slug_schema,
    paging::{self, Page},
    text::{self, RichText},
};
use crate::{
    api::{
        answer::Answer,
        moment::Moment,
        params::{self, FromParams, NoParams, Params, Query, Segments},
        problem::{Code, Problem},
    },
    catalog::{Item, Release},
    content::document,
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
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TerritorialRule {
    /// That of the property.
    Property,
    /// That of the notary's office.
    NotaryOffice,
    /// That of the person's home.
    Home,
}

/// Which documents, in which order.
#[derive(Debug)]
pub struct DocumentQuery(paging::Asked);

impl IntoParams for DocumentQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        paging::parameters("name").into()
    }
}

impl FromParams for DocumentQuery {
    fn read(params: &Params) -> Result<Self, Problem> {
        paging::Asked::read(params, "name").map(Self)
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
/// The kinds of document that the service can locate, by name.
#[utoipa::path(
    get, path = "/v1/documents", tag = "documents", operation_id = "list_documents",
    params(DocumentQuery),
    responses((status = 200, description = "A page of documents.", body = DocumentList)),
)]
pub async fn list_documents(
    moment: Moment,
    Query(DocumentQuery(asked)): Query<DocumentQuery>,
) -> Answer<DocumentList> {
    let documents = moment.release().content().documents.values().map(Item::as_ref);
    let (documents, page) = asked.page(documents, |document| (&document.slug, &document.name));
    let link = page.links("/v1/documents", &asked, &[]);
    let items = documents.into_iter().map(Document::from).collect();
    Answer::content(DocumentList { items, page }).link(&link)
}

/// Read a kind of document
///
/// What it is, who may read it, and which commune to ask for.
#[utoipa::path(
    get, path = "/v1/documents/{document}", tag = "documents", operation_id = "get_document",
    params(DocumentPath),
    responses((status = 200, description = "The document.", body = Document)),
)]
pub async fn get_document(
    moment: Moment,
    Segments(slug): Segments<String>,
    _: Query<NoParams>,
) -> Result<Answer<Document>, Problem> {
    Ok(Answer::content(find(moment.release(), &slug)?.into()))
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

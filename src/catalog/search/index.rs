//! The index itself: one segment in memory, its documents in the order of their keys, so that what
//! it answers depends on content alone.

use std::iter;

use tantivy::{
    Index, ReloadPolicy, Searcher, TantivyDocument, TantivyError,
    directory::RamDirectory,
    schema::{
        Field, IndexRecordOption, STRING, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
    },
};

use super::{
    Shelves,
    entry::{Entry, Kind},
    words::{self, Words},
};
use crate::{content::guide::Language, reference::Reference};

/// A part of an entry's texts, in two forms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Zone {
    /// Its words without case and accents.
    pub folded: Field,
    /// Their stems.
    pub stems: Field,
}

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// What it is called.
    pub title: Zone,
    /// Synonyms, keywords, types and seats.
    pub keywords: Zone,
    /// The names of documents to which it leads.
    pub leads: Zone,
    /// What is said of it.
    pub body: Zone,
    /// All words of the title as one term.
    pub whole_title: Field,
    /// All words of each synonym as one term.
    pub whole_synonym: Field,
    /// Its kind.
    pub kind: Field,
    /// Its language, or each one for what belongs to none.
    pub language: Field,
}

const FOLDED: &str = "folded";
const STEMS: &str = "stems";

/// Room for the terms of an index while it is made, in bytes; it grows if it must.
const MEMORY: usize = 15_000_000;

impl Fields {
    fn add_to(schema: &mut SchemaBuilder) -> Self {
        Self {
            title: zone(schema, "title"),
            keywords: zone(schema, "keywords"),
            leads: zone(schema, "leads"),
            body: zone(schema, "body"),
            whole_title: schema.add_text_field("whole_title", STRING),
            whole_synonym: schema.add_text_field("whole_synonym", STRING),
            kind: schema.add_text_field("kind", STRING),
            language: schema.add_text_field("language", STRING),
        }
    }

    /// The zones of texts.
    pub fn zones(&self) -> [Zone; 4] {
        [self.title, self.keywords, self.leads, self.body]
    }
}

fn zone(schema: &mut SchemaBuilder, name: &str) -> Zone {
    let mut field = |tokenizer: &str| {
        // Ranking counts neither how often nor where a word stands.
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(tokenizer)
            .set_fieldnorms(false)
            .set_index_option(IndexRecordOption::Basic);
        let options = TextOptions::default().set_indexing_options(indexing);
        schema.add_text_field(&format!("{name}_{tokenizer}"), options)
    };
    Zone { folded: field(FOLDED), stems: field(STEMS) }
}

/// Indexes entries: the document of each has the number of its place among them.
pub(super) fn index(
    entries: &[Entry<'_>],
    shelves: &Shelves,
    reference: &Reference,
) -> Result<(Searcher, Fields), TantivyError> {
    let mut schema = Schema::builder();
    let fields = Fields::add_to(&mut schema);
    let tokenizers = tantivy::tokenizer::TokenizerManager::default();
    tokenizers.register(FOLDED, words::folded());
    tokenizers.register(STEMS, words::stems());
    let builder = Index::builder().schema(schema.build()).tokenizers(tokenizers);
    let mut writer =
        builder.single_segment_index_writer::<TantivyDocument>(RamDirectory::create(), MEMORY)?;
    let mut words = Words::new();
    for entry in entries {
        writer.add_document(document(entry, &fields, &mut words, (shelves, reference)))?;
    }
    let index = writer.finalize()?;
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    Ok((reader.searcher(), fields))
}

fn document(
    entry: &Entry<'_>,
    fields: &Fields,
    words: &mut Words,
    (shelves, reference): (&Shelves, &Reference),
) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    let mut add = |zone: Zone, text: &str| {
        document.add_text(zone.folded, text);
        document.add_text(zone.stems, text);
    };
    add(fields.title, entry.title());
    for keyword in entry.synonyms().iter().chain(&entry.labels(reference)) {
        add(fields.keywords, keyword);
    }
    for name in entry.leads_to(shelves) {
        add(fields.leads, name);
    }
    add(fields.body, &entry.body());
    document.add_text(fields.whole_title, whole(words, entry.title()));
    for synonym in entry.synonyms() {
        document.add_text(fields.whole_synonym, whole(words, synonym));
    }
    document.add_text(fields.kind, kind_term(entry.key().kind));
    for language in languages(entry) {
        document.add_text(fields.language, language.tag());
    }
    document
}

/// All words of a text as one term.
fn whole(words: &mut Words, text: &str) -> String {
    let words = words.of(text);
    words.into_iter().map(|word| word.folded).collect::<Vec<_>>().join(" ")
}

/// The term of a kind.
pub(super) fn kind_term(kind: Kind) -> &'static str {
    match kind {
        Kind::Guide => "guide",
        Kind::Document => "document",
        Kind::Step => "step",
        Kind::Service => "service",
    }
}

/// The languages of those who are shown an entry: documents and services have one name for all.
fn languages(entry: &Entry<'_>) -> Vec<Language> {
    match entry.guide() {
        Some(guide) => vec![guide.language],
        None => iter::once(Language::French).chain([Language::English]).collect(),
    }
}

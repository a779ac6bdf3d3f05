//! Comments on records (<https://airtable.com/developers/web/api/list-comments>).

use chrono::{DateTime, Utc};
use regex::Regex;
use serde_json::{Map, Value, json};

use super::{formula::iso, ids::IdKind};

/// A comment.
#[derive(Debug, Clone)]
pub struct Comment {
    /// `com…`
    pub id: String,
    /// Who wrote it, `usr…`.
    pub author: String,
    /// What it says; people are mentioned as `@[usr…]`.
    pub text: String,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub updated: Option<DateTime<Utc>>,
}

impl Comment {
    /// A new comment.
    pub fn new(author: &str, text: String, now: DateTime<Utc>) -> Self {
        let id = IdKind::Comment.fresh();
        Self { id, author: author.to_owned(), text, created: now, updated: None }
    }

    /// How the API shows it.
    pub fn to_json(&self) -> Value {
        let mut comment = json!({
            "id": self.id,
            "text": self.text,
            "author": user(&self.author),
            "createdTime": iso(self.created),
            "lastUpdatedTime": self.updated.map(iso),
        });
        let mentioned = mentions(&self.text);
        if let Some(object) = comment.as_object_mut().filter(|_| !mentioned.is_empty()) {
            object.insert("mentioned".into(), mentioned.into());
        }
        comment
    }
}

/// A user as cells and comments show one. The sandbox knows users by their id alone.
pub fn user(id: &str) -> Value {
    json!({ "id": id, "email": format!("{id}@sandbox.invalid"), "name": id })
}

fn mentions(text: &str) -> Map<String, Value> {
    let Ok(mention) = Regex::new(r"@\[(usr\w+|ugp\w+)\]") else { return Map::new() };
    mention
        .captures_iter(text)
        .filter_map(|captures| captures.get(1))
        .map(|id| {
            let id = id.as_str();
            let kind = if id.starts_with("usr") { "user" } else { "userGroup" };
            let shown = json!({
                "id": id,
                "type": kind,
                "displayName": id,
                "email": format!("{id}@sandbox.invalid"),
            });
            (id.to_owned(), shown)
        })
        .collect()
}

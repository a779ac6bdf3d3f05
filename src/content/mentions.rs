//! Mentions of colleagues, which Airtable writes into texts: the names of collaborators are not
//! published.

use std::borrow::Cow;

/// Removes `<airtable:mention id=…>@name</airtable:mention>`, even unclosed.
///
/// Both rich text and plain text on several lines may hold them
/// (<https://airtable.com/developers/web/api/field-model#multilinetext>).
pub fn without_mentions(text: &str) -> Cow<'_, str> {
    const OPEN: &str = "<airtable:mention";
    const CLOSE: &str = "</airtable:mention>";
    if !text.contains(OPEN) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    let mut may_be_closed = true;
    while let Some((before, mention)) = rest.split_once(OPEN) {
        kept.push_str(before);
        // Looked for once in vain, the end is never looked for again: time stays linear.
        let after = may_be_closed.then(|| mention.split_once(CLOSE)).flatten();
        may_be_closed = after.is_some();
        rest = match after.or_else(|| mention.split_once('>')) {
            Some((_, after)) => after,
            None => "",
        };
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_of_colleagues_are_dropped_and_their_neighbours_kept() {
        for (text, expected) in [
            ("avant <airtable:mention id=\"m\">@J</airtable:mention> après", "avant  après"),
            ("a <airtable:mention id=\"m\">reste", "a reste"),
            ("a <airtable:mention", "a "),
            ("a < b", "a < b"),
        ] {
            assert_eq!(without_mentions(text), expected);
        }
    }
}

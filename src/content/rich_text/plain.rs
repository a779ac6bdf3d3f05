//! The text of Markdown alone, for those who search it or can't show more.

use pulldown_cmark::{Event, Parser, TagEnd};

/// What one reads, in one line: no marks, no addresses, no code of HTML; blocks and lines are parted
/// by a space.
pub(super) fn to_plain(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    for event in Parser::new_ext(markdown, super::OPTIONS) {
        match event {
            Event::Text(part) | Event::Code(part) | Event::Html(part) | Event::InlineHtml(part) => {
                text.push_str(&part)
            }
            Event::SoftBreak | Event::HardBreak | Event::Rule => text.push(' '),
            Event::Start(tag) if is_block(tag.to_end()) => text.push(' '),
            Event::End(tag) if is_block(tag) => text.push(' '),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_block(tag: TagEnd) -> bool {
    !matches!(tag, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_words_stay_apart() {
        for (markdown, expected) in [
            ("Un **permis** de _construire_", "Un permis de construire"),
            ("# Titre\n\nTexte\nsuite", "Titre Texte suite"),
            ("- un\n- deux\n  1. trois", "un deux trois"),
            ("[cadastre.gouv.fr](https://www.cadastre.gouv.fr)", "cadastre.gouv.fr"),
            ("**mi**toyen", "mitoyen"),
            ("si a <b>gras</b> & b", "si a <b>gras</b> & b"),
            ("- [ ] à faire\n- [x] fait", "à faire fait"),
            ("", ""),
        ] {
            assert_eq!(to_plain(markdown), expected, "{markdown}");
        }
    }
}

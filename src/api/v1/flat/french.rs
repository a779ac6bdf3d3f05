//! French typography, and texts for pages: what the public reads in a no-code tool is shown as it
//! comes.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// Puts the spaces that may not break where French wants them, and curves apostrophes.
///
/// Only what is written with a plain space is touched, so that addresses and hours stay whole.
pub fn typeset(text: &str) -> String {
    let mut typeset = String::with_capacity(text.len() + 8);
    let mut letters = text.chars().peekable();
    let mut last = ' ';
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        let set = match (last, letter, next) {
            (_, ' ', Some(';' | '!' | '?')) => '\u{202f}',
            (_, ' ', Some(':' | '»')) | ('«', ' ', _) => '\u{a0}',
            (before, '\'', Some(after)) if before.is_alphabetic() && after.is_alphanumeric() => '’',
            _ => letter,
        };
        typeset.push(set);
        last = letter;
    }
    typeset
}

/// The words of a Markdown text, without marks; a line for each paragraph or item of a list.
pub fn plain(markdown: &str) -> String {
    let mut lines = vec![String::new()];
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Item) => lines.push("– ".to_owned()),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item)
            | Event::SoftBreak
            | Event::HardBreak => lines.push(String::new()),
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                if let Some(line) = lines.last_mut() {
                    line.push_str(&text);
                }
            }
            _ => {}
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).filter(|l| !l.is_empty()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_has_spaces_of_its_own() {
        for (text, expected) in [
            ("Jusqu'en 1907 : Mairie", "Jusqu’en 1907\u{a0}: Mairie"),
            ("Où ? Ici ; là !", "Où\u{202f}? Ici\u{202f}; là\u{202f}!"),
            ("« oui »", "«\u{a0}oui\u{a0}»"),
            ("https://exemple.fr/a?b=1", "https://exemple.fr/a?b=1"),
            ("Tu 09:00-12:00", "Tu 09:00-12:00"),
            ("'cité' d'Ys", "'cité' d’Ys"),
            ("", ""),
        ] {
            assert_eq!(typeset(text), expected);
        }
    }

    #[test]
    fn markdown_is_told_in_plain_words() {
        for (markdown, expected) in [
            ("Un **mot**.", "Un mot."),
            ("# Titre\n\nSuite\nici", "Titre\nSuite\nici"),
            ("- un\n- deux", "– un\n– deux"),
            ("Le [cadastre](https://www.cadastre.gouv.fr)", "Le cadastre"),
            ("", ""),
        ] {
            assert_eq!(plain(markdown), expected);
        }
    }
}

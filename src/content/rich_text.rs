//! Airtable's Markdown, and the only HTML that is ever published.
//!
//! A real parser (`pulldown-cmark`) and a real sanitizer (`ammonia`) do the work. Raw HTML typed by
//! an archivist is shown as the text it is; mentions of colleagues are dropped, since the names of
//! collaborators are not published.

use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{LazyLock, OnceLock},
};

use ammonia::Url;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use pulldown_cmark::{Event, Options, Parser, html};

use super::mentions::without_mentions;

mod plain;

/// Where the images of published content live; an image from elsewhere is dropped.
pub const MEDIA_PATH: &str = "/v1/media/";

/// A rich text cell, as Markdown and as safe HTML.
///
/// The HTML is rendered at first use and kept: most texts of a large base are never asked for.
#[derive(Clone)]
pub struct RichText {
    markdown: Box<str>,
    html: OnceLock<Box<str>>,
}

impl RichText {
    /// `None` when nothing is left of the text.
    pub fn new(text: &str) -> Option<Self> {
        let markdown = without_mentions(text);
        let markdown = markdown.trim();
        (!markdown.is_empty()).then(|| Self { markdown: markdown.into(), html: OnceLock::new() })
    }

    /// The archivist's Markdown, without mentions. Not safe to show as HTML.
    pub fn markdown(&self) -> &str {
        &self.markdown
    }

    /// The text alone, in one line, without any mark. Not safe to show as HTML.
    pub fn plain(&self) -> String {
        plain::to_plain(&self.markdown)
    }

    /// Sanitized HTML.
    pub fn html(&self) -> &str {
        self.html.get_or_init(|| to_html(&self.markdown).into())
    }
}

/// The Markdown alone: the HTML is made of it, by rules that may change.
impl<C> Encode<C> for RichText {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(&self.markdown)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for RichText {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        let markdown = d.str()?;
        if markdown.trim().is_empty() {
            return Err(decode::Error::message("a rich text without text").at(at));
        }
        Ok(Self { markdown: markdown.into(), html: OnceLock::new() })
    }
}

impl std::fmt::Debug for RichText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RichText").field(&self.markdown).finish()
    }
}

impl PartialEq for RichText {
    fn eq(&self, other: &Self) -> bool {
        self.markdown == other.markdown
    }
}

impl Eq for RichText {}

/// What Airtable's Markdown has beyond the common one.
const OPTIONS: Options = Options::ENABLE_STRIKETHROUGH.union(Options::ENABLE_TASKLISTS);

fn to_html(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, OPTIONS).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        // Airtable's editor keeps the line breaks that one types.
        Event::SoftBreak => Event::HardBreak,
        Event::TaskListMarker(is_done) => Event::Text(if is_done { "☑ " } else { "☐ " }.into()),
        other => other,
    });
    let mut unsafe_html = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut unsafe_html, shallow(events));
    SANITIZER.clean(&unsafe_html).to_string()
}

/// Deeper than anyone reads. The sanitizer goes through all open elements at each new one: without a
/// bound, a line of `>>>>>…` would keep it busy for minutes.
const MAX_DEPTH: usize = 16;

/// Leaves out the elements that lie too deep, not what is written in them.
fn shallow<'a>(events: impl Iterator<Item = Event<'a>>) -> impl Iterator<Item = Event<'a>> {
    let mut depth = 0_usize;
    events.filter(move |event| match event {
        Event::Start(_) => {
            depth += 1;
            depth <= MAX_DEPTH
        }
        Event::End(_) => {
            let was_kept = depth <= MAX_DEPTH;
            depth = depth.saturating_sub(1);
            was_kept
        }
        _ => true,
    })
}

static SANITIZER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(HashSet::from([
            "a",
            "blockquote",
            "br",
            "code",
            "del",
            "em",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "img",
            "li",
            "ol",
            "p",
            "pre",
            "strong",
            "ul",
        ]))
        .add_tag_attributes("a", ["href"])
        .add_tag_attributes("img", ["src", "alt"])
        .add_tag_attributes("ol", ["start"])
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .attribute_filter(|element, attribute, value| match (element, attribute) {
            ("img", "src") => is_media(value).then_some(Cow::Borrowed(value)),
            ("a", "href") => is_link(value).then_some(Cow::Borrowed(value)),
            _ => Some(Cow::Borrowed(value)),
        });
    builder
});

fn is_media(src: &str) -> bool {
    src.starts_with(MEDIA_PATH) && !src.contains("..") && !src.contains(['\\', '%'])
}

/// Absolute links only: a relative one would lead to a page of whoever embeds the text.
fn is_link(href: &str) -> bool {
    Url::parse(href).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(markdown: &str) -> String {
        RichText::new(markdown).map(|text| text.html().trim().to_owned()).unwrap_or_default()
    }

    #[test]
    fn markdown_becomes_html() {
        for (markdown, expected) in [
            ("", ""),
            (" \n ", ""),
            ("**gras** et _italique_", "<p><strong>gras</strong> et <em>italique</em></p>"),
            ("a\nb", "<p>a<br>\nb</p>"),
            ("~~barré~~", "<p><del>barré</del></p>"),
            ("- un\n- deux", "<ul>\n<li>un</li>\n<li>deux</li>\n</ul>"),
            (
                "[CADA](https://www.cada.fr)",
                "<p><a href=\"https://www.cada.fr\" rel=\"noopener noreferrer nofollow\">CADA</a></p>",
            ),
            (
                "![plan](/v1/media/att1/plan.png)",
                "<p><img src=\"/v1/media/att1/plan.png\" alt=\"plan\"></p>",
            ),
            ("- [x] fait\n- [ ] à faire", "<ul>\n<li>☑ fait</li>\n<li>☐ à faire</li>\n</ul>"),
            ("مرحبا 👋", "<p>مرحبا 👋</p>"),
        ] {
            assert_eq!(html(markdown), expected, "{markdown:?}");
        }
    }

    #[test]
    fn nothing_can_run_or_load_from_elsewhere() {
        for hostile in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<a href=\"javascript:alert(1)\">x</a>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "[x](vbscript:msgbox)",
            "[x](//evil.example/y)",
            "![x](https://evil.example/pixel.png)",
            "![x](/v1/media/../../admin)",
            "![x](/v1/media/%2e%2e/%2e%2e/admin)",
            "![x](data:image/svg+xml;base64,AAAA)",
            "<iframe src=\"https://evil.example\"></iframe>",
            "<svg/onload=alert(1)>",
            "<style>*{display:none}</style>",
            "<https://evil.example/\"onmouseover=alert(1)>",
            "`<script>alert(1)</script>`",
            "<airtable:mention id=\"men1\">@Jeanne Dupont</airtable:mention>",
        ] {
            let html = html(hostile);
            let parsed = ammonia::Builder::empty()
                .tags(HashSet::from(["p", "a", "img", "code", "br"]))
                .add_tag_attributes("a", ["href", "rel"])
                .add_tag_attributes("img", ["src", "alt"])
                .link_rel(None)
                .clean(&html)
                .to_string();
            assert_eq!(parsed, html, "{hostile:?} left an unexpected element");
            for forbidden in [
                "<script",
                "<iframe",
                "<svg",
                "<style",
                "<img src=\"http",
                "<img src=\"data",
                "<a href=\"javascript",
                "<a href=\"data",
                "<a href=\"vbscript",
                "<a href=\"//",
                "<img src=\"/v1/media/%",
                "<img src=\"/v1/media/..",
            ] {
                assert!(!html.to_lowercase().contains(forbidden), "{hostile:?} gave {html}");
            }
        }
    }

    #[test]
    fn texts_that_nest_without_end_are_rendered_in_no_time() {
        for (unit, element) in [(">", "<blockquote>"), ("1. ", "<ol>"), ("**a", "<strong>")] {
            let html = html(&unit.repeat(30_000));
            assert!(html.matches(element).count() > 0, "{unit}");
            let mut depth = 0_usize;
            for tag in html.split('<').skip(1).filter(|tag| !tag.starts_with("br")) {
                depth = if tag.starts_with('/') { depth - 1 } else { depth + 1 };
                assert!(depth <= MAX_DEPTH, "{unit}");
            }
        }
    }

    #[test]
    fn raw_html_is_shown_as_the_text_it_is() {
        assert_eq!(html("si a <b>gras</b>"), "<p>si a &lt;b&gt;gras&lt;/b&gt;</p>");
    }
}

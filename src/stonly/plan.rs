//! From a guide to the calls that build it. Pure.

use std::collections::{HashSet, VecDeque};

use maud::html;
use url::Url;

use super::call::{Call, Key, Screen};
use crate::{
    catalog::Release,
    content::{
        guide::{Choice, Condition, Guide, Language, Step, StepKind, Target},
        ids::Slug,
        rich_text::MEDIA_PATH,
    },
};

/// The calls that build a guide, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The guide's slug.
    pub guide: Slug,
    /// The calls.
    pub calls: Vec<Call>,
    /// Steps that Stonly's API can't build whole, since they ask for a value or show the local
    /// answer: what must be done by hand there, in French.
    pub by_hand: Vec<String>,
}

/// What a plan is made with, beside the guide.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The release of the guide: for the names of other guides, and for images.
    pub release: &'a Release,
    /// Where the public reaches this service; without it, images are left out.
    pub public_url: Option<&'a Url>,
    /// Language, as Stonly calls it; by default, that of the guide.
    pub language: Option<&'a str>,
    /// Whether the last call publishes the guide.
    pub publication: Publication,
}

/// What becomes of the guide in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    /// It is published.
    Published,
    /// It stays a draft.
    Draft,
}

/// Plans a guide, breadth first: all choices of a step, in their order, before those of the steps
/// to which they lead. So a step's choices stay in order, whether a call makes the step to which
/// one leads or links to it.
pub fn plan(guide: &Guide, context: &Context<'_>) -> Plan {
    let language = context.language.unwrap_or(stonly_language(guide.language));
    let mut calls = Vec::new();
    let mut by_hand = Vec::new();
    let mut made = HashSet::from([&guide.first_step]);
    let mut waiting: VecDeque<&Step> = guide.steps.get(&guide.first_step).into_iter().collect();
    if let Some(first) = waiting.front() {
        let first = screen(first, context);
        calls.push(Call::Guide {
            title: guide.title.clone(),
            first,
            language: language.to_owned(),
        });
    }
    while let Some(step) = waiting.pop_front() {
        by_hand.extend(wiring(step));
        let parent = Key(step.slug.to_string());
        for choice in &step.choices {
            by_hand.extend(
                choice.condition.map(|condition| condition_by_hand(step, choice, condition)),
            );
            let (label, language) = (choice.label.clone(), language.to_owned());
            let leads_to = match &choice.target {
                Target::Step(slug) => guide.steps.get(slug),
                Target::Guide(_) | Target::External(_) => None,
            };
            calls.push(match leads_to {
                Some(next) if !made.insert(&next.slug) => Call::Link {
                    source: parent.clone(),
                    target: Key(next.slug.to_string()),
                    choice: label,
                },
                Some(next) => {
                    waiting.push_back(next);
                    let screen = screen(next, context);
                    Call::Step { parent: parent.clone(), choice: label, screen, language }
                }
                None => {
                    let screen = way_out(step, choice, context);
                    Call::Step { parent: parent.clone(), choice: label, screen, language }
                }
            });
        }
    }
    if context.publication == Publication::Published {
        calls.push(Call::Publish);
    }
    Plan { guide: guide.slug.clone(), calls, by_hand }
}

fn stonly_language(language: Language) -> &'static str {
    match language {
        Language::French => "fr-FR",
        Language::English => "en-US",
    }
}

/// The most images of a step.
const MOST_MEDIA: usize = 3;

fn screen(step: &Step, context: &Context<'_>) -> Screen {
    let root = context.public_url.map(|url| url.as_str().trim_end_matches('/'));
    let pictures = context.release.pictures(&step.record).iter();
    let pictures = pictures.filter(|picture| picture.media_type.starts_with("image/"));
    let media = root.map(|root| {
        pictures.take(MOST_MEDIA).map(|picture| format!("{root}{}", picture.path)).collect()
    });
    let content = step.content.as_ref().map(|text| text.html().trim_end()).unwrap_or_default();
    let content = match root {
        Some(root) => {
            content.replace(&format!("src=\"{MEDIA_PATH}"), &format!("src=\"{root}{MEDIA_PATH}"))
        }
        None => content.to_owned(),
    };
    let media = media.unwrap_or_default();
    Screen { key: Key(step.slug.to_string()), title: step.title.clone(), content, media }
}

/// The step that stands for another guide or site: Stonly's API links steps of one guide alone.
fn way_out(step: &Step, choice: &Choice, context: &Context<'_>) -> Screen {
    let content = match &choice.target {
        Target::External(url) => html! { p { a href=(url) { (choice.label) } } },
        Target::Guide(slug) | Target::Step(slug) => {
            let guide = context.release.content().guides.get(slug);
            let title = guide.map_or(slug.as_str(), |guide| guide.title.as_str());
            html! { p { "La suite est dans le guide « " (title) " »." } }
        }
    };
    Screen {
        key: Key(format!("{}/{}", step.slug, choice.slug)),
        title: choice.label.clone(),
        content: content.into_string(),
        media: Vec::new(),
    }
}

/// What must be done by hand at a step.
fn wiring(step: &Step) -> Option<String> {
    let document = step.document.as_ref().map(Slug::as_str).unwrap_or_default();
    let what = match step.kind {
        StepKind::Commune => "saisie de la commune, dans une variable locale".to_owned(),
        StepKind::Date => "saisie de la date, dans une variable locale".to_owned(),
        StepKind::Result => {
            format!("appel de /v1/flat/locate avec document={document}, puis affichage de html")
        }
        StepKind::Question | StepKind::Information | StepKind::DeadEnd => return None,
    };
    Some(format!("{} (« {} ») : {what}", step.slug, step.title))
}

fn condition_by_hand(step: &Step, choice: &Choice, condition: Condition) -> String {
    let when = match condition {
        Condition::CommuneKnown => "la commune est connue",
        Condition::CommuneUnknown => "la commune n'est pas connue",
    };
    format!("{} (« {} ») : le choix « {} » si {when}", step.slug, step.title, choice.label)
}

#[cfg(test)]
mod tests;

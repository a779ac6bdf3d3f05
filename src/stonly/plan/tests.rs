//! A plan, replayed on a model of Stonly, gives the guide again.

use std::collections::HashMap;

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    catalog::release::Content,
    reference::Reference,
    stonly::{Line, Placeholder},
};

/// A guide in Stonly: steps by id, each with its choices in order.
#[derive(Debug, Default)]
struct Model {
    steps: HashMap<u64, ModelStep>,
    first: Option<u64>,
    is_published: bool,
}

#[derive(Debug, Default)]
struct ModelStep {
    title: String,
    choices: Vec<(String, u64)>,
}

impl Model {
    /// Makes the calls as Stonly does: an id that it did not give is refused.
    fn replay(plan: &Plan) -> Self {
        let mut model = Self::default();
        let mut ids: HashMap<Key, u64> = HashMap::new();
        for call in &plan.calls {
            let body = call
                .body(|placeholder| match placeholder {
                    Placeholder::Folder => Some(7.into()),
                    Placeholder::Guide => model.first.map(|_| "guide".into()),
                    Placeholder::Step(key) => ids.get(key).map(|id| (*id).into()),
                })
                .unwrap_or_else(|| panic!("{call} names what is not there yet"));
            if let Some(made) = model.receive(call.path(), &body) {
                ids.insert(call.makes().unwrap().key.clone(), made);
            }
        }
        model
    }

    fn receive(&mut self, path: &str, body: &Value) -> Option<u64> {
        assert!(!self.is_published, "nothing comes after the publication");
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        let id = self.steps.len() as u64 + 100;
        match path {
            "guide" => {
                assert_eq!(self.first.replace(id), None);
                let title = text("firstStepTitle");
                self.steps.insert(id, ModelStep { title, choices: Vec::new() });
                Some(id)
            }
            "guide/step" => {
                self.choose(&body["parentStepId"], text("choiceLabel"), id);
                self.steps.insert(id, ModelStep { title: text("title"), choices: Vec::new() });
                Some(id)
            }
            "guide/step/link" => {
                let target = body["targetStepId"].as_u64().unwrap();
                assert!(self.steps.contains_key(&target));
                self.choose(&body["sourceStepId"], text("choiceLabel"), target);
                None
            }
            "guide/publish" => {
                self.is_published = true;
                None
            }
            other => panic!("{other}"),
        }
    }

    fn choose(&mut self, source: &Value, label: String, target: u64) {
        let source = self.steps.get_mut(&source.as_u64().unwrap()).unwrap();
        source.choices.push((label, target));
    }

    /// Goes through both side by side: the same choices, in the same order, lead to the same steps.
    fn assert_is(&self, guide: &Guide) {
        let mut pairs: HashMap<&Slug, u64> = HashMap::new();
        let mut waiting = vec![(&guide.first_step, self.first.unwrap())];
        let mut ways_out = 0;
        while let Some((slug, id)) = waiting.pop() {
            if let Some(known) = pairs.insert(slug, id) {
                assert_eq!(known, id, "{slug} is one step");
                continue;
            }
            let (step, model) = (&guide.steps[slug], &self.steps[&id]);
            assert_eq!(step.title, model.title);
            assert_eq!(step.choices.len(), model.choices.len());
            for (choice, (label, target)) in step.choices.iter().zip(&model.choices) {
                assert_eq!(choice.label, *label);
                match &choice.target {
                    Target::Step(next) => waiting.push((next, *target)),
                    Target::Guide(_) | Target::External(_) => {
                        assert_eq!(self.steps[target].choices, []);
                        ways_out += 1;
                    }
                }
            }
        }
        let mut ids: Vec<u64> = pairs.values().copied().collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), pairs.len(), "no two steps are one");
        assert_eq!(self.steps.len(), pairs.len() + ways_out, "nothing else is made");
    }
}

fn empty() -> Release {
    Release::new(Content::default(), Reference::embedded().unwrap(), None)
}

fn context(release: &Release) -> Context<'_> {
    Context { release, public_url: None, language: None, publication: Publication::Published }
}

fn slug(n: usize) -> Slug {
    format!("etape-{n}").parse().unwrap()
}

/// A guide of these steps: for each, where its choices lead; beyond the last, out of the guide.
fn guide(steps: &[Vec<usize>]) -> Guide {
    let target = |to: usize| match to.checked_sub(steps.len()) {
        None => Target::Step(slug(to)),
        Some(0) => Target::Guide("autre".parse().unwrap()),
        Some(_) => Target::External("https://exemple.fr/".parse().unwrap()),
    };
    let step = |n: usize, choices: &Vec<usize>| Step {
        slug: slug(n),
        record: format!("recStep{n}").parse().unwrap(),
        title: format!("Étape {n}"),
        kind: StepKind::Question,
        content: None,
        document: None,
        illustrations: Vec::new(),
        choices: choices
            .iter()
            .enumerate()
            .map(|(at, to)| Choice {
                slug: format!("choix-{at}").parse().unwrap(),
                record: format!("recChoice{n}x{at}").parse().unwrap(),
                label: format!("Choix {at}"),
                note: None,
                target: target(*to),
                condition: None,
            })
            .collect(),
    };
    let steps: IndexMap<Slug, Step> =
        steps.iter().enumerate().map(|(n, choices)| (slug(n), step(n, choices))).collect();
    Guide {
        slug: "guide".parse().unwrap(),
        record: "recGuide".parse().unwrap(),
        title: "Guide".to_owned(),
        summary: None,
        theme: None,
        keywords: Vec::new(),
        language: Language::French,
        first_step: slug(0),
        steps,
        is_stale: false,
    }
}

fn guides() -> impl Strategy<Value = Guide> {
    (1_usize..12).prop_flat_map(|count| {
        let choices = prop::collection::vec(0..count + 2, 0..5);
        prop::collection::vec(choices, count).prop_map(|steps| guide(&steps))
    })
}

proptest! {
    #[test]
    fn a_plan_builds_the_guide_again(guide in guides()) {
        let release = empty();
        let model = Model::replay(&plan(&guide, &context(&release)));
        model.assert_is(&guide);
        prop_assert!(model.is_published);
    }
}

#[test]
fn branches_that_rejoin_and_circles_are_links() {
    let release = empty();
    let guide = guide(&[vec![1, 2], vec![3], vec![3, 0, 2], vec![]]);
    let calls = plan(&guide, &context(&release)).calls;
    let told: Vec<String> = calls.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    guide "Guide"
    step etape-1 ("Étape 1"), by the choice "Choix 0" of etape-0
    step etape-2 ("Étape 2"), by the choice "Choix 1" of etape-0
    step etape-3 ("Étape 3"), by the choice "Choix 0" of etape-1
    link from etape-2 to etape-3, by the choice "Choix 0"
    link from etape-2 to etape-0, by the choice "Choix 1"
    link from etape-2 to etape-2, by the choice "Choix 2"
    publication
    "#);
}

#[test]
fn a_line_is_the_call_with_placeholders_for_ids() {
    let release = empty();
    let plan = plan(&guide(&[vec![1, 2], vec![0]]), &context(&release));
    let lines: Vec<Line> = plan.calls.iter().map(Call::line).collect();
    assert_eq!(
        serde_json::to_value(lines).unwrap(),
        json!([
            {
                "method": "POST",
                "path": "/guide",
                "gives": { "guideId": "{{guideId}}", "firstStepId": "{{stepId:etape-0}}" },
                "body": {
                    "folderId": "{{folderId}}",
                    "contentType": "GUIDE",
                    "contentTitle": "Guide",
                    "firstStepTitle": "Étape 0",
                    "content": "",
                    "language": "fr-FR",
                },
            },
            {
                "method": "POST",
                "path": "/guide/step",
                "gives": { "stepId": "{{stepId:etape-1}}" },
                "body": {
                    "guideId": "{{guideId}}",
                    "parentStepId": "{{stepId:etape-0}}",
                    "choiceLabel": "Choix 0",
                    "title": "Étape 1",
                    "content": "",
                    "language": "fr-FR",
                },
            },
            {
                "method": "POST",
                "path": "/guide/step",
                "gives": { "stepId": "{{stepId:etape-0/choix-1}}" },
                "body": {
                    "guideId": "{{guideId}}",
                    "parentStepId": "{{stepId:etape-0}}",
                    "choiceLabel": "Choix 1",
                    "title": "Choix 1",
                    "content": "<p>La suite est dans le guide « autre ».</p>",
                    "language": "fr-FR",
                },
            },
            {
                "method": "POST",
                "path": "/guide/step/link",
                "gives": {},
                "body": {
                    "guideId": "{{guideId}}",
                    "sourceStepId": "{{stepId:etape-1}}",
                    "targetStepId": "{{stepId:etape-0}}",
                    "choiceLabel": "Choix 0",
                },
            },
            {
                "method": "POST",
                "path": "/guide/publish",
                "gives": {},
                "body": { "guideList": [{ "guideId": "{{guideId}}" }] },
            },
        ])
    );
}

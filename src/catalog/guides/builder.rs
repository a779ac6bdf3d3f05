//! One guide: its steps, their choices, and where each leads.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use indexmap::IndexMap;

use crate::{
    catalog::{
        graph,
        links::{Missed, Origin, follow, unique_slugs},
        shelf::{Targets, public},
    },
    content::{
        guide::{Choice, ChoiceRow, Guide, GuideRow, Step, StepKind, StepRow, Target},
        ids::{RecordId, Slug},
        problem::{Code, Problem},
        rows::{Linked, Rows},
        status::Status,
        tables::{FieldKey, TableKey},
    },
};

/// A guide as far as it could be built.
pub(super) struct Built {
    pub guide: Option<Guide>,
    /// Whether the public would miss something that the archivist did not mean to remove.
    pub is_broken: bool,
}

/// Builds guides out of the rows of one base.
pub(super) struct Builder<'a> {
    rows: &'a Rows,
    documents: &'a Targets,
    guides: &'a HashMap<RecordId, Slug>,
    steps: HashMap<&'a RecordId, Vec<&'a StepRow>>,
    choices: HashMap<&'a RecordId, Vec<&'a ChoiceRow>>,
    pub problems: &'a mut Vec<Problem>,
}

impl<'a> Builder<'a> {
    /// `documents` is what links to documents come to, `guides` the slugs of those published.
    pub fn new(
        rows: &'a Rows,
        documents: &'a Targets,
        guides: &'a HashMap<RecordId, Slug>,
        problems: &'a mut Vec<Problem>,
    ) -> Self {
        let (steps, choices) = (steps_by_guide(rows), choices_by_step(rows));
        Self { rows, documents, guides, steps, choices, problems }
    }

    /// Builds a guide. `earlier` is its last sound version, of which steps and choices keep their
    /// slugs.
    pub fn guide(&mut self, row: &'a GuideRow, slug: &Slug, earlier: Option<&Guide>) -> Built {
        let rows = self.steps.get(&row.record).cloned().unwrap_or_default();
        let owner = |slug: &Slug| Some(&earlier?.steps.get(slug)?.record);
        let wanted = rows.iter().map(|step| (step.origin(), &step.slug));
        let slugs = unique_slugs(wanted, owner, self.problems);
        let mut is_broken = false;
        let mut steps = IndexMap::with_capacity(rows.len());
        for step in &rows {
            let mut steps_before = earlier.into_iter().flat_map(|guide| guide.steps.values());
            let earlier = steps_before.find(|earlier| earlier.record == step.record);
            if let Some(step) = self.step(step, &slugs, earlier, &mut is_broken) {
                steps.insert(step.slug.clone(), step);
            }
        }
        let Some(first_step) = self.first_step(row, &slugs) else {
            return Built { guide: None, is_broken: true };
        };
        let steps = self.keep_reachable(steps, &first_step);
        is_broken |= self.tell_structure(&steps);
        let guide = Guide {
            slug: slug.clone(),
            record: row.record.clone(),
            title: row.title.clone(),
            summary: row.summary.clone(),
            theme: row.theme.clone(),
            keywords: row.keywords.clone(),
            language: row.language,
            first_step,
            steps,
            is_stale: false,
        };
        Built { guide: Some(guide), is_broken }
    }

    fn first_step(&mut self, guide: &GuideRow, steps: &HashMap<RecordId, Slug>) -> Option<Slug> {
        let link = guide.first_steps.first()?;
        let origin = guide.origin();
        let field = FieldKey::FirstStep;
        let row = match follow(&self.rows.steps, link, |step| step.status) {
            Ok(row) => row,
            Err(missed) => {
                missed.tell(origin, field, self.problems);
                return None;
            }
        };
        let slug = steps.get(&row.record).cloned();
        if slug.is_none() {
            self.problems.push(origin.problem(
                field,
                Code::ForeignStep,
                format!("L'étape « {} » n'est pas rattachée à ce guide.", row.title),
            ));
        }
        slug
    }

    fn step(
        &mut self,
        row: &'a StepRow,
        slugs: &HashMap<RecordId, Slug>,
        earlier: Option<&Step>,
        is_broken: &mut bool,
    ) -> Option<Step> {
        let document = self.document(row);
        let choices = self.step_choices(row, slugs, earlier, is_broken);
        let kind = match (row.kind, &document) {
            (StepKind::Result, None) => {
                *is_broken = true;
                // Without a document there is no answer to show: the text alone is left.
                StepKind::DeadEnd
            }
            (kind, _) => kind,
        };
        Some(Step {
            slug: slugs.get(&row.record)?.clone(),
            record: row.record.clone(),
            title: row.title.clone(),
            kind,
            content: row.content.clone(),
            document,
            illustrations: row.illustrations.clone(),
            choices,
        })
    }

    fn document(&mut self, step: &StepRow) -> Option<Slug> {
        let link = step.document.as_ref()?;
        public(self.documents, link, step.origin(), FieldKey::Document, self.problems)
    }

    fn step_choices(
        &mut self,
        step: &StepRow,
        steps: &HashMap<RecordId, Slug>,
        earlier: Option<&Step>,
        is_broken: &mut bool,
    ) -> Vec<Choice> {
        let rows = self.choices.get(&step.record).cloned().unwrap_or_default();
        let owner = |slug: &Slug| {
            let mut choices = earlier?.choices.iter();
            choices.find(|choice| choice.slug == *slug).map(|choice| &choice.record)
        };
        let wanted = rows.iter().map(|choice| (choice.origin(), &choice.slug));
        let slugs = unique_slugs(wanted, owner, self.problems);
        let mut choices = Vec::with_capacity(rows.len());
        for row in rows {
            let target = match self.target(row, steps) {
                Ok(target) => target,
                Err(Loss::Meant) => continue,
                Err(Loss::Accident) => {
                    *is_broken = true;
                    continue;
                }
            };
            let Some(slug) = slugs.get(&row.record) else { continue };
            choices.push(Choice {
                slug: slug.clone(),
                record: row.record.clone(),
                label: row.label.clone(),
                note: row.note.clone(),
                target,
                condition: row.condition,
            });
        }
        choices
    }

    fn target(
        &mut self,
        choice: &ChoiceRow,
        steps: &HashMap<RecordId, Slug>,
    ) -> Result<Target, Loss> {
        let origin = choice.origin();
        if let Some(link) = &choice.to_step {
            let step = follow(&self.rows.steps, link, |step| step.status)
                .map_err(|missed| self.lost(missed, origin, FieldKey::TargetStep))?;
            return match steps.get(&step.record) {
                Some(slug) => Ok(Target::Step(slug.clone())),
                None => self.jump_to_foreign_step(choice, step),
            };
        }
        if let Some(link) = &choice.to_guide {
            let guide = follow(&self.rows.guides, link, |guide| guide.status)
                .map_err(|missed| self.lost(missed, origin, FieldKey::TargetGuide))?;
            let slug = self.guides.get(&guide.record).cloned();
            return slug.map(Target::Guide).ok_or(Loss::Accident);
        }
        if let Some(url) = &choice.to_site {
            return Ok(Target::External(url.clone()));
        }
        self.problems.push(origin.problem(
            FieldKey::TargetStep,
            Code::ChoiceWithoutTarget,
            "Ce choix ne mène nulle part : remplir « Vers », « Vers le guide » ou « Lien externe ».",
        ));
        Err(Loss::Accident)
    }

    fn lost(&mut self, missed: Missed, origin: Origin<'_>, field: FieldKey) -> Loss {
        missed.tell(origin, field, self.problems);
        match missed {
            Missed::Unpublished => Loss::Meant,
            Missed::Unreadable | Missed::Missing => Loss::Accident,
        }
    }

    /// A choice may lead to the first step of another guide; any other step there is a slip.
    fn jump_to_foreign_step(&mut self, choice: &ChoiceRow, step: &StepRow) -> Result<Target, Loss> {
        let guide = step.guide.as_ref().and_then(|link| match self.rows.guides.get(link) {
            Linked::Row(guide) if guide.first_steps.first() == Some(&step.record) => {
                self.guides.get(&guide.record)
            }
            _ => None,
        });
        if let Some(slug) = guide {
            return Ok(Target::Guide(slug.clone()));
        }
        self.problems.push(choice.origin().problem(
            FieldKey::TargetStep,
            Code::ForeignStep,
            format!(
                "L'étape « {} » appartient à un autre guide : utiliser « Vers le guide ».",
                step.title
            ),
        ));
        Err(Loss::Accident)
    }

    fn keep_reachable(
        &mut self,
        steps: IndexMap<Slug, Step>,
        first: &Slug,
    ) -> IndexMap<Slug, Step> {
        let mut steps = steps;
        let order = graph::reachable(&steps, first);
        let kept = order.iter().filter_map(|slug| steps.shift_remove_entry(slug)).collect();
        for step in steps.values() {
            self.problems.push(Origin::step(step).problem(
                FieldKey::Title,
                Code::UnreachableStep,
                "Aucun choix ne mène à cette étape : le public ne la voit jamais.",
            ));
        }
        kept
    }

    /// Tells what is wrong with the shape; whether that breaks the guide.
    fn tell_structure(&mut self, steps: &IndexMap<Slug, Step>) -> bool {
        let mut is_broken = false;
        for step in steps.values().filter(|step| step.choices.is_empty()) {
            let (code, message) = match step.kind {
                StepKind::Result | StepKind::DeadEnd => continue,
                StepKind::Question => {
                    is_broken = true;
                    (Code::QuestionWithoutChoices, "Cette question ne propose aucun choix.")
                }
                _ => (
                    Code::UndeclaredDeadEnd,
                    "Le guide s'arrête ici sans résultat : ajouter un choix, ou donner à l'étape \
                     le type « Impasse ».",
                ),
            };
            self.problems.push(Origin::step(step).problem(FieldKey::Type, code, message));
        }
        for slug in graph::trapped(steps) {
            let Some(step) = steps.get(&slug) else { continue };
            is_broken = true;
            self.problems.push(Origin::step(step).problem(
                FieldKey::Title,
                Code::CycleWithoutExit,
                "À partir de cette étape, les choix tournent en rond : aucun ne mène à un résultat.",
            ));
        }
        is_broken
    }
}

/// Whether the public loses a choice because an archivist wished it, or by accident.
enum Loss {
    /// The target was unpublished.
    Meant,
    /// The target is gone or broken.
    Accident,
}

impl GuideRow {
    pub(in crate::catalog) fn origin(&self) -> Origin<'_> {
        Origin { table: TableKey::Guides, record: &self.record, label: Some(&self.title) }
    }
}

impl StepRow {
    pub(in crate::catalog) fn origin(&self) -> Origin<'_> {
        Origin { table: TableKey::Steps, record: &self.record, label: Some(&self.title) }
    }
}

impl ChoiceRow {
    pub(in crate::catalog) fn origin(&self) -> Origin<'_> {
        Origin { table: TableKey::Choices, record: &self.record, label: Some(&self.label) }
    }
}

fn steps_by_guide(rows: &Rows) -> HashMap<&RecordId, Vec<&StepRow>> {
    let mut by_guide: HashMap<_, Vec<_>> = HashMap::new();
    for step in rows.steps.iter().map(Arc::as_ref).filter(|step| step.status == Status::Published) {
        if let Some(guide) = &step.guide {
            by_guide.entry(guide).or_default().push(step);
        }
    }
    by_guide
}

fn choices_by_step(rows: &Rows) -> HashMap<&RecordId, Vec<&ChoiceRow>> {
    let mut by_step: HashMap<_, Vec<&ChoiceRow>> = HashMap::new();
    for choice in rows.choices.iter().map(Arc::as_ref) {
        if let Some(step) = &choice.step {
            by_step.entry(step).or_default().push(choice);
        }
    }
    for choices in by_step.values_mut() {
        choices.sort_by(|a, b| by_order(a.order, b.order).then_with(|| a.record.cmp(&b.record)));
    }
    by_step
}

/// Choices without an order come last.
fn by_order(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

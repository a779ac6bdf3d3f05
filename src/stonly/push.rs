//! Sending a plan, from where its journal stands.

use serde_json::Value;

use super::{
    call::{Call, Placeholder, Repeat},
    client::{CallError, Client, excerpt},
    journal::{Journal, JournalError},
    plan::Plan,
};

/// A push that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The guide's id in Stonly.
    pub guide_id: Value,
    /// How many calls were made by this run; the others were made by earlier ones.
    pub calls: usize,
}

/// What to do about a call whose answer an earlier run lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// Stop, and ask.
    Ask,
    /// It changed nothing: send it.
    Again,
    /// It went through, and made the step of this id; nothing, for a link.
    Done(Option<Value>),
}

/// Where and why a push stopped. Nothing that was made is lost: the journal goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// A call failed, and changed nothing.
    #[error("call {number} of {total} failed, and changed nothing: {call}")]
    Failed {
        /// Which call, from 1.
        number: usize,
        /// How many there are.
        total: usize,
        /// What it makes.
        call: String,
        /// What went wrong.
        source: CallError,
    },
    /// A call failed, and may have gone through.
    #[error("call {number} of {total} failed, and may have gone through: {call}")]
    Uncertain {
        /// Which call, from 1.
        number: usize,
        /// How many there are.
        total: usize,
        /// What it makes.
        call: String,
        /// What went wrong.
        source: CallError,
    },
    /// An earlier run lost the answer of a call.
    #[error("call {number} of {total} was sent before, and its answer was lost: {call}")]
    InDoubt {
        /// Which call, from 1.
        number: usize,
        /// How many there are.
        total: usize,
        /// What it makes.
        call: String,
    },
    /// The call in doubt makes a guide: its id and that of its first step are not both known.
    #[error(
        "the guide that may have been made can't be gone on with: delete it, and send it again"
    )]
    DoneGuide,
    /// The call in doubt makes a step, whose id is needed.
    #[error("the id of the step that was made is needed")]
    NoId,
    /// The journal can't be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What tells a push from others: what is made, and where.
pub fn fingerprint(plan: &Plan, client: &Client, folder: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(client.target().as_bytes());
    hasher.update(&folder.to_le_bytes());
    for call in &plan.calls {
        hasher.update(&serde_json::to_vec(&call.line()).unwrap_or_default());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex().as_str().chars().take(32).collect()
}

/// Sends the calls that the journal does not know to be answered.
///
/// # Errors
/// When a call fails for good; the error tells which, and whether it may have gone through.
pub async fn push(
    plan: &Plan,
    client: &Client,
    folder: u64,
    journal: &mut Journal,
    doubt: Doubt,
) -> Result<Pushed, PushError> {
    let total = plan.calls.len();
    settle(plan, journal, doubt)?;
    let before = journal.done();
    for (number, call) in (1..).zip(&plan.calls).skip(before) {
        let id = |placeholder: Placeholder<'_>| match placeholder {
            Placeholder::Folder => Some(folder.into()),
            given => journal.id(given).cloned(),
        };
        // A plan names only what an earlier call made, and the journal has them all.
        let body = call.body(id).unwrap_or_default();
        journal.sent()?;
        let answer = client.post(call.path(), &body, call.repeat()).await;
        let ids = answer.and_then(|answer| ids(call, &answer));
        let (guide_id, step) = match ids {
            Ok(ids) => ids,
            Err(source) => {
                let call_text = call.to_string();
                if source.is_certainly_unapplied() || call.repeat() == Repeat::Harmless {
                    journal.unapplied()?;
                    return Err(PushError::Failed { number, total, call: call_text, source });
                }
                return Err(PushError::Uncertain { number, total, call: call_text, source });
            }
        };
        let key = call.makes().map(|screen| &screen.key);
        journal.answered(guide_id, key.zip(step))?;
    }
    let guide_id = journal.id(Placeholder::Guide).cloned().unwrap_or_default();
    Ok(Pushed { guide_id, calls: total - before })
}

/// Does what is to be done about a call in doubt.
fn settle(plan: &Plan, journal: &mut Journal, doubt: Doubt) -> Result<(), PushError> {
    let number = journal.done();
    let (true, Some(call)) = (journal.is_in_doubt(), plan.calls.get(number)) else {
        return Ok(());
    };
    match (doubt, call) {
        (_, Call::Publish) | (Doubt::Again, _) => Ok(journal.unapplied()?),
        (Doubt::Ask, _) => Err(PushError::InDoubt {
            number: number + 1,
            total: plan.calls.len(),
            call: call.to_string(),
        }),
        (Doubt::Done(_), Call::Guide { .. }) => Err(PushError::DoneGuide),
        (Doubt::Done(Some(id)), Call::Step { screen, .. }) => {
            Ok(journal.answered(None, Some((&screen.key, id)))?)
        }
        (Doubt::Done(None), Call::Step { .. }) => Err(PushError::NoId),
        (Doubt::Done(_), Call::Link { .. }) => Ok(journal.answered(None, None)?),
    }
}

/// The ids that an answer gives: of the guide, and of the step.
fn ids(call: &Call, answer: &Value) -> Result<(Option<Value>, Option<Value>), CallError> {
    let find = |names: &[&str], expected: &'static str| {
        let is_id = |value: &&Value| value.is_string() || value.is_number();
        let id = names.iter().find_map(|name| answer.get(name).filter(is_id)).cloned();
        let found = || excerpt(answer.to_string().as_bytes());
        id.ok_or_else(|| CallError::Unusable { expected, found: found() })
    };
    Ok(match call {
        Call::Guide { .. } => (
            Some(find(&["guideId", "id"], "the id of the guide")?),
            Some(find(&["firstStepId", "stepId"], "the id of its first step")?),
        ),
        Call::Step { .. } => (None, Some(find(&["stepId", "id"], "the id of the step")?)),
        Call::Link { .. } | Call::Publish => (None, None),
    })
}

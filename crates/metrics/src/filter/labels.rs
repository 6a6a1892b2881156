//! Labels that people gave to sessions: `label = "x"`. What a label stands for is a set of sessions, which travels
//! in the capture as the filters that have names do.

use std::sync::Arc;

use super::parser::{Comparison, Operand};
use super::predicate::{Predicate, SessionSet};
use super::resolve::ResolveContext;
use crate::error::{Problem, ProblemCode};
use crate::join::session_hash;

/// The name by which filters ask for labels.
const LABEL: &str = "label";

/// Whether a filter asks for labels by this name.
pub(super) fn is_label(name: &Operand) -> bool {
    name.text.eq_ignore_ascii_case(LABEL)
}

/// The sessions whose label compares so.
pub(super) fn compare(
    name: &Operand,
    comparison: Comparison,
    value: &Operand,
    context: &ResolveContext<'_>,
) -> Result<Predicate, Problem> {
    let is = |label: &str| label == value.text;
    match comparison {
        Comparison::Equal | Comparison::Has => Ok(labelled(context, is)),
        Comparison::NotEqual => Ok(labelled(context, is).negated()),
        Comparison::Contains => {
            let part = value.text.to_lowercase();
            Ok(labelled(context, |label| {
                label.to_lowercase().contains(&part)
            }))
        }
        _ => Err(wrong(name, &format!("which `{comparison}` cannot compare"))),
    }
}

/// The sessions with one of these labels.
pub(super) fn one_of(values: &[Operand], context: &ResolveContext<'_>) -> Predicate {
    labelled(context, |label| {
        values.iter().any(|value| value.text == label)
    })
}

/// The sessions without any label.
pub(super) fn is_null(context: &ResolveContext<'_>) -> Predicate {
    labelled(context, |_| true).negated()
}

/// `label` alone is no condition.
pub(super) fn alone(name: &Operand) -> Problem {
    wrong(name, "which is no condition by itself")
}

fn wrong(name: &Operand, cause: &str) -> Problem {
    let message = format!(
        "`label` holds what people called the session, {cause}; use `=`, `!=`, `in`, `contains` or `is not null`"
    );
    Problem::new(ProblemCode::WrongType, "filter", message).at(name.position)
}

fn labelled(context: &ResolveContext<'_>, wanted: impl Fn(&str) -> bool) -> Predicate {
    let labels = context.segments.labels();
    let wanted = labels
        .into_iter()
        .flatten()
        .filter(|(label, _)| wanted(label));
    let sessions = wanted.flat_map(|(_, sessions)| sessions);
    let set: rustc_hash::FxHashSet<u128> = sessions.map(|id| session_hash(id)).collect();
    match set.is_empty() {
        true => Predicate::Constant(false),
        false => Predicate::InSessions(SessionSet(Arc::new(set))),
    }
}

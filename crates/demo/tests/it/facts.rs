//! Every fact has something to show: what the fold makes of the demo fills every field.

use std::collections::BTreeSet;

use upshot_core::fold::{Carry, Facts, FoldContext, fold, sort_and_deduplicate};
use upshot_core::profile::Profile;
use upshot_core::words::{FallbackThen, Interaction, Role, StepKind, VisitEnd, Word};
use upshot_core::{Attributes, FieldSink, Record};

use crate::{END, sample};

/// The fields that say something: for words which ones, for counts and flags only what is not nothing.
#[derive(Default)]
struct Filled(BTreeSet<usize>);

impl FieldSink for Filled {
    fn text(&mut self, index: usize, value: Option<&str>) {
        if value.is_some() {
            self.0.insert(index);
        }
    }
    fn integer(&mut self, index: usize, value: Option<i64>) {
        if value.is_some_and(|value| value != 0) {
            self.0.insert(index);
        }
    }
    fn real(&mut self, index: usize, value: Option<f64>) {
        if value.is_some() {
            self.0.insert(index);
        }
    }
    fn flag(&mut self, index: usize, value: Option<bool>) {
        if value == Some(true) {
            self.0.insert(index);
        }
    }
    fn map(&mut self, index: usize, value: &Attributes) {
        if !value.is_empty() {
            self.0.insert(index);
        }
    }
}

fn facts() -> Facts {
    let profile = Profile::built_in("default").unwrap();
    let context = FoldContext {
        workspace: "demo",
        profile: &profile,
        as_of: END,
    };
    let mut facts = Facts::default();
    for mut events in sample(8000) {
        for event in &mut events {
            event.note_texts(true);
        }
        sort_and_deduplicate(&mut events);
        fold(&context, &Carry::default(), &events, &mut facts);
    }
    facts
}

#[track_caller]
fn check_filled<R: Record>(records: &[R], empty: &[&str]) {
    let mut filled = Filled::default();
    records.iter().for_each(|record| record.write(&mut filled));
    let nothing: Vec<&str> = (0..R::FIELDS.len())
        .filter(|index| !filled.0.contains(index))
        .map(|index| R::FIELDS[index].name)
        .collect();
    assert_eq!(nothing, empty, "{}", R::TABLE);
}

#[track_caller]
fn check_words<W: Word + Ord>(found: impl Iterator<Item = W>) {
    let found: BTreeSet<W> = found.collect();
    for word in W::ALL {
        assert!(found.contains(word), "{word:?}");
    }
}

#[test]
fn every_fact_has_something_to_show() {
    let facts = facts();
    // Nobody answers outside the scale.
    check_filled(&facts.sessions, &["csat_invalid"]);
    check_filled(&facts.messages, &[]);
    check_filled(&facts.steps, &[]);
    let messages = || facts.messages.iter();
    let steps = || facts.steps.iter();
    check_words::<FallbackThen>(messages().filter_map(|it| it.fallback_then));
    check_words::<VisitEnd>(steps().filter_map(|it| it.visit_end));
    check_words::<StepKind>(steps().filter_map(|it| it.step_kind));
    check_words::<Interaction>(steps().filter_map(|it| it.interaction));
    let spoken = messages().filter(|it| it.role == Some(Role::User));
    let again = spoken.clone().filter(|it| it.rephrased || it.repeated);
    assert!(again.count() * 100 > spoken.count(), "one in a hundred");
}

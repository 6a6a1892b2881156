//! What whoever reads the numbers should know: notes beside an answer.

use upshot_core::prices::PriceList;
use upshot_core::time::start_of_day;
use upshot_lake::Capture;

use crate::assemble::{Part, Passes, elapsed};
use crate::beside;
use crate::present;
use crate::query::EnvironmentChoice;
use crate::query::baseline::{Baseline, is_reduction};
use crate::query::plan::{Grouping, MetricPlan};
use crate::query::remarks::PlannedRemark;
use crate::query::resolve::Resolved;
use crate::registry::{Maturity, Subject, Unit};
use crate::result::{Note, NoteCode};
use crate::retention::unlinkable_note;

/// All notes of an answer.
pub(crate) fn notes(
    resolved: &Resolved,
    passes: &Passes,
    prices: &str,
    capture: &Capture,
) -> Vec<Note> {
    let remarks = passes
        .parts
        .iter()
        .flat_map(|part| remarks(part, prices, capture));
    let mut notes = counted_notes(resolved, passes);
    notes.extend(remarks);
    notes.extend(old_facts(capture));
    once_each(notes)
}

/// Several passes may have the same to say.
fn once_each(notes: Vec<Note>) -> Vec<Note> {
    let mut told: Vec<Note> = Vec::new();
    for note in notes {
        if !told.contains(&note) {
            told.push(note);
        }
    }
    told
}

/// What is read although the rules of the fact set did not make it.
fn old_facts(capture: &Capture) -> impl Iterator<Item = Note> {
    let date = |day| {
        let start = jiff::Timestamp::from_microsecond(start_of_day(day));
        start.map_or_else(
            |_| day.to_string(),
            |start| start.strftime("%F").to_string(),
        )
    };
    capture.kept.iter().map(move |kept| Note {
        code: NoteCode::OldFacts,
        text: format!(
            "sessions that started from {} to {} are as the rules {} made them: their events are no \
             longer kept, so the rules {} cannot make them anew",
            date(kept.first_day),
            date(kept.last_day),
            kept.fact_set,
            capture.fact_set
        ),
        count: kept.sessions,
    })
}

/// What is to be told of what was counted.
fn counted_notes(resolved: &Resolved, passes: &Passes) -> Vec<Note> {
    let mut left_out: Vec<(Subject, u64)> = Vec::new();
    for Part { plan, gathered } in &passes.parts {
        if left_out.iter().all(|(subject, _)| *subject != plan.subject) {
            left_out.push((plan.subject, gathered.left_out));
        }
    }
    let mut notes = vec![environment_note(resolved.environment, &left_out)];
    for part in &passes.parts {
        let counters = &part.gathered.totals.counters;
        notes.extend(pending_notes(part, counters));
        notes.extend(overlap_note(part, counters));
        let unlinkable = part.plan.unlinkable;
        notes.extend(unlinkable.and_then(|counter| unlinkable_note(*counters.get(counter)?)));
    }
    if let Some((range, ..)) = &passes.previous
        && elapsed(resolved, passes.range, *range).0 != elapsed(resolved, passes.range, *range).1
    {
        notes.push(Note {
            code: NoteCode::UnequalRanges,
            text: "the ranges are not equally long; changes of counts are changes per day"
                .to_owned(),
            count: 0,
        });
    }
    notes.extend(beside::notes(resolved, passes));
    notes.extend(baseline_note(resolved, passes));
    for grouping in passes.groupings() {
        if let Grouping::List(column) = grouping {
            notes.push(many_valued_note(column));
        }
    }
    notes
}

/// With what reductions are measured.
fn baseline_note(resolved: &Resolved, passes: &Passes) -> Option<Note> {
    let metric = resolved
        .metrics
        .iter()
        .find(|metric| is_reduction(metric))?;
    let share = |value| present::value(Unit::Share, value);
    let (what, count) = match resolved.baseline.as_ref()? {
        Baseline::Rate(rate) => {
            let what = format!(
                "{}, as the settings of the workspace state it",
                share(*rate)
            );
            (what, 0)
        }
        Baseline::Range { told, .. } => {
            let found = &passes.baselines.totals().first()?.value;
            let what = match found.value {
                Some(value) => format!("{}, found {told}", share(value)),
                None => format!("unknown, because there is nothing to compare with {told}"),
            };
            (what, found.n)
        }
    };
    Some(Note {
        code: NoteCode::Baseline,
        text: format!("the baseline of `{}` is {what}", metric.id),
        count,
    })
}

/// The name of the price list.
pub(crate) fn price_list(capture: &Capture) -> String {
    let own = capture
        .prices
        .as_ref()
        .map(|list| list.version().to_owned());
    own.unwrap_or_else(|| PriceList::built_in().version().to_owned())
}

/// What must be said beside the metrics of a pass.
fn remarks(part: &Part, prices: &str, capture: &Capture) -> Vec<Note> {
    let counters = &part.gathered.totals.counters;
    let counted = |counter: usize| counters.get(counter).copied().unwrap_or(0);
    let made = part.plan.remarks.iter().filter_map(|planned| {
        let PlannedRemark {
            remark,
            rows,
            among,
        } = *planned;
        let count = counted(rows);
        Some(Note {
            code: remark.code,
            text: remark.note((count, among.map_or(0, counted)), prices, capture)?,
            count,
        })
    });
    made.collect()
}

/// What waits, once for each reason to wait.
fn pending_notes(part: &Part, counters: &[u64]) -> Vec<Note> {
    let mut told = Vec::new();
    let mut notes = Vec::new();
    for MetricPlan {
        metric, pending, ..
    } in &part.plan.metrics
    {
        let count = counters.get(*pending).copied().unwrap_or(0);
        // What waits of a quotient is said of the rows that it is about.
        let elsewhere = metric.subject != part.plan.subject;
        if count == 0 || elsewhere || told.contains(&metric.maturity) {
            continue;
        }
        told.push(metric.maturity);
        let rows = counted(part.plan.subject, count);
        let text = match metric.maturity {
            Maturity::None => continue,
            Maturity::Timeout => {
                format!("{rows} too young to be judged: counted, but part of no rate or mean")
            }
            Maturity::Window | Maturity::ThirtyDays => format!(
                "{rows} too young to know whether the user comes back: part of no number that waits \
                 for it"
            ),
        };
        notes.push(Note {
            code: NoteCode::Pending,
            text,
            count,
        });
    }
    notes
}

/// What lies in both of two segments is on both sides of the difference.
fn overlap_note(part: &Part, counters: &[u64]) -> Option<Note> {
    let count = *counters.get(part.plan.overlap?)?;
    let rows = counted(part.plan.subject, count);
    (count > 0).then(|| Note {
        code: NoteCode::OverlappingSegments,
        text: format!(
            "{rows} of both segments: the interval and the verdict take the two for apart, so a difference may be \
             surer than they say"
        ),
        count,
    })
}

/// What stands under every value of its list.
pub(crate) fn many_valued_note(column: &str) -> Note {
    let what = match column {
        "topics" => "topic that it visited".to_owned(),
        sources if sources.contains("sources_") => "one of its sources of knowledge".to_owned(),
        other => format!("value of its `{other}`"),
    };
    Note {
        code: NoteCode::ManyValued,
        text: format!(
            "a session counts in the row of every {what}, so the rows add up to more than the totals"
        ),
        count: 0,
    }
}

/// So many rows of a subject, in words.
fn counted(subject: Subject, count: u64) -> String {
    match count {
        1 => format!("1 {}", subject.one()),
        _ => format!("{count} {}", subject.name()),
    }
}

/// The badge that says which traffic is counted, and how many rows of each subject that leaves out.
pub(crate) fn environment_note(choice: EnvironmentChoice, left_out: &[(Subject, u64)]) -> Note {
    let some = left_out.iter().filter(|(_, count)| *count > 0);
    let parts: Vec<String> = some
        .clone()
        .map(|(subject, count)| counted(*subject, *count))
        .collect();
    let what = match parts.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    };
    let text = match choice {
        EnvironmentChoice::All => "production and test traffic".to_owned(),
        EnvironmentChoice::Production if what.is_empty() => {
            "production traffic only; it is all there is".to_owned()
        }
        EnvironmentChoice::Production => {
            format!("production traffic only; {what} of test traffic left out")
        }
        EnvironmentChoice::Test => {
            let what = if what.is_empty() { "0 sessions" } else { &what };
            format!("test traffic only; {what} of production traffic left out")
        }
    };
    Note {
        code: NoteCode::Environment,
        text,
        count: some.map(|(_, count)| *count).next().unwrap_or(0),
    }
}

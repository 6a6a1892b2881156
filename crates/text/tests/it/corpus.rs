//! The golden corpus: `corpus.txt` says how it is written.

use std::collections::BTreeMap;
use std::ops::Range;

use upshot_text::{DataKind, Masker};

const CORPUS: &str = include_str!("corpus.txt");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Found,
    Missed,
    TakenInError,
}

struct Line {
    number: usize,
    text: String,
    marks: Vec<(Range<usize>, DataKind, Known)>,
}

fn parse(number: usize, line: &str) -> Line {
    let mut rest = line.split_once(' ').unwrap().1;
    let mut text = String::new();
    let mut marks = Vec::new();
    while let Some(open) = rest.find('{') {
        let (kind, known, after) = match mark(&rest[open + 1..]) {
            Some(mark) => mark,
            None => {
                text.push_str(&rest[..=open]);
                rest = &rest[open + 1..];
                continue;
            }
        };
        text.push_str(&rest[..open]);
        let close = after.find('}').unwrap();
        let start = text.len();
        text.push_str(after[..close].trim_end());
        marks.push((start..text.len(), kind, known));
        rest = &after[close + 1..];
    }
    text.push_str(rest);
    Line {
        number,
        text,
        marks,
    }
}

fn mark(text: &str) -> Option<(DataKind, Known, &str)> {
    let (name, after) = text.split_once(':')?;
    let (name, known) = match (name.strip_suffix('!'), name.strip_suffix('-')) {
        (Some(name), _) => (name, Known::Missed),
        (_, Some(name)) => (name, Known::TakenInError),
        _ => (name, Known::Found),
    };
    let kind = DataKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == name)?;
    Some((kind, known, after))
}

fn lines() -> Vec<Line> {
    CORPUS
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(index, line)| parse(index + 1, line))
        .collect()
}

#[derive(Default)]
struct Tally {
    right: usize,
    wrong: usize,
    missed: usize,
}

fn found_in(text: &str) -> Vec<(Range<usize>, DataKind)> {
    Masker::new(b"key")
        .find(text)
        .into_iter()
        .map(|found| (found.span, found.kind))
        .collect()
}

#[test]
fn corpus_is_masked_as_marked() {
    let mut faults = Vec::new();
    for line in lines() {
        let expected: Vec<_> = line
            .marks
            .iter()
            .filter(|mark| mark.2 != Known::Missed)
            .map(|mark| (mark.0.clone(), mark.1))
            .collect();
        if found_in(&line.text) != expected {
            let masked = Masker::new(b"key").mask(&line.text).text;
            faults.push(format!(
                "line {}: {}\n    became {masked}",
                line.number, line.text
            ));
        }
    }
    assert!(
        faults.is_empty(),
        "{} lines differ\n{}",
        faults.len(),
        faults.join("\n")
    );
}

fn tallies() -> BTreeMap<DataKind, Tally> {
    let mut tallies: BTreeMap<DataKind, Tally> = BTreeMap::new();
    for line in lines() {
        let found = found_in(&line.text);
        for (span, kind, known) in &line.marks {
            let tally = tallies.entry(*kind).or_default();
            match (known, found.contains(&(span.clone(), *kind))) {
                (Known::TakenInError, _) => {}
                (_, true) => tally.right += 1,
                (_, false) => tally.missed += 1,
            }
        }
        for (span, kind) in found {
            let meant = |mark: &(Range<usize>, DataKind, Known)| {
                mark.0 == span && mark.1 == kind && mark.2 != Known::TakenInError
            };
            if !line.marks.iter().any(meant) {
                tallies.entry(kind).or_default().wrong += 1;
            }
        }
    }
    tallies
}

#[test]
fn precision_and_recall_are_high() {
    let (mut right, mut wrong, mut missed) = (0, 0, 0);
    for (kind, tally) in tallies() {
        println!(
            "{kind}: {} right, {} wrong, {} missed",
            tally.right, tally.wrong, tally.missed
        );
        // Names and the like are not looked for at all; they are in the corpus to say so.
        if kind != DataKind::Personal {
            right += tally.right;
            wrong += tally.wrong;
            missed += tally.missed;
        }
    }
    let precision = right as f64 / (right + wrong) as f64;
    let recall = right as f64 / (right + missed) as f64;
    println!("precision {precision:.3}, recall {recall:.3}");
    assert!(precision >= 0.98, "precision {precision}");
    assert!(recall >= 0.97, "recall {recall}");
}

#[test]
fn corpus_is_large_and_many_tongued() {
    let lines = lines();
    assert!(lines.len() >= 120);
    let plain = lines.iter().filter(|line| line.marks.is_empty()).count();
    assert!(plain >= 60, "{plain} lines of what must stay");
}

#[test]
fn masking_the_corpus_twice_changes_nothing() {
    let masker = Masker::new(b"key");
    for line in lines() {
        let once = masker.mask(&line.text).text;
        assert_eq!(masker.mask(&once).text, once, "line {}", line.number);
    }
}

#[test]
fn every_token_is_documented() {
    let page = include_str!("../../../../docs/privacy.md");
    for kind in DataKind::ALL {
        let row = format!("\n| `{}` |", kind.token());
        assert!(page.contains(&row), "docs/privacy.md lacks {kind}");
    }
}

//! Copilot Studio transcripts.

use expect_test::expect_file;
use upshot_adapters::Format;
use upshot_core::words::{Environment, EventType};

use crate::copilot_studio_support::*;
use crate::support::*;

fn golden(name: &str, expected: expect_test::ExpectFile) {
    let (batch, summary) = read(&fixture(&format!("copilot_studio/{name}")));
    assert_eq!(summary.format, Some(Format::CopilotStudio));
    expected.assert_eq(&compact(&batch));
}

#[test]
fn classic_orchestration() {
    golden(
        "rows.json",
        expect_file!["../fixtures/copilot_studio/expected/rows.txt"],
    );
}

#[test]
fn generative_orchestration() {
    golden(
        "generative.json",
        expect_file!["../fixtures/copilot_studio/expected/generative.txt"],
    );
}

#[test]
fn transcripts_without_node_traces() {
    golden(
        "legacy_row.json",
        expect_file!["../fixtures/copilot_studio/expected/legacy_row.txt"],
    );
}

#[test]
fn cards_and_forms() {
    golden(
        "cards.json",
        expect_file!["../fixtures/copilot_studio/expected/cards.txt"],
    );
}

#[test]
fn calls_and_triggered_runs() {
    golden(
        "channels.jsonl",
        expect_file!["../fixtures/copilot_studio/expected/channels.txt"],
    );
}

#[test]
fn exports_as_tables() {
    golden(
        "export.csv",
        expect_file!["../fixtures/copilot_studio/expected/export.txt"],
    );
    golden(
        "third_party.csv",
        expect_file!["../fixtures/copilot_studio/expected/third_party.txt"],
    );
}

#[test]
fn contents_in_parts_and_resumed_conversations() {
    golden(
        "parts.json",
        expect_file!["../fixtures/copilot_studio/expected/parts.txt"],
    );
}

/// The rows of a public sample, if its folder is at hand.
#[test]
fn real_rows_give_what_they_report() {
    let Ok(folder) = std::env::var("UPSHOT_REAL_DATA") else {
        println!("skipped: UPSHOT_REAL_DATA does not name the folder of real data");
        return;
    };
    let path = format!("{folder}/copilotstudio_slg/conversationtranscripts.json");
    let (batch, _) = read(&std::fs::read(path).unwrap());
    assert_eq!(batch.rejected, []);
    let count = |kind| {
        let of_kind = batch.events.iter().filter(|it| it.event_type == Some(kind));
        of_kind.count()
    };
    assert_eq!(count(EventType::Report), 11);
    assert_eq!(count(EventType::Message), 36);
    assert!(
        batch
            .events
            .iter()
            .all(|it| it.environment == Some(Environment::Test))
    );
    let turns = batch.events.iter().filter_map(|it| it.reported_turns);
    assert_eq!(turns.sum::<i64>(), 36);
}

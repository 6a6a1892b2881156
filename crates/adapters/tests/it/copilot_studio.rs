//! Copilot Studio transcripts.

use expect_test::expect_file;
use upshot_adapters::Format;

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

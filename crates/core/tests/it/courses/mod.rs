//! Facts of messages, steps and people, each as a table: the conversation, then the columns.

mod agents;
mod steps;
mod understanding;

use expect_test::Expect;
use upshot_core::words::{Role, StepKind};
use upshot_core::{Message, Step};

use crate::scene::{facts, fields, profile, rows};

fn check_session(scene: &str, names: &[&str], expect: Expect) {
    let facts = facts(&profile("default"), scene);
    assert_eq!(facts.sessions.len(), 1);
    expect.assert_eq(&fields(&facts.sessions[0], names));
}

fn check_messages(scene: &str, role: Role, names: &[&str], expect: Expect) {
    let facts = facts(&profile("default"), scene);
    let wanted = |message: &Message| message.role == Some(role);
    let messages: Vec<Message> = facts.messages.into_iter().filter(wanted).collect();
    expect.assert_eq(&rows(&messages, names));
}

fn check_steps(scene: &str, kind: StepKind, names: &[&str], expect: Expect) {
    let facts = facts(&profile("default"), scene);
    let wanted = |step: &Step| step.step_kind == Some(kind);
    let steps: Vec<Step> = facts.steps.into_iter().filter(wanted).collect();
    expect.assert_eq(&rows(&steps, names));
}

//! What the platform reports of its sessions against what the fold makes of their events.

use std::collections::BTreeMap;

use upshot_adapters::Batch;
use upshot_core::fold::{Carry, FoldContext, fold, sort_and_deduplicate};
use upshot_core::profile::Profile;
use upshot_core::time::DAY;
use upshot_core::words::{Environment, EscalationKind, Outcome, ResolutionKind, Rule};
use upshot_core::{Event, Session};

use crate::support::*;

/// The sessions of all conversations, by start, long after their last event.
fn sessions_of(batch: &Batch) -> Vec<Session> {
    let mut conversations = BTreeMap::<&str, Vec<Event>>::new();
    for event in &batch.events {
        let events = conversations.entry(&event.conversation_id).or_default();
        events.push(event.clone());
    }
    let profile = Profile::built_in("copilot-studio").unwrap();
    let latest = batch
        .events
        .iter()
        .map(|event| event.time)
        .max()
        .unwrap_or_default();
    let context = FoldContext {
        workspace: "test",
        profile: &profile,
        as_of: latest + DAY,
    };
    let mut facts = upshot_core::fold::Facts::default();
    for mut events in conversations.into_values() {
        sort_and_deduplicate(&mut events);
        fold(&context, &Carry::default(), &events, &mut facts);
    }
    let mut sessions = facts.sessions;
    sessions.sort_by_key(|session| session.start_time);
    sessions
}

/// What the platform reports and what we find, for one session.
fn disagreement(session: &Session) -> Option<String> {
    let engaged = session.engaged_time.is_some();
    let implied = session.resolution_kind == Some(ResolutionKind::Implied);
    let same = session.reported_engaged == Some(engaged)
        && session.reported_outcome == session.outcome
        && session.reported_implied == Some(implied)
        && session.reported_turns == Some(session.messages);
    (!same).then(|| format!("{session:#?}"))
}

fn assert_agreement(sessions: &[Session]) {
    let found: Vec<String> = sessions.iter().filter_map(disagreement).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn outcomes(sessions: &[Session]) -> Vec<(Option<Outcome>, Option<Rule>)> {
    let outcome = |session: &Session| (session.outcome, session.engaged_rule);
    sessions.iter().map(outcome).collect()
}

fn read_fixture(name: &str) -> Batch {
    read(&fixture(&format!("copilot_studio/{name}"))).0
}

#[test]
fn what_is_found_equals_what_is_reported() {
    for name in [
        "rows.json",
        "legacy_row.json",
        "channels.jsonl",
        "parts.json",
        "export.csv",
    ] {
        let sessions = sessions_of(&read_fixture(name));
        let reports = sessions.iter().filter(|it| it.reported_engaged.is_some());
        assert_eq!(reports.count(), sessions.len(), "{name}");
        assert_agreement(&sessions);
    }
}

#[test]
fn rows_of_classic_orchestration_fold_to_their_outcomes() {
    let sessions = sessions_of(&read_fixture("rows.json"));
    assert_eq!(
        outcomes(&sessions),
        [
            (Some(Outcome::Resolved), Some(Rule::CustomTopic)),
            (Some(Outcome::Escalated), Some(Rule::EscalateTopic)),
            (Some(Outcome::Abandoned), Some(Rule::Fallback)),
            // Only greeted; and a plan that ran a tool, which classic rules do not count.
            (Some(Outcome::None), None),
            (Some(Outcome::None), None),
        ]
    );
    let resolved = &sessions[0];
    assert_eq!(resolved.resolution_kind, Some(ResolutionKind::Confirmed));
    assert_eq!(resolved.resolution_survey_answer, Some(true));
    assert_eq!(resolved.csat_score, Some(4.0));
    assert_eq!(resolved.topic_name.as_deref(), Some("Track a parcel"));
    assert_eq!((resolved.options_shown, resolved.options_chosen), (2, 1));
    assert_eq!(
        (resolved.questions_asked, resolved.questions_asked_again),
        (3, 1)
    );
    let escalated = &sessions[1];
    assert_eq!(
        escalated.escalation_kind,
        Some(EscalationKind::UserRequested)
    );
    assert_eq!(escalated.handover_requests, 1);
    assert!(escalated.queued_time.is_some() && escalated.accepted_time.is_none());
    assert_eq!(escalated.context_passed, Some(true));
    let unknown = &sessions[2];
    assert_eq!(
        (unknown.generated_questions, unknown.generated_answers),
        (2, 1)
    );
    assert_eq!(unknown.feedback_offered, Some(1));
    assert!(unknown.last_answer_fallback);
    assert_eq!((unknown.tokens_input, unknown.tokens_output), (900, 42));
}

#[test]
fn a_conversation_in_parts_that_was_resumed_has_two_sessions() {
    let sessions = sessions_of(&read_fixture("parts.json"));
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0].conversation_id, sessions[1].conversation_id);
    assert_eq!(sessions[0].user_key, sessions[1].user_key);
}

/// The rows of a public sample, if its folder is at hand.
#[test]
fn real_rows_fold_to_what_they_report() {
    let Ok(folder) = std::env::var("UPSHOT_REAL_DATA") else {
        println!("skipped: UPSHOT_REAL_DATA does not name the folder of real data");
        return;
    };
    let folder = format!("{folder}/copilotstudio_slg");
    let file = format!("{folder}/conversationtranscripts.json");
    let (batch, _) = read(&std::fs::read(file).unwrap());
    assert_eq!(batch.rejected, []);
    let sessions = sessions_of(&batch);
    assert_eq!(sessions.len(), 11);
    assert_agreement(&sessions);
    let count = |outcome| {
        sessions
            .iter()
            .filter(|it| it.outcome == Some(outcome))
            .count()
    };
    assert_eq!((count(Outcome::Abandoned), count(Outcome::None)), (7, 4));
    assert_eq!(sessions.iter().map(|it| it.messages).sum::<i64>(), 36);
    assert!(
        sessions
            .iter()
            .all(|it| it.environment == Some(Environment::Test))
    );
    for (session, report) in sessions.iter().zip(reports_of(&batch)) {
        assert_eq!((session.start_time, session.end_time), report);
    }
    // The same rows as bare contents, one a file.
    let mut bare = Vec::new();
    for number in 0..11 {
        let file = format!("{folder}/content/content{number}.json");
        let (batch, _) = read(&std::fs::read(file).unwrap());
        assert_eq!(batch.rejected, []);
        bare.extend(sessions_of(&batch));
    }
    bare.sort_by_key(|session| session.start_time);
    assert_agreement(&bare);
    assert_eq!(outcomes(&bare), outcomes(&sessions));
}

/// The first and last instants that the platform reports of its sessions, in order.
fn reports_of(batch: &Batch) -> Vec<(i64, i64)> {
    let reports = batch.events.iter();
    let mut times: Vec<_> = reports
        .filter_map(|event| event.reported_start.zip(event.reported_end))
        .collect();
    times.sort_unstable();
    times
}

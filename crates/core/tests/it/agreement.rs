//! The fold and the oracle give the same account of every conversation.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use upshot_core::fold::Carry;
use upshot_core::profile::{Profile, built_in_text};
use upshot_core::time::DAY;
use upshot_core::words::StepKind;
use upshot_core::{Event, Message, Record, Session, Step};

use crate::changed_profiles::profile_text;
use crate::conversations::{cases, events, later, pieces};
use crate::laws::folded;
use crate::oracle::{Account, Book, Row, account, row_of};
use crate::scene::{ORIGIN, facts, profile};

/// Fields about which the oracle says nothing, each with the test that does.
const LEFT_TO_OTHERS: [(&str, &str); 53] = [
    ("fact_set", "names_its_fact_set"),
    ("user_key", "keys_tell_users_apart"),
    ("person_key", "keys_tell_users_apart"),
    // What agents do, each in their part.
    ("agent_first_response_time", "agents_have_their_parts"),
    ("agent_handle_time_sum", "agents_have_their_parts"),
    ("agent_response_time_sum", "agents_have_their_parts"),
    ("agent_responses", "agents_have_their_parts"),
    ("agent_spans", "agents_have_their_parts"),
    ("agent_messages", "agents_have_their_parts"),
    ("first_response_time", "agents_have_their_parts"),
    ("questions_repeated", "agents_have_their_parts"),
    ("questions_repeated_by_agent", "agents_have_their_parts"),
    ("response_time_sum", "agents_have_their_parts"),
    ("responses", "agents_have_their_parts"),
    ("serving_agent", "agents_have_their_parts"),
    (
        "waiting_since",
        "who_leaves_the_queue_is_not_waiting_any_more",
    ),
    (
        "waiting_time",
        "who_leaves_the_queue_is_not_waiting_any_more",
    ),
    (
        "queue_left_time",
        "who_leaves_the_queue_is_not_waiting_any_more",
    ),
    // What is only known from what came after.
    ("ambiguous", "a_message_knows_what_else_was_considered"),
    (
        "ambiguous_messages",
        "a_message_knows_what_else_was_considered",
    ),
    (
        "considered_intent",
        "a_message_knows_what_else_was_considered",
    ),
    (
        "runner_up_confidence",
        "a_message_knows_what_else_was_considered",
    ),
    (
        "runner_up_intent",
        "a_message_knows_what_else_was_considered",
    ),
    (
        "smallest_margin",
        "a_message_knows_what_else_was_considered",
    ),
    ("fallback_run", "what_comes_after_a_fallback"),
    ("fallback_then", "what_comes_after_a_fallback"),
    ("fallback_then_left", "what_comes_after_a_fallback"),
    ("fallbacks_then_handover", "what_comes_after_a_fallback"),
    ("last_before_handover", "what_comes_after_a_fallback"),
    ("rephrased", "who_says_the_same_again"),
    ("rephrased_messages", "who_says_the_same_again"),
    ("repeated", "who_says_the_same_again"),
    ("repeated_messages", "who_says_the_same_again"),
    ("answers_copied", "answers_are_copied_stopped_and_left"),
    ("answers_regenerated", "answers_are_copied_stopped_and_left"),
    ("answers_stopped", "answers_are_copied_stopped_and_left"),
    ("copied", "answers_are_copied_stopped_and_left"),
    ("left_after", "answers_are_copied_stopped_and_left"),
    ("regenerated", "answers_are_copied_stopped_and_left"),
    ("stopped", "answers_are_copied_stopped_and_left"),
    ("visit_end", "visits_end_somehow"),
    ("feedback_up", "visits_end_somehow"),
    ("feedback_down", "visits_end_somehow"),
    ("feedback_neutral", "visits_end_somehow"),
    ("answer_position", "calls_tell_what_they_served"),
    (
        "feedback_commented",
        "surveys_are_steps_and_comments_are_known_without_their_text",
    ),
    (
        "questions_left",
        "questions_are_asked_until_they_are_answered_or_left",
    ),
    (
        "question_attempts",
        "questions_are_asked_until_they_are_answered_or_left",
    ),
    (
        "question_result",
        "questions_are_asked_until_they_are_answered_or_left",
    ),
    (
        "question_time",
        "questions_are_asked_until_they_are_answered_or_left",
    ),
    ("option_chosen", "a_choice_finds_the_option_that_was_shown"),
    ("option_time", "a_choice_finds_the_option_that_was_shown"),
    (
        "option_position",
        "a_choice_finds_the_option_that_was_shown",
    ),
];

/// The differences, a line each.
fn differences(profile: &Profile, book: &Book, told: &[Event], as_of: i64) -> Vec<String> {
    let (facts, _) = folded(profile, &Carry::default(), told, as_of);
    let expected = account(book, "w", told, as_of);
    let sessions = facts.sessions.iter().map(row_of).collect();
    let mut messages: Vec<Row> = facts.messages.iter().map(row_of).collect();
    // The parts that agents take are told by `courses`.
    let known = facts
        .steps
        .iter()
        .filter(|step| step.step_kind != Some(StepKind::Agent));
    let mut steps: Vec<Row> = known.map(row_of).collect();
    let Account {
        sessions: of_sessions,
        messages: mut of_messages,
        steps: mut of_steps,
    } = expected;
    for rows in [&mut messages, &mut steps, &mut of_messages, &mut of_steps] {
        rows.sort_by_key(|row| {
            (
                row.number_of("time"),
                row.text_of("event_id").map(str::to_owned),
            )
        });
    }
    let mut lines = compare("session", "start_event", sessions, of_sessions);
    lines.extend(compare("message", "event_id", messages, of_messages));
    lines.extend(compare("step", "event_id", steps, of_steps));
    lines
}

fn compare(what: &str, name: &str, found: Vec<Row>, expected: Vec<Row>) -> Vec<String> {
    let names = |rows: &[Row]| -> Vec<String> {
        rows.iter()
            .map(|row| row.text_of(name).unwrap_or("?").to_owned())
            .collect()
    };
    let (of_fold, of_oracle) = (names(&found), names(&expected));
    if of_fold != of_oracle {
        return vec![format!(
            "{what}s of the fold {of_fold:?}, of the oracle {of_oracle:?}"
        )];
    }
    let mut lines = Vec::new();
    for (found, expected) in found.iter().zip(&expected) {
        for (field, value) in &expected.0 {
            let other = found.get(field);
            if other != value.as_ref() {
                let of = found.text_of(name).unwrap_or("?");
                lines.push(format!(
                    "{what} {of}: {field}: fold {other:?}, oracle {value:?}"
                ));
            }
        }
    }
    lines
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn fold_and_oracle_agree(pieces in pieces(28), text in profile_text(), later in later()) {
        let profile = Profile::from_toml(&text).unwrap();
        let told = events(&pieces);
        let as_of = told.last().map_or(0, |event| event.time) + later;
        let lines = differences(&profile, &Book::of(&text), &told, as_of);
        prop_assert!(lines.is_empty(), "{text}\n{}\n{}", lines.join("\n"), list(&told));
    }
}

/// The events as a reader needs them to find the cause of a difference.
fn list(told: &[Event]) -> String {
    let line = |event: &Event| {
        let row = row_of(event);
        let said = row
            .0
            .iter()
            .filter_map(|(name, cell)| Some((name, cell.as_ref()?)));
        let quiet = ["time", "conversation_id", "source_sequence", "message_id"];
        let said = said.filter(|(name, _)| !quiet.contains(*name));
        let said: Vec<String> = said
            .map(|(name, cell)| format!("{name}={cell:?}"))
            .collect();
        format!(
            "{:>12}s {}",
            (event.time - ORIGIN) as f64 / 1e6,
            said.join(" ")
        )
    };
    told.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A conversation in which there is a session, a message, a step and a message outside any session.
const ALL_KINDS: &str = "
    0s user where is my parcel
    1s topic Parcel kind=custom trigger=direct
    2s bot it is on its way
    2d agent hello";

#[test]
fn every_field_is_compared_or_left_to_another_test() {
    let told = crate::scene::events(ALL_KINDS);
    let book = Book::of(built_in_text("default").unwrap());
    let account = account(&book, "w", &told, ORIGIN + 7 * DAY);
    assert_eq!(
        [
            account.sessions.len(),
            account.messages.len(),
            account.steps.len()
        ],
        [1, 3, 1]
    );
    decided::<Session>(&account.sessions);
    decided::<Message>(&account.messages);
    decided::<Step>(&account.steps);
}

fn decided<R: Record>(rows: &[Row]) {
    let left: BTreeSet<&str> = LEFT_TO_OTHERS.iter().map(|(name, _)| *name).collect();
    let fields: BTreeSet<&str> = R::FIELDS.iter().map(|field| field.name).collect();
    for row in rows {
        let known: BTreeSet<&str> = row.0.keys().copied().collect();
        let new: Vec<_> = fields
            .iter()
            .filter(|name| !known.contains(*name) && !left.contains(*name))
            .collect();
        assert!(
            new.is_empty(),
            "{}: the oracle does not know {new:?}; teach it, or name the test in LEFT_TO_OTHERS",
            R::TABLE
        );
        let gone: Vec<_> = known.difference(&fields).collect();
        assert!(gone.is_empty(), "{}: no such fields {gone:?}", R::TABLE);
    }
}

#[test]
fn names_its_fact_set() {
    let facts = facts(&profile("indigo"), ALL_KINDS);
    let expected = Some(profile("indigo").fact_set());
    let sessions = facts
        .sessions
        .iter()
        .map(|session| session.fact_set.as_deref());
    let messages = facts
        .messages
        .iter()
        .map(|message| message.fact_set.as_deref());
    let steps = facts.steps.iter().map(|step| step.fact_set.as_deref());
    for fact_set in sessions.chain(messages).chain(steps) {
        assert_eq!(fact_set, expected.as_deref());
    }
    assert_eq!(
        facts.sessions.len() + facts.messages.len() + facts.steps.len(),
        5
    );
}

#[test]
fn keys_tell_users_apart() {
    let scene = "
        0s user hi user_id=u1 device=mobile browser=a conversation_id=c
        2d user hi user_id=u1 device=mobile browser=b conversation_id=c
        4d user hi user_id=u2 device=mobile browser=a conversation_id=c
        6d user hi user_id=u1 device=mobile browser=a conversation_id=c
        8d user hi conversation_id=c
        10d user hi conversation_id=c";
    let facts = facts(&profile("default"), scene);
    let number = |keys: Vec<i64>| -> Vec<usize> {
        let mut known: BTreeMap<i64, usize> = BTreeMap::new();
        keys.iter()
            .map(|key| {
                let next = known.len();
                *known.entry(*key).or_insert(next)
            })
            .collect()
    };
    let users = facts
        .sessions
        .iter()
        .map(|session| session.user_key.unwrap())
        .collect();
    assert_eq!(number(users), [0, 1, 2, 0, 3, 3]);
    let people = facts
        .sessions
        .iter()
        .map(|session| session.person_key.unwrap())
        .collect();
    assert_eq!(number(people), [0, 0, 1, 0, 2, 2]);
    for message in &facts.messages {
        let its = |session: &&Session| Some(&session.session_id) == message.session_id.as_ref();
        assert_eq!(
            message.user_key,
            facts.sessions.iter().find(its).unwrap().user_key
        );
    }
}

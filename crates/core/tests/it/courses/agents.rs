//! What people do in a session.

use expect_test::expect;
use upshot_core::words::StepKind;

use super::{check_session, check_steps};

const SERVED: &str = "
    0s user where is my parcel
    1s topic Parcel kind=custom trigger=direct
    1s question asked question_id=number question_name=Number
    1s bot your number?
    5s user I want a person
    6s handover requested trigger=direct kind=human skill=care
    7s handover queued queue=care-de
    8s bot one moment
    67s handover accepted agent_id=a1 skill=care queue=care-de context_passed=yes
    77s agent hello agent_id=a1
    80s question asked question_id=number role=agent agent_id=a1
    90s user 4711
    100s agent I see agent_id=a1
    110s user thanks
    115s handover transferred agent_id=a1
    145s handover accepted agent_id=a2 skill=returns
    150s agent hello agent_id=a2
    160s handover finished agent_id=a2";

#[test]
fn agents_have_their_parts() {
    check_steps(
        SERVED,
        StepKind::Agent,
        &[
            "event_id",
            "agent_id",
            "skill",
            "waiting_time",
            "first_response_time",
            "response_time_sum",
            "responses",
            "agent_messages",
            "questions_repeated",
            "duration",
            "handover_stage",
            "context_passed",
        ],
        expect![[r#"
            @9 a1 care 60000000 10000000 10000000 1 2 1 48000000 transferred true
            @16 a2 returns 30000000 5000000 40000000 1 1 0 15000000 finished -
        "#]],
    );
    check_session(
        SERVED,
        &[
            "agents",
            "skills",
            "handover_requested_by",
            "waiting_time",
            "waiting_since",
            "serving_agent",
            "agent_spans",
            "agent_first_response_time",
            "agent_response_time_sum",
            "agent_responses",
            "agent_handle_time_sum",
            "questions_repeated_by_agent",
            "questions_left",
            "transfers",
        ],
        expect![[r#"
            agents: a1 > a2
            skills: care > returns
            handover_requested_by: user
            waiting_time: 60000000
            waiting_since: -
            serving_agent: -
            agent_spans: 2
            agent_first_response_time: 10000000
            agent_response_time_sum: 50000000
            agent_responses: 2
            agent_handle_time_sum: 63000000
            questions_repeated_by_agent: 1
            questions_left: 1
            transfers: 1
        "#]],
    );
}

#[test]
fn who_leaves_the_queue_is_not_waiting_any_more() {
    let waits = "
        0s user a person please
        1s handover requested trigger=direct
        2s handover queued";
    let names = [
        "waiting_since",
        "waiting_time",
        "queue_left_time",
        "unavailable_time",
        "agent_first_response_time",
    ];
    check_session(
        waits,
        &names,
        expect![[r#"
        waiting_since: 2s
        waiting_time: -
        queue_left_time: -
        unavailable_time: -
        agent_first_response_time: -
    "#]],
    );
    let leaves = format!("{waits}\n 92s handover abandoned_in_queue");
    check_session(
        &leaves,
        &names,
        expect![[r#"
        waiting_since: -
        waiting_time: 90000000
        queue_left_time: 92s
        unavailable_time: -
        agent_first_response_time: -
    "#]],
    );
    let ends = format!("{waits}\n 32s conversation_end actor=user");
    check_session(
        &ends,
        &names,
        expect![[r#"
        waiting_since: -
        waiting_time: 30000000
        queue_left_time: 32s
        unavailable_time: -
        agent_first_response_time: -
    "#]],
    );
    let nobody = "
        0s user a person please
        1s handover requested trigger=direct
        5s handover unavailable";
    check_session(
        nobody,
        &names,
        expect![[r#"
        waiting_since: -
        waiting_time: 4000000
        queue_left_time: -
        unavailable_time: 5s
        agent_first_response_time: -
    "#]],
    );
}

#[test]
fn people_can_serve_alone() {
    let scene = "
        0s user my invoice is wrong
        2s handover queued queue=phone
        40s handover accepted agent_id=a1 skill=billing
        45s agent hello agent_id=a1
        60s user number 7
        75s agent corrected agent_id=a1
        80s outcome resolved actor=agent
        90s handover finished agent_id=a1";
    check_session(
        scene,
        &[
            "outcome",
            "engaged_time",
            "escalated_time",
            "resolved_time",
            "resolved_rule",
            "closed_by",
            "bot_messages",
            "agent_messages",
            "handover_requests",
            "handover_requested_time",
            "waiting_time",
            "understandable_messages",
            "agent_first_response_time",
            "agent_response_time_sum",
            "agent_handle_time_sum",
        ],
        expect![[r#"
            outcome: none
            engaged_time: -
            escalated_time: -
            resolved_time: 80s
            resolved_rule: declared_by_author
            closed_by: agent
            bot_messages: 0
            agent_messages: 2
            handover_requests: 0
            handover_requested_time: -
            waiting_time: 38000000
            understandable_messages: 0
            agent_first_response_time: 5000000
            agent_response_time_sum: 60000000
            agent_handle_time_sum: 50000000
        "#]],
    );
}

#[test]
fn who_hands_over_and_never_asked_asks_by_it() {
    let names = ["handover_stage", "handover_trigger", "requested_by"];
    let unasked = "
        0s user help
        1s handover escalated trigger=policy
        2s handover queued
        9s handover escalated trigger=policy";
    check_steps(
        unasked,
        StepKind::Handover,
        &names,
        expect![[r#"
            requested policy bot
            escalated policy -
            queued - -
            escalated policy -
        "#]],
    );
    check_session(
        unasked,
        &["handover_requests", "handover_requested_by"],
        expect![[r#"
            handover_requests: 1
            handover_requested_by: bot
        "#]],
    );
    check_steps(
        "0s user help
         1s handover escalated trigger=policy
         2s handover requested trigger=direct",
        StepKind::Handover,
        &names,
        expect![[r#"
            escalated policy -
            requested direct user
        "#]],
    );
}

#[test]
fn an_agent_who_is_not_announced_takes_over_by_speaking() {
    check_steps(
        "0s user hi
         5s agent hello agent_id=a1
         9s user I have a question
         20s agent go on agent_id=a1
         30s agent hello from me agent_id=a2",
        StepKind::Agent,
        &[
            "agent_id",
            "time",
            "duration",
            "first_response_time",
            "response_time_sum",
            "responses",
            "agent_messages",
        ],
        expect![[r#"
            a1 5s 15000000 5000000 16000000 2 2
            a2 30s 0 - 0 0 1
        "#]],
    );
}

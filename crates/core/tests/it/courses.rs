//! Facts of messages, steps and people, each as a table: the conversation, then the columns.

use expect_test::{Expect, expect};
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

#[test]
fn a_message_knows_what_else_was_considered() {
    let scene = r#"
        0s user card
        1s intent card_lost confidence=0.8 intent_candidates=[{"intent":"card_lost","confidence":0.8},{"intent":"card_new","confidence":0.5}]
        2s bot is it lost?
        9s user card again
        10s intent intent_candidates=[{"intent":"card_new","confidence":0.4},{"intent":"card_lost","confidence":0.45}]
        11s topic Which kind=multiple_topics_matched trigger=system
        12s bot did you mean"#;
    check_messages(
        scene,
        Role::User,
        &[
            "intent",
            "confidence",
            "considered_intent",
            "runner_up_intent",
            "runner_up_confidence",
            "ambiguous",
        ],
        expect![[r#"
            card_lost 0.8 - card_new 0.5 false
            - 0.45 card_lost card_new 0.4 true
        "#]],
    );
    check_session(
        scene,
        &["intents", "ambiguous_messages", "multiple_topics_matched"],
        expect![[r#"
            intents: card_lost
            ambiguous_messages: 1
            multiple_topics_matched: true
        "#]],
    );
}

#[test]
fn what_comes_after_a_fallback() {
    let names = [
        "event_id",
        "unmatched",
        "fallback_run",
        "fallback_then",
        "last_before_handover",
    ];
    check_messages(
        "0s user qwe unmatched=yes
         1s bot sorry
         5s user asd unmatched=yes
         6s bot sorry
         9s user my order
         10s intent order
         11s bot here
         15s user zxc unmatched=yes
         16s bot sorry
         20s option chosen option_id=shop destination_kind=url
         25s user bnm unmatched=yes
         26s bot sorry
         30s user a person please
         31s handover requested trigger=direct
         32s handover queued
         40s user hello?",
        Role::User,
        &names,
        expect![[r#"
            @1 true 1 not_understood false
            @3 true 2 answered false
            @5 false 0 - false
            @8 true 1 chosen false
            @11 true 2 handover false
            @13 false 0 - true
            @16 false 0 - false
        "#]],
    );
    let left = "
        0s user qwe unmatched=yes
        1s bot sorry";
    check_messages(
        left,
        Role::User,
        &names,
        expect![[r#"
        @1 true 1 left false
    "#]],
    );
    check_session(
        left,
        &["fallback_then_left", "fallbacks_then_handover", "fallbacks"],
        expect![[r#"
            fallback_then_left: true
            fallbacks_then_handover: 0
            fallbacks: 1
        "#]],
    );
    check_messages(
        "0s user qwe unmatched=yes
         1s bot sorry
         1s option shown option_id=operator
         5s user operator message_kind=option
         5s option chosen option_id=operator
         6s handover requested trigger=operator_button",
        Role::User,
        &names,
        expect![[r#"
            @1 true 1 handover false
            @4 false 0 - true
        "#]],
    );
}

#[test]
fn who_says_the_same_again() {
    check_messages(
        "0s user where is it text_fingerprint=1
         1s intent parcel
         2s bot on its way
         9s user no, where is it text_fingerprint=2
         10s intent parcel
         11s bot on its way
         15s user NO where is it! text_fingerprint=2
         16s intent parcel
         17s bot on its way
         20s user thanks text_fingerprint=3
         21s intent thanks
         22s bot welcome
         23s user thank you text_fingerprint=4
         24s intent thanks
         25s user really text_fingerprint=5
         26s interaction rephrased",
        Role::User,
        &["event_id", "rephrased", "repeated"],
        expect![[r#"
            @1 false false
            @4 true false
            @7 false true
            @10 false false
            @13 false false
            @15 true false
        "#]],
    );
}

#[test]
fn answers_are_copied_stopped_and_left() {
    let scene = "
        0s user how do I return it
        1s knowledge answered
        2s bot like this
        6s interaction copied message_id=@3
        7s interaction copied message_id=@3
        8s interaction stopped
        9s user and abroad
        10s bot like that
        12s interaction regenerated message_id=@8
        13s bot or so";
    check_messages(
        scene,
        Role::Bot,
        &[
            "event_id",
            "generated",
            "copied",
            "stopped",
            "regenerated",
            "left_after",
        ],
        expect![[r#"
            @3 true true true false false
            @8 false false false true false
            @10 false false false false true
        "#]],
    );
    check_session(
        scene,
        &[
            "answers_copied",
            "answers_stopped",
            "answers_regenerated",
            "user_acts",
        ],
        expect![[r#"
            answers_copied: 1
            answers_stopped: 1
            answers_regenerated: 1
            user_acts: 6
        "#]],
    );
    check_steps(
        scene,
        StepKind::Interaction,
        &["interaction", "message_position", "answer_position"],
        expect![[r#"
            copied 1 3
            copied 1 3
            stopped 1 3
            regenerated 7 8
        "#]],
    );
}

#[test]
fn visits_end_somehow() {
    check_steps(
        "0s user order
         1s topic Order kind=custom trigger=direct
         2s topic Login kind=custom trigger=redirect
         3s topic_end Login
         3s bot done message_id=m1
         4s topic_end Order
         5s feedback up message_id=m1
         9s user invoice
         10s topic Invoice kind=custom trigger=direct
         11s question asked question_id=month
         12s bot which month message_id=m2
         13s feedback down message_id=m2
         20s user something else
         21s topic Move kind=custom trigger=direct
         22s bot where to
         30s user a person
         31s handover requested trigger=direct",
        StepKind::Topic,
        &[
            "topic_id",
            "next_topic_id",
            "visit_end",
            "questions_asked",
            "feedback_up",
            "feedback_down",
        ],
        expect![[r#"
            Order Login completed 0 0 0
            Login Invoice completed 0 0 0
            Invoice Move switched 1 0 1
            Move - escalated 0 0 0
        "#]],
    );
    check_steps(
        "0s user order
         1s topic Order kind=custom trigger=direct
         2s bot which",
        StepKind::Topic,
        &["topic_id", "next_topic_id", "visit_end"],
        expect![[r#"
            Order - abandoned
        "#]],
    );
}

#[test]
fn questions_are_asked_until_they_are_answered_or_left() {
    let scene = "
        0s user meter
        1s question asked question_id=number question_name=Number
        2s bot number?
        5s user seven
        6s question asked_again question_id=number
        9s user 7
        10s question answered question_id=number role=user
        11s question asked question_id=value question_name=Value
        12s bot value?";
    check_steps(
        scene,
        StepKind::Question,
        &[
            "question_id",
            "question_name",
            "question_stage",
            "question_attempts",
            "question_result",
            "question_time",
        ],
        expect![[r#"
            number Number asked 2 answered 9000000
            number - asked_again - - -
            number - answered 2 - 9000000
            value Value asked 1 left -
        "#]],
    );
    check_session(
        scene,
        &[
            "questions_asked",
            "questions_asked_again",
            "questions_answered",
            "questions_left",
        ],
        expect![[r#"
            questions_asked: 2
            questions_asked_again: 1
            questions_answered: 1
            questions_left: 1
        "#]],
    );
}

#[test]
fn a_choice_finds_the_option_that_was_shown() {
    check_steps(
        "0s user hi
         1s bot hello
         1s option shown option_id=a
         1s option shown option_id=b
         5s user b message_kind=option
         5s option chosen option_id=b
         6s bot more
         6s option shown option_id=a option_position=7
         9s option chosen option_id=c destination_kind=url",
        StepKind::Option,
        &[
            "option_id",
            "option_stage",
            "option_position",
            "option_chosen",
            "option_time",
            "message_position",
            "answer_position",
        ],
        expect![[r#"
            a shown 1 false - 1 2
            b shown 2 true - 1 2
            b chosen 2 - 4000000 5 2
            a shown 7 false - 5 7
            c chosen - - - 5 7
        "#]],
    );
}

#[test]
fn calls_tell_what_they_served() {
    let scene = r#"
        0s user how do I return it
        1s model_call m1 tokens_cache_write=5 finish_reason=stop
        2s model_call tool=orders error=timeout user_error=no
        3s knowledge answered sources_retrieved=["faq","wiki"] sources_cited=["faq"] sources_failed=["crm"]
        4s model_call m2 error=overloaded
        5s bot like this
        6s model_call m1"#;
    check_steps(
        scene,
        StepKind::ModelCall,
        &[
            "model",
            "tool",
            "tokens_cache_write",
            "finish_reason",
            "error",
            "message_position",
            "answer_position",
        ],
        expect![[r#"
            m1 - 5 stop - 1 6
            - orders - - timeout 1 6
            m2 - - - overloaded 1 6
            m1 - - - - 1 -
        "#]],
    );
    check_steps(
        scene,
        StepKind::Knowledge,
        &[
            "knowledge_state",
            "sources_retrieved",
            "sources_cited",
            "sources_failed",
            "answer_position",
        ],
        expect![[r#"
            answered faq > wiki faq crm 6
        "#]],
    );
    check_session(
        scene,
        &[
            "models",
            "tools",
            "sources_retrieved",
            "sources_cited",
            "sources_failed",
            "model_calls",
            "model_errors",
            "tool_calls",
            "tool_errors",
            "tokens_cache_write",
        ],
        expect![[r#"
            models: m1 > m2
            tools: orders
            sources_retrieved: faq > wiki
            sources_cited: faq
            sources_failed: crm
            model_calls: 4
            model_errors: 1
            tool_calls: 1
            tool_errors: 1
            tokens_cache_write: 5
        "#]],
    );
}

#[test]
fn surveys_are_steps_and_comments_are_known_without_their_text() {
    let scene = "
        0s user hi
        1s bot hello
        2s survey offered kind=csat question=happy
        9s survey answered kind=csat score=4 commented=yes
        10s survey offered kind=nps
        20s feedback up message_id=@2 commented=yes";
    check_steps(
        scene,
        StepKind::Survey,
        &[
            "survey_kind",
            "survey_stage",
            "survey_question",
            "survey_score",
            "survey_commented",
        ],
        expect![[r#"
            csat offered happy - false
            csat answered - 4 true
            nps offered - - false
        "#]],
    );
    check_session(
        scene,
        &[
            "surveys_offered",
            "surveys_answered",
            "csat_commented",
            "feedback_comments",
        ],
        expect![[r#"
            surveys_offered: 2
            surveys_answered: 1
            csat_commented: true
            feedback_comments: 1
        "#]],
    );
}

#[test]
fn experiments_pages_and_the_leaving_are_known() {
    let scene = "
        0s experiment greeting variant=a
        0s experiment colour variant=blue
        1s user hi page=/home
        2s bot hello language=en
        5s user prices page=/prices
        6s bot here
        9s exposure closed";
    check_session(
        scene,
        &[
            "experiments",
            "last_user_time",
            "last_answer_time",
            "left_time",
            "last_topic_id",
        ],
        expect![[r#"
            experiments: -
            last_user_time: 5s
            last_answer_time: 6s
            left_time: 9s
            last_topic_id: -
        "#]],
    );
    check_messages(
        scene,
        Role::Bot,
        &["page", "language"],
        expect![[r#"
        /home en
        /prices -
    "#]],
    );
}

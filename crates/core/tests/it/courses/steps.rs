//! Visits, questions, options, calls, surveys and experiments.

use expect_test::expect;
use upshot_core::words::{Role, StepKind};

use super::{check_messages, check_session, check_steps};

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

//! What the bot understood, and what users did with its answers.

use expect_test::expect;
use upshot_core::words::{Role, StepKind};

use super::{check_messages, check_session, check_steps};

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
fn a_judge_finds_the_answer_that_it_names_in_whichever_session() {
    check_messages(
        "0s user when do you open
         1s bot at nine message_id=m1
         2h user and when do you close
         +1s bot at six message_id=m2
         +2s label groundedness label_value=unsupported message_id=m1 actor=judge
         +1s label hallucination label_value=no message_id=m2 actor=reviewer
         +1s label tone label_value=yes message_id=m1 actor=judge
         +1s label groundedness label_value=yes message_id=m3 actor=judge",
        Role::Bot,
        &["event_id", "grounded", "grounded_by"],
        expect![[r#"
            @2 false judge
            @4 true reviewer
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

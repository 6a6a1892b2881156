//! Each rule as a table: the conversation, then what the profile makes of it.

use expect_test::{Expect, expect};
use upshot_core::profile::Profile;

use crate::scene::{changed, facts, fields, profile, tell};

fn check(profile: &Profile, scene: &str, expect: Expect) {
    expect.assert_eq(&tell(&facts(profile, scene)));
}

#[test]
fn an_answered_question_engages_and_silence_abandons() {
    check(
        &profile("default"),
        "0s  user where is my parcel
         2s  bot it is on its way",
        expect![[r#"
            0d..2s start_user_act@1, engaged answered_user_act@2
              abandoned: timeout by timeout at 1802s
              user @1  bot @2
        "#]],
    );
}

#[test]
fn silence_longer_than_the_timeout_divides() {
    check(
        &profile("default"),
        "0s user hi
         1s bot hello
         30m user still there
         +30m bot yes
         +31m user and now
         +1s bot yes",
        expect![[r#"
            0d..30m start_user_act@1, engaged answered_user_act@2
              abandoned: timeout by timeout at 1h
              user @1@3  bot @2@4
            91m..5461s start_user_act@5, engaged answered_user_act@6
              abandoned: timeout by timeout at 7261s
              user @5  bot @6
        "#]],
    );
}

#[test]
fn a_greeting_engages_nobody() {
    let scene = "
        0s conversation_start
        1s topic Greeting kind=greeting trigger=system
        1s bot hello
        5s user hi
        6s topic Greeting kind=greeting trigger=direct
        6s bot hello again";
    check(
        &profile("copilot-studio"),
        scene,
        expect![[r#"
        0d..6s start_opened@1
          none: timeout by timeout at 1806s
          user @4  bot @3@6
    "#]],
    );
    check(
        &profile("default"),
        scene,
        expect![[r#"
        0d..6s start_opened@1
          none: timeout by timeout at 1806s
          user @4  bot @3@6
    "#]],
    );
}

#[test]
fn two_hand_offs_are_one() {
    let scene = "
        0s user I want a person
        1s topic Escalate kind=escalate trigger=direct
        1s handover requested trigger=direct
        2s handover escalated
        2s handover escalated
        3s bot I transfer you
        20s user are you there
        21s bot how can I help";
    check(
        &profile("copilot-studio"),
        scene,
        expect![[r#"
            0d..1s start_user_act@1, engaged escalate_topic@2, escalated escalate_topic@2 user_requested
              escalated: escalated@2 by user at 1s
              user @1  bot @6
            20s..21s start_user_act@7
              none: timeout by timeout at 1821s
              user @7  bot @8
        "#]],
    );
    let facts = facts(&profile("copilot-studio"), scene);
    let names = [
        "handover_requests",
        "handover_stage",
        "handover_requested_time",
        "messages",
    ];
    expect![[r#"
        handover_requests: 1
        handover_stage: escalated
        handover_requested_time: 1s
        messages: 2
    "#]]
    .assert_eq(&fields(&facts.sessions[0], &names));
    let steps = facts
        .steps
        .iter()
        .filter(|step| step.handover_stage.is_some());
    assert_eq!(steps.count(), 2);
}

#[test]
fn a_goodbye_after_the_timeout_opens_nothing() {
    check(
        &profile("default"),
        "0s user price please
         1s bot 5 euros
         +30m bot goodbye
         +1m bot really goodbye
         +10m bot we have news",
        expect![[r#"
            0d..1s start_user_act@1, engaged answered_user_act@2
              abandoned: timeout by timeout at 1801s
              user @1  bot @2@3@4@5
        "#]],
    );
}

#[test]
fn what_agents_do_belongs_to_the_escalated_session() {
    check(
        &profile("default"),
        "0s user a person please
         1s handover queued trigger=direct
         2s bot you are number three
         10m handover accepted agent_id=anna
         +5s agent hello, I am Anna
         +1m user my parcel is lost
         +2h agent we found it
         +1m user thanks
         +1s handover finished agent_id=anna
         +1m user another thing
         +1s bot yes please
         +25h agent here is Anna again",
        expect![[r#"
            0d..1s start_user_act@1, engaged handover@2, escalated handover@2 user_requested
              escalated: escalated@2 by user at 1s
              user @1@6@8  bot @3  agent @5@7
            7986s..7987s start_user_act@10, engaged answered_user_act@11
              abandoned: timeout by timeout at 9787s
              user @10  bot @11
            outside: agent@12
        "#]],
    );
}

#[test]
fn a_survey_after_the_resolution_belongs_to_it() {
    let scene = "
        0s user opening hours
        1s topic Hours kind=custom trigger=direct
        1s bot nine to five
        2s topic End kind=end_of_conversation trigger=redirect
        2s bot did that help
        3s user yes
        3s survey answered kind=resolution score=1
        3s topic Success kind=confirmed_success trigger=redirect
        4s survey offered kind=csat
        4s bot how was it
        9s user 5
        9s survey answered kind=csat score=5
        20s bot thank you
        50s user one more question";
    check(
        &profile("copilot-studio"),
        scene,
        expect![[r#"
        0d..3s start_user_act@1, engaged custom_topic@2, confirmed user_confirmed@7
          resolved: resolved@7 by user at 3s
          user @1@6@11  bot @3@5@10@13
        50s..50s start_user_act@14
          none: timeout by timeout at 1850s
          user @14
    "#]],
    );
    let facts = facts(&profile("copilot-studio"), scene);
    let names = [
        "csat_score",
        "csat_offered",
        "resolution_survey_answer",
        "topic_id",
        "topics",
    ];
    expect![[r#"
        csat_score: 5
        csat_offered: true
        resolution_survey_answer: true
        topic_id: Hours
        topics: Hours > End > Success
    "#]]
    .assert_eq(&fields(&facts.sessions[0], &names));
}

#[test]
fn another_window_is_another_chat() {
    let scene = "
        0s user hi window_id=a
        1s bot hello window_id=a
        20s user hi window_id=b
        21s bot hello window_id=b
        25s user back here window_id=a
        26s bot yes window_id=a";
    check(
        &profile("indigo"),
        scene,
        expect![[r#"
        0d..1s start_user_act@1, engaged answered_user_act@2
          abandoned: new_window@3 by user at 20s
          user @1  bot @2
        20s..26s start_user_act@3, engaged answered_user_act@4
          abandoned: timeout by timeout at 626s
          user @3@5  bot @4@6
    "#]],
    );
    check(
        &changed("indigo", "session.new_window = false"),
        scene,
        expect![[r#"
            0d..26s start_user_act@1, engaged answered_user_act@2
              abandoned: timeout by timeout at 626s
              user @1@3@5  bot @2@4@6
        "#]],
    );
}

#[test]
fn an_application_of_language_models_goes_on_in_its_thread() {
    let scene = "
        0s conversation_start
        5s user summarise this contract
        6s topic planner kind=custom trigger=plan
        7s model_call large tool=search
        9s bot here it is
        9s topic_end planner
        20s outcome resolved kind=confirmed
        +50m user and the second page
        +2s bot here it is
        +61m user hello";
    check(
        &profile("llm-app"),
        scene,
        expect![[r#"
        0d..3022s start_user_act@2, engaged plan_step@3, confirmed declared_by_author@7
          resolved: timeout by timeout at 6622s
          user @2@8  bot @5@9
        6682s..6682s start_user_act@10
          none: timeout by timeout at 10282s
          user @10
    "#]],
    );
    // 0 is an answer on the scale of judges.
    let scene = "0s user hi
                 1s bot hello
                 2s survey answered kind=csat score=0";
    let facts = facts(&profile("llm-app"), scene);
    let names = [
        "csat_score",
        "csat_scale_maximum",
        "csat_invalid",
        "billed_sessions",
    ];
    expect![[r#"
        csat_score: 0
        csat_scale_maximum: 1
        csat_invalid: 0
        billed_sessions: 0
    "#]]
    .assert_eq(&fields(&facts.sessions[0], &names));
}

#[test]
fn a_messaging_conversation_is_one_through_all_agents() {
    let scene = "
        0s user I want to pay my bill
        2s bot I can help with that
        60s handover queued trigger=configured skill=billing
        +3h handover accepted agent_id=anna
        +1m agent hello, I am Anna
        +5h user here I am again
        +1m handover transferred skill=cards
        +1h handover accepted agent_id=bert
        +1m agent done
        +1m outcome resolved kind=confirmed actor=agent
        +1m conversation_end actor=agent
        +1h survey answered kind=resolution score=1
        +1h user another thing";
    check(
        &profile("liveperson"),
        scene,
        expect![[r#"
        0d..546m start_user_act@1, engaged answered_user_act@2, escalated handover@3 system_intended, confirmed declared_by_author@10
          escalated: closed@11 by agent at 546m
          user @1@6  bot @2  agent @5@9
        666m..666m start_user_act@13
          none: timeout by timeout at 2106m
          user @13
    "#]],
    );
    // A live chat does not wait for a day.
    let chat = "0s user hi channel=chat
                1s bot hello
                +11m user still here";
    check(
        &profile("liveperson"),
        chat,
        expect![[r#"
        0d..1s start_user_act@1, engaged answered_user_act@2
          abandoned: timeout by timeout at 601s
          user @1  bot @2
        661s..661s start_user_act@3
          none: timeout by timeout at 1261s
          user @3
    "#]],
    );
}

#[test]
fn a_flow_that_the_user_started_engages_and_owns() {
    let scene = "
        0s conversation_start
        1s user hello
        1s intent greet
        2s bot hi
        20s user I lost my card
        20s topic block_card kind=custom trigger=plan
        21s topic authenticate kind=custom trigger=redirect
        22s bot your number please
        40s topic_end block_card
        41s topic pattern_completed kind=end_of_conversation trigger=system
        41s bot anything else
        +59m user no
        +61m user a person please
        +1s handover requested trigger=direct
        +1s bot one moment
        +2m user start again
        +1s topic restart kind=start_over trigger=direct";
    check(
        &profile("rasa"),
        scene,
        expect![[r#"
            0d..3581s start_user_act@2, engaged custom_topic@6, implied end_of_conversation_timeout@10
              resolved: timeout by timeout at 7181s
              user @2@5@12  bot @4@8@11
            7241s..7242s start_user_act@13, engaged handover@14, escalated handover@14 user_requested
              escalated: escalated@14 by user at 7242s
              user @13  bot @15
            7363s..7364s start_user_act@16
              none: start_over@17 by user at 7364s
              user @16
        "#]],
    );
    let facts = facts(&profile("rasa"), scene);
    expect![[r#"
        topic_id: block_card
        first_intent: greet
    "#]]
    .assert_eq(&fields(&facts.sessions[0], &["topic_id", "first_intent"]));
}

#[test]
fn each_profile_of_the_program_can_be_read_and_explains_itself() {
    for name in Profile::built_in_names() {
        assert_eq!(profile(name).name(), *name);
        let text = upshot_core::profile::built_in_text(name).unwrap();
        assert!(text.starts_with("# "), "{name} begins with what it is for");
    }
}

/// How many chats Indigo counts.
fn chats(scene: &str) -> usize {
    facts(&profile("indigo"), scene).sessions.len()
}

#[test]
fn a_call_is_a_chat_and_whatsapp_has_its_window() {
    let call = "
        0s user hi channel=voice window_id=call-1
        1s bot hello channel=voice window_id=call-1
        60s conversation_end channel=voice window_id=call-1
        90s user hi again channel=voice window_id=call-2
        91s bot hello channel=voice window_id=call-2";
    assert_eq!(chats(call), 2, "another call is another chat, however soon");
    let whatsapp = |silence: &str| {
        format!(
            "0s user hi channel=whatsapp
             1s bot hello channel=whatsapp
             +{silence} user still there channel=whatsapp
             +1s bot yes channel=whatsapp"
        )
    };
    assert_eq!(chats(&whatsapp("23h")), 1);
    assert_eq!(chats(&whatsapp("25h")), 2);
    let web = |silence: &str| whatsapp(silence).replace("whatsapp", "web");
    assert_eq!(chats(&web("9m")), 1);
    assert_eq!(chats(&web("11m")), 2);
}

//! Bot Framework activities.

use expect_test::{Expect, expect};
use upshot_adapters::{Format, ImportOptions};
use upshot_core::words::Word;

use crate::support::*;

fn check(name: &str, expected: Expect) {
    let bytes = fixture(&format!("botframework/{name}"));
    let (batch, summary) = read_with(options(name), &[&bytes]);
    assert_eq!(summary.format, Some(Format::BotFramework));
    expected.assert_eq(&render(&batch));
}

#[test]
fn emulator_transcript() {
    check(
        "emulator.transcript",
        expect![[r#"
            conversation_start time=2025-05-06T07:08:09.1Z #1 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3
            message time=2025-05-06T07:08:09.5Z #2 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-03 role=bot message_kind=attachment text="Welcome to the **garden**!\nWhat shall we plant?"
            option time=2025-05-06T07:08:09.5Z #3 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-03 role=bot option_id=Catalogue option_stage=shown option_kind=button option_title=Catalogue option_destination="https://garden.example/catalogue" destination_kind=url
            option time=2025-05-06T07:08:09.5Z #4 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-03 role=bot option_id=Roses option_stage=shown option_kind=button option_title=Roses destination_kind=answer
            option time=2025-05-06T07:08:09.5Z #5 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-03 role=bot option_id=Herbs option_stage=shown option_kind=button option_title=Herbs destination_kind=answer
            option time=2025-05-06T07:08:09.5Z #6 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-03 role=bot option_id="What shall we plant?" option_stage=shown option_kind=card option_title="What shall we plant?" option_destination="surprise me" destination_kind=answer
            message time=2025-05-06T07:08:20Z #7 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-04 role=user message_kind=option text=Roses must_understand=false
            option time=2025-05-06T07:08:20Z #8 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-04 role=user option_id=Roses option_stage=chosen option_kind=button option_title=Roses destination_kind=answer
            message time=2025-05-06T07:08:20.9Z #9 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-06 role=bot message_kind=text text="Red or white?" reply_to=a-04
            option time=2025-05-06T07:08:20.9Z #10 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-06 role=bot option_id=Red option_stage=shown option_kind=quick_reply option_title=Red option_destination=red destination_kind=answer
            option time=2025-05-06T07:08:20.9Z #11 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-06 role=bot option_id=White option_stage=shown option_kind=quick_reply option_title=White option_destination=white destination_kind=answer
            option time=2025-05-06T07:08:20.9Z #12 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-06 role=bot option_id="Call us" option_stage=shown option_kind=quick_reply option_title="Call us" option_destination="+43155500" destination_kind=phone
            message time=2025-05-06T07:08:25Z #13 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-07 role=user message_kind=option text=red must_understand=false
            option time=2025-05-06T07:08:25Z #14 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-07 role=user option_id=Red option_stage=chosen option_kind=quick_reply option_title=Red option_destination=red destination_kind=answer
            message time=2025-05-06T07:08:40Z #15 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-09 role=user message_kind=text text="when do roses flower?"
            intent time=2025-05-06T07:08:40.3Z #16 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-09 intent=FlowerTime confidence=0.84 intent_candidates="[{\"confidence\":0.12,\"intent\":\"Order\"},{\"confidence\":0.05,\"intent\":\"None\"}]" unmatched=false
            knowledge time=2025-05-06T07:08:40.5Z #17 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-09 confidence=0.77 knowledge_state=answered sources_retrieved="[\"roses.tsv\",\"seasons.tsv\"]" sources_cited="[\"roses.tsv\"]"
            message time=2025-05-06T07:08:41Z #18 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-13 role=bot message_kind=text text="From June." reply_to=a-09
            topic time=2025-05-06T07:08:41.1Z #19 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 role=bot topic_id=skill_return topic_name="Return from a skill" topic_kind=custom topic_trigger=redirect
            other time=2025-05-06T07:08:42Z #20 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 role=user attribute_type="tokens/response"
            message time=2025-05-06T07:08:50Z #21 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-16 role=user message_kind=option text=Herbs must_understand=false
            option time=2025-05-06T07:08:50Z #22 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-16 role=user option_id=Herbs option_stage=chosen option_kind=button option_title=Herbs destination_kind=answer
            error time=2025-05-06T07:08:50.1Z #23 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 message_id=a-16 error=turn_error
            conversation_end time=2025-05-06T07:08:51Z #24 conversation_id=0b1c bot="Garden Bot" environment=test channel=emulator locale=en-US user_id=visitor-3 actor=bot outcome_reason=completedSuccessfully
        "#]],
    );
}

#[test]
fn direct_line_activity_set() {
    check(
        "directline.json",
        expect![[r#"
            conversation_start time=2026-03-01T10:00:00Z #1 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41
            message time=2026-03-01T10:00:01.123456Z #2 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000001" role=bot message_kind=text text="Bonjour !" reply_to="D1|0000000"
            feedback time=2026-03-01T10:00:01.123456Z #3 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000001" role=bot feedback=offered
            message time=2026-03-01T10:00:09Z #4 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000002" role=user message_kind=text text="une facture"
            message time=2026-03-01T10:00:11Z #5 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000003" role=bot message_kind=text text="La voici." reply_to="D1|0000002"
            option time=2026-03-01T10:00:11Z #6 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000003" role=bot option_id=Ouvrir option_stage=shown option_kind=button option_title=Ouvrir option_destination="https://files.example/1.pdf" destination_kind=url
            option time=2026-03-01T10:00:11Z #7 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000003" role=bot option_id=Payer option_stage=shown option_kind=button option_title=Payer option_destination=pay:1 destination_kind=answer
            option time=2026-03-01T10:00:11Z #8 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000003" role=bot option_id="Facture 1" option_stage=shown option_kind=card option_title="Facture 1" option_destination=détails destination_kind=answer
            knowledge time=2026-03-01T10:00:11Z #9 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000003" knowledge_state=answered sources_cited="[\"Conditions\"]"
            message time=2026-03-01T10:00:20Z #10 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000004" role=user message_kind=option text=pay:1 must_understand=false
            option time=2026-03-01T10:00:20Z #11 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000004" role=user option_id=Payer option_stage=chosen option_kind=button option_title=Payer option_destination=pay:1 destination_kind=answer
            feedback time=2026-03-01T10:00:30Z #12 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000003" role=user feedback=up
            feedback time=2026-03-01T10:00:35Z #13 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000001" role=user feedback=down feedback_comment="trop lent"
            message time=2026-03-01T10:00:40Z #14 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000007" role=user message_kind=attachment
            handover time=2026-03-01T10:00:41Z #15 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 role=bot topic_id=Litige handover_stage=escalated handover_kind=human skill=factures
            handover time=2026-03-01T10:01:00Z #16 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 role=agent handover_stage=accepted handover_kind=human
            message time=2026-03-01T10:01:10Z #17 conversation_id=D1 bot=Ledger channel=direct-line locale=fr-FR user_id=dl_41 message_id="D1|0000010" role=agent message_kind=text text="Je regarde."
        "#]],
    );
}

#[test]
fn handover_with_its_transcript() {
    check(
        "handoff_set.json",
        expect![[r#"
            message time=2026-03-02T11:00:00Z #1 conversation_id=H9 bot=Desk user_id=w-5 message_id=n-1 role=user message_kind=text text="my lamp is broken"
            message time=2026-03-02T11:00:02Z #2 conversation_id=H9 bot=Desk user_id=w-5 message_id=n-2 role=bot message_kind=text text="Shall I get somebody?" reply_to=n-1
            intent time=2026-03-02T11:00:02Z #3 conversation_id=H9 bot=Desk user_id=w-5 message_id=n-1 intent=broken_lamp confidence=0.9 intent_candidates="[{\"confidence\":0.2,\"intent\":\"new_lamp\"}]" unmatched=false
            handover time=2026-03-02T11:00:05Z #4 conversation_id=H9 bot=Desk channel=web user_id=w-5 role=bot topic_id="Broken lamp" handover_stage=escalated handover_kind=human context_passed=true
        "#]],
    );
}

#[test]
fn scripted_conversation() {
    check(
        "chatdown.transcript",
        expect![[r#"
            conversation_start time=2024-01-01T00:00:00Z #1 conversation_id=1-30e25ecb06fb510a bot=Bot environment=test channel=chatdown user_id=u
            message time=2024-01-01T00:00:02Z #2 conversation_id=1-30e25ecb06fb510a bot=Bot environment=test channel=chatdown user_id=u message_id=2 message_kind=text text="[nobody says this]"
            message time=2024-01-01T00:00:04Z #3 conversation_id=1-30e25ecb06fb510a bot=Bot environment=test channel=chatdown user_id=u message_id=3 role=bot message_kind=text text="Pick one"
            option time=2024-01-01T00:00:04Z #4 conversation_id=1-30e25ecb06fb510a bot=Bot environment=test channel=chatdown user_id=u message_id=3 role=bot option_id=tea option_stage=shown option_kind=quick_reply option_title=tea destination_kind=answer
            option time=2024-01-01T00:00:04Z #5 conversation_id=1-30e25ecb06fb510a bot=Bot environment=test channel=chatdown user_id=u message_id=3 role=bot option_id=coffee option_stage=shown option_kind=quick_reply option_title=coffee destination_kind=answer
            message time=2024-01-01T00:00:04Z #6 conversation_id=1-30e25ecb06fb510a bot=Bot environment=test channel=chatdown user_id=u message_id=4 role=user message_kind=option text=Tea must_understand=false
            option time=2024-01-01T00:00:04Z #7 conversation_id=1-30e25ecb06fb510a bot=Bot environment=test channel=chatdown user_id=u message_id=4 role=user option_id=tea option_stage=chosen option_kind=quick_reply option_title=tea destination_kind=answer
            topic time=2024-01-01T00:00:06Z #8 conversation_id=1-30e25ecb06fb510a bot=Bot environment=test channel=chatdown user_id=u role=bot topic_id=brew topic_name=brew topic_kind=custom topic_trigger=direct
            topic_end time=2024-01-01T00:00:08Z #9 conversation_id=1-30e25ecb06fb510a bot=Bot environment=test channel=chatdown user_id=u role=bot topic_id=brew topic_name=brew topic_kind=custom
            rejected record 7 line Some(8) byte 1249 field None: the object is no activity: it has no `type`, or nobody sent it -> correct the activity, or save the transcript again
            rejected record 8 line Some(9) byte 1307 field None: the activity is no JSON: expected an object here -> correct the activity, or save the transcript again
        "#]],
    );
}

#[test]
fn loose_activities_of_two_conversations() {
    check(
        "loose.jsonl",
        expect![[r#"
            message time=2026-03-01T21:20:00Z #1 conversation_id=T1 bot=Post channel=teams user_id=29:x operating_system=iOS country=AT authenticated=true message_id=1 role=user message_kind=text text="where is it?"
            message time=2026-03-01T21:20:01Z #1 conversation_id=T2 bot=Post channel=teams user_id=29:y message_id=1 role=user message_kind=text text=hello
            message time=2026-03-01T21:20:05Z #2 conversation_id=T1 bot=Post channel=teams user_id=29:x message_id=2 role=bot message_kind=text text="On its way." reply_to=1
            other time=2026-03-01T21:20:01Z #2 conversation_id=T2 bot=Post channel=teams user_id=29:y role=user attribute_type="adaptiveCard/action"
            message time=2026-03-01T21:20:10Z #3 conversation_id=T2 bot=Post channel=teams user_id=29:y message_id=4 role=bot message_kind=attachment text="Parcel 7"
            option time=2026-03-01T21:20:10Z #4 conversation_id=T2 bot=Post channel=teams user_id=29:y message_id=4 role=bot option_id=Track option_stage=shown option_kind=button option_title=Track option_destination=track destination_kind=answer
            option time=2026-03-01T21:20:20Z #5 conversation_id=T2 bot=Post channel=teams user_id=29:y message_id=4 role=user option_id=Track option_stage=chosen option_kind=button option_title=Track option_destination=track destination_kind=answer
        "#]],
    );
}

#[test]
fn transcript_without_times() {
    check(
        "undated.json",
        expect![[r#"
            message time=1970-01-01T00:00:00Z #1 conversation_id=old-1 role=user message_kind=text text=hi
            message time=1970-01-01T00:00:00Z #2 conversation_id=old-1 role=bot message_kind=text text=hi
            message time=1970-01-01T00:00:00Z #3 conversation_id=old-1 role=user message_kind=text text=hi
        "#]],
    );
}

#[test]
fn utf16_transcript() {
    check(
        "utf16.transcript",
        expect![[r#"
        message time=2026-01-05T10:00:00Z #1 conversation_id=Ü1 bot=b channel=web user_id=u message_id=1 role=user message_kind=text text="Grüße 😀"
        message time=2026-01-05T10:00:01Z #2 conversation_id=Ü1 bot=b channel=web user_id=u message_id=2 role=bot message_kind=text text=你好 reply_to=1
    "#]],
    );
}

/// A transcript of so many messages, laid out in a few ways.
fn transcripts(activities: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let layouts = [
        ("[", ",", "]"),
        ("[\n  ", ",\n  ", "\n]\n"),
        ("{\"watermark\":\"9\",\"activities\":[", ",", "]}"),
        (
            "{\"transcript\": [\n    ",
            ",\n    ",
            "\n  ], \"locale\": \"en\"}",
        ),
        ("", "\n", "\n"),
    ];
    let join = |(open, between, close): (&str, &str, &str)| {
        let joined = activities.join(between.as_bytes());
        [open.as_bytes(), &joined, close.as_bytes()].concat()
    };
    layouts.into_iter().map(join).collect()
}

fn message(number: usize) -> Vec<u8> {
    let role = ["user", "bot"][number % 2];
    format!(
        r#"{{"type":"message","id":"m{number}","timestamp":"2026-01-01T00:00:{number:02}Z","channelId":"webchat","conversation":{{"id":"c"}},"from":{{"id":"{role}-1","role":"{role}"}},"text":"number {number}","attachments":[{{"a":1}},{{"b":2}}]}}"#
    )
    .into_bytes()
}

#[test]
fn a_damaged_activity_costs_itself_only() {
    let mut generator = Generator(11);
    for round in 0..300 {
        let damaged = 1 + round % 10;
        let mut activities = (0..12).map(message).collect::<Vec<_>>();
        let place = generator.below(activities[damaged].len());
        activities[damaged][place] = 32 + generator.below(95) as u8;
        for file in transcripts(&activities) {
            let (batch, _) = read_as(Format::BotFramework, &file);
            let found = batch
                .events
                .iter()
                .filter_map(|it| it.message_id.as_deref());
            let found = found.collect::<std::collections::BTreeSet<_>>();
            for other in (0..12).filter(|it| *it != damaged) {
                let id = format!("m{other}");
                let text = String::from_utf8_lossy(&file);
                assert!(found.contains(id.as_str()), "{id} is lost of\n{text}");
            }
        }
    }
}

#[test]
fn a_cut_off_transcript_keeps_what_is_whole() {
    let activities = (0..6).map(message).collect::<Vec<_>>();
    for file in transcripts(&activities) {
        for length in 0..file.len() {
            let (batch, _) = read_as(Format::BotFramework, &file[..length]);
            let whole = activities
                .iter()
                .filter(|activity| memchr::memmem::find(&file[..length], activity).is_some());
            assert_eq!(batch.events.len(), whole.count(), "{length}");
        }
    }
}

/// The activities of a fixture, one by one.
fn activities_of(name: &str) -> Vec<serde_json::Value> {
    let file = serde_json::from_slice(&fixture(&format!("botframework/{name}"))).unwrap();
    match file {
        serde_json::Value::Array(activities) => activities,
        mut envelope => envelope["activities"].as_array_mut().unwrap().clone(),
    }
}

#[test]
fn a_grown_transcript_adds_only_what_is_new() {
    for name in [
        "emulator.transcript",
        "directline.json",
        "chatdown.transcript",
    ] {
        let activities = activities_of(name);
        let read = |count: usize| {
            let text = serde_json::to_vec(&activities[..count]).unwrap();
            read_with(options(name), &[&text]).0
        };
        let whole = read(activities.len());
        // Who is who is known after both sides spoke.
        for count in 3..activities.len() {
            let part = read(count);
            let part = ids(&part)
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>();
            let all = ids(&whole);
            assert!(
                part.iter().all(|id| all.contains(&id.as_str())),
                "{name} {count}"
            );
        }
    }
}

#[test]
fn a_transcript_is_the_same_in_every_layout() {
    let name = "emulator.transcript";
    let activities = activities_of(name);
    let texts = activities.iter().map(|it| serde_json::to_vec(it).unwrap());
    let original = read_with(
        options(name),
        &[&fixture("botframework/emulator.transcript")],
    )
    .0;
    for file in transcripts(&texts.collect::<Vec<_>>()) {
        let (batch, _) = read_with(options("another name"), &[&file]);
        assert_eq!(ids(&batch), ids(&original));
    }
}

#[test]
fn conversations_of_equal_names_are_kept_apart_where_names_mean_nothing() {
    let of = |channel: &str, time: &str, name: &str| {
        let file = format!(
            r#"[{{"type":"message","channelId":"{channel}","conversation":{{"id":"1"}},"from":{{"role":"user"}},"text":"hi"{time}}}]"#
        );
        let (batch, _) = read_with(options(name), &[file.as_bytes()]);
        batch.events[0].conversation_id.to_string()
    };
    let (one, two) = (
        r#","timestamp":"2026-01-01T00:00:00Z""#,
        r#","timestamp":"2026-01-01T00:00:01Z""#,
    );
    assert_eq!(of("webchat", one, "a"), "1");
    assert_eq!(of("emulator", one, "a"), "1");
    assert_ne!(of("chatdown", one, "a"), of("chatdown", two, "a"));
    // A renamed or moved file is the same conversation, unless only its name tells it apart.
    assert_eq!(of("chatdown", one, "a"), of("chatdown", one, "b"));
    assert_ne!(of("chatdown", "", "a"), of("chatdown", "", "b"));
    assert_eq!(of("chatdown", "", "x/a"), of("chatdown", "", "y/a"));
}

#[test]
fn sides_are_found_without_roles() {
    let read = |activities: &str| {
        let (batch, _) = read_as(Format::BotFramework, activities.as_bytes());
        let roles = batch
            .events
            .iter()
            .map(|it| it.role.map_or("-", Word::as_str));
        roles.collect::<Vec<_>>().join(" ")
    };
    let message = |fields: &str| format!(r#"{{"type":"message","text":"x",{fields}}}"#);
    let cases = [
        // Only the recipient has a role.
        (
            vec![
                r#""from":{"id":"1"},"recipient":{"id":"2","role":"bot"}"#,
                r#""from":{"id":"2"},"recipient":{"id":"1"}"#,
            ],
            "user bot",
        ),
        // Numbers for roles, and one id on both sides.
        (
            vec![
                r#""from":{"id":"1","role":1}"#,
                r#""from":{"id":"1","role":0}"#,
            ],
            "user bot",
        ),
        // One of two answers.
        (
            vec![
                r#""from":{"id":"ann"}"#,
                r#""from":{"id":"bee"},"replyToId":"1""#,
                r#""from":{"id":"ann"}"#,
            ],
            "user bot user",
        ),
        // Agents and skills.
        (
            vec![
                r#""from":{"id":"1","role":"agent"}"#,
                r#""from":{"id":"2","role":"Skill"}"#,
            ],
            "agent bot",
        ),
        // Nothing is known.
        (vec![r#""id":"1""#], "-"),
    ];
    for (activities, roles) in cases {
        let activities = activities.into_iter().map(message).collect::<Vec<_>>();
        assert_eq!(
            read(&format!("[{}]", activities.join(","))),
            roles,
            "{activities:?}"
        );
    }
}

#[test]
fn a_handoff_to_a_skill_is_no_escalation() {
    let handoff = |value: &str| {
        let file =
            format!(r#"[{{"type":"handoff","id":"1","from":{{"id":"b","role":"bot"}}{value}}}]"#);
        let (batch, _) = read_as(Format::BotFramework, file.as_bytes());
        assert_eq!(batch.events.len(), 1);
        batch.events[0].handover_stage.map(Word::as_str)
    };
    assert_eq!(handoff(""), None);
    assert_eq!(handoff(r#","value":{"type":"other"}"#), None);
    assert_eq!(
        handoff(r#","value":{"type":"transferToAgent"}"#),
        Some("escalated")
    );
    assert_eq!(
        handoff(r#","value":"{\"type\":\"TransferToAgent\"}""#),
        Some("escalated")
    );
}

#[test]
fn feedback_is_read_however_often_it_is_encoded() {
    let rate = |value: &str| {
        let file = format!(
            r#"[{{"type":"invoke","name":"message/submitAction","replyToId":"7","from":{{"id":"u"}},"value":{value}}}]"#
        );
        let (batch, _) = read_as(Format::BotFramework, file.as_bytes());
        let event = &batch.events[0];
        (
            event.feedback.map(Word::as_str),
            event.feedback_comment.clone(),
        )
    };
    let up = (Some("up"), Some("fine".into()));
    for feedback in [
        r#"{"feedbackText":"fine"}"#,
        r#""{\"feedbackText\":\"fine\"}""#,
        r#""fine""#,
    ] {
        let value = format!(
            r#"{{"actionName":"feedback","actionValue":{{"reaction":"like","feedback":{feedback}}}}}"#
        );
        assert_eq!(rate(&value), up);
        let encoded = serde_json::to_string(&value).unwrap();
        assert_eq!(rate(&encoded), up);
    }
    assert_eq!(
        rate(r#"{"actionName":"feedback","actionValue":{"reaction":"dislike","feedback":"{}"}}"#).0,
        Some("down")
    );
    assert_eq!(rate(r#"{"actionName":"other"}"#), (None, None));
}

/// Real transcripts, if there are any: every file must import.
#[test]
fn real_transcripts_import() {
    let Some(folder) = std::env::var_os("UPSHOT_REAL_DATA") else {
        println!("skipped: UPSHOT_REAL_DATA names no folder with botframework_transcripts");
        return;
    };
    let folder = std::path::Path::new(&folder).join("botframework_transcripts");
    let mut files = Vec::new();
    for repository in std::fs::read_dir(&folder).unwrap() {
        for file in std::fs::read_dir(repository.unwrap().path()).unwrap() {
            files.push(file.unwrap().path());
        }
    }
    files.sort();
    let mut all = Vec::new();
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        let options = ImportOptions { ..options(&name) };
        let (batch, summary) = read_with(options, &[&bytes]);
        assert_eq!(
            summary.format,
            Some(Format::BotFramework),
            "{}",
            path.display()
        );
        assert_eq!(batch.rejected, [], "{}", path.display());
        assert!(!batch.events.is_empty(), "{}", path.display());
        if std::env::var_os("UPSHOT_REAL_DATA_SHOW")
            .is_some_and(|it| name.contains(&*it.to_string_lossy()))
        {
            println!("{}\n{}", path.display(), render(&batch));
        }
        all.extend(batch.events);
    }
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for event in &all {
        *counts
            .entry(format!("{:?} {:?}", event.event_type, event.role))
            .or_default() += 1;
    }
    println!("{} files, {} events: {counts:#?}", files.len(), all.len());
    let escalated = all.iter().filter(|it| it.handover_stage.is_some()).count();
    assert_eq!(escalated, 0, "bot-to-skill handoffs are no escalations");
}

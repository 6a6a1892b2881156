//! What is known to go wrong when transcripts are read: one test a trap.

use serde_json::{Value, json};

use crate::copilot_studio_support::*;
use crate::support::ids;

fn expect(found: &[String], expected: &[&str]) {
    assert_eq!(found, expected);
}

#[test]
fn a_doubled_hand_off_stays_two_events_of_different_ids() {
    let batch = read_activities(&[
        user(0, "person"),
        trace(
            1,
            "EscalationRequested",
            json!({ "escalationRequestType": 1 }),
        ),
        trace(1, "HandOff", json!({})),
        trace(1, "HandOff", json!({})),
    ]);
    expect(
        &values(&batch, "handover", &["handover_stage"]),
        &["requested", "escalated", "escalated"],
    );
    let mut ids = ids(&batch);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), batch.events.len());
}

#[test]
fn a_hand_off_without_a_hub_is_no_transfer() {
    let names = ["handover_stage", "queue", "context_passed"];
    let fake = read_activities(&[user(0, "person"), trace(1, "HandOff", json!({}))]);
    expect(&values(&fake, "handover", &names), &["escalated - -"]);
    // A skill that returns to its parent.
    let skill = json!({ "type": "handoff", "timestamp": 1_767_261_601, "from": { "role": 0 } });
    let returned = read_activities(&[user(0, "hi"), skill]);
    expect(&values(&returned, "handover", &names), &[]);
    let real = json!({ "type": "handoff", "timestamp": 1_767_261_601, "from": { "role": 0 },
        "value": { "type": "transferToAgent", "context": { "va_LastTopic": "Escalate", "Name": "Anna" } } });
    let real = read_activities(&[user(0, "person"), real]);
    expect(&values(&real, "handover", &names), &["queued - true"]);
    expect(
        &values(&real, "handover", &["attributes"]),
        &["{\"va_LastTopic\": \"Escalate\"}"],
    );
    let hub = json!({ "type": "event", "timestamp": 1_767_261_601, "from": { "role": 0 },
        "name": "SalesforceHandoff", "value": {} });
    let hub = read_activities(&[user(0, "person"), hub]);
    expect(&values(&hub, "handover", &names), &["queued Salesforce -"]);
}

#[test]
fn reasons_of_the_report_reach_the_handover() {
    let cases = [
        ("AgentTransferRequestedByUser", "direct"),
        ("AgentTransferConfiguredByAuthor", "configured"),
        ("AgentTransferFromQuestionMaxAttempts", "max_attempts"),
    ];
    for (reason, trigger) in cases {
        let report = json!({ "type": "Engaged", "outcome": "HandOff", "outcomeReason": reason });
        let batch = read_activities(&[
            trace(0, "SessionInfo", report),
            user(0, "person"),
            trace(1, "HandOff", json!({})),
        ]);
        let names = ["handover_trigger", "handover_reason"];
        expect(
            &values(&batch, "handover", &names),
            &[&format!("{trigger} {reason}")],
        );
        let names = [
            "reported_engaged",
            "reported_outcome",
            "reported_outcome_reason",
        ];
        expect(
            &values(&batch, "report", &names),
            &[&format!("true escalated {reason}")],
        );
    }
}

#[test]
fn reasons_are_read_from_what_led_to_the_handover() {
    let trigger = |activities: &[Value]| {
        values(
            &read_activities(activities),
            "handover",
            &["handover_trigger"],
        )
    };
    let unmatched = [
        user(0, "blorp"),
        trace(1, "UnknownIntent", json!({})),
        trace(1, "HandOff", json!({})),
    ];
    expect(&trigger(&unmatched), &["after_fallback"]);
    let escalate = trace(
        1,
        "IntentRecognition",
        json!({ "intentId": "bot.topic.Escalate" }),
    );
    let asked = [
        user(0, "person"),
        escalate.clone(),
        trace(1, "HandOff", json!({})),
    ];
    expect(&trigger(&asked), &["direct"]);
    let mut offer = bot(0, "Hello");
    offer["suggestedActions"] =
        json!({ "actions": [{ "type": "imBack", "title": "Operator", "value": "Operator" }] });
    let clicked = [
        offer,
        user(1, "operator"),
        escalate,
        trace(2, "HandOff", json!({})),
    ];
    expect(&trigger(&clicked), &["operator_button"]);
    let authored = [
        user(0, "refund"),
        trace(
            1,
            "IntentRecognition",
            json!({ "intentId": "bot.topic.Refund" }),
        ),
        node(1, "Refund", "TransferConversationV2", "n1"),
        trace(1, "HandOff", json!({})),
    ];
    expect(&trigger(&authored), &["configured", "configured"]);
}

#[test]
fn a_report_counts_wherever_it_stands() {
    let report = trace(
        -50,
        "SessionInfo",
        json!({ "type": "Unengaged", "outcome": "None", "turnCount": 2,
            "startTimeUtc": "2026-01-01T10:00:00Z", "endTimeUtc": "2026-01-01T10:00:09Z" }),
    );
    let messages = [
        user(0, "a"),
        bot(9, "b"),
        trace(20, "VariableAssignment", json!({})),
    ];
    let first = [std::slice::from_ref(&report), &messages[..]].concat();
    let last = [&messages[..], &[report]].concat();
    for activities in [first, last] {
        let batch = read_activities(&activities);
        let names = ["time", "reported_turns", "reported_end"];
        expect(
            &values(&batch, "report", &names),
            &["1767261609000000 2 1767261609000000"],
        );
        // Behind the last event of its second.
        let sequences = batch.events.iter().map(|it| it.source_sequence);
        assert!(sequences.is_sorted());
        assert_eq!(said(batch.events.last().unwrap())["event_type"], "report");
    }
}

#[test]
fn times_are_seconds_milliseconds_or_text() {
    for time in [
        json!({ "timestamp": 1_767_261_600 }),
        json!({ "timestamp": 1_767_261_600_000_i64 }),
        json!({ "timestamp": "1767261600" }),
        json!({ "timestamp": 1_767_261_600.0 }),
        json!({ "timestampMs": 1_767_261_600_000_i64 }),
        json!({ "timestamp": "2026-01-01T10:00:00Z" }),
        json!({ "timestamp": "2026-01-01T12:00:00.000+02:00" }),
        json!({ "timestamp": "2026-01-01T10:00:00" }),
        json!({ "timestamp": "", "timestampMs": "1767261600000" }),
    ] {
        let mut message = user(0, "hi");
        message.as_object_mut().unwrap().remove("timestamp");
        message
            .as_object_mut()
            .unwrap()
            .extend(time.as_object().unwrap().clone());
        let batch = read_activities(&[message]);
        expect(&values(&batch, "message", &["time"]), &["1767261600000000"]);
    }
}

#[test]
fn activities_without_a_time_stand_beside_their_neighbours() {
    let mut unknown = trace(0, "UnknownIntent", json!({}));
    unknown.as_object_mut().unwrap().remove("timestamp");
    let batch = read_activities(&[user(7, "hm"), unknown, bot(9, "Sorry?")]);
    expect(&values(&batch, "intent", &["time"]), &["1767261607000000"]);
}

#[test]
fn markers_are_found_in_either_place_and_any_case() {
    for (place, name) in [
        ("valueType", "UnknownIntent"),
        ("valueType", "unknownIntent"),
        ("name", "UNKNOWNINTENT"),
        ("name", "unknown_intent"),
    ] {
        for kind in ["trace", "event", "Trace"] {
            let mut activity = json!({ "type": kind, "timestamp": 1_767_261_601,
                "from": { "role": 0 }, "value": {} });
            activity[place] = json!(name);
            let batch = read_activities(&[user(0, "blorp"), activity]);
            expect(&values(&batch, "intent", &["unmatched"]), &["true"]);
        }
    }
    let mut odd = trace(1, "https://example.com/trace", json!({}));
    odd["name"] = json!("UnknownIntent");
    let batch = read_activities(&[user(0, "blorp"), odd]);
    expect(&values(&batch, "intent", &["unmatched"]), &["true"]);
}

#[test]
fn a_blank_answer_is_an_answer() {
    let batch = read_activities(&[user(0, "what is in the handbook?"), bot(3, "")]);
    expect(
        &values(&batch, "message", &["role", "message_kind", "text"]),
        &["user text what is in the handbook?", "bot text -"],
    );
}

#[test]
fn answers_to_surveys_in_every_spelling() {
    let answer = |marker: &str, value: Value| {
        let batch = read_activities(&[user(0, "x"), trace(1, marker, value)]);
        let answers = values(
            &batch,
            "survey",
            &["survey_kind", "survey_score", "survey_scale_maximum"],
        );
        (answers.concat(), batch.rejected.len())
    };
    let is = |text: &str| (text.to_owned(), 0);
    for yes in [
        json!("True"),
        json!("true"),
        json!(true),
        json!("Yes"),
        json!(1),
    ] {
        assert_eq!(
            answer("PRRSurveyResponse", json!({ "response": yes })),
            is("resolution 1 1")
        );
    }
    for no in [json!("False"), json!(false), json!("no"), json!("0")] {
        assert_eq!(
            answer("PRRSurveyResponse", json!({ "response": no })),
            is("resolution 0 1")
        );
    }
    assert_eq!(
        answer("PRRSurveyResponse", json!({ "rating": 5 })),
        is("csat 5 5")
    );
    for four in [json!("4"), json!(4), json!(4.0), json!(" 4 ")] {
        assert_eq!(
            answer("CSATSurveyResponse", json!({ "response": four })),
            is("csat 4 5")
        );
    }
    // Zero is kept: the profile says whether it is valid.
    assert_eq!(
        answer("CSATSurveyResponse", json!({ "response": 0 })),
        is("csat 0 5")
    );
    for unreadable in [json!({ "response": "great" }), json!({}), json!(null)] {
        assert_eq!(
            answer("CSATSurveyResponse", unreadable.clone()),
            (String::new(), 1)
        );
        assert_eq!(answer("PRRSurveyResponse", unreadable), (String::new(), 1));
    }
}

#[test]
fn variables_of_conversations_are_not_kept() {
    let batch = read_activities(&[
        user(0, "anna@example.com"),
        trace(
            1,
            "VariableAssignment",
            json!({ "id": "Global.Email", "newValue": "anna@example.com" }),
        ),
        trace(
            1,
            "VariableAssignment",
            json!({ "id": "Global.Account", "newValue": 12345 }),
        ),
        trace(
            1,
            "VariableAssignment",
            json!({ "id": "Topic.Agreed", "newValue": true }),
        ),
        trace(
            1,
            "VariableAssignment",
            json!({ "id": "Global.Agreed", "newValue": "True" }),
        ),
    ]);
    expect(
        &values(&batch, "attribute", &["attributes"]),
        &["{\"Agreed\": \"true\"}"],
    );
}

#[test]
fn activities_of_one_second_keep_their_order() {
    let texts: Vec<String> = (0..30).map(|number| format!("m{number}")).collect();
    let activities: Vec<Value> = texts.iter().map(|text| user(0, text)).collect();
    let mut batch = read_activities(&activities);
    batch.events.reverse();
    upshot_core::event::order_key(&batch.events[0]);
    batch.events.sort_by(|left, right| {
        upshot_core::event::order_key(left).cmp(&upshot_core::event::order_key(right))
    });
    assert_eq!(values(&batch, "message", &["text"]), texts);
}

#[test]
fn activities_out_of_order_are_put_in_order() {
    let batch = read_activities(&[
        bot(3, "Sorry?"),
        trace(2, "UnknownIntent", json!({})),
        user(1, "blorp"),
    ]);
    expect(&values(&batch, "message", &["text"]), &["blorp", "Sorry?"]);
    expect(
        &values(&batch, "message", &["must_understand"]),
        &["true", "-"],
    );
}

#[test]
fn an_activity_that_is_there_twice_counts_once() {
    let mut message = user(0, "hello");
    message["id"] = json!("5b2f0d7e-1111-4222-8333-944455556666");
    let batch = read_activities(&[message.clone(), message.clone()]);
    assert_eq!(batch.events.len(), 1);
    // Another content under the same id is another activity.
    let mut other = message.clone();
    other["text"] = json!("hello again");
    let batch = read_activities(&[message, other]);
    assert_eq!(batch.events.len(), 2);
    assert_ne!(batch.events[0].event_id, batch.events[1].event_id);
}

#[test]
fn a_bad_activity_costs_itself_only() {
    let mut late = user(2, "c");
    late["timestamp"] = json!("tomorrow");
    let batch = read_activities(&[
        user(0, "a"),
        json!("not an activity"),
        late,
        trace(3, "IntentRecognition", json!({})),
        trace(3, "SessionInfo", json!({ "type": "Asleep" })),
        trace(
            3,
            "SessionInfo",
            json!({ "type": "Engaged", "outcome": "Vanished" }),
        ),
        trace(3, "DialogRedirect", json!({})),
        user(4, "d"),
    ]);
    expect(&values(&batch, "message", &["text"]), &["a", "d"]);
    let found: Vec<_> = batch
        .rejected
        .iter()
        .map(|it| (it.position.record, it.field.clone().unwrap_or_default()))
        .collect();
    let field = |number: usize, within: &str| (1, format!("content.activities[{number}]{within}"));
    assert_eq!(
        found,
        [
            field(2, ""),
            field(3, ".timestamp"),
            field(4, ".value.intentId"),
            field(7, ".value.targetDialogId"),
            field(5, ".value.type"),
            field(6, ".value.outcome"),
        ]
    );
    assert!(
        batch
            .rejected
            .iter()
            .all(|it| !it.cure.is_empty() && it.raw.len() < 4097)
    );
    assert!(batch.rejected[1].raw.contains("tomorrow"));
}

#[test]
fn unknown_types_and_fields_are_passed_over() {
    let batch = read_activities(&[
        json!({ "type": "hologram", "timestamp": 1_767_261_600, "from": { "role": 0 } }),
        json!({ "type": "typing", "timestamp": 1_767_261_600, "from": { "role": 0 } }),
        trace(0, "SomethingNew", json!({ "a": 1 })),
        json!({ "type": "event", "name": "newEvent", "timestamp": 1_767_261_600, "from": { "role": 1 } }),
        user(1, "a"),
    ]);
    assert_eq!(batch.rejected, []);
    assert_eq!(batch.events.len(), 1);
}

#[test]
fn typed_past_the_buttons_is_typed() {
    let mut offer = bot(0, "Which?");
    offer["suggestedActions"] =
        json!({ "actions": [{ "type": "imBack", "title": "Express", "value": "1" }] });
    let kind = |message: Value| {
        let batch = read_activities(&[offer.clone(), message]);
        values(&batch, "message", &["message_kind", "must_understand"])[1].clone()
    };
    assert_eq!(kind(user(1, "EXPRESS ")), "option false");
    assert_eq!(kind(user(1, "1")), "option false");
    assert_eq!(kind(user(1, "the fast one")), "text true");
    let mut posted = user(1, "anything");
    posted["channelData"] = json!({ "postBack": true });
    assert_eq!(kind(posted), "option false");
    // The offer is over once the user has spoken.
    let batch = read_activities(&[offer, user(1, "hm"), bot(2, "Well?"), user(3, "1")]);
    expect(
        &values(&batch, "message", &["message_kind"]),
        &["text", "text", "text", "text"],
    );
}

#[test]
fn rating_encoded_twice_is_read() {
    let rate = |value: Value| {
        let invoke = json!({ "type": "invoke", "name": "message/submitAction", "replyToId": "m-00000001",
            "timestamp": 1_767_261_602, "from": { "id": "u1", "role": 1 }, "value": value });
        let batch = read_activities(&[user(0, "q"), invoke]);
        (
            values(
                &batch,
                "feedback",
                &["feedback", "message_id", "feedback_comment"],
            )
            .concat(),
            batch.rejected.len(),
        )
    };
    let is = |text: &str| (text.to_owned(), 0);
    let once = json!({ "actionName": "feedback", "actionValue": { "reaction": "like", "feedback": { "feedbackText": "good" } } });
    assert_eq!(rate(once.clone()), is("up m-00000001 good"));
    let twice = json!({ "actionName": "feedback", "actionValue": { "reaction": "dislike", "feedback": "{\"feedbackText\":\"bad\"}" } });
    assert_eq!(rate(twice), is("down m-00000001 bad"));
    assert_eq!(rate(json!(once.to_string())), is("up m-00000001 good"));
    let plain = json!({ "actionName": "feedback", "actionValue": { "reaction": "like", "feedback": "fine" } });
    assert_eq!(rate(plain), is("up m-00000001 fine"));
    let bare = json!({ "actionName": "feedback", "actionValue": { "reaction": "like" } });
    assert_eq!(rate(bare), is("up m-00000001 -"));
    let odd = json!({ "actionName": "feedback", "actionValue": { "reaction": "shrug" } });
    assert_eq!(rate(odd), (String::new(), 1));
    assert_eq!(
        rate(json!({ "actionName": "other", "actionValue": {} })),
        is("")
    );
}

#[test]
fn topics_known_by_id_and_by_schema_name_are_one() {
    let guid = "9d2f0d7e-1111-4222-8333-944455556666";
    let visits = |activities: &[Value]| {
        values(
            &read_activities(activities),
            "topic",
            &["topic_id", "topic_name", "topic_trigger"],
        )
    };
    // Told by the component's id.
    let mut traced = node(1, "StoreHours", "SendActivity", "n1");
    traced["value"]["actions"][0]["dialogComponentId"] = json!(guid);
    let recognised = trace(
        1,
        "IntentRecognition",
        json!({ "intentId": guid, "intentScore": { "score": 0.9, "properties": { "Title": "Store hours" } } }),
    );
    expect(
        &visits(&[user(0, "open?"), recognised.clone(), traced]),
        &["bot.topic.StoreHours Store hours direct"],
    );
    // Told by what runs next.
    let next = node(1, "StoreHours", "SendActivity", "n1");
    expect(
        &visits(&[user(0, "open?"), recognised.clone(), next.clone()]),
        &["bot.topic.StoreHours Store hours direct"],
    );
    // Not told.
    expect(
        &visits(&[user(0, "open?"), recognised.clone(), user(1, "hm"), next]),
        &[
            &format!("{guid} Store hours direct"),
            "bot.topic.StoreHours StoreHours direct",
        ],
    );
    // A redirect by id.
    let redirect = trace(
        2,
        "DialogRedirect",
        json!({ "targetDialogId": "8d2f0d7e-1111-4222-8333-944455556666" }),
    );
    expect(
        &visits(&[
            user(0, "open?"),
            recognised,
            node(1, "StoreHours", "BeginDialog", "n1"),
            redirect,
            node(2, "Holidays", "SendActivity", "n2"),
            node(2, "StoreHours", "SendActivity", "n3"),
        ]),
        &[
            "bot.topic.StoreHours Store hours direct",
            "bot.topic.Holidays Holidays redirect",
        ],
    );
}

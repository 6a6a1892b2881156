//! Who speaks, who it is, and whether it is a trial.

use serde_json::{Value, json};

use crate::copilot_studio_support::*;

fn expect(found: &[String], expected: &[&str]) {
    assert_eq!(found, expected);
}

#[test]
fn the_side_is_never_told_by_the_sender_alone() {
    let same = |mut activity: Value| {
        activity["from"]["id"] = json!("u1");
        activity
    };
    let batch = read_activities(&[same(user(0, "a")), same(bot(1, "b"))]);
    let names = ["role", "user_id"];
    expect(&values(&batch, "message", &names), &["user u1", "bot u1"]);

    let mut unsaid = user(2, "c");
    unsaid["from"] = json!({ "id": "u1", "role": null });
    let batch = read_activities(&[same(user(0, "a")), same(bot(1, "b")), unsaid.clone()]);
    assert_eq!(
        batch.rejected[0].field.as_deref(),
        Some("content.activities[3].from.role")
    );
    assert_eq!(values(&batch, "message", &["role"]).len(), 2);

    // What else says it.
    let role = |name: &str, value: Value| {
        let mut activity = unsaid.clone();
        activity[name] = value;
        values(&read_activities(&[activity]), "message", &["role"]).concat()
    };
    assert_eq!(role("recipient", json!({ "role": "bot" })), "user");
    assert_eq!(role("recipient", json!({ "role": 1 })), "bot");
    assert_eq!(
        role("channelData", json!({ "clientActivityID": "x" })),
        "user"
    );
    assert_eq!(role("replyToId", json!("m1")), "bot");
    // An id that only one side uses.
    let batch = read_activities(&[user(0, "a"), bot(1, "b"), unsaid]);
    expect(
        &values(&batch, "message", &["role"]),
        &["user", "bot", "user"],
    );
}

#[test]
fn roles_are_numbers_or_text() {
    for (bot, user) in [
        (json!(0), json!(1)),
        (json!("bot"), json!("user")),
        (json!("0"), json!("1")),
        (json!("Bot"), json!("User")),
    ] {
        let message = |role: &Value| json!({ "type": "message", "timestamp": 1_767_261_600, "from": { "id": "x", "role": role }, "text": "t" });
        let batch = read_activities(&[message(&bot), message(&user)]);
        expect(&values(&batch, "message", &["role"]), &["bot", "user"]);
    }
}

#[test]
fn only_what_nobody_asked_for_is_proactive() {
    let proactive =
        |activities: &[Value]| values(&read_activities(activities), "message", &["proactive"]);
    assert_eq!(proactive(&[bot(0, "Your parcel is here")]), ["true"]);
    let start = json!({ "type": "event", "name": "startConversation", "timestamp": 1_767_261_600, "from": { "role": 1 } });
    assert_eq!(proactive(&[start, bot(0, "Hello")]), ["-"]);
    assert_eq!(proactive(&[user(0, "a"), bot(1, "b")]), ["-", "-"]);
    let mut answer = bot(0, "Hello");
    answer["replyToId"] = json!("an activity that is not there");
    assert_eq!(proactive(&[answer]), ["-"]);
    // What the bot says to somebody who stays silent opens nothing.
    for topic in ["Goodbye", "OnInactivity", "SessionTimeout"] {
        let activities = [
            bot(0, "Are you still there?"),
            node(0, topic, "SendActivity", "n"),
        ];
        assert_eq!(proactive(&activities), ["-"], "{topic}");
    }
}

#[test]
fn test_traffic_is_told_apart() {
    let environment = |activities: &[Value]| {
        values(&read_activities(activities), "message", &["environment"])[0].clone()
    };
    let info = |design: bool| trace(0, "ConversationInfo", json!({ "isDesignMode": design }));
    assert_eq!(environment(&[info(true), user(0, "a")]), "test");
    assert_eq!(environment(&[info(false), user(0, "a")]), "production");
    assert_eq!(environment(&[user(0, "a")]), "-");
    let mut pane = user(0, "a");
    pane["channelId"] = json!("pva-studio");
    assert_eq!(environment(&[pane]), "test");
    let mut evaluation = user(0, "a");
    evaluation["channeldata"] = json!({ "testMode": "Text", "enableDiagnostics": true });
    assert_eq!(environment(&[info(false), evaluation]), "test");
}

#[test]
fn people_are_followed_where_the_transcript_allows_it() {
    let person = |activities: &[Value]| {
        values(
            &read_activities(activities),
            "message",
            &["user_id", "authenticated", "unlinkable"],
        )
    };
    assert_eq!(person(&[user(0, "a")]), ["u1 - -"]);
    // An id that the platform made up for the conversation, and none at all.
    let mut made_up = user(0, "a");
    made_up["from"]["id"] = json!("c1");
    assert_eq!(person(&[made_up]), ["c1 - true"]);
    assert_eq!(person(&[bot(0, "a")]), ["- - true"]);
    // The directory's id, which the bot's messages and later ones share.
    let mut known = user(0, "a");
    known["from"]["aadObjectId"] = json!("d1");
    let all = [known, bot(1, "b"), user(2, "c")];
    assert_eq!(person(&all), ["d1 true -", "d1 true -", "d1 true -"]);
}

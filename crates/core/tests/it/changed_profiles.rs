//! Profiles by chance: those that come with the program, as they are or with some of their rules changed.

use proptest::prelude::*;

/// Keys of a profile with values that change its rules.
const RULES: [(&str, &[&str]); 40] = [
    (
        "session.begins",
        &[
            r#"["user_act"]"#,
            "[]",
            r#"["user_act", "late_answer", "widget_opened"]"#,
        ],
    ),
    ("session.goodbye_grace", &[r#""0s""#, r#""1h""#]),
    ("session.new_window", &["true", "false"]),
    ("session.cap_length", &[r#""5m""#, r#""1h""#, r#""3h""#]),
    ("session.cap_events", &["10", "12"]),
    ("session.test_sessions", &[r#""leave_out""#]),
    ("timeout.default", &[r#""10m""#, r#""1h""#, r#""1s""#]),
    ("timeout.channels.web", &[r#""5m""#, r#""3h""#]),
    (
        "engagement.rules",
        &[
            r#"["user_act"]"#,
            r#"["plan_step", "intent_recognised"]"#,
            r#"["fallback", "generative_answer", "answered_user_act"]"#,
            "[]",
        ],
    ),
    (
        "engagement.custom_topic_triggers",
        &[r#"["direct"]"#, r#"["redirect", "system"]"#],
    ),
    ("engagement.needs_user_act", &["false", "true"]),
    (
        "engagement.kinds_that_do_not_engage",
        &["[]", r#"["custom", "fallback"]"#],
    ),
    ("engagement.greeting_intents", &[r#"["delivery"]"#, "[]"]),
    (
        "resolution.confirmed_by",
        &["[]", r#"["declared"]"#, r#"["resolution_survey"]"#],
    ),
    ("resolution.goals", &[r#"["*"]"#, r#"["sale"]"#]),
    (
        "resolution.implied_by",
        &[
            "[]",
            r#"["no_active_plan"]"#,
            r#"["declared", "no_active_plan"]"#,
        ],
    ),
    (
        "resolution.implied_cancelled_by",
        &["[]", r#"["denied"]"#, r#"["custom_topic"]"#],
    ),
    ("resolution.engages", &["true", "false"]),
    ("escalation.topic", &["false", "true"]),
    (
        "escalation.stages",
        &["[]", r#"["accepted"]"#, r#"["requested", "refused"]"#],
    ),
    ("ends.escalated", &["false", "true"]),
    ("ends.resolved", &["false", "true"]),
    ("ends.declared", &["false", "true"]),
    ("ends.conversation_end", &["false", "true"]),
    ("ends.start_over", &["true", "false"]),
    ("ends.surveys", &[r#"["csat", "nps"]"#, r#"["resolution"]"#]),
    ("ends.precedence", &[r#"["resolved", "escalated"]"#]),
    (
        "topic.owner",
        &[
            r#""last_custom_else_last_system""#,
            r#""last_direct_custom_else_last_direct_system_else_last""#,
        ],
    ),
    ("topic.owner_triggers", &[r#"["direct"]"#, "[]"]),
    ("agent.window", &[r#""1h""#, r#""30m""#]),
    ("survey.csat_minimum", &["0.0", "0.5"]),
    ("survey.csat_zero_is_valid", &["true"]),
    ("survey.answer_window", &[r#""10m""#, r#""0s""#]),
    (
        "understanding.fallback_kinds",
        &["[]", r#"["fallback", "custom"]"#],
    ),
    ("understanding.generated_answer_understands", &["false"]),
    ("billing.silence", &[r#""5m""#]),
    ("billing.length", &[r#""10m""#]),
    ("billing.turns", &["1", "3"]),
    ("billing.topic_kinds", &["[]", r#"["custom", "escalate"]"#]),
    ("billing.tools", &["false"]),
];

/// A profile that comes with the program, as it is or with some of its rules changed: its text.
pub fn profile_text() -> impl Strategy<Value = String> {
    let names = upshot_core::profile::Profile::built_in_names();
    let base = prop::sample::select(names.to_vec());
    let changes = prop_oneof![
        1 => Just(Vec::new()),
        2 => prop::collection::vec((0..RULES.len(), 0..4_usize), 1..10),
    ];
    (base, changes).prop_map(|(base, mut changes)| {
        let mut text = format!("name = \"by-chance\"\nversion = 1\nextends = \"{base}\"\n");
        changes.sort_unstable();
        changes.dedup_by_key(|(key, _)| *key);
        for (key, value) in changes {
            let (key, values) = RULES[key];
            text.push_str(&format!("{key} = {}\n", values[value % values.len()]));
        }
        text
    })
}

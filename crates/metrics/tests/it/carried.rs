//! What passes rely on: messages and steps carry facts of their session, and happen no earlier than it
//! starts, in every conversation that the demo makes up.

use std::collections::HashMap;

use upshot_core::Session;
use upshot_core::fold::{Carry, Facts, FoldContext, fold, sort_and_deduplicate};
use upshot_core::profile::Profile;
use upshot_demo::{DemoOptions, generate};

/// The carried fields of a message or step are those of its session.
macro_rules! assert_carried {
    ($row:expr, $session:expr) => {{
        assert_eq!($row.fact_set, $session.fact_set);
        assert_eq!($row.conversation_id, $session.conversation_id);
        assert_eq!($row.session_start, $session.start_time);
        assert_eq!($row.bot, $session.bot);
        assert_eq!($row.bot_version, $session.bot_version);
        assert_eq!($row.environment, $session.environment);
        assert_eq!($row.channel, $session.channel);
        assert_eq!($row.user_key, $session.user_key);
        assert!($row.time >= $session.start_time);
    }};
}

#[test]
fn messages_and_steps_carry_what_their_session_says() {
    let options = DemoOptions {
        conversations: 2_000,
        ..DemoOptions::until(1_767_603_600_000_000)
    };
    let profile = Profile::built_in("default").unwrap();
    let context = FoldContext {
        workspace: "main",
        profile: &profile,
        as_of: options.end,
    };
    let (mut messages, mut steps) = (0, 0);
    for mut events in generate(&options) {
        sort_and_deduplicate(&mut events);
        let mut facts = Facts::default();
        fold(&context, &Carry::default(), &events, &mut facts);
        let sessions: HashMap<&str, &Session> = facts
            .sessions
            .iter()
            .map(|session| (&*session.session_id, session))
            .collect();
        for message in &facts.messages {
            match &message.session_id {
                None => assert_eq!(message.session_start, message.time),
                Some(id) => assert_carried!(message, sessions[&**id]),
            }
            messages += 1;
        }
        for step in &facts.steps {
            assert_carried!(step, sessions[&*step.session_id]);
            steps += 1;
        }
    }
    assert!(
        messages > 10_000 && steps > 5_000,
        "{messages} messages, {steps} steps"
    );
}

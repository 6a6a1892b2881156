//! Messages.

use super::{Kind, Metric, Section, Subject, Unit, example, sum};

const SECTION: Section = Section::Messages;

const COUNTS: &str = "
messages:
session | role  | kind       | last_before_handover
a       | user  | text       |
a       | bot   | text       |
a       | user  | option     |
a       | bot   | text       |
b       | user  | voice      |
b       | user  | attachment | yes
b       | bot   | text       |
b       | agent | text       |
        | agent | text       |
";

const fn count(
    id: &'static str,
    name: &'static str,
    of: &'static str,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    Metric::new(
        SECTION,
        id,
        name,
        Unit::Messages,
        Kind::Count { of },
        definition,
        example(COUNTS, result),
    )
    .of(Subject::Messages)
    .version(2)
}

pub(super) const METRICS: &[Metric] = &[
    count(
        "messages",
        "Messages",
        "message.role in (user, bot, agent)",
        "Messages of user, bot and agents that were said in the range, also those of agents outside any \
         session. Cut by `weekday` and `hour_of_day` they are the traffic.",
        "9",
    ),
    count(
        "user_messages",
        "User messages",
        "message.role = user",
        "Messages of users that were said in the range.",
        "4",
    ),
    count(
        "bot_messages",
        "Bot messages",
        "message.role = bot",
        "Messages of bots that were said in the range.",
        "3",
    ),
    count(
        "agent_messages",
        "Agent messages",
        "message.role = agent",
        "Messages of people who serve users that were said in the range, also outside any session.",
        "2",
    ),
    count(
        "text_messages",
        "User messages, typed",
        "message.role = user and message.kind = text",
        "Messages that users typed.",
        "1",
    ),
    count(
        "option_messages",
        "User messages, clicked",
        "message.role = user and message.kind = option",
        "Messages that users gave by choosing an option.",
        "1",
    ),
    count(
        "voice_messages",
        "User messages, spoken",
        "message.role = user and message.kind = voice",
        "Messages that users spoke.",
        "1",
    ),
    count(
        "attachment_messages",
        "User messages, attached",
        "message.role = user and message.kind = attachment",
        "Files, pictures and forms that users sent.",
        "1",
    ),
    count(
        "messages_before_handover",
        "Last messages before a handover",
        "message.last_before_handover",
        "The user's last messages before a person was asked for: cut them by `message.intent` or \
         `message.topic` to see what the bot is left over.",
        "1",
    )
    .version(1)
    .lower(),
    Metric::new(
        SECTION,
        "messages_per_user",
        "Messages per user",
        Unit::Messages,
        Kind::PerKey {
            key: "user_key",
            within: "message.role = user",
        },
        "Messages of users over different users who said something in the range.",
        example(
            "
sessions:
session | user
a       | anna
b       | anna
c       | ben
d       | cleo
messages:
session | role
a       | user
a       | bot
b       | user
b       | user
c       | user
d       | bot
",
            "4 / 2 = 2.00",
        ),
    )
    .of(Subject::Messages),
    Metric::new(
        SECTION,
        "exchanges",
        "Exchanges",
        Unit::Exchanges,
        sum("exchanges"),
        "Messages of users that something answered, with all that answers them.",
        example(
            "
exchanges
2
0
3
",
            "5",
        ),
    ),
];

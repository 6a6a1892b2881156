//! Messages, and how fast they are answered.

use super::{Example, Kind, Metric, Section, Subject, Unit, column, example, mean, quantile, sum};
use crate::filter::Measure;

const SECTION: Section = Section::Messages;

const COUNTS: &str = "
messages:
session | role  | kind
a       | user  | text
a       | bot   | text
a       | user  | option
a       | bot   | text
b       | user  | voice
b       | user  | attachment
b       | bot   | text
b       | agent | text
        | agent | text
";

const TIMES: &str = "
first_response_time
1s
2s
3s
10s

";

const RESOLUTIONS: &str = "
outcome   | resolved_after
resolved  | 30s
resolved  | 60s
resolved  | 240s
abandoned |
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

const fn time(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    example: Example,
) -> Metric {
    Metric::new(SECTION, id, name, Unit::Seconds, kind, definition, example).lower()
}

const RESOLUTION_TIME: Measure = Measure::Difference("resolved_time", "start_time");

pub(super) const METRICS: &[Metric] = &[
    count(
        "messages",
        "Messages",
        "message.role in (user, bot, agent)",
        "Messages of user, bot and agents that were said in the range, also those of agents outside any session.",
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
    time(
        "first_response_time",
        "First response time",
        mean(column("first_response_time"), ""),
        "From the user's first message to the bot's next, in sessions that have both: the mean.",
        example(TIMES, "16 s / 4 = 4.0 s"),
    ),
    time(
        "first_response_time_median",
        "First response time, median",
        quantile(column("first_response_time"), 0.5, ""),
        "From the user's first message to the bot's next: half are no longer.",
        example(TIMES, "2.0 s of 4"),
    ),
    time(
        "first_response_time_p90",
        "First response time, 90th percentile",
        quantile(column("first_response_time"), 0.9, ""),
        "From the user's first message to the bot's next: nine of ten are no longer.",
        example(TIMES, "10.0 s of 4"),
    ),
    time(
        "first_response_time_p99",
        "First response time, 99th percentile",
        quantile(column("first_response_time"), 0.99, ""),
        "From the user's first message to the bot's next: 99 of 100 are no longer.",
        example(TIMES, "10.0 s of 4"),
    ),
    time(
        "response_time",
        "Response time",
        Kind::Ratio {
            numerator: column("response_time_sum"),
            denominator: column("responses"),
            within: "",
        },
        "From a message of the user to the bot's next: the mean over all that were answered.",
        example(
            "
response_time_sum | responses
12s               | 4
3s                | 1
0s                | 0
",
            "15 s / 5 = 3.0 s",
        ),
    ),
    time(
        "resolution_time",
        "Resolution time",
        mean(RESOLUTION_TIME, "resolved"),
        "From the start of a session to its resolution: the mean over resolved sessions.",
        example(RESOLUTIONS, "330 s / 3 = 110.0 s"),
    ),
    time(
        "resolution_time_median",
        "Resolution time, median",
        quantile(RESOLUTION_TIME, 0.5, "resolved"),
        "From the start of a session to its resolution: half of the resolved sessions take no longer.",
        example(RESOLUTIONS, "60.0 s of 3"),
    ),
    time(
        "resolution_time_p90",
        "Resolution time, 90th percentile",
        quantile(RESOLUTION_TIME, 0.9, "resolved"),
        "From the start of a session to its resolution: nine of ten resolved sessions take no longer.",
        example(RESOLUTIONS, "240.0 s of 3"),
    ),
];

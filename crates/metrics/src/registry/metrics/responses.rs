//! How fast the bot answers, and chats.

use super::{Example, Kind, Metric, Section, Subject, Unit, column, example, mean, quantile};
use crate::registry::remarks::NO_WINDOWS;

const SECTION: Section = Section::Messages;

const FIRST: &str = "
first_response_time
1s
2s
3s
10s

";

/// An agent's answer is none of the bot's, and only the first answer to a message counts.
const ANSWERS: &str = "
messages:
session | role  | response_time
a       | user  |
a       | bot   | 2s
a       | bot   |
a       | user  |
a       | bot   | 4s
b       | user  |
b       | bot   | 3s
b       | user  |
b       | agent | 60s
";

const CHATS: &str = "
user_acts | duration
1         | 20s
3         | 60s
5         | 100s
0         | 0s
";

const fn time(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    example: Example,
) -> Metric {
    Metric::new(SECTION, id, name, Unit::Seconds, kind, definition, example)
}

const fn first(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    time(id, name, kind, definition, example(FIRST, result)).lower()
}

const fn answer(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    time(id, name, kind, definition, example(ANSWERS, result))
        .of(Subject::Messages)
        .lower()
}

pub(super) const METRICS: &[Metric] = &[
    first(
        "first_response_time",
        "First response time",
        mean(column("first_response_time"), ""),
        "From the user's first message to the bot's next, in sessions that have both: the mean.",
        "16 s / 4 = 4.0 s",
    ),
    first(
        "first_response_time_median",
        "First response time, median",
        quantile(column("first_response_time"), 0.5, ""),
        "From the user's first message to the bot's next: half are no longer.",
        "2.0 s of 4",
    ),
    first(
        "first_response_time_p90",
        "First response time, 90th percentile",
        quantile(column("first_response_time"), 0.9, ""),
        "From the user's first message to the bot's next: nine of ten are no longer.",
        "10.0 s of 4",
    ),
    first(
        "first_response_time_p99",
        "First response time, 99th percentile",
        quantile(column("first_response_time"), 0.99, ""),
        "From the user's first message to the bot's next: 99 of 100 are no longer.",
        "10.0 s of 4",
    ),
    answer(
        "response_time",
        "Response time",
        mean(column("message.response_time"), "message.role = bot"),
        "From a message of the user to the bot's next, for each answer that was said in the range: the mean.",
        "9 s / 3 = 3.0 s",
    )
    .version(2),
    answer(
        "response_time_median",
        "Response time, median",
        quantile(column("message.response_time"), 0.5, "message.role = bot"),
        "From a message of the user to the bot's next: half are no longer.",
        "3.0 s of 3",
    ),
    answer(
        "response_time_p90",
        "Response time, 90th percentile",
        quantile(column("message.response_time"), 0.9, "message.role = bot"),
        "From a message of the user to the bot's next: nine of ten are no longer.",
        "4.0 s of 3",
    ),
    answer(
        "response_time_p99",
        "Response time, 99th percentile",
        quantile(column("message.response_time"), 0.99, "message.role = bot"),
        "From a message of the user to the bot's next: 99 of 100 are no longer.",
        "4.0 s of 3",
    ),
];

const fn chat(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(CHATS, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example).remarks(NO_WINDOWS)
}

/// Sessions as their profile cuts them.
pub(super) const CHATS_OF_USERS: &[Metric] = &[
    chat(
        "chats",
        "Chats",
        Unit::Sessions,
        Kind::Count { of: "user_acted" },
        "Sessions that a user took part in. What is a chat is the profile's to say: with the facts of the \
         profile `indigo` (`profile` of the query) every window, page and call and WhatsApp's 24 hours are \
         chats of their own.",
        "3",
    ),
    chat(
        "chat_duration",
        "Chat duration",
        Unit::Seconds,
        mean(column("duration"), "user_acted"),
        "From the first to the last activity of a chat: the mean.",
        "180 s / 3 = 60.0 s",
    ),
    chat(
        "chat_duration_median",
        "Chat duration, median",
        Unit::Seconds,
        quantile(column("duration"), 0.5, "user_acted"),
        "From the first to the last activity of a chat: half are no longer.",
        "60.0 s of 3",
    ),
    chat(
        "chat_duration_p90",
        "Chat duration, 90th percentile",
        Unit::Seconds,
        quantile(column("duration"), 0.9, "user_acted"),
        "From the first to the last activity of a chat: nine of ten are no longer.",
        "100.0 s of 3",
    ),
    chat(
        "chat_duration_p99",
        "Chat duration, 99th percentile",
        Unit::Seconds,
        quantile(column("duration"), 0.99, "user_acted"),
        "From the first to the last activity of a chat: 99 of 100 are no longer.",
        "100.0 s of 3",
    ),
];

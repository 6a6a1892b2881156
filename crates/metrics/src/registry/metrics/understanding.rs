//! What the bot understood.

use super::{Example, Kind, Metric, Section, Subject, Unit, example, rate};

const SECTION: Section = Section::Understanding;

/// Clicks are not to be understood; the last session is not over.
const MESSAGES: &str = "
sessions:
session | open
c       | yes
messages:
session | role | kind   | must_understand | unmatched | fallback_then  | intent  | ambiguous
a       | user | text   | yes             | yes       | not_understood |         | yes
a       | user | text   | yes             | yes       | handover       |         |
a       | user | option | no              | no        |                |         |
b       | user | voice  | yes             | no        |                | refund  |
b       | user | text   | yes             | yes       | answered       |         |
b       | user | text   | yes             | no        |                | address |
b       | user | text   | yes             | yes       | left           |         |
c       | user | text   | yes             | yes       |                |         |
";

const MUST: &str = "message.must_understand";
const UNTOLD: &str = "there were no messages that a bot had to understand";

const fn message(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(MESSAGES, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example)
        .of(Subject::Messages)
        .told(MUST, UNTOLD)
}

const fn sequel(
    id: &'static str,
    name: &'static str,
    numerator: &'static str,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    message(
        id,
        name,
        Unit::Share,
        rate(numerator, "message.unmatched"),
        definition,
        result,
    )
    .judged()
}

pub(super) const METRICS: &[Metric] = &[
    message(
        "messages_to_understand",
        "Messages to understand",
        Unit::Messages,
        Kind::Count { of: MUST },
        "Messages that the bot had to understand: typed or spoken, no clicks, no form answers, no words to \
         agents.",
        "7",
    ),
    message(
        "fallback_messages",
        "Messages not understood",
        Unit::Messages,
        Kind::Count {
            of: "message.unmatched",
        },
        "Messages that the bot had to understand and did not.",
        "5",
    )
    .lower(),
    message(
        "fallback_rate",
        "Fallback rate",
        Unit::Share,
        rate("message.unmatched", MUST),
        "Messages that the bot did not understand among those that it had to: typed or spoken, no clicks, \
         no form answers, no words to agents.",
        "5 / 7 = 71.4 %",
    )
    .version(2)
    .lower(),
    message(
        "coverage",
        "Coverage",
        Unit::Share,
        rate("not message.unmatched", MUST),
        "Messages that the bot understood among those that it had to; with the fallback rate, 100 %.",
        "2 / 7 = 28.6 %",
    )
    .higher(),
    message(
        "ambiguity_rate",
        "Ambiguous messages",
        Unit::Share,
        rate("message.ambiguous", MUST),
        "Messages for which the bot asked «did you mean», or considered several intents and took none, among \
         those that it had to understand.",
        "1 / 7 = 14.3 %",
    )
    .lower(),
    message(
        "recognised_messages",
        "Messages with an intent",
        Unit::Messages,
        Kind::Count {
            of: "message.intent is not null",
        },
        "Messages of which an intent was recognised; cut them by `message.intent`.",
        "2",
    )
    .told("message.intent is not null", "no source says which intents it recognised"),
    sequel(
        "fallback_then_left",
        "Left after a fallback",
        "message.fallback_then = left",
        "Messages that were not understood and after which the user did nothing more, among messages that \
         were not understood, of sessions that are over.",
        "1 / 4 = 25.0 %",
    )
    .lower(),
    sequel(
        "fallback_then_handover",
        "A person after a fallback",
        "message.fallback_then = handover",
        "Messages that were not understood and led to a person, asked for before the user's second act \
         afterwards, among messages that were not understood, of sessions that are over.",
        "1 / 4 = 25.0 %",
    )
    .lower(),
    sequel(
        "fallback_then_not_understood",
        "Another fallback after a fallback",
        "message.fallback_then = not_understood",
        "Messages that were not understood and whose next was not either, among messages that were not \
         understood, of sessions that are over.",
        "1 / 4 = 25.0 %",
    )
    .lower(),
    sequel(
        "fallback_then_recovered",
        "Recovered after a fallback",
        "message.fallback_then in (answered, chosen)",
        "Messages that were not understood and after which the user was understood or chose an option, among \
         messages that were not understood, of sessions that are over.",
        "1 / 4 = 25.0 %",
    )
    .higher(),
];

/// Two in a row; one, and «did you mean»; two intents nearly alike; all clear; nothing to understand.
const SESSIONS: &str = "
understandable_messages | fallbacks | consecutive_fallbacks | multiple_topics_matched | ambiguous_messages | smallest_margin
3                       | 2         | 2                     | no                      | 0                  |
5                       | 1         | 1                     | yes                     | 1                  |
2                       | 0         | 0                     | no                      | 0                  | 0.05
4                       | 0         | 0                     | no                      | 0                  | 0.6
0                       | 0         | 0                     | no                      | 0                  |
";

const fn session(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(SESSIONS, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example)
        .told("understandable_messages > 0", UNTOLD)
        .lower()
}

pub(super) const OF_SESSIONS: &[Metric] = &[
    session(
        "fallback_session_rate",
        "Fallback rate by session",
        Unit::Share,
        rate("fallbacks > 0", ""),
        "Sessions with a message that the bot did not understand, among all sessions.",
        "2 / 5 = 40.0 %",
    ),
    session(
        "consecutive_fallbacks",
        "Sessions with fallbacks in a row",
        Unit::Sessions,
        Kind::Count {
            of: "consecutive_fallbacks >= 2",
        },
        "Sessions in which the bot did not understand two or more messages in a row; cut them by \
         `consecutive_fallbacks` for how many.",
        "1",
    ),
    session(
        "consecutive_fallback_rate",
        "Fallbacks in a row",
        Unit::Share,
        rate("consecutive_fallbacks >= 2", ""),
        "Sessions in which the bot did not understand two or more messages in a row, among all sessions.",
        "1 / 5 = 20.0 %",
    ),
    session(
        "confusion_rate",
        "Confusion rate",
        Unit::Share,
        rate("confused", ""),
        "Sessions in which the bot asked «did you mean», considered several intents and took none, or took \
         one that was less than 0.1 more likely than the next, among all sessions.",
        "2 / 5 = 40.0 %",
    )
    .version(2),
];

/// Ranked by how often intents come, fail and lead to people.
const INTENTS: &str = "
outcome   | handover_requests | first_intent
resolved  | 0                 | refund
abandoned | 0                 | refund
escalated | 1                 | address
none      | 0                 | refund
";

const fn intents(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    example: Example,
) -> Metric {
    Metric::new(SECTION, id, name, unit, kind, definition, example).lower()
}

pub(super) const INTENT_RANKS: &[Metric] = &[
    intents(
        "unresolved_sessions",
        "Sessions not resolved",
        Unit::Sessions,
        Kind::Count {
            of: "engaged and not resolved",
        },
        "Engaged sessions that were not resolved, of those that are over. Cut by `intents` they tell which \
         intents fail most.",
        example(INTENTS, "2"),
    )
    .judged(),
    intents(
        "failed_resolution_rate",
        "Failed resolution",
        Unit::Share,
        rate("not resolved", "engaged"),
        "Engaged sessions that were not resolved among engaged sessions; with the resolution rate, 100 %.",
        example(INTENTS, "2 / 3 = 66.7 %"),
    ),
];

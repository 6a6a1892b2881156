//! Feedback that nobody asked for: what users do with answers beside answering them.

use super::{Kind, Metric, Section, Subject, Unit, example, rate};

const SECTION: Section = Section::Understanding;

/// The user says the same again in other words, then in the same words; of five answers one is copied, one
/// stopped, one made again, and after one the user leaves.
const MESSAGES: &str = "
messages:
session | role | kind   | rephrased | repeated | copied | stopped | regenerated | left_after
a       | user | text   |           |          |        |         |             |
a       | bot  | text   |           |          |        | yes     | yes         |
a       | user | text   | yes       |          |        |         |             |
a       | bot  | text   |           |          |        |         |             |
a       | user | text   |           | yes      |        |         |             |
a       | bot  | text   |           |          | yes    |         |             |
b       | user | voice  |           |          |        |         |             |
b       | bot  | text   |           |          |        |         |             |
b       | user | option |           |          |        |         |             |
b       | bot  | text   |           |          |        |         |             | yes
";

const SPOKEN: &str = "message.role = user and message.kind in (text, voice)";
const ANSWER: &str = "message.role = bot";

const fn implicit(
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
        .lower()
}

const NO_COPIES: &str = "no source says that users copied an answer";
const NO_STOPS: &str = "no source says that users stopped an answer";
const NO_SECONDS: &str = "no source says that users had an answer made again";

pub(super) const METRICS: &[Metric] = &[
    implicit(
        "rephrased_messages",
        "Messages said again in other words",
        Unit::Messages,
        Kind::Count { of: "message.rephrased" },
        "Messages by which the user says the same again in other words after an answer: taken for the same \
         intent, greetings aside, or so said by the source.",
        "1",
    ),
    implicit(
        "rephrase_rate",
        "Rephrased",
        Unit::Share,
        rate("message.rephrased", SPOKEN),
        "Messages that say the same again in other words among messages that users typed or spoke.",
        "1 / 4 = 25.0 %",
    ),
    implicit(
        "repeated_messages",
        "Messages said again in the same words",
        Unit::Messages,
        Kind::Count { of: "message.repeated" },
        "Messages that repeat the user's message before them, letter case, spaces and punctuation aside.",
        "1",
    ),
    implicit(
        "repetition_rate",
        "Repeated",
        Unit::Share,
        rate("message.repeated", SPOKEN),
        "Messages that repeat the one before among messages that users typed or spoke.",
        "1 / 4 = 25.0 %",
    ),
    implicit(
        "answers_copied",
        "Answers copied",
        Unit::Messages,
        Kind::Count { of: "message.copied" },
        "Answers of the bot that the user copied.",
        "1",
    )
    .told("message.copied", NO_COPIES)
    .higher(),
    implicit(
        "copy_rate",
        "Copied",
        Unit::Share,
        rate("message.copied", ANSWER),
        "Answers that the user copied among all answers of the bot.",
        "1 / 5 = 20.0 %",
    )
    .told("message.copied", NO_COPIES)
    .higher(),
    implicit(
        "answers_stopped",
        "Answers stopped",
        Unit::Messages,
        Kind::Count { of: "message.stopped" },
        "Answers of the bot that the user stopped before they were complete.",
        "1",
    )
    .told("message.stopped", NO_STOPS),
    implicit(
        "stop_rate",
        "Stopped",
        Unit::Share,
        rate("message.stopped", ANSWER),
        "Answers that the user stopped among all answers of the bot.",
        "1 / 5 = 20.0 %",
    )
    .told("message.stopped", NO_STOPS),
    implicit(
        "answers_regenerated",
        "Answers made again",
        Unit::Messages,
        Kind::Count { of: "message.regenerated" },
        "Answers of the bot that the user had made again.",
        "1",
    )
    .told("message.regenerated", NO_SECONDS),
    implicit(
        "regeneration_rate",
        "Made again",
        Unit::Share,
        rate("message.regenerated", ANSWER),
        "Answers that the user had made again among all answers of the bot.",
        "1 / 5 = 20.0 %",
    )
    .told("message.regenerated", NO_SECONDS),
    implicit(
        "answers_left",
        "Answers after which users left",
        Unit::Messages,
        Kind::Count { of: "message.left_after" },
        "Answers after which the user, having acted before, did nothing until the session was over, \
         unresolved and not passed to people.",
        "1",
    )
    .judged(),
    implicit(
        "left_after_answer_rate",
        "Left after the answer",
        Unit::Share,
        rate("message.left_after", ANSWER),
        "Answers after which the user left among all answers of the bot, of sessions that are over.",
        "1 / 5 = 20.0 %",
    )
    .judged(),
];

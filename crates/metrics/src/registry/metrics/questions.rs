//! Questions: form fields and slots, and what becomes of them. Cut them by `step.question`.

use super::{Kind, Metric, Section, Subject, Unit, column, example, mean, quantile, rate};

const SECTION: Section = Section::Questions;

/// The postcode is asked twice and answered, the date is asked three times and left, the name is answered
/// at once; the session of the amount is not over.
const QUESTIONS: &str = "
sessions:
session | open
d       | yes
steps:
session | kind     | question | question_stage | question_attempts | question_result | question_time
a       | question | postcode | asked          | 2                 | answered        | 30s
a       | question | postcode | asked_again    |                   |                 |
a       | question | postcode | answered       | 2                 |                 | 30s
b       | question | date     | asked          | 3                 | left            |
b       | question | date     | asked_again    |                   |                 |
b       | question | date     | asked_again    |                   |                 |
c       | question | name     | asked          | 1                 | answered        | 10s
c       | question | name     | answered       | 1                 |                 | 10s
d       | question | amount   | asked          | 1                 |                 |
";

/// The step that asked first: of the bot's questions alone, of which attempts are counted.
const ASKED: &str =
    "step.question_stage in (asked, asked_again) and step.question_attempts is not null";
const TOLD: &str = "step.question_stage is not null";
const UNTOLD: &str = "no source says which questions its bot asked";

const fn questions(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(QUESTIONS, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example)
        .of(Subject::Steps)
        .told(TOLD, UNTOLD)
}

pub(super) const METRICS: &[Metric] = &[
    questions(
        "questions_asked",
        "Questions asked",
        Unit::Questions,
        Kind::Count { of: ASKED },
        "Questions of the bot, each counted when it was asked first.",
        "4",
    ),
    questions(
        "question_retries",
        "Questions asked again",
        Unit::Questions,
        Kind::Count {
            of: "step.question_stage = asked_again and step.question_attempts is null",
        },
        "How often a question was put again because the answer did not do.",
        "3",
    )
    .lower(),
    questions(
        "questions_answered",
        "Questions answered",
        Unit::Questions,
        Kind::Count {
            of: "step.question_stage = answered",
        },
        "Answers that the bot accepted, counted when they were given.",
        "2",
    ),
    questions(
        "questions_left",
        "Questions left",
        Unit::Questions,
        Kind::Count {
            of: "step.question_result = left",
        },
        "Questions that were left without an accepted answer, counted when they were asked first, of \
         sessions that are over.",
        "1",
    )
    .judged()
    .lower(),
    questions(
        "question_dropoff",
        "Drop-off at questions",
        Unit::Share,
        rate("step.question_result = left", ASKED),
        "Questions that were left without an accepted answer among questions that were asked, of sessions \
         that are over.",
        "1 / 3 = 33.3 %",
    )
    .judged()
    .lower(),
    questions(
        "question_answer_rate",
        "Answered questions",
        Unit::Share,
        rate("step.question_result = answered", ASKED),
        "Questions that were answered among questions that were asked, of sessions that are over.",
        "2 / 3 = 66.7 %",
    )
    .judged()
    .higher(),
    questions(
        "question_retry_rate",
        "Questions asked more than once",
        Unit::Share,
        rate("step.question_attempts > 1", ASKED),
        "Questions that were put more than once among questions that were asked, of sessions that are over.",
        "2 / 3 = 66.7 %",
    )
    .judged()
    .lower(),
    questions(
        "question_attempts",
        "Attempts per question",
        Unit::Questions,
        mean(column("step.question_attempts"), ASKED),
        "How often a question is put, the first time included, of sessions that are over: the mean.",
        "6 / 3 = 2.00",
    )
    .judged()
    .lower(),
    questions(
        "question_time",
        "Time to answer",
        Unit::Seconds,
        mean(column("step.question_time"), "step.question_stage = answered"),
        "From the first asking of a question to its accepted answer: the mean.",
        "40 s / 2 = 20.0 s",
    )
    .lower(),
    questions(
        "question_time_median",
        "Time to answer, median",
        Unit::Seconds,
        quantile(
            column("step.question_time"),
            0.5,
            "step.question_stage = answered",
        ),
        "From the first asking of a question to its accepted answer: half take no longer.",
        "10.0 s of 2",
    )
    .lower(),
    questions(
        "question_time_p90",
        "Time to answer, 90th percentile",
        Unit::Seconds,
        quantile(
            column("step.question_time"),
            0.9,
            "step.question_stage = answered",
        ),
        "From the first asking of a question to its accepted answer: nine of ten take no longer.",
        "30.0 s of 2",
    )
    .lower(),
];

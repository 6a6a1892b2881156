//! Thumbs on answers. Those on one answer count once, the last that were given; they belong to the message
//! that got them, and so to the topic that produced it: cut them by `message.topic`.

use super::{Kind, Metric, Section, Subject, Unit, column, example, rate};
use crate::filter::Measure;

const SECTION: Section = Section::Satisfaction;

/// The last session's source says what was rated, but not what it offered for rating.
const THUMBS: &str = "
sessions:
session | feedback_offered
a       | 4
b       | 2
c       |
messages:
session | role | feedback | feedback_commented
a       | user |          |
a       | bot  | up       | yes
a       | bot  | down     |
a       | bot  | offered  |
a       | bot  | up       |
b       | bot  | neutral  |
b       | bot  | offered  |
c       | bot  | down     | yes
c       | bot  |          |
";

const TOLD: &str = "message.feedback is not null";
const UNTOLD: &str = "no source sends thumbs";
const REVIEWABLE: &str = "message.feedback is not null and feedback_offered is not null";
const NO_OFFER: &str = "no source says which answers it offered for rating";

const fn thumbs(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(THUMBS, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example)
        .of(Subject::Messages)
        .by_session_start()
        .told(TOLD, UNTOLD)
        .version(2)
}

pub(super) const METRICS: &[Metric] = &[
    thumbs(
        "reviewable_messages",
        "Answers offered for rating",
        Unit::Messages,
        Kind::Count { of: REVIEWABLE },
        "Answers that could be rated, where the source says so: those with thumbs up, down or neither, and \
         those that nobody rated.",
        "6",
    )
    .told(REVIEWABLE, NO_OFFER),
    thumbs(
        "positive_feedback",
        "Thumbs up",
        Unit::Messages,
        Kind::Count {
            of: "message.feedback = up",
        },
        "Answers with thumbs up.",
        "2",
    )
    .higher(),
    thumbs(
        "negative_feedback",
        "Thumbs down",
        Unit::Messages,
        Kind::Count {
            of: "message.feedback = down",
        },
        "Answers with thumbs down.",
        "2",
    )
    .lower(),
    thumbs(
        "neutral_feedback",
        "Neutral ratings",
        Unit::Messages,
        Kind::Count {
            of: "message.feedback = neutral",
        },
        "Answers whose rating is neither up nor down.",
        "1",
    ),
    thumbs(
        "no_feedback",
        "Answers without rating",
        Unit::Messages,
        Kind::Count {
            of: "message.feedback = offered and feedback_offered is not null",
        },
        "Answers that were offered for rating and that nobody rated.",
        "2",
    )
    .version(1)
    .told(REVIEWABLE, NO_OFFER),
    thumbs(
        "rated_messages",
        "Rated answers",
        Unit::Messages,
        Kind::Count {
            of: "message.feedback in (up, down, neutral)",
        },
        "Answers with a rating of any kind.",
        "5",
    ),
    thumbs(
        "feedback_rate",
        "Share of answers that are rated",
        Unit::Share,
        rate("message.feedback in (up, down, neutral)", REVIEWABLE),
        "Rated answers among answers that were offered for rating.",
        "4 / 6 = 66.7 %",
    )
    .version(1)
    .judged()
    .told(REVIEWABLE, NO_OFFER)
    .higher(),
    thumbs(
        "feedback_score",
        "Feedback score",
        Unit::Share,
        rate("message.feedback = up", "message.feedback in (up, down)"),
        "Thumbs up among thumbs up and down.",
        "2 / 4 = 50.0 %",
    )
    .judged()
    .higher(),
    thumbs(
        "feedback_comments",
        "Comments on answers",
        Unit::Messages,
        Kind::Count {
            of: "message.feedback_commented",
        },
        "Answers beside whose rating the user wrote something.",
        "2",
    )
    .version(1),
];

/// More up, more down, only up, as many of both, none.
const BALANCES: &str = "
feedback_up | feedback_down | feedback_neutral
3           | 1             | 0
0           | 1             | 0
2           | 0             | 0
1           | 1             | 0
1           | 0             | 1
0           | 0             | 0
";

const fn balance(
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
        Unit::Sessions,
        Kind::Count { of },
        definition,
        example(BALANCES, result),
    )
    .told(
        "feedback_up > 0 or feedback_down > 0 or feedback_neutral > 0 or feedback_offered is not null",
        UNTOLD,
    )
}

pub(super) const BALANCE: &[Metric] = &[
    balance(
        "more_positive_sessions",
        "Sessions rated up more than down",
        "more_positive",
        "Sessions with more thumbs up than down.",
        "3",
    )
    .higher(),
    balance(
        "more_negative_sessions",
        "Sessions rated down more than up",
        "more_negative",
        "Sessions with more thumbs down than up.",
        "1",
    )
    .lower(),
    balance(
        "only_positive_sessions",
        "Sessions rated up only",
        "only_positive",
        "Sessions with thumbs up and no other rating.",
        "1",
    )
    .higher(),
];

/// Two visits of payment, one of delivery, and a click in between.
const VISITS: &str = "
steps:
session | kind   | topic    | feedback_up | feedback_down | feedback_neutral
a       | topic  | payment  | 2           | 1             | 0
a       | option | payment  |             |               |
a       | topic  | delivery | 0           | 1             | 0
b       | topic  | payment  | 1           | 0             | 1
";

const VISIT: &str = "step.kind = topic";
const RATED: &str = "step.kind = topic and (step.feedback_up > 0 or step.feedback_down > 0 or step.feedback_neutral > 0)";

const fn topic(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(VISITS, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example)
        .of(Subject::Steps)
        .by_session_start()
        .told(RATED, UNTOLD)
}

/// By the visit of the topic that gave the answer.
pub(super) const TOPICS: &[Metric] = &[
    topic(
        "topic_positive_feedback",
        "Thumbs up for a topic",
        Unit::Answers,
        Kind::Sum {
            measure: column("step.feedback_up"),
            within: VISIT,
            unknown: None,
        },
        "Thumbs up given to the answers that a topic produced during a visit. Cut them by `step.topic`.",
        "3",
    )
    .higher(),
    topic(
        "topic_negative_feedback",
        "Thumbs down for a topic",
        Unit::Answers,
        Kind::Sum {
            measure: column("step.feedback_down"),
            within: VISIT,
            unknown: None,
        },
        "Thumbs down given to the answers that a topic produced during a visit.",
        "2",
    )
    .lower(),
    topic(
        "topic_neutral_feedback",
        "Neutral ratings for a topic",
        Unit::Answers,
        Kind::Sum {
            measure: column("step.feedback_neutral"),
            within: VISIT,
            unknown: None,
        },
        "Ratings, neither up nor down, of the answers that a topic produced during a visit.",
        "1",
    ),
    topic(
        "topic_feedback_score",
        "Feedback score of a topic",
        Unit::Share,
        Kind::Ratio {
            numerator: column("step.feedback_up"),
            denominator: Measure::Sum(&["step.feedback_up", "step.feedback_down"]),
            within: VISIT,
        },
        "Thumbs up among thumbs up and down, of the answers that a topic produced.",
        "3 / 5 = 60.0 %",
    )
    .higher()
    .judged(),
];

//! Whether generated answers are supported by their sources, as far as somebody judged them.

use super::{Kind, Metric, Section, Subject, Unit, example, rate};
use crate::registry::remarks::{Made, Remark};
use crate::result::NoteCode;

const SECTION: Section = Section::Understanding;

/// Three answers are judged, two by a model and one by a reviewer, who finds it invented; a fourth is not judged.
const ANSWERS: &str = "
messages:
session | role | grounded | grounded_by
a       | user |          |
a       | bot  | yes      | judge
a       | user |          |
a       | bot  | no       | reviewer
b       | user |          |
b       | bot  | yes      | judge
b       | user |          |
b       | bot  |          |
";

const JUDGED: &str = "message.grounded is not null";

const UNJUDGED: &str = "no source says whether answers are supported by their sources";

/// Who judged stands beside every number: models and people judge differently.
const JUDGES: &[Remark] = &[
    Remark {
        code: NoteCode::JudgedByModels,
        subject: Subject::Messages,
        of: "message.grounded is not null and message.grounded_by = judge",
        made: Made::Where,
        text: "{count} of the answers were judged by a model; cut by `message.grounded_by` to see each judge by itself",
    },
    Remark {
        code: NoteCode::JudgedByPeople,
        subject: Subject::Messages,
        of: "message.grounded is not null and message.grounded_by in (reviewer, agent, user)",
        made: Made::Where,
        text: "{count} of the answers were judged by people",
    },
    Remark {
        code: NoteCode::JudgedByRules,
        subject: Subject::Messages,
        of: "message.grounded is not null and (message.grounded_by is null \
             or message.grounded_by not in (judge, reviewer, agent, user))",
        made: Made::Where,
        text: "{count} of the answers were judged by a rule, or nothing says by whom",
    },
];

const fn judged(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(ANSWERS, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example)
        .of(Subject::Messages)
        .told(JUDGED, UNJUDGED)
        .remarks(JUDGES)
}

pub(super) const METRICS: &[Metric] = &[
    judged(
        "judged_answers",
        "Answers judged",
        Unit::Messages,
        Kind::Count { of: JUDGED },
        "Answers of the bot of which a reviewer, a model or a rule says whether their sources support them.",
        "3",
    ),
    judged(
        "groundedness",
        "Supported by sources",
        Unit::Share,
        rate("message.grounded", JUDGED),
        "Answers that their sources support among the answers that were judged. They are a sample: whoever judges \
         chooses which.",
        "2 / 3 = 66.7 %",
    )
    .higher(),
    judged(
        "hallucination_rate",
        "Hallucinated",
        Unit::Share,
        rate("message.grounded = no", JUDGED),
        "Answers that their sources do not support among the answers that were judged.",
        "1 / 3 = 33.3 %",
    )
    .lower(),
];

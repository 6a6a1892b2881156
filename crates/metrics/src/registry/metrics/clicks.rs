//! Options: what was shown, what was chosen.

use super::{Kind, Metric, Section, Subject, Unit, example};

const SECTION: Section = Section::Clicks;

const OPTIONS: &str = "
steps:
session | kind        | option_stage | option_title
a       | option      | shown        | Pay
a       | option      | shown        | Help
a       | option      | chosen       | Pay
b       | option      | shown        | Pay
b       | topic       |              |
";

const fn options(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(OPTIONS, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example).of(Subject::Steps)
}

pub(super) const METRICS: &[Metric] = &[
    options(
        "clicks",
        "Clicks",
        Unit::Options,
        Kind::Count {
            of: "step.option_stage = chosen",
        },
        "Options that users chose in the range: quick replies, links, buttons and cards. Cut them by \
         `step.option_title`, `step.option_kind` or `step.option_destination`.",
        "1",
    ),
    options(
        "options_shown",
        "Options shown",
        Unit::Options,
        Kind::Count {
            of: "step.option_stage = shown",
        },
        "Options that were shown in the range.",
        "3",
    ),
    options(
        "click_through_rate",
        "Click-through rate",
        Unit::Share,
        Kind::Per {
            numerator: "step.option_stage = chosen",
            denominator: "step.option_stage = shown",
        },
        "Options that were chosen over options that were shown, of sessions that are over.",
        "1 / 3 = 33.3 %",
    )
    .judged()
    .higher(),
];

//! Options: what was shown, what was chosen.

use super::{Kind, Metric, Section, Subject, Unit, column, example, mean, quantile, rate};

const SECTION: Section = Section::Clicks;

/// The last option is a choice of which nobody says that it was shown.
const OPTIONS: &str = "
steps:
session | kind   | option_stage | option_kind | option_title | option_chosen | option_time
a       | option | shown        | quick_reply | Pay          | yes           |
a       | option | shown        | quick_reply | Help         | no            |
a       | option | chosen       | quick_reply | Pay          |               | 4s
b       | option | shown        | quick_reply | Pay          | no            |
b       | option | shown        | link        | Terms        | yes           |
b       | option | chosen       | link        | Terms        |               | 10s
c       | option | chosen       | button      | Call         |               |
c       | topic  |              |             |              |               |
";

const SHOWN: &str = "step.option_stage = shown";
const CHOSEN: &str = "step.option_stage = chosen";
const NONE_SHOWN: &str = "no source says which options it showed";

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
        Kind::Count { of: CHOSEN },
        "Options that users chose in the range: quick replies, links, buttons and cards. Cut them by \
         `step.option_title`, `step.option_kind`, `step.option_destination` or `step.destination_kind`.",
        "3",
    )
    .told("step.kind = option", "no source tells of options"),
    options(
        "options_shown",
        "Options shown",
        Unit::Options,
        Kind::Count { of: SHOWN },
        "Options that were shown in the range.",
        "4",
    )
    .told(SHOWN, NONE_SHOWN),
    options(
        "options_not_chosen",
        "Options shown and not chosen",
        Unit::Options,
        Kind::Count {
            of: "step.option_stage = shown and not step.option_chosen",
        },
        "Options that were shown and that nobody chose before the session was over.",
        "2",
    )
    .judged()
    .told(SHOWN, NONE_SHOWN),
    options(
        "click_through_rate",
        "Click-through rate",
        Unit::Share,
        rate("step.option_chosen", SHOWN),
        "Options that were chosen among options that were shown, of sessions that are over. A choice of \
         which nobody says that it was shown counts as a click, and not here.",
        "2 / 4 = 50.0 %",
    )
    .version(2)
    .judged()
    .told(SHOWN, NONE_SHOWN)
    .higher(),
    options(
        "quick_reply_usage",
        "Use of quick replies",
        Unit::Share,
        rate(
            "step.option_chosen",
            "step.option_stage = shown and step.option_kind = quick_reply",
        ),
        "Quick replies that were chosen among quick replies that were shown, of sessions that are over. \
         Underused ones are those whose interval ends below a limit: cut by `step.option_title` and ask for \
         those `having` `quick_reply_usage.upper < 5%`.",
        "1 / 3 = 33.3 %",
    )
    .judged()
    .told(
        "step.option_stage = shown and step.option_kind = quick_reply",
        "no source says which quick replies it showed",
    )
    .higher(),
    options(
        "choice_time",
        "Time to choose",
        Unit::Seconds,
        mean(column("step.option_time"), CHOSEN),
        "From the showing of an option to its choice: the mean.",
        "14 s / 2 = 7.0 s",
    ),
    options(
        "choice_time_median",
        "Time to choose, median",
        Unit::Seconds,
        quantile(column("step.option_time"), 0.5, CHOSEN),
        "From the showing of an option to its choice: half take no longer.",
        "4.0 s of 2",
    ),
];

//! What models consume for each session, user, answer and success.

use super::{Kind, Metric, Section, Unit, column, example, mean};

const SECTION: Section = Section::Models;

const SESSIONS: &str = "
tokens_input | tokens_output | model_cost | outcome
100          | 20            | 0.25       | resolved
300          | 40            | 0.5        | abandoned
0            | 0             |            | none
";

const fn tokens(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(SESSIONS, result);
    Metric::new(SECTION, id, name, Unit::Tokens, kind, definition, example).lower()
}

pub(super) const METRICS: &[Metric] = &[
    tokens(
        "tokens_in_per_session",
        "Tokens read per session",
        mean(column("tokens_input"), ""),
        "Tokens that models read, of a session: the mean.",
        "400 / 3 = 133.33",
    ),
    tokens(
        "tokens_out_per_session",
        "Tokens written per session",
        mean(column("tokens_output"), ""),
        "Tokens that models wrote, of a session: the mean.",
        "60 / 3 = 20.00",
    ),
    Metric::new(
        SECTION,
        "model_cost_per_session",
        "Model cost per session",
        Unit::Dollars,
        mean(column("model_cost"), ""),
        "What models cost in a session whose source says so: the mean, in US dollars.",
        example(SESSIONS, "$0.75 / 2 = $0.38"),
    )
    .lower(),
];

//! What models read, write and cost.

use super::{Kind, Metric, Section, Unit, column, example, mean, sum};

const SECTION: Section = Section::Models;

const CALLS: &str = "
tokens_input | tokens_output | tokens_cached | tokens_reasoning | model_cost | outcome
100          | 20            | 50            | 5                | 0.25       | resolved
300          | 40            | 0             | 0                | 0.5        | abandoned
0            | 0             | 0             | 0                |            | none
";

const fn tokens(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    Metric::new(
        SECTION,
        id,
        name,
        Unit::Tokens,
        kind,
        definition,
        example(CALLS, result),
    )
}

pub(super) const METRICS: &[Metric] = &[
    tokens(
        "tokens_in",
        "Tokens read",
        sum("tokens_input"),
        "Tokens that models read.",
        "400",
    ),
    tokens(
        "tokens_out",
        "Tokens written",
        sum("tokens_output"),
        "Tokens that models wrote.",
        "60",
    ),
    tokens(
        "tokens_cached",
        "Tokens read from a cache",
        sum("tokens_cached"),
        "Tokens that models read from a cache.",
        "50",
    ),
    tokens(
        "tokens_reasoning",
        "Tokens written in reasoning",
        sum("tokens_reasoning"),
        "Tokens that models wrote in reasoning.",
        "5",
    ),
    tokens(
        "tokens_in_per_session",
        "Tokens read per session",
        mean(column("tokens_input"), ""),
        "Tokens that models read, of a session: the mean.",
        "400 / 3 = 133.33",
    )
    .lower(),
    tokens(
        "tokens_out_per_session",
        "Tokens written per session",
        mean(column("tokens_output"), ""),
        "Tokens that models wrote, of a session: the mean.",
        "60 / 3 = 20.00",
    )
    .lower(),
    Metric::new(
        SECTION,
        "model_cost",
        "Model cost",
        Unit::Dollars,
        Kind::Sum {
            measure: column("model_cost"),
            within: "",
            unknown: Some("no source says what its models cost"),
        },
        "What sources say that their models cost, in US dollars.",
        example(CALLS, "$0.75"),
    )
    .lower(),
    Metric::new(
        SECTION,
        "model_cost_per_session",
        "Model cost per session",
        Unit::Dollars,
        mean(column("model_cost"), ""),
        "What models cost in a session whose source says so: the mean, in US dollars.",
        example(CALLS, "$0.75 / 2 = $0.38"),
    )
    .lower(),
];

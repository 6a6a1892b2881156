//! What models read, write and cost, how fast they are and how often they fail.

use super::{
    Example, Kind, Metric, Section, Subject, Unit, column, example, mean, quantile, rate, sum,
};
use crate::registry::remarks::UNPRICED;

const SECTION: Section = Section::Models;

/// Calls of models; those of tools name the tool.
const MODEL_CALL: &str = "step.kind = model_call and step.tool is null";
const TOOL_CALL: &str = "step.kind = model_call and step.tool is not null";
/// What shows that calls are told of at all.
const ANY_CALL: &str = "step.kind = model_call";
const NO_CALLS: &str = "no source tells of calls of models or tools";

const TOKENS: &str = "
steps:
session | kind       | tool  | tokens_input | tokens_output | tokens_cached | tokens_cache_write | tokens_reasoning | error
a       | model_call |       | 100          | 20            | 50            | 10                 | 5                |
a       | model_call | stock |              |               |               |                    |                  | timeout
a       | model_call | stock |              |               |               |                    |                  |
b       | model_call |       | 300          | 40            | 0             |                    |                  |
b       | model_call |       |              |               |               |                    |                  | overloaded
b       | topic      |       |              |               |               |                    |                  |
";

/// Prices of 2025-06-09 and 2025-06-10 differ: the list has dates.
const COSTS: &str = "
sessions:
session | start
a       | 2025-06-09T10:00:00Z
b       | 2025-06-10T10:00:00Z

steps:
session | kind       | model_provider | model   | tokens_input | tokens_output | tokens_cached | cost
a       | model_call | openai         | o3      | 1000000      | 100000        |               |
b       | model_call | openai         | o3      | 1000000      | 100000        | 400000        |
b       | model_call | northmodels    | north-1 | 5000         | 100           |               | 0.25
b       | model_call | northmodels    | north-1 | 5000         | 100           |               |
";

const TIMES: &str = "
steps:
session | kind       | tool  | latency | time_to_first_token
a       | model_call |       | 1s      | 200ms
a       | model_call |       | 2s      | 400ms
a       | model_call | stock | 9s      |
b       | model_call |       | 6s      |
b       | model_call | stock | 3s      |
";

const ANSWERS: &str = "
steps:
session | kind      | knowledge_state
a       | knowledge | answered
a       | knowledge | no_results
b       | knowledge | answered
b       | knowledge | answered
";

const fn calls(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    example: Example,
) -> Metric {
    Metric::new(SECTION, id, name, unit, kind, definition, example)
        .of(Subject::Steps)
        .version(2)
}

const fn tokens(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    told: &'static str,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(TOKENS, result);
    calls(id, name, Unit::Tokens, kind, definition, example).told(told, NO_TOKENS)
}

const NO_TOKENS: &str = "no source tells of such tokens";

const fn time(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    calls(
        id,
        name,
        Unit::Seconds,
        kind,
        definition,
        example(TIMES, result),
    )
    .lower()
}

const fn cost(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    calls(id, name, unit, kind, definition, example(COSTS, result))
        .lower()
        .remarks(UNPRICED)
}

pub(super) const METRICS: &[Metric] = &[
    calls(
        "model_calls",
        "Calls of models",
        Unit::Calls,
        Kind::Count { of: MODEL_CALL },
        "Calls of models, also those that failed. Cut them by `step.model`, `step.model_provider`, \
         `step.model_operation` or `step.topic`.",
        example(TOKENS, "3"),
    )
    .told(ANY_CALL, NO_CALLS),
    calls(
        "tool_calls",
        "Calls of tools",
        Unit::Calls,
        Kind::Count { of: TOOL_CALL },
        "Calls of tools, also those that failed. Cut them by `step.tool`.",
        example(TOKENS, "2"),
    )
    .told(ANY_CALL, NO_CALLS),
    tokens(
        "tokens_in",
        "Tokens read",
        sum("step.tokens_input"),
        "step.tokens_input is not null",
        "Tokens that models read, those from and into a cache included.",
        "400",
    ),
    tokens(
        "tokens_out",
        "Tokens written",
        sum("step.tokens_output"),
        "step.tokens_output is not null",
        "Tokens that models wrote, those of reasoning included.",
        "60",
    ),
    tokens(
        "tokens_cached",
        "Tokens read from a cache",
        sum("step.tokens_cached"),
        "step.tokens_cached is not null",
        "Tokens that models read from a cache.",
        "50",
    ),
    tokens(
        "tokens_cache_write",
        "Tokens written into a cache",
        sum("step.tokens_cache_write"),
        "step.tokens_cache_write is not null",
        "Tokens that were written into a cache of a model.",
        "10",
    ),
    tokens(
        "tokens_reasoning",
        "Tokens written in reasoning",
        sum("step.tokens_reasoning"),
        "step.tokens_reasoning is not null",
        "Tokens that models wrote in reasoning.",
        "5",
    ),
    cost(
        "model_cost",
        "Model cost",
        Unit::Dollars,
        Kind::Sum {
            measure: column("step.priced_cost"),
            within: "",
            unknown: Some("no call has a cost from its source or a price in the price list"),
        },
        "What calls of models and tools cost in US dollars: as the source says, else by the price list.",
        "$16.45",
    ),
    cost(
        "model_cost_reported",
        "Model cost, as reported",
        Unit::Dollars,
        Kind::Sum {
            measure: column("step.priced_cost"),
            within: "step.cost_origin = reported",
            unknown: Some("no source says what its models cost"),
        },
        "The part of the model cost that sources say.",
        "$0.25",
    ),
    cost(
        "model_cost_priced",
        "Model cost, by the price list",
        Unit::Dollars,
        Kind::Sum {
            measure: column("step.priced_cost"),
            within: "step.cost_origin = priced",
            unknown: Some("no call was priced by the price list"),
        },
        "The part of the model cost that the price list says, where sources say none.",
        "$16.20",
    ),
    cost(
        "model_calls_unpriced",
        "Calls without a price",
        Unit::Calls,
        Kind::Count {
            of: "step.cost_origin = unpriced",
        },
        "Calls of models whose cost neither the source nor the price list says: part of no cost.",
        "1",
    )
    .told(ANY_CALL, NO_CALLS),
    time(
        "model_latency",
        "Model latency",
        mean(column("step.latency"), MODEL_CALL),
        "How long calls of models took: the mean.",
        "9 s / 3 = 3.0 s",
    ),
    time(
        "model_latency_median",
        "Model latency, median",
        quantile(column("step.latency"), 0.5, MODEL_CALL),
        "How long calls of models took: half took no longer.",
        "2.0 s of 3",
    ),
    time(
        "model_latency_p90",
        "Model latency, 90th percentile",
        quantile(column("step.latency"), 0.9, MODEL_CALL),
        "How long calls of models took: nine of ten took no longer.",
        "6.0 s of 3",
    ),
    time(
        "model_latency_p99",
        "Model latency, 99th percentile",
        quantile(column("step.latency"), 0.99, MODEL_CALL),
        "How long calls of models took: 99 of 100 took no longer.",
        "6.0 s of 3",
    ),
    time(
        "time_to_first_token",
        "Time to first token",
        mean(column("step.time_to_first_token"), MODEL_CALL),
        "From a call of a model to its first token: the mean over calls that say so.",
        "0.6 s / 2 = 0.3 s",
    ),
    time(
        "time_to_first_token_median",
        "Time to first token, median",
        quantile(column("step.time_to_first_token"), 0.5, MODEL_CALL),
        "From a call of a model to its first token: half took no longer.",
        "0.2 s of 2",
    ),
    time(
        "time_to_first_token_p90",
        "Time to first token, 90th percentile",
        quantile(column("step.time_to_first_token"), 0.9, MODEL_CALL),
        "From a call of a model to its first token: nine of ten took no longer.",
        "0.4 s of 2",
    ),
    time(
        "time_to_first_token_p99",
        "Time to first token, 99th percentile",
        quantile(column("step.time_to_first_token"), 0.99, MODEL_CALL),
        "From a call of a model to its first token: 99 of 100 took no longer.",
        "0.4 s of 2",
    ),
    time(
        "tool_latency",
        "Tool latency",
        mean(column("step.latency"), TOOL_CALL),
        "How long calls of tools took: the mean.",
        "12 s / 2 = 6.0 s",
    ),
    time(
        "tool_latency_median",
        "Tool latency, median",
        quantile(column("step.latency"), 0.5, TOOL_CALL),
        "How long calls of tools took: half took no longer.",
        "3.0 s of 2",
    ),
    time(
        "tool_latency_p90",
        "Tool latency, 90th percentile",
        quantile(column("step.latency"), 0.9, TOOL_CALL),
        "How long calls of tools took: nine of ten took no longer.",
        "9.0 s of 2",
    ),
    time(
        "tool_latency_p99",
        "Tool latency, 99th percentile",
        quantile(column("step.latency"), 0.99, TOOL_CALL),
        "How long calls of tools took: 99 of 100 took no longer.",
        "9.0 s of 2",
    ),
    calls(
        "model_errors",
        "Errors of models",
        Unit::Calls,
        Kind::Count {
            of: "step.kind = model_call and step.tool is null and step.error is not null",
        },
        "Calls of models that failed. Cut them by `step.error`.",
        example(TOKENS, "1"),
    )
    .told(ANY_CALL, NO_CALLS)
    .lower(),
    calls(
        "model_error_rate",
        "Error rate of models",
        Unit::Share,
        rate("step.error is not null", MODEL_CALL),
        "Calls of models that failed among calls of models.",
        example(TOKENS, "1 / 3 = 33.3 %"),
    )
    .lower(),
    calls(
        "tool_errors",
        "Errors of tools",
        Unit::Calls,
        Kind::Count {
            of: "step.kind = model_call and step.tool is not null and step.error is not null",
        },
        "Calls of tools that failed. Cut them by `step.tool` or `step.error`.",
        example(TOKENS, "1"),
    )
    .told(ANY_CALL, NO_CALLS)
    .lower(),
    calls(
        "tool_error_rate",
        "Error rate of tools",
        Unit::Share,
        rate("step.error is not null", TOOL_CALL),
        "Calls of tools that failed among calls of tools.",
        example(TOKENS, "1 / 2 = 50.0 %"),
    )
    .lower(),
    calls(
        "answer_rate",
        "Answer rate of generation",
        Unit::Share,
        rate("step.knowledge_state = answered", "step.kind = knowledge"),
        "Answers that were generated among questions that were sent to generation.",
        example(ANSWERS, "3 / 4 = 75.0 %"),
    )
    .higher(),
    calls(
        "unanswered_questions",
        "Questions that generation did not answer",
        Unit::Calls,
        Kind::Count {
            of: "step.kind = knowledge and step.knowledge_state != answered",
        },
        "Questions that were sent to generation and not answered. Cut them by `step.knowledge_state` for the \
         reason.",
        example(ANSWERS, "1"),
    )
    .lower(),
];

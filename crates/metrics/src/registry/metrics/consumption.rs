//! What models consume for each session, user, answer and success.

use super::{Kind, Metric, Section, Subject, Unit, column, example, mean};
use crate::registry::remarks::UNPRICED;
use crate::registry::{Amount, Sources, Total};

const SECTION: Section = Section::Models;

const SESSIONS: &str = "
user | tokens_input | tokens_output | tokens_cached | tokens_reasoning | responses | outcome
anna | 100          | 20            | 0             | 10               | 2         | resolved
anna | 300          | 40            | 120           | 20               | 3         | abandoned
ben  | 200          | 30            | 0             | 0                | 0         | resolved
cleo | 0            | 0             | 0             | 0                | 1         | none
";

/// Two resolved sessions, one of them by people; of the calls two are reported, one is priced and one is
/// not.
const COSTS: &str = "
sessions:
session | user | start                | outcome   | responses | agent_messages
a       | anna | 2025-06-10T10:00:00Z | resolved  | 2         | 0
b       | anna | 2025-06-10T11:00:00Z | resolved  | 1         | 3
c       | ben  | 2025-06-10T12:00:00Z | abandoned | 1         | 0
d       | cleo | 2025-06-10T13:00:00Z | none      | 0         | 0

steps:
session | kind       | model_provider | model   | tokens_input | tokens_output | cost
a       | model_call | openai         | o3      | 1000000      | 100000        |
b       | model_call | northmodels    | north-1 | 5000         | 100           | 0.2
c       | model_call | northmodels    | north-1 | 5000         | 100           | 0.6
c       | model_call | northmodels    | north-1 | 5000         | 100           |
";

const NO_CALLS: &str = "no source tells of tokens";
const NO_CACHE: &str = "no source tells of tokens read from a cache";
const NO_REASONING: &str = "no source tells of tokens written in reasoning";

const fn tokens(
    (id, name): (&'static str, &'static str),
    kind: Kind,
    (told, unless): (&'static str, &'static str),
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(SESSIONS, result);
    Metric::new(SECTION, id, name, Unit::Tokens, kind, definition, example)
        .lower()
        .version(2)
        .told(told, unless)
}

const READ: (&str, &str) = ("tokens_input > 0 or tokens_output > 0", NO_CALLS);
const CACHED: (&str, &str) = ("tokens_cached > 0", NO_CACHE);
const REASONING: (&str, &str) = ("tokens_reasoning > 0", NO_REASONING);

const fn cost(
    id: &'static str,
    name: &'static str,
    below: Total,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let kind = Kind::Quotient {
        above: Total {
            subject: Subject::Steps,
            sources: Sources::Retrieved,
            of: Amount::Sum {
                measure: column("step.priced_cost"),
                unknown: Some("no call has a cost from its source or a price in the price list"),
            },
            within: "",
        },
        below,
    };
    let example = example(COSTS, result);
    Metric::new(SECTION, id, name, Unit::Dollars, kind, definition, example)
        .lower()
        .version(2)
        .remarks(UNPRICED)
}

const fn sessions(of: Amount, within: &'static str) -> Total {
    Total {
        subject: Subject::Sessions,
        sources: Sources::Retrieved,
        of,
        within,
    }
}

/// A column of sessions, added up.
const fn added(name: &'static str) -> Amount {
    Amount::Sum {
        measure: column(name),
        unknown: None,
    }
}

const fn per(tokens: &'static str, below: Amount, within: &'static str) -> Kind {
    Kind::Quotient {
        above: sessions(added(tokens), ""),
        below: sessions(below, within),
    }
}

const fn per_session(tokens: &'static str) -> Kind {
    mean(column(tokens), "")
}

const fn per_response(tokens: &'static str) -> Kind {
    per(tokens, added("responses"), "")
}

const fn per_user(tokens: &'static str) -> Kind {
    per(tokens, Amount::Keys("user_key"), "")
}

const fn per_resolved(tokens: &'static str) -> Kind {
    per(tokens, Amount::Rows, "resolved")
}

pub(super) const METRICS: &[Metric] = &[
    tokens(
        ("tokens_in_per_session", "Tokens read per session"),
        per_session("tokens_input"),
        READ,
        "Tokens that models read, of a session: the mean.",
        "600 / 4 = 150.00",
    ),
    tokens(
        ("tokens_out_per_session", "Tokens written per session"),
        per_session("tokens_output"),
        READ,
        "Tokens that models wrote, of a session: the mean.",
        "90 / 4 = 22.50",
    ),
    tokens(
        (
            "tokens_cached_per_session",
            "Tokens from a cache per session",
        ),
        per_session("tokens_cached"),
        CACHED,
        "Tokens that models read from a cache, of a session: the mean.",
        "120 / 4 = 30.00",
    ),
    tokens(
        (
            "tokens_reasoning_per_session",
            "Reasoning tokens per session",
        ),
        per_session("tokens_reasoning"),
        REASONING,
        "Tokens that models wrote in reasoning, of a session: the mean.",
        "30 / 4 = 7.50",
    ),
    tokens(
        ("tokens_in_per_response", "Tokens read per answer"),
        per_response("tokens_input"),
        READ,
        "Tokens that models read over answers to messages of users.",
        "600 / 6 = 100.00",
    ),
    tokens(
        ("tokens_out_per_response", "Tokens written per answer"),
        per_response("tokens_output"),
        READ,
        "Tokens that models wrote over answers to messages of users.",
        "90 / 6 = 15.00",
    ),
    tokens(
        (
            "tokens_cached_per_response",
            "Tokens from a cache per answer",
        ),
        per_response("tokens_cached"),
        CACHED,
        "Tokens that models read from a cache over answers to messages of users.",
        "120 / 6 = 20.00",
    ),
    tokens(
        (
            "tokens_reasoning_per_response",
            "Reasoning tokens per answer",
        ),
        per_response("tokens_reasoning"),
        REASONING,
        "Tokens that models wrote in reasoning over answers to messages of users.",
        "30 / 6 = 5.00",
    ),
    tokens(
        ("tokens_in_per_user", "Tokens read per user"),
        per_user("tokens_input"),
        READ,
        "Tokens that models read over different users: the mean of what each of them has, with its interval.",
        "600 / 3 = 200.00",
    ),
    tokens(
        ("tokens_out_per_user", "Tokens written per user"),
        per_user("tokens_output"),
        READ,
        "Tokens that models wrote over different users: the mean of what each of them has, with its interval.",
        "90 / 3 = 30.00",
    ),
    tokens(
        ("tokens_cached_per_user", "Tokens from a cache per user"),
        per_user("tokens_cached"),
        CACHED,
        "Tokens that models read from a cache over different users: the mean of what each of them has, with its interval.",
        "120 / 3 = 40.00",
    ),
    tokens(
        ("tokens_reasoning_per_user", "Reasoning tokens per user"),
        per_user("tokens_reasoning"),
        REASONING,
        "Tokens that models wrote in reasoning over different users: the mean of what each of them has, with its interval.",
        "30 / 3 = 10.00",
    ),
    tokens(
        (
            "tokens_in_per_resolved_session",
            "Tokens read per resolved session",
        ),
        per_resolved("tokens_input"),
        READ,
        "Tokens that models read in all sessions over sessions that were resolved: what one success takes.",
        "600 / 2 = 300.00",
    ),
    tokens(
        (
            "tokens_out_per_resolved_session",
            "Tokens written per resolved session",
        ),
        per_resolved("tokens_output"),
        READ,
        "Tokens that models wrote in all sessions over sessions that were resolved: what one success takes.",
        "90 / 2 = 45.00",
    ),
    tokens(
        (
            "tokens_cached_per_resolved_session",
            "Tokens from a cache per resolved session",
        ),
        per_resolved("tokens_cached"),
        CACHED,
        "Tokens that models read from a cache in all sessions over sessions that were resolved: what one success takes.",
        "120 / 2 = 60.00",
    ),
    tokens(
        (
            "tokens_reasoning_per_resolved_session",
            "Reasoning tokens per resolved session",
        ),
        per_resolved("tokens_reasoning"),
        REASONING,
        "Tokens that models wrote in reasoning in all sessions over sessions that were resolved: what one success takes.",
        "30 / 2 = 15.00",
    ),
    cost(
        "model_cost_per_session",
        "Model cost per session",
        sessions(Amount::Rows, ""),
        "What calls of models and tools cost, as reported or priced, over sessions, in US dollars.",
        "$3.60 / 4 = $0.90",
    ),
    cost(
        "model_cost_per_response",
        "Model cost per answer",
        sessions(added("responses"), ""),
        "What calls of models and tools cost over answers to messages of users.",
        "$3.60 / 4 = $0.90",
    ),
    cost(
        "model_cost_per_user",
        "Model cost per user",
        sessions(Amount::Keys("user_key"), ""),
        "What calls of models and tools cost over different users: the mean of what each of them has, with its interval.",
        "$3.60 / 3 = $1.20",
    ),
    cost(
        "model_cost_per_resolved_session",
        "Model cost per resolved session",
        sessions(Amount::Rows, "resolved"),
        "What calls of models and tools cost in all sessions over sessions that were resolved: what one success \
         costs.",
        "$3.60 / 2 = $1.80",
    ),
    cost(
        "model_cost_per_self_service_resolution",
        "Model cost per self-service resolution",
        sessions(Amount::Rows, "resolved and not with_person"),
        "What calls of models and tools cost in all sessions over sessions that were resolved without a person.",
        "$3.60 / 1 = $3.60",
    ),
];

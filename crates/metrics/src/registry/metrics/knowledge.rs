//! Searches of knowledge and the sources behind answers. Cut them by `step.sources_retrieved`, `step.sources_cited` and
//! `step.sources_failed`, and sessions by `sources_cited` for the outcome.

use super::{Kind, Metric, Section, Subject, Unit, column, example, mean, rate};

const SECTION: Section = Section::Understanding;

/// Cited; retrieved and not cited; nothing found; failed.
const SEARCHES: &str = "
steps:
session | kind      | sources_retrieved | sources_cited | sources_failed | knowledge_state | latency
a       | knowledge | faq,terms         | faq           |                | answered        | 1s
a       | knowledge | terms             |               |                | answered        | 3s
b       | knowledge |                   |               |                | no_results      | 2s
b       | knowledge |                   |               | wiki           | error           |
b       | option    |                   |               |                |                 |
";

const SEARCH: &str = "step.kind = knowledge";
const UNTOLD: &str = "no source tells of searches of knowledge";

const fn searches(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(SEARCHES, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example)
        .of(Subject::Steps)
        .told(SEARCH, UNTOLD)
}

pub(super) const METRICS: &[Metric] = &[
    searches(
        "knowledge_searches",
        "Searches of knowledge",
        Unit::Searches,
        Kind::Count { of: SEARCH },
        "Searches of knowledge in the range. Cut them by `step.knowledge_state` for what became of them.",
        "4",
    ),
    searches(
        "knowledge_hit_rate",
        "Searches that found something",
        Unit::Share,
        rate("step.sources_retrieved is not null", SEARCH),
        "Searches that retrieved a source among all searches of knowledge.",
        "2 / 4 = 50.0 %",
    )
    .higher(),
    searches(
        "knowledge_answer_rate",
        "Searches that were answered",
        Unit::Share,
        rate("step.knowledge_state = answered", SEARCH),
        "Searches that led to an answer among all searches of knowledge.",
        "2 / 4 = 50.0 %",
    )
    .higher(),
    searches(
        "knowledge_citation_rate",
        "Searches whose answer cites a source",
        Unit::Share,
        rate(
            "step.sources_cited is not null",
            "step.kind = knowledge and step.sources_retrieved is not null",
        ),
        "Searches whose answer cites a source among searches that retrieved one.",
        "1 / 2 = 50.0 %",
    )
    .higher(),
    searches(
        "knowledge_failure_rate",
        "Searches that failed",
        Unit::Share,
        rate(
            "step.sources_failed is not null or step.error is not null",
            SEARCH,
        ),
        "Searches in which a source or the search itself failed among all searches of knowledge.",
        "1 / 4 = 25.0 %",
    )
    .lower(),
    searches(
        "knowledge_latency",
        "Time of a search",
        Unit::Seconds,
        mean(column("step.latency"), SEARCH),
        "How long a search of knowledge took: the mean.",
        "6 s / 3 = 2.0 s",
    )
    .lower(),
];

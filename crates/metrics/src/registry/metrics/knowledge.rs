//! Searches of knowledge and the sources behind answers. Cut by `knowledge_source` they tell of each source, and
//! numbers of sessions what became of those in which it was retrieved.

use super::{Kind, Metric, Section, Subject, Unit, column, example, mean, rate};
use crate::registry::{Amount, Sources, Total};

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
const UNTOLD_RETRIEVED: &str = "no source tells which sources are retrieved";
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
    .told(RETRIEVED, UNTOLD_RETRIEVED)
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
    .told(
        "step.kind = knowledge and step.latency is not null",
        "no source tells how long searches of knowledge take",
    )
    .lower(),
];

const fn of_source(
    id: &'static str,
    name: &'static str,
    (of, sources): (&'static str, Sources),
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let kind = Kind::Count { of };
    searches(id, name, Unit::Searches, kind, definition, result).by_sources(sources)
}

const fn searches_of(sources: Sources, within: &'static str) -> Total {
    Total {
        subject: Subject::Steps,
        sources,
        of: Amount::Rows,
        within,
    }
}

const RETRIEVED: &str = "step.sources_retrieved is not null";
const CITED: &str = "step.sources_cited is not null";
const FAILED: &str = "step.sources_failed is not null";

pub(super) const OF_SOURCES: &[Metric] = &[
    of_source(
        "source_retrievals",
        "Retrievals",
        (RETRIEVED, Sources::Retrieved),
        "Searches that retrieved a source; cut by `knowledge_source`, that source.",
        "2",
    )
    .told(RETRIEVED, UNTOLD_RETRIEVED),
    of_source(
        "source_citations",
        "Citations",
        (CITED, Sources::Cited),
        "Searches whose answer cites a source; cut by `knowledge_source`, that source. One that is retrieved and \
         never cited has 0.",
        "1",
    )
    .told(CITED, "no source tells which sources answers cite")
    .higher(),
    of_source(
        "source_failures",
        "Failures of sources",
        (FAILED, Sources::Failed),
        "Searches in which a source failed; cut by `knowledge_source`, that source.",
        "1",
    )
    .lower(),
    searches(
        "source_citation_rate",
        "Citations over retrievals",
        Unit::Share,
        Kind::Quotient {
            above: searches_of(Sources::Cited, CITED),
            below: searches_of(Sources::Retrieved, RETRIEVED),
        },
        "Searches whose answer cites a source over searches that retrieved one; cut by `knowledge_source`, how \
         often that source is used once it is found.",
        "1 / 2 = 50.0 %",
    )
    .higher(),
];

//! Every metric's worked example, from the registry itself, in every layout.

use std::sync::Arc;

use upshot_lake::{Preferences, TicketBaseline};
use upshot_metrics::registry::{markdown, metrics};
use upshot_metrics::{Engine, EngineOptions, Query, RangeSpec, present};

use crate::command::NOW;
use crate::facts::{Layout, capture_all, facts, instant};

pub fn engine() -> Engine {
    Engine::new(EngineOptions {
        memory_limit_bytes: 1 << 28,
        threads: 2,
        ..EngineOptions::default()
    })
    .unwrap()
}

#[tokio::test]
async fn every_worked_example_gives_what_it_says() {
    let engine = engine();
    for metric in metrics() {
        let (baseline, rest) = baseline(metric.example.sessions);
        let (range, tables) = range(rest);
        let facts = facts(tables);
        for layout in [Layout::Memory(3), Layout::Files, Layout::Mixed] {
            let mut held = capture_all(&facts, layout);
            held.capture.preferences = Arc::new(Preferences {
                ticket_baseline: baseline.clone(),
                ..Preferences::default()
            });
            let query = Query {
                metrics: vec![metric.id.to_owned()],
                range: range.clone(),
                now: instant(NOW),
                ..Query::default()
            };
            let result = engine.run(&query, &held.capture).await.unwrap();
            let found = present::worked(metric, &result.totals[metric.id]);
            assert_eq!(
                found, metric.example.result,
                "{} from {layout:?}",
                metric.id
            );
        }
    }
}

/// The baseline that the first line of an example or of golden queries says, and the rest.
pub fn baseline(text: &str) -> (Option<TicketBaseline>, &str) {
    let text = text.trim_start_matches('\n');
    let Some((said, rest)) = text
        .strip_prefix("baseline: ")
        .and_then(|rest| rest.split_once('\n'))
    else {
        return (None, text);
    };
    let baseline = match said.split_once("..") {
        Some((from, to)) => TicketBaseline::Range {
            from: from.to_owned(),
            to: to.to_owned(),
        },
        None => TicketBaseline::Rate(said.parse().unwrap()),
    };
    (Some(baseline), rest)
}

/// The range that the first line of an example says, and its tables.
fn range(example: &str) -> (RangeSpec, &str) {
    let text = example.trim_start_matches('\n');
    let Some((from, tables)) = text
        .strip_prefix("range: ")
        .and_then(|rest| rest.split_once("..\n"))
    else {
        return (RangeSpec::default(), example);
    };
    let range = RangeSpec {
        from: Some(from.to_owned()),
        ..RangeSpec::default()
    };
    (range, tables)
}

#[test]
fn the_documentation_is_that_of_the_registry() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let page = markdown();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == page,
        "docs/metrics.md is not that of the registry; run with UPDATE_EXPECT=1"
    );
}

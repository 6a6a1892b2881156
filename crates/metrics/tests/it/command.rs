//! Queries as the command line writes them.

use upshot_metrics::{EnvironmentChoice, Identity, Query};

use crate::facts::instant;

/// When queries are asked unless they say else: long after the sessions of the tables.
pub const NOW: &str = "2026-02-01T00:00:00Z";

/// The query that a command line means; the same flags as `upshot query`, and `--now`.
pub fn query(line: &str) -> Query {
    let mut query = Query {
        now: instant(NOW),
        maturity: Some(30 * 60_000_000),
        ..Query::default()
    };
    let mut words = words(line).into_iter();
    while let Some(flag) = words.next() {
        let value = words
            .next()
            .unwrap_or_else(|| panic!("{flag} wants a value"));
        let list = || {
            value
                .split(',')
                .map(|part| part.trim().to_owned())
                .collect()
        };
        match flag.as_str() {
            "--metrics" => query.metrics = list(),
            "--by" => query.dimensions = list(),
            "--filter" => query.filters.push(value),
            "--from" => query.range.from = Some(value),
            "--to" => query.range.to = Some(value),
            "--last" => query.range.last = Some(value),
            "--grain" => query.grain = Some(value.parse().unwrap()),
            "--timezone" => query.time_zone = Some(value),
            "--other" => query.other = value == "yes",
            "--subtotals" => query.subtotals = value == "yes",
            "--cursor" => query.cursor = Some(value),
            "--segment" => query.segment = Some(value),
            "--segments" => query.segments = list(),
            "--compare" => query.compare = Some(value),
            "--environment" => query.environment = value.parse::<EnvironmentChoice>().unwrap(),
            "--identity" => query.identity = value.parse::<Identity>().unwrap(),
            "--window" => query.window = Some(value),
            "--having" => query.having.push(value),
            "--order" => query.order = list(),
            "--limit" => query.limit = Some(value.parse().unwrap()),
            "--now" => query.now = instant(&value),
            other => panic!("unknown flag {other}"),
        }
    }
    query
}

/// Words as a shell cuts them: single quotes keep spaces.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

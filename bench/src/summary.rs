//! The summary by channel over stored sessions, asked as any face of the product asks.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use upshot_core::time::DAY;
use upshot_lake::Table;
use upshot_lake::catalog::DEFAULT_WORKSPACE;
use upshot_metrics::{Engine, EngineOptions, Query, QueryResult};

use crate::answer;
use crate::days::open;
use crate::events::END;
use crate::failure::Result;

const THREADS: usize = 2;

/// The columns of `sql/summary.duckdb.sql` after the channel.
const METRICS: [&str; 8] = [
    "sessions",
    "engagement_rate",
    "resolution_rate",
    "escalation_rate",
    "abandon_rate",
    "messages_per_session",
    "session_duration",
    "csat_score",
];

/// Asks once, in a process that has asked nothing before; an open lake is taken for granted, as a server has
/// one.
///
/// # Errors
/// When the data directory cannot be read.
pub fn run(directory: &Path, users: bool) -> Result<Value> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut metrics = METRICS.to_vec();
    if users {
        metrics.push("users");
    }
    runtime.block_on(async {
        let lake = open(directory).await?;
        let engine = Engine::new(EngineOptions {
            threads: THREADS,
            ..EngineOptions::default()
        })?;
        let query = Query {
            metrics: metrics.iter().map(|name| (*name).to_owned()).collect(),
            dimensions: vec!["channel".to_owned()],
            // Late enough for every session to be judged.
            now: END + 30 * DAY,
            ..Query::default()
        };
        let start = Instant::now();
        let capture = lake.capture(DEFAULT_WORKSPACE, &[Table::Sessions]).await?;
        let result = engine.run(&query, &capture).await?;
        let answer = answer(start, rows(&result, &metrics))?;
        lake.close().await?;
        Ok(answer)
    })
}

/// The rows of `sql/summary*.sql`, ordered by channel.
fn rows(result: &QueryResult, metrics: &[&str]) -> Value {
    let mut rows: Vec<_> = result
        .rows
        .iter()
        .map(|row| {
            let channel = row.dimensions.get("channel").cloned().flatten();
            let values = metrics
                .iter()
                .map(|name| json!(row.metrics.get(*name).and_then(|value| value.value)));
            let all: Vec<Value> = std::iter::once(json!(channel)).chain(values).collect();
            (channel, all)
        })
        .collect();
    rows.sort_by(|(left, _), (right, _)| left.cmp(right));
    rows.into_iter().map(|(_, row)| json!(row)).collect()
}

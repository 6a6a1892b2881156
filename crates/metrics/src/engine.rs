//! The engine: runs queries on what the lake captured.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use upshot_core::profile::Profile;
use upshot_core::time::{DAY, HOUR, start_of_day};
use upshot_lake::{Capture, TableCapture};

use crate::assemble::{Passes, assemble};
use crate::error::QueryError;
use crate::pass::{self, Resources};
use crate::query::Query;
use crate::query::optimise::optimise;
use crate::query::plan::{decide_table, plan};
use crate::query::resolve::{GroupSource, Resolved, resolve};
use crate::result::QueryResult;
use crate::scan::Footers;
use crate::time::{Buckets, Grain, Range};

/// How an engine works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineOptions {
    /// What all queries together may hold in memory, in bytes.
    pub memory_limit_bytes: usize,
    /// On how many threads one query runs.
    pub threads: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            memory_limit_bytes: 1 << 30,
            threads: std::thread::available_parallelism().map_or(2, Into::into),
        }
    }
}

/// Runs queries, on threads of its own, so that a large query keeps nobody else waiting.
#[derive(Debug)]
pub struct Engine {
    options: EngineOptions,
    resources: Resources,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Engine {
    /// An engine with threads of its own.
    ///
    /// # Errors
    /// When the operating system gives no threads, or the query engine refuses its settings.
    pub fn new(options: EngineOptions) -> Result<Self, QueryError> {
        let threads = options.threads.max(1);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .max_blocking_threads(threads)
            .thread_name("upshot-query")
            .build()
            .map_err(|error| QueryError::Stopped(format!("no threads for queries: {error}")))?;
        let pool = GreedyMemoryPool::new(options.memory_limit_bytes);
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .build_arc()?;
        let config = SessionConfig::new()
            .with_target_partitions(threads)
            .with_batch_size(crate::scan::BATCH_ROWS);
        let context = SessionContext::new_with_config_rt(config, environment).task_ctx();
        let resources = Resources {
            footers: Arc::new(Footers::default()),
            context,
            threads,
            memory_limit_bytes: options.memory_limit_bytes,
            handle: runtime.handle().clone(),
        };
        Ok(Self {
            options,
            resources,
            runtime: Some(runtime),
        })
    }

    /// How the engine works.
    pub fn options(&self) -> EngineOptions {
        self.options
    }

    pub(crate) fn resources(&self) -> &Resources {
        &self.resources
    }

    /// Answers a query.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] with everything that is wrong with the query; other errors where data
    /// could not be read or memory does not suffice.
    pub async fn run(&self, query: &Query, capture: &Capture) -> Result<QueryResult, QueryError> {
        let began = Instant::now();
        let maturity = maturity(query.maturity, capture);
        let resolved = optimise(resolve(query, maturity)?);
        let table = decide_table(&resolved);
        let sessions = captured(capture, table)?;
        let range = bounded(&resolved, sessions, &self.resources.footers)?;
        let compare_range = resolved.compare_range(range)?;
        let current_plan = plan(&resolved, range)?;
        let current = pass::run(&current_plan, table, sessions, &self.resources).await?;
        let previous = match compare_range {
            None => None,
            Some(range) => {
                let plan = plan(&resolved, range)?;
                let gathered = pass::run(&plan, table, sessions, &self.resources).await?;
                Some((range, plan, gathered))
            }
        };
        let passes = Passes {
            range,
            plan: current_plan,
            gathered: current,
            previous,
        };
        let mut result = assemble(&resolved, passes, capture);
        result.took_milliseconds = began.elapsed().as_secs_f64() * 1e3;
        Ok(result)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Waiting for threads is not allowed where an engine is dropped within another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// How old a session must be to be judged, in microseconds: what the query says, or the built-in
/// profile of the fact set's name. Where there is none a day and an hour suffice for every time-out
/// that the built-in ones know.
pub(crate) fn maturity(said: Option<i64>, capture: &Capture) -> i64 {
    said.unwrap_or_else(|| {
        let name = capture.fact_set.split('@').next().unwrap_or_default();
        Profile::built_in(name).map_or(DAY + HOUR, |profile| profile.maturity())
    })
}

/// The captured part of a table.
pub(crate) fn captured(
    capture: &Capture,
    table: upshot_lake::Table,
) -> Result<&TableCapture, QueryError> {
    capture
        .table(table)
        .ok_or(QueryError::TableMissing(table.name()))
}

/// The range with ends where a query that is cut by time leaves them open: those of the stretches of
/// time in which there is data.
pub(crate) fn bounded(
    resolved: &Resolved,
    sessions: &TableCapture,
    footers: &Footers,
) -> Result<Range, QueryError> {
    let by_time = resolved
        .groups
        .iter()
        .filter_map(|group| match group.source {
            GroupSource::Time(grain) if grain.is_cyclic() => Some(Grain::Day),
            GroupSource::Time(grain) => Some(grain),
            _ => None,
        });
    let Some(grain) = by_time.min().filter(|_| !resolved.range.is_bounded()) else {
        return Ok(resolved.range);
    };
    let Range { from, to } = resolved.range;
    let data = extent(sessions, footers)?.unwrap_or(Range {
        from: resolved.now,
        to: resolved.now + 1,
    });
    let data = match (from == i64::MIN, to == i64::MAX) {
        (true, true) => data,
        (true, false) => Range {
            from: data.from.min(to - 1),
            to,
        },
        _ => Range {
            from,
            to: data.to.max(from + 1),
        },
    };
    let buckets = Buckets::new(grain, data, &resolved.zone)?;
    Ok(Range {
        from: if from == i64::MIN {
            buckets.start(0)
        } else {
            from
        },
        to: if to == i64::MAX {
            buckets.start(buckets.len())
        } else {
            to
        },
    })
}

/// From the first start of a session to the last.
fn extent(capture: &TableCapture, footers: &Footers) -> Result<Option<Range>, QueryError> {
    let mut ranges = Vec::new();
    let days = capture.files.iter().map(|file| file.day);
    if let (Some(first), Some(last)) = (days.clone().min(), days.max()) {
        for file in capture
            .files
            .iter()
            .filter(|file| file.day == first || file.day == last)
        {
            let footer = footers.get(capture.table, &file.path)?;
            ranges.push(footer.extent("start_time").unwrap_or(Range {
                from: start_of_day(file.day),
                to: start_of_day(file.day.saturating_add(1)),
            }));
        }
    }
    for batch in &capture.memory {
        let starts = batch.column_by_name("start_time");
        let starts = starts.and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>());
        let ends =
            starts.and_then(|starts| arrow::compute::min(starts).zip(arrow::compute::max(starts)));
        ranges.extend(ends.map(|(from, to)| Range {
            from,
            to: to.saturating_add(1),
        }));
    }
    Ok(ranges.into_iter().reduce(|all, part| Range {
        from: all.from.min(part.from),
        to: all.to.max(part.to),
    }))
}

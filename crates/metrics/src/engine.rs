//! The engine: runs queries on what the lake captured.

use std::sync::{Arc, Weak};
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::task::JoinSet;
use upshot_core::profile::{MaturityTimes, Profile};
use upshot_core::time::{DAY, HOUR, start_of_day};
use upshot_lake::{Capture, DataFile, TableCapture};

use crate::columns::native;
use crate::error::QueryError;
use crate::exists::{Sets, gather_sets};
use crate::pass::{Resources, Source};
use crate::query::pass_key::PassKey;
use crate::query::plan::Plan;
use crate::query::resolve::{GroupSource, Resolved};
use crate::registry::Clock;
use crate::rollup::{RollupOptions, Rollups};
use crate::run::worker::Shape;
use crate::scan::Footers;
use crate::time::{Buckets, Grain, Range};

/// How an engine works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineOptions {
    /// What all queries together may hold in memory, in bytes.
    pub memory_limit_bytes: usize,
    /// On how many threads one query runs.
    pub threads: usize,
    /// How much of what was found in files is kept for later queries.
    pub rollups: RollupOptions,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            memory_limit_bytes: 1 << 30,
            threads: std::thread::available_parallelism().map_or(2, Into::into),
            rollups: RollupOptions::default(),
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

/// How often is looked whether files are gone of which something is kept.
const LOOKED_EVERY: Duration = Duration::from_secs(60);

/// Forgets what was found in files that are gone, as long as anything is kept.
async fn forget_missing(kept: [Weak<Rollups>; 2]) {
    loop {
        tokio::time::sleep(LOOKED_EVERY).await;
        let kept: Vec<Arc<Rollups>> = kept.iter().filter_map(Weak::upgrade).collect();
        if kept.is_empty() {
            return;
        }
        let forget = move || kept.iter().for_each(|kept| kept.forget_missing());
        // What could not be looked at is looked at the next time.
        let _ = tokio::task::spawn_blocking(forget).await;
    }
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
            .enable_time()
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
        let [rollups, columns] = options.rollups.shared().map(Rollups::new).map(Arc::new);
        runtime.spawn(forget_missing([&rollups, &columns].map(Arc::downgrade)));
        let resources = Resources {
            footers: Arc::new(Footers::default()),
            histories: Arc::default(),
            rollups,
            columns,
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

    /// Waits until what was found for the queries that were answered lies beside its files.
    pub async fn settled(&self) {
        self.resources.rollups.settled().await;
    }

    /// Forgets what was found in files, as far as memory holds it: for when something was erased. What lies beside files
    /// goes with these.
    pub fn forget_rollups(&self) {
        self.resources.rollups.forget();
        self.resources.columns.forget();
        self.resources.histories.forget();
    }

    pub(crate) fn resources(&self) -> &Resources {
        &self.resources
    }

    /// Works on the threads of the engine, so that nobody else waits; stops when nobody waits for it any more.
    pub(crate) async fn on_own_threads<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, QueryError>> + Send + 'static,
    ) -> Result<T, QueryError> {
        let mut tasks = JoinSet::new();
        tasks.spawn_on(work, &self.resources().handle);
        let stopped = || QueryError::Stopped("it was given up".to_owned());
        let done = tasks.join_next().await.ok_or_else(stopped)?;
        done.map_err(|error| QueryError::Stopped(error.to_string()))?
    }

    /// The sets of sessions that the conditions of plans ask for.
    pub(crate) async fn sets(&self, plans: &[Plan], capture: &Capture) -> Result<Sets, QueryError> {
        let mut wanted = Vec::new();
        let conditions = plans.iter().flat_map(Plan::predicates);
        conditions.for_each(|condition| condition.add_exists(&mut wanted));
        if wanted.is_empty() {
            return Ok(Sets::default());
        }
        let mut starts: Option<Range> = None;
        for plan in plans {
            let source = Source::of(plan.subject, capture, plan.traffic)?;
            let found = source.starts(&Shape::new(plan), &self.resources).await?;
            starts = starts.into_iter().chain(found).reduce(Range::hull);
        }
        let nowhere = Range { from: 0, to: 0 };
        let starts = starts.unwrap_or(nowhere);
        let traffic = plans
            .first()
            .map_or_else(Default::default, |plan| plan.traffic);
        gather_sets(&wanted, starts, traffic, capture, &self.resources).await
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

/// How old a session must be to be judged: what the query says, or the rules of the
/// fact set, or the built-in profile of its name. Where there is none a day and an hour suffice for every time-out
/// that the built-in ones know.
pub(crate) fn maturity(said: Option<i64>, capture: &Capture) -> MaturityTimes {
    let known = said.map(MaturityTimes::everywhere);
    known
        .or_else(|| capture.maturity.clone())
        .unwrap_or_else(|| {
            let name = capture.fact_set.split('@').next().unwrap_or_default();
            let profile = Profile::built_in(name);
            profile.map_or(MaturityTimes::everywhere(DAY + HOUR), |profile| {
                profile.maturity_times()
            })
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
pub(crate) async fn bounded(
    resolved: &Resolved,
    capture: &Capture,
    resources: &Resources,
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
    let mut found: Option<Range> = None;
    for key in resolved.passes() {
        let rows = captured(capture, key.subject.table())?;
        if let Some(extent) = extent(rows, key, resources).await? {
            found = Some(found.map_or(extent, |found| found.hull(extent)));
        }
    }
    let Range { from, to } = resolved.range;
    let data = found.unwrap_or(Range {
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
    let buckets = Buckets::new(grain, data, &resolved.calendar)?;
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

/// From the first to the last time by which the pass selects.
async fn extent(
    capture: &TableCapture,
    key: PassKey,
    resources: &Resources,
) -> Result<Option<Range>, QueryError> {
    let column = native(key.subject, key.time_column()).unwrap_or_default();
    let days = capture.files.iter().map(|file| file.day);
    let (first, last) = (days.clone().min(), days.max());
    // Sessions start on the day of their file; what happens in them may happen much later.
    let by_day = key.clock == Clock::SessionStart;
    let telling: Vec<&DataFile> = capture
        .files
        .iter()
        .filter(|file| !by_day || Some(file.day) == first || Some(file.day) == last)
        .collect();
    resources
        .load_footers(capture.table, telling.iter().copied())
        .await?;
    let mut ranges = Vec::new();
    for file in telling {
        let footer = resources.footers.get(capture.table, &file.path)?;
        ranges.push(footer.extent(column).unwrap_or(Range {
            from: start_of_day(file.day),
            to: start_of_day(file.day.saturating_add(1)),
        }));
    }
    for batch in &capture.memory {
        let times = batch.column_by_name(column);
        let times = times.and_then(|array| array.as_primitive_opt::<TimestampMicrosecondType>());
        let ends =
            times.and_then(|times| arrow::compute::min(times).zip(arrow::compute::max(times)));
        ranges.extend(ends.map(|(from, to)| Range {
            from,
            to: to.saturating_add(1),
        }));
    }
    Ok(ranges.into_iter().reduce(Range::hull))
}

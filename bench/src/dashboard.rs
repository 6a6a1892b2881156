//! All that a full dashboard asks, question by question or together, asked as any face of the product asks.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use upshot_core::time::DAY;
use upshot_lake::catalog::DEFAULT_WORKSPACE;
use upshot_lake::{Capture, Table};
use upshot_metrics::{
    DriverQuery, Engine, EngineOptions, PathQuery, Query, QueryResult, RetentionQuery,
    RollupOptions,
};

use crate::days::open;
use crate::events::END;
use crate::failure::{Failure, Result};
use crate::peak_memory;

const THREADS: usize = 2;

/// Late enough for every session to be judged.
const NOW: i64 = END + 30 * DAY;

/// A question of the file.
#[derive(Deserialize)]
struct Question {
    name: String,
    /// What kind it is: `query`, `drivers`, `retention` or `paths`.
    ask: String,
    body: Value,
}

/// The question as the engine takes it.
enum Asked {
    Query(Query),
    Drivers(DriverQuery),
    Retention(RetentionQuery),
    Paths(PathQuery),
}

impl Asked {
    fn of(question: &Question) -> Result<Self> {
        fn read<T: DeserializeOwned>(question: &Question) -> Result<T> {
            let wrong = |error| Failure::new(format!("the question {}: {error}", question.name));
            serde_json::from_value(question.body.clone()).map_err(wrong)
        }
        Ok(match question.ask.as_str() {
            "query" => Self::Query(Query {
                now: NOW,
                ..read(question)?
            }),
            "drivers" => Self::Drivers(DriverQuery {
                now: NOW,
                ..read(question)?
            }),
            "retention" => Self::Retention(RetentionQuery {
                now: NOW,
                ..read(question)?
            }),
            "paths" => Self::Paths(PathQuery {
                now: NOW,
                ..read(question)?
            }),
            other => return Err(Failure::new(format!("nothing is asked by `{other}`"))),
        })
    }

    /// The answer as rows: the values of the dimensions, then the numbers.
    async fn answer(&self, engine: &Engine, capture: &Capture) -> Result<Value> {
        Ok(match self {
            Self::Query(query) => rows(&engine.run(query, capture).await?),
            Self::Drivers(query) => {
                let rows = engine.drivers(query, capture).await?.rows.into_iter();
                rows.map(|row| json!([row.value, row.metric.value, row.impact]))
                    .collect()
            }
            Self::Retention(query) => {
                let cohorts = engine.retention(query, capture).await?.cohorts.into_iter();
                cohorts
                    .filter(|cohort| cohort.users > 0)
                    .map(|cohort| {
                        let periods = cohort.periods.iter();
                        let back = periods.map(|period| json!(period.exact.numerator));
                        [json!(cohort.cohort), json!(cohort.users)]
                            .into_iter()
                            .chain(back)
                            .collect::<Value>()
                    })
                    .collect()
            }
            Self::Paths(query) => {
                let paths = engine.paths(query, capture).await?.paths.into_iter();
                paths
                    .map(|path| {
                        let steps: Vec<&str> =
                            path.steps.iter().map(|step| step.key.as_str()).collect();
                        json!([steps.join(" > "), path.sessions])
                    })
                    .collect()
            }
        })
    }
}

/// How the questions are asked.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// All queries at once, or one by one.
    pub together: bool,
    /// Whether what is found in files is kept, and what was kept before is used.
    pub rollups: bool,
    /// How many dashboards are then opened at once.
    pub at_once: usize,
}

/// Asks all questions of a file, twice: the first time this process has read nothing.
///
/// # Errors
/// When the data directory or the questions cannot be read.
pub fn run(directory: &Path, questions: &Path, asking: Asking) -> Result<Value> {
    let questions: Vec<Question> = serde_json::from_str(&std::fs::read_to_string(questions)?)?;
    let asked: Vec<Asked> = questions.iter().map(Asked::of).collect::<Result<_>>()?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let lake = open(directory).await?;
        let engine = Engine::new(EngineOptions {
            threads: THREADS,
            rollups: match asking.rollups {
                true => RollupOptions::default(),
                false => RollupOptions {
                    memory_bytes: 0,
                    ..RollupOptions::default()
                },
            },
            ..EngineOptions::default()
        })?;
        let began = Instant::now();
        let mut dashboard = Dashboard {
            engine,
            capture: lake.capture(DEFAULT_WORKSPACE, &Table::FACTS).await?,
            questions,
            asked,
            together: asking.together,
        };
        dashboard.ask_all().await?;
        let cold = began.elapsed().as_secs_f64();
        let began = Instant::now();
        dashboard.capture = lake.capture(DEFAULT_WORKSPACE, &Table::FACTS).await?;
        let (each, result) = dashboard.ask_all().await?;
        let processor = each.values().filter_map(|of| of["processor"].as_f64());
        let processor: f64 = processor.sum();
        let warm = began.elapsed().as_secs_f64();
        let dashboard = Arc::new(dashboard);
        let at_once = at_once(&dashboard, asking.at_once).await?;
        dashboard.engine.settled().await;
        lake.close().await?;
        Ok(json!({
            "seconds": warm,
            "processor_seconds": processor,
            "cold_seconds": cold,
            "at_once_seconds": at_once,
            "each": each,
            "peak_memory_bytes": peak_memory()?,
            "result": result,
        }))
    })
}

/// How long each of so many dashboards takes that are opened at once; none may fail.
async fn at_once(dashboard: &Arc<Dashboard>, count: usize) -> Result<Vec<f64>> {
    let began = Instant::now();
    let opened = (0..count).map(|_| {
        let dashboard = Arc::clone(dashboard);
        tokio::spawn(async move {
            dashboard.ask_all().await?;
            Ok::<f64, Failure>(began.elapsed().as_secs_f64())
        })
    });
    let mut seconds = Vec::with_capacity(count);
    for one in opened.collect::<Vec<_>>() {
        let ended = one.await;
        seconds.push(ended.map_err(|error| Failure::new(error.to_string()))??);
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds)
}

/// Measures a question.
struct Watch {
    began: Instant,
    processor: f64,
}

impl Watch {
    fn new() -> Result<Self> {
        Ok(Self {
            began: Instant::now(),
            processor: processor_seconds()?,
        })
    }

    /// The seconds since it was made, and those of all processors for this process.
    fn read(&self) -> Result<Value> {
        Ok(json!({
            "seconds": self.began.elapsed().as_secs_f64(),
            "processor": processor_seconds()? - self.processor,
        }))
    }
}

/// Seconds that processors have spent on this process, as finely as the system counts them.
fn processor_seconds() -> Result<f64> {
    const TICKS_A_SECOND: f64 = 100.0;
    let text = std::fs::read_to_string("/proc/self/stat")?;
    // What stands before is the name, in which anything may be.
    let numbers = text.rsplit(')').next().unwrap_or_default();
    let ticks = numbers.split_whitespace().skip(11).take(2);
    let ticks: f64 = ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS_A_SECOND)
}

/// What is asked of whom.
struct Dashboard {
    engine: Engine,
    capture: Capture,
    questions: Vec<Question>,
    asked: Vec<Asked>,
    together: bool,
}

impl Dashboard {
    /// The seconds and the rows of each question, by its name. Queries that are asked together have no seconds of their own.
    async fn ask_all(&self) -> Result<(Map<String, Value>, Map<String, Value>)> {
        let Self {
            engine,
            capture,
            questions,
            asked,
            together,
        } = self;
        let (mut each, mut found) = (Map::new(), Map::new());
        if *together {
            let (names, queries): (Vec<&str>, Vec<Query>) = questions
                .iter()
                .zip(asked)
                .filter_map(|(question, asked)| match asked {
                    Asked::Query(query) => Some((question.name.as_str(), query.clone())),
                    _ => None,
                })
                .unzip();
            let watch = Watch::new()?;
            let answers = engine.run_all(&queries, capture).await;
            each.insert("all queries".to_owned(), watch.read()?);
            for (name, answer) in names.into_iter().zip(answers) {
                found.insert(name.to_owned(), rows(&answer?));
            }
        }
        for (question, asked) in questions.iter().zip(asked) {
            if !found.contains_key(&question.name) {
                let watch = Watch::new()?;
                let rows = asked.answer(engine, capture).await?;
                each.insert(question.name.clone(), watch.read()?);
                found.insert(question.name.clone(), rows);
            }
        }
        Ok((each, found))
    }
}

/// The rows of an answer; the totals where it has no dimensions. A number to compare with stands behind its number.
fn rows(result: &QueryResult) -> Value {
    let numbers = |metrics: &std::collections::BTreeMap<String, upshot_metrics::MetricValue>| {
        let mut numbers: Vec<Value> = Vec::new();
        for metric in &result.metrics {
            let value = metrics.get(metric);
            numbers.push(json!(value.and_then(|value| value.value)));
            let compared = value.and_then(|value| value.compare.as_ref());
            numbers.extend(compared.map(|compared| json!(compared.value)));
        }
        numbers
    };
    if result.dimensions.is_empty() {
        return json!([numbers(&result.totals)]);
    }
    // A day without sessions has a row here, and none in SQL.
    let holds = |number: &Value| number.as_f64().is_some_and(|number| number != 0.0);
    let rows = result.rows.iter().filter_map(|row| {
        let keys = result.dimensions.iter();
        let keys = keys.map(|name| json!(row.dimensions.get(name).cloned().flatten()));
        let numbers = numbers(&row.metrics);
        let any = numbers.iter().any(holds);
        any.then(|| keys.chain(numbers).collect::<Value>())
    });
    rows.collect()
}

//! What a flush costs with a longer and longer history behind it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use upshot_core::Event;
use upshot_core::time::HOUR;
use upshot_demo::{DemoOptions, generate};
use upshot_lake::catalog::DEFAULT_WORKSPACE;
use upshot_lake::{Lake, LakeOptions, Table};

use crate::events::END;
use crate::failure::Result;

/// Conversations of a day of the history.
const A_DAY: u64 = 100;

/// Conversations that are new with each flush.
const NEW: u64 = 100;

/// Events of the history that are handed over at once.
const AT_ONCE: usize = 4096;

/// Makes a history of so many days, then flushes new conversations as often as is said.
///
/// # Errors
/// When the data directory cannot be written.
pub fn run(directory: &Path, days: u32, runs: u32) -> Result<Value> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let clock = Arc::new(AtomicI64::new(END));
        let time = Arc::clone(&clock);
        let mut options =
            LakeOptions::new(directory, Arc::new(move || time.load(Ordering::Relaxed)));
        // Only this program says when.
        options.flush_interval = Duration::from_secs(u64::from(u32::MAX));
        let lake = Lake::open(options).await?;
        fill(&lake, days).await?;
        let files = files(&lake).await?;
        let (mut flushes, mut upkeep, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
        for run in 1..=runs {
            // The new ones are over when they are flushed.
            let end = END + HOUR * i64::from(run);
            clock.store(end + HOUR, Ordering::Relaxed);
            let options = DemoOptions {
                conversations: NEW,
                seed: 1 + u64::from(run),
                end,
                days: 1,
            };
            append(&lake, &options).await?;
            let before = lake.status().file_bytes;
            let began = Instant::now();
            lake.flush().await?;
            flushes.push(began.elapsed().as_secs_f64());
            bytes.push(lake.status().file_bytes - before);
            let began = Instant::now();
            lake.tidy().await?;
            upkeep.push(began.elapsed().as_secs_f64());
        }
        let answer = json!({
            "days": days,
            "files": files,
            "seconds": median(flushes.clone()),
            "flush_seconds": flushes,
            "upkeep_seconds": upkeep,
            "bytes": bytes,
            "peak_memory_bytes": crate::peak_memory()?,
        });
        lake.close().await?;
        Ok(answer)
    })
}

/// Makes the history.
async fn fill(lake: &Lake, days: u32) -> Result<()> {
    let options = DemoOptions {
        conversations: A_DAY * u64::from(days),
        seed: 1,
        end: END,
        days,
    };
    append(lake, &options).await?;
    lake.flush_and_seal().await?;
    lake.tidy().await?;
    Ok(())
}

async fn append(lake: &Lake, options: &DemoOptions) -> Result<()> {
    let mut events: Vec<Event> = Vec::new();
    for conversation in generate(options) {
        events.extend(conversation);
        if events.len() >= AT_ONCE {
            lake.append_waiting(DEFAULT_WORKSPACE, &events).await?;
            events.clear();
        }
    }
    lake.append_waiting(DEFAULT_WORKSPACE, &events).await?;
    Ok(())
}

/// How many files of all tables there are.
async fn files(lake: &Lake) -> Result<usize> {
    let capture = lake.capture(DEFAULT_WORKSPACE, &Table::ALL).await?;
    let tables = Table::ALL.iter().filter_map(|table| capture.table(*table));
    Ok(tables.map(|table| table.files.len()).sum())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

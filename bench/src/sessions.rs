//! A lake of many sessions: the demo's conversations, folded and written by the lake's own writer and
//! committed to its own catalog, without the events behind them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use serde_json::{Value, json};
use upshot_core::Event;
use upshot_core::facts::{Message, Session, Step};
use upshot_core::fold::{Carry, FactSink, FoldContext, fold};
use upshot_core::time::day_of;
use upshot_demo::generate;
use upshot_lake::catalog::{Catalog, DEFAULT_WORKSPACE, NewFile, Transaction};
use upshot_lake::files::DiskFiles;
use upshot_lake::parquet_files::{sort, write};
use upshot_lake::schema::BatchBuilder;
use upshot_lake::{Lake, LakeOptions, Settings, Table};

use crate::events::{END, history};
use crate::failure::Result;

/// Rows of a batch; builders are emptied at so many.
const BATCH_ROWS: usize = 32_768;

/// Conversations that are handed on at once.
const AT_ONCE: usize = 4096;

/// A day is written when conversations start so many days after it; what comes later is another file.
const DAYS_IN_MEMORY: i32 = 3;

/// Opens the data directory at a fixed time, after all that is in it.
///
/// # Errors
/// When it cannot be opened.
pub async fn open(directory: &Path) -> Result<Lake> {
    let options = LakeOptions::new(directory, Arc::new(|| END));
    Ok(Lake::open(options).await?)
}

/// Makes so many sessions in a new data directory.
///
/// # Errors
/// When it cannot be written.
pub fn make(directory: &Path, count: u64) -> Result<Value> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (sender, receiver) = sync_channel(4);
    std::thread::scope(|scope| {
        scope.spawn(move || generate_all(count, &sender));
        runtime.block_on(write_all(directory, count, receiver))
    })
}

/// Hands conversations on until nobody wants any more: every one has a session.
fn generate_all(count: u64, sender: &SyncSender<Vec<Vec<Event>>>) {
    let mut conversations = Vec::with_capacity(AT_ONCE);
    for events in generate(&history(count)) {
        conversations.push(events);
        if conversations.len() == AT_ONCE
            && sender.send(std::mem::take(&mut conversations)).is_err()
        {
            return;
        }
    }
    // Whoever receives has enough.
    let _ = sender.send(conversations);
}

async fn write_all(
    directory: &Path,
    count: u64,
    receiver: Receiver<Vec<Vec<Event>>>,
) -> Result<Value> {
    open(directory).await?.close().await?;
    let catalog = Catalog::open(
        Arc::new(DiskFiles),
        &directory.join("lake.sqlite"),
        &directory.join("data"),
        END,
    )
    .await?;
    if catalog.file_list(DEFAULT_WORKSPACE).is_none() {
        catalog.create_workspace(DEFAULT_WORKSPACE, END).await?;
    }
    let settings = Settings::built_in()?;
    let mut days = Days {
        left: count,
        ..Days::default()
    };
    for conversations in receiver {
        for events in &conversations {
            // Conversations come in the order in which they start. A session of one of them may begin weeks
            // after that, and says nothing of which days are over.
            if let Some(first) = events.first() {
                days.newest = days.newest.max(day_of(first.time));
            }
            let context = FoldContext {
                workspace: DEFAULT_WORKSPACE,
                profile: settings.default_profile(),
                as_of: i64::MAX,
            };
            fold(&context, &Carry::default(), events, &mut days);
        }
        days.close_batches()?;
        let first_open = days.newest - DAYS_IN_MEMORY;
        days.write(&catalog, &settings, first_open).await?;
        if days.left == 0 {
            break;
        }
    }
    days.write(&catalog, &settings, i32::MAX).await?;
    let patterns = [pattern(&catalog)];
    catalog.close().await?;
    Ok(json!({ "rows": count - days.left, "files": patterns }))
}

fn pattern(catalog: &Catalog) -> PathBuf {
    let folder = catalog.table_dir(DEFAULT_WORKSPACE, Table::Sessions);
    folder.join("*.parquet")
}

/// Sessions by the day on which they began.
#[derive(Default)]
struct Days {
    open: BTreeMap<i32, Day>,
    /// The day on which the newest conversation started.
    newest: i32,
    /// How many sessions are still wanted.
    left: u64,
}

struct Day {
    builder: BatchBuilder,
    batches: Vec<RecordBatch>,
}

impl Days {
    /// Turns what has gathered into batches: builders hold a row several times as large.
    fn close_batches(&mut self) -> Result<()> {
        for day in self.open.values_mut() {
            if day.builder.len() >= BATCH_ROWS {
                day.close_batch()?;
            }
        }
        Ok(())
    }

    /// Writes the days before this one, each as a file, and commits them.
    async fn write(&mut self, catalog: &Catalog, settings: &Settings, before: i32) -> Result<()> {
        let later = self.open.split_off(&before);
        let over = std::mem::replace(&mut self.open, later);
        let mut add = Vec::new();
        for (day, rows) in over {
            add.push(rows.write(catalog, day, &settings.fact_set())?);
        }
        if !add.is_empty() {
            let change = Transaction {
                workspace: DEFAULT_WORKSPACE.to_owned(),
                add,
                now: END,
                message: "benchmark".to_owned(),
                ..Transaction::default()
            };
            catalog.commit(change).await?;
        }
        Ok(())
    }
}

impl Day {
    fn new() -> Self {
        Self {
            builder: BatchBuilder::new(Table::Sessions),
            batches: Vec::new(),
        }
    }

    fn close_batch(&mut self) -> Result<()> {
        if !self.builder.is_empty() {
            self.batches.push(self.builder.finish()?);
        }
        Ok(())
    }

    fn write(mut self, catalog: &Catalog, day: i32, fact_set: &str) -> Result<NewFile> {
        self.close_batch()?;
        let table = Table::Sessions;
        let sorted = sort(&concat_batches(&table.schema(), &self.batches)?, table)?;
        let (name, path) = catalog.new_file(DEFAULT_WORKSPACE, table, day, 0);
        let ids = catalog.field_ids(DEFAULT_WORKSPACE, table)?;
        let info = write(&DiskFiles, &path, table, &ids, [&sorted])?;
        Ok(NewFile {
            table,
            name,
            info,
            day,
            bucket: 0,
            fact_set: fact_set.to_owned(),
        })
    }
}

impl FactSink for Days {
    fn session(&mut self, session: Session) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let day = day_of(session.start_time);
        let rows = self.open.entry(day).or_insert_with(Day::new);
        rows.builder.push(&session, day, 0);
    }
    // Only sessions are stored.
    fn message(&mut self, _: Message) {}
    fn step(&mut self, _: Step) {}
}

//! Reads what was decided on, on all threads, and gives every batch to all who asked for its rows.

use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use arrow::array::RecordBatch;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use rustc_hash::FxHashMap;
use tokio::task::JoinSet;
use upshot_lake::DataFile;

use super::Resources;
use crate::error::QueryError;
use crate::filter::Predicate;
use crate::provide::{Appender, ColumnProvider, Partition, Reading};
use crate::registry::Subject;
use crate::rollup::{Found, Key};
use crate::run::evaluate::Evaluator;
use crate::run::gather::Effort;
use crate::run::sets::Keys;
use crate::run::worker::Shape;
use crate::scan::{FileScan, Form, read_files};

/// A pass that asks for rows.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Which of the passes.
    pub(super) pass: usize,
    /// Which of its shapes.
    pub(super) variant: usize,
    /// The shape in which it takes the rows.
    pub(super) shape: Arc<Shape>,
    /// Under which key what is found in the file is kept, where it is.
    pub(super) keep: Option<Keep>,
}

/// While it reads, a pass holds at most this part of the memory of queries for what it keeps of files.
const MOST_PART_KEPT: usize = 2;

/// How what is found in a file is kept.
#[derive(Debug, Clone)]
pub(super) struct Keep {
    pub(super) key: Key,
    pub(super) file: DataFile,
    pub(super) offsets: Vec<(usize, u32)>,
    /// The shape in which the file is read for it: with its own stretches of time.
    pub(super) shape: Arc<Shape>,
}

/// What is known of a pass before anything is read.
#[derive(Debug)]
pub(super) struct Expected {
    /// How many rows there are to read for it.
    pub(super) rows: u64,
    /// What that is.
    pub(super) effort: Effort,
}

/// A scan of files that all threads share; files move to whichever is free.
pub(super) struct SharedScan {
    pub(super) asked: Arc<[Asked]>,
    pub(super) scan: Arc<dyn ExecutionPlan>,
    pub(super) reading: Reading,
    pub(super) appenders: Vec<Arc<dyn Appender>>,
}

/// The files of one day and bucket, which one thread reads after it has entered the partition; or a file of which is
/// kept what is found.
pub(super) struct Unit {
    pub(super) asked: Arc<[Asked]>,
    pub(super) reading: Arc<Reading>,
    /// What holds of every row that one of them selects.
    pub(super) pruning: Arc<Predicate>,
    pub(super) files: Vec<DataFile>,
    pub(super) partition: Partition,
}

/// The rows in memory.
pub(super) struct Memory {
    pub(super) asked: Arc<[Asked]>,
    pub(super) batches: Vec<RecordBatch>,
    pub(super) reading: Reading,
    pub(super) appenders: Vec<Arc<dyn Appender>>,
}

/// Takes the batches of one thread's share for one pass.
pub(crate) trait Consumer: Send + 'static {
    /// Takes a batch, complete with all columns of the shape; the evaluator knows what others who take it have
    /// evaluated.
    fn consume<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
    ) -> Result<(), QueryError>;
    /// The same of rows in memory. Rows of a session follow each other in files; in memory they may lie in
    /// several batches, and so come to several threads.
    fn consume_memory<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
    ) -> Result<(), QueryError> {
        self.consume(shape, evaluator)
    }
    /// About how many bytes it holds.
    fn bytes(&self) -> usize;

    /// What it has found.
    type Found: Found;

    /// When nothing more comes: what was found, `small` where that is kept for later.
    ///
    /// # Errors
    /// As for the rows.
    fn finish(self, small: bool) -> Result<Self::Found, QueryError>;
}

/// Makes consumers for a pass, each with a number that lies far from all others.
pub(crate) type Making<C> = dyn Fn(usize, u64) -> C + Send + Sync;

/// What was found by the passes: by threads, and in single files of which it is kept.
pub(crate) struct AllFound<F> {
    /// By pass and thread.
    pub(crate) by_thread: Vec<Vec<F>>,
    /// What was found in single files, with the pass that asked.
    pub(super) by_file: Vec<(usize, Keep, F)>,
}

/// Passes of which is known what they read.
pub(crate) struct Prepared {
    pub(super) subject: Subject,
    pub(super) passes: Vec<Expected>,
    pub(super) scans: Vec<SharedScan>,
    pub(super) units: Vec<Unit>,
    pub(super) next_unit: AtomicUsize,
    pub(super) memory: Memory,
    pub(super) providers: Vec<Arc<dyn ColumnProvider>>,
    pub(super) resources: Resources,
}

impl Prepared {
    /// What is read for the first pass.
    pub(super) fn effort(&self) -> Effort {
        let first = self.passes.first();
        first.map(|pass| pass.effort.clone()).unwrap_or_default()
    }

    /// Reads everything on all threads, with a consumer for each pass and thread, and one of a file's own for each pass
    /// that keeps what is found there; gives what they have found, by thread always in the same order.
    pub(super) async fn read<C: Consumer>(
        self,
        consumer: impl Fn(usize, u64) -> C,
        of_files: Option<Arc<Making<C>>>,
    ) -> Result<AllFound<C::Found>, QueryError> {
        let threads = self.resources.threads;
        let passes = self.passes.len();
        let handle = self.resources.handle.clone();
        let prepared = Arc::new(self);
        let mut tasks = JoinSet::new();
        for number in 0..threads {
            let part = Part {
                number,
                prepared: Arc::clone(&prepared),
                consumers: (0..passes)
                    .map(|pass| consumer(pass, (number as u64) << 48))
                    .collect(),
                of_files: of_files.clone(),
                by_file: ByFile {
                    found: Vec::new(),
                    resources: prepared.resources.clone(),
                },
                bytes_by_file: 0,
            };
            tasks.spawn_on(part.run(), &handle);
        }
        let mut shares = Vec::with_capacity(threads);
        while let Some(finished) = tasks.join_next().await {
            shares.push(finished.map_err(|error| QueryError::Stopped(error.to_string()))??);
        }
        shares.sort_unstable_by_key(|share| share.number);
        let mut found = AllFound {
            by_thread: (0..passes).map(|_| Vec::with_capacity(threads)).collect(),
            by_file: Vec::new(),
        };
        for share in shares {
            let passes = found.by_thread.iter_mut().zip(share.by_pass);
            passes.for_each(|(pass, of_pass)| pass.push(of_pass));
            found.by_file.extend(share.by_file.taken());
        }
        Ok(found)
    }
}

/// The share of one thread.
struct Part<C: Consumer> {
    number: usize,
    prepared: Arc<Prepared>,
    /// By pass.
    consumers: Vec<C>,
    of_files: Option<Arc<Making<C>>>,
    by_file: ByFile<C::Found>,
    bytes_by_file: usize,
}

/// What one thread found in single files. A question that is given up, because it took too long or too much memory, leaves it, so
/// that asked again it gets further.
struct ByFile<F: Found> {
    found: Vec<(usize, Keep, F)>,
    resources: Resources,
}

impl<F: Found> ByFile<F> {
    fn taken(mut self) -> Vec<(usize, Keep, F)> {
        std::mem::take(&mut self.found)
    }
}

impl<F: Found> Drop for ByFile<F> {
    fn drop(&mut self) {
        let Self { found, resources } = self;
        let own = |(_, keep, found)| (keep, resources.rollups.own(found));
        let kept: Vec<(Keep, Arc<F>)> = found.drain(..).map(own).collect();
        resources.keep(kept.iter().map(|(keep, found)| (keep, found)));
    }
}

/// Puts keys that are known in the place of equal ones; how many bytes that saves.
fn share_keys<F: Found>(found: &mut F, known: &mut FxHashMap<u128, Arc<Keys>>) -> usize {
    let mut saved = 0;
    for keys in found.shared_mut() {
        match known.entry(keys.hash()) {
            Entry::Occupied(known) => {
                saved += keys.bytes();
                *keys = Arc::clone(known.get());
            }
            Entry::Vacant(place) => {
                place.insert(Arc::clone(keys));
            }
        }
    }
    saved
}

/// What one thread found.
struct PartFound<F: Found> {
    number: usize,
    by_pass: Vec<F>,
    by_file: ByFile<F>,
}

impl<C: Consumer> Part<C> {
    async fn run(mut self) -> Result<PartFound<C::Found>, QueryError> {
        let prepared = Arc::clone(&self.prepared);
        let resources = &prepared.resources;
        let reservation = MemoryConsumer::new("metrics").register(resources.context.memory_pool());
        self.take_memory(&prepared, &reservation)?;
        for scan in &prepared.scans {
            let mut batches = scan
                .scan
                .execute(self.number, Arc::clone(&resources.context))?;
            while let Some(batch) = batches.next().await {
                let complete = scan
                    .reading
                    .complete(prepared.subject, batch?, &scan.appenders)?;
                self.take(&scan.asked, &mut [], &complete, &reservation)?;
            }
        }
        while let Some(unit) = prepared.units.get(prepared.next_unit.fetch_add(1, Relaxed)) {
            self.read(unit, &reservation).await?;
        }
        let consumers = self.consumers.into_iter();
        Ok(PartFound {
            number: self.number,
            by_pass: consumers
                .map(|consumer| consumer.finish(false))
                .collect::<Result<_, _>>()?,
            by_file: self.by_file,
        })
    }

    /// Takes this thread's share of the rows in memory.
    fn take_memory(
        &mut self,
        prepared: &Prepared,
        reservation: &MemoryReservation,
    ) -> Result<(), QueryError> {
        let memory = &prepared.memory;
        let batches = memory.batches.iter().skip(self.number);
        for batch in batches.step_by(prepared.resources.threads) {
            let complete =
                memory
                    .reading
                    .complete(prepared.subject, batch.clone(), &memory.appenders)?;
            let mut evaluator = Evaluator::new(&complete);
            for asked in &*memory.asked {
                self.consumers[asked.pass].consume_memory(&asked.shape, &mut evaluator)?;
            }
            self.reserve(reservation, &[])?;
        }
        Ok(())
    }

    async fn read(
        &mut self,
        unit: &Unit,
        reservation: &MemoryReservation,
    ) -> Result<(), QueryError> {
        let prepared = Arc::clone(&self.prepared);
        let resources = &prepared.resources;
        let appenders = unit
            .reading
            .enter(&prepared.providers, &unit.partition, resources)
            .await?;
        let scan = FileScan {
            subject: prepared.subject,
            files: unit.files.iter().collect(),
            columns: unit.reading.stored(),
            pruning: (*unit.pruning).clone(),
            form: Form::Coded,
        };
        let mut batches = read_files(scan, resources).await?;
        // Where much is held already nothing more is kept, so that a question costs no more memory than without.
        let most = resources.memory_limit_bytes / (MOST_PART_KEPT * resources.threads.max(1));
        let keeps = self.bytes_by_file < most;
        let of_file = |asked: &Asked| {
            let key = asked.keep.as_ref().filter(|_| keeps)?.key;
            Some(self.of_files.as_ref()?(asked.pass, key.number()))
        };
        let mut by_asked: Vec<Option<C>> = unit.asked.iter().map(of_file).collect();
        while let Some(batch) = batches.next().await {
            let complete = unit
                .reading
                .complete(prepared.subject, batch?, &appenders)?;
            self.take(&unit.asked, &mut by_asked, &complete, reservation)?;
        }
        let mut shared = FxHashMap::default();
        for (asked, consumer) in unit.asked.iter().zip(by_asked) {
            if let Some((consumer, keep)) = consumer.zip(asked.keep.clone()) {
                let mut found = consumer.finish(true)?;
                self.bytes_by_file += found.bytes() - share_keys(&mut found, &mut shared);
                self.by_file.found.push((asked.pass, keep, found));
            }
        }
        Ok(())
    }

    /// Gives a batch to all who asked for it: to those of the file where there are such, else to those of the thread.
    fn take(
        &mut self,
        asked: &[Asked],
        of_file: &mut [Option<C>],
        batch: &RecordBatch,
        reservation: &MemoryReservation,
    ) -> Result<(), QueryError> {
        let mut evaluator = Evaluator::new(batch);
        for (position, asked) in asked.iter().enumerate() {
            match (of_file.get_mut(position), &asked.keep) {
                (Some(Some(of_file)), Some(keep)) => {
                    of_file.consume(&keep.shape, &mut evaluator)?
                }
                _ => self.consumers[asked.pass].consume(&asked.shape, &mut evaluator)?,
            }
        }
        self.reserve(reservation, of_file)
    }

    fn reserve(
        &self,
        reservation: &MemoryReservation,
        of_file: &[Option<C>],
    ) -> Result<(), QueryError> {
        let consumers = self.consumers.iter().chain(of_file.iter().flatten());
        let bytes: usize = consumers.map(Consumer::bytes).sum();
        let bytes = bytes + self.bytes_by_file;
        self.prepared.resources.reserve(reservation, bytes)
    }
}

//! Reads what was decided on, on all threads, and gives every batch to all who asked for its rows.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use arrow::array::RecordBatch;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use tokio::task::JoinSet;
use upshot_lake::DataFile;

use super::{Resources, any_selection};
use crate::error::QueryError;
use crate::provide::{Appender, ColumnProvider, Partition, Reading};
use crate::registry::Subject;
use crate::run::evaluate::Evaluator;
use crate::run::gather::Effort;
use crate::run::worker::Shape;
use crate::scan::{FileScan, Form, plan_scan};

/// A pass that asks for rows.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Which of the passes.
    pub(super) pass: usize,
    /// Which of its shapes.
    pub(super) variant: usize,
    /// The shape in which it takes the rows.
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

/// The files of one day and bucket, which one thread reads after it has entered the partition.
pub(super) struct Unit {
    pub(super) asked: Arc<[Asked]>,
    pub(super) reading: Arc<Reading>,
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
    /// Reads everything on all threads, with a consumer for each pass and thread; gives what they have become, by
    /// pass and in the order of the threads, so that what is made of them comes out in the same order every time.
    pub(super) async fn read<C: Consumer>(
        self,
        consumer: impl Fn(usize, usize) -> C,
    ) -> Result<Vec<Vec<C>>, QueryError> {
        let threads = self.resources.threads;
        let passes = self.passes.len();
        let handle = self.resources.handle.clone();
        let prepared = Arc::new(self);
        let mut tasks = JoinSet::new();
        for number in 0..threads {
            let part = Part {
                number,
                prepared: Arc::clone(&prepared),
                consumers: (0..passes).map(|pass| consumer(pass, number)).collect(),
            };
            tasks.spawn_on(part.run(), &handle);
        }
        let mut shares = Vec::with_capacity(threads);
        while let Some(finished) = tasks.join_next().await {
            shares.push(finished.map_err(|error| QueryError::Stopped(error.to_string()))??);
        }
        shares.sort_unstable_by_key(|(number, _)| *number);
        let mut by_pass: Vec<Vec<C>> = (0..passes).map(|_| Vec::with_capacity(threads)).collect();
        for (_, consumers) in shares {
            let passes = by_pass.iter_mut().zip(consumers);
            passes.for_each(|(pass, consumer)| pass.push(consumer));
        }
        Ok(by_pass)
    }
}

/// The share of one thread.
struct Part<C> {
    number: usize,
    prepared: Arc<Prepared>,
    /// By pass.
    consumers: Vec<C>,
}

impl<C: Consumer> Part<C> {
    async fn run(mut self) -> Result<(usize, Vec<C>), QueryError> {
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
                self.take(&scan.asked, &complete, &reservation)?;
            }
        }
        while let Some(unit) = prepared.units.get(prepared.next_unit.fetch_add(1, Relaxed)) {
            self.read(unit, &reservation).await?;
        }
        Ok((self.number, self.consumers))
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
            self.reserve(reservation)?;
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
            pruning: any_selection(&unit.asked),
            form: Form::Coded,
        };
        let scan = plan_scan(&scan, &resources.footers, 1)?;
        let mut batches = scan.execute(0, Arc::clone(&resources.context))?;
        while let Some(batch) = batches.next().await {
            let complete = unit
                .reading
                .complete(prepared.subject, batch?, &appenders)?;
            self.take(&unit.asked, &complete, reservation)?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        asked: &[Asked],
        batch: &RecordBatch,
        reservation: &MemoryReservation,
    ) -> Result<(), QueryError> {
        let mut evaluator = Evaluator::new(batch);
        for asked in asked {
            self.consumers[asked.pass].consume(&asked.shape, &mut evaluator)?;
        }
        self.reserve(reservation)
    }

    fn reserve(&self, reservation: &MemoryReservation) -> Result<(), QueryError> {
        let bytes = self.consumers.iter().map(Consumer::bytes).sum();
        self.prepared.resources.reserve(reservation, bytes)
    }
}

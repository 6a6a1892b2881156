//! One pass over the sessions of a capture: files and memory, on all threads, into cells.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use tokio::task::JoinSet;
use upshot_lake::{DataFile, Table, TableCapture};

use crate::error::QueryError;
use crate::filter::Predicate;
use crate::query::plan::Plan;
use crate::run::accumulate::Sampling;
use crate::run::gather::{Gathered, gather};
use crate::run::worker::{Shape, Share, Worker};
use crate::scan::{FileScan, Footers, Form, plan_scan};

/// What a pass runs with.
#[derive(Debug, Clone)]
pub(crate) struct Resources {
    pub(crate) footers: Arc<Footers>,
    pub(crate) context: Arc<TaskContext>,
    pub(crate) threads: usize,
    pub(crate) memory_limit_bytes: usize,
    pub(crate) handle: tokio::runtime::Handle,
}

impl Resources {
    /// Reads the footers of files that were never read, without keeping the caller's thread.
    pub(crate) async fn load_footers(
        &self,
        table: Table,
        files: impl Iterator<Item = &DataFile>,
    ) -> Result<(), QueryError> {
        let missing = self.footers.missing(files.map(|file| file.path.as_path()));
        if missing.is_empty() {
            return Ok(());
        }
        let (footers, threads) = (Arc::clone(&self.footers), self.threads);
        let loading = self
            .handle
            .spawn_blocking(move || footers.load(table, &missing, threads));
        loading
            .await
            .map_err(|error| QueryError::Stopped(error.to_string()))
    }
}

/// Files that share a shape: what is known of their day leaves the same conditions open.
#[derive(Debug)]
pub(crate) struct FileShape<'a> {
    pub(crate) shape: Shape,
    pub(crate) files: Vec<&'a DataFile>,
}

/// Sorts files by the shape that their day and their statistics leave of the plan; files that cannot
/// hold a row of the selection are dropped.
pub(crate) fn file_shapes<'a>(
    base: &Shape,
    capture: &'a TableCapture,
    footers: &Footers,
) -> Result<Vec<FileShape<'a>>, QueryError> {
    let mut shapes: Vec<FileShape<'a>> = Vec::new();
    // Files of one day mostly leave the same shape.
    let mut last: Option<(i32, Shape)> = None;
    for file in &capture.files {
        let of_day = match last.take() {
            Some((day, shape)) if day == file.day => shape,
            _ => base.of_day(file.day),
        };
        if of_day.selection != Predicate::Constant(false) {
            let footer = footers.get(capture.table, &file.path)?;
            let shape = of_day.folded(&|column| footer.known(column));
            if shape.selection == Predicate::Constant(false) {
            } else if let Some(same) = shapes.iter_mut().find(|known| known.shape.reads_as(&shape))
            {
                same.files.push(file);
            } else {
                shapes.push(FileShape {
                    shape,
                    files: vec![file],
                });
            }
        }
        last = Some((file.day, of_day));
    }
    Ok(shapes)
}

/// The plan's shape for the files of a table: without the sessions that memory replaces.
pub(crate) fn base_shape(plan: &Plan, capture: &TableCapture) -> Shape {
    let mut shape = Shape::new(plan);
    if !capture.replaced.is_empty() {
        shape.replaced = Some(Arc::clone(&capture.replaced));
    }
    shape
}

/// Runs a plan.
pub(crate) async fn run(
    plan: &Plan,
    table: Table,
    capture: &TableCapture,
    resources: &Resources,
) -> Result<Gathered, QueryError> {
    let base = base_shape(plan, capture);
    let days = capture.files.iter().filter(|file| base.may_hold(file.day));
    resources.load_footers(table, days).await?;
    let shapes = file_shapes(&base, capture, &resources.footers)?;
    let in_files: u64 = shapes
        .iter()
        .flat_map(|shape| &shape.files)
        .map(|file| file.rows)
        .sum();
    let in_memory: u64 = capture
        .memory
        .iter()
        .map(|batch| batch.num_rows() as u64)
        .sum();
    let sampling = Sampling::for_rows(in_files + in_memory);
    let mut scans: Vec<ShapedScan> = Vec::new();
    for FileShape { shape, files } in shapes {
        let pruning = shape.selection.clone();
        let mut columns = shape.columns();
        if columns.is_empty() {
            // Rows are counted; the cheapest column counts them.
            columns.insert("day");
        }
        let scan = FileScan {
            table,
            files,
            columns,
            pruning,
            form: Form::Coded,
        };
        let scan = plan_scan(&scan, &resources.footers, resources.threads)?;
        scans.push((Arc::new(shape), scan));
    }
    let memory = Arc::new(capture.memory.clone());
    let memory_shape = Arc::new(Shape::new(plan));
    let scans = Arc::new(scans);
    let mut tasks = JoinSet::new();
    for number in 0..resources.threads {
        let part = Part {
            number,
            threads: resources.threads,
            scans: Arc::clone(&scans),
            memory: Arc::clone(&memory),
            memory_shape: Arc::clone(&memory_shape),
            sampling,
            context: Arc::clone(&resources.context),
            memory_limit_bytes: resources.memory_limit_bytes,
        };
        tasks.spawn_on(part.run(), &resources.handle);
    }
    let mut shares = Vec::with_capacity(resources.threads);
    while let Some(finished) = tasks.join_next().await {
        let (number, share) =
            finished.map_err(|error| QueryError::Stopped(error.to_string()))??;
        shares.push((number, share));
    }
    // In the order of the threads, so that groups come out in the same order every time.
    shares.sort_unstable_by_key(|(number, _)| *number);
    let shares = shares.into_iter().map(|(_, share)| share).collect();
    let (cells, threads) = (plan.cells.clone(), resources.threads);
    let gathering = resources
        .handle
        .spawn_blocking(move || gather(&cells, shares, sampling, threads));
    gathering
        .await
        .map_err(|error| QueryError::Stopped(error.to_string()))
}

/// A scan of files with the shape of the plan for them.
type ShapedScan = (Arc<Shape>, Arc<dyn ExecutionPlan>);

/// The share of one thread.
struct Part {
    number: usize,
    threads: usize,
    scans: Arc<Vec<ShapedScan>>,
    memory: Arc<Vec<RecordBatch>>,
    memory_shape: Arc<Shape>,
    sampling: Sampling,
    context: Arc<TaskContext>,
    memory_limit_bytes: usize,
}

impl Part {
    async fn run(self) -> Result<(usize, Share), QueryError> {
        let reservation = MemoryConsumer::new("metrics").register(self.context.memory_pool());
        let mut worker = Worker::new(&self.memory_shape, self.sampling, self.number);
        for batch in self.memory.iter().skip(self.number).step_by(self.threads) {
            worker.consume(&self.memory_shape, batch)?;
            self.reserve(&reservation, &worker)?;
        }
        for (shape, scan) in self.scans.iter() {
            let mut batches = scan.execute(self.number, Arc::clone(&self.context))?;
            while let Some(batch) = batches.next().await {
                worker.consume(shape, &batch?)?;
                self.reserve(&reservation, &worker)?;
            }
        }
        Ok((self.number, worker.finish()))
    }

    fn reserve(&self, reservation: &MemoryReservation, worker: &Worker) -> Result<(), QueryError> {
        reservation
            .try_resize(worker.bytes())
            .map_err(|_| QueryError::Memory {
                limit_bytes: self.memory_limit_bytes,
            })
    }
}

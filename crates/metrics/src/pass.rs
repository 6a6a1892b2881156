//! One pass over the rows of a subject, as they were captured: files and memory, on all threads, each
//! batch complete with what is derived for it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::ExecutionPlan;
use futures::StreamExt;
use tokio::task::JoinSet;
use upshot_core::time::start_of_day;
use upshot_lake::capture::LONE_MESSAGE;
use upshot_lake::{Capture, DataFile, Table, TableCapture};

use crate::columns::native;
use crate::engine::captured;
use crate::error::QueryError;
use crate::filter::Predicate;
use crate::people::Histories;
use crate::provide::{Appender, ColumnProvider, Partition, Reading, providers};
use crate::query::EnvironmentChoice;
use crate::query::plan::Plan;
use crate::registry::Subject;
use crate::run::accumulate::Sampling;
use crate::run::gather::{Effort, Gathered, gather, merge};
use crate::run::spans::gather_spans;
use crate::run::worker::{Shape, Worker};
use crate::scan::{FileScan, Footers, Form, plan_scan};
use crate::time::Range;

/// What a pass runs with.
#[derive(Debug, Clone)]
pub(crate) struct Resources {
    pub(crate) footers: Arc<Footers>,
    pub(crate) histories: Arc<Histories>,
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

impl Resources {
    /// Holds so many bytes of the pool.
    pub(crate) fn reserve(
        &self,
        reservation: &MemoryReservation,
        bytes: usize,
    ) -> Result<(), QueryError> {
        reservation
            .try_resize(bytes)
            .map_err(|_| QueryError::Memory {
                limit_bytes: self.memory_limit_bytes,
            })
    }
}

/// What a pass reads: the rows of a subject, and what is derived for them.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) subject: Subject,
    pub(crate) rows: &'a TableCapture,
    capture: &'a Capture,
    pub(crate) sessions: &'a TableCapture,
    /// Whose sessions are the history of a person.
    environment: EnvironmentChoice,
    pub(crate) providers: Vec<Arc<dyn ColumnProvider>>,
}

impl<'a> Source<'a> {
    /// The rows of a subject, as they were captured.
    ///
    /// # Errors
    /// When the capture lacks a table.
    pub(crate) fn of(
        subject: Subject,
        capture: &'a Capture,
        environment: EnvironmentChoice,
    ) -> Result<Self, QueryError> {
        Ok(Self {
            subject,
            capture,
            environment,
            rows: captured(capture, subject.table())?,
            sessions: captured(capture, Table::Sessions)?,
            providers: providers(subject, capture),
        })
    }

    /// The files that may hold a row of the selection, as far as is known without reading their footers.
    pub(crate) fn files<'s>(
        &'s self,
        base: &'s Shape,
        footers: &'s Footers,
    ) -> impl Iterator<Item = &'a DataFile> + use<'a, 's> {
        self.rows.files.iter().filter(move |file| {
            base.may_hold(file.day)
                && match self.subject {
                    Subject::Sessions => true,
                    _ => footers
                        .happened(&file.path)
                        .is_none_or(|happened| base.may_hold_then(happened)),
                }
        })
    }

    /// Files that share a shape, for each shape that their day and their statistics leave; files that
    /// cannot hold a row of the selection are dropped.
    pub(crate) fn file_shapes(
        &self,
        base: &Shape,
        footers: &Footers,
    ) -> Result<Vec<FileShape<'a>>, QueryError> {
        let mut of_files = base.clone();
        if !self.rows.replaced.is_empty() {
            of_files.replaced = Some(Arc::clone(&self.rows.replaced));
            let mut replaced = self.rows.replaced.iter();
            if self.rows.table == Table::Messages
                && replaced.any(|key| key.starts_with(LONE_MESSAGE))
            {
                of_files.wanted.insert("message.event_id");
            }
        }
        let mut shapes: Vec<FileShape<'a>> = Vec::new();
        // Files of one day mostly leave the same shape.
        let mut last: Option<(i32, Shape)> = None;
        for file in self.files(base, footers) {
            let of_day = match last.take() {
                Some((day, shape)) if day == file.day => shape,
                _ => of_files.of_day(file.day),
            };
            if of_day.selection != Predicate::Constant(false) {
                let footer = footers.get(self.rows.table, &file.path)?;
                let known = |column: &str| {
                    native(self.subject, column).and_then(|column| footer.known(column))
                };
                let shape = of_day.folded(&known);
                if shape.selection == Predicate::Constant(false) {
                } else if let Some(same) =
                    shapes.iter_mut().find(|known| known.shape.reads_as(&shape))
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

    /// When the sessions started whose rows may be selected: on the days of the files that are left, or as
    /// memory has it. Nothing if no row is.
    pub(crate) async fn starts(
        &self,
        base: &Shape,
        resources: &Resources,
    ) -> Result<Option<Range>, QueryError> {
        let files = self.files(base, &resources.footers);
        resources.load_footers(self.rows.table, files).await?;
        let shapes = self.file_shapes(base, &resources.footers)?;
        let in_files = shapes
            .iter()
            .flat_map(|shape| &shape.files)
            .map(|file| Range {
                from: start_of_day(file.day),
                to: start_of_day(file.day.saturating_add(1)),
            });
        let column = native(self.subject, "start_time");
        let in_memory = self.rows.memory.iter().filter_map(|batch| {
            let starts = batch.column_by_name(column?)?;
            let starts = starts.as_primitive_opt::<TimestampMicrosecondType>()?;
            let (from, last) = arrow::compute::min(starts).zip(arrow::compute::max(starts))?;
            Some(Range {
                from,
                to: last.saturating_add(1),
            })
        });
        Ok(in_memory.chain(in_files).reduce(Range::hull))
    }

    pub(crate) fn reading(&self, shape: &Shape) -> Reading {
        Reading::of(self.subject, &shape.columns(), &self.providers)
    }

    /// Makes ready what all rows share of the columns that are derived for a shape.
    pub(crate) async fn ready(
        &self,
        base: &Shape,
        resources: &Resources,
    ) -> Result<(), QueryError> {
        for (position, _) in &self.reading(base).derived {
            let provider = &self.providers[*position];
            provider
                .prepare(self.capture, self.environment, resources)
                .await?;
        }
        Ok(())
    }

    /// What belongs to the rows of a file.
    pub(crate) fn partition_of(&self, file: &DataFile) -> Partition {
        let files = self.sessions.files.iter();
        let own = files.filter(|own| (own.day, own.bucket) == (file.day, file.bucket));
        Partition {
            session_files: own.cloned().collect(),
            session_memory: Vec::new(),
        }
    }

    /// Decides what is read and how, and makes ready what all threads share.
    pub(crate) async fn prepare(
        &self,
        base: &Shape,
        resources: &Resources,
    ) -> Result<Prepared, QueryError> {
        let files = self.files(base, &resources.footers);
        resources.load_footers(self.rows.table, files).await?;
        let shapes = self.file_shapes(base, &resources.footers)?;
        self.ready(base, resources).await?;
        let effort = self.effort(base, &shapes);
        let mut prepared = Prepared {
            subject: self.subject,
            rows: effort.memory_rows,
            effort,
            scans: Vec::new(),
            units: Vec::new(),
            next_unit: AtomicUsize::new(0),
            memory: self.memory(base, resources).await?,
            providers: self.providers.clone(),
            resources: resources.clone(),
        };
        for FileShape { shape, files } in shapes {
            prepared.rows += files.iter().map(|file| file.rows).sum::<u64>();
            let reading = self.reading(&shape);
            let shape = Arc::new(shape);
            if reading.by_partition(&self.providers) {
                let units = self.units(&shape, &Arc::new(reading), files);
                prepared.units.extend(units);
                continue;
            }
            let scan = FileScan {
                subject: self.subject,
                files,
                columns: reading.stored(),
                pruning: shape.selection.clone(),
                form: Form::Coded,
            };
            let appenders = reading
                .enter(&self.providers, &Partition::default(), resources)
                .await?;
            prepared.scans.push(SharedScan {
                shape,
                scan: plan_scan(&scan, &resources.footers, resources.threads)?,
                reading,
                appenders,
            });
        }
        let joined: Vec<&DataFile> = prepared
            .units
            .iter()
            .flat_map(|unit| &unit.partition.session_files)
            .collect();
        resources
            .load_footers(Table::Sessions, joined.into_iter())
            .await?;
        Ok(prepared)
    }

    /// What is read of these files and of memory.
    fn effort(&self, base: &Shape, shapes: &[FileShape<'_>]) -> Effort {
        let files = &self.rows.files;
        let batches = self.rows.memory.iter();
        let mut effort = Effort {
            files: files.len(),
            file_rows: files.iter().map(|file| file.rows).sum(),
            memory_rows: batches.map(|batch| batch.num_rows() as u64).sum(),
            ..Effort::default()
        };
        effort.files_read = shapes.iter().map(|shape| shape.files.len()).sum();
        let in_memory = (effort.memory_rows > 0).then_some(base);
        for shape in shapes.iter().map(|files| &files.shape).chain(in_memory) {
            let reading = self.reading(shape);
            effort.columns.extend(reading.stored());
            let derived = reading.derived.iter();
            effort
                .derived
                .extend(derived.flat_map(|(_, columns)| columns.iter().copied()));
        }
        effort
    }

    async fn memory(&self, base: &Shape, resources: &Resources) -> Result<Memory, QueryError> {
        let reading = self.reading(base);
        let partition = Partition {
            session_files: Vec::new(),
            session_memory: self.sessions.memory.clone(),
        };
        let appenders = match self.rows.memory.is_empty() {
            true => Vec::new(),
            false => {
                reading
                    .enter(&self.providers, &partition, resources)
                    .await?
            }
        };
        Ok(Memory {
            shape: Arc::new(base.clone()),
            batches: self.rows.memory.clone(),
            reading,
            appenders,
        })
    }

    /// The files of each day and bucket, with the sessions to which their rows belong.
    fn units(
        &self,
        shape: &Arc<Shape>,
        reading: &Arc<Reading>,
        files: Vec<&DataFile>,
    ) -> Vec<Unit> {
        let mut by_partition: BTreeMap<(i32, i32), Vec<DataFile>> = BTreeMap::new();
        for file in files {
            let partition = by_partition.entry((file.day, file.bucket)).or_default();
            partition.push(file.clone());
        }
        let mut sessions: HashMap<(i32, i32), Vec<DataFile>> = HashMap::new();
        for file in &self.sessions.files {
            let key = (file.day, file.bucket);
            if by_partition.contains_key(&key) {
                sessions.entry(key).or_default().push(file.clone());
            }
        }
        by_partition
            .into_iter()
            .map(|(key, files)| Unit {
                shape: Arc::clone(shape),
                reading: Arc::clone(reading),
                files,
                partition: Partition {
                    session_files: sessions.get(&key).cloned().unwrap_or_default(),
                    session_memory: Vec::new(),
                },
            })
            .collect()
    }
}

/// Files that share a shape: what is known of their day leaves the same conditions open.
#[derive(Debug)]
pub(crate) struct FileShape<'a> {
    pub(crate) shape: Shape,
    pub(crate) files: Vec<&'a DataFile>,
}

/// A scan of files that all threads share; files move to whichever is free.
struct SharedScan {
    shape: Arc<Shape>,
    scan: Arc<dyn ExecutionPlan>,
    reading: Reading,
    appenders: Vec<Arc<dyn Appender>>,
}

/// The files of one day and bucket, which one thread reads after it has entered the partition.
struct Unit {
    shape: Arc<Shape>,
    reading: Arc<Reading>,
    files: Vec<DataFile>,
    partition: Partition,
}

/// The rows in memory.
struct Memory {
    shape: Arc<Shape>,
    batches: Vec<RecordBatch>,
    reading: Reading,
    appenders: Vec<Arc<dyn Appender>>,
}

/// Takes the batches of one thread's share.
pub(crate) trait Consumer: Send + 'static {
    /// Takes a batch, complete with all columns of the shape.
    fn consume(&mut self, shape: &Shape, batch: &RecordBatch) -> Result<(), QueryError>;
    /// The same of rows in memory. Rows of a session follow each other in files; in memory they may lie in
    /// several batches, and so come to several threads.
    fn consume_memory(&mut self, shape: &Shape, batch: &RecordBatch) -> Result<(), QueryError> {
        self.consume(shape, batch)
    }
    /// About how many bytes it holds.
    fn bytes(&self) -> usize;
}

/// A pass of which is known what it reads.
pub(crate) struct Prepared {
    subject: Subject,
    /// How many rows there are to read.
    pub(crate) rows: u64,
    /// What that is.
    effort: Effort,
    scans: Vec<SharedScan>,
    units: Vec<Unit>,
    next_unit: AtomicUsize,
    memory: Memory,
    providers: Vec<Arc<dyn ColumnProvider>>,
    resources: Resources,
}

impl Prepared {
    /// Reads everything on all threads; gives what the consumer of each thread has become, in the order of
    /// the threads, so that what is made of them comes out in the same order every time.
    pub(crate) async fn read<C: Consumer>(
        self,
        consumer: impl Fn(usize) -> C,
    ) -> Result<Vec<C>, QueryError> {
        let threads = self.resources.threads;
        let handle = self.resources.handle.clone();
        let prepared = Arc::new(self);
        let mut tasks = JoinSet::new();
        for number in 0..threads {
            let part = Part {
                number,
                prepared: Arc::clone(&prepared),
                consumer: consumer(number),
            };
            tasks.spawn_on(part.run(), &handle);
        }
        let mut consumers = Vec::with_capacity(threads);
        while let Some(finished) = tasks.join_next().await {
            consumers.push(finished.map_err(|error| QueryError::Stopped(error.to_string()))??);
        }
        consumers.sort_unstable_by_key(|(number, _)| *number);
        Ok(consumers
            .into_iter()
            .map(|(_, consumer)| consumer)
            .collect())
    }
}

/// The share of one thread.
struct Part<C> {
    number: usize,
    prepared: Arc<Prepared>,
    consumer: C,
}

impl<C: Consumer> Part<C> {
    async fn run(mut self) -> Result<(usize, C), QueryError> {
        let prepared = Arc::clone(&self.prepared);
        let resources = &prepared.resources;
        let reservation = MemoryConsumer::new("metrics").register(resources.context.memory_pool());
        let memory = &prepared.memory;
        let own = memory
            .batches
            .iter()
            .skip(self.number)
            .step_by(resources.threads);
        for batch in own {
            let complete =
                memory
                    .reading
                    .complete(prepared.subject, batch.clone(), &memory.appenders)?;
            self.consumer.consume_memory(&memory.shape, &complete)?;
            resources.reserve(&reservation, self.consumer.bytes())?;
        }
        for SharedScan {
            shape,
            scan,
            reading,
            appenders,
        } in &prepared.scans
        {
            let mut batches = scan.execute(self.number, Arc::clone(&resources.context))?;
            while let Some(batch) = batches.next().await {
                let complete = reading.complete(prepared.subject, batch?, appenders)?;
                self.take(shape, &complete, &reservation)?;
            }
        }
        while let Some(unit) = prepared.units.get(prepared.next_unit.fetch_add(1, Relaxed)) {
            self.read(unit, &reservation).await?;
        }
        Ok((self.number, self.consumer))
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
            pruning: unit.shape.selection.clone(),
            form: Form::Coded,
        };
        let scan = plan_scan(&scan, &resources.footers, 1)?;
        let mut batches = scan.execute(0, Arc::clone(&resources.context))?;
        while let Some(batch) = batches.next().await {
            let complete = unit
                .reading
                .complete(prepared.subject, batch?, &appenders)?;
            self.take(&unit.shape, &complete, reservation)?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        shape: &Shape,
        batch: &RecordBatch,
        reservation: &MemoryReservation,
    ) -> Result<(), QueryError> {
        self.consumer.consume(shape, batch)?;
        self.prepared
            .resources
            .reserve(reservation, self.consumer.bytes())
    }
}

/// Runs a plan.
pub(crate) async fn run(
    plan: &Plan,
    capture: &Capture,
    resources: &Resources,
) -> Result<Gathered, QueryError> {
    let began = Instant::now();
    let source = Source::of(plan.subject, capture, plan.traffic)?;
    let shape = Shape::new(plan);
    let prepared = source.prepare(&shape, resources).await?;
    let effort = prepared.effort.clone();
    let sampling = Sampling::for_rows(prepared.rows);
    let workers = prepared
        .read(|number| Worker::new(&shape, sampling, number))
        .await?;
    let kept = plan.kept.clone();
    let (plan, threads) = (plan.clone(), resources.threads);
    let gathering = resources.handle.spawn_blocking(move || {
        let shares = workers.into_iter().map(Worker::finish).collect();
        match &plan.reading {
            None => Ok(gather(&plan.cells, shares, sampling, threads)),
            Some(reading) => {
                let merged = merge(&plan.cells, shares, sampling);
                gather_spans(&plan.cells, &plan.groupings, reading, merged, threads)
            }
        }
    });
    let mut gathered = gathering
        .await
        .map_err(|error| QueryError::Stopped(error.to_string()))??;
    if let Some(kept) = kept {
        gathered.groups.retain(|(key, _)| kept.admits(key));
    }
    gathered.effort = Effort {
        took: began.elapsed(),
        ..effort
    };
    Ok(gathered)
}

//! Passes over the rows of a subject, as they were captured: files and memory, on all threads, each
//! batch complete with what is derived for it.
//!
//! Several passes share one reading: here is decided what is read for whom, [`read`] reads it, and [`fill`]
//! runs plans.

mod fill;
mod joined;
mod kept;
mod memory;
mod read;
mod shapes;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryReservation;
use upshot_core::time::start_of_day;
use upshot_lake::{Capture, DataFile, Table, TableCapture};

use crate::columns::native;
use crate::engine::captured;
use crate::error::QueryError;
use crate::filter::Predicate;
use crate::people::Histories;
use crate::provide::{ColumnProvider, Partition, Reading, providers};
use crate::query::EnvironmentChoice;
use crate::registry::Subject;
use crate::rollup::{Found, Keeping, Key, Rollups};
use crate::run::gather::Effort;
use crate::run::worker::Shape;
use crate::scan::{FileScan, Footers, Form, are_kept, plan_scan};
use crate::time::Range;
pub(crate) use kept::Known;
use read::{Asked, Expected, Keep, Prepared, SharedScan, Unit};

pub(crate) use fill::{run, run_all};
pub(crate) use read::{Consumer, Making};
use shapes::FileShape;

/// What a pass runs with.
#[derive(Debug, Clone)]
pub(crate) struct Resources {
    pub(crate) footers: Arc<Footers>,
    pub(crate) histories: Arc<Histories>,
    pub(crate) rollups: Arc<Rollups>,
    /// Columns of small files.
    pub(crate) columns: Arc<Rollups>,
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
    /// Keeps what was found in files, and puts it beside them without keeping anybody waiting.
    fn keep<'f, F: Found>(&self, found: impl Iterator<Item = (&'f Keep, &'f Arc<F>)>) {
        let found = found.map(|(keep, found)| (keep.key, keep.file.clone(), Arc::clone(found)));
        let found: Vec<(Key, DataFile, Arc<F>)> = found.collect();
        if found.is_empty() {
            return;
        }
        for (key, _, found) in &found {
            self.rollups.add(*key, found);
        }
        let rollups = Arc::clone(&self.rollups);
        let writing = self.handle.spawn_blocking(move || rollups.store(&found));
        self.rollups.writes(writing);
    }

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
            .map(|(file, _)| Range {
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

    /// That what is found in files for this purpose is kept, where anything is.
    pub(crate) fn keeping<'r>(
        &self,
        purpose: u64,
        resources: &'r Resources,
    ) -> Option<Keeping<'r>> {
        let Resources {
            rollups,
            handle,
            threads,
            ..
        } = resources;
        rollups.follow(self.capture, self.rows.table, &self.rows.files);
        rollups.keeps().then_some(Keeping {
            rollups,
            handle,
            threads: *threads,
            purpose,
        })
    }

    /// How the columns that these shapes ask for come about.
    pub(crate) fn reading<'s>(&self, shapes: impl IntoIterator<Item = &'s Shape>) -> Reading {
        let columns = shapes.into_iter().flat_map(Shape::columns).collect();
        Reading::of(self.subject, &columns, &self.providers)
    }

    /// Makes ready what all rows share of the columns that are derived for a shape.
    pub(crate) async fn ready(
        &self,
        base: &Shape,
        resources: &Resources,
    ) -> Result<(), QueryError> {
        for (position, _) in &self.reading([base]).derived {
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

    /// Decides what is read and how, for passes that start from these shapes, and makes ready what all
    /// threads share. What several passes want of a file is read once. Of what is kept a file that is known is not read at all.
    pub(crate) async fn prepare<F: Found>(
        &self,
        bases: &[Shape],
        keeping: Option<Keeping<'_>>,
        resources: &Resources,
    ) -> Result<(Prepared, Vec<Vec<Known<F>>>), QueryError> {
        // Of a table that was not captured nothing is known: its files are there all the same.
        for table in &self.capture.tables {
            resources
                .columns
                .follow(self.capture, table.table, &table.files);
        }
        let mut known: Vec<Vec<Known<F>>> = Vec::with_capacity(bases.len());
        let mut expected = Vec::with_capacity(bases.len());
        let mut asked_of: HashMap<&Path, Vec<Asked>> = HashMap::new();
        for base in bases {
            let files = self.files(base, &resources.footers);
            resources.load_footers(self.rows.table, files).await?;
            let joined = self.joined_files(base);
            let joined_files = joined.values().flatten().copied();
            resources
                .load_footers(Table::Sessions, joined_files)
                .await?;
        }
        let shapes = self.file_shapes_of_all(bases, &resources.footers, resources.threads)?;
        for (pass, (base, shapes)) in bases.iter().zip(shapes).enumerate() {
            let joined = self.joined_files(base);
            self.ready(base, resources).await?;
            let effort = self.effort(base, &shapes);
            let files = shapes.iter().flat_map(|shape| &shape.files);
            let rows = effort.memory_rows + files.map(|(file, _)| file.rows).sum::<u64>();
            let mut of_pass = Expected { rows, effort };
            let mut known_to_pass = Vec::new();
            for (variant, of_variant) in shapes.into_iter().enumerate() {
                let known = &mut known_to_pass;
                let asking = self.asking(of_variant, keeping, &joined, &mut of_pass, known);
                for asking in asking.await? {
                    let asked = Asked {
                        pass,
                        variant,
                        shape: asking.shape,
                        keep: asking.keep,
                    };
                    asked_of.entry(&asking.file.path).or_default().push(asked);
                }
            }
            expected.push(of_pass);
            known.push(known_to_pass);
        }
        let mut prepared = Prepared {
            subject: self.subject,
            passes: expected,
            scans: Vec::new(),
            units: Vec::new(),
            next_unit: AtomicUsize::new(0),
            memory: self.memory(bases, resources).await?,
            providers: self.providers.clone(),
            resources: resources.clone(),
        };
        self.share(&mut prepared, asked_of, resources).await?;
        Ok((prepared, known))
    }

    /// Puts together what is read for several, each file once.
    async fn share(
        &self,
        prepared: &mut Prepared,
        mut asked_of: HashMap<&Path, Vec<Asked>>,
        resources: &Resources,
    ) -> Result<(), QueryError> {
        let sessions = self.sessions_by_partition();
        for (asked, files) in alike(&self.rows.files, &mut asked_of) {
            let reading = self.reading(asked.iter().map(|asked| &*asked.shape));
            let by_file = asked.iter().any(|asked| asked.keep.is_some());
            let are_small = are_kept(&files, resources);
            if by_file || are_small || reading.by_partition(&self.providers) {
                prepared
                    .units
                    .extend(units(asked, reading, files, &sessions));
                continue;
            }
            let scan = FileScan {
                subject: self.subject,
                files,
                columns: reading.stored(),
                pruning: any_selection(&asked),
                form: Form::Coded,
            };
            let appenders = reading
                .enter(&self.providers, &Partition::default(), resources)
                .await?;
            prepared.scans.push(SharedScan {
                asked: asked.into(),
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
            .await
    }

    /// Reads for one consumer a thread all that a shape selects; gives what they have become, in the order of
    /// the threads, and what it took.
    pub(crate) async fn read<C: Consumer>(
        &self,
        base: &Shape,
        resources: &Resources,
        consumer: impl Fn() -> C,
    ) -> Result<(Vec<C::Found>, Effort), QueryError> {
        let began = Instant::now();
        let bases = std::slice::from_ref(base);
        let (prepared, _) = self.prepare::<C::Found>(bases, None, resources).await?;
        let effort = prepared.effort();
        let found = prepared.read(|_, _| consumer(), None).await?;
        let found = found.by_thread.into_iter().flatten().collect();
        Ok((found, effort.took(began)))
    }

    /// The same, with what is found in single files kept for later, and not read where it is known: then this is told.
    pub(crate) async fn read_kept<C: Consumer>(
        &self,
        base: &Shape,
        purpose: u64,
        resources: &Resources,
        consumer: Arc<Making<C>>,
    ) -> Result<(Vec<(Known<C::Found>, bool)>, Effort), QueryError> {
        let began = Instant::now();
        let keeping = self.keeping(purpose, resources);
        let bases = std::slice::from_ref(base);
        let (prepared, known) = self.prepare(bases, keeping, resources).await?;
        let effort = prepared.effort();
        let found = prepared
            .read(&*consumer, Some(Arc::clone(&consumer)))
            .await?;
        let threads = found.by_thread.into_iter().flatten();
        let threads = threads.map(|found| (Known::anywhere(found), false));
        let mut all: Vec<(Known<C::Found>, bool)> = threads.collect();
        let of_files = found.by_file.into_iter();
        let rollups = &resources.rollups;
        let kept = of_files.map(|(_, keep, found)| (keep, rollups.own(found)));
        let kept: Vec<(Keep, Arc<C::Found>)> = kept.collect();
        resources.keep(kept.iter().map(|(keep, found)| (keep, found)));
        all.extend(kept.into_iter().map(|(keep, found)| {
            let offsets = keep.offsets;
            (Known { found, offsets }, false)
        }));
        let known = known.into_iter().flatten();
        all.extend(known.map(|known| (known, true)));
        Ok((all, effort.took(began)))
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
            let reading = self.reading([shape]);
            effort.columns.extend(reading.stored());
            let derived = reading.derived.iter();
            effort
                .derived
                .extend(derived.flat_map(|(_, columns)| columns.iter().copied()));
        }
        effort
    }

    /// The files of sessions, by day and bucket.
    fn sessions_by_partition(&self) -> HashMap<(i32, i32), Vec<DataFile>> {
        let mut sessions: HashMap<(i32, i32), Vec<DataFile>> = HashMap::new();
        for file in &self.sessions.files {
            let of_partition = sessions.entry((file.day, file.bucket)).or_default();
            of_partition.push(file.clone());
        }
        sessions
    }
}

/// The files of each day and bucket, with the sessions to which their rows belong.
fn units(
    asked: Vec<Asked>,
    reading: Reading,
    files: Vec<&DataFile>,
    sessions: &HashMap<(i32, i32), Vec<DataFile>>,
) -> impl Iterator<Item = Unit> + use<> {
    let mut by_partition: BTreeMap<(i32, i32), Vec<DataFile>> = BTreeMap::new();
    for file in files {
        let partition = by_partition.entry((file.day, file.bucket)).or_default();
        partition.push(file.clone());
    }
    let pruning = Arc::new(any_selection(&asked));
    let (asked, reading) = (asked.into(), Arc::new(reading));
    let with_sessions: Vec<_> = by_partition
        .into_iter()
        .map(|(key, files)| (files, sessions.get(&key).cloned().unwrap_or_default()))
        .collect();
    with_sessions
        .into_iter()
        .map(move |(files, session_files)| Unit {
            asked: Arc::clone(&asked),
            reading: Arc::clone(&reading),
            pruning: Arc::clone(&pruning),
            files,
            partition: Partition {
                session_files,
                session_memory: Vec::new(),
            },
        })
}

/// Files that are asked for alike, with who asks: in the order of the files.
fn alike<'f>(
    files: &'f [DataFile],
    asked_of: &mut HashMap<&Path, Vec<Asked>>,
) -> Vec<(Vec<Asked>, Vec<&'f DataFile>)> {
    let mut alike: Vec<(Vec<Asked>, Vec<&DataFile>)> = Vec::new();
    let mut places: HashMap<Vec<(usize, usize)>, usize> = HashMap::new();
    for file in files {
        let Some(asked) = asked_of.remove(file.path.as_path()) else {
            continue;
        };
        if asked.iter().any(|asked| asked.keep.is_some()) {
            // What is found in it stands by itself.
            alike.push((asked, vec![file]));
            continue;
        }
        let who = asked.iter().map(|asked| (asked.pass, asked.variant));
        let place = *places.entry(who.collect()).or_insert_with(|| {
            alike.push((asked, Vec::new()));
            alike.len() - 1
        });
        alike[place].1.push(file);
    }
    alike
}

/// What holds of every row that one of them selects.
fn any_selection(asked: &[Asked]) -> Predicate {
    let selections = asked.iter().map(|asked| asked.shape.selection.clone());
    Predicate::Any(selections.collect()).simplified()
}

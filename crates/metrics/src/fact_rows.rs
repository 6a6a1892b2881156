//! The selected rows of a subject, file after file and of memory, each complete with what is derived for it: for whoever wants
//! the rows themselves and no numbers of them.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::filter_record_batch;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use upshot_lake::{Capture, DataFile};

use crate::columns::{Columns, native};
use crate::error::QueryError;
use crate::filter::Predicate;
use crate::pass::{Resources, Source};
use crate::provide::{Appender, Partition, Reading};
use crate::query::EnvironmentChoice;
use crate::registry::Subject;
use crate::run::evaluate::{Evaluator, not_replaced};
use crate::run::worker::Shape;
use crate::scan::{Bound, FileScan, Form, are_kept, plan_bounded, read_files};

/// The selected rows of a subject.
pub(crate) struct FactRows<'a> {
    source: Source<'a>,
    shape: Shape,
    resources: &'a Resources,
    /// Whether columns of small files are kept, and few-valued text comes as dictionaries from these.
    of_kept: bool,
}

impl<'a> FactRows<'a> {
    /// Those that fulfil the selection, with these columns.
    pub(crate) async fn new(
        subject: Subject,
        capture: &'a Capture,
        environment: EnvironmentChoice,
        selection: Predicate,
        mut wanted: Columns,
        resources: &'a Resources,
    ) -> Result<Self, QueryError> {
        let source = Source::of(subject, capture, environment)?;
        if !source.rows.replaced.is_empty() && subject == Subject::Messages {
            // A message outside any session is replaced by itself.
            wanted.insert("message.event_id");
        }
        let mut shape = Shape::selecting(subject, selection, wanted);
        source.ready(&shape, resources).await?;
        if !source.rows.replaced.is_empty() {
            shape.replaced = Some(Arc::clone(&source.rows.replaced));
        }
        Ok(Self {
            source,
            shape,
            resources,
            of_kept: false,
        })
    }

    /// With columns of small files kept for the next question, and few-valued text of these as dictionaries, wherever there
    /// are no bounds: for whoever asks again and again.
    pub(crate) fn of_kept(mut self) -> Self {
        self.of_kept = true;
        self
    }

    /// The files that may hold selected rows, by day and bucket.
    pub(crate) fn files(&self) -> Vec<&'a DataFile> {
        let files = self.source.rows.files.iter();
        let mut files: Vec<&DataFile> =
            files.filter(|file| self.shape.may_hold(file.day)).collect();
        files.sort_by_key(|file| (file.day, file.bucket, file.id));
        files
    }

    /// The same, by when the last of their rows happened, the latest first; nothing where that is not known.
    pub(crate) async fn newest_first(
        &self,
    ) -> Result<Vec<(&'a DataFile, Option<i64>)>, QueryError> {
        let (table, footers) = (self.source.subject.table(), &self.resources.footers);
        let may_hold = self.source.rows.files.iter();
        let may_hold = may_hold.filter(|file| self.shape.may_hold(file.day));
        let unknown = may_hold.filter(|file| footers.happened(&file.path).is_none());
        self.resources.load_footers(table, unknown).await?;
        let files = self.source.files(&self.shape, footers);
        let last = |file: &DataFile| Some(footers.happened(&file.path)?.to - 1);
        let mut files: Vec<_> = files.map(|file| (file, last(file))).collect();
        files.sort_by_key(|(file, last)| (Reverse(last.unwrap_or(i64::MAX)), file.id));
        Ok(files)
    }

    /// How many rows memory holds.
    pub(crate) fn memory_rows(&self) -> u64 {
        let batches = self.source.rows.memory.iter();
        batches.map(|batch| batch.num_rows() as u64).sum()
    }

    /// The selected rows of a file within these bounds; nothing where it holds none.
    pub(crate) async fn of_file(
        &self,
        file: &'a DataFile,
        bounds: &[Bound],
    ) -> Result<Option<FileRows>, QueryError> {
        let (subject, resources) = (self.source.subject, self.resources);
        let table = subject.table();
        resources.load_footers(table, std::iter::once(file)).await?;
        let footer = resources.footers.get(table, &file.path)?;
        let known = |column: &str| native(subject, column).and_then(|column| footer.known(column));
        let shape = self.shape.of_day(file.day).folded(&known);
        if shape.selection == Predicate::Constant(false) {
            return Ok(None);
        }
        let reading = self.source.reading([&shape]);
        let by_partition = reading.by_partition(&self.source.providers);
        let partition = match by_partition {
            true => self.source.partition_of(file),
            false => Partition::default(),
        };
        resources
            .load_footers(Subject::Sessions.table(), partition.session_files.iter())
            .await?;
        let appenders = reading
            .enter(&self.source.providers, &partition, resources)
            .await?;
        let mut scan = FileScan {
            subject,
            files: vec![file],
            columns: reading.stored(),
            pruning: shape.selection.clone(),
            form: Form::Plain,
        };
        let rows = if self.of_kept && bounds.is_empty() && are_kept(&scan.files, resources) {
            scan.form = Form::Coded;
            read_files(scan, resources).await?
        } else {
            let plan = plan_bounded(&scan, bounds, &resources.footers, 1)?;
            let rows = plan.execute(0, Arc::clone(&resources.context))?;
            rows.err_into().boxed()
        };
        Ok(Some(FileRows {
            rows,
            complete: Complete {
                shape,
                reading,
                appenders,
            },
        }))
    }

    /// The selected rows of memory.
    pub(crate) async fn of_memory(&self) -> Result<Vec<RecordBatch>, QueryError> {
        let memory = &self.source.rows.memory;
        if memory.is_empty() {
            return Ok(Vec::new());
        }
        let mut shape = self.shape.clone();
        shape.replaced = None;
        let reading = self.source.reading([&shape]);
        let partition = Partition {
            session_files: Vec::new(),
            session_memory: self.source.sessions.memory.clone(),
        };
        let appenders = reading
            .enter(&self.source.providers, &partition, self.resources)
            .await?;
        let complete = Complete {
            shape,
            reading,
            appenders,
        };
        let selected = memory.iter().map(|batch| complete.selected(batch.clone()));
        selected.collect()
    }
}

/// How the rows of a file or of memory are completed and chosen.
struct Complete {
    shape: Shape,
    reading: Reading,
    appenders: Vec<Arc<dyn Appender>>,
}

impl Complete {
    fn selected(&self, batch: RecordBatch) -> Result<RecordBatch, QueryError> {
        let batch = self
            .reading
            .complete(self.shape.subject, batch, &self.appenders)?;
        let mut evaluator = Evaluator::new(&batch);
        let mut selected = evaluator.predicate(&self.shape.selection);
        if let Some(replaced) = &self.shape.replaced {
            selected = &selected & &not_replaced(&evaluator, replaced);
        }
        if selected.count_set_bits() == batch.num_rows() {
            return Ok(batch);
        }
        Ok(filter_record_batch(&batch, &selected.into())?)
    }
}

/// The selected rows of a file.
pub(crate) struct FileRows {
    rows: BoxStream<'static, Result<RecordBatch, QueryError>>,
    complete: Complete,
}

impl FileRows {
    /// The next of them; nothing after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        match self.rows.next().await {
            None => Ok(None),
            Some(batch) => Ok(Some(self.complete.selected(batch?)?)),
        }
    }
}

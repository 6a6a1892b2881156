//! Opens what a query captured: Parquet files as DataFusion scans, and rows in memory.
//!
//! Files are pruned by their day, row groups and pages by their statistics and bloom filters; only the
//! columns that are needed are read, few-valued text as dictionaries.

mod footers;
mod holding;
mod narrow;
mod prune;
mod small;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use upshot_lake::{DataFile, Table};

pub(crate) use footers::Footers;
use footers::{CachedReaders, FooterOf, dictionary_schema};
use narrow::Chosen;
pub(crate) use prune::Bound;
pub(crate) use small::{SMALL_ROWS, are_kept, read_files, records_are_kept};

use crate::columns::{Columns, native};
use crate::error::QueryError;
use crate::filter::Predicate;
use crate::registry::Subject;

/// How many rows a batch holds.
pub(crate) const BATCH_ROWS: usize = 32 * 1024;

/// How many rows a batch holds where whole records are read, which are wide.
const RECORD_ROWS: usize = 4 * 1024;

/// How columns of text are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Few-valued text as dictionaries, for counting. Row groups are pruned, rows are not.
    Coded,
    /// All text as it is stored, for reading whole records. Rows are filtered while they are read.
    Plain,
}

/// Files that are read in the same way.
#[derive(Debug)]
pub(crate) struct FileScan<'a> {
    /// Of whose rows.
    pub(crate) subject: Subject,
    pub(crate) files: Vec<&'a DataFile>,
    /// By the names that they have in the table.
    pub(crate) columns: Columns,
    /// By the names that they have everywhere. Rows that do not fulfil it may be left out, so that whole row groups are not read. The reader
    /// still checks every row.
    pub(crate) pruning: Predicate,
    pub(crate) form: Form,
}

/// The scan as a physical plan with one partition for each thread; files move to whichever thread is
/// free.
pub(crate) fn plan_scan(
    scan: &FileScan<'_>,
    footers: &Arc<Footers>,
    threads: usize,
) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
    plan_bounded(scan, &[], footers, threads)
}

/// The same for rows within bounds; the reader checks these too.
pub(crate) fn plan_bounded(
    scan: &FileScan<'_>,
    bounds: &[Bound],
    footers: &Arc<Footers>,
    threads: usize,
) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
    let pruning = |schema: &Schema| {
        let selected = prune::physical(&scan.pruning, scan.subject, schema);
        let within = prune::within(bounds, schema);
        prune::both(selected, within)
    };
    let mut needed = BTreeSet::new();
    scan.pruning.add_columns(&mut needed);
    let native = |column: &'static str| native(scan.subject, column);
    let files = Files {
        table: scan.subject.table(),
        files: &scan.files,
        columns: &scan.columns,
        tested: needed.into_iter().filter_map(native).collect(),
        form: scan.form,
    };
    files.plan(&pruning, bounds, footers, threads)
}

/// The rows of a table, of facts or not, whose values in some columns lie within bounds: whole records, by
/// one thread.
pub(crate) fn plan_within(
    table: Table,
    files: &[&DataFile],
    columns: &Columns,
    bounds: &[Bound],
    footers: &Arc<Footers>,
) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
    let files = Files {
        table,
        files,
        columns,
        tested: Columns::new(),
        form: Form::Plain,
    };
    let pruning = |schema: &Schema| prune::within(bounds, schema);
    files.plan(&pruning, bounds, footers, 1)
}

/// Files of one table that are read in the same way.
struct Files<'a> {
    table: Table,
    files: &'a [&'a DataFile],
    columns: &'a Columns,
    /// What is asked of whole row groups beside the bounds.
    tested: Columns,
    form: Form,
}

impl Files<'_> {
    fn plan(
        &self,
        pruning: &dyn Fn(&Schema) -> Option<Arc<dyn PhysicalExpr>>,
        bounds: &[Bound],
        footers: &Arc<Footers>,
        threads: usize,
    ) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
        let is_needed = |name: &str| {
            let is_bounded = || bounds.iter().any(|bound| bound.column() == name);
            self.columns.contains(name) || self.tested.contains(name) || is_bounded()
        };
        let table_schema = table_schema(self.table, self.form, &is_needed);
        let mut source = ParquetSource::new(Arc::clone(&table_schema))
            .with_parquet_file_reader_factory(Arc::new(CachedReaders))
            .with_bloom_filter_on_read(true)
            .with_pushdown_filters(self.form == Form::Plain)
            .with_enable_page_index(true);
        if let Some(predicate) = pruning(&table_schema) {
            source = source.with_predicate(predicate);
        }
        let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new(); threads.max(1)];
        for (index, file) in self.files.iter().enumerate() {
            let partitioned = self.partitioned(file, &is_needed, footers)?;
            groups[index % threads.max(1)].push(partitioned);
        }
        let indices = self
            .columns
            .iter()
            .filter_map(|column| table_schema.index_of(column).ok())
            .collect();
        let config =
            FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
                .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
                .with_batch_size(Some(self.batch_rows()))
                .with_projection_indices(Some(indices))?
                .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    /// A file as DataFusion knows it, with what is known of the columns that are needed.
    fn partitioned(
        &self,
        file: &DataFile,
        is_needed: &dyn Fn(&str) -> bool,
        footers: &Footers,
    ) -> Result<PartitionedFile, QueryError> {
        let footer = footers.get(self.table, &file.path)?;
        let chosen = Chosen::of(&footer.metadata, is_needed);
        let schema = match self.form {
            Form::Coded => &footer.coded_schema,
            Form::Plain => &footer.plain_schema,
        };
        let metadata = chosen.footer(&footer.metadata);
        let metadata = metadata.map_err(|error| QueryError::File {
            path: PathBuf::clone(&file.path),
            reason: error.to_string(),
        })?;
        let path = file.path.to_string_lossy().into_owned();
        Ok(PartitionedFile::new(path, file.bytes)
            .with_arrow_schema(Arc::new(chosen.schema(schema)))
            .with_extension(FooterOf {
                path: PathBuf::clone(&file.path),
                metadata: Arc::new(metadata),
            }))
    }

    /// How many rows a batch may hold: no more than the files do, because room for all of them is taken at once.
    fn batch_rows(&self) -> usize {
        let most = match self.form {
            Form::Coded => BATCH_ROWS,
            Form::Plain => RECORD_ROWS,
        };
        let rows = self.files.iter().map(|file| file.rows).max().unwrap_or(0);
        usize::try_from(rows).unwrap_or(most).clamp(1, most)
    }
}

/// The table's schema of the columns that are needed; of its first where none is.
fn table_schema(table: Table, form: Form, is_needed: &dyn Fn(&str) -> bool) -> SchemaRef {
    let columns = table.columns();
    let needed = columns.iter().filter(|column| is_needed(column.name));
    let mut fields: Vec<Field> = needed.map(|column| column.arrow_field()).collect();
    if fields.is_empty() {
        fields.extend(columns.first().map(|column| column.arrow_field()));
    }
    let schema = Schema::new(fields);
    Arc::new(match form {
        Form::Coded => dictionary_schema(table, &schema),
        Form::Plain => schema,
    })
}

//! Opens what a query captured: Parquet files as DataFusion scans, and rows in memory.
//!
//! Files are pruned by their day, row groups and pages by their statistics and bloom filters; only the
//! columns that are needed are read, few-valued text as dictionaries.

mod footers;
mod prune;

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
pub(crate) use prune::Bound;

use crate::columns::Columns;
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
    let files = Files {
        table: scan.subject.table(),
        files: &scan.files,
        columns: &scan.columns,
        form: scan.form,
    };
    files.plan(&pruning, footers, threads)
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
        form: Form::Plain,
    };
    files.plan(&|schema| prune::within(bounds, schema), footers, 1)
}

/// Files of one table that are read in the same way.
struct Files<'a> {
    table: Table,
    files: &'a [&'a DataFile],
    columns: &'a Columns,
    form: Form,
}

impl Files<'_> {
    fn plan(
        &self,
        pruning: &dyn Fn(&Schema) -> Option<Arc<dyn PhysicalExpr>>,
        footers: &Arc<Footers>,
        threads: usize,
    ) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
        let table = self.table;
        let table_schema = match self.form {
            Form::Coded => table_schema(table),
            Form::Plain => table.schema(),
        };
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
            let footer = footers.get(table, &file.path)?;
            let path = file.path.to_string_lossy().into_owned();
            let partitioned = PartitionedFile::new(path, file.bytes)
                .with_arrow_schema(Arc::clone(match self.form {
                    Form::Coded => &footer.coded_schema,
                    Form::Plain => &footer.plain_schema,
                }))
                .with_extension(FooterOf {
                    path: PathBuf::clone(&file.path),
                    footer,
                });
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
                .with_batch_size(Some(match self.form {
                    Form::Coded => BATCH_ROWS,
                    Form::Plain => RECORD_ROWS,
                }))
                .with_projection_indices(Some(indices))?
                .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// The table's schema with few-valued text as dictionaries.
fn table_schema(table: Table) -> SchemaRef {
    let columns = table.columns();
    let fields: Vec<Field> = columns.iter().map(|column| column.arrow_field()).collect();
    Arc::new(dictionary_schema(table, &Schema::new(fields)))
}

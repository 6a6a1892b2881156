//! Rows by the UTC day to which they belong, written by the lake's own writer and committed to its own catalog.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use upshot_core::Record;
use upshot_lake::catalog::{Catalog, DEFAULT_WORKSPACE, NewFile, Transaction};
use upshot_lake::files::DiskFiles;
use upshot_lake::parquet_files::{sort, write};
use upshot_lake::schema::BatchBuilder;
use upshot_lake::{Lake, LakeOptions, Table};

use crate::copies::copies;
use crate::events::END;
use crate::failure::Result;

/// Rows of a batch; builders are emptied at so many.
const BATCH_ROWS: usize = 2048;

/// Opens the data directory at a fixed time, after all that is in it.
///
/// # Errors
/// When it cannot be opened.
pub async fn open(directory: &Path) -> Result<Lake> {
    let options = LakeOptions::new(directory, Arc::new(|| END));
    Ok(Lake::open(options).await?)
}

/// The catalog of a new data directory.
///
/// # Errors
/// When it cannot be written.
pub async fn new_catalog(directory: &Path) -> Result<Catalog> {
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
    Ok(catalog)
}

/// What names the files of a table.
pub fn pattern(catalog: &Catalog, table: Table) -> PathBuf {
    let folder = catalog.table_dir(DEFAULT_WORKSPACE, table);
    folder.join("*.parquet")
}

/// Rows of several tables that are not yet written.
#[derive(Default)]
pub struct Days {
    open: BTreeMap<(i32, Table), Rows>,
    /// How often each row is written; 0 where nobody said.
    copies: u64,
}

struct Rows {
    builder: BatchBuilder,
    batches: Vec<RecordBatch>,
}

impl Days {
    /// Days whose rows are written so many times, under other ids.
    pub fn copied(copies: u64) -> Self {
        Self {
            copies,
            ..Self::default()
        }
    }

    /// Adds a row.
    pub fn push(&mut self, table: Table, day: i32, record: &impl Record) {
        let rows = self.open.entry((day, table)).or_insert_with(|| Rows {
            builder: BatchBuilder::new(table),
            batches: Vec::new(),
        });
        rows.builder.push(record, day, 0);
    }

    /// Turns what has gathered into batches: builders hold a row several times as large.
    ///
    /// # Errors
    /// When the rows make no batch.
    pub fn close_batches(&mut self) -> Result<()> {
        for rows in self.open.values_mut() {
            if rows.builder.len() >= BATCH_ROWS {
                rows.close_batch()?;
            }
        }
        Ok(())
    }

    /// Writes the days before this one, each table as a file, and commits them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub async fn write(&mut self, catalog: &Catalog, fact_set: &str, before: i32) -> Result<()> {
        let first_left = (before, Table::Events);
        let later = self.open.split_off(&first_left);
        let over = std::mem::replace(&mut self.open, later);
        let mut add = Vec::new();
        for ((day, table), rows) in over {
            let of_table = match Table::FACTS.contains(&table) {
                true => fact_set,
                false => "",
            };
            add.push(rows.write(catalog, table, day, of_table, self.copies.max(1))?);
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

impl Rows {
    fn close_batch(&mut self) -> Result<()> {
        if !self.builder.is_empty() {
            self.batches.push(self.builder.finish()?);
        }
        Ok(())
    }

    fn write(
        mut self,
        catalog: &Catalog,
        table: Table,
        day: i32,
        fact_set: &str,
        times: u64,
    ) -> Result<NewFile> {
        self.close_batch()?;
        let rows = concat_batches(&table.schema(), &self.batches)?;
        let sorted = sort(
            &concat_batches(&table.schema(), &copies(&rows, times)?)?,
            table,
        )?;
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

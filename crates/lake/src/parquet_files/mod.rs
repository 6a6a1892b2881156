//! Parquet data files: sorted, with bloom filters, and with statistics for the catalog.
//!
//! A file belongs to one workspace, one table, one day, one bucket and (for facts) one fact set. It
//! is written once and never changed. Where to start reading: [`write`] makes files, [`read`] reads
//! them, [`merge`] makes one of several.

pub mod bound;
pub mod cache;
pub mod field_ids;
pub mod merge;
mod prune;
pub mod read;
pub mod sort;
mod statistics;
pub mod write;

pub use bound::Bound;
pub use cache::{FileCache, OpenFile};
pub use field_ids::{ColumnId, FieldIds};
pub use merge::merge;
pub use read::{Keys, ReadRequest, contains_any, read};
pub use sort::{is_sorted, sort};
pub(crate) use write::TEMPORARY;
pub use write::{ColumnStatistics, DataFileInfo, FileWriter, write};

use std::path::Path;

use parquet::errors::ParquetError;

use crate::error::LakeError;

/// Adds the file to an error of Parquet; an error of the operating system inside it comes out.
pub(crate) fn parquet_error(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(ParquetError) -> LakeError {
    let path = path.to_path_buf();
    move |error| match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => LakeError::Io {
                action,
                path,
                source: *source,
            },
            Err(source) => LakeError::Parquet {
                path,
                source: ParquetError::External(source),
            },
        },
        source => LakeError::Parquet { path, source },
    }
}

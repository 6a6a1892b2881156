//! The formats of exports and answers: batches of rows in, bytes out, without keeping what was written.

mod arrow_stream;
mod csv;
mod json;
mod parquet_file;
mod value;

use std::fmt;
use std::str::FromStr;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde::{Deserialize, Serialize};

pub use csv::cell as csv_cell;

use crate::error::{Problem, ProblemCode, QueryError, nearest};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RowFormat {
    /// Comma-separated values (RFC 4180) with a line of names.
    Csv,
    /// JSON Lines: an object a row.
    #[default]
    Jsonl,
    /// A Parquet file.
    Parquet,
    /// A stream of Arrow's interprocess format.
    Arrow,
}

impl RowFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Jsonl, Self::Parquet, Self::Arrow];

    /// Its name, which also ends the names of files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Jsonl => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    /// Whether a terminal can show it.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Jsonl)
    }
}

impl fmt::Display for RowFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for RowFormat {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let found = Self::ALL.into_iter().find(|format| format.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            let message = format!(
                "there is no format `{text}`; use one of {}",
                names.join(", ")
            );
            Problem::new(ProblemCode::UnknownName, "format", message).suggest(nearest(text, names))
        })
    }
}

/// What is left to whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Text in CSV as it is. Else text that spreadsheets would take for a formula is preceded by an
    /// apostrophe.
    pub raw: bool,
    /// Whether JSON names the columns in which a row holds nothing.
    pub nulls: bool,
}

/// Writes batches of one schema.
pub struct Encoder(Kind);

enum Kind {
    Csv(csv::Writer),
    Json(json::Writer),
    Parquet(Box<parquet_file::Writer>),
    Arrow(Box<arrow_stream::Writer>),
}

impl Encoder {
    /// For rows of this schema.
    ///
    /// # Errors
    /// When the format cannot hold the schema.
    pub fn new(
        format: RowFormat,
        schema: &SchemaRef,
        options: Options,
    ) -> Result<Self, QueryError> {
        Ok(Self(match format {
            RowFormat::Csv => Kind::Csv(csv::Writer::new(schema, options)),
            RowFormat::Jsonl => Kind::Json(json::Writer::new(options)),
            RowFormat::Parquet => Kind::Parquet(Box::new(parquet_file::Writer::new(schema)?)),
            RowFormat::Arrow => Kind::Arrow(Box::new(arrow_stream::Writer::new(schema)?)),
        }))
    }

    /// Takes rows; gives the bytes that are ready.
    ///
    /// # Errors
    /// When a value cannot be written.
    pub fn push(&mut self, rows: &RecordBatch) -> Result<Vec<u8>, QueryError> {
        match &mut self.0 {
            Kind::Csv(writer) => writer.push(rows),
            Kind::Json(writer) => writer.push(rows),
            Kind::Parquet(writer) => writer.push(rows),
            Kind::Arrow(writer) => writer.push(rows),
        }
    }

    /// The bytes that end the output, of which there may be none.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish(self) -> Result<Vec<u8>, QueryError> {
        match self.0 {
            Kind::Csv(writer) => Ok(writer.finish()),
            Kind::Json(_) => Ok(Vec::new()),
            Kind::Parquet(writer) => writer.finish(),
            Kind::Arrow(writer) => writer.finish(),
        }
    }
}

/// Writes rows that are all there.
///
/// # Errors
/// As for [`Encoder`].
pub fn encode(
    format: RowFormat,
    rows: &RecordBatch,
    options: Options,
) -> Result<Vec<u8>, QueryError> {
    let mut encoder = Encoder::new(format, &rows.schema(), options)?;
    let mut bytes = encoder.push(rows)?;
    bytes.extend(encoder.finish()?);
    Ok(bytes)
}

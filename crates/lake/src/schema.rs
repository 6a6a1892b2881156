//! The tables of the lake and their Arrow schemas, derived from the records of the core.
//!
//! Every table begins with the two partition columns: `day` (UTC; events by their own time, facts
//! by the day on which their session started) and `bucket` (a hash of the conversation).

mod batch_builder;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, MapArray, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use upshot_core::event::TEXT_FIELDS;
use upshot_core::{Attributes, Event, FieldKind, FieldSource, Message, Record, Session, Step};

use crate::error::LakeError;

pub use batch_builder::BatchBuilder;
pub(crate) use batch_builder::concat;

/// A table of the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Events without what people wrote.
    Events,
    /// What people wrote, by event.
    Texts,
    /// Facts of sessions.
    Sessions,
    /// Facts of messages.
    Messages,
    /// Facts of steps.
    Steps,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 5] = [
        Self::Events,
        Self::Texts,
        Self::Sessions,
        Self::Messages,
        Self::Steps,
    ];
    /// The tables that the fold fills.
    pub const FACTS: [Self; 3] = [Self::Sessions, Self::Messages, Self::Steps];

    /// The table's name in the catalog.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Texts => "texts",
            Self::Sessions => "sessions",
            Self::Messages => "messages",
            Self::Steps => "steps",
        }
    }

    /// The table of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The columns, in the order in which files hold them.
    pub fn columns(self) -> Vec<Column> {
        let partition = [
            Column {
                name: "day",
                kind: ColumnKind::Day,
                field: None,
            },
            Column {
                name: "bucket",
                kind: ColumnKind::Bucket,
                field: None,
            },
        ];
        let fields: &[upshot_core::Field] = match self {
            Self::Events | Self::Texts => Event::FIELDS,
            Self::Sessions => Session::FIELDS,
            Self::Messages => Message::FIELDS,
            Self::Steps => Step::FIELDS,
        };
        let wanted = |name: &str| match self {
            Self::Events => !TEXT_FIELDS.contains(&name),
            Self::Texts => {
                TEXT_FIELDS.contains(&name)
                    || ["event_id", "conversation_id", "time", "source_sequence"].contains(&name)
            }
            _ => true,
        };
        let of_fields = fields
            .iter()
            .enumerate()
            .filter(|(_, field)| wanted(field.name))
            .map(|(index, field)| Column {
                name: field.name,
                kind: ColumnKind::Field(field.kind),
                field: Some(index),
            });
        partition.into_iter().chain(of_fields).collect()
    }

    /// The Arrow schema of the table's files.
    pub fn schema(self) -> SchemaRef {
        let fields: Vec<Field> = self.columns().iter().map(Column::arrow_field).collect();
        Arc::new(Schema::new(fields))
    }

    /// The columns by which the rows of a file are sorted.
    pub const fn sort_columns(self) -> &'static [&'static str] {
        match self {
            Self::Events | Self::Texts => {
                &["conversation_id", "time", "source_sequence", "event_id"]
            }
            Self::Sessions => &["conversation_id", "start_time", "session_id"],
            Self::Messages | Self::Steps => {
                &["conversation_id", "session_start", "position", "event_id"]
            }
        }
    }

    /// Columns with a bloom filter.
    pub const fn bloom_columns(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["event_id", "conversation_id", "user_id"],
            Self::Texts => &["event_id", "conversation_id"],
            Self::Sessions => &["session_id", "conversation_id", "user_id"],
            Self::Messages | Self::Steps => &["conversation_id"],
        }
    }

    /// Columns whose smallest and largest values never reach a statistic: what people wrote, and who
    /// they are.
    pub const fn private_columns(self) -> &'static [&'static str] {
        &[
            "text",
            "survey_comment",
            "feedback_comment",
            "user_id",
            "page",
            "referrer",
            "attributes",
        ]
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// The position of the record's field; none for partition columns.
    pub field: Option<usize>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// The UTC day.
    Day,
    /// The bucket.
    Bucket,
    /// A field of the record.
    Field(FieldKind),
}

impl Column {
    /// The Arrow type.
    pub fn data_type(&self) -> DataType {
        match self.kind {
            ColumnKind::Day => DataType::Date32,
            ColumnKind::Bucket => DataType::Int32,
            ColumnKind::Field(kind) => match kind {
                FieldKind::Key | FieldKind::Text | FieldKind::Label | FieldKind::Word => {
                    DataType::Utf8
                }
                FieldKind::Instant | FieldKind::Time => {
                    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
                }
                FieldKind::Count | FieldKind::Integer => DataType::Int64,
                FieldKind::Real => DataType::Float64,
                FieldKind::Flag | FieldKind::Bool => DataType::Boolean,
                FieldKind::Map => DataType::Map(map_entries(), false),
            },
        }
    }

    /// The Arrow field.
    pub fn arrow_field(&self) -> Field {
        let nullable = match self.kind {
            ColumnKind::Day | ColumnKind::Bucket => false,
            ColumnKind::Field(kind) => kind.nullable(),
        };
        Field::new(self.name, self.data_type(), nullable)
    }
}

/// The names that the Parquet format gives the parts of a map; readers look for them.
pub(crate) const MAP_PARTS: [&str; 3] = ["key_value", "key", "value"];

fn map_entries() -> Arc<Field> {
    let [entries, key, value] = MAP_PARTS;
    Arc::new(Field::new(
        entries,
        DataType::Struct(Fields::from(vec![
            Field::new(key, DataType::Utf8, false),
            Field::new(value, DataType::Utf8, true),
        ])),
        false,
    ))
}

enum ColumnReader {
    Text(StringArray),
    Integer(Int64Array),
    Time(TimestampMicrosecondArray),
    Real(Float64Array),
    Flag(BooleanArray),
    Map(MapArray),
    Missing,
}

/// Gives the rows of a batch as field sources of a record. Columns are found by name; a column that
/// the batch lacks reads as nothing.
pub struct BatchReader {
    columns: Vec<ColumnReader>,
    rows: usize,
}

impl BatchReader {
    /// For a batch of records of type `R`.
    ///
    /// # Errors
    /// When a column is not of the type that the record's field asks for.
    pub fn new<R: Record>(batch: &RecordBatch) -> Result<Self, LakeError> {
        let columns = R::FIELDS
            .iter()
            .map(|field| match batch.column_by_name(field.name) {
                None => Ok(ColumnReader::Missing),
                Some(array) => ColumnReader::new(array).ok_or_else(|| LakeError::ColumnType {
                    column: field.name.to_owned(),
                    found: array.data_type().to_string(),
                }),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            columns,
            rows: batch.num_rows(),
        })
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The row at this position.
    pub fn row(&self, row: usize) -> Row<'_> {
        Row { reader: self, row }
    }
}

impl ColumnReader {
    fn new(array: &ArrayRef) -> Option<Self> {
        let any = array.as_any();
        Some(match array.data_type() {
            DataType::Utf8 => Self::Text(any.downcast_ref::<StringArray>()?.clone()),
            // Few-valued text, where it was read for counting.
            DataType::Dictionary(_, values) if **values == DataType::Utf8 => {
                return Self::new(&cast(array, values).ok()?);
            }
            DataType::Int64 => Self::Integer(any.downcast_ref::<Int64Array>()?.clone()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Time(any.downcast_ref::<TimestampMicrosecondArray>()?.clone())
            }
            DataType::Float64 => Self::Real(any.downcast_ref::<Float64Array>()?.clone()),
            DataType::Boolean => Self::Flag(any.downcast_ref::<BooleanArray>()?.clone()),
            DataType::Map(..) => Self::Map(any.downcast_ref::<MapArray>()?.clone()),
            _ => return None,
        })
    }
}

/// A row of a batch.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    reader: &'a BatchReader,
    row: usize,
}

impl FieldSource for Row<'_> {
    #[inline]
    fn text(&self, index: usize) -> Option<&str> {
        match &self.reader.columns[index] {
            ColumnReader::Text(array) if array.is_valid(self.row) => Some(array.value(self.row)),
            _ => None,
        }
    }
    #[inline]
    fn integer(&self, index: usize) -> Option<i64> {
        match &self.reader.columns[index] {
            ColumnReader::Integer(array) if array.is_valid(self.row) => Some(array.value(self.row)),
            ColumnReader::Time(array) if array.is_valid(self.row) => Some(array.value(self.row)),
            _ => None,
        }
    }
    #[inline]
    fn real(&self, index: usize) -> Option<f64> {
        match &self.reader.columns[index] {
            ColumnReader::Real(array) if array.is_valid(self.row) => Some(array.value(self.row)),
            _ => None,
        }
    }
    #[inline]
    fn flag(&self, index: usize) -> Option<bool> {
        match &self.reader.columns[index] {
            ColumnReader::Flag(array) if array.is_valid(self.row) => Some(array.value(self.row)),
            _ => None,
        }
    }
    fn map(&self, index: usize) -> Attributes {
        let ColumnReader::Map(array) = &self.reader.columns[index] else {
            return Attributes::new();
        };
        if !array.is_valid(self.row) {
            return Attributes::new();
        }
        let entries = array.value(self.row);
        let text = |position: usize| {
            entries
                .column(position)
                .as_any()
                .downcast_ref::<StringArray>()
        };
        let (Some(names), Some(values)) = (text(0), text(1)) else {
            return Attributes::new();
        };
        names
            .iter()
            .zip(values)
            .filter_map(|(name, value)| Some((name?.into(), value.unwrap_or_default().into())))
            .collect()
    }
}

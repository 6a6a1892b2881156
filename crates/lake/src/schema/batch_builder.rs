//! Collects records as Arrow batches.
//!
//! Most columns of an event never get a value. Such a column costs nothing: a builder is made when the
//! first value comes, and catches up on the rows before it.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanBuilder, Date32Array, Float64Builder, Int32Array, Int64Builder,
    MapBuilder, MapFieldNames, RecordBatch, StringBuilder, new_null_array,
};
use arrow::datatypes::DataType;
use upshot_core::{Attributes, Event, FieldKind, FieldSink, Message, Record, Session, Step};

use super::{Column, ColumnKind, MAP_PARTS, Table};
use crate::error::LakeError;

fn map_names() -> MapFieldNames {
    let [entry, key, value] = MAP_PARTS.map(str::to_owned);
    MapFieldNames { entry, key, value }
}

/// The values of a column. It may lag behind the rows: what is missing at its end is null.
enum ColumnBuilder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Time(Int64Builder),
    Real(Float64Builder),
    Flag(BooleanBuilder),
    Map(Box<MapBuilder<StringBuilder, StringBuilder>>),
}

/// Nothing is reserved: files of few rows are many, and what is reserved is cleared first.
impl ColumnBuilder {
    fn new(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Key | FieldKind::Text | FieldKind::Label | FieldKind::Word => {
                Self::Text(StringBuilder::with_capacity(0, 0))
            }
            FieldKind::Instant | FieldKind::Time => Self::Time(Int64Builder::with_capacity(0)),
            FieldKind::Count | FieldKind::Integer => Self::Integer(Int64Builder::with_capacity(0)),
            FieldKind::Real => Self::Real(Float64Builder::with_capacity(0)),
            FieldKind::Flag | FieldKind::Bool => Self::Flag(BooleanBuilder::with_capacity(0)),
            FieldKind::Map => Self::Map(Box::new(MapBuilder::with_capacity(
                Some(map_names()),
                StringBuilder::with_capacity(0, 0),
                StringBuilder::with_capacity(0, 0),
                0,
            ))),
        }
    }

    /// Adds nulls until there are so many rows.
    fn catch_up(&mut self, rows: usize) {
        match self {
            Self::Text(builder) => builder.append_nulls(rows + 1 - builder.offsets_slice().len()),
            Self::Integer(builder) | Self::Time(builder) => {
                builder.append_nulls(rows - builder.values_slice().len());
            }
            Self::Real(builder) => builder.append_nulls(rows - builder.values_slice().len()),
            Self::Flag(builder) => {
                builder.append_nulls(rows - arrow::array::ArrayBuilder::len(builder))
            }
            Self::Map(builder) => {
                let missing = rows - arrow::array::ArrayBuilder::len(&**builder);
                // The builder only fails when keys and values differ in number; here they never do.
                let appended = builder.append_nulls(missing);
                debug_assert!(appended.is_ok());
            }
        }
    }

    fn finish(mut self, rows: usize) -> ArrayRef {
        self.catch_up(rows);
        match self {
            Self::Text(mut builder) => Arc::new(builder.finish()),
            Self::Integer(mut builder) => Arc::new(builder.finish()),
            Self::Time(mut builder) => Arc::new(
                builder
                    .finish()
                    .reinterpret_cast::<arrow::datatypes::TimestampMicrosecondType>()
                    .with_timezone("UTC"),
            ),
            Self::Real(mut builder) => Arc::new(builder.finish()),
            Self::Flag(mut builder) => Arc::new(builder.finish()),
            Self::Map(mut builder) => Arc::new(builder.finish()),
        }
    }
}

/// Collects records of one kind and gives them as an Arrow batch of a table.
pub struct BatchBuilder {
    table: Table,
    columns: Vec<Column>,
    /// For each field of the record what its column holds; none where the table does not keep the field.
    kinds: Vec<Option<FieldKind>>,
    /// For each field of the record its column, once a value has come.
    builders: Vec<Option<ColumnBuilder>>,
    days: Vec<i32>,
    buckets: Vec<i32>,
}

impl BatchBuilder {
    /// For rows of this table.
    pub fn new(table: Table) -> Self {
        let columns = table.columns();
        let fields = match table {
            Table::Events | Table::Texts => Event::FIELDS.len(),
            Table::Sessions => Session::FIELDS.len(),
            Table::Messages => Message::FIELDS.len(),
            Table::Steps => Step::FIELDS.len(),
        };
        let mut kinds = vec![None; fields];
        for column in &columns {
            if let (Some(index), ColumnKind::Field(kind)) = (column.field, column.kind) {
                kinds[index] = Some(kind);
            }
        }
        Self {
            table,
            columns,
            kinds,
            builders: std::iter::repeat_with(|| None).take(fields).collect(),
            days: Vec::new(),
            buckets: Vec::new(),
        }
    }

    /// Adds a record that belongs to this day and bucket.
    pub fn push(&mut self, record: &impl Record, day: i32, bucket: i32) {
        record.write(self);
        self.days.push(day);
        self.buckets.push(bucket);
    }

    /// How many rows wait.
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// The column of a field that has a value in the row that is being added, at its end; none where the
    /// table does not keep the field.
    #[inline]
    fn column(&mut self, field: usize) -> Option<&mut ColumnBuilder> {
        let kind = self.kinds[field]?;
        let rows = self.days.len();
        let builder = self.builders[field].get_or_insert_with(|| ColumnBuilder::new(kind));
        builder.catch_up(rows);
        Some(builder)
    }

    /// The rows as a batch; the builder is empty afterwards.
    ///
    /// # Errors
    /// When Arrow refuses the columns, which would be a defect here.
    pub fn finish(&mut self) -> Result<RecordBatch, LakeError> {
        let rows = self.days.len();
        let days = std::mem::take(&mut self.days);
        let buckets = std::mem::take(&mut self.buckets);
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(Date32Array::from(days)),
            Arc::new(Int32Array::from(buckets)),
        ];
        let mut nothing = Nothing::new(rows);
        for column in &self.columns {
            let Some(index) = column.field else { continue };
            arrays.push(match self.builders[index].take() {
                Some(builder) => builder.finish(rows),
                None => nothing.of(&column.data_type()),
            });
        }
        Ok(RecordBatch::try_new(self.table.schema(), arrays)?)
    }
}

impl FieldSink for BatchBuilder {
    #[inline]
    fn text(&mut self, index: usize, value: Option<&str>) {
        if let Some(text) = value
            && let Some(ColumnBuilder::Text(builder)) = self.column(index)
        {
            builder.append_value(text);
        }
    }
    #[inline]
    fn integer(&mut self, index: usize, value: Option<i64>) {
        if let Some(number) = value
            && let Some(ColumnBuilder::Integer(builder) | ColumnBuilder::Time(builder)) =
                self.column(index)
        {
            builder.append_value(number);
        }
    }
    #[inline]
    fn real(&mut self, index: usize, value: Option<f64>) {
        if let Some(number) = value
            && let Some(ColumnBuilder::Real(builder)) = self.column(index)
        {
            builder.append_value(number);
        }
    }
    #[inline]
    fn flag(&mut self, index: usize, value: Option<bool>) {
        if let Some(flag) = value
            && let Some(ColumnBuilder::Flag(builder)) = self.column(index)
        {
            builder.append_value(flag);
        }
    }
    fn map(&mut self, index: usize, value: &Attributes) {
        if value.is_empty() {
            return;
        }
        if let Some(ColumnBuilder::Map(builder)) = self.column(index) {
            for (name, text) in value {
                builder.keys().append_value(name);
                builder.values().append_value(text);
            }
            // As above: keys and values never differ in number.
            let appended = builder.append(true);
            debug_assert!(appended.is_ok());
        }
    }
}

/// Columns without a value: one array of each type, shared by all of them.
struct Nothing {
    rows: usize,
    arrays: Vec<ArrayRef>,
}

impl Nothing {
    fn new(rows: usize) -> Self {
        Self {
            rows,
            arrays: Vec::new(),
        }
    }

    fn of(&mut self, kind: &DataType) -> ArrayRef {
        let known = self.arrays.iter().find(|array| array.data_type() == kind);
        if let Some(array) = known {
            return Arc::clone(array);
        }
        let array = new_null_array(kind, self.rows);
        self.arrays.push(Arc::clone(&array));
        array
    }
}

/// The rows of batches of a table, one after the other. Columns that have no value are not copied.
///
/// # Errors
/// When a batch is not of the table.
pub(crate) fn concat(table: Table, batches: &[RecordBatch]) -> Result<RecordBatch, LakeError> {
    if let [batch] = batches {
        return Ok(batch.clone());
    }
    let schema = table.schema();
    let mut nothing = Nothing::new(batches.iter().map(RecordBatch::num_rows).sum());
    let columns = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let parts: Vec<&dyn Array> = batches
                .iter()
                .map(|batch| batch.column(index).as_ref())
                .collect();
            if parts.iter().all(|part| part.null_count() == part.len()) {
                return Ok(nothing.of(field.data_type()));
            }
            Ok(arrow::compute::concat(&parts)?)
        })
        .collect::<Result<Vec<_>, LakeError>>()?;
    Ok(RecordBatch::try_new(schema, columns)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use upshot_core::words::EventType;

    use super::*;
    use crate::schema::BatchReader;

    /// Events of which each has other fields.
    fn events() -> Vec<Event> {
        let mut events: Vec<Event> = (0..6)
            .map(|number| Event::new(EventType::Message, number, "c1"))
            .collect();
        events[1].confidence = Some(0.5);
        events[2].attributes.insert("plan".into(), "gold".into());
        events[3].unmatched = Some(false);
        events[4].tokens_input = Some(7);
        events[4].topic_id = Some("billing".into());
        events
    }

    fn batch(events: &[Event]) -> RecordBatch {
        let mut builder = BatchBuilder::new(Table::Events);
        for event in events {
            builder.push(event, 0, 0);
        }
        builder.finish().unwrap()
    }

    fn read(batch: &RecordBatch) -> Vec<Event> {
        let reader = BatchReader::new::<Event>(batch).unwrap();
        (0..batch.num_rows())
            .map(|row| Event::read(&reader.row(row)))
            .collect()
    }

    #[test]
    fn what_comes_late_or_stays_away_reads_as_it_was() {
        assert_eq!(read(&batch(&events())), events());
    }

    #[test]
    fn batches_of_other_columns_are_put_together() {
        let events = events();
        let parts: Vec<RecordBatch> = events.chunks(1).map(batch).collect();
        assert_eq!(concat(Table::Events, &parts).unwrap(), batch(&events));
    }

    #[test]
    fn a_builder_is_empty_after_it_gave_its_rows() {
        let events = events();
        let mut builder = BatchBuilder::new(Table::Events);
        for event in &events {
            builder.push(event, 0, 0);
            assert_eq!(
                read(&builder.finish().unwrap()),
                std::slice::from_ref(event)
            );
            assert!(builder.is_empty());
        }
    }
}

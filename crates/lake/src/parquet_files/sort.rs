//! The order of rows in a file.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DynComparator, RecordBatch, UInt32Array, make_comparator,
};
use arrow::compute::take;
use arrow::datatypes::TimestampMicrosecondType;
use arrow::row::{RowConverter, Rows, SortField};
use rustc_hash::FxHashMap;

use crate::error::LakeError;
use crate::schema::Table;

/// Turns the sort columns of batches of a table into rows that compare as bytes.
pub(crate) struct SortKeys {
    converter: RowConverter,
    table: Table,
}

impl SortKeys {
    pub(crate) fn new(table: Table) -> Result<Self, LakeError> {
        let schema = table.schema();
        let fields = table
            .sort_columns()
            .iter()
            .map(|name| {
                let field = schema.field_with_name(name)?;
                // Nulls come last, as the catalog's sort information says.
                let options = arrow::compute::SortOptions::new(false, false);
                Ok(SortField::new_with_options(
                    field.data_type().clone(),
                    options,
                ))
            })
            .collect::<Result<Vec<_>, LakeError>>()?;
        Ok(Self {
            converter: RowConverter::new(fields)?,
            table,
        })
    }

    pub(crate) fn of(&self, batch: &RecordBatch) -> Result<Rows, LakeError> {
        let columns = self
            .table
            .sort_columns()
            .iter()
            .map(|name| column(batch, name))
            .collect::<Result<Vec<_>, LakeError>>()?;
        Ok(self.converter.convert_columns(&columns)?)
    }
}

pub(crate) fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef, LakeError> {
    batch
        .column_by_name(name)
        .cloned()
        .ok_or_else(|| LakeError::Damaged {
            what: "a batch of rows".to_owned(),
            reason: format!("it lacks the column `{name}`"),
        })
}

/// Sorts the rows as files of the table hold them; rows with equal sort columns keep their order.
///
/// # Errors
/// When the batch lacks a sort column.
pub fn sort(batch: &RecordBatch, table: Table) -> Result<RecordBatch, LakeError> {
    let order = order(batch, table)?;
    if order.is_sorted() {
        return Ok(batch.clone());
    }
    let order = UInt32Array::from(order);
    let columns = batch
        .columns()
        .iter()
        .map(|column| {
            // Most columns of an event are empty: nothing is the same in any order.
            if column.null_count() == column.len() {
                return Ok(Arc::clone(column));
            }
            Ok(take(column, &order, None)?)
        })
        .collect::<Result<Vec<_>, LakeError>>()?;
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

/// Whether the rows of these batches, one batch after the other, are sorted as files of the table hold
/// them. Rows that a fold made mostly are, and need not be put together and sorted.
///
/// # Errors
/// When a batch lacks a sort column.
pub fn is_sorted(batches: &[RecordBatch], table: Table) -> Result<bool, LakeError> {
    let mut last: Option<&RecordBatch> = None;
    for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
        if let Some(last) = last {
            let row = last.num_rows() - 1;
            if compare(last, batch, table)?(row, 0).is_gt() {
                return Ok(false);
            }
        }
        let order = compare(batch, batch, table)?;
        if (1..batch.num_rows()).any(|row| order(row - 1, row).is_gt()) {
            return Ok(false);
        }
        last = Some(batch);
    }
    Ok(true)
}

/// Compares a row of the first batch with one of the second by the sort columns.
fn compare(
    first: &RecordBatch,
    second: &RecordBatch,
    table: Table,
) -> Result<impl Fn(usize, usize) -> Ordering, LakeError> {
    // Nulls come last, as the catalog's sort information says.
    let options = arrow::compute::SortOptions::new(false, false);
    let columns = table
        .sort_columns()
        .iter()
        .map(|name| {
            let (first, second) = (column(first, name)?, column(second, name)?);
            Ok(make_comparator(&first, &second, options)?)
        })
        .collect::<Result<Vec<DynComparator>, LakeError>>()?;
    Ok(move |left, right| {
        let mut orders = columns.iter().map(|compare| compare(left, right));
        orders
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    })
}

/// A row's place among the conversations, its time and its position: what decides nearly always.
type Place = (u32, i64, u32);

/// The positions of the rows in sorted order.
///
/// Comparing whole rows costs a cache miss or two each time. Every table is sorted by conversation
/// and time first, and there are few conversations: these are ranked, and only rows of one
/// conversation and time are compared whole.
fn order(batch: &RecordBatch, table: Table) -> Result<Vec<u32>, LakeError> {
    let [conversation, time, ..] = table.sort_columns() else {
        return Ok((0..row_count(batch)?).collect());
    };
    let conversations = column(batch, conversation)?;
    let times = column(batch, time)?;
    let mut places = places(&conversations, &times, row_count(batch)?)?;
    places.sort_unstable();
    let mut whole = None;
    let same = |left: &Place, right: &Place| (left.0, left.1) == (right.0, right.1);
    for run in places.chunk_by_mut(same) {
        if run.len() > 1 {
            if whole.is_none() {
                whole = Some(SortKeys::new(table)?.of(batch)?);
            }
            if let Some(rows) = &whole {
                run.sort_by(|left, right| {
                    rows.row(left.2 as usize).cmp(&rows.row(right.2 as usize))
                });
            }
        }
    }
    Ok(places.into_iter().map(|(_, _, row)| row).collect())
}

fn row_count(batch: &RecordBatch) -> Result<u32, LakeError> {
    u32::try_from(batch.num_rows()).map_err(|_| LakeError::Damaged {
        what: "a batch of rows".to_owned(),
        reason: "it has more rows than can be sorted at once".to_owned(),
    })
}

fn places(conversations: &ArrayRef, times: &ArrayRef, rows: u32) -> Result<Vec<Place>, LakeError> {
    let conversations = conversations.as_string_opt::<i32>();
    let times = times.as_primitive_opt::<TimestampMicrosecondType>();
    let (Some(conversations), Some(times)) = (conversations, times) else {
        return Err(LakeError::Damaged {
            what: "a batch of rows".to_owned(),
            reason: "its conversation is not text, or its time not a time".to_owned(),
        });
    };
    let mut numbers: FxHashMap<&str, u32> = FxHashMap::default();
    let mut distinct: Vec<&str> = Vec::new();
    let numbered: Vec<u32> = (0..rows as usize)
        .map(|row| {
            let conversation = conversations.value(row);
            *numbers.entry(conversation).or_insert_with(|| {
                distinct.push(conversation);
                u32::try_from(distinct.len() - 1).unwrap_or(u32::MAX)
            })
        })
        .collect();
    let mut by_name: Vec<u32> = (0_u32..).take(distinct.len()).collect();
    by_name.sort_unstable_by_key(|number| distinct[*number as usize]);
    let mut ranks = vec![0; distinct.len()];
    for (rank, number) in (0_u32..).zip(by_name) {
        ranks[number as usize] = rank;
    }
    let rows = (0..rows).zip(numbered);
    Ok(rows
        .map(|(row, number)| (ranks[number as usize], times.value(row as usize), row))
        .collect())
}

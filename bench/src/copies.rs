//! Copies of rows under other ids: of many sessions each is made once and stored several times.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;

use crate::failure::Result;

/// What names a session, a conversation or an event.
const IDS: [&str; 3] = ["session_id", "conversation_id", "event_id"];

/// What names a user.
const KEYS: [&str; 2] = ["user_key", "person_key"];

/// These rows so many times, each time of other sessions and users.
///
/// # Errors
/// When a column is of another type than such ids have.
pub fn copies(rows: &RecordBatch, count: u64) -> Result<Vec<RecordBatch>> {
    (0..count).map(|number| copy(rows, number)).collect()
}

fn copy(rows: &RecordBatch, number: u64) -> Result<RecordBatch> {
    let schema = rows.schema();
    if number == 0 {
        return Ok(rows.clone());
    }
    let columns = schema.fields().iter().zip(rows.columns());
    let columns: Vec<ArrayRef> = columns
        .map(|(field, column)| match field.name().as_str() {
            name if IDS.contains(&name) => other_ids(column, number),
            name if KEYS.contains(&name) => other_keys(column, number),
            _ => Arc::clone(column),
        })
        .collect();
    Ok(RecordBatch::try_new(schema, columns)?)
}

fn other_ids(ids: &ArrayRef, number: u64) -> ArrayRef {
    let ids = ids.as_string::<i32>().iter();
    Arc::new(StringArray::from_iter(
        ids.map(|id| id.map(|id| format!("{id}.{number}"))),
    ))
}

fn other_keys(keys: &ArrayRef, number: u64) -> ArrayRef {
    const SPREAD: i64 = 0x1E37_79B9_7F4A_7C15;
    let mask = (number as i64).wrapping_mul(SPREAD);
    let keys: &Int64Array = keys.as_primitive::<Int64Type>();
    Arc::new(keys.unary::<_, Int64Type>(|key| key ^ mask))
}

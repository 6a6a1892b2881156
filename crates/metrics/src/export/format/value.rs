//! Values of columns as text: JSON, and what CSV makes of it.

use std::io::Write;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array,
    ListArray, MapArray, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Field, Float64Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};
use jiff::Timestamp;
use upshot_core::facts::HASH_FIELDS;
use upshot_core::time::start_of_day;

use crate::error::QueryError;

/// A column in the form in which its values are written.
pub(super) enum Column<'a> {
    Text(&'a StringArray),
    Integer(&'a Int64Array),
    /// 64 bits, which not every reader of JSON can hold, and so text.
    Hash(&'a Int64Array),
    Small(&'a Int32Array),
    Real(&'a Float64Array),
    Flag(&'a BooleanArray),
    Time(&'a TimestampMicrosecondArray),
    Day(&'a Date32Array),
    Map(&'a MapArray),
    List(&'a ListArray),
    Struct(&'a StructArray),
}

impl<'a> Column<'a> {
    /// # Errors
    /// When the column is of a type that no table and no answer has.
    pub(super) fn new(field: &Field, array: &'a ArrayRef) -> Result<Self, QueryError> {
        Ok(match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Int64 if HASH_FIELDS.contains(&field.name().as_str()) => {
                Self::Hash(array.as_primitive::<Int64Type>())
            }
            DataType::Int64 => Self::Integer(array.as_primitive::<Int64Type>()),
            DataType::Int32 => Self::Small(array.as_primitive::<Int32Type>()),
            DataType::Float64 => Self::Real(array.as_primitive::<Float64Type>()),
            DataType::Boolean => Self::Flag(array.as_boolean()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Time(array.as_primitive::<TimestampMicrosecondType>())
            }
            DataType::Date32 => Self::Day(array.as_primitive::<Date32Type>()),
            DataType::Map(..) => Self::Map(array.as_map()),
            DataType::List(_) => Self::List(array.as_list()),
            DataType::Struct(_) => Self::Struct(array.as_struct()),
            other => {
                let message = format!("column `{}` is of type {other}", field.name());
                return Err(arrow::error::ArrowError::NotYetImplemented(message).into());
            }
        })
    }

    fn array(&self) -> &dyn Array {
        match self {
            Self::Text(array) => *array,
            Self::Integer(array) | Self::Hash(array) => *array,
            Self::Small(array) => *array,
            Self::Real(array) => *array,
            Self::Flag(array) => *array,
            Self::Time(array) => *array,
            Self::Day(array) => *array,
            Self::Map(array) => *array,
            Self::List(array) => *array,
            Self::Struct(array) => *array,
        }
    }

    /// Whether a row holds nothing: no value, a number that is none, or no entries.
    pub(super) fn is_nothing(&self, row: usize) -> bool {
        !self.array().is_valid(row)
            || match self {
                Self::Real(array) => !array.value(row).is_finite(),
                Self::Map(array) => array.value_length(row) == 0,
                _ => false,
            }
    }

    /// Text as it is, which only text columns have.
    pub(super) fn text(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Text(array) => Some(array.value(row)),
            _ => None,
        }
    }

    /// Whether the value is nested in others.
    pub(super) fn is_nested(&self) -> bool {
        matches!(self, Self::Map(_) | Self::List(_) | Self::Struct(_))
    }

    /// Writes a value without the quotes that JSON puts around text.
    pub(super) fn write_bare(&self, row: usize, out: &mut Vec<u8>) -> Result<(), QueryError> {
        match self {
            Self::Text(array) => out.extend_from_slice(array.value(row).as_bytes()),
            Self::Hash(array) => put(out, format_args!("{}", array.value(row))),
            Self::Time(array) => put_time(array.value(row), out),
            Self::Day(array) => put_day(array.value(row), out),
            _ => return self.write_json(row, out),
        }
        Ok(())
    }

    /// Writes a value as JSON.
    pub(super) fn write_json(&self, row: usize, out: &mut Vec<u8>) -> Result<(), QueryError> {
        if self.is_nothing(row) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match self {
            Self::Text(array) => put_text(array.value(row), out),
            Self::Integer(array) => put(out, format_args!("{}", array.value(row))),
            Self::Small(array) => put(out, format_args!("{}", array.value(row))),
            Self::Real(array) => put_real(array.value(row), out),
            Self::Flag(array) => put(out, format_args!("{}", array.value(row))),
            Self::Hash(_) | Self::Time(_) | Self::Day(_) => {
                out.push(b'"');
                self.write_bare(row, out)?;
                out.push(b'"');
            }
            Self::Map(array) => put_map(&array.value(row), out),
            Self::List(array) => put_list(array, row, out)?,
            Self::Struct(array) => {
                let columns = columns(array.fields(), array.columns())?;
                put_object(&columns, row, false, out)?;
            }
        }
        Ok(())
    }
}

/// The columns of a batch or of nested values, with their names.
pub(super) fn columns<'a>(
    fields: &'a arrow::datatypes::Fields,
    arrays: &'a [ArrayRef],
) -> Result<Vec<(&'a str, Column<'a>)>, QueryError> {
    let named = fields.iter().zip(arrays);
    named
        .map(|(field, array)| Ok((field.name().as_str(), Column::new(field, array)?)))
        .collect()
}

/// Writes a row as a JSON object.
pub(super) fn put_object(
    columns: &[(&str, Column<'_>)],
    row: usize,
    nulls: bool,
    out: &mut Vec<u8>,
) -> Result<(), QueryError> {
    out.push(b'{');
    let mut first = true;
    for (name, column) in columns {
        if column.is_nothing(row) && !nulls {
            continue;
        }
        if !first {
            out.push(b',');
        }
        first = false;
        put_text(name, out);
        out.push(b':');
        column.write_json(row, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn put_list(array: &ListArray, row: usize, out: &mut Vec<u8>) -> Result<(), QueryError> {
    let DataType::List(field) = array.data_type() else {
        return Ok(());
    };
    let values = array.value(row);
    let column = Column::new(field, &values)?;
    // The columns of nested rows are looked up once.
    let nested = match &column {
        Column::Struct(rows) => Some(columns(rows.fields(), rows.columns())?),
        _ => None,
    };
    out.push(b'[');
    for position in 0..values.len() {
        if position > 0 {
            out.push(b',');
        }
        match &nested {
            Some(columns) => put_object(columns, position, false, out)?,
            None => column.write_json(position, out)?,
        }
    }
    out.push(b']');
    Ok(())
}

fn put_map(entries: &StructArray, out: &mut Vec<u8>) {
    let names = entries.column(0).as_string::<i32>();
    let values = entries.column(1).as_string::<i32>();
    out.push(b'{');
    for entry in 0..entries.len() {
        if entry > 0 {
            out.push(b',');
        }
        put_text(names.value(entry), out);
        out.push(b':');
        match values.is_valid(entry) {
            true => put_text(values.value(entry), out),
            false => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
}

/// Writing to memory does not fail.
fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok());
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    let written = serde_json::to_writer(out, text);
    debug_assert!(written.is_ok());
}

/// Whole numbers without a decimal point.
fn put_real(value: f64, out: &mut Vec<u8>) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        put(out, format_args!("{}", value as i64));
        return;
    }
    let written = serde_json::to_writer(out, &value);
    debug_assert!(written.is_ok());
}

/// RFC 3339 in UTC with microseconds.
fn put_time(time: i64, out: &mut Vec<u8>) {
    match Timestamp::from_microsecond(time) {
        Ok(timestamp) => put(out, format_args!("{timestamp:.6}")),
        Err(_) => put(out, format_args!("{time}")),
    }
}

fn put_day(day: i32, out: &mut Vec<u8>) {
    match Timestamp::from_microsecond(start_of_day(day)) {
        Ok(timestamp) => put(out, format_args!("{}", timestamp.strftime("%Y-%m-%d"))),
        Err(_) => put(out, format_args!("{day}")),
    }
}

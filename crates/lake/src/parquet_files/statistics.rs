//! Statistics of a file's columns, from what the Parquet writer has found out.

use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use upshot_core::FieldKind;

use super::bound::Bound;
use crate::schema::ColumnKind;

/// The compressed size of a leaf column over all row groups.
pub(crate) fn compressed_bytes(metadata: &ParquetMetaData, leaf: usize) -> u64 {
    metadata
        .row_groups()
        .iter()
        .map(|group| u64::try_from(group.column(leaf).compressed_size()).unwrap_or(0))
        .sum()
}

/// The smallest and largest value of a leaf column over all row groups; none where a row group does
/// not know them exactly, or where there is no value.
pub(crate) fn bounds(
    metadata: &ParquetMetaData,
    leaf: usize,
    kind: ColumnKind,
) -> Option<(Bound, Bound)> {
    let mut result: Option<(Bound, Bound)> = None;
    for group in metadata.row_groups() {
        let statistics = group.column(leaf).statistics()?;
        let all_null = statistics.null_count_opt() == Some(group.num_rows() as u64);
        if all_null {
            continue;
        }
        let (low, high) = of_group(statistics, kind)?;
        result = Some(match result {
            None => (low, high),
            Some((minimum, maximum)) => (
                if low.compare(&minimum)?.is_lt() {
                    low
                } else {
                    minimum
                },
                if high.compare(&maximum)?.is_gt() {
                    high
                } else {
                    maximum
                },
            ),
        });
    }
    result
}

fn of_group(statistics: &Statistics, kind: ColumnKind) -> Option<(Bound, Bound)> {
    if !statistics.min_is_exact() || !statistics.max_is_exact() {
        return None;
    }
    match statistics {
        Statistics::Boolean(values) => Some((
            Bound::Flag(*values.min_opt()?),
            Bound::Flag(*values.max_opt()?),
        )),
        Statistics::Int32(values) => {
            let bound = |value: i32| match kind {
                ColumnKind::Day => Bound::Day(value),
                _ => Bound::Integer(i64::from(value)),
            };
            Some((bound(*values.min_opt()?), bound(*values.max_opt()?)))
        }
        Statistics::Int64(values) => {
            let bound = |value: i64| match kind {
                ColumnKind::Field(FieldKind::Instant | FieldKind::Time) => Bound::Time(value),
                _ => Bound::Integer(value),
            };
            Some((bound(*values.min_opt()?), bound(*values.max_opt()?)))
        }
        Statistics::Double(values) => Some((
            Bound::Real(*values.min_opt()?),
            Bound::Real(*values.max_opt()?),
        )),
        Statistics::ByteArray(values) => {
            let bound =
                |bytes: &[u8]| Some(Bound::Text(std::str::from_utf8(bytes).ok()?.to_owned()));
            Some((
                bound(values.min_opt()?.data())?,
                bound(values.max_opt()?.data())?,
            ))
        }
        _ => None,
    }
}

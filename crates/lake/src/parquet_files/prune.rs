//! Which parts of a file need not be read.

use std::collections::HashSet;
use std::ops::Range;

use parquet::arrow::arrow_reader::RowSelection;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;

use super::cache::{FileCache, OpenFile};
use super::read::Keys;
use crate::error::LakeError;

fn leaf(file: &OpenFile, keys: &Keys) -> Option<usize> {
    let schema = file.metadata().parquet_schema();
    (0..schema.num_columns()).find(|index| schema.column(*index).path().string() == keys.column())
}

/// Row groups that may hold one of the keys: by their bounds, then by their bloom filters.
pub(super) fn matching_groups(
    cache: &FileCache,
    file: &OpenFile,
    keys: &Keys,
) -> Result<Vec<usize>, LakeError> {
    let Some(leaf) = leaf(file, keys) else {
        return Ok(Vec::new());
    };
    let mut groups = Vec::new();
    let metadata = file.metadata().metadata();
    for (index, group) in metadata.row_groups().iter().enumerate() {
        if let Some(Statistics::ByteArray(values)) = group.column(leaf).statistics()
            && let (Some(low), Some(high)) = (values.min_opt(), values.max_opt())
            && !keys.any_within(low.data(), high.data())
        {
            continue;
        }
        let may_hold = match file.filter(cache.files(), index, leaf)? {
            Some(filter) => keys
                .sorted()
                .iter()
                .any(|value| filter.check(value.as_bytes())),
            None => true,
        };
        if may_hold {
            groups.push(index);
        }
    }
    Ok(groups)
}

/// Rows of these row groups that are in pages that may hold one of the keys; none where the file does
/// not say. In a sorted column that is a page or two a key.
pub(super) fn matching_pages(
    file: &OpenFile,
    groups: &[usize],
    keys: &Keys,
) -> Option<RowSelection> {
    let leaf = leaf(file, keys)?;
    let metadata = file.metadata().metadata();
    let column_index = metadata.column_index()?;
    let offset_index = metadata.offset_index()?;
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut first = 0;
    for group in groups {
        let rows = usize::try_from(metadata.row_group(*group).num_rows()).ok()?;
        let ColumnIndexMetaData::BYTE_ARRAY(bounds) = column_index.get(*group)?.get(leaf)? else {
            return None;
        };
        let pages = offset_index.get(*group)?.get(leaf)?.page_locations();
        let starts = pages
            .iter()
            .map(|page| usize::try_from(page.first_row_index))
            .collect::<Result<Vec<_>, _>>()
            .ok()?;
        let ends = starts.iter().skip(1).copied().chain([rows]);
        for (page, (start, end)) in starts.iter().zip(ends).enumerate() {
            let may_hold = match (bounds.min_value(page), bounds.max_value(page)) {
                (Some(low), Some(high)) => keys.any_within(low, high),
                _ => !bounds.is_null_page(page),
            };
            if may_hold {
                ranges.push(first + start..first + end);
            }
        }
        first += rows;
    }
    Some(RowSelection::from_consecutive_ranges(
        ranges.into_iter(),
        first,
    ))
}

/// Columns of which these row groups hold no value: there is nothing to read of them.
pub(super) fn empty_columns<'a>(file: &'a OpenFile, groups: &[usize]) -> HashSet<&'a str> {
    let metadata = file.metadata().metadata();
    let schema = file.metadata().parquet_schema();
    let is_empty = |leaf: usize| {
        groups.iter().all(|group| {
            let group = metadata.row_group(*group);
            let nulls = group
                .column(leaf)
                .statistics()
                .and_then(Statistics::null_count_opt);
            nulls.is_some_and(|nulls| i64::try_from(nulls) == Ok(group.num_rows()))
        })
    };
    (0..schema.num_columns())
        .filter(|leaf| schema.column(*leaf).path().parts().len() == 1 && is_empty(*leaf))
        .map(|leaf| schema.get_column_root(leaf).name())
        .collect()
}

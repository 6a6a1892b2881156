//! Data files: what is written is read, and nothing private is in the statistics.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{Float64Type, TimestampMicrosecondType};
use upshot_lake::Table;
use upshot_lake::files::DiskFiles;
use upshot_lake::parquet_files::{
    Bound, DataFileInfo, FieldIds, FileCache, Keys, ReadRequest, contains_any, is_sorted, merge,
    read, sort, write,
};

use crate::common::{DAY_TIME, event, events};

fn cache() -> FileCache {
    FileCache::new(Arc::new(DiskFiles), 1 << 20)
}

fn write_events(path: &Path, batch: &RecordBatch) -> DataFileInfo {
    let ids = FieldIds::first(Table::Events);
    write(&DiskFiles, path, Table::Events, &ids, [batch]).unwrap()
}

fn column_text(batches: &[RecordBatch], name: &str) -> Vec<String> {
    batches
        .iter()
        .flat_map(|batch| {
            let column = batch.column_by_name(name).unwrap().as_string::<i32>();
            column
                .iter()
                .flatten()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    for table in [Table::Events, Table::Texts] {
        let batch = sort(&events(table, 0..1000), table).unwrap();
        let path = folder.path().join(table.name());
        let info = write(&DiskFiles, &path, table, &FieldIds::first(table), [&batch]).unwrap();
        assert_eq!(info.rows, 1000);
        assert_eq!(info.bytes, std::fs::metadata(&path).unwrap().len());
        let read = read(&cache(), &path, table, &ReadRequest::all()).unwrap();
        assert_eq!(concat_batches(&table.schema(), &read).unwrap(), batch);
    }
    assert!(!path.with_extension("parquet.new").exists());
}

#[test]
fn sorting_is_stable_and_by_the_columns_of_the_table() {
    let shuffled = events(Table::Events, (0..500).rev().chain(0..500));
    assert!(!is_sorted(std::slice::from_ref(&shuffled), Table::Events).unwrap());
    let sorted = sort(&shuffled, Table::Events).unwrap();
    assert!(is_sorted(std::slice::from_ref(&sorted), Table::Events).unwrap());
    let halves = [
        sorted.slice(0, sorted.num_rows() / 2),
        sorted.slice(sorted.num_rows() / 2, sorted.num_rows().div_ceil(2)),
    ];
    assert!(is_sorted(&halves, Table::Events).unwrap());
    let swapped = [halves[1].clone(), halves[0].clone()];
    assert!(!is_sorted(&swapped, Table::Events).unwrap());
    let twice = events(Table::Events, (0..500).flat_map(|number| [number, number]));
    assert_eq!(sorted, twice);
}

#[test]
fn keys_find_their_rows_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write_events(&path, &events(Table::Events, 0..5000));
    let cache = cache();
    let request = ReadRequest::all()
        .columns(&["event_id", "time"])
        .keys(Keys::new("conversation_id", ["c00007", "c00499", "absent"]));
    let found = read(&cache, &path, Table::Events, &request).unwrap();
    let expected: Vec<String> = (70..80)
        .chain(4990..5000)
        .map(|number| format!("e{number:06}"))
        .collect();
    assert_eq!(column_text(&found, "event_id"), expected);
    assert_eq!(found[0].num_columns(), 2);
    let times = found[0]
        .column(1)
        .as_primitive::<TimestampMicrosecondType>();
    assert_eq!(times.value(0), DAY_TIME + 70_000_000);

    let keys = Keys::new("event_id", ["e000003", "x", "e004999", "e005000"]);
    let mut found: Vec<_> = contains_any(&cache, &path, Table::Events, &keys)
        .unwrap()
        .into_iter()
        .collect();
    found.sort_unstable();
    assert_eq!(found, ["e000003".into(), "e004999".into()]);
    let keys = Keys::new("event_id", ["nothing"]);
    assert!(
        contains_any(&cache, &path, Table::Events, &keys)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn statistics_say_what_is_there_but_nothing_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let info = write_events(&path, &events(Table::Events, 0..100));
    let of = |name: &'static str| {
        info.columns
            .iter()
            .filter(move |column| column.column == name)
    };
    let confidence = of("confidence").next().unwrap();
    assert_eq!(confidence.minimum, Some(Bound::Real(0.0)));
    assert_eq!(confidence.maximum, Some(Bound::Real(99.0 / 8.0)));
    assert_eq!(confidence.contains_nan, Some(false));
    let time = of("time").next().unwrap();
    assert_eq!(time.maximum, Some(Bound::Time(DAY_TIME + 99_000_000)));
    let bot = of("bot").next().unwrap();
    assert_eq!((bot.values, bot.nulls, &bot.minimum), (0, 100, &None));
    let entries: Vec<_> = of("attributes").collect();
    assert_eq!(entries.len(), 2);
    for column in entries.into_iter().chain(of("user_id")) {
        assert!(column.values > 0);
        assert_eq!((&column.minimum, &column.maximum), (&None, &None));
    }
    // Neither does the Parquet footer say it, in statistics or page index.
    let file = std::fs::read(&path).unwrap();
    let footer_start = file.len() - 8 - usize::try_from(info.footer_bytes).unwrap();
    let index_start = cache()
        .open(&path)
        .unwrap()
        .metadata()
        .metadata()
        .row_group(0)
        .columns()
        .iter()
        .filter_map(|column| column.column_index_offset())
        .min()
        .map_or(footer_start, |offset| usize::try_from(offset).unwrap());
    let tail = String::from_utf8_lossy(&file[index_start.min(footer_start)..]).into_owned();
    assert!(
        tail.contains("e000099"),
        "the tail holds what is not private"
    );
    assert!(!tail.contains("secret"), "the tail holds something private");
}

#[test]
fn a_number_that_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut builder = upshot_lake::schema::BatchBuilder::new(Table::Events);
    for confidence in [1.0, f64::NAN] {
        let event = upshot_core::Event {
            confidence: Some(confidence),
            ..event(1)
        };
        builder.push(&event, 0, 0);
    }
    let path = folder.path().join("a.parquet");
    let info = write_events(&path, &builder.finish().unwrap());
    let column = info
        .columns
        .iter()
        .find(|column| column.column == "confidence")
        .unwrap();
    assert_eq!(column.contains_nan, Some(true));
    assert_eq!(column.maximum, Some(Bound::Real(1.0)));
}

#[test]
fn a_file_without_newer_columns_reads() {
    use parquet::arrow::ArrowWriter;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.parquet");
    let batch = events(Table::Events, 0..10);
    let old: Vec<usize> = batch
        .schema()
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| !["confidence", "attributes"].contains(&field.name().as_str()))
        .map(|(index, _)| index)
        .collect();
    let batch = batch.project(&old).unwrap();
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();

    let found = read(&cache(), &path, Table::Events, &ReadRequest::all()).unwrap();
    assert_eq!(found[0].schema(), Table::Events.schema());
    let confidence = found[0].column_by_name("confidence").unwrap();
    assert_eq!(confidence.as_primitive::<Float64Type>().null_count(), 10);
    let request = ReadRequest::all().columns(&["confidence"]);
    let found = read(&cache(), &path, Table::Events, &request).unwrap();
    assert_eq!(found[0].num_rows(), 10);
}

#[test]
fn a_file_without_a_needed_column_is_damaged() {
    use parquet::arrow::ArrowWriter;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.parquet");
    let batch = events(Table::Events, 0..10).project(&[0, 1]).unwrap();
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let error = read(&cache(), &path, Table::Events, &ReadRequest::all()).unwrap_err();
    assert!(
        error.to_string().contains("lacks the column `event_id`"),
        "{error}"
    );
}

#[test]
fn a_merge_equals_sorting_everything_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let all = events(Table::Events, 0..30_000);
    let mut paths = Vec::new();
    for part in 0..3_u32 {
        let rows: arrow::array::UInt32Array = (0..30_000)
            .filter(|row| (row * 7 + row / 100) % 3 == part)
            .collect();
        let batch = take_record_batch(&all, &rows).unwrap();
        let path = folder.path().join(format!("{part}.parquet"));
        write_events(&path, &batch);
        paths.push(path);
    }
    let output = folder.path().join("merged.parquet");
    let ids = FieldIds::first(Table::Events);
    let info = merge(&cache(), &paths, &output, Table::Events, &ids).unwrap();
    assert_eq!(info.rows, 30_000);
    let found = read(&cache(), &output, Table::Events, &ReadRequest::all()).unwrap();
    let found = concat_batches(&Table::Events.schema(), &found).unwrap();
    assert_eq!(found, all);
}

#[test]
fn a_merge_refuses_an_input_that_is_not_sorted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write_events(&path, &events(Table::Events, [3, 2, 1]));
    let output = folder.path().join("merged.parquet");
    let ids = FieldIds::first(Table::Events);
    let error = merge(&cache(), &[path], &output, Table::Events, &ids).unwrap_err();
    assert!(error.to_string().contains("not sorted"), "{error}");
    assert!(!output.exists());
}

#[test]
fn the_cache_keeps_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..20)
        .map(|number| {
            let path = folder.path().join(format!("{number}.parquet"));
            write_events(&path, &events(Table::Events, 0..10));
            path
        })
        .collect();
    let one = cache();
    one.open(&paths[0]).unwrap();
    let bound = one.bytes() * 3;
    let cache = FileCache::new(Arc::new(DiskFiles), bound);
    for path in paths.iter().chain(&paths) {
        let file = cache.open(path).unwrap();
        assert!(cache.bytes() <= bound);
        assert!(Arc::ptr_eq(&file, &cache.open(path).unwrap()));
    }
    cache.forget(&paths[19]);
    assert!(cache.bytes() < bound);
}

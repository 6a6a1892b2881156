//! The live files of a workspace, in memory, so that a query does not ask the database.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::capture::DataFile;
use crate::schema::Table;

type Day = Arc<Vec<Arc<DataFile>>>;
type Days = Arc<BTreeMap<i32, Day>>;

/// The live files of a workspace at a snapshot. It never changes: a commit makes another one, which
/// shares with this one the days that stayed as they were.
#[derive(Debug, Clone, Default)]
pub struct FileList {
    snapshot: i64,
    tables: BTreeMap<Table, Days>,
}

impl FileList {
    /// The snapshot in which these files are live.
    pub fn snapshot(&self) -> i64 {
        self.snapshot
    }

    /// The live files of a table by day, bucket and id: of all days or of some (the end is not among
    /// them), of all fact sets or of one.
    pub fn files<'a>(
        &'a self,
        table: Table,
        days: Option<Range<i32>>,
        fact_set: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<DataFile>> {
        let range = days.unwrap_or(i32::MIN..i32::MAX);
        // An empty or reversed range would panic in `range`.
        let range = (range.start < range.end).then_some(range);
        self.tables
            .get(&table)
            .zip(range)
            .into_iter()
            .flat_map(|(days, range)| days.range(range))
            .flat_map(|(_, files)| files.iter())
            .filter(move |file| fact_set.is_none_or(|name| file.fact_set == name))
    }

    /// The list after a change.
    pub(super) fn changed(
        &self,
        snapshot: i64,
        added: Vec<(Table, DataFile)>,
        ended: &[(Table, i32, i64)],
    ) -> Self {
        let mut list = Self {
            snapshot,
            tables: self.tables.clone(),
        };
        for (table, day, id) in ended {
            let days = Arc::make_mut(list.tables.entry(*table).or_default());
            if let Some(files) = days.get_mut(day) {
                Arc::make_mut(files).retain(|file| file.id != *id);
                if files.is_empty() {
                    days.remove(day);
                }
            }
        }
        for (table, file) in added {
            let days = Arc::make_mut(list.tables.entry(table).or_default());
            let files = Arc::make_mut(days.entry(file.day).or_default());
            let key = (file.bucket, file.id);
            let at = files.partition_point(|other| (other.bucket, other.id) < key);
            files.insert(at, Arc::new(file));
        }
        list
    }
}

//! What the footers of sessions' files tell of the facts that are joined to messages and steps.
//!
//! No session of a day long past is open. Where the footers say so of all sessions of a day and bucket, «the session is over» is
//! decided for its messages and steps without looking at their sessions.

use std::collections::HashMap;

use upshot_lake::{DataFile, Table};

use super::Source;
use crate::columns::{Columns, Owner, column, native};
use crate::error::QueryError;
use crate::filter::{Known, Nulls};
use crate::registry::Subject;
use crate::run::worker::Shape;
use crate::scan::Footers;
use crate::time::Range;

/// Files of sessions by day and bucket.
pub(super) type Partitions<'a> = HashMap<(i32, i32), Vec<&'a DataFile>>;

impl<'a> Source<'a> {
    /// The files of the sessions to whose facts a shape refers; none where it refers to none.
    pub(super) fn joined_files(&self, shape: &Shape) -> Partitions<'a> {
        let mut partitions = Partitions::new();
        if !self.joined_columns(shape).is_empty() {
            for file in &self.sessions.files {
                let partition = partitions.entry((file.day, file.bucket)).or_default();
                partition.push(file);
            }
        }
        partitions
    }

    /// The columns of sessions that the subject's own table does not hold.
    fn joined_columns(&self, shape: &Shape) -> Columns {
        let mut columns = shape.columns();
        let of_session = |name: &str| column(name).is_some_and(|it| it.owner == Owner::Session);
        columns.retain(|name| of_session(name) && native(self.subject, name).is_none());
        match self.subject {
            Subject::Sessions => Columns::new(),
            _ => columns,
        }
    }

    /// What is known of them for the rows of a file. A row that belongs to no session has none of them, and of nothing
    /// every comparison is false.
    pub(super) fn joined_known(
        &self,
        shape: &Shape,
        file: &DataFile,
        partitions: &Partitions<'_>,
        footers: &Footers,
    ) -> Result<HashMap<&'static str, Known>, QueryError> {
        let mut found = HashMap::new();
        let columns = self.joined_columns(shape);
        if columns.is_empty() {
            return Ok(found);
        }
        let files = partitions.get(&(file.day, file.bucket));
        let files = files.into_iter().flatten();
        let footers: Vec<_> = files
            .map(|file| footers.get(Table::Sessions, &file.path))
            .collect::<Result<_, _>>()?;
        for name in columns {
            let of_files = footers.iter().map(|footer| footer.known(name));
            if let Some(of_files) = of_files.collect::<Option<Vec<&Known>>>() {
                found.insert(name, together(&of_files));
            }
        }
        Ok(found)
    }
}

/// What is known of rows that have their value from one of these files, or none.
fn together(of_files: &[&Known]) -> Known {
    let holding = || of_files.iter().filter(|known| known.nulls != Nulls::All);
    let bounds: Option<Vec<Range>> = holding()
        .map(|known| known.integers.map(|(from, to)| Range { from, to }))
        .collect();
    let bounds = bounds.and_then(|bounds| bounds.into_iter().reduce(Range::hull));
    let never = holding().all(|known| known.flag == Some(false));
    Known {
        nulls: Nulls::Some,
        integers: bounds.map(|bounds| (bounds.from, bounds.to)),
        flag: never.then_some(false),
        ..Known::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_files_tell_is_known() {
        let file = |nulls, integers, flag| Known {
            nulls,
            integers,
            flag,
            ..Known::default()
        };
        let no = file(Nulls::None, Some((1, 3)), Some(false));
        let empty = file(Nulls::All, None, None);
        let some = file(Nulls::Some, Some((2, 9)), None);
        let known = together(&[&no, &empty]);
        assert_eq!((known.integers, known.flag), (Some((1, 3)), Some(false)));
        // Rows without a session hold nothing.
        assert_eq!(known.nulls, Nulls::Some);
        let known = together(&[&no, &some]);
        assert_eq!((known.integers, known.flag), (Some((1, 9)), None));
        let unknown = file(Nulls::None, None, Some(true));
        let known = together(&[&no, &unknown]);
        assert_eq!((known.integers, known.flag), (None, None));
        assert_eq!(together(&[]).flag, Some(false));
    }
}

//! What is left of a shape for single files: what their day and their statistics say of all their rows need not be looked at.

use std::sync::Arc;

use upshot_lake::capture::LONE_MESSAGE;
use upshot_lake::{DataFile, Table};

use super::Source;
use crate::columns::native;
use crate::error::QueryError;
use crate::filter::Predicate;
use crate::run::worker::Shape;
use crate::scan::Footers;
use crate::time::Range;

/// Fewer shapes of files than so many are made sooner than a thread begins.
const WORTH_A_THREAD: usize = 100;

/// Files that share a shape: what is known of their day leaves the same conditions open.
#[derive(Debug)]
pub(crate) struct FileShape<'a> {
    pub(crate) shape: Shape,
    /// Each with the stretch of time in which the times of its rows lie by which groups are cut, if that is known.
    pub(crate) files: Vec<(&'a DataFile, Option<Range>)>,
}

impl<'a> Source<'a> {
    /// Files that share a shape, for each shape that their day and their statistics leave; files that
    /// cannot hold a row of the selection are dropped.
    pub(crate) fn file_shapes(
        &self,
        base: &Shape,
        footers: &Footers,
    ) -> Result<Vec<FileShape<'a>>, QueryError> {
        let mut with_replaced = base.clone();
        if !self.rows.replaced.is_empty() {
            with_replaced.replaced = Some(Arc::clone(&self.rows.replaced));
            let mut replaced = self.rows.replaced.iter();
            if self.rows.table == Table::Messages
                && replaced.any(|key| key.starts_with(LONE_MESSAGE))
            {
                with_replaced.wanted.insert("message.event_id");
            }
        }
        let joined = self.joined_files(base);
        let mut shapes: Vec<FileShape<'a>> = Vec::new();
        // Files of one day mostly leave the same shape.
        let mut last: Option<((i32, bool), Shape)> = None;
        for file in self.files(base, footers) {
            let replaced = self.rows.replaced_of(file).is_some();
            let kind = (file.day, replaced);
            let of_day = match last.take() {
                Some((known, shape)) if known == kind => shape,
                _ if replaced => with_replaced.of_day(file.day),
                _ => base.of_day(file.day),
            };
            if of_day.selection != Predicate::Constant(false) {
                let footer = footers.get(self.rows.table, &file.path)?;
                let of_sessions = self.joined_known(&of_day, file, &joined, footers)?;
                let known = |column: &str| match native(self.subject, column) {
                    Some(column) => footer.known(column),
                    None => of_sessions.get(column),
                };
                let shape = of_day.folded(&known);
                if shape.selection != Predicate::Constant(false) {
                    let times = shape.cut_by().and_then(|column| known(column)?.integers);
                    let times = times.map(|(from, last)| Range {
                        from,
                        to: last.saturating_add(1),
                    });
                    let same = shapes.iter_mut().find(|known| known.shape.reads_as(&shape));
                    match same {
                        Some(same) => same.files.push((file, times)),
                        None => shapes.push(FileShape {
                            shape,
                            files: vec![(file, times)],
                        }),
                    }
                }
            }
            last = Some((kind, of_day));
        }
        Ok(shapes)
    }

    /// The same for several, on so many threads: pages ask dozens of questions about hundreds of files.
    pub(super) fn file_shapes_of_all(
        &self,
        bases: &[Shape],
        footers: &Footers,
        threads: usize,
    ) -> Result<Vec<Vec<FileShape<'a>>>, QueryError> {
        let worth = bases.len() * self.rows.files.len() / WORTH_A_THREAD;
        let threads = threads.min(worth).min(bases.len());
        if threads <= 1 {
            let shapes = bases.iter().map(|base| self.file_shapes(base, footers));
            return shapes.collect();
        }
        let of_thread = |first: usize| -> Vec<Result<Vec<FileShape<'a>>, QueryError>> {
            let own = bases.iter().skip(first).step_by(threads);
            own.map(|base| self.file_shapes(base, footers)).collect()
        };
        let mut found = std::thread::scope(|scope| {
            let of_thread = &of_thread;
            let others: Vec<_> = (1..threads)
                .map(|first| scope.spawn(move || of_thread(first)))
                .collect();
            let mut found = vec![of_thread(0).into_iter()];
            found.extend(others.into_iter().map(|task| match task.join() {
                Ok(shapes) => shapes.into_iter(),
                Err(panic) => std::panic::resume_unwind(panic),
            }));
            found
        });
        let in_order = (0..bases.len()).filter_map(|base| found[base % threads].next());
        in_order.collect()
    }
}

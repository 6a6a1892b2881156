//! Reads sessions of files and memory as entries of a history.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{AsArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use futures::StreamExt;
use rustc_hash::FxHashMap;
use tokio::task::JoinSet;
use upshot_core::people::Visit;
use upshot_lake::{DataFile, Table};

use super::entries::{Gathered, Gathering, Scratch, Share};
use super::layer::{Entry, NO_FILE};
use crate::error::QueryError;
use crate::filter::{Measure, Predicate, TextSource};
use crate::pass::Resources;
use crate::registry::Subject;
use crate::run::evaluate::{Evaluator, Numbers, Texts};
use crate::scan::{FileScan, Form, plan_scan};

/// The columns of a session by which it is known in its person's history.
pub(super) const COLUMNS: [&str; 6] = [
    "person_key",
    "user_key",
    "start_time",
    "topic_id",
    "unlinkable",
    "first_user_time",
];

/// Numbers of topics, the same for all batches and files as long as the process lives.
#[derive(Debug, Default)]
pub(super) struct Topics(Mutex<FxHashMap<Box<str>, u32>>);

impl Topics {
    /// The number of each text; 0 for none.
    fn numbers(&self, texts: &[Option<&str>]) -> Vec<u32> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut number = |text: &str| {
            if let Some(number) = known.get(text) {
                return *number;
            }
            let next = u32::try_from(known.len() + 1).unwrap_or(u32::MAX);
            known.insert(text.into(), next);
            next
        };
        texts
            .iter()
            .map(|text| text.map_or(0, &mut number))
            .collect()
    }

    /// The number of each row's topic.
    fn of_rows(&self, texts: &Texts<'_>, rows: usize) -> Vec<u32> {
        if let Texts::Dictionary(keys, nulls, texts) = texts {
            let numbers = self.numbers(texts);
            let number = |row: usize| {
                let key = usize::try_from(keys[row]).ok()?;
                let said = nulls.is_none_or(|nulls| nulls.is_valid(row));
                numbers.get(key).copied().filter(|_| said)
            };
            return (0..rows).map(|row| number(row).unwrap_or(0)).collect();
        }
        let texts: Vec<Option<&str>> = (0..rows).map(|row| texts.row(row)).collect();
        self.numbers(&texts)
    }
}

/// The sessions of a batch as a history sees them.
pub(super) struct Rows {
    pub(super) persons: Vec<u64>,
    users: Vec<u64>,
    starts: Vec<i64>,
    topics: Vec<u32>,
    contacts: BooleanBuffer,
    /// Those whose user can be followed.
    pub(super) linkable: BooleanBuffer,
}

impl Rows {
    pub(super) fn of(evaluator: &Evaluator<'_>, topics: &Topics) -> Self {
        let rows = evaluator.rows();
        let source = TextSource::Column("topic_id");
        let numbers = |column| match evaluator.measure(Measure::Column(column)).numbers {
            Numbers::Integer(numbers) => numbers.to_vec(),
            Numbers::Real(_) => vec![0; rows],
        };
        let keys = |column| numbers(column).into_iter().map(|key| key as u64).collect();
        let present = |column| {
            let valid = evaluator.measure(Measure::Column(column)).valid;
            valid.unwrap_or_else(|| BooleanBuffer::new_set(rows))
        };
        let unlinkable = evaluator
            .column("unlinkable")
            .and_then(|array| array.as_boolean_opt())
            .map_or_else(
                || BooleanBuffer::new_unset(rows),
                |array| array.values().clone(),
            );
        Self {
            persons: keys("person_key"),
            users: keys("user_key"),
            starts: numbers("start_time"),
            topics: topics.of_rows(&evaluator.texts(&source), rows),
            contacts: present("first_user_time"),
            linkable: &present("person_key") & &!&unlinkable,
        }
    }

    pub(super) fn visit(&self, row: usize) -> Visit {
        Visit {
            start: self.starts[row],
            user: self.users[row],
            topic: self.topics[row],
            contact: self.contacts.value(row),
        }
    }
}

/// Reads the sessions of one environment.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pub(super) environment: Arc<Predicate>,
    pub(super) topics: Arc<Topics>,
    pub(super) resources: Resources,
}

/// A file with its number.
pub(super) type Numbered = (DataFile, u32);

/// How many rows files have.
pub(super) fn rows_of(files: &[Numbered]) -> usize {
    let rows: u64 = files.iter().map(|(file, _)| file.rows).sum();
    usize::try_from(rows).unwrap_or(usize::MAX)
}

impl Reader {
    /// The entries of a batch, each with its row.
    fn entries(
        &self,
        batch: &RecordBatch,
        file: u32,
        mut each: impl FnMut(usize, Entry) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let mut evaluator = Evaluator::new(batch);
        let rows = Rows::of(&evaluator, &self.topics);
        let selected = &rows.linkable & &evaluator.predicate(&self.environment);
        for row in selected.set_indices() {
            each(row, Entry::new(rows.persons[row], rows.visit(row), file))?;
        }
        Ok(())
    }

    /// The entries of rows in memory.
    pub(super) fn of_memory(&self, batches: &[RecordBatch]) -> Result<Vec<Entry>, QueryError> {
        let mut found = Vec::new();
        for batch in batches {
            self.entries(batch, NO_FILE, |_, entry| {
                found.push(entry);
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// The entries of files.
    pub(super) async fn of_files(
        &self,
        files: Vec<Numbered>,
        scratch: &Scratch,
    ) -> Result<Gathered, QueryError> {
        let gathering = Arc::new(Gathering::new(scratch, rows_of(&files)));
        let (reader, into) = (self.clone(), Arc::clone(&gathering));
        let consume = move |share: &mut Share, batch: &RecordBatch, file| {
            reader.entries(batch, file, |_, entry| into.add(share, entry))
        };
        let shares = self.scan(files, Predicate::Constant(true), consume).await?;
        gathering.done(shares)
    }

    /// The entries of these sessions, wherever files hold them.
    pub(super) async fn of_sessions(
        &self,
        files: Vec<Numbered>,
        sessions: HashSet<Box<str>>,
    ) -> Result<Vec<(Box<str>, Entry)>, QueryError> {
        let mut ids: Vec<Box<str>> = sessions.iter().cloned().collect();
        ids.sort_unstable();
        let source = TextSource::Column("session_id");
        let pruning = Predicate::TextIn(source.clone(), ids);
        let reader = self.clone();
        let consume = move |found: &mut Vec<(Box<str>, Entry)>, batch: &RecordBatch, file| {
            let evaluator = Evaluator::new(batch);
            let texts = evaluator.texts(&source);
            reader.entries(batch, file, |row, entry| {
                if let Some(id) = texts.row(row).and_then(|id| sessions.get(id)) {
                    found.push((id.clone(), entry));
                }
                Ok(())
            })
        };
        let shares = self.scan(files, pruning, consume).await?;
        Ok(shares.into_iter().flatten().collect())
    }

    /// Reads files on all threads, each file by whichever is free.
    async fn scan<T: Default + Send + 'static>(
        &self,
        files: Vec<Numbered>,
        pruning: Predicate,
        consume: impl Fn(&mut T, &RecordBatch, u32) -> Result<(), QueryError> + Send + Sync + 'static,
    ) -> Result<Vec<T>, QueryError> {
        let paths = files.iter().map(|(file, _)| file);
        self.resources.load_footers(Table::Sessions, paths).await?;
        let mut columns: BTreeSet<&'static str> = COLUMNS.into();
        self.environment.add_columns(&mut columns);
        pruning.add_columns(&mut columns);
        let scan = Arc::new((columns, pruning, consume));
        let (files, next) = (Arc::new(files), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..self.resources.threads.min(files.len()) {
            let (files, next) = (Arc::clone(&files), Arc::clone(&next));
            let (scan, resources) = (Arc::clone(&scan), self.resources.clone());
            let share = async move {
                let (columns, pruning, consume) = &*scan;
                let mut share = T::default();
                while let Some((file, number)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let scan = FileScan {
                        subject: Subject::Sessions,
                        files: vec![file],
                        columns: columns.clone(),
                        pruning: pruning.clone(),
                        form: Form::Coded,
                    };
                    let scan = plan_scan(&scan, &resources.footers, 1)?;
                    let mut batches = scan.execute(0, Arc::clone(&resources.context))?;
                    while let Some(batch) = batches.next().await {
                        consume(&mut share, &batch?, *number)?;
                    }
                }
                Ok::<T, QueryError>(share)
            };
            tasks.spawn_on(share, &self.resources.handle);
        }
        let mut shares = Vec::new();
        while let Some(finished) = tasks.join_next().await {
            shares.push(finished.map_err(|error| QueryError::Stopped(error.to_string()))??);
        }
        Ok(shares)
    }
}

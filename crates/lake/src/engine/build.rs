//! Makes the rows of a flush: events and texts that are in no file yet, and the facts of the
//! conversations that are over. Works on copies, without the lock, on several threads.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use upshot_core::event::{TEXT_FIELDS, order_key};
use upshot_core::fold::Facts;
use upshot_core::time::day_of;
use upshot_core::{Event, Record, Session};

use crate::codec::Decoder;
use crate::engine::overlay::{decode_all, fold_conversation};
use crate::engine::sets::{FactSet, FactSets, SetId};
use crate::engine::state::{Replaced, StoredEvent};
use crate::error::LakeError;
use crate::schema::{BatchBuilder, Table};

/// A conversation as a flush found it in memory.
pub(crate) struct Job {
    pub conversation_id: Box<str>,
    pub bucket: i32,
    pub version: u64,
    pub complete: bool,
    pub sessions_known: bool,
    /// What memory held, then what was looked up in files.
    pub events: Vec<StoredEvent>,
    /// How many of `events` memory held.
    pub in_memory: usize,
    /// Sessions in files that the facts made here stand in for.
    pub replaced: Vec<Replaced>,
    /// Whether the facts are written; set by [`build`].
    pub sealed: bool,
    /// The sessions that were written; set by [`build`].
    pub sessions: Vec<Replaced>,
}

/// Where rows belong: table, day, bucket.
pub(crate) type Partition = (Table, i32, i32);

/// Rows by where they belong; the batches of one partition are in order one after the other.
pub(crate) type Rows = BTreeMap<Partition, Vec<RecordBatch>>;

/// What a flush writes: the events, and the facts of each set.
#[derive(Debug, Default)]
pub(crate) struct Built {
    pub events: Rows,
    pub facts: BTreeMap<SetId, Rows>,
}

/// What is the same for all conversations of a flush.
pub(crate) struct BuildContext<'a> {
    pub workspace: &'a str,
    pub sets: &'a FactSets,
    pub now: i64,
    /// Seal every conversation, over or not: for tests, and when memory is short.
    pub seal_all: bool,
}

/// Makes the rows of these jobs, which must be in order of the conversation's id, on this many
/// threads. Marks the jobs that are sealed.
pub(crate) fn build(
    context: &BuildContext<'_>,
    jobs: &mut [Job],
    threads: usize,
) -> Result<Built, LakeError> {
    let chunk = jobs.len().div_ceil(threads.max(1)).max(1);
    let parts: Vec<Result<Built, LakeError>> = std::thread::scope(|scope| {
        let workers: Vec<_> = jobs
            .chunks_mut(chunk)
            .map(|jobs| scope.spawn(move || build_part(context, jobs)))
            .collect();
        workers
            .into_iter()
            .map(|worker| {
                worker.join().unwrap_or_else(|_| {
                    Err(LakeError::Stopped(
                        "a thread that folds events failed".to_owned(),
                    ))
                })
            })
            .collect()
    });
    let mut whole = Built::default();
    for part in parts {
        let part = part?;
        append(&mut whole.events, part.events);
        for (set, rows) in part.facts {
            append(whole.facts.entry(set).or_default(), rows);
        }
    }
    Ok(whole)
}

/// Adds rows to rows.
pub(crate) fn append(rows: &mut Rows, more: Rows) {
    for (partition, batches) in more {
        rows.entry(partition).or_default().extend(batches);
    }
}

/// How much longer than the time-out a conversation waits for late events before its facts are
/// written. Events that come later still are right, only dearer: the facts are made anew.
const LATENESS: i64 = upshot_core::time::MINUTE;

fn build_part(context: &BuildContext<'_>, jobs: &mut [Job]) -> Result<Built, LakeError> {
    let decoder = Decoder::current();
    let gap = context.sets.cut_gap();
    let mut event_builders = Builders::default();
    let mut fact_builders: BTreeMap<SetId, Builders> = BTreeMap::new();
    for job in jobs {
        let mut events = decode_all(&decoder, &job.events)?;
        event_builders.push_events(job, &events)?;
        let mut all_over = true;
        let mut made = Vec::new();
        for set in context.sets.folded() {
            let (mut facts, over) = fold_in(context.workspace, set, context.now, &mut events);
            all_over &= over;
            set.leave_out_unbuilt(&events, gap, &mut facts);
            made.push((set.id, facts));
        }
        // A conversation leaves memory when it is over by the rules of every set.
        job.sealed = all_over || context.seal_all;
        if !job.sealed {
            continue;
        }
        for (set, facts) in made {
            fact_builders
                .entry(set)
                .or_default()
                .push_facts(job.bucket, &facts)?;
            job.sessions
                .extend(facts.sessions.iter().map(|session| replaced(set, session)));
        }
    }
    let facts = fact_builders
        .into_iter()
        .map(|(set, builders)| Ok((set, builders.finish()?)))
        .collect::<Result<_, LakeError>>()?;
    Ok(Built {
        events: event_builders.finish()?,
        facts,
    })
}

/// The facts of a conversation in this set, and whether it is over by its rules: nothing is open,
/// and the silence is longer than the time-out. Puts the events in order.
pub(crate) fn fold_in(
    workspace: &str,
    set: &FactSet,
    now: i64,
    events: &mut Vec<Event>,
) -> (Facts, bool) {
    let mut facts = Facts::default();
    let profile = fold_conversation(workspace, &set.settings, now, events, &mut facts);
    let channel = events.iter().find_map(|event| event.channel.as_deref());
    let silence = profile.timeout(channel) + LATENESS;
    let over = facts.sessions.iter().all(|session| !session.open)
        && events.last().is_none_or(|event| event.time + silence < now);
    (facts, over)
}

fn replaced(set: SetId, session: &Session) -> Replaced {
    Replaced {
        set,
        session_id: session.session_id.clone(),
        day: day_of(session.start_time),
    }
}

/// Collects rows by where they belong.
#[derive(Default)]
pub(crate) struct Builders {
    by_partition: BTreeMap<Partition, BatchBuilder>,
    done: Rows,
}

/// A builder becomes a batch at this many rows.
const BATCH_ROWS: usize = 32_768;

impl Builders {
    fn push(
        &mut self,
        table: Table,
        day: i32,
        bucket: i32,
        record: &impl Record,
    ) -> Result<(), LakeError> {
        let partition = (table, day, bucket);
        let builder = self
            .by_partition
            .entry(partition)
            .or_insert_with(|| BatchBuilder::new(table));
        builder.push(record, day, bucket);
        if builder.len() >= BATCH_ROWS {
            let batch = builder.finish()?;
            self.done.entry(partition).or_default().push(batch);
        }
        Ok(())
    }

    fn push_events(&mut self, job: &Job, events: &[Event]) -> Result<(), LakeError> {
        let mut unflushed: Vec<&Event> = job
            .events
            .iter()
            .zip(events)
            .filter(|(stored, _)| !stored.flushed)
            .map(|(_, event)| event)
            .collect();
        unflushed.sort_by(|left, right| order_key(left).cmp(&order_key(right)));
        for event in unflushed {
            let day = day_of(event.time);
            self.push(Table::Events, day, job.bucket, event)?;
            if has_text(event) {
                self.push(Table::Texts, day, job.bucket, event)?;
            }
        }
        Ok(())
    }

    /// Adds the facts of a conversation.
    pub fn push_facts(&mut self, bucket: i32, facts: &Facts) -> Result<(), LakeError> {
        for session in &facts.sessions {
            self.push(Table::Sessions, day_of(session.start_time), bucket, session)?;
        }
        for message in &facts.messages {
            self.push(
                Table::Messages,
                day_of(message.session_start),
                bucket,
                message,
            )?;
        }
        for step in &facts.steps {
            self.push(Table::Steps, day_of(step.session_start), bucket, step)?;
        }
        Ok(())
    }

    /// All rows.
    pub fn finish(mut self) -> Result<Rows, LakeError> {
        for (partition, mut builder) in std::mem::take(&mut self.by_partition) {
            if !builder.is_empty() {
                let batch = builder.finish()?;
                self.done.entry(partition).or_default().push(batch);
            }
        }
        Ok(self.done)
    }
}

fn has_text(event: &Event) -> bool {
    debug_assert_eq!(
        TEXT_FIELDS.len(),
        3,
        "a new text field must be asked here too"
    );
    event.text.is_some() || event.survey_comment.is_some() || event.feedback_comment.is_some()
}

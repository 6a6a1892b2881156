//! Makes the rows of a flush: events and texts that are in no file yet, and the facts of the
//! conversations that are over. Works on copies, without the lock, on several threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use upshot_core::event::{TEXT_FIELDS, order_key};
use upshot_core::fold::Facts;
use upshot_core::time::day_of;
use upshot_core::{Event, Record};

use crate::capture::lone_message_key;
use crate::codec::Decoder;
use crate::engine::cuts::{Cut, CutFacts, Cuts, FoundCut};
use crate::engine::overlay::{decode_all, fold_conversation, source_of};
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
    pub events: Arc<Vec<StoredEvent>>,
    /// How many of `events` memory held.
    pub in_memory: usize,
    /// From where each set's facts are folded.
    pub cuts: Cuts,
    /// Sessions in files that the facts made here stand in for.
    pub replaced: Vec<Replaced>,
    /// Whether all facts are written; set by [`build`].
    pub sealed: bool,
    /// Of which sets facts are written, and of which time: from the first to before the second; set by
    /// [`build`].
    pub written: Vec<(SetId, i64, i64)>,
    /// The cuts before which all facts are in files with this flush; set by [`build`].
    pub new_cuts: Vec<Arc<Cut>>,
    /// The sessions that were written, where all were; set by [`build`].
    pub sessions: Vec<Replaced>,
}

impl Job {
    /// Whether facts of this set are written that stand in for others.
    pub fn rewrites(&self, set: SetId) -> Option<(i64, i64)> {
        let (_, from, to) = *self.written.iter().find(|(of, ..)| *of == set)?;
        let known = |known: &Replaced| known.set == set && (from..to).contains(&known.start);
        self.replaced.iter().any(known).then_some((from, to))
    }
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
    /// Seal every conversation that has events before this time, over or not.
    pub seal_before: i64,
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
    let mut event_builders = Builders::default();
    let mut fact_builders: BTreeMap<SetId, Builders> = BTreeMap::new();
    for job in jobs {
        let mut events = decode_all(&decoder, &job.events)?;
        event_builders.push_events(job, &events)?;
        for (set, facts) in facts_to_write(context, job, &mut events) {
            let builders = fact_builders.entry(set).or_default();
            builders.push_facts(job.bucket, &facts)?;
            if job.sealed {
                job.sessions.extend(replaced(set, &facts));
            }
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

/// What one set makes of a conversation, and the last cut that was found.
type Made = (SetId, Facts, Option<(Arc<Cut>, FoundCut)>);

/// The facts of a conversation that go into files now: all where it is over by the rules of every set,
/// those before the last cut where every set has one, else none.
fn facts_to_write(
    context: &BuildContext<'_>,
    job: &mut Job,
    events: &mut Vec<Event>,
) -> Vec<(SetId, Facts)> {
    let sets = context.sets;
    let mut all_over = true;
    let mut made: Vec<Made> = Vec::new();
    // Where a set is being built, whole stretches are needed for a while.
    let all_whole = sets.folded().iter().all(FactSet::is_whole);
    for set in sets.folded() {
        let cut = job.cuts.of(set.id).cloned();
        let mut folded = fold_from(context.workspace, set, context.now, cut.as_deref(), events);
        all_over &= folded.over;
        set.leave_out_unbuilt(events, &mut folded.facts);
        let last = if all_whole { folded.cuts.pop() } else { None };
        if all_whole {
            job.new_cuts
                .extend(folded.cuts.into_iter().map(|(cut, _)| cut));
            job.new_cuts.extend(last.iter().map(|(cut, _)| cut.clone()));
        }
        made.push((set.id, folded.facts, last));
    }
    // A conversation leaves memory when it is over by the rules of every set.
    let first = job.events.iter().map(|event| event.time).min();
    job.sealed = all_over || first.is_none_or(|first| first < context.seal_before);
    if job.sealed {
        let everything = |set| (set, job.cuts.from(set), i64::MAX);
        job.written = made.iter().map(|(set, ..)| everything(*set)).collect();
        return made
            .into_iter()
            .map(|(set, facts, _)| (set, facts))
            .collect();
    }
    let base = made.iter().map(|(set, _, last)| {
        let last = last.as_ref().map(|(cut, _)| cut.time);
        last.unwrap_or_else(|| job.cuts.from(*set))
    });
    if base.min().is_none_or(|base| base <= job.cuts.base(sets)) {
        job.new_cuts.clear();
        return Vec::new();
    }
    let mut write = Vec::new();
    for (set, mut facts, last) in made {
        if let Some((cut, found)) = last {
            found.keep_before(&mut facts);
            job.written.push((set, job.cuts.from(set), cut.time));
            write.push((set, facts));
        }
    }
    write
}

/// What folding a conversation gives.
pub(crate) struct Folded {
    pub facts: Facts,
    /// Whether it is over by the rules of the set: nothing is open, and the silence is longer than the
    /// time-out.
    pub over: bool,
    /// Where the facts can be divided.
    cuts: Vec<(Arc<Cut>, FoundCut)>,
}

/// The facts of a conversation in this set from the cut on. Puts the events in order.
fn fold_from(
    workspace: &str,
    set: &FactSet,
    now: i64,
    cut: Option<&Cut>,
    events: &mut Vec<Event>,
) -> Folded {
    let mut sink = CutFacts::default();
    let (profile, before) =
        fold_conversation(workspace, &set.settings, now, cut, events, &mut sink);
    let source = source_of(cut, events);
    let events = &events[before..];
    let channel = events.iter().find_map(|event| event.channel.as_deref());
    let silence = profile.timeout(channel) + LATENESS;
    let facts = sink.facts;
    let over = facts.sessions.iter().all(|session| !session.open)
        && events.last().is_none_or(|event| event.time + silence < now);
    let usable = |found: FoundCut| {
        let cut = found.usable(set.id, source, events, now - LATENESS)?;
        Some((Arc::new(cut), found))
    };
    Folded {
        facts,
        over,
        cuts: sink.cuts.into_iter().filter_map(usable).collect(),
    }
}

/// The facts of a conversation in this set from its first event on, and whether it is over by the rules
/// of the set. Puts the events in order.
pub(crate) fn fold_in(
    workspace: &str,
    set: &FactSet,
    now: i64,
    events: &mut Vec<Event>,
) -> (Facts, bool) {
    let folded = fold_from(workspace, set, now, None, events);
    (folded.facts, folded.over)
}

/// What memory has to remember of facts that are in files: sessions, and messages that belong to none.
fn replaced(set: SetId, facts: &Facts) -> Vec<Replaced> {
    let sessions = facts.sessions.iter().map(|session| Replaced {
        set,
        key: session.session_id.clone(),
        start: session.start_time,
    });
    let lone = facts
        .messages
        .iter()
        .filter(|message| message.session_id.is_none());
    let lone = lone.map(|message| Replaced {
        set,
        key: lone_message_key(&message.event_id).into(),
        start: message.session_start,
    });
    sessions.chain(lone).collect()
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

pub(crate) fn has_text(event: &Event) -> bool {
    debug_assert_eq!(
        TEXT_FIELDS.len(),
        3,
        "a new text field must be asked here too"
    );
    event.text.is_some() || event.survey_comment.is_some() || event.feedback_comment.is_some()
}

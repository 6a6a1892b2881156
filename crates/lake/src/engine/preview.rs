//! What other profiles would change, without writing anything: every stretch of events is folded by
//! both and the sessions are compared.

use std::sync::{Arc, Weak};

use rustc_hash::FxHashMap;
use upshot_core::fold::Facts;
use upshot_core::time::start_of_day;
use upshot_core::words::Outcome;
use upshot_core::{Attributes, Event, FieldSink, Record, Session};

use crate::catalog::FileList;
use crate::codec::Decoder;
use crate::engine::lookup::{self, Question};
use crate::engine::overlay::{decode_all, fold_conversation};
use crate::engine::portion::{Stretch, Walk, divide};
use crate::engine::sets::FactSets;
use crate::engine::settings::Settings;
use crate::engine::{Inner, Lake, check_workspace_name};
use crate::error::LakeError;

/// How a preview is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviewOptions {
    /// Only one conversation in so many, drawn by the hash of its id; 1 for all.
    pub one_in: u64,
    /// How many sessions that change are listed at most.
    pub listed: usize,
}

impl Default for PreviewOptions {
    fn default() -> Self {
        Self {
            one_in: 1,
            listed: 20,
        }
    }
}

/// What became of sessions. Open ones are counted apart: they are not decided yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sessions that are over.
    pub sessions: u64,
    /// Of these, engaged ones.
    pub engaged: u64,
    /// Of these, resolved ones.
    pub resolved: u64,
    /// Of the engaged, escalated ones.
    pub escalated: u64,
    /// Of the engaged, abandoned ones.
    pub abandoned: u64,
    /// Sessions that may still go on.
    pub open: u64,
}

impl Counts {
    fn add(&mut self, session: &Session) {
        if session.open {
            self.open += 1;
            return;
        }
        self.sessions += 1;
        self.engaged += u64::from(session.engaged_time.is_some());
        let outcome = |wanted| u64::from(session.outcome == Some(wanted));
        self.resolved += outcome(Outcome::Resolved);
        self.escalated += outcome(Outcome::Escalated);
        self.abandoned += outcome(Outcome::Abandoned);
    }

    fn merge(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.engaged += other.engaged;
        self.resolved += other.resolved;
        self.escalated += other.escalated;
        self.abandoned += other.abandoned;
        self.open += other.open;
    }

    /// The share of a part in a whole; nothing of nothing.
    fn share(part: u64, whole: u64) -> Option<f64> {
        (whole > 0).then(|| part as f64 / whole as f64)
    }

    /// Engaged sessions by all that are over.
    pub fn engagement_rate(&self) -> Option<f64> {
        Self::share(self.engaged, self.sessions)
    }

    /// Resolved sessions by engaged ones.
    pub fn resolution_rate(&self) -> Option<f64> {
        Self::share(self.resolved, self.engaged)
    }

    /// Escalated sessions by engaged ones.
    pub fn escalation_rate(&self) -> Option<f64> {
        Self::share(self.escalated, self.engaged)
    }

    /// Abandoned sessions by engaged ones.
    pub fn abandon_rate(&self) -> Option<f64> {
        Self::share(self.abandoned, self.engaged)
    }
}

/// What happens to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It has other facts.
    Changed,
    /// It is no session any more.
    Gone,
    /// It becomes a session.
    New,
}

/// A field of a session that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field.
    pub field: &'static str,
    /// Its value, as text; `null` for none.
    pub before: String,
    /// Its value by the other profiles.
    pub after: String,
}

/// A session that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionChange {
    /// Its id.
    pub session_id: String,
    /// Its conversation.
    pub conversation_id: String,
    /// When it started, UTC microseconds.
    pub start_time: i64,
    /// What happens to it.
    pub change: Change,
    /// The fields that change; empty unless it is changed.
    pub fields: Vec<FieldChange>,
}

/// What other profiles would change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// The facts as they are.
    pub fact_set_before: String,
    /// The facts that the other profiles make.
    pub fact_set_after: String,
    /// One conversation in so many was looked at.
    pub one_in: u64,
    /// Events that were folded.
    pub events: u64,
    /// The sessions as they are.
    pub before: Counts,
    /// The sessions by the other profiles.
    pub after: Counts,
    /// Sessions with other facts.
    pub changed: u64,
    /// Sessions that are no more.
    pub gone: u64,
    /// Sessions that were none.
    pub new: u64,
    /// How many sessions change each field, most first.
    pub fields: Vec<(&'static str, u64)>,
    /// The first of the sessions that change, in order of time and id.
    pub sessions: Vec<SessionChange>,
}

impl Lake {
    /// What these profiles would change in the active fact set. Folds all events by both; ingest and
    /// queries go on. Ends early when nobody waits for it any more.
    ///
    /// # Errors
    /// When files cannot be read.
    pub async fn preview(
        &self,
        workspace: &str,
        settings: Settings,
        options: PreviewOptions,
    ) -> Result<Preview, LakeError> {
        check_workspace_name(workspace)?;
        let inner = self.inner.clone();
        let name = workspace.to_owned();
        let waiting = Arc::new(());
        let waits = Arc::downgrade(&waiting);
        tokio::task::spawn_blocking(move || preview(&inner, &name, &settings, options, &waits))
            .await
            .map_err(|error| LakeError::Stopped(error.to_string()))?
    }
}

fn preview(
    inner: &Inner,
    workspace: &str,
    settings: &Settings,
    options: PreviewOptions,
    waits: &Weak<()>,
) -> Result<Preview, LakeError> {
    let (sets, files, unfiled) = moment(inner, workspace);
    let active = sets.active();
    let walk = Walk {
        inner,
        workspace,
        files: &files,
        gap: sets.cut_gap().max(settings.cut_gap()),
        one_in: options.one_in.max(1),
    };
    let both = Both {
        workspace,
        before: &active.settings,
        after: settings,
        now: inner.now(),
        listed: options.listed,
    };
    let mut all = Difference::default();
    let in_memory = stretches_in_memory(&walk, unfiled)?;
    let mut seen: FxHashMap<Box<str>, Vec<(i64, i64)>> = FxHashMap::default();
    for stretch in &in_memory {
        let spans = seen.entry(stretch.conversation_id.clone()).or_default();
        spans.push(stretch.span());
    }
    all.merge(both.compare_all(&in_memory, inner.options.threads)?, &both);
    let mut from = i64::MIN;
    while let Some(mut portion) = walk.portion(from)? {
        from = start_of_day(portion.days.end);
        portion.stretches.retain(|stretch| {
            let (first, last) = stretch.span();
            let spans = seen.get(&stretch.conversation_id);
            !spans
                .into_iter()
                .flatten()
                .any(|(from, to)| first <= *to && *from <= last)
        });
        all.merge(
            both.compare_all(&portion.stretches, inner.options.threads)?,
            &both,
        );
        if portion.is_last || waits.strong_count() == 0 {
            break;
        }
    }
    let mut fields: Vec<(&'static str, u64)> = all.fields.into_iter().collect();
    fields.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
    Ok(Preview {
        fact_set_before: active.name.to_string(),
        fact_set_after: settings.fact_set(),
        one_in: walk.one_in,
        fields,
        ..all.preview
    })
}

/// The fact sets of a workspace, its files, and the conversations of which memory holds events that
/// these files do not, at one moment.
fn moment(inner: &Inner, workspace: &str) -> (Arc<FactSets>, Arc<FileList>, Vec<Question>) {
    let state = inner.lock_state();
    let Some(memory) = state.workspace(workspace) else {
        let sets = FactSets::built_in(inner.built_in.clone());
        return (Arc::new(sets), Arc::default(), Vec::new());
    };
    let unfiled = memory
        .shards
        .iter()
        .flat_map(|shard| &shard.conversations)
        .filter(|(_, known)| known.events.iter().any(|event| !event.flushed))
        .map(|(id, known)| Question::new(id, known.bucket, &known.events, true));
    (memory.sets.clone(), memory.files.clone(), unfiled.collect())
}

/// The stretches of these conversations that memory knows of.
fn stretches_in_memory(
    walk: &Walk<'_>,
    mut questions: Vec<Question>,
) -> Result<Vec<Stretch>, LakeError> {
    questions.retain(|question| walk.wants(&question.conversation_id));
    lookup::complete_events(&walk.place(), &mut questions)?;
    let mut stretches = Vec::new();
    for question in questions {
        let mut events = question.known.events.to_vec();
        events.sort_by_key(|event| event.time);
        for events in divide(events, walk.gap) {
            stretches.push(Stretch {
                conversation_id: question.conversation_id.clone(),
                bucket: question.bucket,
                events,
            });
        }
    }
    Ok(stretches)
}

/// Both choices of profiles.
struct Both<'a> {
    workspace: &'a str,
    before: &'a Settings,
    after: &'a Settings,
    now: i64,
    listed: usize,
}

/// What was found so far.
#[derive(Default)]
struct Difference {
    preview: Preview,
    fields: FxHashMap<&'static str, u64>,
}

impl Difference {
    fn merge(&mut self, other: Self, both: &Both<'_>) {
        let (all, more) = (&mut self.preview, other.preview);
        all.events += more.events;
        all.before.merge(more.before);
        all.after.merge(more.after);
        all.changed += more.changed;
        all.gone += more.gone;
        all.new += more.new;
        all.sessions.extend(more.sessions);
        all.sessions.sort_by(|left, right| {
            (left.start_time, &left.session_id).cmp(&(right.start_time, &right.session_id))
        });
        all.sessions.truncate(both.listed);
        for (field, count) in other.fields {
            *self.fields.entry(field).or_default() += count;
        }
    }

    fn note(&mut self, session: &Session, change: Change, fields: Vec<FieldChange>, most: usize) {
        match change {
            Change::Changed => self.preview.changed += 1,
            Change::Gone => self.preview.gone += 1,
            Change::New => self.preview.new += 1,
        }
        for field in &fields {
            *self.fields.entry(field.field).or_default() += 1;
        }
        self.preview.sessions.push(SessionChange {
            session_id: session.session_id.to_string(),
            conversation_id: session.conversation_id.to_string(),
            start_time: session.start_time,
            change,
            fields,
        });
        // The list stays small without being sorted for every session.
        if self.preview.sessions.len() > most.saturating_mul(4).max(64) {
            self.preview.sessions.sort_by(|left, right| {
                (left.start_time, &left.session_id).cmp(&(right.start_time, &right.session_id))
            });
            self.preview.sessions.truncate(most);
        }
    }
}

impl Both<'_> {
    fn compare_all(&self, stretches: &[Stretch], threads: usize) -> Result<Difference, LakeError> {
        let chunk = stretches.len().div_ceil(threads.max(1)).max(1);
        let parts: Vec<Result<Difference, LakeError>> = std::thread::scope(|scope| {
            let workers: Vec<_> = stretches
                .chunks(chunk)
                .map(|part| scope.spawn(move || self.compare_part(part)))
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
        let mut all = Difference::default();
        for part in parts {
            all.merge(part?, self);
        }
        Ok(all)
    }

    fn compare_part(&self, stretches: &[Stretch]) -> Result<Difference, LakeError> {
        let decoder = Decoder::current();
        let mut found = Difference::default();
        for stretch in stretches {
            let mut events = decode_all(&decoder, &stretch.events)?;
            found.preview.events += events.len() as u64;
            let before = self.sessions(self.before, &mut events);
            let after = self.sessions(self.after, &mut events);
            self.compare(before, after, &mut found);
        }
        Ok(found)
    }

    fn sessions(&self, settings: &Settings, events: &mut Vec<Event>) -> Vec<Session> {
        let mut facts = Facts::default();
        fold_conversation(self.workspace, settings, self.now, None, events, &mut facts);
        facts.sessions
    }

    fn compare(&self, before: Vec<Session>, after: Vec<Session>, found: &mut Difference) {
        let mut old: FxHashMap<Box<str>, Session> = before
            .into_iter()
            .inspect(|session| found.preview.before.add(session))
            .map(|session| (session.session_id.clone(), session))
            .collect();
        for session in after {
            found.preview.after.add(&session);
            match old.remove(&session.session_id) {
                None => found.note(&session, Change::New, Vec::new(), self.listed),
                Some(old) => {
                    let fields = differences(&old, &session);
                    if !fields.is_empty() {
                        found.note(&session, Change::Changed, fields, self.listed);
                    }
                }
            }
        }
        for session in old.into_values() {
            found.note(&session, Change::Gone, Vec::new(), self.listed);
        }
    }
}

/// The fields in which two sessions differ, but for the name of the rules that made them.
pub(crate) fn differences(before: &Session, after: &Session) -> Vec<FieldChange> {
    if before == after {
        return Vec::new();
    }
    let (mut old, mut new) = (Texts::default(), Texts::default());
    before.write(&mut old);
    after.write(&mut new);
    Session::FIELDS
        .iter()
        .zip(old.0.into_iter().zip(new.0))
        .filter(|(field, (before, after))| before != after && field.name != "fact_set")
        .map(|(field, (before, after))| FieldChange {
            field: field.name,
            before,
            after,
        })
        .collect()
}

/// The values of a record as text, in the order of its fields.
#[derive(Default)]
struct Texts(Vec<String>);

impl Texts {
    fn push<T: ToString>(&mut self, value: Option<T>) {
        self.0
            .push(value.map_or_else(|| "null".to_owned(), |value| value.to_string()));
    }
}

impl FieldSink for Texts {
    fn text(&mut self, _: usize, value: Option<&str>) {
        self.push(value);
    }
    fn integer(&mut self, _: usize, value: Option<i64>) {
        self.push(value);
    }
    fn real(&mut self, _: usize, value: Option<f64>) {
        self.push(value);
    }
    fn flag(&mut self, _: usize, value: Option<bool>) {
        self.push(value);
    }
    fn map(&mut self, _: usize, value: &Attributes) {
        self.0.push(format!("{value:?}"));
    }
}

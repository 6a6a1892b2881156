//! The sessions behind a number: lists of them, and in [`one`] one with all that was said and done.

mod one;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter_record_batch;
use futures::TryStreamExt;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use upshot_core::profile::MaturityTimes;
use upshot_core::time::start_of_day;
use upshot_core::{Record, Session};
use upshot_lake::schema::BatchReader;
use upshot_lake::{Capture, DataFile, Preferences, Table, TableCapture};

use crate::columns::Columns;
use crate::engine::{Engine, captured, maturity};
use crate::error::{Problem, ProblemCode, QueryError, nearest};
use crate::filter::{Measure, NumberTest, Order, Predicate, ResolveContext, TextSource};
use crate::listed::{Listed, Reading};
use crate::query::resolve::filters;
use crate::query::scope::{in_environment, in_range, mature};
use crate::query::{EnvironmentChoice, Identity};
use crate::registry::Subject;
use crate::run::evaluate::{Evaluator, Numbers, not_replaced};
use crate::run::worker::{Shape, on_day};
use crate::scan::{FileScan, Form, plan_scan, read_files, records_are_kept};
use crate::time::{Calendar, RangeSpec, resolve_range};
use crate::top_users::{SessionsOfTop, TopUsers};

pub use one::{SessionDetail, times_of};

/// How many sessions a list holds unless it says else.
const DEFAULT_LIMIT: usize = 50;
/// How many sessions a list may hold at most.
const MOST_SESSIONS: usize = 10_000;
/// By what a list may be ordered.
const ORDER_FIELDS: [&str; 6] = [
    "start_time",
    "duration",
    "messages",
    "user_messages",
    "fallbacks",
    "tokens_output",
];

/// Which sessions to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionQuery {
    /// Filters; a session must pass all of them.
    pub filters: Vec<String>,
    /// From when until when.
    pub range: RangeSpec,
    /// Which traffic is listed.
    pub environment: EnvironmentChoice,
    /// The IANA name of the zone of dates; that of the workspace where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Only the sessions of so many percent of the users, 1 to 100: those who have most of the sessions that are listed
    /// without it. At least one user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_users: Option<u32>,
    /// Who counts as one user there.
    pub identity: Identity,
    /// `start_time`, `duration`, `messages`, `user_messages`, `fallbacks` or `tokens_output`, perhaps
    /// followed by `asc`; largest first otherwise. Nothing means the newest first.
    pub order: Option<String>,
    /// How many at most; 50 if nothing is said, never more than 10,000.
    pub limit: Option<usize>,
    /// Where the list goes on: what [`cursor_after`] made of its last session.
    pub cursor: Option<String>,
    /// Which fact set is read: the name of its profile, or of its facts. Nothing means the active one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The clock, in UTC microseconds; whoever runs the query sets it.
    #[serde(skip)]
    pub now: i64,
    /// How old a session must be to be judged, in microseconds; nothing means what the profile says.
    #[serde(skip)]
    pub maturity: Option<i64>,
}

/// Where a list stands: the number by which it is ordered, and the session.
pub(crate) type Position = (i64, Box<str>);

/// How a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listing {
    field: &'static str,
    descending: bool,
    limit: usize,
}

impl Listing {
    /// Whether the first position comes before the second.
    fn before(self, first: &Position, second: &Position) -> bool {
        if self.descending {
            first > second
        } else {
            first < second
        }
    }

    /// What may still be listed after a position.
    fn from(self, after: Option<&Position>, predicate: Predicate) -> Predicate {
        let Some((number, _)) = after else {
            return predicate;
        };
        let order = match self.descending {
            true => Order::LessOrEqual,
            false => Order::GreaterOrEqual,
        };
        let test = NumberTest::Integer(order, *number);
        predicate.and(Predicate::Number(Measure::Column(self.field), test))
    }
}

fn listing(query: &SessionQuery) -> Result<Listing, Problem> {
    let text = query.order.as_deref().unwrap_or("start_time");
    let (name, direction) = text
        .trim()
        .rsplit_once(' ')
        .unwrap_or((text.trim(), "desc"));
    let field = ORDER_FIELDS.into_iter().find(|field| *field == name.trim());
    match (field, direction) {
        (Some(field), "asc" | "desc") => Ok(Listing {
            field,
            descending: direction == "desc",
            limit: query.limit.unwrap_or(DEFAULT_LIMIT).min(MOST_SESSIONS),
        }),
        _ => Err(Problem::new(
            ProblemCode::UnknownName,
            "order",
            format!(
                "sessions cannot be ordered by `{text}`; use one of {}",
                ORDER_FIELDS.join(", ")
            ),
        )
        .suggest(nearest(name, ORDER_FIELDS))),
    }
}

fn number_of(session: &Session, field: &str) -> i64 {
    match field {
        "duration" => session.duration,
        "messages" => session.messages,
        "user_messages" => session.user_messages,
        "fallbacks" => session.fallbacks,
        "tokens_output" => session.tokens_output,
        _ => session.start_time,
    }
}

/// The cursor with which the list goes on after a session.
pub fn cursor_after(query: &SessionQuery, session: &Session) -> Option<String> {
    let listing = listing(query).ok()?;
    Some(format!(
        "{}:{}",
        number_of(session, listing.field),
        session.session_id
    ))
}

pub(crate) fn position_of(cursor: &str) -> Result<Position, Problem> {
    let parts = cursor.split_once(':');
    parts
        .and_then(|(number, id)| Some((number.parse().ok()?, id.into())))
        .ok_or_else(|| {
            Problem::new(
                ProblemCode::WrongType,
                "cursor",
                "the cursor is none that a list gave; begin without one",
            )
        })
}

impl Engine {
    /// The sessions that a query asks for, in its order.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub async fn sessions(
        &self,
        query: &SessionQuery,
        capture: &Capture,
    ) -> Result<Vec<Session>, QueryError> {
        Ok(self.listed(query, capture).await?.sessions)
    }

    /// The same, with what was read for it.
    pub(crate) async fn listed(
        &self,
        query: &SessionQuery,
        capture: &Capture,
    ) -> Result<Listed, QueryError> {
        let began = Instant::now();
        let maturity = maturity(query.maturity, capture);
        let (listing, all, after) = resolve(query, &maturity, &capture.preferences)?;
        let sessions = captured(capture, Table::Sessions)?;
        // A list looks at each row by itself; what the others say of it is gathered before.
        let all = all.people_as_sets();
        let predicate = match query.top_users {
            None => listing.from(after.as_ref(), all),
            // Who has most does not depend on the page.
            Some(_) => all,
        };
        let shape = Shape::selecting(Subject::Sessions, predicate.clone(), Columns::new());
        let sets = self
            .sets_of(&shape, &[&predicate], query.environment, capture)
            .await?;
        let mut predicate = sets.put_into(&predicate);
        let top = self.top_users(query, &predicate, capture).await?;
        if let Some(top) = &top {
            let of_top = predicate.and(top.condition.clone());
            predicate = listing.from(after.as_ref(), of_top);
        }
        let mut reading = Reading::default();
        let found = self
            .positions(
                (listing, after.as_ref()),
                &predicate,
                sessions,
                &mut reading,
            )
            .await?;
        let records = self.records(&found, sessions, &mut reading).await?;
        Ok(Listed {
            sessions: records,
            record: reading.record(&predicate, sessions, began),
            top,
        })
    }

    /// The sessions of the users who have most of those that are selected, where only these are listed.
    async fn top_users(
        &self,
        query: &SessionQuery,
        selection: &Predicate,
        capture: &Capture,
    ) -> Result<Option<SessionsOfTop>, QueryError> {
        let Some(percent) = query.top_users else {
            return Ok(None);
        };
        let top = TopUsers::new(percent, query.identity)?;
        let found = top.sessions(selection, query.environment, capture, self.resources());
        found.await.map(Some)
    }

    /// The sessions at these positions, in their order.
    async fn records(
        &self,
        found: &[(Position, Option<i32>)],
        sessions: &TableCapture,
        reading: &mut Reading,
    ) -> Result<Vec<Session>, QueryError> {
        let days: BTreeSet<i32> = found.iter().filter_map(|(_, day)| *day).collect();
        let ids: Vec<Box<str>> = {
            let mut ids: Vec<Box<str>> = found.iter().map(|((_, id), _)| id.clone()).collect();
            ids.sort_unstable();
            ids
        };
        let by_id = Predicate::TextIn(TextSource::Column("session_id"), ids);
        let files = sessions
            .files
            .iter()
            .filter(|file| days.contains(&file.day))
            .collect();
        let subject = Subject::Sessions;
        let mut records: Vec<Session> = self
            .fetch((subject, Form::Coded), sessions, files, &by_id, reading)
            .await?;
        let places = found.iter().enumerate();
        let places: FxHashMap<&str, usize> =
            places.map(|(place, ((_, id), _))| (&**id, place)).collect();
        records.sort_by_key(|session| places.get(&*session.session_id).copied());
        Ok(records)
    }

    /// The first positions of a list, with the day of the file in which each was found.
    async fn positions(
        &self,
        (listing, after): (Listing, Option<&Position>),
        predicate: &Predicate,
        sessions: &TableCapture,
        reading: &mut Reading,
    ) -> Result<Vec<(Position, Option<i32>)>, QueryError> {
        let mut top = Top {
            listing,
            after,
            found: Vec::new(),
        };
        for batch in &sessions.memory {
            reading.rows += batch.num_rows() as u64;
            top.add(batch, predicate, None, None);
        }
        let replaced = (!sessions.replaced.is_empty()).then_some(&*sessions.replaced);
        let mut days: Vec<i32> = sessions.files.iter().map(|file| file.day).collect();
        days.sort_unstable();
        days.dedup();
        if listing.descending {
            days.reverse();
        }
        for day in days {
            // What starts on later days cannot come before what was found.
            if listing.field == "start_time" && top.is_closed_to(day) {
                break;
            }
            let folded = on_day(Subject::Sessions, predicate, day);
            if folded == Predicate::Constant(false) {
                continue;
            }
            let mut columns = BTreeSet::from(["session_id", listing.field]);
            folded.add_columns(&mut columns);
            let files = sessions
                .files
                .iter()
                .filter(|file| file.day == day)
                .collect();
            let scan = FileScan {
                subject: Subject::Sessions,
                files,
                columns,
                pruning: folded.clone(),
                form: Form::Coded,
            };
            reading.begins(&scan);
            for batch in self.read(&scan).await? {
                reading.rows += batch.num_rows() as u64;
                top.add(&batch, &folded, replaced, Some(day));
            }
        }
        Ok(top.finish())
    }

    /// All records of a table that fulfil a predicate, from these files and memory: in plain form no more is read than what
    /// belongs to them; coded, all columns of small files are kept for the next list.
    pub(crate) async fn fetch<R: Record>(
        &self,
        (subject, form): (Subject, Form),
        capture: &TableCapture,
        files: Vec<&DataFile>,
        predicate: &Predicate,
        reading: &mut Reading,
    ) -> Result<Vec<R>, QueryError> {
        let (kept, others): (Vec<&DataFile>, Vec<&DataFile>) = files
            .into_iter()
            .partition(|file| form == Form::Coded && records_are_kept(file, self.resources()));
        let mut records = Vec::new();
        for (files, form) in [(kept, Form::Coded), (others, Form::Plain)] {
            let of_files = self.fetch_of_files((subject, form), capture, files, predicate, reading);
            records.append(&mut of_files.await?);
        }
        // They come last, as the newer of two with the same id.
        for batch in &capture.memory {
            let wanted = Evaluator::new(batch).predicate(predicate);
            read_records(batch, wanted, &mut records)?;
        }
        Ok(records)
    }

    async fn fetch_of_files<R: Record>(
        &self,
        (subject, form): (Subject, Form),
        capture: &TableCapture,
        files: Vec<&DataFile>,
        predicate: &Predicate,
        reading: &mut Reading,
    ) -> Result<Vec<R>, QueryError> {
        let mut records = Vec::new();
        if files.is_empty() {
            return Ok(records);
        }
        let table = capture.table.columns();
        let scan = FileScan {
            subject,
            files,
            columns: table.iter().map(|column| column.name).collect(),
            pruning: predicate.clone(),
            form,
        };
        reading.begins(&scan);
        for batch in self.read(&scan).await? {
            reading.rows += batch.num_rows() as u64;
            let mut wanted = Evaluator::new(&batch).predicate(predicate);
            if !capture.replaced.is_empty() {
                wanted = &wanted & &not_replaced(&Evaluator::new(&batch), &capture.replaced);
            }
            read_records(&batch, wanted, &mut records)?;
        }
        Ok(records)
    }

    /// The batches of a scan, on the engine's own threads.
    async fn read(&self, scan: &FileScan<'_>) -> Result<Vec<RecordBatch>, QueryError> {
        let resources = self.resources().clone();
        resources
            .load_footers(scan.subject.table(), scan.files.iter().copied())
            .await?;
        let files: Vec<DataFile> = scan.files.iter().map(|file| (*file).clone()).collect();
        let (subject, form) = (scan.subject, scan.form);
        let (columns, pruning) = (scan.columns.clone(), scan.pruning.clone());
        self.on_own_threads(async move {
            let scan = FileScan {
                subject,
                files: files.iter().collect(),
                columns,
                pruning,
                form,
            };
            if form == Form::Coded {
                return read_files(scan, &resources).await?.try_collect().await;
            }
            let plan = plan_scan(&scan, &resources.footers, 1)?;
            let batches = plan.execute(0, Arc::clone(&resources.context))?;
            Ok(batches.try_collect().await?)
        })
        .await
    }
}

fn resolve(
    query: &SessionQuery,
    maturity: &MaturityTimes,
    preferences: &Preferences,
) -> Result<(Listing, Predicate, Option<Position>), QueryError> {
    let mut problems = Vec::new();
    let calendar = Calendar::of(query.time_zone.as_deref(), None, preferences)?;
    let listing = listing(query)?;
    let context = ResolveContext::new(calendar.zone.clone())
        .judging(mature(query.now, maturity))
        .at(query.now)
        .with(preferences);
    let filter = filters(&query.filters, &context, &mut problems);
    if !problems.is_empty() {
        return Err(QueryError::Invalid(problems));
    }
    let range = resolve_range(&query.range, &calendar, query.now)?;
    let after = query.cursor.as_deref().map(position_of).transpose()?;
    let predicate = in_range("start_time", range)
        .and(filter)
        .and(in_environment(query.environment));
    Ok((listing, predicate, after))
}

fn read_records<R: Record>(
    batch: &RecordBatch,
    wanted: BooleanBuffer,
    records: &mut Vec<R>,
) -> Result<(), QueryError> {
    if wanted.count_set_bits() == 0 {
        return Ok(());
    }
    let wanted = filter_record_batch(batch, &wanted.into())?;
    let reader = BatchReader::new::<R>(&wanted)?;
    records.extend((0..reader.len()).map(|row| R::read(&reader.row(row))));
    Ok(())
}

/// Keeps the first positions of a list.
struct Top<'a> {
    listing: Listing,
    after: Option<&'a Position>,
    found: Vec<(Position, Option<i32>)>,
}

impl Top<'_> {
    fn add(
        &mut self,
        batch: &RecordBatch,
        predicate: &Predicate,
        replaced: Option<&HashSet<Box<str>>>,
        day: Option<i32>,
    ) {
        let mut evaluator = Evaluator::new(batch);
        let mut wanted = evaluator.predicate(predicate);
        if let Some(replaced) = replaced {
            wanted = &wanted & &not_replaced(&evaluator, replaced);
        }
        let values = evaluator.measure(Measure::Column(self.listing.field));
        let Numbers::Integer(numbers) = &values.numbers else {
            return;
        };
        let source = TextSource::Column("session_id");
        let ids = evaluator.texts(&source);
        for row in wanted.set_indices() {
            let position: Position = (numbers[row], ids.row(row).unwrap_or_default().into());
            if self
                .after
                .is_none_or(|after| self.listing.before(after, &position))
            {
                self.found.push((position, day));
            }
        }
        if self.found.len() > 2 * self.listing.limit.max(1_000) {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        self.found.sort_unstable();
        if self.listing.descending {
            self.found.reverse();
        }
        self.found.truncate(self.listing.limit);
    }

    /// Whether the list is full of sessions that come before all that start on this day.
    fn is_closed_to(&mut self, day: i32) -> bool {
        if self.found.len() < self.listing.limit {
            return false;
        }
        self.shrink();
        let last = self.found.last().map(|((number, _), _)| *number);
        last.is_none_or(|last| match self.listing.descending {
            true => last >= start_of_day(day + 1),
            false => last < start_of_day(day),
        })
    }

    fn finish(mut self) -> Vec<(Position, Option<i32>)> {
        self.shrink();
        self.found
    }
}

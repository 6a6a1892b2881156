//! Exports: facts, events and whole conversations as rows for other programs.
//!
//! An export reads what was captured, file after file, and gives it on in parts. Few parts are made before
//! they are taken, so whoever takes them slowly makes the reading wait, and memory does not grow with what is exported.
//! Where to start reading: [`Engine::export`] begins one, [`format`] writes rows as bytes.

mod columns;
mod conversations;
mod events;
mod facts;
pub mod format;
mod slices;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use upshot_core::{Event, Field, Message, Record, Session, Step};
use upshot_lake::schema::BatchBuilder;
use upshot_lake::{Capture, Table};

pub use format::{Options, RowFormat};

use crate::columns::{Columns, event_time};
use crate::engine::{Engine, maturity};
use crate::error::{Problem, ProblemCode, QueryError, nearest};
use crate::exists::Sets;
use crate::filter::{Predicate, ResolveContext};
use crate::pass::Resources;
use crate::query::resolve::filters;
use crate::query::scope::{in_environment, in_range, mature};
use crate::query::{EnvironmentChoice, tables_of_filters};
use crate::registry::Subject;
use crate::run::worker::Shape;
use crate::time::{Calendar, Range, RangeSpec, resolve_range};
use columns::Outputs;
use format::Encoder;

/// Sessions with all their facts, as an export of them has these.
///
/// # Errors
/// When Arrow refuses the columns, which would be a defect here.
pub fn rows_of_sessions<'a>(
    sessions: impl IntoIterator<Item = &'a Session>,
) -> Result<RecordBatch, QueryError> {
    let mut builder = BatchBuilder::new(Table::Sessions);
    for session in sessions {
        builder.push(session, 0, 0);
    }
    let facts = Outputs::resolve(ExportTable::Sessions, &[], &mut Vec::new());
    facts.project(&builder.finish()?, &[])
}

/// How many parts wait at most until they are taken.
const PARTS_AHEAD: usize = 2;

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportTable {
    /// A row a session: its facts.
    Sessions,
    /// A row a message: its facts and its text.
    Messages,
    /// A row a step: topic visits, options, questions, stages of handovers, calls.
    Steps,
    /// A row an event, as it came in and was masked.
    Events,
    /// A row a conversation: its selected sessions, with their messages.
    Conversations,
}

impl ExportTable {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Sessions,
        Self::Messages,
        Self::Steps,
        Self::Events,
        Self::Conversations,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Messages => "messages",
            Self::Steps => "steps",
            Self::Events => "events",
            Self::Conversations => "conversations",
        }
    }

    /// Of what its rows are facts, where they are.
    const fn subject(self) -> Option<Subject> {
        match self {
            Self::Sessions => Some(Subject::Sessions),
            Self::Messages => Some(Subject::Messages),
            Self::Steps => Some(Subject::Steps),
            Self::Events | Self::Conversations => None,
        }
    }

    /// The fields of the records behind its rows.
    fn fields(self) -> &'static [Field] {
        match self {
            Self::Sessions | Self::Conversations => Session::FIELDS,
            Self::Messages => Message::FIELDS,
            Self::Steps => Step::FIELDS,
            Self::Events => Event::FIELDS,
        }
    }

    /// The tables that an export of it reads.
    fn tables(self) -> &'static [Table] {
        match self {
            Self::Sessions => &[Table::Sessions],
            Self::Messages | Self::Conversations => {
                &[Table::Sessions, Table::Messages, Table::Texts]
            }
            Self::Steps => &[Table::Sessions, Table::Steps],
            Self::Events => &[Table::Sessions, Table::Events, Table::Texts],
        }
    }
}

impl fmt::Display for ExportTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for ExportTable {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let found = Self::ALL.into_iter().find(|table| table.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            let message = format!(
                "there is no table `{text}` to export; use one of {}",
                names.join(", ")
            );
            Problem::new(ProblemCode::UnknownName, "table", message).suggest(nearest(text, names))
        })
    }
}

/// Which rows and columns to export.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ExportQuery {
    /// The columns, in this order; all of the table's own where none is named.
    pub columns: Vec<String>,
    /// Filters; a row must pass all of them. Of messages and steps they mean what they mean in queries of these;
    /// of events and conversations they select sessions.
    pub filters: Vec<String>,
    /// From when until when: sessions and conversations by the start of sessions, all else by when it happened.
    pub range: RangeSpec,
    /// Which traffic is exported.
    pub environment: EnvironmentChoice,
    /// The IANA name of the zone of dates; that of the workspace where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Which fact set is read: the name of its profile, or of its facts. Nothing means the active one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// How rows are written. Nothing means what whoever asks accepts, or JSON Lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<RowFormat>,
    /// Whether CSV has text as it is. Else text that spreadsheets would take for a formula is preceded by an
    /// apostrophe.
    pub raw: bool,
    /// The clock, in UTC microseconds; whoever asks sets it.
    #[serde(skip)]
    pub now: i64,
}

impl ExportQuery {
    /// The tables that must be captured for an export of this table.
    pub fn tables_needed(&self, table: ExportTable) -> Vec<Table> {
        let mut needed = tables_of_filters(&self.filters);
        needed.extend(table.tables());
        needed.sort_unstable();
        needed.dedup();
        needed
    }
}

/// How much of an export is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// How many rows there are to look at, before filters.
    pub rows: u64,
    /// How many of them were looked at.
    pub read: u64,
    /// How many rows were written.
    pub written: u64,
}

/// Bytes of an export, and how far it is with them.
#[derive(Debug)]
pub struct Part {
    /// The bytes, of which there may be none.
    pub bytes: Vec<u8>,
    /// How far the export is.
    pub progress: Progress,
}

/// An export under way. It ends when it is dropped.
#[derive(Debug)]
pub struct Export {
    parts: Receiver<Part>,
    task: Option<JoinHandle<Result<(), QueryError>>>,
}

impl Export {
    /// The next part; nothing after the last. What came before an error is not the whole.
    ///
    /// # Errors
    /// When data could not be read, or memory does not suffice.
    pub async fn next(&mut self) -> Result<Option<Part>, QueryError> {
        if let Some(part) = self.parts.recv().await {
            return Ok(Some(part));
        }
        match self.task.take() {
            None => Ok(None),
            Some(task) => {
                let ended = task.await;
                ended.map_err(|error| QueryError::Stopped(error.to_string()))??;
                Ok(None)
            }
        }
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// An export of which everything is known.
struct Job {
    table: ExportTable,
    capture: Arc<Capture>,
    outputs: Outputs,
    environment: EnvironmentChoice,
    range: Range,
    /// What the filters say.
    filter: Predicate,
    /// Filters, range and traffic together, on the rows of facts.
    selection: Predicate,
    /// What the filters look up; held until the end.
    _sets: Sets,
}

impl Engine {
    /// Begins an export of what was captured.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] with everything that is wrong with the question; other errors where data
    /// could not be read or memory does not suffice.
    pub async fn export(
        &self,
        table: ExportTable,
        query: &ExportQuery,
        capture: Arc<Capture>,
    ) -> Result<Export, QueryError> {
        let job = self.export_job(table, query, capture).await?;
        let options = Options {
            raw: query.raw,
            nulls: false,
        };
        let format = query.format.unwrap_or_default();
        let encoder = Encoder::new(format, &job.outputs.schema, options)?;
        let (sender, parts) = channel(PARTS_AHEAD);
        let resources = self.resources().clone();
        let task = self.resources().handle.spawn(async move {
            let mut sink = Sink {
                encoder,
                sender,
                progress: Progress::default(),
            };
            job.run(&resources, &mut sink).await?;
            sink.finish().await
        });
        Ok(Export {
            parts,
            task: Some(task),
        })
    }

    async fn export_job(
        &self,
        table: ExportTable,
        query: &ExportQuery,
        capture: Arc<Capture>,
    ) -> Result<Job, QueryError> {
        let subject = table.subject().unwrap_or(Subject::Sessions);
        let preferences = &*capture.preferences;
        let calendar = Calendar::of(query.time_zone.as_deref(), None, preferences)?;
        let context = ResolveContext::new(calendar.zone.clone())
            .judging(mature(query.now, &maturity(None, &capture)))
            .at(query.now)
            .of(vec![subject])
            .with(preferences);
        let mut problems = Vec::new();
        let filter = filters(&query.filters, &context, &mut problems);
        let outputs = Outputs::resolve(table, &query.columns, &mut problems);
        if !problems.is_empty() {
            return Err(QueryError::Invalid(problems));
        }
        let range = resolve_range(&query.range, &calendar, query.now)?;
        // Rows are looked at one by one; what others say of them is gathered before.
        let filter = filter.people_as_sets();
        let selection = |filter: Predicate| {
            in_range(event_time(subject), range)
                .and(filter)
                .and(in_environment(query.environment))
        };
        // The events of a conversation may lie outside the range in which its sessions started.
        let reach = match table {
            ExportTable::Events => filter.clone(),
            _ => selection(filter.clone()),
        };
        let shape = Shape::selecting(subject, reach.clone(), Columns::new());
        let sets = self
            .sets_of(&shape, &[&reach], query.environment, &capture)
            .await?;
        let filter = sets.put_into(&filter);
        Ok(Job {
            table,
            outputs,
            environment: query.environment,
            range,
            selection: selection(filter.clone()),
            filter,
            capture,
            _sets: sets,
        })
    }
}

impl Job {
    async fn run(&self, resources: &Resources, sink: &mut Sink) -> Result<(), QueryError> {
        match (self.table.subject(), self.table) {
            (Some(subject), _) => facts::export(self, subject, resources, sink).await,
            (None, ExportTable::Events) => events::export(self, resources, sink).await,
            (None, _) => conversations::export(self, resources, sink).await,
        }
    }
}

/// Takes the rows of an export and gives them on as bytes.
struct Sink {
    encoder: Encoder,
    sender: Sender<Part>,
    progress: Progress,
}

impl Sink {
    /// So many rows are to be looked at.
    fn expect(&mut self, rows: u64) {
        self.progress.rows = rows;
    }

    /// So many more rows were looked at.
    fn read(&mut self, rows: u64) {
        self.progress.read += rows;
    }

    async fn give(&mut self, rows: &RecordBatch) -> Result<(), QueryError> {
        let bytes = self.encoder.push(rows)?;
        self.progress.written += rows.num_rows() as u64;
        self.send(bytes).await
    }

    async fn finish(mut self) -> Result<(), QueryError> {
        self.progress.read = self.progress.rows;
        let Self {
            encoder,
            sender,
            progress,
        } = self;
        let bytes = encoder.finish()?;
        // Nobody takes it any more: that is no failure of the export.
        let _ = sender.send(Part { bytes, progress }).await;
        Ok(())
    }

    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), QueryError> {
        let part = Part {
            bytes,
            progress: self.progress,
        };
        let gone = |_| QueryError::Stopped("nobody takes the export any more".to_owned());
        self.sender.send(part).await.map_err(gone)
    }
}

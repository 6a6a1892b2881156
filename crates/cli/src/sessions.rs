//! `upshot sessions`: facts of sessions, newest first.

use clap::Args;
use serde_json::{Map, Value};
use upshot_core::words::Word;
use upshot_core::{Attributes, FieldKind, FieldSink, Record, Session};
use upshot_metrics::sessions::cursor_after;
use upshot_metrics::{SessionQuery, tables_of_filters};
use upshot_server::sessions::SessionPage;

use crate::arguments::{Common, OutputFormat, Scope, ServerChoice};
use crate::behind::{self, BehindArguments};
use crate::client::{Client, read};
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::query;
use crate::session::{capture, close, engine, instant, instant_or_now, length, open_existing};

/// `upshot sessions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot sessions --filter 'escalated and topic = order' --last 28d\n  \
    upshot sessions --of resolution_rate --part denominator --cell channel=web --last 28d\n  \
    upshot sessions --of clicks --cell step.option_title=Pay --cell day=2026-03-01\n  \
    upshot sessions --of sessions --other 5 --by topic --order -sessions\n\n\
    With --of there are as many sessions as the number says, or as many messages or steps in them.")]
pub struct SessionsArguments {
    /// At most so many
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
    /// Go on after the sessions of the list before, which gave this; everything but the limit as it was
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    /// Only the sessions of this saved filter; with --of several stand side by side
    #[arg(long = "segment", value_name = "NAME")]
    pub segments: Vec<String>,
    /// Where to ask.
    #[command(flatten)]
    pub server: ServerChoice,
    /// Which number's sessions.
    #[command(flatten)]
    pub behind: BehindArguments,
    /// What the question is about.
    #[command(flatten)]
    pub scope: Scope,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: SessionsArguments) -> Result<u8, Failure> {
    let scope = &arguments.scope;
    if arguments.behind.of.is_some() {
        let (scope, page) = (
            (scope, &*arguments.segments),
            (arguments.limit, arguments.cursor),
        );
        return behind::run(common, scope, &arguments.behind, page, &arguments.server).await;
    }
    let mut filters = scope.filters.clone();
    // A session is listed that is in all of them.
    filters.extend(arguments.segments.iter().map(|name| in_segment(name)));
    let asked = SessionQuery {
        filters,
        range: query::range(scope),
        time_zone: scope.timezone.clone(),
        environment: query::environment(scope)?,
        // One more, so that it is known whether there are more.
        limit: Some(arguments.limit.saturating_add(1)),
        cursor: arguments.cursor.clone(),
        profile: scope.fact_set.clone(),
        now: instant_or_now(scope.now.as_deref())?,
        ..SessionQuery::default()
    };
    let (found, cursor) = match arguments.server.client() {
        Some(client) => ask_server(common, &client, &asked, arguments.limit).await?,
        None => look(common, &asked, arguments.limit).await?,
    };
    print(common, &found)?;
    if let Some(cursor) = cursor {
        output::note(
            common,
            &format!("the same with --cursor '{cursor}' shows the next"),
        );
    }
    Ok(0)
}

/// A page of sessions, and where the list goes on.
type Page = (Vec<Session>, Option<String>);

/// The page in the data directory.
async fn look(common: &Common, asked: &SessionQuery, limit: usize) -> Result<Page, Failure> {
    let lake = open_existing(common).await?;
    let tables = tables_of_filters(&asked.filters);
    let capture = capture(common, &lake, asked.profile.as_deref(), &tables).await?;
    let found = engine()?
        .sessions(asked, &capture)
        .await
        .map_err(query::failure);
    close(common, &lake).await?;
    let mut found = found?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let cursor = last.and_then(|last| cursor_after(asked, last));
    Ok((found, cursor))
}

/// The page of a running server.
async fn ask_server(
    common: &Common,
    client: &Client,
    asked: &SessionQuery,
    limit: usize,
) -> Result<Page, Failure> {
    let limit = limit.to_string();
    let mut parameters = vec![
        ("limit", limit.as_str()),
        ("environment", asked.environment.name()),
    ];
    parameters.extend(asked.filters.iter().map(|text| ("filter", text.as_str())));
    let said = [
        ("from", &asked.range.from),
        ("to", &asked.range.to),
        ("last", &asked.range.last),
        ("time_zone", &asked.time_zone),
        ("profile", &asked.profile),
        ("cursor", &asked.cursor),
    ];
    let said = said.into_iter();
    parameters.extend(said.filter_map(|(name, text)| Some((name, text.as_deref()?))));
    let answer = client
        .get("/api/v1/sessions", &common.workspace, &parameters)
        .await?;
    let page: SessionPage = read(answer)?;
    Ok(page.into_sessions())
}

/// The condition of being in a segment.
fn in_segment(name: &str) -> String {
    format!("segment \"{}\"", name.replace('"', "\"\""))
}

/// A session's outcome in a word.
pub fn outcome(session: &Session) -> &'static str {
    match session.outcome {
        Some(outcome) => outcome.as_str(),
        None => "open",
    }
}

fn print(common: &Common, sessions: &[Session]) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(&sessions.iter().map(facts).collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = sessions
        .iter()
        .map(|session| row(common, session))
        .collect();
    output::rows(common, &columns(common), &rows)?;
    if common.output == OutputFormat::Table {
        output::note(
            common,
            "\n`upshot explain SESSION` shows one; `--output json` has all facts.",
        );
    }
    Ok(())
}

/// The columns in which sessions are printed: for people some, for programs all facts.
pub fn columns(common: &Common) -> Vec<Column> {
    if common.output == OutputFormat::Csv {
        let fields = Session::FIELDS.iter();
        return fields.map(|field| Column::text(field.name)).collect();
    }
    vec![
        Column::text("session"),
        Column::text("start"),
        Column::number("length"),
        Column::text("channel"),
        Column::text("topic"),
        Column::text("engaged"),
        Column::text("outcome"),
        Column::number("messages"),
        Column::number("csat"),
    ]
}

/// A session in these columns.
pub fn row(common: &Common, session: &Session) -> Vec<String> {
    if common.output == OutputFormat::Csv {
        return csv_row(session);
    }
    let topic = session.topic_name.as_deref();
    vec![
        session.session_id.to_string(),
        instant(session.start_time),
        length(session.duration),
        session.channel.as_deref().unwrap_or("–").to_owned(),
        topic
            .or(session.topic_id.as_deref())
            .unwrap_or("–")
            .to_owned(),
        session.engaged_rule.map_or("no", Word::as_str).to_owned(),
        outcome(session).to_owned(),
        session.messages.to_string(),
        session
            .csat_score
            .map(|score| score.to_string())
            .unwrap_or_default(),
    ]
}

fn csv_row(session: &Session) -> Vec<String> {
    let facts = facts(session);
    let cells = Session::FIELDS
        .iter()
        .map(|field| match facts.get(field.name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
    cells.collect()
}

/// All facts of a session that say something, by the names of the fields; times as RFC 3339.
pub fn facts(session: &Session) -> Map<String, Value> {
    struct Facts(Map<String, Value>);
    impl Facts {
        fn set(&mut self, index: usize, value: Option<Value>) {
            if let Some(value) = value {
                self.0.insert(Session::FIELDS[index].name.to_owned(), value);
            }
        }
    }
    impl FieldSink for Facts {
        fn text(&mut self, index: usize, value: Option<&str>) {
            self.set(index, value.map(Value::from));
        }
        fn integer(&mut self, index: usize, value: Option<i64>) {
            let is_time = matches!(
                Session::FIELDS[index].kind,
                FieldKind::Instant | FieldKind::Time
            );
            let shown = value.map(|number| {
                if is_time {
                    rfc3339(number)
                } else {
                    Value::from(number)
                }
            });
            self.set(index, shown);
        }
        fn real(&mut self, index: usize, value: Option<f64>) {
            self.set(index, value.map(Value::from));
        }
        fn flag(&mut self, index: usize, value: Option<bool>) {
            self.set(index, value.map(Value::from));
        }
        fn map(&mut self, index: usize, value: &Attributes) {
            let object: Map<String, Value> = value
                .iter()
                .map(|(name, text)| (name.to_string(), Value::from(text.to_string())))
                .collect();
            self.set(index, (!object.is_empty()).then_some(Value::Object(object)));
        }
    }
    let mut facts = Facts(Map::new());
    session.write(&mut facts);
    facts.0
}

fn rfc3339(time: i64) -> Value {
    jiff::Timestamp::from_microsecond(time)
        .map_or(Value::Null, |time| Value::from(time.to_string()))
}

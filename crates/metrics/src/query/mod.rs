//! The query pipeline: parse, validate, resolve, optimise, decide the table, plan, run, result.
//!
//! [`Query`] is what every face asks with. [`resolve`](resolve::resolve) checks it against the registry
//! and gives a [`Resolved`] query, [`optimise`](optimise::optimise) improves that by a list of
//! functions, [`plan`](plan::plan) compiles it to the cells of one pass over the sessions, and
//! [`crate::run`] fills the cells.

pub(crate) mod baseline;
pub(crate) mod having;
pub(crate) mod optimise;
pub(crate) mod pass_key;
pub(crate) mod plan;
pub(crate) mod quotient;
pub(crate) mod reach;
pub(crate) mod remarks;
pub(crate) mod resolve;
pub(crate) mod scope;
pub(crate) mod terms;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use upshot_lake::Table;

use crate::error::{Problem, ProblemCode, nearest};
use crate::filter::{Expression, parse};
use crate::registry::{self, Subject};
use crate::time::{Grain, RangeSpec};

/// Which traffic is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentChoice {
    /// Real users' traffic: all that is not marked as test.
    #[default]
    Production,
    /// The author's own trials.
    Test,
    /// Both.
    All,
}

impl EnvironmentChoice {
    /// The name, as queries have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Test => "test",
            Self::All => "all",
        }
    }
}

impl std::str::FromStr for EnvironmentChoice {
    type Err = Problem;
    fn from_str(text: &str) -> Result<Self, Problem> {
        let all = [Self::Production, Self::Test, Self::All];
        all.into_iter()
            .find(|choice| choice.name() == text)
            .ok_or_else(|| {
                Problem::new(
                    ProblemCode::UnknownName,
                    "environment",
                    format!("there is no environment `{text}`; expected production, test or all"),
                )
                .suggest(nearest(text, all.map(Self::name)))
            })
    }
}

/// Who counts as one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// A user on one device and browser: on another one it is another user.
    #[default]
    Device,
    /// A user by the id alone, whatever the device and browser.
    Id,
}

impl Identity {
    /// The name, as queries have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Id => "id",
        }
    }

    /// The column with a key for every user.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Device => "user_key",
            Self::Id => "person_key",
        }
    }

    /// The column with the start of the user's first session.
    pub(crate) const fn first_time(self) -> &'static str {
        match self {
            Self::Device => "user.first_time",
            Self::Id => "user.person_first_time",
        }
    }

    /// The column that says whether it is the user's first session.
    pub(crate) const fn first_session(self) -> &'static str {
        match self {
            Self::Device => "user.first_session",
            Self::Id => "user.person_first_session",
        }
    }
}

impl std::str::FromStr for Identity {
    type Err = Problem;
    fn from_str(text: &str) -> Result<Self, Problem> {
        let all = [Self::Device, Self::Id];
        all.into_iter()
            .find(|identity| identity.name() == text)
            .ok_or_else(|| {
                Problem::new(
                    ProblemCode::UnknownName,
                    "identity",
                    format!("there is no identity `{text}`; expected device or id"),
                )
                .suggest(nearest(text, all.map(Self::name)))
            })
    }
}

/// A question about sessions, messages and steps. The same shape is the JSON of the HTTP interface.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Query {
    /// Ids of metrics or families.
    pub metrics: Vec<String>,
    /// Ids of dimensions, or `attribute.NAME`.
    pub dimensions: Vec<String>,
    /// Filters; a session must pass all of them.
    pub filters: Vec<String>,
    /// From when until when.
    pub range: RangeSpec,
    /// Into which steps of time the range is cut; becomes the first dimension.
    pub grain: Option<Grain>,
    /// The IANA name of the zone of days and hours; that of the workspace where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// With which day weeks begin: monday, sunday or saturday; as the workspace has it where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub week_start: Option<String>,
    /// The name of a saved filter; rows must pass it too.
    pub segment: Option<String>,
    /// The names of two or more saved filters, to stand side by side: `segment` becomes the first dimension, and
    /// each is compared with the first of them unless `compare` says else. The limit is that of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// `previous`, `year`, `year_by_weekday`, `FROM..TO` or `segment NAME`.
    pub compare: Option<String>,
    /// Which traffic is counted.
    pub environment: EnvironmentChoice,
    /// Who counts as one user.
    pub identity: Identity,
    /// Within which time after a session another one on the topic is the same problem come back, such
    /// as `7d`, which is the default: what first contact and durable resolution mean.
    pub window: Option<String>,
    /// Which rows are given: conditions on their numbers, such as `sessions >= 30` or
    /// `click_through_rate.upper < 5%`; a row must fulfil all of them. Totals do not change.
    pub having: Vec<String>,
    /// By what rows are ordered: metrics and dimensions, each perhaps followed by `asc` or `desc`.
    pub order: Vec<String>,
    /// How many rows at most.
    pub limit: Option<usize>,
    /// Whether the rows beyond the limit stand together as one: the limit then counts what the dimensions
    /// beside time hold, and every stretch of time has a row of each of these and of all others together.
    pub other: bool,
    /// Whether totals of each prefix of the dimensions come too: by the first, by the first two, and so on.
    pub subtotals: bool,
    /// Where the rows go on: `next_cursor` of the page before, with everything but the limit as it was.
    pub cursor: Option<String>,
    /// Whether the answer says how it came about: which files, rows and columns were read, and how long each
    /// stage took.
    #[serde(skip_serializing_if = "is_false")]
    pub explain: bool,
    /// Which fact set is read: the name of its profile, or of its facts. Nothing means the active one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The clock, in UTC microseconds; whoever runs the query sets it.
    #[serde(skip)]
    pub now: i64,
    /// How old a session must be to be judged, in microseconds; nothing means what the profile of the
    /// fact set says.
    #[serde(skip)]
    pub maturity: Option<i64>,
}

// The serializer hands references over.
#[allow(clippy::trivially_copy_pass_by_ref)]
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

impl Query {
    /// What is going on at a time: the numbers of sessions that go on or that people are at work on, those that
    /// pass the filters, cut by the dimensions.
    pub fn live(dimensions: Vec<String>, filters: Vec<String>, now: i64) -> Self {
        Self {
            metrics: vec!["live".to_owned()],
            dimensions,
            filters,
            // Nothing goes on for longer: no profile waits for people for so many days.
            range: RangeSpec {
                last: Some("30d".to_owned()),
                ..RangeSpec::default()
            },
            // A cut shows where something goes on.
            having: vec!["open_sessions > 0".to_owned()],
            now,
            ..Self::default()
        }
    }
}

/// The tables that a query reads: what its caller must capture. Names that the registry does not know
/// need none.
pub fn tables_needed(query: &Query) -> Vec<Table> {
    let mut needed = Needed::default();
    let compared = query
        .compare
        .as_deref()
        .is_some_and(|text| text.starts_with("segment"));
    if query.segment.is_some() || !query.segments.is_empty() || compared {
        // What a segment asks for is not known here.
        return Table::FACTS.to_vec();
    }
    for name in &query.metrics {
        let members: Vec<&str> = match registry::family(name) {
            Some(family) => family.members.to_vec(),
            None => vec![name],
        };
        for metric in members.into_iter().filter_map(registry::metric) {
            needed.subjects.extend(metric.subjects());
            metric
                .kind
                .conditions()
                .into_iter()
                .chain(metric.told.map(|told| told.by))
                .for_each(|text| needed.filter(text));
        }
    }
    query.filters.iter().for_each(|text| needed.filter(text));
    needed.tables()
}

/// The tables that these filters read, and the sessions.
pub fn tables_of_filters(filters: &[String]) -> Vec<Table> {
    let mut needed = Needed::default();
    filters.iter().for_each(|text| needed.filter(text));
    needed.tables()
}

#[derive(Debug, Default)]
struct Needed {
    subjects: BTreeSet<Subject>,
    unknown: bool,
}

impl Needed {
    fn filter(&mut self, text: &str) {
        if let Ok(expression) = parse(text) {
            self.expression(&expression);
        }
    }

    fn expression(&mut self, expression: &Expression) {
        match expression {
            Expression::And(parts) | Expression::Or(parts) => {
                parts.iter().for_each(|part| self.expression(part));
            }
            Expression::Not(inner) => self.expression(inner),
            Expression::Any { of, condition } => {
                self.subjects.insert(*of);
                condition.iter().for_each(|inner| self.expression(inner));
            }
            Expression::Segment(_) => self.unknown = true,
            Expression::Path(path) => {
                let mut kinds = path.kinds.iter();
                let intents = kinds.any(|kind| kind.text.eq_ignore_ascii_case("intents"));
                self.subjects.insert(match intents {
                    true => Subject::Messages,
                    false => Subject::Steps,
                });
                path.only.iter().for_each(|inner| self.expression(inner));
            }
            Expression::Funnel(funnel) => {
                // Which of the two a condition is about is not known before names are looked up.
                self.subjects.extend([Subject::Messages, Subject::Steps]);
                let steps = funnel.steps.iter();
                steps.for_each(|inner| self.expression(inner));
            }
            _ => {}
        }
    }

    /// Sessions are always among them: others are joined with theirs.
    fn tables(mut self) -> Vec<Table> {
        if self.unknown {
            return Table::FACTS.to_vec();
        }
        self.subjects.insert(Subject::Sessions);
        self.subjects.into_iter().map(Subject::table).collect()
    }
}

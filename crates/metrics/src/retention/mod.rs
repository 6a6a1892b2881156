//! Retention: of the users who came first in a period, how many came back.
//!
//! A cohort is the users whose first session ever started in a day, week or month of the range; period
//! `k` is the `k`-th after that on the calendar of the query's time zone. A user is back in a period with a
//! contact in it: a session in which the user acted. *Exact* is back in the period, *rolling* is back in
//! it or later, until now. A period that is not yet over has no value.
//!
//! Where to start reading: [`RetentionQuery`] is the question, [`Engine::retention`] answers it, and
//! [`count`] is the operator.

mod behind;
mod count;

use std::time::Instant;

use serde::{Deserialize, Serialize};
use upshot_lake::{Capture, Table};
use upshot_stats::{Confidence, proportion};

use crate::assemble::range_info;
use crate::engine::{Engine, bounded, maturity};
use crate::error::{Problem, ProblemCode, QueryError};
use crate::explain::{Explanation, PassPurpose, Trace};
use crate::notes::environment_note;
use crate::query::optimise::optimise;
use crate::query::resolve::{Resolved, resolve};
use crate::query::{EnvironmentChoice, Identity, Query, tables_of_filters};
use crate::registry::Subject;
use crate::result::{IntervalMethod, MetricValue, Note, NoteCode, RangeInfo};
use crate::time::{Buckets, Grain, Range, RangeSpec};
use behind::Behind;
use count::{Counts, Question};

/// The most periods of one answer.
const MOST_PERIODS: usize = 400;

/// Into which periods users are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Days.
    Day,
    /// Weeks.
    #[default]
    Week,
    /// Months.
    Month,
}

impl Period {
    /// The name, as queries have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    const fn grain(self) -> Grain {
        match self {
            Self::Day => Grain::Day,
            Self::Week => Grain::Week,
            Self::Month => Grain::Month,
        }
    }
}

impl std::str::FromStr for Period {
    type Err = Problem;
    fn from_str(text: &str) -> Result<Self, Problem> {
        let all = [Self::Day, Self::Week, Self::Month];
        all.into_iter()
            .find(|period| period.name() == text)
            .ok_or_else(|| {
                Problem::new(
                    ProblemCode::UnknownName,
                    "period",
                    format!("there is no period `{text}`; expected day, week or month"),
                )
            })
    }
}

/// A question about retention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RetentionQuery {
    /// Into which periods users are sorted.
    pub period: Period,
    /// How many periods are looked at.
    pub periods: usize,
    /// Filters of the first session: who belongs to a cohort.
    pub filters: Vec<String>,
    /// Filters of later sessions: what counts as being back.
    pub back: Vec<String>,
    /// In which range the first session lies.
    pub range: RangeSpec,
    /// Which traffic is counted.
    pub environment: EnvironmentChoice,
    /// Who counts as one user.
    pub identity: Identity,
    /// Which fact set is read: the name of its profile, or of its facts. Nothing means the active one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The IANA name of the zone of days and hours; that of the workspace where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// With which day weeks begin: monday, sunday or saturday; as the workspace has it where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub week_start: Option<String>,
    /// Whether the answer says how it came about: what its numbers say, what was read, and how long each stage took.
    #[serde(skip_serializing_if = "crate::query::is_false")]
    pub explain: bool,
    /// The clock, in UTC microseconds; whoever runs the query sets it.
    #[serde(skip)]
    pub now: i64,
}

impl Default for RetentionQuery {
    fn default() -> Self {
        Self {
            period: Period::default(),
            periods: 12,
            filters: Vec::new(),
            back: Vec::new(),
            range: RangeSpec::default(),
            environment: EnvironmentChoice::default(),
            identity: Identity::default(),
            profile: None,
            time_zone: None,
            week_start: None,
            explain: false,
            now: 0,
        }
    }
}

impl RetentionQuery {
    /// The tables that it reads: what its caller must capture.
    pub fn tables_needed(&self) -> Vec<Table> {
        tables_of_filters(&[self.filters.as_slice(), self.back.as_slice()].concat())
    }
}

/// Who came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetentionResult {
    /// Into which periods users were sorted.
    pub period: Period,
    /// Who counts as one user.
    pub identity: Identity,
    /// The range in which first sessions lie.
    pub range: RangeInfo,
    /// Which traffic is counted.
    pub environment: EnvironmentChoice,
    /// The cohorts, the oldest first.
    pub cohorts: Vec<Cohort>,
    /// All cohorts for which a period is over, together.
    pub overall: Vec<Retained>,
    /// Sessions in the range whose users cannot be followed and are part of no cohort.
    pub unlinkable: u64,
    /// What whoever reads the numbers should know.
    pub notes: Vec<Note>,
    /// The rules that made the facts.
    pub fact_set: String,
    /// The catalog's snapshot that was read.
    pub snapshot: i64,
    /// How many rows were read.
    pub rows_read: u64,
    /// How the answer came about, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub explanation: Option<Explanation>,
    /// How long the answer took.
    pub took_milliseconds: f64,
}

/// The users whose first session lies in one period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cohort {
    /// The period's name: its first day, or its month.
    pub cohort: String,
    /// How many users.
    pub users: u64,
    /// The filter that lists their first sessions; as many users as it finds are counted.
    #[serde(default)]
    pub filter: String,
    /// Who of them came back, by period.
    pub periods: Vec<Retained>,
}

/// Who came back in one period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Retained {
    /// How many periods after the first.
    pub period: usize,
    /// Back in this period.
    pub exact: MetricValue,
    /// Back in this period or later.
    pub rolling: MetricValue,
    /// The filter that lists the sessions with which they were back in this period: as many users as it finds are counted.
    /// Null where the period is not over, of all cohorts together, and where `filters` say who belongs to a cohort, which no later
    /// session tells.
    #[serde(default)]
    pub filter: Option<String>,
    /// The same for this period or later.
    #[serde(default)]
    pub rolling_filter: Option<String>,
}

impl Engine {
    /// Who came back.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub async fn retention(
        &self,
        query: &RetentionQuery,
        capture: &Capture,
    ) -> Result<RetentionResult, QueryError> {
        let began = Instant::now();
        let mut trace = Trace::new(query.explain, began);
        if query.periods == 0 || query.periods > MOST_PERIODS {
            let message = format!(
                "expected 1 to {MOST_PERIODS} periods, not {}",
                query.periods
            );
            return Err(Problem::new(ProblemCode::OutOfRange, "periods", message).into());
        }
        let of_first = resolved(query, &query.filters, capture)?;
        let of_back = resolved(query, &query.back, capture)
            .map_err(|error| in_field(error, "filters", "back"))?;
        trace.stage("resolve");
        let range = bounded(&of_first, capture, self.resources()).await?;
        trace.stage("range");
        let grain = query.period.grain();
        let cohorts = Buckets::new(grain, range, &of_first.calendar)?;
        let until = Range {
            from: range.from,
            to: range.to.max(query.now.saturating_add(1)),
        };
        let question = Question {
            range,
            periods: Buckets::new(grain, until, &of_first.calendar)?,
            cohorts: cohorts.len(),
            most: query.periods,
            first: of_first.filter.clone(),
            back: of_back.filter,
            environment: query.environment,
            identity: query.identity,
        };
        let counts = self.count_retention(&question, capture).await?;
        trace.reading(PassPurpose::Users, counts.record.as_ref());
        trace.stage("users");
        let mut result = result(query, &of_first, range, &question, &counts);
        result.explanation = trace.told_of(&result)?;
        result.fact_set.clone_from(&capture.fact_set);
        result.snapshot = capture.snapshot;
        result.took_milliseconds = began.elapsed().as_secs_f64() * 1e3;
        Ok(result)
    }
}

/// The parts that a retention query has in common with any other.
fn resolved(
    query: &RetentionQuery,
    filters: &[String],
    capture: &Capture,
) -> Result<Resolved, QueryError> {
    let base = Query {
        metrics: vec!["sessions".to_owned()],
        grain: Some(query.period.grain()),
        filters: filters.to_vec(),
        range: query.range.clone(),
        environment: query.environment,
        identity: query.identity,
        time_zone: query.time_zone.clone(),
        week_start: query.week_start.clone(),
        now: query.now,
        ..Query::default()
    };
    Ok(optimise(resolve(
        &base,
        maturity(None, capture),
        &capture.preferences,
    )?))
}

/// The same error about another field.
fn in_field(error: QueryError, field: &str, other: &str) -> QueryError {
    let QueryError::Invalid(problems) = error else {
        return error;
    };
    let renamed = problems.into_iter().map(|problem| {
        let name = problem
            .field
            .strip_prefix(field)
            .map(|rest| format!("{other}{rest}"));
        match name {
            Some(name) => problem.in_field(name),
            None => problem,
        }
    });
    QueryError::Invalid(renamed.collect())
}

fn result(
    query: &RetentionQuery,
    resolved: &Resolved,
    range: Range,
    question: &Question,
    counts: &Counts,
) -> RetentionResult {
    let over = |cohort: usize, period: usize| question.is_over(cohort + period, query.now);
    let behind = Behind { query, question };
    let cohorts: Vec<Cohort> = (0..question.cohorts)
        .map(|cohort| Cohort {
            cohort: question.periods.label(cohort),
            users: counts.users[cohort],
            filter: behind.cohort(cohort),
            periods: (1..=query.periods)
                .map(|period| {
                    if !over(cohort, period) {
                        return not_over(question, cohort + period, period);
                    }
                    let (exact, rolling) =
                        (counts.exact(cohort, period), counts.rolling(cohort, period));
                    let filters = behind.back(cohort, period);
                    let [filter, rolling_filter] = filters.map_or([None, None], |it| it.map(Some));
                    Retained {
                        filter,
                        rolling_filter,
                        ..retained(period, counts.users[cohort], exact, rolling)
                    }
                })
                .collect(),
        })
        .collect();
    let overall = (1..=query.periods)
        .map(|period| {
            let judged = (0..question.cohorts).filter(|cohort| over(*cohort, period));
            let (mut users, mut exact, mut rolling) = (0, 0, 0);
            for cohort in judged {
                users += counts.users[cohort];
                exact += counts.exact(cohort, period);
                rolling += counts.rolling(cohort, period);
            }
            let mut retained = retained(period, users, exact, rolling);
            if !(0..question.cohorts).any(|cohort| over(cohort, period)) {
                let reason = "it is not yet over for any of them";
                retained.exact.reason = Some(reason.to_owned());
                retained.rolling.reason = Some(reason.to_owned());
            }
            retained
        })
        .collect();
    let left_out = [(Subject::Sessions, counts.left_out)];
    let mut notes = vec![environment_note(query.environment, &left_out)];
    notes.extend(unlinkable_note(counts.unlinkable));
    RetentionResult {
        period: query.period,
        identity: query.identity,
        range: range_info(resolved, range),
        environment: query.environment,
        cohorts,
        overall,
        unlinkable: counts.unlinkable,
        notes,
        fact_set: String::new(),
        snapshot: 0,
        rows_read: counts.rows_read,
        explanation: None,
        took_milliseconds: 0.0,
    }
}

/// How many sessions are left out because their users cannot be followed.
pub(crate) fn unlinkable_note(count: u64) -> Option<Note> {
    let sessions = if count == 1 { "session" } else { "sessions" };
    (count > 0).then(|| Note {
        code: NoteCode::Unlinkable,
        text: format!(
            "{count} {sessions} of users that cannot be followed from one conversation to the next \
             left out of what follows a person"
        ),
        count,
    })
}

fn retained(period: usize, users: u64, exact: u64, rolling: u64) -> Retained {
    Retained {
        period,
        exact: share(exact, users),
        rolling: share(rolling, users),
        filter: None,
        rolling_filter: None,
    }
}

fn share(back: u64, users: u64) -> MetricValue {
    let interval = proportion::interval(back, users, Confidence::NINETY_FIVE);
    MetricValue {
        value: (users > 0).then(|| back as f64 / users as f64),
        n: users,
        numerator: Some(back as f64),
        denominator: Some(users as f64),
        interval: interval.map(|interval| [interval.lower, interval.upper]),
        interval_method: interval.map(|_| IntervalMethod::Wilson),
        reason: (users == 0).then(|| "nobody came first in it".to_owned()),
        ..MetricValue::default()
    }
}

fn not_over(question: &Question, position: usize, period: usize) -> Retained {
    let name = match position < question.periods.len() {
        true => format!(
            "the period {} is not yet over",
            question.periods.label(position)
        ),
        false => "the period has not yet begun".to_owned(),
    };
    let none = MetricValue {
        reason: Some(name),
        ..MetricValue::default()
    };
    Retained {
        period,
        exact: none.clone(),
        rolling: none,
        filter: None,
        rolling_filter: None,
    }
}

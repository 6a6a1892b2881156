//! What all questions about paths share: which sessions, and which steps of them.

use std::sync::Arc;

use jiff::tz::TimeZone;
use upshot_core::profile::MaturityTimes;
use upshot_lake::{Capture, Preferences, Table};

use super::nodes::Reading;
use super::text;
use super::wanted::{Endings, Wanted};
use crate::columns::Columns;
use crate::engine::{Engine, maturity};
use crate::error::{Problem, ProblemCode, QueryError};
use crate::exists::Sets;
use crate::filter::sequence::{choice, normalised};
use crate::filter::{
    Loops, MatchBy, Predicate, ResolveContext, StepChoice, StepSort, parse,
    resolve as resolve_filter,
};
use crate::query::optimise::optimise;
use crate::query::resolve::{GroupSource, Resolved, group, resolve};
use crate::query::scope::{in_environment, in_range, mature};
use crate::query::{Query, tables_of_filters};
use crate::registry::{self, Subject};
use crate::result::QueryResult;
use crate::run::worker::Shape;

/// A question with the scope that all of them have.
macro_rules! question {
    ($(#[$attribute:meta])* $name:ident {
        $($(#[$of_field:meta])* $field:ident: $kind:ty = $default:expr,)*
    }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$of_field])* pub $field: $kind,)*
            /// Filters; a session must pass all of them.
            pub filters: Vec<String>,
            /// From when until when; a session belongs to a range by its start.
            pub range: $crate::time::RangeSpec,
            /// Which traffic is counted.
            pub environment: $crate::query::EnvironmentChoice,
            /// The IANA name of the zone of dates; that of the workspace where nothing is said.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub time_zone: Option<String>,
            /// How many rows at most.
            pub limit: Option<usize>,
            /// Which fact set is read: the name of its profile, or of its facts. Nothing means the active
            /// one.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub profile: Option<String>,
            /// Whether the answer says how it came about: what its numbers say, what was read, and how long each
            /// stage took.
            #[serde(skip_serializing_if = "crate::query::is_false")]
            pub explain: bool,
            /// The clock, in UTC microseconds; whoever runs the query sets it.
            #[serde(skip)]
            pub now: i64,
            /// How old a session must be to be judged, in microseconds; nothing means what the profile
            /// says.
            #[serde(skip)]
            pub maturity: Option<i64>,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($field: $default,)*
                    filters: Vec::new(),
                    range: Default::default(),
                    environment: Default::default(),
                    time_zone: None,
                    limit: None,
                    profile: None,
                    explain: false,
                    now: 0,
                    maturity: None,
                }
            }
        }

        impl $name {
            /// The question how many sessions there are in all.
            pub(crate) fn sessions(&self) -> $crate::query::Query {
                $crate::query::Query {
                    metrics: vec!["sessions".to_owned()],
                    filters: self.filters.clone(),
                    range: self.range.clone(),
                    time_zone: self.time_zone.clone(),
                    environment: self.environment,
                    profile: self.profile.clone(),
                    explain: self.explain,
                    now: self.now,
                    maturity: self.maturity,
                    ..$crate::query::Query::default()
                }
            }
        }
    };
}
pub(crate) use question;

/// The sessions of a question.
pub(crate) struct Scope {
    pub(crate) resolved: Resolved,
    pub(crate) zone: TimeZone,
    pub(crate) maturity: MaturityTimes,
    /// Filters that have names.
    preferences: Arc<Preferences>,
    /// Which sessions.
    pub(crate) selection: Predicate,
    /// How many they are in all, with what is to be said of them.
    pub(crate) counted: QueryResult,
}

impl Scope {
    pub(crate) async fn new(
        engine: &Engine,
        sessions: &Query,
        capture: &Capture,
    ) -> Result<Self, QueryError> {
        let counted = engine.run(sessions, capture).await?;
        Self::of(sessions, counted, capture)
    }

    /// The same where they are counted already.
    pub(crate) fn of(
        sessions: &Query,
        counted: QueryResult,
        capture: &Capture,
    ) -> Result<Self, QueryError> {
        let maturity = maturity(sessions.maturity, capture);
        let resolved = optimise(resolve(sessions, maturity.clone(), &capture.preferences)?);
        let selection = in_range("start_time", resolved.range)
            .and(resolved.filter.clone())
            .and(in_environment(resolved.environment));
        Ok(Self {
            zone: resolved.calendar.zone.clone(),
            resolved,
            maturity,
            preferences: Arc::clone(&capture.preferences),
            selection,
            counted,
        })
    }

    /// The sets of sessions that its conditions ask for, and others on rows of its sessions.
    pub(crate) async fn sets(
        &self,
        engine: &Engine,
        capture: &Capture,
        others: &[&Predicate],
    ) -> Result<Sets, QueryError> {
        let shape = Shape::selecting(Subject::Sessions, self.selection.clone(), Columns::new());
        let mut conditions = vec![&self.selection];
        conditions.extend(others);
        let traffic = self.resolved.environment;
        engine.sets_of(&shape, &conditions, traffic, capture).await
    }

    /// How many sessions there are in all.
    pub(crate) fn sessions(&self) -> u64 {
        self.counted
            .totals
            .get("sessions")
            .map_or(0, |value| value.n)
    }

    /// What names in conditions on steps mean.
    pub(crate) fn context(&self) -> ResolveContext<'_> {
        ResolveContext::new(self.zone.clone())
            .judging(mature(self.resolved.now, &self.maturity))
            .at(self.resolved.now)
            .with(&*self.preferences)
    }

    pub(crate) fn endings(&self) -> Endings {
        Endings::new(self.resolved.now, &self.maturity)
    }
}

/// Which steps a question is about, as its faces say it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepsText<'a> {
    pub(crate) steps: &'a [StepSort],
    pub(crate) match_by: MatchBy,
    pub(crate) loops: Loops,
    pub(crate) only: &'a [String],
}

impl StepsText<'_> {
    /// Checks it.
    ///
    /// # Errors
    /// When a condition cannot be read, or kinds do not go together.
    pub(crate) fn resolve(&self, context: &ResolveContext<'_>) -> Result<StepChoice, QueryError> {
        let nothing = Predicate::Constant(true);
        let mut chosen = choice(self.steps, self.match_by, self.loops, nothing)?;
        let mut problems = Vec::new();
        for (index, text) in self.only.iter().enumerate() {
            let context = context.within(chosen.subject());
            let read = parse(text).and_then(|expression| resolve_filter(&expression, &context));
            match read {
                Ok(condition) => chosen.only = chosen.only.clone().and(condition),
                Err(problem) => problems.push(problem.in_field(format!("only[{index}]"))),
            }
        }
        match problems.is_empty() {
            true => Ok(chosen),
            false => Err(QueryError::Invalid(problems)),
        }
    }

    /// The key of a step that a person names.
    pub(crate) fn key(&self, name: &str) -> Box<str> {
        match self.match_by {
            MatchBy::Name => normalised(name).into(),
            MatchBy::Id => name.into(),
        }
    }

    /// The same in the language of filters, up to where the pattern begins.
    pub(crate) fn filter(&self, loops: Loops) -> String {
        text::choice(self.steps, self.match_by, loops, self.only)
    }
}

/// The tables that a question about paths reads.
pub(crate) fn tables(filters: &[String], more: &[&[String]], subjects: &[Subject]) -> Vec<Table> {
    let mut all: Vec<String> = filters.to_vec();
    all.extend(more.iter().flat_map(|texts| texts.iter().cloned()));
    let mut tables = tables_of_filters(&all);
    tables.extend(subjects.iter().map(|subject| subject.table()));
    let asked = Table::FACTS.into_iter();
    asked.filter(|table| tables.contains(table)).collect()
}

/// The table of these kinds of steps.
pub(crate) fn subject_of(steps: &[StepSort]) -> Subject {
    match steps.contains(&StepSort::Intents) {
        true => Subject::Messages,
        false => Subject::Steps,
    }
}

/// By what an answer is broken down.
pub(crate) fn breakdown(by: Option<&str>) -> Result<Option<GroupSource>, QueryError> {
    let Some(name) = by else {
        return Ok(None);
    };
    let found = group(name, "by")?;
    let conflict = |message: &str| {
        Err(Problem::new(ProblemCode::Conflict, "by", format!("`{name}` {message}")).into())
    };
    if registry::dimension(name)
        .is_some_and(|dimension| !dimension.owner.belongs_to(Subject::Sessions))
    {
        return conflict(
            "is no fact of sessions; break paths down by one that is, such as `bot_version`",
        );
    }
    match found.source {
        GroupSource::Time(_) => conflict("is time; ask for the ranges one by one"),
        GroupSource::Kinds(_) => {
            conflict("has no filter for each of its values; break paths down by another")
        }
        GroupSource::Number(_) => {
            conflict("holds numbers; break paths down by words, and keep a number with a filter")
        }
        GroupSource::List(_) | GroupSource::Sources => {
            conflict("is a list; break paths down by what has one value a session")
        }
        source => Ok(Some(source)),
    }
}

impl Scope {
    /// What is read for a choice of steps, with sets of sessions in the place of what they stand for.
    pub(crate) async fn wanted(
        &self,
        engine: &Engine,
        capture: &Capture,
        choice: &StepChoice,
        group: Option<GroupSource>,
    ) -> Result<(Wanted, Sets), QueryError> {
        let reading = Reading::of_choice(choice);
        let sets = self.sets(engine, capture, &[&choice.only]).await?;
        let rows = reading.condition().and(choice.only.clone());
        let wanted = Wanted {
            subject: choice.subject(),
            selection: sets.put_into(&self.selection.clone().and(rows)),
            reading,
            loops: choice.loops,
            endings: Some(self.endings()),
            group,
            by_user: false,
            traffic: self.resolved.environment,
        };
        Ok((wanted, sets))
    }
}

//! Funnels: how many come through steps in order, within a window, and how long it takes them.
//!
//! Of a session (or a user) the chain counts that gets farthest; of several, the one that gets there first,
//! and of those the one that began last ([`super::chains`]).

use std::time::Instant;

use serde::{Deserialize, Serialize};
use upshot_lake::{Capture, Table};
use upshot_stats::quantile;

use super::answer::{Basis, share};
use super::chains::{Chains, Level, run};
use super::question::{Scope, breakdown, question, tables};
use super::text;
use crate::engine::Engine;
use crate::error::{Problem, ProblemCode, QueryError};
use crate::explain::{PassPurpose, Trace};
use crate::filter::sequence::{MOST_FUNNEL_STEPS, funnel_step, words};
use crate::filter::{Predicate, parse, parse_duration};
use crate::registry::Subject;
use crate::result::MetricValue;

words! {
    /// Who goes through a funnel.
    #[derive(Default)]
    FunnelUnit of "unit" {
        /// A session.
        #[default]
        Session = "session",
        /// A user, in one session or several.
        User = "user",
    }
}

question! {
    /// A question about a funnel.
    FunnelQuery {
        /// The conditions in order, each on a step or a message, such as `step.topic_name = "Order"`; two at
        /// least, 20 at most.
        through: Vec<String> = Vec::new(),
        /// How long after the first the last may come, such as `1h` or `7d`; null means any time.
        within: Option<String> = None,
        /// Who goes through it.
        unit: FunnelUnit = FunnelUnit::default(),
        /// By what it is broken down: a dimension of sessions, such as `channel`. A user belongs to where
        /// the first step was.
        by: Option<String> = None,
    }
}

/// A funnel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunnelResult {
    /// Who goes through it.
    pub unit: FunnelUnit,
    /// The steps in order.
    pub levels: Vec<FunnelLevel>,
    /// The same for each value by which it is broken down, most first; empty where it is not.
    pub groups: Vec<FunnelGroup>,
    /// What the answer rests on.
    #[serde(flatten)]
    pub basis: Basis,
}

/// One part of a funnel that is broken down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunnelGroup {
    /// The value; null where nothing was said.
    pub value: Option<String>,
    /// The steps in order.
    pub levels: Vec<FunnelLevel>,
}

/// A step of a funnel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunnelLevel {
    /// The condition.
    pub condition: String,
    /// How many sessions or users came as far as this.
    pub reached: u64,
    /// Their share of those that came to the step before.
    pub from_previous: MetricValue,
    /// Their share of those that came to the first.
    pub from_start: MetricValue,
    /// How many of them came no farther.
    pub dropped: u64,
    /// How long it took them from the step before; null at the first.
    pub time: Option<FunnelTime>,
    /// The filter that lists the sessions; for users one session each, that of this step. Null where users
    /// are broken down, whose sessions one filter cannot tell apart.
    pub filter: Option<String>,
    /// The filter that lists those that came no farther; null for users, and at the last step.
    pub dropped_filter: Option<String>,
}

/// How long a step took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunnelTime {
    /// How many took it.
    pub n: u64,
    /// Half took so many seconds or less.
    pub p50: f64,
    /// Nine of ten took so many seconds or less.
    pub p90: f64,
}

impl FunnelQuery {
    /// The tables that the question reads.
    pub fn tables_needed(&self) -> Vec<Table> {
        let context = crate::filter::ResolveContext::new(jiff::tz::TimeZone::UTC);
        let subjects: Vec<Subject> = self
            .through
            .iter()
            .filter_map(|text| parse(text).ok())
            .filter_map(|expression| funnel_step(&expression, &context).ok())
            .map(|(subject, _)| subject)
            .collect();
        tables(&self.filters, &[&self.through], &subjects)
    }

    fn chains(&self, scope: &Scope) -> Result<Chains, QueryError> {
        let mut problems = Vec::new();
        if !(2..=MOST_FUNNEL_STEPS).contains(&self.through.len()) {
            let message = format!("a funnel has from 2 to {MOST_FUNNEL_STEPS} conditions");
            problems.push(Problem::new(ProblemCode::OutOfRange, "through", message));
        }
        let context = scope.context();
        let mut steps = Vec::new();
        for (index, text) in self.through.iter().enumerate() {
            let read = parse(text).and_then(|expression| funnel_step(&expression, &context));
            match read {
                Ok(step) => steps.push(step),
                Err(problem) => problems.push(problem.in_field(format!("through[{index}]"))),
            }
        }
        let within = self.within.as_deref().map(|text| {
            let found = parse_duration(text).filter(|length| *length > 0);
            found.ok_or_else(|| {
                let message = format!(
                    "`{text}` is no length of time; write one such as `30m`, `1h30m` or `7d`"
                );
                Problem::new(ProblemCode::WrongType, "within", message)
            })
        });
        let within = match within.transpose() {
            Ok(within) => within,
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        match problems.is_empty() {
            true => Ok(Chains {
                by_user: self.unit == FunnelUnit::User,
                within,
                steps,
            }),
            false => Err(QueryError::Invalid(problems)),
        }
    }
}

impl Engine {
    /// How many come through steps in order.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub async fn funnel(
        &self,
        query: &FunnelQuery,
        capture: &Capture,
    ) -> Result<FunnelResult, QueryError> {
        let began = Instant::now();
        let mut trace = Trace::new(query.explain, began);
        let group = breakdown(query.by.as_deref())?;
        let scope = Scope::new(self, &query.sessions(), capture).await?;
        trace.nested(PassPurpose::Sessions, scope.counted.explanation.as_ref());
        trace.stage("sessions");
        let mut chains = query.chains(&scope)?;
        let conditions: Vec<Predicate> = chains.steps.iter().map(|step| step.1.clone()).collect();
        let conditions: Vec<&Predicate> = conditions.iter().collect();
        let sets = scope.sets(self, capture, &conditions).await?;
        for (_, condition) in &mut chains.steps {
            *condition = sets.put_into(condition);
        }
        let selection = sets.put_into(&scope.selection);
        let found = run(
            self.resources(),
            capture,
            &chains,
            (&selection, scope.resolved.environment),
            group,
        )
        .await?;
        let records = found.records.iter();
        records.for_each(|record| trace.reading(PassPurpose::Steps, Some(record)));
        trace.stage("steps");
        let mut all = Level::new(chains.steps.len());
        for level in found.levels.values() {
            all.merge(level);
        }
        let mut parts: Vec<(Option<&str>, &Level)> = found
            .levels
            .iter()
            .map(|(group, level)| (found.groups.value(*group).as_deref(), level))
            .collect();
        parts.sort_by(|(one, first), (two, second)| {
            second.reached[0].cmp(&first.reached[0]).then(one.cmp(two))
        });
        let text = Text {
            query,
            scope: &scope,
        };
        let parts = parts.into_iter().filter(|_| query.by.is_some());
        let groups = parts.map(|(value, level)| FunnelGroup {
            value: value.map(str::to_owned),
            levels: text.levels(level, Some(value)),
        });
        let mut result = FunnelResult {
            unit: query.unit,
            groups: groups.take(query.limit.unwrap_or(usize::MAX)).collect(),
            levels: text.levels(&all, None),
            basis: Basis::new(&scope, capture, (found.sessions, found.rows_read), began),
        };
        result.basis.explanation = trace.told_of(&result)?;
        Ok(result)
    }
}

/// Writes a funnel's answer.
struct Text<'a> {
    query: &'a FunnelQuery,
    scope: &'a Scope,
}

impl Text<'_> {
    fn levels(&self, level: &Level, group: Option<Option<&str>>) -> Vec<FunnelLevel> {
        let steps = self.query.through.len();
        let by_user = self.query.unit == FunnelUnit::User;
        let listed = !(by_user && group.is_some());
        (0..steps)
            .map(|index| {
                let reached = level.reached[index];
                let before = index
                    .checked_sub(1)
                    .map_or(reached, |step| level.reached[step]);
                let next = level.reached.get(index + 1).copied();
                let dropped_filter = (next.is_some() && !by_user).then(|| {
                    let filter = format!("not {}", self.funnel(index + 1));
                    format!("{} and {filter}", self.filter(index, group))
                });
                FunnelLevel {
                    condition: self.query.through[index].clone(),
                    reached,
                    from_previous: share(reached, before, "nobody came to the step before"),
                    from_start: share(reached, level.reached[0], "nobody came to the first step"),
                    dropped: reached - next.unwrap_or(0),
                    time: (index > 0).then(|| time(&level.times[index])).flatten(),
                    filter: listed.then(|| self.filter(index, group)),
                    dropped_filter,
                }
            })
            .collect()
    }

    fn filter(&self, index: usize, group: Option<Option<&str>>) -> String {
        let of_group = match group {
            Some(value) => text::of_group(self.query.by.as_deref(), value),
            None => String::new(),
        };
        text::both(self.funnel(index), &of_group)
    }

    /// The funnel as far as a step, as a filter. Steps of a user lie in sessions that must themselves be
    /// among those that the question is about.
    fn funnel(&self, index: usize) -> String {
        let by_user = self.query.unit == FunnelUnit::User;
        let mut text = "funnel".to_owned();
        let mut scope = Vec::new();
        if by_user {
            text.push_str(" by user");
            let resolved = &self.scope.resolved;
            scope = text::of_scope(resolved.range, &self.query.filters, resolved.environment);
        }
        if let Some(within) = &self.query.within {
            text.push_str(&format!(" within {}", text::quoted(within)));
        }
        let steps: Vec<String> = self.query.through[..=index]
            .iter()
            .map(|step| {
                let mut parts = vec![format!("({step})")];
                parts.extend(scope.iter().cloned());
                parts.join(" and ")
            })
            .collect();
        format!("{text} ({})", steps.join(" then "))
    }
}

fn time(microseconds: &[i64]) -> Option<FunnelTime> {
    let mut times = microseconds.to_vec();
    let count = times.len() as u64;
    let mut at = |share: f64| {
        let rank = quantile::rank(count, share)?;
        let (_, time, _) = times.select_nth_unstable(rank as usize - 1);
        Some(*time as f64 / 1e6)
    };
    Some(FunnelTime {
        n: count,
        p50: at(0.5)?,
        p90: at(0.9)?,
    })
}

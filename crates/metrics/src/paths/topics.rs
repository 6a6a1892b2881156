//! The report on topics: topics, agents, workflows and flows alike, each with how often it was visited, in
//! how many sessions, what came of them, what users thought, what it does to the four outcomes, how that
//! changed, and where it leads.
//!
//! Nothing is counted here that a query could not count: sessions and rates are an ordinary query, impacts
//! are those of drivers, where topics lead is the lift's count of pairs.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use upshot_lake::{Capture, Table};

use super::answer::{Basis, share};
use super::lift::Pairs;
use super::nodes::Nodes;
use super::question::{Scope, StepsText, question, tables};
use super::sequencer::read;
use super::text;
use crate::assemble::Part;
use crate::drivers::{DrivenOutcome, DriverQuery};
use crate::engine::Engine;
use crate::error::QueryError;
use crate::explain::{PassPurpose, Trace};
use crate::filter::{Loops, MatchBy, Measure, Predicate, StepSort, TextSource, definition};
use crate::pass;
use crate::query::Query;
use crate::query::plan::{Cells, Grouping, Plan};
use crate::registry::Subject;
use crate::result::{MetricValue, Row, Verdict};
use crate::run::groups::GroupValue;

/// The numbers of the sessions of a topic.
pub(crate) const METRICS: [&str; 5] = [
    "sessions",
    "resolution_rate",
    "escalation_rate",
    "abandon_rate",
    "csat_score",
];

/// How many topics a report holds unless it says else.
const DEFAULT_LIMIT: usize = 50;
/// How many topics are named to which one leads.
const MOST_NEXT: usize = 5;

question! {
    /// A question for the report on topics.
    TopicQuery {
        /// With what numbers are compared: `previous`, `year`, `FROM..TO`, or `none`. Nothing means
        /// `previous` where the range has two ends.
        compare: Option<String> = None,
    }
}

/// The report on topics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicResult {
    /// The topics, those of most sessions first.
    pub topics: Vec<TopicRow>,
    /// How many there are; more than the rows where the query had a limit.
    pub topic_count: usize,
    /// The numbers of all sessions.
    pub totals: BTreeMap<String, MetricValue>,
    /// What the answer rests on.
    #[serde(flatten)]
    pub basis: Basis,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicRow {
    /// Its id.
    pub topic: String,
    /// Its name, where it has one; of several the commonest.
    pub name: Option<String>,
    /// How often it was visited.
    pub visits: u64,
    /// How many of the visits the user's own words or click brought about.
    pub triggered: MetricValue,
    /// How many of the visits came to their end.
    pub completed: MetricValue,
    /// How many of the visits the user left with the session.
    pub left: MetricValue,
    /// Thumbs up given to the topic's answers, of all thumbs up and down.
    pub feedback: MetricValue,
    /// The numbers of the sessions that visited it, with those of the other range where they are compared:
    /// `sessions`, `resolution_rate`, `escalation_rate`, `abandon_rate`, `csat_score`.
    pub metrics: BTreeMap<String, MetricValue>,
    /// What it does to each outcome: `resolution`, `escalation`, `abandon`, `csat`.
    pub impacts: BTreeMap<String, TopicImpact>,
    /// Where it leads most often.
    pub next: Vec<NextTopic>,
    /// The filter that lists the sessions that visited it.
    pub filter: String,
}

/// What a topic does to an outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TopicImpact {
    /// The number over all engaged sessions minus that without those of the topic; null where nothing
    /// remains.
    pub impact: Option<f64>,
    /// Its 95 % interval.
    pub interval: Option<[f64; 2]>,
    /// How likely so large an impact is if the topic were like the rest.
    pub p_value: Option<f64>,
    /// What to make of it.
    pub verdict: Verdict,
}

/// A topic to which another leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NextTopic {
    /// Its id.
    pub topic: String,
    /// In how many sessions it directly follows.
    pub sessions: u64,
    /// Their share of the sessions that visited the first.
    pub share: MetricValue,
    /// The filter that lists them.
    pub filter: String,
}

const STEPS: StepsText<'static> = StepsText {
    steps: &[StepSort::Topics],
    match_by: MatchBy::Id,
    loops: Loops::Repeats,
    only: &[],
};

impl TopicQuery {
    /// The tables that the question reads.
    pub fn tables_needed(&self) -> Vec<Table> {
        tables(&self.filters, &[], &[Subject::Steps])
    }

    fn numbers(&self) -> Query {
        let bounded =
            self.range.last.is_some() || (self.range.from.is_some() && self.range.to.is_some());
        let compare = match self.compare.as_deref() {
            Some("none") => None,
            Some(other) => Some(other.to_owned()),
            None => bounded.then(|| "previous".to_owned()),
        };
        Query {
            metrics: METRICS.map(str::to_owned).to_vec(),
            dimensions: vec!["topics".to_owned()],
            compare,
            ..self.sessions()
        }
    }
}

impl Engine {
    /// The report on topics.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub async fn topics(
        &self,
        query: &TopicQuery,
        capture: &Capture,
    ) -> Result<TopicResult, QueryError> {
        let began = Instant::now();
        let mut trace = Trace::new(query.explain, began);
        let asked = [query.numbers(), query.sessions()];
        let mut counted = self.run_all(&asked, capture).await.into_iter();
        let nothing = || QueryError::Stopped("a query was given up".to_owned());
        let mut next_counted = || counted.next().ok_or_else(nothing)?;
        let numbers = next_counted()?;
        let scope = Scope::of(&asked[1], next_counted()?, capture)?;
        trace.nested(PassPurpose::Rows, numbers.explanation.as_ref());
        trace.nested(PassPurpose::Sessions, scope.counted.explanation.as_ref());
        trace.stage("sessions");
        let visits = self.visits(&scope, capture, &mut trace).await?;
        trace.stage("visits");
        let mut impacts = self.impacts(query, capture, &mut trace).await?;
        trace.stage("impacts");
        let choice = STEPS.resolve(&scope.context())?;
        let (mut wanted, _sets) = scope.wanted(self, capture, &choice, None).await?;
        wanted.endings = None;
        let resources = self.resources();
        let all = read(
            resources,
            capture,
            wanted,
            Default::default(),
            Pairs::default,
        )
        .await?;
        trace.reading(PassPurpose::Steps, all.record.as_ref());
        trace.stage("steps");
        let mut next = next_topics(&all.sink, &all.nodes);
        let known = numbers.rows.into_iter();
        let mut topics: Vec<TopicRow> = known
            .filter_map(|row| topic_row(row, &visits, &mut impacts, &mut next))
            .collect();
        topics.sort_by(|one, two| {
            let sessions = |row: &TopicRow| row.metrics.get("sessions").map_or(0, |value| value.n);
            sessions(two)
                .cmp(&sessions(one))
                .then_with(|| one.topic.cmp(&two.topic))
        });
        let topic_count = topics.len();
        topics.truncate(query.limit.unwrap_or(DEFAULT_LIMIT));
        let counted = (all.sink.sessions, all.rows_read + numbers.rows_read);
        let mut basis = Basis::new(&scope, capture, counted, began);
        basis.notes = numbers.notes;
        let mut result = TopicResult {
            topics,
            topic_count,
            totals: numbers.totals,
            basis,
        };
        result.basis.explanation = trace.told_of(&result)?;
        Ok(result)
    }

    /// What every topic does to each outcome.
    async fn impacts(
        &self,
        query: &TopicQuery,
        capture: &Capture,
        trace: &mut Trace,
    ) -> Result<Impacts, QueryError> {
        let asked = DrivenOutcome::ALL.map(|outcome| DriverQuery {
            outcome,
            by: "topics".to_owned(),
            filters: query.filters.clone(),
            range: query.range.clone(),
            environment: query.environment,
            time_zone: query.time_zone.clone(),
            limit: None,
            profile: query.profile.clone(),
            explain: query.explain,
            now: query.now,
            maturity: query.maturity,
        });
        let mut impacts = Impacts::new();
        for found in self.nameless_drivers(&asked, capture, trace).await? {
            for row in found.rows {
                let Some(topic) = row.value else { continue };
                let impact = TopicImpact {
                    impact: row.impact,
                    interval: row.interval,
                    p_value: row.p_value,
                    verdict: row.verdict,
                };
                let of_topic = impacts.entry(topic).or_default();
                of_topic.insert(found.outcome.name().to_owned(), impact);
            }
        }
        Ok(impacts)
    }

    /// One pass over the visits, by topic and name.
    async fn visits(
        &self,
        scope: &Scope,
        capture: &Capture,
        trace: &mut Trace,
    ) -> Result<HashMap<String, Visits>, QueryError> {
        let sets = scope.sets(self, capture, &[]).await?;
        let visit = definition("step.kind = topic");
        let mut cells = Cells::default();
        for condition in [
            "step.topic_id is not null",
            "step.topic_trigger = direct",
            "step.visit_end = completed",
            "step.visit_end = abandoned",
        ] {
            let condition = cells.predicate(definition(condition));
            cells.counter(condition);
        }
        let always = cells.predicate(Predicate::Constant(true));
        for column in ["step.feedback_up", "step.feedback_down"] {
            cells.sum(Measure::Column(column), always);
        }
        let plan = Plan {
            subject: Subject::Steps,
            selection: sets.put_into(&scope.selection.clone().and(visit)),
            environment: Predicate::Constant(true),
            groupings: ["step.topic_id", "step.topic_name"]
                .map(|column| Grouping::Text(TextSource::Column(column)))
                .to_vec(),
            kept: None,
            cells,
            metrics: Vec::new(),
            traffic: scope.resolved.environment,
            reading: None,
            terms: scope.resolved.terms(scope.resolved.range),
            unlinkable: None,
            overlap: None,
            remarks: Vec::new(),
        };
        let gathered = pass::run(&plan, capture, self.resources()).await?;
        let part = Part { plan, gathered };
        trace.pass(PassPurpose::Visits, &part);
        let mut found: HashMap<String, Visits> = HashMap::new();
        for (key, filled) in part.gathered.groups {
            let [GroupValue::Text(topic), name] = key.as_slice() else {
                continue;
            };
            let visits = found.entry(topic.to_string()).or_default();
            for (all, more) in visits.counts.iter_mut().zip(&filled.counters) {
                *all += more;
            }
            for (all, more) in visits.thumbs.iter_mut().zip(&filled.sums) {
                *all += more.sum() as u64;
            }
            if let GroupValue::Text(name) = name {
                let times = filled.counters.first().copied().unwrap_or(0);
                visits.names.push((times, name.to_string()));
            }
        }
        Ok(found)
    }
}

type Impacts = HashMap<String, BTreeMap<String, TopicImpact>>;

/// The visits of a topic.
#[derive(Debug, Default)]
struct Visits {
    /// All, those that the user brought about, those that came to their end, those that were left.
    counts: [u64; 4],
    /// Up and down.
    thumbs: [u64; 2],
    /// Its names, each with how often.
    names: Vec<(u64, String)>,
}

impl Visits {
    /// The commonest name, of equally common ones the first in the alphabet.
    fn name(&self) -> Option<String> {
        let mut names: Vec<&(u64, String)> = self.names.iter().collect();
        names.sort_by(|(one, first), (two, second)| two.cmp(one).then_with(|| first.cmp(second)));
        names.first().map(|(_, name)| name.clone())
    }
}

/// Of each topic, in how many sessions which others directly follow.
fn next_topics(pairs: &Pairs, nodes: &Nodes) -> HashMap<String, Vec<(u64, String)>> {
    let mut next: HashMap<String, Vec<(u64, String)>> = HashMap::new();
    for ((first, second), count) in &pairs.counts {
        let topic = |node: u32| nodes.key(node).1.to_string();
        let known = next.entry(topic(*first)).or_default();
        known.push((*count, topic(*second)));
    }
    for topics in next.values_mut() {
        topics.sort_by(|(one, first), (two, second)| two.cmp(one).then_with(|| first.cmp(second)));
        topics.truncate(MOST_NEXT);
    }
    next
}

fn topic_row(
    row: Row,
    visits: &HashMap<String, Visits>,
    impacts: &mut Impacts,
    next: &mut HashMap<String, Vec<(u64, String)>>,
) -> Option<TopicRow> {
    let topic = row.dimensions.get("topics").cloned().flatten()?;
    let sessions = row.metrics.get("sessions").map_or(0, |value| value.n);
    let none = Visits::default();
    let visited = visits.get(&topic).unwrap_or(&none);
    let [all, triggered, completed, left] = visited.counts;
    let [up, down] = visited.thumbs;
    let of_visits = |count: u64| share(count, all, "the topic was not visited");
    let following = next.remove(&topic).unwrap_or_default().into_iter();
    Some(TopicRow {
        name: visited.name(),
        visits: all,
        triggered: of_visits(triggered),
        completed: of_visits(completed),
        left: of_visits(left),
        feedback: share(up, up + down, "nobody gave a thumb"),
        metrics: row.metrics,
        impacts: impacts.remove(&topic).unwrap_or_default(),
        next: following
            .map(|(count, second)| NextTopic {
                sessions: count,
                share: share(count, sessions, "no session visited the topic"),
                filter: format!(
                    "{} anywhere ({}, {})",
                    STEPS.filter(Loops::Repeats),
                    text::quoted(&topic),
                    text::quoted(&second)
                ),
                topic: second,
            })
            .collect(),
        filter: format!("topics has {}", text::quoted(&topic)),
        topic,
    })
}

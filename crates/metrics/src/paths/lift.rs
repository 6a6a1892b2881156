//! Lift: which step follows which more often than chance.
//!
//! A pair counts once a session. Of the sessions' different transitions, `r` go out from the first step,
//! `x` of them to the second; of all transitions that do not lead to the first, a share `b` leads to the
//! second. A step does not follow itself, so this `b` is what would come by chance: `r·b` is expected, and
//! `x / (r·b)` is the lift. The test compares the `r` transitions with those from other steps; its p values
//! are corrected for the number of pairs by Holm's (1979) method.

use std::time::Instant;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use upshot_lake::{Capture, Table};
use upshot_stats::{Confidence, proportion};

use super::answer::{Basis, StepName, share};
use super::nodes::Nodes;
use super::question::{Scope, StepsText, question, subject_of, tables};
use super::sequencer::{Sink, StepRow, read};
use super::text;
use super::wanted::SessionFacts;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::explain::{PassPurpose, Trace};
use crate::filter::{Loops, MatchBy, StepSort};
use crate::result::{MetricValue, Verdict};

/// How many pairs a list holds unless it says else.
const DEFAULT_LIMIT: usize = 50;
/// The most different pairs of one answer.
const MOST_PAIRS: usize = 1_000_000;
/// Below so many sessions a pair is not judged.
const FEW: u64 = 5;

question! {
    /// A question about which step follows which more often than chance.
    LiftQuery {
        /// What counts as a step; nothing means topics.
        steps: Vec<StepSort> = vec![StepSort::Topics],
        /// By what steps are the same.
        match_by: MatchBy = MatchBy::default(),
        /// Conditions on steps; others are as if they were not there.
        only: Vec<String> = Vec::new(),
        /// In how many sessions a pair must be found to be shown and tested.
        #[cfg_attr(feature = "openapi", schema(format = "uint64"))]
        at_least: u64 = FEW,
    }
}

/// Which step follows which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiftResult {
    /// The pairs, the most surprising first.
    pub pairs: Vec<LiftRow>,
    /// How many were tested; more than the rows where the query had a limit.
    pub pair_count: usize,
    /// How many different transitions the sessions have in all, each once a session.
    pub transitions: u64,
    /// What the answer rests on.
    #[serde(flatten)]
    pub basis: Basis,
}

/// A pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiftRow {
    /// The step that comes first.
    pub first: StepName,
    /// The step that follows it.
    pub next: StepName,
    /// In how many sessions it follows directly.
    pub sessions: u64,
    /// That number among all transitions from the first.
    pub share: MetricValue,
    /// How many would be expected by chance.
    pub expected: f64,
    /// How many times as often as by chance; null where nothing is expected.
    pub lift: Option<f64>,
    /// The 95 % interval of the lift: that of the share, against the chance taken as known.
    pub interval: Option<[f64; 2]>,
    /// How likely so large a difference is if the first step made none.
    pub p_value: Option<f64>,
    /// The same, corrected for the number of pairs.
    pub p_value_corrected: Option<f64>,
    /// `changed` where that is below 5 %, else `noise`; `too_few` where no test can be made.
    pub verdict: Verdict,
    /// The filter that lists the sessions.
    pub filter: String,
}

impl LiftQuery {
    fn steps_text(&self) -> StepsText<'_> {
        StepsText {
            steps: &self.steps,
            match_by: self.match_by,
            loops: Loops::Repeats,
            only: &self.only,
        }
    }

    /// The tables that the question reads.
    pub fn tables_needed(&self) -> Vec<Table> {
        tables(&self.filters, &[&self.only], &[subject_of(&self.steps)])
    }
}

impl Engine {
    /// Which step follows which more often than chance.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub async fn lift(
        &self,
        query: &LiftQuery,
        capture: &Capture,
    ) -> Result<LiftResult, QueryError> {
        let began = Instant::now();
        let mut trace = Trace::new(query.explain, began);
        let scope = Scope::new(self, &query.sessions(), capture).await?;
        trace.nested(PassPurpose::Sessions, scope.counted.explanation.as_ref());
        trace.stage("sessions");
        let choice = query.steps_text().resolve(&scope.context())?;
        let (mut wanted, _sets) = scope.wanted(self, capture, &choice, None).await?;
        wanted.endings = None;
        let all = read(
            self.resources(),
            capture,
            wanted,
            Default::default(),
            Pairs::default,
        )
        .await?;
        trace.reading(PassPurpose::Steps, all.record.as_ref());
        trace.stage("steps");
        let several = choice.kinds.len() > 1;
        let mut pairs = rows(query, &all.sink, &all.nodes, several);
        correct(&mut pairs);
        let pair_count = pairs.len();
        pairs.truncate(query.limit.unwrap_or(DEFAULT_LIMIT));
        let mut result = LiftResult {
            pairs,
            pair_count,
            transitions: all.sink.counts.values().sum(),
            basis: Basis::new(&scope, capture, (all.sink.sessions, all.rows_read), began),
        };
        result.basis.explanation = trace.told_of(&result)?;
        Ok(result)
    }
}

fn rows(query: &LiftQuery, pairs: &Pairs, nodes: &Nodes, several: bool) -> Vec<LiftRow> {
    let (mut from, mut to): (FxHashMap<u32, u64>, FxHashMap<u32, u64>) = Default::default();
    let mut all = 0;
    for ((first, next), count) in &pairs.counts {
        *from.entry(*first).or_default() += count;
        *to.entry(*next).or_default() += count;
        all += count;
    }
    let head = query.steps_text().filter(Loops::Repeats);
    let tested = pairs.counts.iter();
    let tested = tested.filter(|(_, count)| **count >= query.at_least.max(1));
    tested
        .map(|((first, next), count)| {
            let (first_name, next_name) = (
                StepName::of(*first, nodes, several),
                StepName::of(*next, nodes, several),
            );
            let out = from.get(first).copied().unwrap_or(0);
            let into = to.get(next).copied().unwrap_or(0);
            let elsewhere = all - to.get(first).copied().unwrap_or(0);
            let chance = into as f64 / elsewhere as f64;
            let expected = out as f64 * chance;
            let known = share(*count, out, "nothing follows");
            let lift = |share: f64| share / chance;
            // From other steps, leading to others than the first: the next, or not.
            let others = (into - count, elsewhere.saturating_sub(out));
            let test = proportion::difference((*count, out), others, Confidence::NINETY_FIVE);
            LiftRow {
                sessions: *count,
                lift: known.value.map(lift).filter(|lift| lift.is_finite()),
                interval: known.interval.map(|ends| ends.map(lift)),
                share: known,
                expected,
                p_value: test.map(|test| test.p_value),
                p_value_corrected: None,
                verdict: Verdict::TooFew,
                filter: format!(
                    "{head} anywhere ({}, {})",
                    text::quoted(&first_name.key),
                    text::quoted(&next_name.key)
                ),
                first: first_name,
                next: next_name,
            }
        })
        .collect()
}

/// Corrects the p values and puts the most surprising first.
fn correct(rows: &mut [LiftRow]) {
    rows.sort_by(|one, two| {
        let p_value = |row: &LiftRow| row.p_value.unwrap_or(2.0);
        p_value(one)
            .total_cmp(&p_value(two))
            .then_with(|| two.lift.unwrap_or(0.0).total_cmp(&one.lift.unwrap_or(0.0)))
            .then_with(|| (&one.first, &one.next).cmp(&(&two.first, &two.next)))
    });
    let tested = rows.iter().filter(|row| row.p_value.is_some()).count();
    let mut least: f64 = 0.0;
    for (index, row) in rows.iter_mut().enumerate() {
        let Some(p_value) = row.p_value else { continue };
        least = least.max(p_value * (tested - index) as f64).min(1.0);
        row.p_value_corrected = Some(least);
        row.verdict = match least < 0.05 {
            true => Verdict::Changed,
            false => Verdict::Noise,
        };
    }
}

/// Counts in how many sessions a step directly follows another.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Pairs {
    pub(super) sessions: u64,
    pub(super) counts: FxHashMap<(u32, u32), u64>,
    of_session: Vec<(u32, u32)>,
}

impl Sink for Pairs {
    fn session(
        &mut self,
        _session: &SessionFacts,
        steps: &[StepRow],
        _nodes: &Nodes,
    ) -> Result<(), QueryError> {
        self.sessions += 1;
        self.of_session.clear();
        let pairs = steps.windows(2).map(|pair| (pair[0].node, pair[1].node));
        self.of_session.extend(pairs);
        self.of_session.sort_unstable();
        self.of_session.dedup();
        for pair in &self.of_session {
            *self.counts.entry(*pair).or_default() += 1;
        }
        match self.counts.len() > MOST_PAIRS {
            true => Err(QueryError::TooManyGroups { limit: MOST_PAIRS }),
            false => Ok(()),
        }
    }

    fn absorb(&mut self, other: Self, nodes: &[u32], _: &[u32]) -> Result<(), QueryError> {
        self.sessions += other.sessions;
        for ((first, next), count) in other.counts {
            let pair = (nodes[first as usize], nodes[next as usize]);
            *self.counts.entry(pair).or_default() += count;
        }
        match self.counts.len() > MOST_PAIRS {
            true => Err(QueryError::TooManyGroups { limit: MOST_PAIRS }),
            false => Ok(()),
        }
    }

    fn purpose(&self) -> Option<u64> {
        Some(3)
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        postcard::to_extend(self, Vec::new()).ok()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    fn bytes(&self) -> usize {
        self.counts.capacity() * size_of::<((u32, u32), u64)>() + self.of_session.capacity() * 8
    }
}

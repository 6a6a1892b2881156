//! Counts who came back: one pass over the sessions since the range began, then, part by part of the
//! users, one pass over what they did.

use arrow::buffer::BooleanBuffer;
use upshot_lake::Capture;

use crate::columns::Columns;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::filter::{Measure, Predicate};
use crate::pass::{Consumer, Source};
use crate::query::scope::{in_environment, in_range};
use crate::query::{EnvironmentChoice, Identity};
use crate::registry::Subject;
use crate::rollup::Found;
use crate::run::evaluate::{Evaluator, Numbers, not_replaced};
use crate::run::worker::Shape;
use crate::time::{Buckets, Range};

/// Users are cut in so many parts, each small enough for the processor's cache.
const PARTS: usize = 256;

/// Users, each with a cohort or a period.
type Users = Vec<(u64, u32)>;

/// What is counted.
#[derive(Debug, Clone)]
pub(super) struct Question {
    /// In which range first sessions lie.
    pub(super) range: Range,
    /// The periods from the first cohort's on.
    pub(super) periods: Buckets,
    /// How many of them are cohorts.
    pub(super) cohorts: usize,
    /// How many periods are looked at.
    pub(super) most: usize,
    /// Which first sessions count.
    pub(super) first: Predicate,
    /// Which later sessions count.
    pub(super) back: Predicate,
    pub(super) environment: EnvironmentChoice,
    pub(super) identity: Identity,
}

impl Question {
    /// Whether a period is over.
    pub(super) fn is_over(&self, position: usize, now: i64) -> bool {
        position < self.periods.len() && self.periods.start(position + 1) <= now
    }

    fn shape(&self) -> Shape {
        let until = Range {
            from: self.periods.start(0),
            to: self.periods.start(self.periods.len()),
        };
        let wanted = Columns::from([
            self.identity.key(),
            self.identity.first_time(),
            "start_time",
            "first_user_time",
            "unlinkable",
        ]);
        let selection = in_range("start_time", until);
        let mut shape = Shape::selecting(Subject::Sessions, selection, wanted);
        shape.environment = in_environment(self.environment);
        // As cells, so that what is known of a file is folded into them.
        shape.cells.predicates = vec![self.first.clone(), self.back.clone()];
        shape
    }
}

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// The users of each cohort.
    pub(super) users: Vec<u64>,
    periods: usize,
    exact: Vec<u64>,
    rolling: Vec<u64>,
    /// Sessions of the other environment.
    pub(super) left_out: u64,
    /// Sessions in the range whose users cannot be followed.
    pub(super) unlinkable: u64,
    pub(super) rows_read: u64,
}

impl Counts {
    fn new(cohorts: usize, periods: usize) -> Self {
        Self {
            users: vec![0; cohorts],
            periods,
            exact: vec![0; cohorts * periods],
            rolling: vec![0; cohorts * periods],
            ..Self::default()
        }
    }

    /// Users of the cohort who were back in the period.
    pub(super) fn exact(&self, cohort: usize, period: usize) -> u64 {
        self.exact[cohort * self.periods + period - 1]
    }

    /// Users of the cohort who were back in the period or later.
    pub(super) fn rolling(&self, cohort: usize, period: usize) -> u64 {
        self.rolling[cohort * self.periods + period - 1]
    }

    /// Adds a user of a cohort with the periods in which the user was back, ascending.
    fn add(&mut self, cohort: usize, back: impl Iterator<Item = usize>) {
        self.users[cohort] += 1;
        let mut last = 0;
        let row = cohort * self.periods;
        for period in back.filter(|period| *period > 0) {
            if period <= self.periods {
                self.exact[row + period - 1] += 1;
            }
            last = period;
        }
        for period in 0..last.min(self.periods) {
            self.rolling[row + period] += 1;
        }
    }

    fn join(&mut self, other: &Self) {
        let add = |mine: &mut Vec<u64>, theirs: &[u64]| {
            mine.iter_mut()
                .zip(theirs)
                .for_each(|(sum, more)| *sum += more);
        };
        add(&mut self.users, &other.users);
        add(&mut self.exact, &other.exact);
        add(&mut self.rolling, &other.rolling);
    }
}

impl Engine {
    pub(super) async fn count_retention(
        &self,
        question: &Question,
        capture: &Capture,
    ) -> Result<Counts, QueryError> {
        let resources = self.resources();
        let shape = question.shape();
        let conditions = [&question.first, &question.back];
        let sets = self
            .sets_of(&shape, &conditions, question.environment, capture)
            .await?;
        let mut question = question.clone();
        question.first = sets.put_into(&question.first);
        question.back = sets.put_into(&question.back);
        let shape = question.shape();
        let source = Source::of(Subject::Sessions, capture, question.environment)?;
        let empty = || Gathering::new(&question);
        let shares = source.read(&shape, resources, empty).await?;
        let threads = resources.threads;
        let counting = resources
            .handle
            .spawn_blocking(move || count(&question, shares, threads));
        counting
            .await
            .map_err(|error| QueryError::Stopped(error.to_string()))
    }
}

/// What one thread gathers: by part, users with their cohort, and users with the periods in which they
/// were back.
struct Gathering {
    question: Question,
    first: Vec<Users>,
    back: Vec<Users>,
    held: usize,
    left_out: u64,
    unlinkable: u64,
    rows_read: u64,
}

impl Gathering {
    fn new(question: &Question) -> Self {
        Self {
            question: question.clone(),
            first: vec![Vec::new(); PARTS],
            back: vec![Vec::new(); PARTS],
            held: 0,
            left_out: 0,
            unlinkable: 0,
            rows_read: 0,
        }
    }

    fn gather(&mut self, batch: &Rows<'_>, rows: &BooleanBuffer, first: bool) {
        let question = &self.question;
        let (mut cohort_hint, mut period_hint) = (0, 0);
        for row in rows.set_indices() {
            let first_time = batch.first_times[row];
            if !question.range.contains(first_time) {
                continue;
            }
            let Some(cohort) = question.periods.find(first_time, cohort_hint) else {
                continue;
            };
            cohort_hint = cohort;
            let key = batch.keys[row];
            let part = (key >> 56) as usize;
            if first {
                if batch.starts[row] == first_time {
                    self.first[part].push((key, cohort as u32));
                    self.held += 1;
                }
                continue;
            }
            let Some(period) = question.periods.find(batch.starts[row], period_hint) else {
                continue;
            };
            period_hint = period;
            let entry = (key, (period - cohort) as u32);
            // A user's sessions of one day often follow each other.
            if period > cohort && self.back[part].last() != Some(&entry) {
                self.back[part].push(entry);
                self.held += 1;
            }
        }
    }
}

/// The columns of a batch that are looked at.
struct Rows<'a> {
    keys: &'a [u64],
    starts: &'a [i64],
    first_times: &'a [i64],
}

impl Found for Gathering {}

impl Consumer for Gathering {
    type Found = Self;

    fn finish(self, _small: bool) -> Result<Self, QueryError> {
        Ok(self)
    }

    fn consume<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
    ) -> Result<(), QueryError> {
        let rows = evaluator.rows();
        self.rows_read += rows as u64;
        let mut selected = evaluator.predicate(&shape.selection);
        if let Some(replaced) = &shape.replaced {
            selected = &selected & &not_replaced(evaluator, replaced);
        }
        let in_range = in_range("start_time", self.question.range);
        let (unlinkable, contact) = (
            Predicate::Flag("unlinkable"),
            Predicate::Present("first_user_time"),
        );
        let counted = &selected & &evaluator.predicate(&shape.environment);
        // What is asked only here does not live as long as what is shared.
        let mut own = Evaluator::new(evaluator.batch());
        let asked = own.predicate(&in_range);
        let other = &(&selected & &!&counted) & &asked;
        self.left_out += other.count_set_bits() as u64;
        let firsts = &counted & &evaluator.predicate(&shape.cells.predicates[0]);
        let lost = &(&firsts & &asked) & &own.predicate(&unlinkable);
        self.unlinkable += lost.count_set_bits() as u64;
        let back = &counted & &evaluator.predicate(&shape.cells.predicates[1]);
        let back = &back & &own.predicate(&contact);
        let integers = |column| match evaluator.measure(Measure::Column(column)).numbers {
            Numbers::Integer(numbers) => numbers,
            Numbers::Real(_) => vec![0; rows].into(),
        };
        let first_time = self.question.identity.first_time();
        let known = evaluator.measure(Measure::Column(first_time)).valid;
        let known = known.unwrap_or_else(|| BooleanBuffer::new_set(rows));
        let keys = integers(self.question.identity.key());
        let keys: Vec<u64> = keys.iter().map(|key| *key as u64).collect();
        let rows = Rows {
            keys: &keys,
            starts: &integers("start_time"),
            first_times: &integers(first_time),
        };
        self.gather(&rows, &(&firsts & &known), true);
        self.gather(&rows, &(&back & &known), false);
        Ok(())
    }

    fn bytes(&self) -> usize {
        // Vectors that grow hold up to twice what is in them.
        2 * self.held * size_of::<(u64, u32)>()
    }
}

fn count(question: &Question, shares: Vec<Gathering>, threads: usize) -> Counts {
    let mut counts = Counts::new(question.cohorts, question.most);
    let mut parts: Vec<(Users, Users)> = vec![Default::default(); PARTS];
    for share in shares {
        counts.left_out += share.left_out;
        counts.unlinkable += share.unlinkable;
        counts.rows_read += share.rows_read;
        for ((first, back), part) in share.first.into_iter().zip(share.back).zip(&mut parts) {
            part.0.extend(first);
            part.1.extend(back);
        }
    }
    let share = PARTS.div_ceil(threads.max(1));
    std::thread::scope(|scope| {
        let tasks: Vec<_> = parts
            .chunks_mut(share)
            .map(|parts| scope.spawn(|| count_parts(question, parts)))
            .collect();
        for task in tasks {
            match task.join() {
                Ok(of_parts) => counts.join(&of_parts),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    counts
}

fn count_parts(question: &Question, parts: &mut [(Users, Users)]) -> Counts {
    let mut counts = Counts::new(question.cohorts, question.most);
    for (first, back) in parts {
        for list in [&mut *first, &mut *back] {
            list.sort_unstable();
            list.dedup();
        }
        let mut rest = back.as_slice();
        for (key, cohort) in first.iter() {
            let before = rest.partition_point(|(other, _)| other < key);
            rest = &rest[before..];
            let own = rest.partition_point(|(other, _)| other == key);
            let periods = rest[..own].iter().map(|(_, period)| *period as usize);
            counts.add(*cohort as usize, periods);
        }
    }
    counts
}

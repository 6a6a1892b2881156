//! Counts who came back: one pass over all sessions until the last period ends, of which is kept what each file tells of
//! its users; then, part by part of the users, one pass over what the files tell of each.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use upshot_lake::Capture;

use crate::columns::Columns;
use crate::engine::Engine;
use crate::error::QueryError;
use crate::explain::PassRecord;
use crate::filter::{Measure, Predicate};
use crate::pass::{Consumer, Known, Source};
use crate::query::plan::Grouping;
use crate::query::scope::{in_environment, in_range};
use crate::query::{EnvironmentChoice, Identity};
use crate::registry::Subject;
use crate::rollup::Found;
use crate::run::evaluate::{Evaluator, Numbers};
use crate::run::worker::Shape;
use crate::time::{Buckets, Range};

/// Users are cut in so many parts, each small enough for the processor's cache.
const PARTS: usize = 256;

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
        // Who came before the range came first before it.
        let until = Range {
            from: i64::MIN,
            ..self.periods_range()
        };
        let wanted = Columns::from([
            self.identity.key(),
            "person_key",
            "start_time",
            "first_user_time",
            "unlinkable",
        ]);
        let selection = in_range("start_time", until);
        let mut shape = Shape::selecting(Subject::Sessions, selection, wanted);
        shape.environment = in_environment(self.environment);
        let periods = self.periods.clone();
        shape.groupings = vec![Grouping::Buckets("start_time", periods)];
        // As cells, so that what is known of a file is folded into them. Of what was before only is asked who was there.
        let asked = in_range("start_time", self.range);
        let first = self.first.clone().and(asked.clone());
        let back = self
            .back
            .clone()
            .and(in_range("start_time", self.periods_range()));
        shape.cells.predicates = vec![first, back, asked];
        shape
    }

    /// From the first cohort's beginning to the end of the last period.
    fn periods_range(&self) -> Range {
        Range {
            from: self.periods.start(0),
            to: self.periods.start(self.periods.len()),
        }
    }

    /// The rows on which conditions on other rows are about.
    fn shape_of_conditions(&self) -> Shape {
        let selection = in_range("start_time", self.periods_range());
        Shape::selecting(Subject::Sessions, selection, Columns::new())
    }

    /// What stands for what is made of rows beyond the shape.
    fn purpose(&self) -> u64 {
        const RETENTION: u64 = 8;
        RETENTION + u64::from(self.identity == Identity::Id)
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
    /// What was read.
    pub(super) record: Option<PassRecord>,
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
        let shape = question.shape_of_conditions();
        let conditions = [&question.first, &question.back];
        let sets = self
            .sets_of(&shape, &conditions, question.environment, capture)
            .await?;
        let mut question = question.clone();
        question.first = sets.put_into(&question.first);
        question.back = sets.put_into(&question.back);
        let shape = question.shape();
        let source = Source::of(Subject::Sessions, capture, question.environment)?;
        let identity = question.identity;
        let gathering = Arc::new(move |_, _| Gathering::new(identity));
        let told = source.read_kept(&shape, question.purpose(), resources, gathering);
        let (told, effort) = told.await?;
        let kept = told.iter().filter(|(_, known)| *known);
        let rows_kept = kept.map(|(known, _)| known.found.rows_read).sum();
        let selection = shape.selection.clone().and(shape.environment.clone());
        let threads = resources.threads;
        let counting = resources
            .handle
            .spawn_blocking(move || count(&question, &told, threads));
        let counts = counting
            .await
            .map_err(|error| QueryError::Stopped(error.to_string()))?;
        let record = PassRecord {
            subject: Subject::Sessions,
            selection: selection.to_string(),
            effort,
            rows_read: counts.rows_read,
            rows_kept,
        };
        Ok(Counts {
            record: Some(record),
            ..counts
        })
    }
}

/// A session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Visit {
    user: u64,
    start: i64,
    /// Whether it counts where it is the first of all.
    first: bool,
    /// The period in which the user is back with it, where it counts as that; of those of the shape.
    back: Option<u32>,
}

/// What rows tell of users, in the order of these.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    #[serde(with = "crate::rollup::plain")]
    users: Vec<u64>,
    /// When the earliest session of each started.
    earliest: Vec<i64>,
    /// Whether that counts as a first session.
    first: Vec<bool>,
    /// Whether each is back in the first of the periods.
    back: Vec<bool>,
    /// The places of users with the other periods in which they are back.
    back_later: Vec<(u32, u32)>,
    left_out: u64,
    unlinkable: u64,
    rows_read: u64,
}

impl Found for Told {
    fn bytes(&self) -> usize {
        let each = size_of::<(u64, i64, bool, bool)>();
        size_of::<Self>() + self.users.len() * each + self.back_later.len() * 8
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        postcard::to_extend(self, Vec::new()).ok()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

/// Gathers sessions.
struct Gathering {
    identity: Identity,
    visits: Vec<Visit>,
    /// With how many visits what they say is drawn together.
    full: usize,
    told: Told,
}

/// With fewer visits nothing is drawn together.
const MANY_VISITS: usize = 1 << 20;

/// Puts visits in order and leaves those out that say nothing new.
fn draw_together(visits: &mut Vec<Visit>) {
    visits.sort_unstable();
    let mut left: Vec<Visit> = Vec::with_capacity(visits.len() / 2);
    for of_user in visits.chunk_by(|one, other| one.user == other.user) {
        let earliest = of_user[0].start;
        let mut at_first = of_user.iter().take_while(|visit| visit.start == earliest);
        let begin = left.len();
        left.push(Visit {
            first: at_first.any(|visit| visit.first),
            ..of_user[0]
        });
        for visit in of_user.iter().filter(|visit| visit.back.is_some()) {
            if !left[begin..].iter().any(|known| known.back == visit.back) {
                left.push(Visit {
                    first: false,
                    ..*visit
                });
            }
        }
    }
    *visits = left;
}

impl Gathering {
    fn new(identity: Identity) -> Self {
        Self {
            identity,
            visits: Vec::new(),
            full: MANY_VISITS,
            told: Told::default(),
        }
    }
}

impl Consumer for Gathering {
    type Found = Told;

    fn consume<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
    ) -> Result<(), QueryError> {
        let rows = evaluator.rows();
        self.told.rows_read += rows as u64;
        let selected = shape.selected(evaluator);
        let counted = &selected & &evaluator.predicate(&shape.environment);
        let [first, back, asked] = &shape.cells.predicates[..] else {
            return Ok(());
        };
        let asked = evaluator.predicate(asked);
        let other = &(&selected & &!&counted) & &asked;
        self.told.left_out += other.count_set_bits() as u64;
        let first = &counted & &evaluator.predicate(first);
        let back = &counted & &evaluator.predicate(back);
        // What is asked only here does not live as long as what is shared.
        let mut own = Evaluator::new(evaluator.batch());
        let unlinkable = own.predicate(&Predicate::Flag("unlinkable")).clone();
        let lost = &(&first & &asked) & &unlinkable;
        self.told.unlinkable += lost.count_set_bits() as u64;
        let back = &back & &own.predicate(&Predicate::Present("first_user_time"));
        let linkable = &own.predicate(&Predicate::Present("person_key")) & &!&unlinkable;
        let integers = |column| match evaluator.measure(Measure::Column(column)).numbers {
            Numbers::Integer(numbers) => numbers,
            Numbers::Real(_) => vec![0; rows].into(),
        };
        let (users, starts) = (integers(self.identity.key()), integers("start_time"));
        let Some(Grouping::Buckets(_, periods)) = shape.groupings.first() else {
            return Ok(());
        };
        let mut hint = 0;
        for row in (&counted & &linkable).set_indices() {
            let period = match back.value(row) {
                true => periods.find(starts[row], hint),
                false => None,
            };
            hint = period.unwrap_or(hint);
            self.visits.push(Visit {
                user: users[row] as u64,
                start: starts[row],
                first: first.value(row),
                back: period.map(|period| period as u32),
            });
        }
        if self.visits.len() >= self.full {
            draw_together(&mut self.visits);
            self.full = (2 * self.visits.len()).max(MANY_VISITS);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.visits.capacity() * size_of::<Visit>()
    }

    fn finish(mut self, small: bool) -> Result<Told, QueryError> {
        draw_together(&mut self.visits);
        let mut told = self.told;
        for visits in self.visits.chunk_by(|one, other| one.user == other.user) {
            let place = told.users.len() as u32;
            told.users.push(visits[0].user);
            told.earliest.push(visits[0].start);
            told.first.push(visits[0].first);
            told.back
                .push(visits.iter().any(|visit| visit.back == Some(0)));
            let later = visits.iter().filter_map(|visit| visit.back);
            let later = later.filter(|period| *period > 0);
            told.back_later.extend(later.map(|period| (place, period)));
        }
        if small {
            told.users.shrink_to_fit();
            told.earliest.shrink_to_fit();
            told.first.shrink_to_fit();
            told.back.shrink_to_fit();
            told.back_later.shrink_to_fit();
        }
        Ok(told)
    }
}

/// What was told, by how many periods its first lies after that of the question.
type Pieces<'t> = Vec<(&'t Told, u32)>;

fn count(question: &Question, told: &[(Known<Told>, bool)], threads: usize) -> Counts {
    let mut counts = Counts::new(question.cohorts, question.most);
    let mut pieces = Pieces::new();
    for (told, known) in told {
        let offset = told.offsets.first().map_or(0, |(_, offset)| *offset);
        let found = &*told.found;
        counts.left_out += found.left_out;
        counts.unlinkable += found.unlinkable;
        if !known {
            counts.rows_read += found.rows_read;
        }
        pieces.push((found, offset));
    }
    let share = PARTS.div_ceil(threads.max(1));
    std::thread::scope(|scope| {
        let (parts, pieces) = ((0..PARTS).step_by(share), &pieces);
        let tasks: Vec<_> = parts
            .map(|from| from..(from + share).min(PARTS))
            .map(|parts| scope.spawn(move || count_parts(question, parts, pieces)))
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

fn count_parts(question: &Question, parts: std::ops::Range<usize>, pieces: &Pieces<'_>) -> Counts {
    let mut counts = Counts::new(question.cohorts, question.most);
    // Each user with a piece and the place there.
    let mut places: Vec<(u64, u32, u32)> = Vec::new();
    let mut back: Vec<usize> = Vec::new();
    for part in parts {
        places.clear();
        for (piece, (told, _)) in pieces.iter().enumerate() {
            let from = told
                .users
                .partition_point(|user| ((user >> 56) as usize) < part);
            let users = told.users[from..].iter().enumerate();
            let users = users.take_while(|(_, user)| (**user >> 56) as usize == part);
            places.extend(users.map(|(place, user)| (*user, piece as u32, (from + place) as u32)));
        }
        places.sort_unstable();
        for of_user in places.chunk_by(|one, other| one.0 == other.0) {
            let told = |(_, piece, place): &(u64, u32, u32)| {
                let (told, offset) = pieces[*piece as usize];
                (told, offset, *place as usize)
            };
            let starts = of_user
                .iter()
                .map(told)
                .map(|(told, _, place)| told.earliest[place]);
            let earliest = starts.min().unwrap_or(i64::MAX);
            let first = of_user
                .iter()
                .map(told)
                .any(|(told, _, place)| told.earliest[place] == earliest && told.first[place]);
            if !first || !question.range.contains(earliest) {
                continue;
            }
            let Some(cohort) = question.periods.find(earliest, 0) else {
                continue;
            };
            back.clear();
            for (told, offset, place) in of_user.iter().map(told) {
                let offset = offset as usize;
                back.extend(told.back[place].then_some(offset));
                let later = told
                    .back_later
                    .partition_point(|(of, _)| (*of as usize) < place);
                let later = told.back_later[later..].iter();
                let later = later.take_while(|(of, _)| *of as usize == place);
                back.extend(later.map(|(_, period)| offset + *period as usize));
            }
            back.sort_unstable();
            back.dedup();
            let later = back.iter().filter(|period| **period > cohort);
            counts.add(cohort, later.map(|period| period - cohort));
        }
    }
    counts
}

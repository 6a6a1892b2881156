//! What of a question is the same for every range that holds a file whole.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3;

use crate::columns::column;
use crate::filter::{Measure, Predicate};
use crate::query::plan::{Cells, Grouping};
use crate::run::groups::GroupValue;
use crate::run::worker::Shape;
use crate::time::Range;
use upshot_core::FieldKind;

/// Changes whenever the same columns are counted otherwise.
const RULES: u32 = 1;

/// A shape in which nothing depends on when it is asked, and nothing but its stretches of time on the range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fixed {
    question: u128,
}

/// A shape as it applies to a file: with the stretches of time in which the file's rows lie.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) shape: Shape,
    /// By how many stretches the first lies after the first of the answer, by dimension.
    pub(crate) offsets: Vec<(usize, u32)>,
    /// What stands for the question.
    pub(crate) question: u128,
}

impl Fixed {
    /// The fixed part of a shape, if the rest is only stretches of time. `purpose` stands for what becomes of the rows,
    /// `derived` for how columns are derived that no file holds.
    pub(crate) fn of(shape: &Shape, purpose: u64, derived: u64) -> Option<Self> {
        let groups = shape.groupings.iter().flat_map(Grouping::predicates);
        let conditions = [&shape.selection, &shape.environment]
            .into_iter()
            .chain(&shape.cells.predicates)
            .chain(groups);
        let timeless = conditions.into_iter().all(is_timeless)
            && shape.cells.measures.iter().copied().all(is_settled);
        if !timeless {
            return None;
        }
        let mut hasher = Xxh3::new();
        (RULES, purpose, derived).hash(&mut hasher);
        shape.add_to(&mut hasher);
        Some(Self {
            question: hasher.digest128(),
        })
    }

    /// The shape for a file whose rows lie within this stretch of time. `companions` stand for the other files
    /// that are read with it. Nothing where the shape is cut by time and the stretch is not known.
    pub(crate) fn slice(
        self,
        shape: &Shape,
        extent: Option<Range>,
        companions: &[u64],
    ) -> Option<Slice> {
        let mut hasher = Xxh3::new();
        (self.question, companions).hash(&mut hasher);
        let mut sliced = shape.clone();
        let mut offsets = Vec::new();
        for (dimension, grouping) in sliced.groupings.iter_mut().enumerate() {
            match grouping {
                Grouping::Buckets(_, buckets) => {
                    let (within, offset) = buckets.within(extent?);
                    offsets.push((dimension, offset as u32));
                    *buckets = within;
                    // That they lie in none, or all in the same, says enough: in which changes nothing.
                    match (buckets.is_empty(), buckets.is_one_around(extent?)) {
                        (true, _) => 0_u8.hash(&mut hasher),
                        (_, true) => 1_u8.hash(&mut hasher),
                        _ => (2_u8, buckets.cuts()).hash(&mut hasher),
                    }
                }
                Grouping::Clock(_, clock) => {
                    *clock = clock.within(extent?);
                    clock.hash(&mut hasher);
                }
                _ => {}
            }
        }
        Some(Slice {
            shape: sliced,
            offsets,
            question: hasher.digest128(),
        })
    }
}

/// Whether a condition says the same of a row whenever it is asked. What compares a time with a moment comes from a
/// range or from the clock of the query; a set of sessions from rows of other files.
fn is_timeless(condition: &Predicate) -> bool {
    match condition {
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().all(is_timeless),
        Predicate::Not(inner) => is_timeless(inner),
        Predicate::Number(measure, _) => {
            is_settled(*measure) && !measure.columns().into_iter().any(is_time)
                || matches!(measure, Measure::Difference(..))
        }
        Predicate::Exists(..)
        | Predicate::Path(_)
        | Predicate::Funnel(_)
        | Predicate::InSessions(_) => false,
        _ => true,
    }
}

const fn is_settled(measure: Measure) -> bool {
    !matches!(measure, Measure::Since(_) | Measure::Before(..))
}

fn is_time(name: &str) -> bool {
    let kind = column(name).map(|column| column.field.kind);
    matches!(kind, None | Some(FieldKind::Instant | FieldKind::Time))
}

impl Shape {
    /// Everything on which depends what is counted, but for stretches of time.
    fn add_to(&self, hasher: &mut impl Hasher) {
        (self.subject, &self.selection, &self.environment).hash(hasher);
        for grouping in &self.groupings {
            grouping.add_to(hasher);
        }
        self.cells.add_to(hasher);
        if let Some(kept) = &self.kept {
            let mut keys: Vec<&Vec<GroupValue>> = kept.keys.iter().collect();
            keys.sort_unstable();
            (&kept.dimensions, keys).hash(hasher);
        }
        self.wanted.hash(hasher);
        self.add_known_to(hasher);
    }
}

impl Cells {
    fn add_to(&self, hasher: &mut impl Hasher) {
        (&self.predicates, &self.measures).hash(hasher);
        (&self.counters, &self.sums, &self.scales).hash(hasher);
        for collection in &self.collections {
            // Which quantiles are asked is decided later.
            (collection.measure, collection.predicate).hash(hasher);
        }
        (&self.sets, &self.spans, &self.tallies).hash(hasher);
        self.clusters.hash(hasher);
        if !self.clusters.is_empty() {
            self.identity.hash(hasher);
        }
    }
}

impl Grouping {
    fn add_to(&self, hasher: &mut impl Hasher) {
        std::mem::discriminant(self).hash(hasher);
        match self {
            Self::Text(source) => source.hash(hasher),
            Self::Number(column) | Self::Flag(column) | Self::List(column) => column.hash(hasher),
            Self::Condition(condition, yes, no) => (condition, yes, no).hash(hasher),
            Self::Kinds(kinds) => kinds.hash(hasher),
            Self::Buckets(column, _) | Self::Clock(column, _) => column.hash(hasher),
        }
    }
}

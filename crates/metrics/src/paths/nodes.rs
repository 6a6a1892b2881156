//! Steps by number: what a row is as a step of a path, and the names of groups.

use std::hash::Hash;

use arrow::buffer::BooleanBuffer;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use crate::columns::Columns;
use crate::error::QueryError;
use crate::filter::sequence::normalised;
use crate::filter::{MatchBy, Predicate, StepChoice, StepSort, TextSource, definition};
use crate::run::evaluate::{Evaluator, Texts};

/// The most different steps of one answer.
pub(crate) const MOST_NODES: usize = 200_000;

/// Values by number, from 0 in the order in which they were first seen.
#[derive(Debug, Clone)]
pub(crate) struct Numbered<T> {
    numbers: FxHashMap<T, u32>,
    values: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            numbers: FxHashMap::default(),
            values: Vec::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    pub(crate) fn number(&mut self, value: T) -> u32 {
        let next = self.values.len() as u32;
        *self.numbers.entry(value).or_insert_with_key(|value| {
            self.values.push(value.clone());
            next
        })
    }

    pub(crate) fn value(&self, number: u32) -> &T {
        &self.values[number as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The values in the order of their numbers.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    /// The numbers here of the values there.
    pub(crate) fn absorb(&mut self, other: &Self) -> Vec<u32> {
        let values = other.values.iter();
        values.map(|value| self.number(value.clone())).collect()
    }
}

impl<T: Clone + Eq + Hash> FromIterator<T> for Numbered<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut numbered = Self::default();
        for value in values {
            numbered.number(value);
        }
        numbered
    }
}

/// The key of a step: its kind, and what makes it the same as another.
pub(crate) type NodeKey = (StepSort, Box<str>);

/// The steps that were seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nodes {
    keys: Numbered<NodeKey>,
    /// How each is spelled: of several spellings the first in the alphabet, so that it does not depend on
    /// which row was read first.
    labels: Vec<Box<str>>,
    /// The number of what rows say, by a hash of it.
    seen: FxHashMap<u64, u32>,
}

impl Nodes {
    pub(crate) fn key(&self, node: u32) -> &NodeKey {
        self.keys.value(node)
    }

    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn label(&self, node: u32) -> &str {
        &self.labels[node as usize]
    }

    /// About how many bytes it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.seen.capacity() * size_of::<(u64, u32)>() + self.labels.len() * 160
    }

    /// The key and the spelling of each, in the order of their numbers.
    pub(crate) fn names(&self) -> Vec<(&NodeKey, &str)> {
        let labels = self.labels.iter().map(|label| &**label);
        self.keys.values().iter().zip(labels).collect()
    }

    /// Steps of these keys and spellings.
    pub(crate) fn of_names(names: Vec<(NodeKey, Box<str>)>) -> Self {
        let (keys, labels): (Vec<NodeKey>, Vec<Box<str>>) = names.into_iter().unzip();
        Self {
            keys: keys.into_iter().collect(),
            labels,
            seen: FxHashMap::default(),
        }
    }

    /// Forgets which rows said what: no more come.
    pub(crate) fn forget_rows(&mut self) {
        self.seen = FxHashMap::default();
    }

    /// The numbers here of the steps there.
    pub(crate) fn absorb(&mut self, other: &Self) -> Vec<u32> {
        let numbers = self.keys.absorb(&other.keys);
        for (node, label) in numbers.iter().zip(&other.labels) {
            self.spell(*node, label);
        }
        numbers
    }

    fn spell(&mut self, node: u32, label: &str) {
        match self.labels.get_mut(node as usize) {
            None => self.labels.push(label.into()),
            Some(known) if label < &**known => *known = label.into(),
            Some(_) => {}
        }
    }

    /// The step of an id and a name; nothing where neither is said.
    fn node(
        &mut self,
        sort: StepSort,
        match_by: MatchBy,
        (id, name): (Option<&str>, Option<&str>),
    ) -> Result<Option<u32>, QueryError> {
        let (by_name, text) = match match_by {
            MatchBy::Name => (name.is_some(), name.or(id)),
            MatchBy::Id => (id.is_none(), id.or(name)),
        };
        let Some(text) = text else {
            return Ok(None);
        };
        let mut hasher = Xxh3::with_seed(sort as u64 * 2 + u64::from(by_name));
        hasher.update(text.as_bytes());
        let hash = hasher.digest();
        if let Some(node) = self.seen.get(&hash) {
            return Ok(Some(*node));
        }
        if self.seen.len() >= MOST_NODES {
            return Err(QueryError::TooManyGroups { limit: MOST_NODES });
        }
        let key = match match_by {
            MatchBy::Name => normalised(text).into(),
            MatchBy::Id => text.into(),
        };
        let node = self.keys.number((sort, key));
        self.spell(node, text);
        self.seen.insert(hash, node);
        Ok(Some(node))
    }
}

/// Where a kind of step has its id and its name.
const fn columns_of(sort: StepSort) -> (&'static str, &'static str) {
    match sort {
        StepSort::Topics => ("step.topic_id", "step.topic_name"),
        StepSort::Options => ("step.option_id", "step.option_title"),
        StepSort::Questions => ("step.question_id", "step.question_name"),
        StepSort::Intents => ("message.intent", "message.intent"),
    }
}

/// Which rows are steps of this kind.
fn condition_of(sort: StepSort) -> Predicate {
    definition(match sort {
        StepSort::Topics => "step.kind = topic",
        StepSort::Options => "step.kind = option and step.option_stage = chosen",
        StepSort::Questions => "step.kind = question and step.question_stage = asked",
        StepSort::Intents => "message.role = user and message.intent is not null",
    })
}

/// What becomes a number for each row.
#[derive(Debug, Clone, Hash)]
pub(crate) enum Reading {
    /// The step of a path.
    Nodes {
        /// Each kind with its condition, its id and its name.
        kinds: Vec<(StepSort, Predicate, TextSource, TextSource)>,
        match_by: MatchBy,
    },
    /// Which of these conditions hold, a bit each.
    Conditions(Vec<Predicate>),
}

impl Reading {
    pub(crate) fn of_choice(choice: &StepChoice) -> Self {
        let kinds = choice.kinds.iter().map(|sort| {
            let (id, name) = columns_of(*sort);
            let (id, name) = (TextSource::Column(id), TextSource::Column(name));
            (*sort, condition_of(*sort), id, name)
        });
        Self::Nodes {
            kinds: kinds.collect(),
            match_by: choice.match_by,
        }
    }

    /// Which rows have a number at all.
    pub(crate) fn condition(&self) -> Predicate {
        let any = match self {
            Self::Nodes { kinds, .. } => kinds.iter().map(|kind| kind.1.clone()).collect(),
            Self::Conditions(conditions) => conditions.clone(),
        };
        Predicate::Any(any).simplified()
    }

    pub(crate) fn add_columns(&self, columns: &mut Columns) {
        match self {
            Self::Nodes { kinds, .. } => {
                for (sort, condition, ..) in kinds {
                    condition.add_columns(columns);
                    let (id, name) = columns_of(*sort);
                    columns.extend([id, name]);
                }
            }
            Self::Conditions(conditions) => {
                let conditions = conditions.iter();
                conditions.for_each(|condition| condition.add_columns(columns));
            }
        }
    }

    /// Ready for the rows of a batch.
    pub(crate) fn on<'a>(&'a self, evaluator: &mut Evaluator<'a>) -> BatchReading<'a> {
        match self {
            Self::Nodes { kinds, match_by } => BatchReading::Nodes {
                match_by: *match_by,
                kinds: kinds
                    .iter()
                    .map(|(sort, condition, id, name)| KindOfBatch {
                        sort: *sort,
                        // A single kind is all that is selected.
                        rows: (kinds.len() > 1).then(|| evaluator.predicate(condition)),
                        ids: evaluator.texts(id),
                        names: evaluator.texts(name),
                    })
                    .collect(),
            },
            Self::Conditions(conditions) => BatchReading::Conditions(
                conditions
                    .iter()
                    .map(|condition| evaluator.predicate(condition))
                    .collect(),
            ),
        }
    }
}

/// One kind of step in a batch.
pub(crate) struct KindOfBatch<'a> {
    sort: StepSort,
    rows: Option<BooleanBuffer>,
    ids: Texts<'a>,
    names: Texts<'a>,
}

/// What becomes a number for each row of a batch.
pub(crate) enum BatchReading<'a> {
    Nodes {
        kinds: Vec<KindOfBatch<'a>>,
        match_by: MatchBy,
    },
    Conditions(Vec<BooleanBuffer>),
}

impl BatchReading<'_> {
    /// The number of a row; nothing where it is no step.
    pub(crate) fn number(&self, row: usize, nodes: &mut Nodes) -> Result<Option<u32>, QueryError> {
        match self {
            Self::Nodes { kinds, match_by } => {
                let kind = kinds
                    .iter()
                    .find(|kind| kind.rows.as_ref().is_none_or(|rows| rows.value(row)));
                let Some(kind) = kind else {
                    return Ok(None);
                };
                nodes.node(
                    kind.sort,
                    *match_by,
                    (kind.ids.row(row), kind.names.row(row)),
                )
            }
            Self::Conditions(conditions) => {
                let bits = conditions.iter().enumerate();
                let mask = bits.fold(0, |mask, (bit, rows)| {
                    mask | u32::from(rows.value(row)) << bit
                });
                Ok((mask != 0).then_some(mask))
            }
        }
    }
}

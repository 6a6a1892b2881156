//! A filter whose fields are columns: what is evaluated on rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::sequence::{FunnelCondition, PathCondition};
use crate::registry::Subject;
use crate::time::Clock;

/// Where text is found in a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TextSource {
    /// A column.
    Column(&'static str),
    /// An attribute of this name.
    Attribute(Box<str>),
}

/// A number of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measure {
    /// A column of numbers, or of times as microseconds.
    Column(&'static str),
    /// One column minus another; nothing where either is.
    Difference(&'static str, &'static str),
    /// The time of the query minus a column of times.
    Since(&'static str),
    /// An instant minus a column of times: what [`Measure::Since`] is at the time of a query.
    Before(&'static str, i64),
    /// Columns of counts added up.
    Sum(&'static [&'static str]),
    /// The satisfaction answer on its scale, from 0 (lowest) to 1 (highest).
    CsatNormalised,
    /// 100 for a promoter, −100 for a detractor, else 0.
    NetPromoter,
}

impl Measure {
    /// The same at the time of a query.
    pub(crate) const fn at(self, now: i64) -> Self {
        match self {
            Self::Since(column) => Self::Before(column, now),
            other => other,
        }
    }

    /// The columns that it is made of.
    pub fn columns(self) -> Vec<&'static str> {
        match self {
            Self::Column(column) | Self::Since(column) | Self::Before(column, _) => vec![column],
            Self::Difference(later, earlier) => vec![later, earlier],
            Self::Sum(columns) => columns.to_vec(),
            Self::CsatNormalised => vec!["csat_score", "csat_scale_minimum", "csat_scale_maximum"],
            Self::NetPromoter => vec!["nps_score"],
        }
    }
}

/// A number that can be compared for being the same.
#[derive(Debug, Clone, Copy)]
pub struct Real(pub f64);

impl PartialEq for Real {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}
impl Eq for Real {}
impl std::hash::Hash for Real {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// The same.
    Equal,
    /// Smaller.
    Less,
    /// Not larger.
    LessOrEqual,
    /// Larger.
    Greater,
    /// Not smaller.
    GreaterOrEqual,
}

impl Order {
    /// Whether `value` stands in this order to `limit`.
    #[inline]
    pub fn holds<T: PartialOrd>(self, value: T, limit: T) -> bool {
        match self {
            Self::Equal => value == limit,
            Self::Less => value < limit,
            Self::LessOrEqual => value <= limit,
            Self::Greater => value > limit,
            Self::GreaterOrEqual => value >= limit,
        }
    }
}

/// A comparison with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberTest {
    /// With a whole number.
    Integer(Order, i64),
    /// With any number.
    Real(Order, Real),
}

/// How many rows hold nothing in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Nulls {
    None,
    #[default]
    Some,
    All,
}

/// What is known of a column for a set of rows; bounds hold for the rows that hold something.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Known {
    pub(crate) nulls: Nulls,
    /// How many rows hold nothing.
    pub(crate) null_count: u64,
    pub(crate) integers: Option<(i64, i64)>,
    pub(crate) reals: Option<(f64, f64)>,
    /// The one text that all hold.
    pub(crate) text: Option<Box<str>>,
    /// What all say.
    pub(crate) flag: Option<bool>,
}

impl Known {
    /// Of a column of numbers between these, both with it.
    pub(crate) fn between(least: i64, most: i64) -> Self {
        Self {
            nulls: Nulls::None,
            integers: Some((least, most)),
            ..Self::default()
        }
    }

    fn present(&self) -> Option<bool> {
        match self.nulls {
            Nulls::None => Some(true),
            Nulls::All => Some(false),
            Nulls::Some => None,
        }
    }

    /// What a condition is that has this value for all rows that hold something.
    fn decide(&self, value: bool) -> Option<bool> {
        (!value || self.nulls == Nulls::None).then_some(value)
    }

    /// A comparison that has the same value for all that lies within the bounds.
    fn number(&self, test: &NumberTest) -> Option<bool> {
        let NumberTest::Integer(order, limit) = test else {
            return None;
        };
        let (least, most) = self.integers?;
        match (order.holds(least, *limit), order.holds(most, *limit)) {
            (true, true) if *order != Order::Equal || least == most => Some(true),
            (false, false) if *order != Order::Equal || *limit < least || *limit > most => {
                Some(false)
            }
            _ => None,
        }
    }
}

/// A condition on a row; two-valued: of nothing every comparison is false.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Predicate {
    /// Always or never.
    Constant(bool),
    /// All of these.
    All(Vec<Predicate>),
    /// At least one of these.
    Any(Vec<Predicate>),
    /// The opposite.
    Not(Box<Predicate>),
    /// The column holds something.
    Present(&'static str),
    /// The text is there.
    TextPresent(TextSource),
    /// The yes-or-no column says yes.
    Flag(&'static str),
    /// The text is one of these.
    TextIn(TextSource, Vec<Box<str>>),
    /// The text contains this, both in lower case.
    TextContains(TextSource, Box<str>),
    /// The column's list has this value.
    ListHas(&'static str, Box<str>),
    /// The column's list has a value that is none of these, which stand in order.
    ListHasOther(&'static str, Vec<Box<str>>),
    /// The number compares so; of an attribute, the number that its text spells.
    Number(Measure, NumberTest),
    /// The number that an attribute's text spells compares so.
    AttributeNumber(Box<str>, NumberTest),
    /// The column's time stands at this position on the clock or in the week.
    OnClock(&'static str, Arc<Clock>, usize),
    /// The session has a message or step that fulfils the condition. Before rows are read, this becomes
    /// the set of those sessions.
    Exists(Subject, Box<Predicate>),
    /// The session took such a path; likewise becomes a set.
    Path(Box<PathCondition>),
    /// The session came through such a funnel; likewise becomes a set.
    Funnel(Box<FunnelCondition>),
    /// The session is one of these.
    InSessions(SessionSet),
}

/// Sessions by a hash of their ids. Two are the same only if one is a copy of the other.
#[derive(Debug, Clone)]
pub struct SessionSet(pub(crate) Arc<FxHashSet<u128>>);

impl PartialEq for SessionSet {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
impl Eq for SessionSet {}
impl std::hash::Hash for SessionSet {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl Predicate {
    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::All(vec![self, other]).simplified()
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self)).simplified()
    }

    /// The same condition with constants folded, nested `and`s and `or`s flattened and repeated parts
    /// dropped.
    #[must_use]
    pub fn simplified(self) -> Self {
        match self {
            Self::Not(inner) => inner.simplified().opposite(),
            Self::All(parts) => Self::joined(parts.into_iter().map(Self::simplified), true),
            Self::Any(parts) => Self::joined(parts.into_iter().map(Self::simplified), false),
            other => other,
        }
    }

    /// The opposite of a condition that is as simple as can be.
    fn opposite(self) -> Self {
        match self {
            Self::Constant(value) => Self::Constant(!value),
            Self::Not(twice) => *twice,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Of parts that are as simple as can be; none is asked for after one that decides. `neutral` is what changes nothing:
    /// true in an `and`, false in an `or`.
    fn joined(parts: impl Iterator<Item = Self>, neutral: bool) -> Self {
        let mut flat: Vec<Self> = Vec::new();
        for part in parts {
            match (part, neutral) {
                (Self::Constant(value), _) if value == neutral => {}
                (Self::Constant(value), _) => return Self::Constant(value),
                (Self::All(inner), true) | (Self::Any(inner), false) => {
                    inner.into_iter().for_each(|part| push_new(&mut flat, part));
                }
                (part, _) => push_new(&mut flat, part),
            }
        }
        match (flat.len(), neutral) {
            (0, _) => Self::Constant(neutral),
            (1, _) => flat.remove(0),
            (_, true) => Self::All(flat),
            (_, false) => Self::Any(flat),
        }
    }

    /// The condition for rows whose `column` lies within `least` and `most`: comparisons that the
    /// bounds decide become constants, so that the column need not be read.
    #[must_use]
    pub fn within(&self, column: &'static str, least: i64, most: i64) -> Self {
        let known = Known::between(least, most);
        self.folded(&|name| (name == column).then_some(&known))
    }

    /// The condition for rows of whose columns something is known: what that decides becomes a
    /// constant.
    #[must_use]
    pub(crate) fn folded<'k>(&self, known: &dyn Fn(&str) -> Option<&'k Known>) -> Self {
        let decided = match self {
            Self::Constant(_) => return self.clone(),
            Self::All(parts) => {
                return Self::joined(parts.iter().map(|part| part.folded(known)), true);
            }
            Self::Any(parts) => {
                return Self::joined(parts.iter().map(|part| part.folded(known)), false);
            }
            Self::Not(inner) => return inner.folded(known).opposite(),
            Self::Present(column) | Self::TextPresent(TextSource::Column(column)) => {
                known(column).and_then(Known::present)
            }
            Self::Flag(column) => known(column).and_then(|known| known.decide(known.flag?)),
            Self::TextIn(TextSource::Column(column), values) => known(column).and_then(|known| {
                let wanted = values.contains(known.text.as_ref()?);
                known.decide(wanted)
            }),
            Self::Number(Measure::Column(column), test) => {
                known(column).and_then(|known| known.decide(known.number(test)?))
            }
            _ => None,
        };
        // Of nothing every comparison is false.
        let of_nothing =
            |column: &str| known(column).is_some_and(|known| known.nulls == Nulls::All);
        match decided {
            Some(value) => Self::Constant(value),
            None if self.any_column(&of_nothing) => Self::Constant(false),
            None => self.clone(),
        }
    }

    /// Whether this holds of a column that a condition without parts looks at.
    fn any_column(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Present(column)
            | Self::Flag(column)
            | Self::TextPresent(TextSource::Column(column))
            | Self::TextIn(TextSource::Column(column), _)
            | Self::Number(Measure::Column(column), _) => holds(column),
            _ => {
                let mut columns = BTreeSet::new();
                self.add_columns(&mut columns);
                columns.into_iter().any(holds)
            }
        }
    }

    /// Adds the conditions on messages and steps that sessions must have one of, each once; those within
    /// them come first.
    pub(crate) fn add_exists(&self, found: &mut Vec<Self>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.add_exists(found));
            }
            Self::Not(inner) => inner.add_exists(found),
            Self::Exists(_, condition) => {
                condition.add_exists(found);
                push_new(found, self.clone());
            }
            Self::Path(path) => {
                path.choice.only.add_exists(found);
                push_new(found, self.clone());
            }
            Self::Funnel(funnel) => {
                let steps = funnel.steps.iter();
                steps.for_each(|(_, condition)| condition.add_exists(found));
                push_new(found, self.clone());
            }
            _ => {}
        }
    }

    /// The condition with the sets of sessions in the place of what they were gathered for.
    #[must_use]
    pub(crate) fn with_sets(&self, sets: &[(Self, SessionSet)]) -> Self {
        let each = |parts: &[Self]| parts.iter().map(|part| part.with_sets(sets)).collect();
        match self {
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
            Self::Not(inner) => Self::Not(Box::new(inner.with_sets(sets))),
            Self::Exists(..) | Self::Path(_) | Self::Funnel(_) => {
                let mut known = sets.iter();
                let set = known.find(|(of, _)| of == self).map(|(_, set)| set.clone());
                set.map_or_else(|| self.clone(), Self::InSessions)
            }
            other => other.clone(),
        }
    }

    /// The condition with sets of sessions in the place of what is known of people only, for whoever
    /// looks at rows of sessions by themselves.
    #[must_use]
    pub(crate) fn people_as_sets(&self) -> Self {
        let each = |parts: &[Self]| parts.iter().map(Self::people_as_sets).collect();
        match self {
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
            Self::Not(inner) => Self::Not(Box::new(inner.people_as_sets())),
            leaf => {
                let mut columns = BTreeSet::new();
                leaf.add_columns(&mut columns);
                if columns.iter().any(|column| column.starts_with("user.")) {
                    return Self::Exists(Subject::Sessions, Box::new(leaf.clone()));
                }
                leaf.clone()
            }
        }
    }

    /// Adds the columns that the condition reads.
    pub fn add_columns(&self, columns: &mut BTreeSet<&'static str>) {
        let text = |source: &TextSource| match source {
            TextSource::Column(column) => *column,
            TextSource::Attribute(_) => "attributes",
        };
        match self {
            Self::Constant(_) => {}
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.add_columns(columns));
            }
            Self::Not(inner) => inner.add_columns(columns),
            Self::Present(column) | Self::Flag(column) => {
                columns.insert(column);
            }
            Self::TextPresent(source) | Self::TextIn(source, _) | Self::TextContains(source, _) => {
                columns.insert(text(source));
            }
            Self::ListHas(column, _)
            | Self::ListHasOther(column, _)
            | Self::OnClock(column, ..) => {
                columns.insert(column);
            }
            Self::Exists(..) | Self::Path(_) | Self::Funnel(_) | Self::InSessions(_) => {
                columns.insert("session_id");
            }
            Self::Number(measure, _) => columns.extend(measure.columns()),
            Self::AttributeNumber(..) => {
                columns.insert("attributes");
            }
        }
    }
}

fn push_new(parts: &mut Vec<Predicate>, part: Predicate) {
    if !parts.contains(&part) {
        parts.push(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(order: Order, limit: i64) -> Predicate {
        Predicate::Number(
            Measure::Column("start_time"),
            NumberTest::Integer(order, limit),
        )
    }

    #[test]
    fn simplifies() {
        let flag = Predicate::Flag("open");
        let twice = flag.clone().negated().negated();
        assert_eq!(twice, flag);
        assert_eq!(
            Predicate::All(vec![]).simplified(),
            Predicate::Constant(true)
        );
        let nested = Predicate::All(vec![
            Predicate::Constant(true),
            Predicate::All(vec![flag.clone(), Predicate::Present("outcome")]),
            flag.clone(),
        ]);
        assert_eq!(
            nested.simplified(),
            Predicate::All(vec![flag.clone(), Predicate::Present("outcome")])
        );
        assert_eq!(
            Predicate::Any(vec![flag, Predicate::Constant(true)]).simplified(),
            Predicate::Constant(true)
        );
    }

    #[test]
    fn bounds_decide_comparisons() {
        let check = |predicate: Predicate, expected: Option<bool>| {
            let folded = predicate.within("start_time", 10, 20);
            match expected {
                Some(value) => assert_eq!(folded, Predicate::Constant(value), "{predicate:?}"),
                None => assert_eq!(folded, predicate),
            }
        };
        check(start(Order::GreaterOrEqual, 10), Some(true));
        check(start(Order::GreaterOrEqual, 11), None);
        check(start(Order::Less, 21), Some(true));
        check(start(Order::Less, 10), Some(false));
        check(start(Order::Equal, 15), None);
        check(start(Order::Equal, 9), Some(false));
        check(start(Order::Equal, 21), Some(false));
        check(start(Order::Greater, 20), Some(false));
        check(start(Order::LessOrEqual, 19), None);
    }
}

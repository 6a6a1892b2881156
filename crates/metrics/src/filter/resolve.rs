//! From an expression to a predicate: names become columns, values become what their field holds.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::labels;
use super::parser::{Comparison, Expression, Operand, parse};
use super::predicate::{Measure, NumberTest, Order, Predicate, Real, TextSource};
use super::segments::{self, NoSegments, Segments};
use super::sequence;
use super::value::{parse_duration, parse_flag};
use crate::error::{Problem, ProblemCode, nearest};
use crate::registry::fields::{
    FieldOrigin, FilterField, ValueKind, filter_field, filter_fields, instead_of,
};
use crate::registry::{Owner, Subject};
use crate::time::{Clock, parse_instant};

/// What names and values mean depends on this.
#[derive(Debug, Clone)]
pub struct ResolveContext<'a> {
    /// The zone of dates that say none.
    pub time_zone: TimeZone,
    /// What the field `judged` means: which sessions are old enough to be part of rates.
    pub judged: Predicate,
    /// On which rows the condition must make sense; nothing means that whoever asks knows.
    pub subjects: Vec<Subject>,
    /// What segments stand for.
    pub segments: &'a dyn Segments,
    /// The clock, by which ages are told.
    now: i64,
    /// Whether a name that no session has may be one of the subject's own without its prefix.
    bare: bool,
    /// How many segments have been opened.
    pub(super) depth: usize,
}

impl ResolveContext<'static> {
    /// Conditions on sessions; dates are those of this zone, every session that is over is judged, and
    /// no filter has a name.
    pub fn new(time_zone: TimeZone) -> Self {
        Self {
            time_zone,
            judged: Predicate::Flag("open").negated(),
            subjects: vec![Subject::Sessions],
            segments: &NoSegments,
            now: 0,
            bare: false,
            depth: 0,
        }
    }
}

impl<'a> ResolveContext<'a> {
    /// The same for rows of other subjects.
    #[must_use]
    pub fn of(mut self, subjects: Vec<Subject>) -> Self {
        self.subjects = subjects;
        self
    }

    /// The same with another meaning of `judged`.
    #[must_use]
    pub fn judging(mut self, judged: Predicate) -> Self {
        self.judged = judged;
        self
    }

    /// The same at another time.
    #[must_use]
    pub fn at(mut self, now: i64) -> Self {
        self.now = now;
        self
    }

    /// The same with filters that have names.
    pub fn with<'b>(self, segments: &'b dyn Segments) -> ResolveContext<'b> {
        ResolveContext {
            time_zone: self.time_zone,
            judged: self.judged,
            subjects: self.subjects,
            segments,
            now: self.now,
            bare: self.bare,
            depth: self.depth,
        }
    }

    /// Within a segment.
    pub(super) fn one_deeper(&self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self.clone()
        }
    }

    /// Within `any message (…)`: conditions on those.
    pub(crate) fn within(&self, subject: Subject) -> Self {
        Self {
            subjects: vec![subject],
            bare: true,
            ..self.clone()
        }
    }
}

/// Names of attributes begin so.
const ATTRIBUTE: &str = "attribute.";

/// Turns an expression into a predicate over columns.
///
/// # Errors
/// A [`Problem`] with the position of a name that no field has, or of a value that its field cannot
/// hold.
pub fn resolve(
    expression: &Expression,
    context: &ResolveContext<'_>,
) -> Result<Predicate, Problem> {
    let each = |parts: &[Expression]| {
        parts
            .iter()
            .map(|part| resolve(part, context))
            .collect::<Result<Vec<_>, _>>()
    };
    let predicate = match expression {
        Expression::And(parts) => Predicate::All(each(parts)?),
        Expression::Or(parts) => Predicate::Any(each(parts)?),
        Expression::Not(inner) => Predicate::Not(Box::new(resolve(inner, context)?)),
        Expression::Flag(name) if labels::is_label(name) => return Err(labels::alone(name)),
        Expression::IsNull(name) if labels::is_label(name) => labels::is_null(context),
        Expression::In(name, values) if labels::is_label(name) => labels::one_of(values, context),
        Expression::Compare(name, comparison, value) if labels::is_label(name) => {
            labels::compare(name, *comparison, value, context)?
        }
        Expression::Flag(name) => flag(name, context)?,
        Expression::IsNull(name) => present(&find(name, context)?).negated(),
        Expression::In(name, values) => one_of(name, values, context)?,
        Expression::HasOther(name, values) => has_other(name, values, context)?,
        Expression::Compare(name, comparison, value) => compare(name, *comparison, value, context)?,
        Expression::Any { of, condition } => {
            let inner = context.within(*of);
            let condition = condition.as_deref().map(|inside| resolve(inside, &inner));
            let condition = condition.transpose()?.unwrap_or(Predicate::Constant(true));
            Predicate::Exists(*of, Box::new(condition))
        }
        Expression::Segment(name) => segments::segment(name, context)?,
        Expression::Path(text) => sequence::path(text, context)?,
        Expression::Funnel(text) => sequence::funnel(text, context)?,
    };
    Ok(predicate.simplified())
}

/// The predicate of a condition that the registry itself states. Such a condition is a constant of
/// the program and every one of them is read by a test.
pub(crate) fn definition(condition: &str) -> Predicate {
    let context = ResolveContext::new(TimeZone::UTC).of(Vec::new());
    match parse(condition).and_then(|expression| resolve(&expression, &context)) {
        Ok(predicate) => predicate,
        Err(problem) => unreachable!("the registry states `{condition}`: {problem}"),
    }
}

/// A field or an attribute.
enum Found {
    Field(&'static FilterField),
    Attribute(Box<str>),
}

fn find(name: &Operand, context: &ResolveContext<'_>) -> Result<Found, Problem> {
    if let Some(attribute) = name
        .text
        .strip_prefix(ATTRIBUTE)
        .filter(|name| !name.is_empty())
    {
        return Ok(Found::Attribute(attribute.into()));
    }
    let lower = name.text.to_ascii_lowercase();
    let own = || match context.subjects.as_slice() {
        [only] if context.bare => filter_field(&format!("{}{lower}", Owner::of(*only).prefix())),
        _ => None,
    };
    let Some(field) = filter_field(&lower).or_else(own) else {
        if let Some(instead) = instead_of(&lower) {
            let message = format!("`{lower}` cuts answers and is no field; {instead}");
            let problem = Problem::new(ProblemCode::UnknownName, "filter", message);
            return Err(problem.at(name.position));
        }
        return Err(Problem::new(
            ProblemCode::UnknownName,
            "filter",
            format!("there is no field `{}`", name.text),
        )
        .at(name.position)
        .suggest(nearest(
            &lower,
            filter_fields().iter().map(|field| field.name),
        )));
    };
    match context
        .subjects
        .iter()
        .find(|subject| !field.owner.belongs_to(**subject))
    {
        None => Ok(Found::Field(field)),
        Some(subject) => Err(foreign(name, field, *subject)),
    }
}

/// A fact of messages or steps asked of other rows.
fn foreign(name: &Operand, field: &FilterField, subject: Subject) -> Problem {
    let owner = match field.owner {
        Owner::Step => Subject::Steps,
        _ => Subject::Messages,
    };
    Problem::new(
        ProblemCode::Conflict,
        "filter",
        format!(
            "`{}` is a fact of {}, and {} are asked for; write `any {} ({} …)` for sessions with such a {}",
            field.name,
            owner.name(),
            subject.name(),
            owner.one(),
            field.name,
            owner.one()
        ),
    )
    .at(name.position)
}

fn wrong(operand: &Operand, message: String) -> Problem {
    Problem::new(ProblemCode::WrongType, "filter", message).at(operand.position)
}

fn flag(name: &Operand, context: &ResolveContext<'_>) -> Result<Predicate, Problem> {
    match find(name, context)? {
        Found::Field(field) if matches!(field.kind, ValueKind::Flag) => Ok(is_true(field, context)),
        Found::Field(field) => Err(wrong(
            name,
            format!(
                "`{}` holds a {}; compare it with a value, as in `{} = …`, or ask `{} is not null`",
                field.name,
                field.kind.describe(),
                field.name,
                field.name
            ),
        )),
        Found::Attribute(attribute) => Err(wrong(
            name,
            format!("compare the attribute with a value, as in `{ATTRIBUTE}{attribute} = …`"),
        )),
    }
}

fn is_true(field: &FilterField, context: &ResolveContext<'_>) -> Predicate {
    match field.origin {
        FieldOrigin::Judged => context.judged.clone(),
        FieldOrigin::Column(column) => Predicate::Flag(column),
        FieldOrigin::Definition(condition) => definition(condition),
        // Measures and ages are numbers, positions on the clock words.
        FieldOrigin::Measure(_)
        | FieldOrigin::Age
        | FieldOrigin::Clock(..)
        | FieldOrigin::Kinds(_) => Predicate::Constant(false),
    }
}

/// Rows of which this word is said: the first condition that holds decides.
fn of_kind(kinds: &[(&'static str, &'static str)], word: &str) -> Predicate {
    let before = kinds.iter().take_while(|(_, known)| *known != word);
    let others: Vec<Predicate> = before
        .map(|(condition, _)| definition(condition).negated())
        .collect();
    let own = kinds.iter().find(|(_, known)| *known == word);
    let own = own.map_or(Predicate::Constant(false), |(condition, _)| {
        definition(condition)
    });
    Predicate::All(others).and(own)
}

fn present(found: &Found) -> Predicate {
    match found {
        Found::Attribute(name) => Predicate::TextPresent(TextSource::Attribute(name.clone())),
        Found::Field(field) => match field.origin {
            FieldOrigin::Column(column) | FieldOrigin::Clock(column, _) => {
                Predicate::Present(column)
            }
            FieldOrigin::Definition(_) | FieldOrigin::Judged | FieldOrigin::Age => {
                Predicate::Constant(true)
            }
            FieldOrigin::Kinds(kinds) => {
                let any = kinds.iter().map(|(condition, _)| definition(condition));
                Predicate::Any(any.collect()).simplified()
            }
            FieldOrigin::Measure(measure) => Predicate::Number(
                measure,
                NumberTest::Real(Order::GreaterOrEqual, Real(f64::MIN)),
            ),
        },
    }
}

fn one_of(
    name: &Operand,
    values: &[Operand],
    context: &ResolveContext<'_>,
) -> Result<Predicate, Problem> {
    let text = match find(name, context)? {
        Found::Attribute(attribute) => Some(TextSource::Attribute(attribute)),
        Found::Field(field) => text_column(field),
    };
    if let Some(source) = text {
        for value in values {
            check_word(name, value, context)?;
        }
        return Ok(text_in(
            source,
            values.iter().map(|value| value.text.as_str()),
        ));
    }
    let each = values
        .iter()
        .map(|value| compare(name, Comparison::Equal, value, context))
        .collect::<Result<_, _>>()?;
    Ok(Predicate::Any(each))
}

fn has_other(
    name: &Operand,
    values: &[Operand],
    context: &ResolveContext<'_>,
) -> Result<Predicate, Problem> {
    let refused = |what: &str| {
        let message = format!("`{}` holds a {what}, not a list; use `not in`", name.text);
        Err(wrong(name, message))
    };
    let field = match find(name, context)? {
        Found::Field(field) => field,
        Found::Attribute(_) => return refused("text"),
    };
    match (field.kind, field.origin) {
        (ValueKind::List, FieldOrigin::Column(column)) => {
            let values = values.iter().map(|value| value.text.as_str());
            Ok(Predicate::ListHasOther(column, in_order(values)))
        }
        _ => refused(field.kind.describe()),
    }
}

fn text_column(field: &FilterField) -> Option<TextSource> {
    match (field.kind, field.origin) {
        (ValueKind::Text | ValueKind::Word(_), FieldOrigin::Column(column)) => {
            Some(TextSource::Column(column))
        }
        _ => None,
    }
}

fn text_in<'a>(source: TextSource, values: impl Iterator<Item = &'a str>) -> Predicate {
    Predicate::TextIn(source, in_order(values))
}

fn in_order<'a>(values: impl Iterator<Item = &'a str>) -> Vec<Box<str>> {
    let mut values: Vec<Box<str>> = values.map(Into::into).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// A field with a closed vocabulary is compared with its words only: anything else is a mistake.
fn check_word(
    name: &Operand,
    value: &Operand,
    context: &ResolveContext<'_>,
) -> Result<(), Problem> {
    let Found::Field(FilterField {
        kind: ValueKind::Word(words),
        ..
    }) = find(name, context)?
    else {
        return Ok(());
    };
    let words = words();
    if words.contains(&value.text.as_str()) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemCode::OutOfRange,
        "filter",
        format!(
            "`{}` is none of the words of `{}`: {}",
            value.text,
            name.text,
            words.join(", ")
        ),
    )
    .at(value.position)
    .suggest(nearest(&value.text, words)))
}

fn compare(
    name: &Operand,
    comparison: Comparison,
    value: &Operand,
    context: &ResolveContext<'_>,
) -> Result<Predicate, Problem> {
    if comparison == Comparison::NotEqual {
        return Ok(compare(name, Comparison::Equal, value, context)?.negated());
    }
    let field = match find(name, context)? {
        Found::Attribute(attribute) => return compare_attribute(attribute, comparison, value),
        Found::Field(field) => field,
    };
    let order = order_of(comparison);
    match (field.kind, field.origin, order) {
        (ValueKind::List, FieldOrigin::Column(column), _) if comparison == Comparison::Has => {
            Ok(Predicate::ListHas(column, value.text.as_str().into()))
        }
        (ValueKind::Text | ValueKind::Word(_), FieldOrigin::Column(column), _) => {
            compare_text(name, TextSource::Column(column), comparison, value, context)
        }
        (_, FieldOrigin::Clock(column, grain), Some(Order::Equal)) => {
            check_word(name, value, context)?;
            let clock = Clock::always(grain, &context.time_zone);
            let position = clock.position(&value.text).unwrap_or_default();
            Ok(Predicate::OnClock(column, Arc::new(clock), position))
        }
        (_, FieldOrigin::Kinds(kinds), Some(Order::Equal)) => {
            check_word(name, value, context)?;
            Ok(of_kind(kinds, &value.text))
        }
        (ValueKind::Flag, _, Some(Order::Equal)) => match parse_flag(&value.text) {
            Some(true) => Ok(is_true(field, context)),
            Some(false) => Ok(is_false(field, context)),
            None => Err(expected(field, value)),
        },
        (_, origin, Some(order)) if !matches!(field.kind, ValueKind::List | ValueKind::Flag) => {
            let test = number(field, order, value, context)?;
            match origin {
                FieldOrigin::Column(column) => Ok(Predicate::Number(Measure::Column(column), test)),
                FieldOrigin::Measure(measure) => Ok(Predicate::Number(measure, test)),
                FieldOrigin::Age => Ok(age(test, context.now)),
                _ => Err(unsupported(name, field, comparison)),
            }
        }
        _ => Err(unsupported(name, field, comparison)),
    }
}

/// A comparison of how long ago the session started.
fn age(test: NumberTest, now: i64) -> Predicate {
    let start = Measure::Column("start_time");
    let (order, limit) = match test {
        NumberTest::Integer(order, age) => (order, now.saturating_sub(age)),
        NumberTest::Real(order, age) => (order, now.saturating_sub(age.0 as i64)),
    };
    // The older, the earlier it started.
    let order = match order {
        Order::Equal => Order::Equal,
        Order::Less => Order::Greater,
        Order::LessOrEqual => Order::GreaterOrEqual,
        Order::Greater => Order::Less,
        Order::GreaterOrEqual => Order::LessOrEqual,
    };
    Predicate::Number(start, NumberTest::Integer(order, limit))
}

/// `field = no`: of a column that may hold nothing, only what says no; the rest is `not field`.
fn is_false(field: &FilterField, context: &ResolveContext<'_>) -> Predicate {
    let negated = is_true(field, context).negated();
    match field.origin {
        FieldOrigin::Column(column) => negated.and(Predicate::Present(column)),
        _ => negated,
    }
}

fn order_of(comparison: Comparison) -> Option<Order> {
    Some(match comparison {
        Comparison::Equal => Order::Equal,
        Comparison::Less => Order::Less,
        Comparison::LessOrEqual => Order::LessOrEqual,
        Comparison::Greater => Order::Greater,
        Comparison::GreaterOrEqual => Order::GreaterOrEqual,
        Comparison::NotEqual | Comparison::Contains | Comparison::Has => return None,
    })
}

fn compare_text(
    name: &Operand,
    source: TextSource,
    comparison: Comparison,
    value: &Operand,
    context: &ResolveContext<'_>,
) -> Result<Predicate, Problem> {
    match comparison {
        Comparison::Equal => {
            check_word(name, value, context)?;
            Ok(text_in(source, std::iter::once(value.text.as_str())))
        }
        Comparison::Contains => Ok(Predicate::TextContains(
            source,
            value.text.to_lowercase().into(),
        )),
        _ => Err(wrong(
            name,
            format!(
                "`{}` holds text, which `{comparison}` cannot compare; use `=`, `!=`, `in` or `contains`",
                name.text
            ),
        )),
    }
}

fn compare_attribute(
    attribute: Box<str>,
    comparison: Comparison,
    value: &Operand,
) -> Result<Predicate, Problem> {
    let source = TextSource::Attribute(attribute.clone());
    match (comparison, order_of(comparison)) {
        (Comparison::Equal, _) => Ok(text_in(source, std::iter::once(value.text.as_str()))),
        (Comparison::Contains, _) => Ok(Predicate::TextContains(
            source,
            value.text.to_lowercase().into(),
        )),
        (_, Some(order)) => {
            let Some(number) = finite(&value.text) else {
                return Err(wrong(value, format!("`{}` is no number", value.text)));
            };
            let test = NumberTest::Real(order, Real(number));
            Ok(Predicate::AttributeNumber(attribute, test))
        }
        _ => Err(wrong(
            value,
            "an attribute is no list; use `=`, `in` or `contains`".to_owned(),
        )),
    }
}

fn finite(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

fn number(
    field: &FilterField,
    order: Order,
    value: &Operand,
    context: &ResolveContext<'_>,
) -> Result<NumberTest, Problem> {
    let integer = |number: Option<i64>| number.map(|number| NumberTest::Integer(order, number));
    let real = || finite(&value.text).map(|number| NumberTest::Real(order, Real(number)));
    let test = match field.kind {
        ValueKind::Integer => integer(value.text.parse().ok()).or_else(real),
        ValueKind::Duration => integer(parse_duration(&value.text)),
        ValueKind::Time => integer(parse_instant(&value.text, &context.time_zone)),
        _ => real(),
    };
    test.ok_or_else(|| expected(field, value))
}

fn expected(field: &FilterField, value: &Operand) -> Problem {
    let example = match field.kind {
        ValueKind::Duration => ", such as `30s` or `1h30m`",
        ValueKind::Time => ", such as `2026-03-29` or `2026-03-29T10:00:00Z`",
        ValueKind::Flag => ", written `yes` or `no`",
        _ => "",
    };
    wrong(
        value,
        format!(
            "`{}` holds a {}{example}; `{}` is none",
            field.name,
            field.kind.describe(),
            value.text
        ),
    )
}

fn unsupported(name: &Operand, field: &FilterField, comparison: Comparison) -> Problem {
    let cure = match field.kind {
        ValueKind::List => "use `has`",
        ValueKind::Flag => "write the field alone, or `not` before it",
        _ => "use `=`, `!=`, `<`, `<=`, `>`, `>=` or `in`",
    };
    wrong(
        name,
        format!(
            "`{}` holds a {}, which `{comparison}` cannot compare; {cure}",
            field.name,
            field.kind.describe()
        ),
    )
}

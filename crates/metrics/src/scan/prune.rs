//! The part of a predicate that statistics and bloom filters of files can answer.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, col, in_list, lit};

use crate::columns::native;
use crate::filter::{Measure, NumberTest, Order, Predicate, TextSource};
use crate::registry::Subject;

type Physical = Arc<dyn PhysicalExpr>;

/// A condition that every row that fulfils the predicate fulfils too; nothing if there is none that
/// statistics could answer. Only what must hold as a whole is taken: under `not` and `or`, two-valued
/// and SQL's three-valued conditions differ.
pub(super) fn physical(
    predicate: &Predicate,
    subject: Subject,
    schema: &Schema,
) -> Option<Physical> {
    match predicate {
        Predicate::All(parts) => parts
            .iter()
            .filter_map(|part| physical(part, subject, schema))
            .reduce(|all, part| Arc::new(BinaryExpr::new(all, Operator::And, part))),
        Predicate::TextIn(TextSource::Column(column), values) => {
            text_in(native(subject, column)?, values, schema)
        }
        Predicate::Number(Measure::Column(column), test) => {
            number(native(subject, column)?, test, schema)
        }
        _ => None,
    }
}

/// The smallest and largest value of a column, both within.
#[derive(Debug, Clone)]
pub(crate) enum Bound {
    /// Of a column of text; nothing where there is no end.
    Text(&'static str, Option<Box<str>>, Option<Box<str>>),
    /// Of a column of times; the smallest and largest time there is where there is no end.
    Time(&'static str, i64, i64),
}

impl Bound {
    /// The column that is bounded, by the name that it has in the table.
    pub(super) const fn column(&self) -> &'static str {
        match self {
            Self::Text(column, ..) | Self::Time(column, ..) => column,
        }
    }
}

/// The condition that all columns are within their bounds.
pub(super) fn within(bounds: &[Bound], schema: &Schema) -> Option<Physical> {
    let mut tests = Vec::new();
    for bound in bounds {
        match bound {
            Bound::Text(column, least, most) => {
                let ends = [(Operator::GtEq, least), (Operator::LtEq, most)];
                for (operator, end) in ends {
                    let Some(end) = end else { continue };
                    let text = ScalarValue::Utf8(Some(end.to_string()));
                    tests.extend(compared(column, operator, text, schema));
                }
            }
            Bound::Time(column, least, most) => {
                let ends = [(Operator::GtEq, *least), (Operator::LtEq, *most)];
                for (operator, end) in ends {
                    if end == i64::MIN || end >= i64::MAX - 1 {
                        continue;
                    }
                    let time = ScalarValue::TimestampMicrosecond(Some(end), Some("UTC".into()));
                    tests.extend(compared(column, operator, time, schema));
                }
            }
        }
    }
    let tests = tests.into_iter().map(Some);
    tests.fold(None, both)
}

/// Both conditions, as far as there are any.
pub(super) fn both(first: Option<Physical>, second: Option<Physical>) -> Option<Physical> {
    match (first, second) {
        (Some(first), Some(second)) => {
            Some(Arc::new(BinaryExpr::new(first, Operator::And, second)))
        }
        (first, second) => first.or(second),
    }
}

/// A comparison of a column; nothing where there is no such column.
fn compared(
    column: &str,
    operator: Operator,
    value: ScalarValue,
    schema: &Schema,
) -> Option<Physical> {
    let column = col(column, schema).ok()?;
    Some(Arc::new(BinaryExpr::new(column, operator, lit(value))))
}

fn text_in(column: &str, values: &[Box<str>], schema: &Schema) -> Option<Physical> {
    let data_type = schema.field_with_name(column).ok()?.data_type().clone();
    let literal = |value: &str| {
        let text = ScalarValue::Utf8(Some(value.to_owned()));
        match &data_type {
            DataType::Dictionary(key, _) => ScalarValue::Dictionary(key.clone(), Box::new(text)),
            _ => text,
        }
    };
    let expression = col(column, schema).ok()?;
    if let [only] = values {
        return Some(Arc::new(BinaryExpr::new(
            expression,
            Operator::Eq,
            lit(literal(only)),
        )));
    }
    let list = values.iter().map(|value| lit(literal(value))).collect();
    in_list(expression, list, &false, schema).ok()
}

fn number(column: &str, test: &NumberTest, schema: &Schema) -> Option<Physical> {
    let data_type = schema.field_with_name(column).ok()?.data_type();
    let (order, value) = match (test, data_type) {
        (NumberTest::Integer(order, value), DataType::Int64) => {
            (order, ScalarValue::Int64(Some(*value)))
        }
        (NumberTest::Integer(order, value), DataType::Timestamp(TimeUnit::Microsecond, zone)) => (
            order,
            ScalarValue::TimestampMicrosecond(Some(*value), zone.clone()),
        ),
        _ => return None,
    };
    let operator = match order {
        Order::Equal => Operator::Eq,
        Order::Less => Operator::Lt,
        Order::LessOrEqual => Operator::LtEq,
        Order::Greater => Operator::Gt,
        Order::GreaterOrEqual => Operator::GtEq,
    };
    Some(Arc::new(BinaryExpr::new(
        col(column, schema).ok()?,
        operator,
        lit(value),
    )))
}

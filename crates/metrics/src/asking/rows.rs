//! Rows of answers as columns, each with what it says.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListBuilder, PrimitiveBuilder, RecordBatch,
    RecordBatchOptions, StringArray, StringBuilder,
};
use arrow::datatypes::{Field, Int64Type, Schema};

use crate::error::QueryError;
use crate::result::MetricValue;

/// Under this name a field's metadata says what the column says.
pub const MEANING: &str = "meaning";

/// Under this name a field's metadata says to which column it belongs: that of the value whose interval it bounds, for example.
pub const OF: &str = "of";

/// A number of a value, with what its column adds to the value's name, and what it says.
type NumberOf = (&'static str, &'static str, Number);

enum Number {
    Real(fn(&MetricValue) -> Option<f64>),
    Count(fn(&MetricValue) -> u64),
}

const NUMBERS: [NumberOf; 6] = [
    (
        "_n",
        "how many things it rests on",
        Number::Count(|value| value.n),
    ),
    (
        "_numerator",
        "what was counted or summed",
        Number::Real(|value| value.numerator),
    ),
    (
        "_denominator",
        "what it was divided by",
        Number::Real(|value| value.denominator),
    ),
    (
        "_low",
        "the lower end of the 95 % interval",
        Number::Real(|value| value.interval.map(|[low, _]| low)),
    ),
    (
        "_high",
        "the upper end of the 95 % interval",
        Number::Real(|value| value.interval.map(|[_, high]| high)),
    ),
    (
        "_pending",
        "how many are too young to be judged and left out",
        Number::Count(|value| value.pending),
    ),
];

/// Makes columns of rows: what functions say of each.
#[derive(Debug)]
pub struct Rows<'a, R> {
    rows: Vec<&'a R>,
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
}

impl<'a, R> Rows<'a, R> {
    /// Of these rows, as yet without columns.
    pub fn of(rows: impl IntoIterator<Item = &'a R>) -> Self {
        Self {
            rows: rows.into_iter().collect(),
            fields: Vec::new(),
            columns: Vec::new(),
        }
    }

    fn with(
        mut self,
        name: &str,
        meaning: &str,
        of: Option<&str>,
        column: impl Fn(&[&'a R]) -> ArrayRef,
    ) -> Self {
        let column = column(&self.rows);
        let mut metadata = HashMap::from([(MEANING.to_owned(), meaning.to_owned())]);
        metadata.extend(of.map(|of| (OF.to_owned(), of.to_owned())));
        let field = Field::new(name, column.data_type().clone(), true);
        self.fields.push(field.with_metadata(metadata));
        self.columns.push(column);
        self
    }

    /// A column of text.
    #[must_use]
    pub fn text(self, name: &str, meaning: &str, of: impl Fn(&'a R) -> Option<&'a str>) -> Self {
        self.with(name, meaning, None, |rows| {
            Arc::new(rows.iter().map(|row| of(row)).collect::<StringArray>())
        })
    }

    /// A column of whole numbers.
    #[must_use]
    pub fn count(self, name: &str, meaning: &str, of: impl Fn(&'a R) -> Option<u64>) -> Self {
        self.with(name, meaning, None, |rows| {
            let counts = rows.iter().map(|row| of(row).map(|count| count as i64));
            Arc::new(counts.collect::<Int64Array>())
        })
    }

    /// A column of numbers.
    #[must_use]
    pub fn real(self, name: &str, meaning: &str, of: impl Fn(&'a R) -> Option<f64>) -> Self {
        self.real_of(name, meaning, None, of)
    }

    fn real_of(
        self,
        name: &str,
        meaning: &str,
        owner: Option<&str>,
        of: impl Fn(&'a R) -> Option<f64>,
    ) -> Self {
        self.with(name, meaning, owner, |rows| {
            Arc::new(rows.iter().map(|row| of(row)).collect::<Float64Array>())
        })
    }

    /// A column of yes and no.
    #[must_use]
    pub fn flag(self, name: &str, meaning: &str, of: impl Fn(&'a R) -> Option<bool>) -> Self {
        self.with(name, meaning, None, |rows| {
            Arc::new(rows.iter().map(|row| of(row)).collect::<BooleanArray>())
        })
    }

    /// A column of lists of text.
    #[must_use]
    pub fn texts(self, name: &str, meaning: &str, of: impl Fn(&'a R) -> Vec<&'a str>) -> Self {
        self.with(name, meaning, None, |rows| {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for row in rows {
                of(row)
                    .into_iter()
                    .for_each(|text| builder.values().append_value(text));
                builder.append(true);
            }
            Arc::new(builder.finish())
        })
    }

    /// A column of lists of whole numbers.
    #[must_use]
    pub fn counts(self, name: &str, meaning: &str, of: impl Fn(&'a R) -> Vec<u64>) -> Self {
        self.with(name, meaning, None, |rows| {
            let mut builder = ListBuilder::new(PrimitiveBuilder::<Int64Type>::new());
            for row in rows {
                of(row)
                    .into_iter()
                    .for_each(|count| builder.values().append_value(count as i64));
                builder.append(true);
            }
            Arc::new(builder.finish())
        })
    }

    /// The ends of an interval: `NAME_low` and `NAME_high`.
    #[must_use]
    pub fn interval(self, name: &str, of: impl Fn(&'a R) -> Option<[f64; 2]>) -> Self {
        let [(_, low, _), (_, high, _)] = [&NUMBERS[3], &NUMBERS[4]];
        self.real_of(&format!("{name}_low"), low, Some(name), |row| {
            of(row).map(|[low, _]| low)
        })
        .real_of(&format!("{name}_high"), high, Some(name), |row| {
            of(row).map(|[_, high]| high)
        })
    }

    /// A value with all that makes it honest: `NAME`, `NAME_n`, `NAME_numerator`, `NAME_denominator`, `NAME_low`
    /// and `NAME_high` (the 95 % interval), and `NAME_pending`.
    #[must_use]
    pub fn value(
        self,
        name: &str,
        meaning: &str,
        of: impl Fn(&'a R) -> Option<&'a MetricValue>,
    ) -> Self {
        let mut all = self.real(name, meaning, |row| of(row)?.value);
        for (suffix, meaning, number) in &NUMBERS {
            let column = format!("{name}{suffix}");
            all = match number {
                Number::Real(number) => {
                    all.real_of(&column, meaning, Some(name), |row| number(of(row)?))
                }
                Number::Count(number) => all.with(&column, meaning, Some(name), |rows| {
                    let counts = rows.iter().map(|row| Some(number(of(row)?) as i64));
                    Arc::new(counts.collect::<Int64Array>())
                }),
            };
        }
        all
    }

    /// The value of what another is compared with: `NAME_compare`.
    #[must_use]
    pub fn compared(self, name: &str, of: impl Fn(&'a R) -> Option<&'a MetricValue>) -> Self {
        let meaning = "the value of what it is compared with";
        self.real_of(&format!("{name}_compare"), meaning, Some(name), |row| {
            of(row)?.compare.as_ref()?.value
        })
    }

    /// The columns of a batch that has as many rows.
    #[must_use]
    pub fn beside(mut self, batch: &RecordBatch) -> Self {
        let fields = batch.schema_ref().fields().iter();
        self.fields.extend(fields.map(|field| Field::clone(field)));
        self.columns.extend(batch.columns().iter().cloned());
        self
    }

    /// The rows.
    ///
    /// # Errors
    /// When Arrow refuses the columns, which would be a defect here.
    pub fn finish(self) -> Result<RecordBatch, QueryError> {
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows.len()));
        let schema = Arc::new(Schema::new(self.fields));
        Ok(RecordBatch::try_new_with_options(
            schema,
            self.columns,
            &options,
        )?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::export::format::encode;
    use crate::export::{Options, RowFormat};

    struct Row {
        name: Option<String>,
        value: MetricValue,
        next: Vec<u64>,
    }

    #[test]
    fn a_value_has_a_column_for_each_of_its_numbers_and_nothing_is_empty() {
        let full = Row {
            name: Some("web, app".to_owned()),
            value: MetricValue {
                value: Some(0.5),
                n: 4,
                numerator: Some(2.0),
                denominator: Some(4.0),
                interval: Some([0.25, 0.75]),
                pending: 1,
                ..MetricValue::default()
            },
            next: vec![3, 1],
        };
        let empty = Row {
            name: None,
            value: MetricValue::default(),
            next: Vec::new(),
        };
        let rows = [full, empty];
        let made = Rows::of(&rows)
            .text("name", "a name", |row| row.name.as_deref())
            .value("share", "a share", |row| Some(&row.value))
            .counts("next", "numbers", |row| row.next.clone())
            .finish()
            .unwrap();
        let csv = encode(RowFormat::Csv, &made, Options::default()).unwrap();
        assert_eq!(
            String::from_utf8(csv).unwrap(),
            "name,share,share_n,share_numerator,share_denominator,share_low,share_high,share_pending,next\n\
             \"web, app\",0.5,4,2,4,0.25,0.75,1,\"[3,1]\"\n\
             ,,0,,,,,0,[]\n"
        );
        let schema = made.schema();
        let low = schema.field_with_name("share_low").unwrap().metadata();
        assert_eq!(low[OF], "share");
        let share = schema.field_with_name("share").unwrap().metadata();
        assert_eq!((share[MEANING].as_str(), share.get(OF)), ("a share", None));
    }
}

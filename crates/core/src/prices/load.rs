//! From a file to a price list. Everything that is wrong is found, not only the first.

use std::fmt::{self, Display, Write as _};

use toml::{Table, Value};

use super::{Price, Rates};
use crate::profile::nearest;

/// The keys of a list.
const LIST_KEYS: [&str; 3] = ["compiled", "currency", "price"];
/// The keys of an entry.
const PRICE_KEYS: [&str; 10] = [
    "provider",
    "model",
    "from",
    "to",
    "input",
    "output",
    "cached",
    "cache_write",
    "reasoning",
    "source",
];
/// No model costs more dollars a million tokens.
const HIGHEST: f64 = 1e6;
/// A list has no more entries.
const MOST_PRICES: usize = 10_000;

/// Why a price list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The file is not TOML.
    #[error("the price list is not valid TOML: {cause}")]
    Syntax {
        /// Where and why, from the parser.
        cause: String,
    },
    /// Keys that are missing, unknown or cannot be.
    #[error("the price list cannot be used:{}", lines(.0))]
    Wrong(Vec<PriceProblem>),
}

/// One thing that is wrong with a price list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceProblem {
    /// The key, such as `price[3].input`, counted from 1.
    pub key: String,
    /// Why it cannot be, and what would do.
    pub cause: String,
}

impl Display for PriceProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`: {}", self.key, self.cause)
    }
}

fn lines(problems: &[PriceProblem]) -> String {
    problems.iter().fold(String::new(), |mut text, problem| {
        let _ = write!(text, "\n  {problem}");
        text
    })
}

/// Reads when a list was compiled, and its entries.
pub(super) fn read(text: &str) -> Result<(i32, Vec<Price>), PriceError> {
    let mut table = text.parse::<Table>().map_err(|error| PriceError::Syntax {
        cause: error.to_string().trim_end().to_owned(),
    })?;
    let mut reader = Reader::default();
    reader.known_keys(&table, "", &LIST_KEYS);
    let compiled = reader.day(&mut table, "", "compiled");
    if compiled.is_none() {
        reader.wrong(
            "compiled",
            "the day on which the list was compiled is missing, such as 2026-03-29",
        );
    }
    match table.remove("currency") {
        Some(Value::String(currency)) if currency == "USD" => {}
        _ => reader.wrong(
            "currency",
            "it must be \"USD\": costs are kept in US dollars",
        ),
    }
    let entries = match table.remove("price") {
        None => Vec::new(),
        Some(Value::Array(entries)) if entries.len() <= MOST_PRICES => entries,
        Some(_) => {
            reader.wrong(
                "price",
                &format!("it must be at most {MOST_PRICES} tables `[[price]]`"),
            );
            Vec::new()
        }
    };
    let prices: Vec<Price> = entries
        .into_iter()
        .enumerate()
        .filter_map(|(index, entry)| reader.price(entry, index + 1))
        .collect();
    if reader.problems.is_empty() {
        reader.overlaps(&prices);
    }
    match compiled {
        Some(compiled) if reader.problems.is_empty() => Ok((compiled, prices)),
        _ => Err(PriceError::Wrong(reader.problems)),
    }
}

#[derive(Default)]
struct Reader {
    problems: Vec<PriceProblem>,
}

impl Reader {
    fn wrong(&mut self, key: &str, cause: &str) {
        self.problems.push(PriceProblem {
            key: key.to_owned(),
            cause: cause.to_owned(),
        });
    }

    fn known_keys(&mut self, table: &Table, place: &str, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            let near = nearest(key, known.iter().copied());
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            self.wrong(
                &format!("{place}{key}"),
                &format!("there is no such key{near}"),
            );
        }
    }

    fn price(&mut self, entry: Value, number: usize) -> Option<Price> {
        let place = format!("price[{number}].");
        let Value::Table(mut table) = entry else {
            self.wrong(&format!("price[{number}]"), "it must be a table");
            return None;
        };
        self.known_keys(&table, &place, &PRICE_KEYS);
        let providers = self.names(&mut table, &place, "provider");
        let models = self.names(&mut table, &place, "model");
        if models.is_empty() {
            self.wrong(
                &format!("{place}model"),
                "at least one name of a model is missing",
            );
        }
        let from = self.day(&mut table, &place, "from");
        let to = self.day(&mut table, &place, "to");
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            self.wrong(&format!("{place}to"), "it must be later than `from`");
        }
        let input = self.required(&mut table, &place, "input");
        let output = self.required(&mut table, &place, "output");
        // What has no price of its own costs what it is a part of.
        let rates = Rates {
            input,
            output,
            cached: self.rate(&mut table, &place, "cached").unwrap_or(input),
            cache_write: self
                .rate(&mut table, &place, "cache_write")
                .unwrap_or(input),
            reasoning: self.rate(&mut table, &place, "reasoning").unwrap_or(output),
        };
        let source = match table.remove("source") {
            Some(Value::String(source)) if !source.trim().is_empty() => source,
            _ => {
                self.wrong(
                    &format!("{place}source"),
                    "where the figures come from is missing",
                );
                String::new()
            }
        };
        Some(Price {
            providers,
            models,
            from,
            to,
            rates,
            source: source.into(),
        })
    }

    /// One name or a list of names.
    fn names(&mut self, table: &mut Table, place: &str, key: &str) -> Vec<Box<str>> {
        let values = match table.remove(key) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(value) => vec![value],
        };
        let mut names = Vec::with_capacity(values.len());
        for value in values {
            match value {
                Value::String(name) if !name.trim().is_empty() => {
                    names.push(name.trim().to_lowercase().into());
                }
                _ => self.wrong(
                    &format!("{place}{key}"),
                    "it must be a name or a list of names",
                ),
            }
        }
        names
    }

    fn day(&mut self, table: &mut Table, place: &str, key: &str) -> Option<i32> {
        match table.remove(key)? {
            Value::Datetime(toml::value::Datetime {
                date: Some(date),
                time: None,
                offset: None,
            }) => Some(day_of_date(date)),
            _ => {
                self.wrong(
                    &format!("{place}{key}"),
                    "it must be a day without quotes, such as 2026-03-29",
                );
                None
            }
        }
    }

    fn required(&mut self, table: &mut Table, place: &str, key: &str) -> u64 {
        if !table.contains_key(key) {
            self.wrong(
                &format!("{place}{key}"),
                "the price of a million tokens in US dollars is missing",
            );
        }
        self.rate(table, place, key).unwrap_or_default()
    }

    /// Dollars a million tokens as trillionths of a dollar a token.
    fn rate(&mut self, table: &mut Table, place: &str, key: &str) -> Option<u64> {
        let dollars = match table.remove(key)? {
            Value::Integer(dollars) => dollars as f64,
            Value::Float(dollars) => dollars,
            _ => f64::NAN,
        };
        if !(0.0..=HIGHEST).contains(&dollars) {
            self.wrong(
                &format!("{place}{key}"),
                "it must be US dollars a million tokens, from 0 to 1000000",
            );
            return None;
        }
        Some((dollars * 1e6).round() as u64)
    }

    /// The same name of a model must not have two prices on one day.
    fn overlaps(&mut self, prices: &[Price]) {
        let mut spans: Vec<(&str, &str, i32, i32, usize)> = Vec::new();
        for (index, price) in prices.iter().enumerate() {
            let providers: Vec<&str> = match price.providers.is_empty() {
                true => vec![""],
                false => price.providers.iter().map(|name| &**name).collect(),
            };
            let (from, to) = (price.from.unwrap_or(i32::MIN), price.to.unwrap_or(i32::MAX));
            for provider in providers {
                let models = price.models.iter();
                spans.extend(models.map(|model| (provider, &**model, from, to, index + 1)));
            }
        }
        spans.sort_unstable();
        for pair in spans.windows(2) {
            let ((provider, model, _, to, first), (other, other_model, from, _, second)) =
                (pair[0], pair[1]);
            if (provider, model) == (other, other_model) && from < to {
                let of = match provider {
                    "" => String::new(),
                    provider => format!(" of `{provider}`"),
                };
                self.wrong(
                    &format!("price[{second}]"),
                    &format!("`{model}`{of} has another price on the same days in price[{first}]; set `to` there"),
                );
            }
        }
    }
}

/// Days since 1970 of a date of the Gregorian calendar.
fn day_of_date(date: toml::value::Date) -> i32 {
    let (month, day) = (i32::from(date.month), i32::from(date.day));
    // Years begin in March, so that the leap day is the last.
    let year = i32::from(date.year) - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date of a day since 1970, as `2026-03-29`.
pub(super) fn date(day: i32) -> String {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i32::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (day, text) in [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (20_541, "2026-03-29"),
        ] {
            assert_eq!(date(day), text);
        }
        for day in (0..60_000).step_by(7) {
            let text = date(day);
            let parsed: Result<toml::value::Datetime, _> = text.parse();
            assert_eq!(
                parsed.ok().and_then(|parsed| parsed.date).map(day_of_date),
                Some(day)
            );
        }
    }
}

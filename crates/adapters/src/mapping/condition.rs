//! Conditions: `@.action in (utter, pick) and not @.text is null`. The language is that of the
//! filters of queries, with paths where those have fields.

use regex::Regex;

use super::path::{Path, Scope, looks_like_path};
use crate::json::Json;

/// How deep brackets and `not` may be nested.
const MAXIMUM_DEPTH: usize = 64;

/// A condition.
#[derive(Debug)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// Whether a value to which the path leads passes.
    Has(Path, Check),
    /// Whether the path leads to no value.
    Missing(Path),
}

/// What a value must be.
#[derive(Debug)]
pub(super) enum Check {
    /// True.
    True,
    /// Equal to one of these.
    OneOf(Vec<Operand>),
    /// Before or behind the operand, or equal if the flag says so.
    Order {
        less: bool,
        or_equal: bool,
        operand: Operand,
    },
    /// A text that holds this, in whatever case; it is in lower case here.
    Contains(String),
    /// A text of this pattern.
    Matches(Regex),
}

/// What is compared with.
#[derive(Debug)]
pub(super) enum Operand {
    Literal { text: Box<str>, number: Option<f64> },
    Path(Path),
}

/// Why a text is no condition, and at which byte of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ConditionProblem {
    pub at: usize,
    pub reason: String,
}

impl Condition {
    /// The condition that a text is.
    pub fn parse(text: &str) -> Result<Self, ConditionProblem> {
        let mut parser = Parser {
            text,
            at: 0,
            depth: 0,
        };
        let condition = parser.any()?;
        parser.space();
        match parser.rest() {
            "" => Ok(condition),
            _ => parser.fail("`and` or `or` is expected here"),
        }
    }

    /// Whether it holds. A comparison with nothing is false.
    pub fn holds(&self, scope: &Scope<'_, '_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(scope)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(scope)),
            Self::Not(part) => !part.holds(scope),
            Self::Missing(path) => path.first(scope).is_none(),
            Self::Has(path, check) => {
                let mut found = false;
                path.each(scope, &mut |value| {
                    found = check.passes(&value, scope);
                    !found
                });
                found
            }
        }
    }

    /// Whether it is the same for every element of a record.
    pub fn is_of_record(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().all(Self::is_of_record),
            Self::Not(part) => part.is_of_record(),
            Self::Missing(path) => path.is_of_record(),
            Self::Has(path, check) => {
                let operand =
                    |it: &Operand| !matches!(it, Operand::Path(path) if !path.is_of_record());
                path.is_of_record()
                    && match check {
                        Check::OneOf(operands) => operands.iter().all(operand),
                        Check::Order { operand: it, .. } => operand(it),
                        Check::True | Check::Contains(_) | Check::Matches(_) => true,
                    }
            }
        }
    }
}

impl Check {
    fn passes(&self, value: &Json<'_>, scope: &Scope<'_, '_>) -> bool {
        match self {
            Self::True => match value {
                Json::Flag(flag) => *flag,
                Json::Text(text) => matches!(text.as_ref(), "true" | "yes"),
                _ => false,
            },
            Self::OneOf(operands) => operands.iter().any(|operand| match operand {
                Operand::Literal { text, number } => equals(value, text, *number),
                Operand::Path(path) => path
                    .first(scope)
                    .is_some_and(|other| order(value, &other).is_some_and(|it| it.is_eq())),
            }),
            Self::Order {
                less,
                or_equal,
                operand,
            } => {
                let found = match operand {
                    Operand::Literal { text, number } => match (number, number_of(value)) {
                        (Some(number), Some(value)) => value.partial_cmp(number),
                        (Some(_), None) => None,
                        (None, _) => order(value, &Json::Text((&**text).into())),
                    },
                    Operand::Path(path) => path.first(scope).and_then(|other| order(value, &other)),
                };
                found.is_some_and(|it| match less {
                    true => it.is_lt() || (*or_equal && it.is_eq()),
                    false => it.is_gt() || (*or_equal && it.is_eq()),
                })
            }
            Self::Contains(part) => {
                matches!(value, Json::Text(text) if text.to_lowercase().contains(part.as_str()))
            }
            Self::Matches(pattern) => match value {
                Json::Text(text) => pattern.is_match(text),
                Json::Integer(number) => pattern.is_match(&number.to_string()),
                _ => false,
            },
        }
    }
}

fn equals(value: &Json<'_>, text: &str, number: Option<f64>) -> bool {
    match value {
        Json::Text(found) => found == text,
        Json::Flag(flag) => match text {
            "true" | "yes" => *flag,
            "false" | "no" => !*flag,
            _ => false,
        },
        _ => number.is_some() && number_of(value) == number,
    }
}

pub(super) fn number_of(value: &Json<'_>) -> Option<f64> {
    match value {
        Json::Integer(number) => Some(*number as f64),
        Json::Large(number) => Some(*number as f64),
        Json::Real(number) => Some(*number),
        Json::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Numbers are compared as numbers, all else as text.
pub(super) fn order(left: &Json<'_>, right: &Json<'_>) -> Option<std::cmp::Ordering> {
    match (left, right) {
        (Json::Text(left), Json::Text(right)) => Some(left.cmp(right)),
        (Json::Flag(left), Json::Flag(right)) => Some(left.cmp(right)),
        _ => number_of(left)?.partial_cmp(&number_of(right)?),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, ConditionProblem>;

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn fail<T>(&self, reason: impl Into<String>) -> Parsed<T> {
        Err(ConditionProblem {
            at: self.at,
            reason: reason.into(),
        })
    }

    /// Takes this sign if it comes next.
    fn sign(&mut self, sign: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    /// Takes this keyword, in any case, if it comes next.
    fn keyword(&mut self, word: &str) -> bool {
        self.space();
        let rest = self.rest();
        let end = rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        let found = rest[..end].eq_ignore_ascii_case(word);
        self.at += if found { end } else { 0 };
        found
    }

    fn any(&mut self) -> Parsed<Condition> {
        let mut parts = vec![self.all()?];
        while self.keyword("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self) -> Parsed<Condition> {
        let mut parts = vec![self.not()?];
        while self.keyword("and") {
            parts.push(self.not()?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn not(&mut self) -> Parsed<Condition> {
        self.depth += 1;
        if self.depth > MAXIMUM_DEPTH {
            return self.fail(format!("conditions may nest {MAXIMUM_DEPTH} deep"));
        }
        let condition = if self.keyword("not") {
            Condition::Not(Box::new(self.not()?))
        } else if self.sign("(") {
            let inner = self.any()?;
            if !self.sign(")") {
                return self.fail("`)` is expected here");
            }
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn path(&mut self) -> Parsed<Path> {
        self.space();
        let (path, end) =
            Path::parse_prefix(self.text, self.at).map_err(|problem| ConditionProblem {
                at: problem.at,
                reason: problem.reason,
            })?;
        self.at = end;
        Ok(path)
    }

    fn comparison(&mut self) -> Parsed<Condition> {
        let path = self.path()?;
        if self.keyword("is") {
            let not = self.keyword("not");
            if !self.keyword("null") {
                return self.fail("`null` or `not null` is expected here");
            }
            return Ok(negated(not, Condition::Missing(path)));
        }
        let not = self.keyword("not");
        let check = if self.keyword("in") {
            Check::OneOf(self.list()?)
        } else if self.keyword("contains") {
            Check::Contains(self.literal()?.0.to_lowercase())
        } else if self.keyword("matches") {
            Check::Matches(self.pattern()?)
        } else if not {
            return self.fail("`in`, `contains` or `matches` is expected here");
        } else if self.sign("!=") {
            let equal = Check::OneOf(vec![self.operand()?]);
            return Ok(negated(true, Condition::Has(path, equal)));
        } else {
            self.order()?
        };
        Ok(negated(not, Condition::Has(path, check)))
    }

    /// The comparison that begins here with its sign; without one the value itself must be true.
    fn order(&mut self) -> Parsed<Check> {
        for (sign, less, or_equal) in [
            ("<=", true, true),
            (">=", false, true),
            ("<", true, false),
            (">", false, false),
        ] {
            if self.sign(sign) {
                let operand = self.operand()?;
                return Ok(Check::Order {
                    less,
                    or_equal,
                    operand,
                });
            }
        }
        if self.sign("==") || self.sign("=") {
            return Ok(Check::OneOf(vec![self.operand()?]));
        }
        Ok(Check::True)
    }

    fn list(&mut self) -> Parsed<Vec<Operand>> {
        if !self.sign("(") {
            return self.fail("`(` is expected here, then values with commas between them");
        }
        let mut operands = vec![self.operand()?];
        while self.sign(",") {
            operands.push(self.operand()?);
        }
        if !self.sign(")") {
            return self.fail("`,` or `)` is expected here");
        }
        Ok(operands)
    }

    fn pattern(&mut self) -> Parsed<Regex> {
        self.space();
        let at = self.at;
        let (text, _) = self.literal()?;
        Regex::new(&text).map_err(|error| ConditionProblem {
            at,
            reason: format!("the pattern cannot be used: {}", last_line(&error)),
        })
    }

    fn operand(&mut self) -> Parsed<Operand> {
        self.space();
        if looks_like_path(self.rest()) {
            return Ok(Operand::Path(self.path()?));
        }
        let (text, quoted) = self.literal()?;
        let number = text.parse::<f64>().ok().filter(|it| it.is_finite());
        Ok(Operand::Literal {
            number: number.filter(|_| !quoted),
            text: text.into(),
        })
    }

    /// A value, and whether it stands in quotation marks.
    fn literal(&mut self) -> Parsed<(String, bool)> {
        self.space();
        let rest = self.rest();
        let quote = rest.chars().next().filter(|it| matches!(it, '"' | '\''));
        let Some(quote) = quote else {
            let end = rest
                .find(|letter: char| {
                    !letter.is_alphanumeric() && !"_-.:/@+*#%$&?~".contains(letter)
                })
                .unwrap_or(rest.len());
            if end == 0 {
                return self.fail(
                    "a value is expected here; write one with other signs in quotation marks",
                );
            }
            self.at += end;
            return Ok((rest[..end].to_owned(), false));
        };
        let mut text = String::new();
        let mut letters = rest.char_indices().skip(1).peekable();
        while let Some((place, letter)) = letters.next() {
            if letter != quote {
                text.push(letter);
            } else if letters.next_if(|(_, next)| *next == quote).is_some() {
                text.push(quote);
            } else {
                self.at += place + 1;
                return Ok((text, true));
            }
        }
        self.fail("a quotation mark is not closed")
    }
}

fn negated(not: bool, condition: Condition) -> Condition {
    match not {
        true => Condition::Not(Box::new(condition)),
        false => condition,
    }
}

fn one_or(mut parts: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

/// What a pattern's error says at its end: the lines above repeat the pattern.
pub(super) fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default().trim();
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::path::Work;
    use super::*;

    /// Whether a condition holds of a record, or where it is wrong and why.
    fn check(condition: &str) -> String {
        let record: Json<'_> = serde_json::from_str(
            r#"{"a": "x", "n": 5, "t": "7", "yes": true, "no": false, "void": null, "list": [1, 2, 3],
                "say": "Hello there", "same": "x", "o": {"k": []}}"#,
        )
        .unwrap();
        let work = Work::new();
        let scope = Scope {
            record: &record,
            record_index: 0,
            file: "f",
            levels: &[],
            work: &work,
        };
        match Condition::parse(condition) {
            Ok(condition) => condition.holds(&scope).to_string(),
            Err(problem) => format!("{}: {}", problem.at, problem.reason),
        }
    }

    #[test]
    fn conditions_hold_or_not() {
        for holds in [
            "@.a = x",
            "@.a == 'x'",
            "@.a != y",
            "@.missing != y",
            "@.a in (w, x)",
            "@.a not in (w, y)",
            "@.a = @.same",
            "@.n = 5",
            "@.n > 4.5 and @.n <= 5",
            "@.t >= 7",
            "@.yes",
            "@.yes = true",
            "@.no = no",
            "not @.no",
            "@.void is null and @.nowhere is null",
            "@.a IS NOT NULL",
            "@.list[*] = 2",
            "not @.list[*] > 3",
            "@.say contains hello",
            "@.say matches '^Hel+o'",
            "@.say not matches bye",
            "@.a = y or (@.a = x and not @.n = 4)",
            "@.o.k is not null",
            "@.say < 'Help'",
            "@index = 0",
        ] {
            assert_eq!(check(holds), "true", "{holds}");
        }
        for fails in [
            "@.a = X",
            "@.nowhere = x",
            "@.a > 3",
            "@.n = '5'",
            "@.void = null",
            "@.a",
            "@.say matches '^there'",
            "@.n < @.list[*]",
        ] {
            assert_eq!(check(fails), "false", "{fails}");
        }
    }

    #[test]
    fn mistakes_say_where_and_why() {
        for (condition, expected) in [
            ("a = x", "0: a path begins with"),
            ("@.a = x y", "8: `and` or `or`"),
            ("@.a is x", "7: `null` or `not null`"),
            ("@.a in x", "7: `(` is expected"),
            ("@.a in (x", "9: `,` or `)`"),
            ("(@.a = x", "8: `)` is expected"),
            ("@.a = ", "6: a value is expected"),
            ("@.a = 'x", "6: a quotation mark"),
            (
                "@.a matches '('",
                "12: the pattern cannot be used: unclosed group",
            ),
            ("@.a not x", "8: `in`, `contains` or `matches`"),
        ] {
            assert!(
                check(condition).starts_with(expected),
                "{condition}: {}",
                check(condition)
            );
        }
        assert!(check(&"not ".repeat(100)).contains("64 deep"));
        assert!(check(&"(".repeat(100)).contains("64 deep"));
    }
}

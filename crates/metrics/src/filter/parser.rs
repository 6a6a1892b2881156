//! Reads tokens into an expression: `or` binds weakest, then `and`, then `not`.

pub mod sequences;

use std::fmt;

use self::sequences::{FunnelText, PathText};
use super::lexer::{Spanned, Token, tokens};
use crate::error::{Problem, ProblemCode};
use crate::registry::Subject;

/// How deep brackets and `not` may nest.
const MOST_DEPTH: usize = 64;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`, also true of nothing
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `contains`, without regard to case
    Contains,
    /// `has`, of a list
    Has,
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Contains => "contains",
            Self::Has => "has",
        })
    }
}

/// A name or value with its position in the text, in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operand {
    /// The text, without quotes.
    pub text: String,
    /// Where it begins.
    pub position: usize,
}

/// A filter as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// All of these.
    And(Vec<Expression>),
    /// At least one of these.
    Or(Vec<Expression>),
    /// The opposite.
    Not(Box<Expression>),
    /// A yes-or-no field on its own.
    Flag(Operand),
    /// A field compared with a value.
    Compare(Operand, Comparison, Operand),
    /// A field is one of several values.
    In(Operand, Vec<Operand>),
    /// A list has a value that is none of these.
    HasOther(Operand, Vec<Operand>),
    /// A field holds nothing.
    IsNull(Operand),
    /// The session has a message or step that fulfils the condition; without one, any at all.
    Any {
        /// Messages or steps.
        of: Subject,
        /// What one of them must fulfil.
        condition: Option<Box<Expression>>,
    },
    /// The filter that has this name.
    Segment(Operand),
    /// The session took a path that fits a pattern.
    Path(PathText),
    /// The session came through all steps of a funnel.
    Funnel(FunnelText),
}

/// Reads a filter.
///
/// # Errors
/// A [`Problem`] with the position at which the text stops making sense.
pub fn parse(text: &str) -> Result<Expression, Problem> {
    let tokens = tokens(text)?;
    let end = text.chars().count();
    let mut parser = Parser {
        tokens,
        next: 0,
        end,
        depth: 0,
    };
    let expression = parser.or()?;
    match parser.peek() {
        None => Ok(expression),
        Some(Spanned { token, position }) => Err(syntax(
            *position,
            format!(
                "{} is too much here; join conditions with `and` or `or`",
                token.describe()
            ),
        )),
    }
}

fn syntax(position: usize, message: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::Syntax, "filter", message).at(position)
}

struct Parser {
    tokens: Vec<Spanned>,
    next: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Spanned> {
        self.tokens.get(self.next)
    }

    fn position(&self) -> usize {
        self.peek().map_or(self.end, |spanned| spanned.position)
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = self
            .peek()
            .is_some_and(|spanned| spanned.token.is_keyword(keyword));
        self.next += usize::from(found);
        found
    }

    fn token(&mut self, token: &Token) -> bool {
        let found = self.peek().is_some_and(|spanned| spanned.token == *token);
        self.next += usize::from(found);
        found
    }

    fn expected(&self, what: &str) -> Problem {
        match self.peek() {
            Some(spanned) => syntax(
                spanned.position,
                format!("expected {what}, found {}", spanned.token.describe()),
            ),
            None => syntax(
                self.end,
                format!("expected {what}, but the filter ends here"),
            ),
        }
    }

    fn or(&mut self) -> Result<Expression, Problem> {
        let mut parts = vec![self.and()?];
        while self.keyword("or") {
            parts.push(self.and()?);
        }
        Ok(only_or(parts, Expression::Or))
    }

    fn and(&mut self) -> Result<Expression, Problem> {
        let mut parts = vec![self.unary()?];
        while self.keyword("and") {
            parts.push(self.unary()?);
        }
        Ok(only_or(parts, Expression::And))
    }

    fn unary(&mut self) -> Result<Expression, Problem> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(syntax(
                self.position(),
                format!("brackets and `not` nest deeper than {MOST_DEPTH}"),
            ));
        }
        let expression = if self.keyword("not") {
            Expression::Not(Box::new(self.unary()?))
        } else if self.peek_is(&Token::Open) {
            self.brackets()?
        } else if let Some((of, wanted)) = self.exists() {
            self.next += 2;
            let condition = match self.peek_is(&Token::Open) {
                true => Some(Box::new(self.brackets()?)),
                false => None,
            };
            negate_if(!wanted, Expression::Any { of, condition })
        } else if self.is_path() {
            self.path()?
        } else if self.is_funnel() {
            self.funnel()?
        } else if self.is_segment() {
            self.next += 1;
            Expression::Segment(self.value()?)
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn peek_is(&self, token: &Token) -> bool {
        self.peek().is_some_and(|spanned| spanned.token == *token)
    }

    fn brackets(&mut self) -> Result<Expression, Problem> {
        self.next += 1;
        let inner = self.or()?;
        if !self.token(&Token::Close) {
            return Err(self.expected("`)`"));
        }
        Ok(inner)
    }

    /// Whether `any message`, `no step` and the like come next: of what, and whether one is wanted.
    fn exists(&self) -> Option<(Subject, bool)> {
        let [first, second] = self.tokens.get(self.next..self.next + 2)? else {
            return None;
        };
        let wanted = match (first.token.is_keyword("any"), first.token.is_keyword("no")) {
            (false, false) => return None,
            (any, _) => any,
        };
        let of = [Subject::Messages, Subject::Steps]
            .into_iter()
            .find(|subject| second.token.is_keyword(subject.one()))?;
        Some((of, wanted))
    }

    /// Whether `segment` and a name come next; a field of this name would be followed by an operator.
    fn is_segment(&self) -> bool {
        const AFTER_FIELD: [&str; 7] = ["and", "or", "is", "in", "not", "contains", "has"];
        match self.tokens.get(self.next..self.next + 2) {
            Some([first, second]) => {
                let name = match &second.token {
                    Token::Quoted(_) => true,
                    word @ Token::Word(_) => !AFTER_FIELD
                        .iter()
                        .any(|word_after| word.is_keyword(word_after)),
                    _ => false,
                };
                first.token.is_keyword("segment") && name
            }
            _ => false,
        }
    }

    fn condition(&mut self) -> Result<Expression, Problem> {
        let field = self.field()?;
        if self.keyword("is") {
            let negated = self.keyword("not");
            if !self.keyword("null") {
                return Err(self.expected("`null` or `not null`"));
            }
            return Ok(negate_if(negated, Expression::IsNull(field)));
        }
        if self.keyword("in") {
            return Ok(Expression::In(field, self.list()?));
        }
        if self.keyword("contains") {
            return Ok(Expression::Compare(
                field,
                Comparison::Contains,
                self.value()?,
            ));
        }
        if self.keyword("has") {
            return self.has(field);
        }
        if self.keyword("not") {
            return self.negated_condition(field);
        }
        let Some(Token::Operator(operator)) = self.peek().map(|spanned| spanned.token.clone())
        else {
            return Ok(Expression::Flag(field));
        };
        self.next += 1;
        let comparison = match operator {
            "=" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            _ => Comparison::GreaterOrEqual,
        };
        Ok(Expression::Compare(field, comparison, self.value()?))
    }

    /// What follows `field not`.
    fn negated_condition(&mut self, field: Operand) -> Result<Expression, Problem> {
        let condition = if self.keyword("in") {
            Expression::In(field, self.list()?)
        } else if self.keyword("contains") {
            Expression::Compare(field, Comparison::Contains, self.value()?)
        } else if self.keyword("has") {
            self.has(field)?
        } else {
            return Err(self.expected("`in`, `contains` or `has`"));
        };
        Ok(negate_if(true, condition))
    }

    /// What follows `field has`: a value, or `other than` a list of them.
    fn has(&mut self, field: Operand) -> Result<Expression, Problem> {
        let is_other = match self.tokens.get(self.next..self.next + 3) {
            Some([first, second, third]) => {
                let words = first.token.is_keyword("other") && second.token.is_keyword("than");
                words && third.token == Token::Open
            }
            _ => false,
        };
        if is_other {
            self.next += 2;
            return Ok(Expression::HasOther(field, self.list()?));
        }
        Ok(Expression::Compare(field, Comparison::Has, self.value()?))
    }

    fn field(&mut self) -> Result<Operand, Problem> {
        const KEYWORDS: [&str; 7] = ["and", "or", "in", "is", "contains", "has", "null"];
        let operand = match self.peek() {
            Some(Spanned {
                token: Token::Word(word),
                position,
            }) if !KEYWORDS
                .iter()
                .any(|keyword| word.eq_ignore_ascii_case(keyword)) =>
            {
                Operand {
                    text: word.clone(),
                    position: *position,
                }
            }
            // An attribute may have any name.
            Some(Spanned {
                token: Token::Quoted(text),
                position,
            }) if text.starts_with("attribute.") => Operand {
                text: text.clone(),
                position: *position,
            },
            _ => return Err(self.expected("a field")),
        };
        self.next += 1;
        Ok(operand)
    }

    fn value(&mut self) -> Result<Operand, Problem> {
        let operand = match self.peek() {
            Some(Spanned {
                token: Token::Word(text) | Token::Quoted(text),
                position,
            }) => Operand {
                text: text.clone(),
                position: *position,
            },
            _ => return Err(self.expected("a value")),
        };
        self.next += 1;
        Ok(operand)
    }

    fn list(&mut self) -> Result<Vec<Operand>, Problem> {
        if !self.token(&Token::Open) {
            return Err(self.expected("`(` and a list of values"));
        }
        let mut values = vec![self.value()?];
        while self.token(&Token::Comma) {
            values.push(self.value()?);
        }
        if !self.token(&Token::Close) {
            return Err(self.expected("`,` or `)`"));
        }
        Ok(values)
    }
}

fn only_or(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

fn negate_if(negated: bool, expression: Expression) -> Expression {
    if negated {
        Expression::Not(Box::new(expression))
    } else {
        expression
    }
}

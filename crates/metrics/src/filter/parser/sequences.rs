//! Conditions on the order of what was done: `path …` and `funnel …`.
//!
//! ```text
//! path [of KINDS] [by name|id] [loops keep|repeats|cycles] [where (CONDITION)] PLACE [(ITEM, …)]
//! funnel [by user] [within DURATION] (CONDITION then CONDITION …)
//! ```

use super::{Expression, Operand, Parser, Token};
use crate::error::Problem;

/// One place of a pattern, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemText {
    /// `*`: any step.
    Any,
    /// `end`: no further step.
    End,
    /// A step's name.
    Step(Operand),
}

/// `path …`, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathText {
    /// Which steps; nothing means topics.
    pub kinds: Vec<Operand>,
    /// By what steps are the same.
    pub match_by: Option<Operand>,
    /// What becomes of loops.
    pub loops: Option<Operand>,
    /// Which steps alone are looked at.
    pub only: Option<Box<Expression>>,
    /// `start`, `last`, `from`, `before` or `anywhere`.
    pub place: Operand,
    /// The step that `from` and `before` name.
    pub anchor: Option<Operand>,
    /// The pattern.
    pub items: Vec<ItemText>,
}

/// `funnel …`, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelText {
    /// Whether the steps of a user may lie in several sessions.
    pub by_user: bool,
    /// How long after the first step the last may come.
    pub within: Option<Operand>,
    /// The conditions, in order.
    pub steps: Vec<Expression>,
}

/// The words after which `path` is no field.
const AFTER_PATH: [&str; 9] = [
    "of", "by", "loops", "where", "start", "last", "from", "before", "anywhere",
];

impl Parser {
    /// Whether a condition on a path comes next.
    pub(super) fn is_path(&self) -> bool {
        self.two_words(
            |second| AFTER_PATH.iter().any(|word| second.is_keyword(word)),
            "path",
        )
    }

    /// Whether a funnel comes next.
    pub(super) fn is_funnel(&self) -> bool {
        let after = |second: &Token| {
            *second == Token::Open || second.is_keyword("by") || second.is_keyword("within")
        };
        self.two_words(after, "funnel")
    }

    fn two_words(&self, second: impl Fn(&Token) -> bool, first: &str) -> bool {
        match self.tokens.get(self.next..self.next + 2) {
            Some([one, two]) => one.token.is_keyword(first) && second(&two.token),
            _ => false,
        }
    }

    pub(super) fn path(&mut self) -> Result<Expression, Problem> {
        self.next += 1;
        let kinds = match (self.keyword("of"), self.peek_is(&Token::Open)) {
            (true, true) => self.list()?,
            (true, false) => vec![self.value()?],
            (false, _) => Vec::new(),
        };
        let match_by = self.after("by")?;
        let loops = self.after("loops")?;
        let only = match self.keyword("where") {
            true if self.peek_is(&Token::Open) => Some(Box::new(self.brackets()?)),
            true => return Err(self.expected("`(` and a condition on steps")),
            false => None,
        };
        let place = self.place()?;
        let anchor = match place.text.as_str() {
            "from" | "before" => Some(self.value()?),
            _ => None,
        };
        let items = match self.peek_is(&Token::Open) {
            true => self.items()?,
            false if anchor.is_some() => Vec::new(),
            false => return Err(self.expected("`(` and a list of steps")),
        };
        Ok(Expression::Path(PathText {
            kinds,
            match_by,
            loops,
            only,
            place,
            anchor,
            items,
        }))
    }

    fn after(&mut self, keyword: &str) -> Result<Option<Operand>, Problem> {
        match self.keyword(keyword) {
            true => Ok(Some(self.value()?)),
            false => Ok(None),
        }
    }

    fn place(&mut self) -> Result<Operand, Problem> {
        for word in ["start", "last", "from", "before", "anywhere"] {
            let position = self.position();
            if self.keyword(word) {
                let text = word.to_owned();
                return Ok(Operand { text, position });
            }
        }
        Err(self.expected("`start`, `last`, `from`, `before` or `anywhere`"))
    }

    fn items(&mut self) -> Result<Vec<ItemText>, Problem> {
        self.next += 1;
        let mut items = vec![self.item()?];
        while self.token(&Token::Comma) {
            items.push(self.item()?);
        }
        if !self.token(&Token::Close) {
            return Err(self.expected("`,` or `)`"));
        }
        Ok(items)
    }

    fn item(&mut self) -> Result<ItemText, Problem> {
        // A name in quotes is a name, whatever it says.
        if self.keyword("end") {
            return Ok(ItemText::End);
        }
        if self.keyword("*") {
            return Ok(ItemText::Any);
        }
        self.value().map(ItemText::Step)
    }

    pub(super) fn funnel(&mut self) -> Result<Expression, Problem> {
        self.next += 1;
        let by_user = self.keyword("by");
        if by_user && !self.keyword("user") {
            return Err(self.expected("`user`"));
        }
        let within = self.after("within")?;
        if !self.token(&Token::Open) {
            return Err(self.expected("`(` and conditions joined by `then`"));
        }
        let mut steps = vec![self.or()?];
        while self.keyword("then") {
            steps.push(self.or()?);
        }
        if !self.token(&Token::Close) {
            return Err(self.expected("`then` or `)`"));
        }
        Ok(Expression::Funnel(FunnelText {
            by_user,
            within,
            steps,
        }))
    }
}

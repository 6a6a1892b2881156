//! Cuts a filter's text into tokens with their positions.

use crate::error::{Problem, ProblemCode};

/// The longest filter that is read, in characters.
pub(crate) const MOST_CHARACTERS: usize = 20_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    Comma,
    /// `=`, `!=`, `<`, `<=`, `>` or `>=`.
    Operator(&'static str),
    /// Quoted text: always a value.
    Quoted(String),
    /// A bare word: a keyword, a field or a value.
    Word(String),
}

impl Token {
    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Open => "`(`".to_owned(),
            Self::Close => "`)`".to_owned(),
            Self::Comma => "`,`".to_owned(),
            Self::Operator(operator) => format!("`{operator}`"),
            Self::Quoted(text) => format!("\"{text}\""),
            Self::Word(word) => format!("`{word}`"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spanned {
    pub(super) token: Token,
    /// In characters from the beginning.
    pub(super) position: usize,
}

fn syntax(position: usize, message: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::Syntax, "filter", message).at(position)
}

/// Whether a bare word may hold the character.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || "_-.:/@+*#%$&?~".contains(character)
}

pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, Problem> {
    let characters: Vec<char> = text.chars().take(MOST_CHARACTERS + 1).collect();
    if characters.len() > MOST_CHARACTERS {
        return Err(syntax(
            MOST_CHARACTERS,
            format!("a filter may have {MOST_CHARACTERS} characters at most"),
        ));
    }
    let mut tokens = Vec::new();
    let mut position = 0;
    while position < characters.len() {
        let character = characters[position];
        if character.is_whitespace() {
            position += 1;
            continue;
        }
        let (token, length) = match character {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '"' | '\'' => quoted(&characters, position)?,
            '=' | '!' | '<' | '>' => operator(&characters, position)?,
            _ if is_word(character) => word(&characters, position),
            _ => {
                return Err(syntax(
                    position,
                    format!("`{character}` cannot stand here; put values in quotes"),
                ));
            }
        };
        tokens.push(Spanned { token, position });
        position += length;
    }
    Ok(tokens)
}

fn word(characters: &[char], start: usize) -> (Token, usize) {
    let word: String = characters[start..]
        .iter()
        .take_while(|character| is_word(**character))
        .collect();
    let length = word.chars().count();
    (Token::Word(word), length)
}

fn operator(characters: &[char], start: usize) -> Result<(Token, usize), Problem> {
    let equals = characters.get(start + 1) == Some(&'=');
    Ok(match (characters[start], equals) {
        ('=', true) => (Token::Operator("="), 2),
        ('=', false) => (Token::Operator("="), 1),
        ('!', true) => (Token::Operator("!="), 2),
        ('<', true) => (Token::Operator("<="), 2),
        ('<', false) => (Token::Operator("<"), 1),
        ('>', true) => (Token::Operator(">="), 2),
        ('>', false) => (Token::Operator(">"), 1),
        _ => {
            return Err(syntax(
                start,
                "`!` must be `!=`; for the opposite write `not`",
            ));
        }
    })
}

/// Text between quotes; a doubled quote within it is one.
fn quoted(characters: &[char], start: usize) -> Result<(Token, usize), Problem> {
    let quote = characters[start];
    let mut text = String::new();
    let mut position = start + 1;
    while let Some(&character) = characters.get(position) {
        if character != quote {
            text.push(character);
            position += 1;
        } else if characters.get(position + 1) == Some(&quote) {
            text.push(quote);
            position += 2;
        } else {
            return Ok((Token::Quoted(text), position + 1 - start));
        }
    }
    Err(syntax(start, format!("the quote {quote} is never closed")))
}

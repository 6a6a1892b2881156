//! What follows a command's name on the command line.

use std::str::FromStr;

use crate::failure::{Failure, Result};

/// The arguments that no one has taken yet.
pub struct Arguments {
    rest: Vec<String>,
}

impl Arguments {
    /// The arguments after the command's name.
    pub fn new(rest: Vec<String>) -> Self {
        Self { rest }
    }

    /// Takes a switch: whether it was given.
    pub fn switch(&mut self, name: &str) -> bool {
        let before = self.rest.len();
        self.rest.retain(|argument| argument != name);
        self.rest.len() < before
    }

    /// Takes an option with its value, written `--name value` or `--name=value`.
    pub fn option(&mut self, name: &str) -> Result<Option<String>> {
        let prefix = format!("{name}=");
        let Some(position) = self
            .rest
            .iter()
            .position(|argument| argument == name || argument.starts_with(&prefix))
        else {
            return Ok(None);
        };
        let argument = self.rest.remove(position);
        if let Some(value) = argument.strip_prefix(&prefix) {
            return Ok(Some(value.to_owned()));
        }
        if position < self.rest.len() {
            return Ok(Some(self.rest.remove(position)));
        }
        Err(Failure::new(format!("{name} needs a value")))
    }

    /// Takes an option whose value is a number, or the default.
    pub fn number<N: FromStr>(&mut self, name: &str, default: N) -> Result<N> {
        match self.option(name)? {
            None => Ok(default),
            Some(text) => text
                .replace('_', "")
                .parse()
                .map_err(|_| Failure::new(format!("{name} needs a whole number, not {text:?}"))),
        }
    }

    /// Takes an option whose value is a list with commas.
    pub fn list(&mut self, name: &str) -> Result<Vec<String>> {
        let text = self.option(name)?.unwrap_or_default();
        Ok(text
            .split(',')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// Takes the next argument that is not an option.
    pub fn positional(&mut self) -> Option<String> {
        let position = self
            .rest
            .iter()
            .position(|argument| !argument.starts_with('-'))?;
        Some(self.rest.remove(position))
    }

    /// Refuses what nobody took.
    pub fn finish(self) -> Result<()> {
        match self.rest.first() {
            None => Ok(()),
            Some(argument) => Err(Failure::new(format!(
                "{argument:?} is not understood: see --help"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn arguments(text: &str) -> Arguments {
        Arguments::new(text.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn takes_options_in_both_spellings() {
        let mut given = arguments("fold --runs 5 --sessions=10_000 --quiet");
        assert_eq!(given.number("--runs", 3).unwrap(), 5);
        assert_eq!(given.number("--sessions", 0).unwrap(), 10_000);
        assert!(given.switch("--quiet"));
        assert_eq!(given.positional().as_deref(), Some("fold"));
        assert!(given.finish().is_ok());
    }

    #[test]
    fn refuses_what_is_left_and_what_is_no_number() {
        let mut given = arguments("--runs many --runz");
        let failure = given.number("--runs", 3).unwrap_err().to_string();
        assert_eq!(failure, "--runs needs a whole number, not \"many\"");
        assert!(given.finish().unwrap_err().to_string().contains("--runz"));
        assert!(arguments("--runs").option("--runs").is_err());
    }

    #[test]
    fn splits_lists() {
        assert_eq!(
            arguments("--only fmt,,deny").list("--only").unwrap(),
            ["fmt", "deny"]
        );
        assert!(arguments("").list("--only").unwrap().is_empty());
    }
}

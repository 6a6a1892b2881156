//! The one error of these commands: a sentence for the person at the terminal.

use std::fmt;

/// What every fallible function here returns.
pub type Result<T> = std::result::Result<T, Failure>;

/// What went wrong, where, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    message: String,
    reported: bool,
}

impl Failure {
    /// A failure that is still to be told.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            reported: false,
        }
    }

    /// A failure that the output already tells: only the exit code is left to say.
    pub fn reported(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            reported: true,
        }
    }

    /// Whether the output already tells it.
    pub fn is_reported(&self) -> bool {
        self.reported
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// Adds to an error what was being done, and to what.
pub trait Context<T> {
    /// `what` completes the sentence «could not …».
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Failure::new(format!("could not {}: {error}", what())))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.ok_or_else(|| Failure::new(format!("could not {}", what())))
    }
}

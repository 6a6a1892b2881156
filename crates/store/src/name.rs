//! The names that people give.

use crate::error::StoreError;

/// The most characters of a name.
const LONGEST_NAME: usize = 100;

/// Checks the name of such a thing, as «segment».
///
/// # Errors
/// When it is empty or too long, has spaces at its ends or control characters.
pub fn check_name(what: &'static str, name: &str) -> Result<(), StoreError> {
    let good = !name.is_empty()
        && name.chars().count() <= LONGEST_NAME
        && name.trim() == name
        && !name.chars().any(char::is_control);
    match good {
        true => Ok(()),
        false => Err(StoreError::Name {
            what,
            name: name.chars().take(LONGEST_NAME).collect(),
        }),
    }
}

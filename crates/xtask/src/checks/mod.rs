//! Checks of the repository itself that no common tool does.
//!
//! Each gives its findings as sentences; none means that it passed.

pub mod direction;
pub mod links;
pub mod size;
pub mod tidy;

use crate::failure::{Context, Result};
use crate::project::Project;
use std::path::Path;

/// A file's text, or nothing where it is no text.
fn text(project: &Project, path: &Path) -> Result<Option<String>> {
    let bytes =
        std::fs::read(project.root.join(path)).context(|| format!("read {}", path.display()))?;
    Ok(String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0')))
}

/// Whether a file's name ends so.
fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

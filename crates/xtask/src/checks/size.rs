//! No source file grows past what one can keep in mind.

use crate::checks::{has_extension, text};
use crate::failure::Result;
use crate::project::Project;

/// The most lines that a source file may have.
const MOST_LINES: usize = 600;

/// How the names of source files end.
const SOURCES: &[&str] = &["rs", "ts", "tsx", "mjs", "css"];

/// Names every source file that is too long.
pub fn check(project: &Project) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in project
        .files()?
        .iter()
        .filter(|path| SOURCES.iter().any(|end| has_extension(path, end)))
    {
        let Some(text) = text(project, path)? else {
            continue;
        };
        let name = path.to_string_lossy();
        findings.extend(finding(&name, text.lines().count()));
    }
    Ok(findings)
}

fn finding(name: &str, lines: usize) -> Option<String> {
    (lines > MOST_LINES).then(|| {
        format!(
            "{name} has {lines} lines, more than {MOST_LINES}: split it by what its parts are for"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_allowed() {
        assert_eq!(finding("a.rs", MOST_LINES), None);
        assert!(finding("a.rs", MOST_LINES + 1).is_some_and(|text| text.contains("a.rs")));
    }
}

//! `cargo xtask changelog`: one note a change in `changelog.d/`, gathered when a version comes out.

use std::path::PathBuf;

use crate::arguments::Arguments;
use crate::failure::{Context, Failure, Result};
use crate::project::Project;

/// The kinds of changes, in the order of the changelog.
pub const KINDS: &[&str] = &[
    "added",
    "changed",
    "deprecated",
    "removed",
    "fixed",
    "security",
];

/// Below this heading of `CHANGELOG.md` the notes of a version go.
const UNRELEASED: &str = "## [Unreleased]";

/// A change note.
struct Note {
    path: PathBuf,
    kind: usize,
    text: String,
}

/// Shows the notes, or moves them into `CHANGELOG.md` under a version.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<()> {
    let version = arguments.option("--release")?;
    let date = arguments.option("--date")?;
    arguments.finish()?;
    let notes = notes(project)?;
    let Some(version) = version else {
        println!("{}", section(&notes));
        return Ok(());
    };
    let date = date.ok_or_else(|| Failure::new("--release needs --date YYYY-MM-DD"))?;
    if notes.is_empty() {
        return Err(Failure::new(
            "changelog.d/ holds no notes: there is nothing to release",
        ));
    }
    let path = project.root.join("CHANGELOG.md");
    let text = std::fs::read_to_string(&path).context(|| "read CHANGELOG.md".to_owned())?;
    let released = released(&text, &version, &date, &section(&notes))?;
    std::fs::write(&path, released).context(|| "write CHANGELOG.md".to_owned())?;
    for note in &notes {
        std::fs::remove_file(&note.path).context(|| format!("remove {}", note.path.display()))?;
    }
    println!("CHANGELOG.md: {version} with {} notes", notes.len());
    Ok(())
}

/// The notes by kind and name.
fn notes(project: &Project) -> Result<Vec<Note>> {
    let mut notes = Vec::new();
    for path in project.files()? {
        let Some(kind) = path
            .starts_with("changelog.d")
            .then(|| kind(&path))
            .flatten()
        else {
            continue;
        };
        let path = project.root.join(path);
        let text = std::fs::read_to_string(&path).context(|| format!("read {}", path.display()))?;
        notes.push(Note { path, kind, text });
    }
    notes.sort_by(|left, right| (left.kind, &left.path).cmp(&(right.kind, &right.path)));
    Ok(notes)
}

/// The place among the kinds that a note's name gives: `import.added.md`.
fn kind(path: &std::path::Path) -> Option<usize> {
    let name = path.file_name()?.to_str()?.strip_suffix(".md")?;
    let (_, kind) = name.rsplit_once('.')?;
    KINDS.iter().position(|known| *known == kind)
}

/// The notes as a section of the changelog.
fn section(notes: &[Note]) -> String {
    let mut section = String::new();
    for (position, kind) in KINDS.iter().enumerate() {
        let mut of_kind = notes.iter().filter(|note| note.kind == position).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        let (first, rest) = kind.split_at(1);
        section.push_str(&format!("\n### {}{rest}\n\n", first.to_uppercase()));
        for note in of_kind {
            let text = note.text.trim().replace('\n', "\n  ");
            section.push_str(&format!("- {text}\n"));
        }
    }
    section
}

/// The changelog with a new version below «Unreleased».
fn released(changelog: &str, version: &str, date: &str, section: &str) -> Result<String> {
    let (head, rest) = changelog
        .split_once(UNRELEASED)
        .context(|| format!("find the heading {UNRELEASED:?} in CHANGELOG.md"))?;
    let below = rest.find("\n## ").map_or(rest.len(), |found| found + 1);
    let (standing, older) = rest.split_at(below);
    let standing = standing.trim_end();
    let space = if older.is_empty() { "" } else { "\n" };
    Ok(format!(
        "{head}{UNRELEASED}{standing}\n\n## [{version}] - {date}\n{section}{space}{older}"
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn note(name: &str, text: &str) -> Note {
        let path = PathBuf::from(name);
        Note {
            kind: kind(&path).unwrap(),
            path,
            text: text.to_owned(),
        }
    }

    #[test]
    fn gathers_notes_by_kind() {
        let notes = [
            note("a.added.md", "Import.\nOf files.\n"),
            note("b.fixed.md", "A crash.\n"),
        ];
        assert_eq!(
            section(&notes),
            "\n### Added\n\n- Import.\n  Of files.\n\n### Fixed\n\n- A crash.\n"
        );
    }

    #[test]
    fn puts_a_version_above_the_older_ones() {
        let before = "# Changelog\n\n## [Unreleased]\n\nSee changelog.d.\n\n## [0.1.0] - 2026-01-01\n\nOld.\n";
        let after = released(before, "0.2.0", "2026-02-01", "\n### Added\n\n- New.\n").unwrap();
        assert_eq!(
            after,
            "# Changelog\n\n## [Unreleased]\n\nSee changelog.d.\n\n## [0.2.0] - 2026-02-01\n\n\
             ### Added\n\n- New.\n\n## [0.1.0] - 2026-01-01\n\nOld.\n"
        );
        assert!(released("# Changelog\n", "0.2.0", "2026-02-01", "").is_err());
    }

    #[test]
    fn a_name_tells_the_kind() {
        assert_eq!(
            kind(std::path::Path::new("changelog.d/import.added.md")),
            Some(0)
        );
        assert_eq!(kind(std::path::Path::new("changelog.d/README.md")), None);
        assert_eq!(
            kind(std::path::Path::new("changelog.d/import.new.md")),
            None
        );
    }
}

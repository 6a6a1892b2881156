//! What no file of the repository may hold, and how text files end and breathe.

use std::path::{Path, PathBuf};

use crate::checks::{has_extension, text};
use crate::failure::{Context, Result};
use crate::project::Project;

/// The list of words that the repository keeps out of itself; see the file's own head.
const WORDS: &str = ".config/forbidden-words.txt";

/// A second list, outside of the repository, for words that must not be in it even as a list.
const MORE_WORDS: &str = "UPSHOT_FORBIDDEN_WORDS";

/// Files whose words are not ours.
const GENERATED: &[&str] = &["Cargo.lock", "ui/package-lock.json"];

/// The most bytes of a file that is checked in.
const MOST_BYTES: u64 = 2 * 1024 * 1024;

/// What the names of change notes may end in.
const CHANGE_KINDS: &[&str] = crate::changelog::KINDS;

/// Names every untidy place.
pub fn check(project: &Project) -> Result<Vec<String>> {
    let words = forbidden_words(project)?;
    let mut findings = Vec::new();
    for path in project.files()? {
        let name = path.to_string_lossy().into_owned();
        let bytes = std::fs::metadata(project.root.join(&path))
            .context(|| format!("read {name}"))?
            .len();
        if bytes > MOST_BYTES {
            findings.push(format!(
                "{name} has {bytes} bytes: make such data when it is needed"
            ));
        }
        findings.extend(change_note(&path));
        let Some(text) = text(project, &path)? else {
            continue;
        };
        if name != WORDS && !GENERATED.contains(&name.as_str()) {
            findings.extend(found_words(&name, &text, &words));
        }
        if !is_fixture(&path) {
            findings.extend(untidy(&name, &text));
        }
    }
    Ok(findings)
}

/// The words, in small letters, one on each line of the lists that begins with no `#`.
fn forbidden_words(project: &Project) -> Result<Vec<String>> {
    let mut lists = vec![project.root.join(WORDS)];
    lists.extend(std::env::var_os(MORE_WORDS).map(PathBuf::from));
    let mut words = Vec::new();
    for list in lists {
        let text = std::fs::read_to_string(&list)
            .context(|| format!("read the list of words {}", list.display()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        words.extend(
            lines
                .filter(|line| !line.starts_with('#'))
                .map(str::to_lowercase),
        );
    }
    Ok(words)
}

/// The places of forbidden words in a text, whole words only where the word begins or ends so.
fn found_words(name: &str, text: &str, words: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    for (position, line) in text.lines().enumerate() {
        let line = line.to_lowercase();
        for word in words.iter().filter(|word| holds(&line, word)) {
            findings.push(format!(
                "{name}:{}: {word:?} does not belong here",
                position + 1
            ));
        }
    }
    findings
}

/// Whether the line holds the word, not as a part of a longer one.
fn holds(line: &str, word: &str) -> bool {
    let in_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let open_start = in_word(word.chars().next());
    let open_end = in_word(word.chars().next_back());
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        let longer = (open_start && in_word(before)) || (open_end && in_word(after));
        !longer
    })
}

/// Fixtures and examples are bytes whose line ends and encodings matter.
fn is_fixture(path: &Path) -> bool {
    let folders = [
        "fixtures",
        "examples",
        "expected",
        "golden",
        "proptest-regressions",
    ];
    path.components()
        .any(|part| folders.iter().any(|folder| part.as_os_str() == *folder))
}

/// What is untidy about a text.
fn untidy(name: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    if text.contains('\r') {
        findings.push(format!(
            "{name} has carriage returns: end lines with a line feed only"
        ));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        findings.push(format!("{name} does not end with a line feed"));
    }
    for (position, line) in text.lines().enumerate() {
        let place = position + 1;
        if line.ends_with([' ', '\t']) {
            findings.push(format!("{name}:{place}: the line ends with white space"));
        }
        if ["<<<<<<< ", ">>>>>>> "]
            .iter()
            .any(|mark| line.starts_with(mark))
        {
            findings.push(format!("{name}:{place}: a merge was left unfinished"));
        }
    }
    findings
}

/// What is wrong with the name of a change note.
fn change_note(path: &Path) -> Option<String> {
    if !path.starts_with("changelog.d") || path.ends_with("README.md") {
        return None;
    }
    let stem = path.file_stem()?.to_string_lossy().into_owned();
    let kind = stem.rsplit_once('.').map_or("", |(_, kind)| kind);
    let good = has_extension(path, "md") && CHANGE_KINDS.contains(&kind);
    (!good).then(|| {
        format!(
            "{} is no change note: name it SUBJECT.KIND.md with a kind of {}",
            path.display(),
            CHANGE_KINDS.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_whole_words_in_any_case() {
        let words = ["todo!".to_owned(), "foo".to_owned(), "/desk/".to_owned()];
        let found = found_words("a.rs", "fool\nTODO!(now)\na Foo.\ncd /desk/me", &words);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("a.rs:2: \"todo!\""));
        assert!(found[1].starts_with("a.rs:3: \"foo\""));
        assert!(found[2].starts_with("a.rs:4: \"/desk/\""));
    }

    #[test]
    fn names_white_space_line_ends_and_merges() {
        let merge = format!("{} HEAD\n", "<".repeat(7));
        for (text, expected) in [
            ("one \n", "white space"),
            ("one\r\n", "carriage"),
            ("one", "does not end"),
            (merge.as_str(), "unfinished"),
        ] {
            let findings = untidy("a", text);
            assert!(
                findings.iter().any(|finding| finding.contains(expected)),
                "{findings:?}"
            );
        }
        assert!(untidy("a", "one\n\ttwo\n").is_empty());
    }

    #[test]
    fn knows_the_names_of_change_notes() {
        assert_eq!(change_note(Path::new("changelog.d/import.added.md")), None);
        assert_eq!(change_note(Path::new("changelog.d/README.md")), None);
        assert!(change_note(Path::new("changelog.d/import.md")).is_some());
        assert!(change_note(Path::new("changelog.d/import.new.md")).is_some());
    }
}

//! Links between the repository's pages lead somewhere.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::checks::{has_extension, text};
use crate::failure::Result;
use crate::markdown;
use crate::project::Project;

/// Names every link to a file or heading that is not there. Links to other sites are not followed:
/// the tests must not depend on a network.
pub fn check(project: &Project) -> Result<Vec<String>> {
    let files = project.files()?;
    let mut pages = HashMap::new();
    for path in files.iter().filter(|path| has_extension(path, "md")) {
        if let Some(text) = text(project, path)? {
            pages.insert(path.clone(), text);
        }
    }
    let exists = |path: &Path| {
        files
            .iter()
            .any(|file| file == path || file.starts_with(path))
    };
    let mut findings = Vec::new();
    for path in files.iter().filter(|path| pages.contains_key(*path)) {
        for (line, prose) in markdown::prose(&pages[path]) {
            for target in markdown::links(prose) {
                if let Some(what) = broken(path, target, &pages, &exists) {
                    findings.push(format!(
                        "{}:{line}: {target} leads nowhere: {what}",
                        path.display()
                    ));
                }
            }
        }
    }
    findings.extend(unlisted(&pages));
    Ok(findings)
}

/// Pages of the documentation that no index of it names: `docs/README.md`, or that of a folder in it.
/// Decisions are found by their folder.
fn unlisted(pages: &HashMap<PathBuf, String>) -> Vec<String> {
    let first = Path::new("docs/README.md");
    let indexes = pages
        .iter()
        .filter(|(page, _)| page.starts_with("docs") && page.ends_with("README.md"));
    let listed: Vec<PathBuf> = indexes
        .flat_map(|(page, text)| {
            let lines = markdown::prose(text).into_iter();
            let targets = lines.flat_map(|(_, line)| markdown::links(line));
            targets.filter_map(|target| joined(page, target.split('#').next()?))
        })
        .collect();
    let mut missing: Vec<String> = pages
        .keys()
        .filter(|page| page.starts_with("docs") && !page.starts_with("docs/adr") && *page != first)
        .filter(|page| !listed.contains(page))
        .map(|page| format!("{} is listed in no README.md of docs/", page.display()))
        .collect();
    missing.sort();
    missing
}

/// Why a link of a page leads nowhere, if it does.
fn broken(
    page: &Path,
    target: &str,
    pages: &HashMap<PathBuf, String>,
    exists: &impl Fn(&Path) -> bool,
) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() {
        Some(page.to_owned())
    } else {
        joined(page, file)
    };
    let Some(path) = path else {
        return Some("it leaves the repository".to_owned());
    };
    if !exists(&path) {
        return Some(format!("there is no {}", path.display()));
    }
    let page = pages.get(&path)?;
    let known = anchor.is_empty() || markdown::anchors(page).iter().any(|name| name == anchor);
    (!known).then(|| format!("{} has no heading #{anchor}", path.display()))
}

/// The path that a link on a page means, if it stays in the repository.
fn joined(page: &Path, link: &str) -> Option<PathBuf> {
    let mut path = page.parent().unwrap_or(Path::new("")).to_owned();
    if let Some(rooted) = link.strip_prefix('/') {
        return Some(PathBuf::from(rooted));
    }
    for component in Path::new(link).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::ParentDir if !path.pop() => return None,
            _ => {}
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str) -> Option<String> {
        let pages = HashMap::from([
            (PathBuf::from("docs/a.md"), "# First\n".to_owned()),
            (
                PathBuf::from("README.md"),
                "# Upshot\n## Try it\n".to_owned(),
            ),
        ]);
        let exists = |path: &Path| {
            pages.contains_key(path) || path == Path::new("docs") || path == Path::new("LICENSE")
        };
        broken(Path::new("docs/a.md"), target, &pages, &exists)
    }

    #[test]
    fn follows_files_folders_and_headings() {
        for target in [
            "../README.md#try-it",
            "#first",
            "../LICENSE",
            "../docs",
            "https://example.org/x#y",
        ] {
            assert_eq!(check(target), None, "{target}");
        }
    }

    #[test]
    fn names_pages_that_the_index_forgot() {
        let pages = HashMap::from([
            (
                PathBuf::from("docs/README.md"),
                "[formats](formats/README.md#top)\n".to_owned(),
            ),
            (
                PathBuf::from("docs/formats/README.md"),
                "[a](a.md)\n".to_owned(),
            ),
            (PathBuf::from("docs/formats/a.md"), String::new()),
            (PathBuf::from("docs/b.md"), String::new()),
            (PathBuf::from("docs/adr/0001-c.md"), String::new()),
            (PathBuf::from("README.md"), String::new()),
        ]);
        assert_eq!(
            unlisted(&pages),
            ["docs/b.md is listed in no README.md of docs/"]
        );
    }

    #[test]
    fn names_what_is_missing() {
        assert_eq!(check("b.md"), Some("there is no docs/b.md".to_owned()));
        assert_eq!(
            check("../README.md#try"),
            Some("README.md has no heading #try".to_owned())
        );
        assert_eq!(
            check("../../x.md"),
            Some("it leaves the repository".to_owned())
        );
    }
}

//! Checks that the commands shown in the README and in the other pages print what is shown.
//!
//! Every block of the language `console` is read: a line that begins with `$ ` is a command (it goes
//! on in the next line where it ends with `\`), the lines below it are its output. `…` in an output
//! line stands for any text, a line of `…` alone for any lines. A page's commands run one after
//! another in an empty folder of the page's own that holds the repository's `examples`; a command
//! that ends with `&` runs until the page is done. A command must end well, unless its block's
//! language is `console fails`. `cargo`, `git` and `cd` are not run; `cargo xtask NAME` must exist.

mod compare;
mod run;

use std::path::{Path, PathBuf};

use crate::counts::Counts;
use crate::failure::{Context, Result};
use crate::markdown;
use crate::project::Project;
use crate::readme::run::Runner;

/// A command of a page with the output that the page shows.
#[derive(Debug, PartialEq, Eq)]
struct Example {
    /// The number of the command's line, from 1.
    line: usize,
    /// What is typed.
    command: String,
    /// The first line of the output, from 1, and the lines.
    output_line: usize,
    output: Vec<String>,
    /// Whether the command may fail.
    may_fail: bool,
}

/// What the check found.
#[derive(Default)]
pub struct Checked {
    /// The commands.
    pub counts: Counts,
    /// What is wrong, a paragraph for each command.
    pub findings: Vec<String>,
}

/// Runs the commands of all pages and compares.
pub fn check(project: &Project) -> Result<Checked> {
    let mut checked = Checked::default();
    for page in pages(project)? {
        let text = read(project, &page)?;
        let mut runner = Runner::new(project, &page)?;
        for example in examples(&text) {
            let finding = match runner.run(&example)? {
                None => continue,
                Some(printed) => finding(&page, &example, &printed),
            };
            checked.counts.add(Counts::one(finding.is_none()));
            checked.findings.extend(finding);
        }
    }
    Ok(checked)
}

/// Runs the commands of all pages and writes what they printed into the pages.
pub fn complete(project: &Project) -> Result<()> {
    for page in pages(project)? {
        let text = read(project, &page)?;
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut runner = Runner::new(project, &page)?;
        let mut renewed = Vec::new();
        for example in examples(&text) {
            if let Some(printed) = runner.run(&example)?.and_then(|printed| printed.output) {
                renewed.push((example, printed));
            }
        }
        // From the end, so that the numbers of the lines above stay right.
        for (example, printed) in renewed.iter().rev() {
            let start = example.output_line - 1;
            let end = start + example.output.len();
            lines.splice(start..end, compare::renewed(&example.output, printed));
        }
        let path = project.root.join(&page);
        std::fs::write(&path, format!("{}\n", lines.join("\n")))
            .context(|| format!("write {}", page.display()))?;
        println!("{}: {} outputs", page.display(), renewed.len());
    }
    Ok(())
}

/// What a command that was run or judged gave.
struct Printed {
    /// The lines of its output, unless it was not run.
    output: Option<Vec<String>>,
    /// What is wrong apart from the output.
    complaint: Option<String>,
}

/// What is wrong with an example.
fn finding(page: &Path, example: &Example, printed: &Printed) -> Option<String> {
    let place = format!("{}:{}: $ {}", page.display(), example.line, example.command);
    let shown = printed.output.clone().unwrap_or_default();
    if let Some(complaint) = &printed.complaint {
        return Some(format!(
            "{place}\n  {complaint}\n{}",
            compare::indented(&shown)
        ));
    }
    let output = printed.output.as_ref()?;
    if compare::matches(&example.output, output) {
        return None;
    }
    Some(format!(
        "{place}\n  prints something else than the page shows (`cargo xtask regenerate readme` \
         writes it anew)\n  the page:\n{}\n  printed:\n{}",
        compare::indented(&example.output),
        compare::indented(&shown)
    ))
}

/// The pages that show commands.
fn pages(project: &Project) -> Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for path in project.files()? {
        let page = path.extension().is_some_and(|extension| extension == "md");
        if page && !examples(&read(project, &path)?).is_empty() {
            pages.push(path);
        }
    }
    Ok(pages)
}

fn read(project: &Project, page: &Path) -> Result<String> {
    std::fs::read_to_string(project.root.join(page)).context(|| format!("read {}", page.display()))
}

/// The commands of a page.
fn examples(page: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    for block in markdown::blocks(page) {
        if !matches!(block.language, "console" | "console fails") {
            continue;
        }
        let mut lines = block.lines.iter().zip(block.first_line..).peekable();
        while let Some((line, number)) = lines.next() {
            let Some(start) = line.strip_prefix("$ ") else {
                continue;
            };
            let mut command = start.to_owned();
            let mut last = number;
            while command.ends_with('\\') {
                let Some((more, at)) = lines.next() else {
                    break;
                };
                command.push('\n');
                command.push_str(more.strip_prefix("> ").unwrap_or(more));
                last = at;
            }
            let mut output = Vec::new();
            while let Some((line, _)) = lines.next_if(|(line, _)| !line.starts_with("$ ")) {
                output.push((*line).to_owned());
            }
            let may_fail = block.language != "console";
            examples.push(Example {
                line: number,
                command,
                output_line: last + 1,
                output,
                may_fail,
            });
        }
    }
    examples
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::shell::Shell;

    /// A repository with one page and a product that counts its own calls.
    fn repository(name: &str, page: &str) -> Project {
        let root = std::env::temp_dir().join(format!("upshot-xtask-{name}-{}", std::process::id()));
        let product = root.join("target/debug/upshot");
        std::fs::create_dir_all(product.parent().unwrap()).unwrap();
        std::fs::create_dir_all(root.join("examples")).unwrap();
        std::fs::write(
            &product,
            "#!/bin/sh\necho call >> calls; echo sessions $(wc -l < calls)\necho took $$ ms\n",
        )
        .unwrap();
        std::fs::set_permissions(&product, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(root.join("README.md"), page).unwrap();
        std::fs::write(root.join(".gitignore"), "target/\n").unwrap();
        Shell::new("git")
            .arguments(["init", "--quiet"])
            .folder(&root)
            .run()
            .unwrap();
        Project {
            target: root.join("target"),
            cache: root.join("cache"),
            metadata: serde_json::Value::Null,
            root,
        }
    }

    #[test]
    fn completes_what_it_then_finds_right() {
        let page = "# Try\n\n```console\n$ cargo xtask test\n$ upshot\nsessions 9\ntook … ms\n$ upshot\n```\nend\n";
        let project = repository("completes", page);
        let before = check(&project).unwrap();
        assert_eq!(
            before.counts,
            Counts {
                passed: 1,
                failed: 2
            }
        );
        assert!(
            before.findings[0].starts_with("README.md:5: $ upshot"),
            "{:?}",
            before.findings
        );
        complete(&project).unwrap();
        let completed = std::fs::read_to_string(project.root.join("README.md")).unwrap();
        let (above, below) = completed.split_once("sessions 2\ntook ").unwrap();
        assert_eq!(
            above,
            "# Try\n\n```console\n$ cargo xtask test\n$ upshot\nsessions 1\ntook … ms\n$ upshot\n"
        );
        assert!(below.ends_with(" ms\n```\nend\n"), "{completed}");
        std::fs::remove_dir_all(&project.root).unwrap();
    }

    #[test]
    fn reads_commands_with_their_output() {
        let page = "Try\n```console\n$ upshot query \\\n    --metrics sessions\na\n\nb\n$ true\n```\n\
                    ```sh\n$ no example\n```\n```console fails\n$ false\n```\n";
        let found = examples(page);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].line, 3);
        assert_eq!(found[0].command, "upshot query \\\n    --metrics sessions");
        assert_eq!(found[0].output_line, 5);
        assert_eq!(found[0].output, ["a", "", "b"]);
        assert_eq!(
            (found[1].command.as_str(), found[1].output.len()),
            ("true", 0)
        );
        assert!(found[2].may_fail && !found[1].may_fail);
    }

    #[test]
    fn tells_what_differs() {
        let page = Path::new("README.md");
        let example = &examples("```console\n$ upshot\n11 sessions\n```\n")[0];
        let printed = |line: &str| Printed {
            output: Some(vec![line.to_owned()]),
            complaint: None,
        };
        assert_eq!(finding(page, example, &printed("11 sessions")), None);
        let found = finding(page, example, &printed("12 sessions")).unwrap_or_default();
        assert!(found.starts_with("README.md:2: $ upshot"), "{found}");
        assert!(
            found.contains("11 sessions") && found.contains("12 sessions"),
            "{found}"
        );
    }
}

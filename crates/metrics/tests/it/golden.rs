//! Golden queries: text files with facts, queries and answers that anybody can review.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use upshot_lake::Preferences;
use upshot_metrics::{Engine, QueryError};

use crate::command::query;
use crate::facts::{Layout, capture_all, facts as tables};
use crate::render::table;
use crate::worked::{baseline, engine};

static ENGINE: LazyLock<Engine> = LazyLock::new(engine);

/// The filters that have names.
fn named() -> BTreeMap<String, String> {
    let named = [
        ("on the web", "channel = web"),
        (
            "paid on the web",
            "segment 'on the web' and any step (step.option_title = Pay)",
        ),
        (
            "German trouble",
            "country = DE and bot_version = 3 and any message (unmatched and message.topic = order)",
        ),
        ("itself", "engaged or segment itself"),
        ("wrong", "chanel = web"),
    ];
    let named = named.map(|(name, filter)| (name.to_owned(), filter.to_owned()));
    named.into_iter().collect()
}

/// A file is cut into sections; a section's name stands alone on a line with a colon, `query:` with
/// its command behind it.
struct Golden {
    facts: String,
    /// Each query with its answer as the file has it.
    queries: Vec<(String, String)>,
    /// All that comes before the first query.
    head: String,
}

fn read(text: &str) -> Golden {
    let mut golden = Golden {
        facts: String::new(),
        queries: Vec::new(),
        head: String::new(),
    };
    let mut in_facts = false;
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("query:") {
            golden
                .queries
                .push((command.trim().to_owned(), String::new()));
        } else if let Some((_, answer)) = golden.queries.last_mut() {
            if !(line.trim().is_empty() && (answer.is_empty() || answer.ends_with("\n\n"))) {
                answer.push_str(line);
                answer.push('\n');
            }
        } else {
            golden.head.push_str(line);
            golden.head.push('\n');
            match (line, in_facts) {
                ("facts:", _) => in_facts = true,
                (line, true) if !line.trim().is_empty() => {
                    golden.facts.push_str(&format!("{line}\n"))
                }
                _ => {}
            }
        }
    }
    golden
}

async fn answer(golden: &Golden, command: &str) -> String {
    let facts = tables(&golden.facts);
    let (baseline, _) = baseline(&golden.head);
    let mut answers = Vec::new();
    for layout in [Layout::Memory(2), Layout::Files, Layout::Mixed] {
        let mut held = capture_all(&facts, layout);
        held.capture.preferences = Arc::new(Preferences {
            segments: named(),
            ticket_baseline: baseline.clone(),
            ..Preferences::default()
        });
        answers.push(match ENGINE.run(&query(command), &held.capture).await {
            Ok(result) => table(&result),
            Err(QueryError::Invalid(problems)) => problems
                .iter()
                .map(|problem| format!("error: {problem}\n"))
                .collect(),
            Err(error) => panic!("{command}: {error}"),
        });
    }
    assert_eq!(
        answers[0], answers[1],
        "{command}: files answer otherwise than memory"
    );
    assert_eq!(
        answers[0], answers[2],
        "{command}: a mix answers otherwise than memory"
    );
    answers.remove(0)
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "query")
        })
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn golden_queries_answer_as_written() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let files = files();
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let golden = read(&text);
        let mut expected = golden.head.trim_end().to_owned();
        expected.push('\n');
        for (command, written) in &golden.queries {
            let found = answer(&golden, command).await;
            if found.trim_end() != written.trim_end() && !update {
                wrong.push(format!(
                    "{}\nquery: {command}\nfound:\n{found}\nwritten:\n{written}",
                    path.display()
                ));
            }
            expected.push_str(&format!("\nquery: {command}\n\n{found}"));
        }
        if update {
            fs::write(&path, expected).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

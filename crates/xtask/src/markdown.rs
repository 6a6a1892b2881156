//! As much of Markdown as the checks need: lines outside of code, links, headings, code blocks.

/// A fenced block of code.
#[derive(Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// What stands after the opening fence: `console`, `rust`, nothing.
    pub language: &'a str,
    /// The number of the first line inside, from 1.
    pub first_line: usize,
    /// The lines inside.
    pub lines: Vec<&'a str>,
}

/// The fenced blocks of a page, in order.
pub fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(Block<'_>, &str)> = None;
    for (position, line) in page.lines().enumerate() {
        match (&mut open, fence(line)) {
            (None, Some((marks, language))) => {
                open = Some((
                    Block {
                        language,
                        first_line: position + 2,
                        lines: Vec::new(),
                    },
                    marks,
                ));
            }
            (Some((_, marks)), Some((closing, ""))) if closing.len() >= marks.len() => {
                blocks.extend(open.take().map(|(block, _)| block));
            }
            (Some((block, _)), _) => block.lines.push(line),
            (None, None) => {}
        }
    }
    // A block that is never closed reaches to the end of the page.
    blocks.extend(open.map(|(block, _)| block));
    blocks
}

/// The marks of a fence and what stands behind them.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let marks = line.len() - line.trim_start_matches('`').len();
    (marks >= 3).then(|| (&line[..marks], line[marks..].trim()))
}

/// The lines outside of fenced blocks with their numbers, from 1.
pub fn prose(page: &str) -> Vec<(usize, &str)> {
    let blocks = blocks(page);
    // With the fences themselves.
    let fenced = |number: usize| {
        blocks.iter().any(|block| {
            (block.first_line - 1..=block.first_line + block.lines.len()).contains(&number)
        })
    };
    page.lines()
        .zip(1..)
        .map(|(line, number)| (number, line))
        .filter(|(number, _)| !fenced(*number))
        .collect()
}

/// The targets of the links and images of a line: `[text](target)` and `[name]: target`.
pub fn links(line: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    let without_code = code_removed(line);
    let mut start = 0;
    while let Some(found) = without_code[start..].find("](") {
        let from = start + found + 2;
        let Some(length) = without_code[from..].find([')', ' ']) else {
            break;
        };
        targets.push(&line[from..from + length]);
        start = from + length;
    }
    if let Some((name, target)) = line.split_once("]: ")
        && name.starts_with('[')
        && !name.starts_with("[^")
    {
        targets.extend(target.split_whitespace().next());
    }
    targets
}

/// The line with what stands in back-ticks blanked, byte for byte.
fn code_removed(line: &str) -> String {
    let mut inside = false;
    let blank = |byte: u8| {
        if byte == b'`' {
            inside = !inside;
            return '`';
        }
        if inside || !byte.is_ascii() {
            ' '
        } else {
            char::from(byte)
        }
    };
    line.bytes().map(blank).collect()
}

/// The anchors of a page's headings, as code hosts make them.
pub fn anchors(page: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for (_, line) in prose(page) {
        let level = line.len() - line.trim_start_matches('#').len();
        if !(1..=6).contains(&level) || !line[level..].starts_with(' ') {
            continue;
        }
        let anchor = anchor(line[level..].trim());
        let same = anchors.iter().filter(|other| **other == anchor).count();
        anchors.push(if same == 0 {
            anchor
        } else {
            format!("{anchor}-{same}")
        });
    }
    anchors
}

fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter(|character| character.is_alphanumeric() || " -_".contains(*character))
        .map(|character| if character == ' ' { '-' } else { character })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# One two\n```console\n$ upshot\n# no heading\n```\n## `upshot` query: the parts\n\
                        ````text\n```\ninside\n````\n## One two\n";

    #[test]
    fn finds_blocks_with_their_places() {
        let found = blocks(PAGE);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0],
            Block {
                language: "console",
                first_line: 3,
                lines: vec!["$ upshot", "# no heading"]
            }
        );
        assert_eq!(found[1].lines, ["```", "inside"]);
    }

    #[test]
    fn makes_anchors_of_headings_only() {
        assert_eq!(
            anchors(PAGE),
            ["one-two", "upshot-query-the-parts", "one-two-1"]
        );
    }

    #[test]
    fn finds_links_outside_of_code() {
        assert_eq!(
            links("see [a](docs/a.md#b) and ![«i»](i.png \"title\")"),
            ["docs/a.md#b", "i.png"]
        );
        assert_eq!(links("[name]: docs/b.md"), ["docs/b.md"]);
        assert!(links("`[a](b)` and a[i](").is_empty());
    }
}

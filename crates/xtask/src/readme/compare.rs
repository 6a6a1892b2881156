//! Compares what a page shows with what was printed; `…` stands for what may vary.

/// What stands for any text, or alone on a line for any lines.
const ANYTHING: &str = "…";

/// Whether the printed lines are those that the page shows.
pub fn matches(shown: &[String], printed: &[String]) -> bool {
    match (trimmed(shown), trimmed(printed)) {
        ([], []) => true,
        ([first, rest @ ..], printed) if is_any_lines(first) => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        ([first, rest @ ..], [line, others @ ..]) => {
            line_matches(first, line) && matches(rest, others)
        }
        _ => false,
    }
}

/// The output to show from now on: what was printed, with the places that may vary kept.
pub fn renewed(shown: &[String], printed: &[String]) -> Vec<String> {
    if matches(shown, printed) {
        return shown.to_vec();
    }
    let lines: Vec<String> = printed
        .iter()
        .map(|line| with_places(shown, line))
        .collect();
    let Some(before) = shown.iter().position(|line| is_any_lines(line)) else {
        return lines;
    };
    let after = trimmed(shown).len().saturating_sub(before + 1);
    if before + after >= lines.len() {
        return lines;
    }
    let mut shortened = lines[..before].to_vec();
    shortened.push(shown[before].clone());
    shortened.extend_from_slice(&lines[lines.len() - after..]);
    shortened
}

/// Lines moved to the right, for a report.
pub fn indented(lines: &[String]) -> String {
    lines
        .iter()
        .map(|line| format!("    {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The shown line with `…` that the printed line fits, or else the printed line.
fn with_places(shown: &[String], printed: &str) -> String {
    shown
        .iter()
        .filter(|line| line.contains(ANYTHING) && !is_any_lines(line))
        .find(|line| line_matches(line, printed))
        .cloned()
        .unwrap_or_else(|| printed.trim_end().to_owned())
}

fn is_any_lines(line: &str) -> bool {
    line.trim() == ANYTHING
}

/// Without the empty lines at the end.
fn trimmed(lines: &[String]) -> &[String] {
    let length = lines
        .iter()
        .rposition(|line| !line.trim().is_empty())
        .map_or(0, |last| last + 1);
    &lines[..length]
}

/// Whether a printed line fits the shown one.
fn line_matches(shown: &str, printed: &str) -> bool {
    let pieces: Vec<&str> = shown.trim_end().split(ANYTHING).collect();
    let printed = printed.trim_end();
    let [first, between @ .., last] = pieces.as_slice() else {
        return shown.trim_end() == printed;
    };
    let Some(mut rest) = printed.strip_prefix(first) else {
        return false;
    };
    for piece in between {
        let Some(found) = rest.find(piece) else {
            return false;
        };
        rest = &rest[found + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    fn check(shown: &str, printed: &str, expected: bool) {
        assert_eq!(
            matches(&lines(shown), &lines(printed)),
            expected,
            "{shown:?} {printed:?}"
        );
    }

    #[test]
    fn compares_line_by_line() {
        check("a\nb", "a\nb\n\n", true);
        check("a\nb", "a \nb", true);
        check("a\nb", "a\nc", false);
        check("a", "a\nb", false);
        check("", "a", false);
        check("", "", true);
    }

    #[test]
    fn leaves_places_open() {
        check("took … ms", "took 17 ms", true);
        check("took … ms", "took 17 s", false);
        check("… of …", "3 of 4", true);
        check("a…c…e", "abcde", true);
        check("a…c…e", "ace", true);
        check("a…a", "a", false);
        check("a\n…\nd", "a\nb\nc\nd", true);
        check("a\n…\nd", "a\nd", true);
        check("a\n…\nd", "a\nb\nc", false);
    }

    #[test]
    fn renews_what_changed_and_keeps_the_places() {
        let shown = lines("sessions 10\ntook … ms");
        assert_eq!(
            renewed(&shown, &lines("sessions 11\ntook 3 ms")),
            ["sessions 11", "took … ms"]
        );
        let shown = lines("head\nx\n…\nend");
        assert_eq!(
            renewed(&shown, &lines("head\ny\n1\n2\nend")),
            ["head", "y", "…", "end"]
        );
        assert_eq!(renewed(&shown, &lines("head\nx\n1\nend")), shown);
    }
}

//! Reads how many tests passed and failed from what the test runners print at their end.

use crate::shell::without_colours;

/// How many tests ran and how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: usize,
    /// Tests that failed, timed out or could not run.
    pub failed: usize,
}

impl Counts {
    /// One check that passed or failed.
    pub fn one(passed: bool) -> Self {
        Self {
            passed: usize::from(passed),
            failed: usize::from(!passed),
        }
    }

    /// Adds another count.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// The counts of the closing lines in an output, summed.
pub fn read(output: &str) -> Counts {
    let output = without_colours(output);
    // cargo-nextest repeats what failed tests printed, closing lines among it: only its own counts.
    if let Some(counts) = output.lines().rev().find_map(nextest) {
        return counts;
    }
    let mut sum = Counts::default();
    for line in output.lines() {
        if let Some(counts) = cargo_test(line)
            .or_else(|| pytest(line))
            .or_else(|| node(line))
        {
            sum.add(counts);
        }
    }
    sum
}

/// «     Summary [   0.005s] 3 tests run: 3 passed (1 slow), 1 failed, 1 skipped»
fn nextest(line: &str) -> Option<Counts> {
    let (_, counts) = line
        .trim_start()
        .strip_prefix("Summary [")?
        .split_once("run:")?;
    Some(words(counts))
}

/// «test result: ok. 3 passed; 0 failed; 1 ignored; …»
fn cargo_test(line: &str) -> Option<Counts> {
    line.strip_prefix("test result: ").map(words)
}

/// «===== 6 passed, 1 skipped in 2.90s =====», with `-q` without the rules
fn pytest(line: &str) -> Option<Counts> {
    let line = line.trim_matches('=').trim();
    let (counts, seconds) = line.rsplit_once(" in ")?;
    let seconds = seconds.split_whitespace().next()?.strip_suffix('s')?;
    seconds.parse::<f64>().ok()?;
    counts
        .contains(|character: char| character.is_ascii_digit())
        .then(|| words(counts))
}

/// «# pass 12» and «# fail 1», a line each
fn node(line: &str) -> Option<Counts> {
    let (word, number) = line.strip_prefix("# ")?.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "pass" => Some(Counts {
            passed: number,
            failed: 0,
        }),
        "fail" | "cancelled" => Some(Counts {
            passed: 0,
            failed: number,
        }),
        _ => None,
    }
}

/// Sums each «NUMBER word» by its word.
fn words(text: &str) -> Counts {
    let mut counts = Counts::default();
    let parts: Vec<&str> = text
        .split(|character: char| character.is_whitespace() || ",;().".contains(character))
        .filter(|part| !part.is_empty())
        .collect();
    for pair in parts.windows(2) {
        let Ok(number) = pair[0].parse::<usize>() else {
            continue;
        };
        match pair[1] {
            "passed" | "xfailed" => counts.passed += number,
            "failed" | "error" | "errors" | "exec" | "timed" | "xpassed" => counts.failed += number,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, passed: usize, failed: usize) {
        assert_eq!(read(output), Counts { passed, failed }, "{output}");
    }

    #[test]
    fn reads_cargo_test() {
        check(
            "test result: ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out\n\
             test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 9 filtered out",
            16,
            2,
        );
    }

    #[test]
    fn reads_nextest() {
        check(
            "     Summary [   0.005s] 3 tests run: 3 passed, 1 skipped",
            3,
            0,
        );
        check(
            "\u{1b}[31m     Summary\u{1b}[0m [  61.200s] 9/10 tests run: 5 passed (1 slow, 1 flaky), \
             2 failed, 1 exec failed, 1 timed out, 4 skipped",
            5,
            4,
        );
        check(
            "     Summary [   0.000s] 0 tests run: 0 passed, 8 skipped",
            0,
            0,
        );
    }

    #[test]
    fn reads_nodes_test_runner() {
        check(
            "# Subtest: a page\n# tests 5\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 0",
            3,
            2,
        );
        check("# pass away", 0, 0);
    }

    #[test]
    fn does_not_count_what_a_failed_test_printed() {
        check(
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored\ntest result: ok. 1 passed\n\
                 Summary [   0.271s] 45 tests run: 44 passed, 1 failed, 0 skipped",
            44,
            1,
        );
    }

    #[test]
    fn reads_pytest() {
        check("======= 6 passed, 1 skipped in 2.90s =======", 6, 0);
        check("2 failed, 5 passed, 1 error in 0.41s", 5, 3);
        check("===== 6 passed in 61.02s (0:01:01) =====", 6, 0);
    }

    #[test]
    fn reads_nothing_else() {
        check(
            "5 passed the door in 3 hours\nCompiling 3 crates\n   7 passed",
            0,
            0,
        );
    }
}

//! The documentation of the registry as Markdown.

use std::fmt::Write;

use super::{
    Amount, Clock, Direction, Kind, Maturity, Metric, Section, Subject, Total, dimensions,
    families, filter_fields, metrics,
};

/// The page `docs/metrics.md`.
pub fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    for section in Section::ALL {
        let _ = writeln!(page, "\n## {}\n", section.title());
        for metric in metrics().iter().filter(|metric| metric.section == section) {
            metric_entry(&mut page, metric);
        }
    }
    page.push_str("\n## Families\n\nThe name of a family stands for all its metrics.\n\n");
    page.push_str("| family | metrics | what they say together |\n|---|---|---|\n");
    for family in families() {
        let members: Vec<String> = family
            .members
            .iter()
            .map(|member| format!("`{member}`"))
            .collect();
        let _ = writeln!(
            page,
            "| `{}` | {} | {} |",
            family.id,
            members.join(", "),
            family.documentation
        );
    }
    dimension_table(&mut page);
    field_table(&mut page);
    page
}

const INTRODUCTION: &str = "\
# Metrics

<!-- Made from the registry in crates/metrics; `UPDATE_EXPECT=1 cargo test -p upshot-metrics` writes it. -->

Every number that Upshot shows, with its definition. A number is about sessions, messages or steps; each
says whether a range selects by the start of the session or by when it happened. Conditions are written as
[filters](query.md#filters), so the sessions behind a number can be listed with the same words. Rates, means and quantiles leave out sessions that are too young to be judged, show how many these
are, and carry their number of observations and a 95 % interval. Every worked example is run as a test.

What stands in braces a query decides: `{window}` is its window, 7 days unless it says another, `{from}` the
begin of its range, `{recent}` the time-out of the profile before now, `{first_time}` and `{first_session}` the
fields of whoever counts as one user.
";

/// One metric in full, as Markdown.
pub fn describe(metric: &Metric) -> String {
    let mut text = String::new();
    metric_entry(&mut text, metric);
    text
}

fn metric_entry(page: &mut String, metric: &Metric) {
    let _ = writeln!(
        page,
        "### `{}`\n\n**{}.** {}\n",
        metric.id, metric.name, metric.definition
    );
    let _ = writeln!(page, "* {}", formula(metric));
    let rows = metric.subject.name();
    let maturity = match (metric.maturity, metric.subject) {
        (Maturity::None, _) => format!("all {rows}"),
        (Maturity::Timeout, Subject::Sessions) => {
            "sessions that are over and older than the time-out".to_owned()
        }
        (Maturity::Window, _) => format!("{rows} of sessions whose window is over"),
        (Maturity::ThirtyDays, _) => {
            format!("{rows} of sessions that started more than 30 days ago")
        }
        (Maturity::Timeout, _) => {
            format!("{rows} of sessions that are over and older than the time-out")
        }
    };
    let clock = match metric.clock {
        Clock::SessionStart => "",
        Clock::EventTime => " Selected by when it happened.",
    };
    let good = match metric.direction {
        Direction::Higher => "; up is good",
        Direction::Lower => "; down is good",
        Direction::Neutral => "",
    };
    let _ = writeln!(
        page,
        "* Judged: {maturity}{good}.{clock} Version {}.",
        metric.version
    );
    let _ = writeln!(
        page,
        "\n```text{}\n→ {}\n```\n",
        metric.example.sessions.trim_end_matches('\n'),
        metric.example.result
    );
}

fn condition(subject: Subject, text: &str) -> String {
    if text.is_empty() {
        format!("all {}", subject.name())
    } else {
        format!("{} with `{text}`", subject.name())
    }
}

fn measure(measure: crate::filter::Measure) -> String {
    use crate::filter::Measure;
    match measure {
        Measure::Column(column) => format!("`{column}`"),
        Measure::Difference(later, earlier) => format!("`{later}` − `{earlier}`"),
        Measure::Since(column) => format!("now − `{column}`"),
        Measure::Before(column, _) => format!("an instant − `{column}`"),
        Measure::Sum(columns) => {
            let names: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
            names.join(" + ")
        }
        Measure::CsatNormalised => "`csat_normalised`".to_owned(),
        Measure::NetPromoter => "100 for `nps_score` 9 and 10, −100 for 0 to 6, else 0".to_owned(),
    }
}

fn total(total: Total) -> String {
    let rows = condition(total.subject, total.within);
    match total.of {
        Amount::Rows => format!("number of {rows}"),
        Amount::Sum { measure: of, .. } => format!("sum of {} over {rows}", measure(of)),
        Amount::Keys(column) => format!("number of different `{column}` in {rows}"),
    }
}

fn formula(metric: &Metric) -> String {
    let condition = |text| condition(metric.subject, text);
    match metric.kind {
        Kind::Count { of } => format!("Number of {}.", condition(of)),
        Kind::Sum {
            measure: of,
            within,
            ..
        } => {
            format!("Sum of {} over {}.", measure(of), condition(within))
        }
        Kind::Rate {
            numerator,
            denominator,
        } => {
            format!("`{numerator}` among {}.", condition(denominator))
        }
        Kind::Reduction {
            numerator,
            denominator,
        } => format!(
            "1 − `{numerator}` among {}, over the same share in the baseline.",
            condition(denominator)
        ),
        Kind::Per {
            numerator,
            denominator,
        } => format!(
            "Number of {} over number of {}.",
            condition(numerator),
            condition(denominator)
        ),
        Kind::Quotient { above, below } => {
            let apart = match above.subject == below.subject {
                _ if below.is_users_of(&above) => " The interval is that of a mean over users.",
                true => "",
                false => " Both are found apart, so the interval is as wide as it may have to be.",
            };
            let text = format!("{} over {}.{apart}", total(above), total(below));
            text[..1].to_uppercase() + &text[1..]
        }
        Kind::Ratio {
            numerator,
            denominator,
            within,
        } => format!(
            "Sum of {} over sum of {}, {}.",
            measure(numerator),
            measure(denominator),
            condition(within)
        ),
        Kind::Mean {
            measure: of,
            within,
            ..
        } => {
            format!(
                "Mean of {} over {} that have it.",
                measure(of),
                condition(within)
            )
        }
        Kind::Quantile {
            measure: of,
            quantile,
            within,
        } => format!(
            "Quantile {quantile} of {} over {} that have it.",
            measure(of),
            condition(within)
        ),
        Kind::Ever { key, within } => format!(
            "Number of different `{key}` in {} until the end of the range, or of each stretch that it is cut \
             into.",
            condition(within)
        ),
        Kind::Trailing { key, days, within } => format!(
            "Number of different `{key}` in {} of the last {days} days of the range, or of each stretch that \
             it is cut into.",
            condition(within)
        ),
        Kind::Stickiness { key, days, within } => format!(
            "Number of different `{key}` a day in {} of the last {days} days, over number of different \
             `{key}` in all of them.",
            condition(within)
        ),
        Kind::PerKey { key, within } => {
            format!(
                "Number of {} over number of different `{key}` in them.",
                condition(within)
            )
        }
        Kind::TopShare {
            key,
            percent,
            within,
        } => format!(
            "Among {}: those of the {percent} % of different `{key}` that have most of them.",
            condition(within)
        ),
        Kind::Distinct { key, within } => {
            format!("Number of different `{key}` in {}.", condition(within))
        }
        Kind::DistinctRate {
            key,
            numerator,
            denominator,
        } => format!(
            "Number of different `{key}` in {} among those in {}.",
            condition(numerator),
            condition(denominator)
        ),
    }
}

fn dimension_table(page: &mut String) {
    page.push_str("\n## Dimensions\n\n");
    page.push_str(
        "Plain names are facts of the session and cut every metric; `message.` and `step.` cut metrics of \
         messages and steps. Besides these, `attribute.NAME` cuts by any attribute.\n\n",
    );
    page.push_str("| dimension | name | what it says |\n|---|---|---|\n");
    for dimension in dimensions() {
        let many = if dimension.is_many_valued() {
            " Many-valued."
        } else {
            ""
        };
        let _ = writeln!(
            page,
            "| `{}` | {} | {}{many} |",
            dimension.id, dimension.name, dimension.documentation
        );
    }
}

fn field_table(page: &mut String) {
    page.push_str(
        "\n## Fields of filters\n\nPlain names are facts of the session; `message.` and `step.` are facts of a \
         message or step. Besides these, `attribute.NAME` is any attribute.\n\n",
    );
    page.push_str("| field | holds | what it says |\n|---|---|---|\n");
    for field in filter_fields() {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} |",
            field.name,
            field.kind.describe(),
            field.documentation
        );
    }
}

//! Answers of every kind as rows, what their columns say, and how they came about.

use std::fmt::Write;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type};
use upshot_metrics::asking::{MEANING, OF};
use upshot_metrics::drilldown::Page;
use upshot_metrics::explain::{Explanation, PassPurpose};
use upshot_metrics::retention::Period;
use upshot_metrics::{
    Answer, Cell, DrivenOutcome, DriverQuery, FlowQuery, FunnelQuery, LiftQuery, LiveQuery,
    PathQuery, Query, Question, RangeSpec, RetentionQuery, RowFormat, TopicQuery,
};

use crate::command::NOW;
use crate::facts::instant;
use crate::paths::examples::held;
use crate::worked::engine;

async fn answer<Q: Question>(question: Q) -> Q::Answer {
    let question = question.asked_at(instant(NOW));
    let held = held();
    question.answer(&engine(), &held.capture).await.unwrap()
}

fn paths() -> PathQuery {
    PathQuery {
        by: Some("bot_version".to_owned()),
        first: Some(2),
        ..PathQuery::default()
    }
}

fn funnel() -> FunnelQuery {
    FunnelQuery {
        through: ["step.topic_name = Hello", "step.topic_name = Order"]
            .map(str::to_owned)
            .to_vec(),
        by: Some("bot_version".to_owned()),
        ..FunnelQuery::default()
    }
}

fn lift() -> LiftQuery {
    LiftQuery {
        at_least: 1,
        ..LiftQuery::default()
    }
}

fn topics() -> TopicQuery {
    TopicQuery {
        range: january(),
        ..TopicQuery::default()
    }
}

fn drivers() -> DriverQuery {
    DriverQuery {
        outcome: DrivenOutcome::Resolution,
        ..DriverQuery::default()
    }
}

fn retention() -> RetentionQuery {
    RetentionQuery {
        period: Period::Day,
        periods: 3,
        range: january(),
        ..RetentionQuery::default()
    }
}

fn january() -> RangeSpec {
    RangeSpec {
        from: Some("2026-01-05".to_owned()),
        to: Some("2026-01-07".to_owned()),
        last: None,
    }
}

fn numbers() -> Query {
    Query {
        metrics: vec!["sessions".to_owned(), "resolution_rate".to_owned()],
        dimensions: vec!["bot_version".to_owned()],
        range: january(),
        compare: Some("previous".to_owned()),
        subtotals: true,
        ..Query::default()
    }
}

fn csv(answer: &impl Answer) -> String {
    String::from_utf8(answer.encoded(RowFormat::Csv).unwrap()).unwrap()
}

fn real<'a>(rows: &'a RecordBatch, name: &str) -> impl Iterator<Item = Option<f64>> + 'a {
    let column = rows.column_by_name(name).unwrap();
    column.as_primitive::<Float64Type>().iter()
}

#[tokio::test]
async fn rows_hold_numbers_as_they_are() {
    let result = answer(paths()).await;
    let text = csv(&result);
    let mut lines = text.lines();
    let head = lines.next().unwrap();
    assert!(
        head.starts_with("value,steps,step_keys,whole,sessions,share,share_n,"),
        "{head}"
    );
    let first = lines.next().unwrap();
    let row = &result.paths[0];
    assert_eq!(row.share.denominator, Some(4.0));
    assert!(
        first.starts_with("1,\"[\"\"Hello\"\",\"\"ORDER\"\"]\",\"[\"\"hello\"\",\"\"order\"\"]\",false,2,0.5,4,2,4,"),
        "{first}"
    );
    assert_eq!(lines.count() + 1, result.paths.len());
    let rows = result.rows().unwrap();
    let shares = result.paths.iter().map(|row| row.share.value);
    assert!(real(&rows, "share").eq(shares));
}

#[tokio::test]
async fn every_kind_of_answer_has_a_row_for_each_of_its_parts() {
    let flows = answer(FlowQuery::default()).await;
    let rows = flows.rows().unwrap();
    assert_eq!(rows.num_rows(), flows.nodes.len() + flows.links.len());
    let kinds = rows.column_by_name("row").unwrap().as_string::<i32>();
    let nodes = kinds.iter().filter(|kind| *kind == Some("node")).count();
    assert_eq!(nodes, flows.nodes.len());
    let funnel = answer(funnel()).await;
    let groups = funnel.groups.iter().map(|group| group.levels.len());
    let levels = funnel.levels.len() + groups.sum::<usize>();
    assert!(levels > funnel.levels.len());
    let rows = funnel.rows().unwrap();
    assert_eq!(rows.num_rows(), levels);
    let half = funnel.levels[1].time.as_ref().map(|time| time.p50);
    assert_eq!(real(&rows, "seconds_p50").nth(1), Some(half));
    assert_eq!(real(&rows, "seconds_p50").next(), Some(None));
    let lift = answer(lift()).await;
    let rows = lift.rows().unwrap();
    assert_eq!(rows.num_rows(), lift.pairs.len());
    assert!(real(&rows, "lift_low").eq(lift.pairs.iter().map(|row| Some(row.interval?[0]))));
    let topics = answer(topics()).await;
    let rows = topics.rows().unwrap();
    assert_eq!(rows.num_rows(), topics.topics.len());
    assert!(rows.column_by_name("sessions_compare").is_some());
    assert!(real(&rows, "resolution_impact").any(|impact| impact.is_some()));
    let drivers = answer(drivers()).await;
    let rows = drivers.rows().unwrap();
    assert_eq!(rows.num_rows(), drivers.rows.len());
    assert!(real(&rows, "impact").eq(drivers.rows.iter().map(|row| row.impact)));
    let retention = answer(retention()).await;
    let rows = retention.rows().unwrap();
    let cells = retention.cohorts.len() * 3 + retention.overall.len();
    assert_eq!(rows.num_rows(), cells);
}

#[tokio::test]
async fn every_format_holds_the_same_rows() {
    async fn check<Q: Question>(question: Q) {
        let answer = answer(question).await;
        let rows = answer.rows().unwrap();
        let lines = answer.encoded(RowFormat::Jsonl).unwrap();
        let lines = String::from_utf8(lines).unwrap();
        assert_eq!(lines.lines().count(), rows.num_rows(), "{}", Q::KIND);
        let arrow = answer.encoded(RowFormat::Arrow).unwrap();
        let reader = arrow::ipc::reader::StreamReader::try_new(arrow.as_slice(), None).unwrap();
        let read: usize = reader.map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(read, rows.num_rows(), "{}", Q::KIND);
        let parquet = answer.encoded(RowFormat::Parquet).unwrap();
        let builder = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(
            bytes::Bytes::from(parquet),
        );
        let builder = builder.unwrap();
        // What a column says goes with the file.
        let field = builder.schema().field(0).clone();
        assert_ne!(field.metadata()[MEANING], "", "{}", Q::KIND);
        let read: usize = builder
            .build()
            .unwrap()
            .map(|batch| batch.unwrap().num_rows())
            .sum();
        assert_eq!(read, rows.num_rows(), "{}", Q::KIND);
        for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
            let is_share = field.name().ends_with("share") || field.name().ends_with("_rate");
            if is_share && *field.data_type() == DataType::Float64 {
                let shares = column.as_primitive::<Float64Type>().iter().flatten();
                for share in shares {
                    assert!((0.0..=1.0).contains(&share), "{} {share}", field.name());
                }
            }
        }
    }
    check(numbers()).await;
    check(drivers()).await;
    check(retention()).await;
    check(paths()).await;
    check(FlowQuery::default()).await;
    check(funnel()).await;
    check(lift()).await;
    check(topics()).await;
}

#[tokio::test]
async fn every_answer_says_how_it_came_about_where_it_is_asked() {
    fn told(explanation: Option<&Explanation>, purposes: &[PassPurpose]) {
        let told = explanation.unwrap();
        assert!(told.stages.len() > 1, "{told:?}");
        for purpose in purposes {
            let of = |pass: &&upshot_metrics::explain::PassExplanation| pass.purpose == *purpose;
            let pass = told.passes.iter().find(of);
            let pass = pass.unwrap_or_else(|| panic!("{purpose:?}: {told:?}"));
            assert!(pass.rows_read > 0 && !pass.columns.is_empty(), "{pass:?}");
            assert!(pass.files > 0 && pass.files >= pass.files_read, "{pass:?}");
        }
        assert!(!told.definitions.is_empty());
        for meaning in &told.definitions {
            assert_ne!(meaning.text, "", "{}", meaning.name);
        }
    }
    /// The answer without its explanation is that to the question without.
    async fn same<Q: Question>(plain: Q, mut explained: Q::Answer) {
        let mut plain = answer(plain).await;
        plain.forget_effort();
        explained.forget_effort();
        let plain = serde_json::to_value(plain).unwrap();
        let mut explained = serde_json::to_value(explained).unwrap();
        let taken = explained.as_object_mut().unwrap().remove("explanation");
        assert!(taken.is_some() && plain.get("explanation").is_none());
        assert_eq!(plain, explained, "{}", Q::KIND);
    }
    use PassPurpose::{Impacts, Names, Rows, Sessions, Steps, Users, Visits};
    let explain = true;
    let found = answer(PathQuery { explain, ..paths() }).await;
    told(found.basis.explanation.as_ref(), &[Sessions, Steps]);
    same(paths(), found).await;
    let found = FlowQuery {
        explain,
        ..FlowQuery::default()
    };
    let found = answer(found).await;
    told(found.basis.explanation.as_ref(), &[Sessions, Steps]);
    same(FlowQuery::default(), found).await;
    let found = answer(FunnelQuery {
        explain,
        ..funnel()
    })
    .await;
    told(found.basis.explanation.as_ref(), &[Sessions, Steps]);
    same(funnel(), found).await;
    let found = answer(LiftQuery { explain, ..lift() }).await;
    told(found.basis.explanation.as_ref(), &[Sessions, Steps]);
    same(lift(), found).await;
    let found = answer(TopicQuery {
        explain,
        ..topics()
    })
    .await;
    let all = [Rows, Sessions, Visits, Impacts, Steps];
    told(found.basis.explanation.as_ref(), &all);
    same(topics(), found).await;
    let found = answer(DriverQuery {
        explain,
        ..drivers()
    })
    .await;
    assert!(found.rows_read > 0);
    told(found.explanation.as_ref(), &[Rows, Names]);
    same(drivers(), found).await;
    let found = answer(RetentionQuery {
        explain,
        ..retention()
    })
    .await;
    told(found.explanation.as_ref(), &[Users]);
    same(retention(), found).await;
    let live = |explain| {
        LiveQuery(Query {
            explain,
            ..Query::live(Vec::new(), Vec::new(), 0)
        })
    };
    let found = answer(live(true)).await;
    let told_of_live = found.explanation.as_ref().unwrap();
    assert!(told_of_live.passes.iter().any(|pass| pass.purpose == Rows));
    same(live(false), found).await;
}

#[tokio::test]
async fn a_drill_down_says_how_it_came_about() {
    use PassPurpose::{Contributions, Ranking, Rows, Sessions};
    let held = held();
    let drill = async |metric: &str, explain| {
        let query = Query {
            metrics: vec![metric.to_owned()],
            range: january(),
            explain,
            now: instant(NOW),
            ..Query::default()
        };
        let cell = Cell {
            metric: metric.to_owned(),
            ..Cell::default()
        };
        let found = engine()
            .drilldown(&query, &cell, &Page::default(), &held.capture)
            .await;
        found.unwrap()
    };
    for (metric, purposes) in [
        ("sessions", &[Rows, Sessions, Contributions][..]),
        ("top_1_percent_share", &[Ranking, Rows, Sessions][..]),
    ] {
        let mut found = drill(metric, true).await;
        let told = found.explanation.take().unwrap();
        assert_eq!(told.definitions[0].name, metric);
        for purpose in purposes {
            let pass = told.passes.iter().find(|pass| pass.purpose == *purpose);
            let pass = pass.unwrap_or_else(|| panic!("{purpose:?}: {told:?}"));
            assert!(pass.rows_read > 0 && pass.files > 0, "{pass:?}");
            assert!(pass.files_read <= pass.files, "{pass:?}");
            assert!(!pass.columns.is_empty() && !pass.selection.is_empty());
        }
        let stages = told.stages.iter().map(|stage| stage.name.as_str());
        assert!(stages.eq([
            "resolve",
            "range",
            "rank",
            "sessions",
            "rows",
            "contributions"
        ]));
        assert_eq!(found, drill(metric, false).await);
    }
}

const PAGE: &str = "\
# Answers as rows

<!-- Made from the answers in crates/metrics; `UPDATE_EXPECT=1 cargo test -p upshot-metrics` writes it. -->

The answer to every question is given as rows, too: over HTTP where `accept` or `?format=` asks for it ([http.md](http.md#other-formats)), from the
command line with `--output csv`, `jsonl`, `parquet` or `arrow` ([command-line.md](command-line.md#output)). Both give the same columns.

Numbers are as they are: shares from 0 to 1, lengths of time in seconds, impacts in the unit of the number; where there is none the cell is empty (CSV) or
null. Lists are JSON in CSV, and lists in the other formats. Parquet and Arrow say under `meaning` what each column says.

A column with a * is a value, and has six more beside it: `NAME_n` (how many things it rests on), `NAME_numerator` and `NAME_denominator` (what
was counted, and by what it was divided), `NAME_low` and `NAME_high` (the 95 % interval) and `NAME_pending` (how many are too
young to be judged and left out). Others have only those that the table names.
";

/// The columns of an answer, each with what it says.
fn section(page: &mut String, (title, about): (&str, &str), answer: &impl Answer) {
    let rows = answer.rows().unwrap();
    writeln!(
        page,
        "\n## {title}\n\n{about}\n\n| column | what |\n|---|---|"
    )
    .unwrap();
    let schema = rows.schema();
    let fields = || schema.fields().iter();
    for field in fields().filter(|field| !field.metadata().contains_key(OF)) {
        let name = field.name();
        let of = fields().filter(|other| other.metadata().get(OF) == Some(name));
        let beside: Vec<&str> = of
            .map(|other| other.name().trim_start_matches(name.as_str()))
            .collect();
        let is_value = beside.contains(&"_denominator");
        let named = beside
            .iter()
            .filter(|suffix| !is_value || **suffix == "_compare")
            .map(|suffix| match *suffix {
                "_compare" => format!(", `{name}_compare` where it is compared"),
                suffix => format!(", `{name}{suffix}`"),
            });
        let mark = if is_value { "*" } else { "" };
        let meaning = &field.metadata()[MEANING];
        writeln!(
            page,
            "| `{name}`{mark}{} | {meaning} |",
            named.collect::<String>()
        )
        .unwrap();
    }
}

#[tokio::test]
async fn the_columns_of_answers_are_documented() {
    let mut page = PAGE.to_owned();
    let cut = "A row a group; the totals where the query is not cut. Here by `bot_version`, with `sessions` and `resolution_rate`:";
    section(&mut page, ("query", cut), &answer(numbers()).await);
    let about = "A row a value. The number that is driven stands under the name of its metric, here `resolution_rate`:";
    section(&mut page, ("drivers", about), &answer(drivers()).await);
    let about = "A row for each cohort and period:";
    section(&mut page, ("retention", about), &answer(retention()).await);
    section(
        &mut page,
        ("paths", "A row a path:"),
        &answer(paths()).await,
    );
    let about = "A row a step at some distance, and a row for each that leads to another:";
    let flows = answer(FlowQuery::default()).await;
    section(&mut page, ("flows", about), &flows);
    let about = "A row a step of the funnel, then of each part:";
    section(&mut page, ("funnel", about), &answer(funnel()).await);
    section(&mut page, ("lift", "A row a pair:"), &answer(lift()).await);
    section(
        &mut page,
        ("topics", "A row a topic:"),
        &answer(topics()).await,
    );
    page.push_str(
        "\n## live\n\nAs [query](#query).\n\n## drilldown\n\nA row a session of the page: `rows` (how many of the counted rows it holds; 1 where \
         sessions are counted), `amount` (what it adds to a sum), and every fact of the session, as an [export](export.md#columns) of sessions has them.\n",
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/answers.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == page,
        "docs/answers.md is not what answers have; run with UPDATE_EXPECT=1"
    );
}

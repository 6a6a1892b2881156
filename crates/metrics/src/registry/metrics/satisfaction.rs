//! Surveys and thumbs.

use super::{Kind, Metric, Section, Unit, column, example, mean, rate, sum};
use crate::filter::Measure;

const SECTION: Section = Section::Satisfaction;

const SURVEYS: &str = "
csat_offered | csat_score | csat_scale_minimum | csat_scale_maximum
yes          | 5          | 1                  | 5
yes          | 4          | 1                  | 5
yes          | 3          | 1                  | 5
yes          |            |                    |
no           |            |                    |
";

const THUMBS: &str = "
feedback_offered | feedback_up | feedback_down | feedback_neutral
4                | 2           | 1             | 0
3                | 1           | 0             | 1
                 | 0           | 0             | 0
";

const RATED: &[&str] = &["feedback_up", "feedback_down", "feedback_neutral"];
const DECIDED: &[&str] = &["feedback_up", "feedback_down"];

const fn thumbs(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    Metric::new(
        SECTION,
        id,
        name,
        Unit::Answers,
        kind,
        definition,
        example(THUMBS, result),
    )
}

pub(super) const METRICS: &[Metric] = &[
    Metric::new(
        SECTION,
        "csat_score",
        "Satisfaction",
        Unit::Score,
        Kind::Mean { measure: column("csat_score"), within: "", on_scale: true },
        "The last answer of a session to the satisfaction survey, on the survey's own scale: the mean. \
         Answers on different scales have none.",
        example(SURVEYS, "12 / 3 = 4.00"),
    )
    .higher(),
    Metric::new(
        SECTION,
        "csat_votes",
        "Satisfaction answers",
        Unit::Answers,
        Kind::Count { of: "surveyed" },
        "Sessions with an answer to the satisfaction survey.",
        example(SURVEYS, "3"),
    )
    .higher(),
    Metric::new(
        SECTION,
        "csat_response_rate",
        "Survey response rate",
        Unit::Share,
        rate("surveyed", "csat_offered or surveyed"),
        "Sessions with an answer among sessions to which the satisfaction survey was offered.",
        example(SURVEYS, "3 / 4 = 75.0 %"),
    )
    .higher(),
    Metric::new(
        SECTION,
        "csat_satisfied_rate",
        "Satisfied rate",
        Unit::Share,
        rate("satisfied", "surveyed"),
        "Answers in the top quarter of their scale, which is 4 and 5 of 1 to 5, among all answers.",
        example(SURVEYS, "2 / 3 = 66.7 %"),
    )
    .higher(),
    Metric::new(
        SECTION,
        "nps",
        "Net promoter score",
        Unit::Points,
        mean(Measure::NetPromoter, ""),
        "Promoters (9 and 10) less detractors (0 to 6) in per cent of all answers.",
        example(
            "
nps_score
10
9
8
3

",
            "100 / 4 = 25.0",
        ),
    )
    .higher(),
    thumbs(
        "reviewable_messages",
        "Answers offered for rating",
        Kind::Sum {
            measure: column("feedback_offered"),
            within: "",
            unknown: Some("no source says which answers it offered for rating"),
        },
        "Answers of the bot that were offered for rating, where the source says so.",
        "7",
    ),
    thumbs("positive_feedback", "Thumbs up", sum("feedback_up"), "Thumbs up.", "3").higher(),
    thumbs("negative_feedback", "Thumbs down", sum("feedback_down"), "Thumbs down.", "1").lower(),
    thumbs(
        "neutral_feedback",
        "Neutral ratings",
        sum("feedback_neutral"),
        "Ratings that are neither up nor down.",
        "1",
    ),
    thumbs(
        "rated_messages",
        "Rated answers",
        Kind::Sum { measure: Measure::Sum(RATED), within: "", unknown: None },
        "Ratings of any kind.",
        "5",
    ),
    Metric::new(
        SECTION,
        "feedback_score",
        "Feedback score",
        Unit::Share,
        Kind::Ratio {
            numerator: column("feedback_up"),
            denominator: Measure::Sum(DECIDED),
            within: "",
        },
        "Thumbs up among thumbs up and down.",
        example(THUMBS, "3 / 4 = 75.0 %"),
    )
    .higher(),
];

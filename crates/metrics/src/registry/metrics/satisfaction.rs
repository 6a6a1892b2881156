//! Surveys of users.

use super::{Kind, Metric, Section, Unit, column, example, mean, rate, sum};
use crate::filter::Measure;

const SECTION: Section = Section::Satisfaction;

/// The fifth answered unasked, the last was offered nothing.
const SURVEYS: &str = "
csat_offered | surveys_offered | csat_score | csat_scale_minimum | csat_scale_maximum | csat_invalid | csat_commented
yes          | 1               | 5          | 1                  | 5                  | 0            | yes
yes          | 1               | 4          | 1                  | 5                  | 0            | no
yes          | 1               | 3          | 1                  | 5                  | 1            | yes
yes          | 1               |            |                    |                    | 1            | no
yes          | 0               | 2          | 1                  | 5                  | 0            | no
no           | 0               |            |                    |                    | 0            | no
";

const RECOMMENDATIONS: &str = "
nps_offered | nps_score
yes         | 10
yes         | 9
yes         | 8
yes         | 3
yes         |
no          |
";

const NO_SURVEY: &str = "no source tells of a satisfaction survey";
const NO_OFFER: &str = "no source says to whom it offered the survey";

const fn survey(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(SURVEYS, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example)
        .told("csat_offered or surveyed", NO_SURVEY)
}

pub(super) const METRICS: &[Metric] = &[
    survey(
        "csat_score",
        "Satisfaction",
        Unit::Score,
        Kind::Mean {
            measure: column("csat_score"),
            within: "",
            on_scale: true,
        },
        "The last answer of a session to the satisfaction survey, on the survey's own scale: the mean. \
         Answers on different scales have none. Cut `csat_votes` by `csat_score` for the distribution.",
        "14 / 4 = 3.50",
    )
    .higher(),
    survey(
        "csat_votes",
        "Satisfaction answers",
        Unit::Answers,
        Kind::Count { of: "surveyed" },
        "Sessions with an answer to the satisfaction survey.",
        "4",
    )
    .higher(),
    survey(
        "csat_offered_sessions",
        "Satisfaction surveys offered",
        Unit::Sessions,
        Kind::Count { of: OFFERED },
        "Sessions to which the satisfaction survey was offered, where the source says so.",
        "4",
    )
    .told(OFFERED, NO_OFFER),
    survey(
        "csat_response_rate",
        "Survey response rate",
        Unit::Share,
        rate("surveyed", OFFERED),
        "Sessions with an answer among sessions to which the satisfaction survey was offered.",
        "3 / 4 = 75.0 %",
    )
    .version(2)
    .told(OFFERED, NO_OFFER)
    .higher(),
    survey(
        "csat_satisfied_rate",
        "Satisfied rate",
        Unit::Share,
        rate("satisfied", "surveyed"),
        "Answers in the top quarter of their scale, which is 4 and 5 of 1 to 5, among all answers.",
        "2 / 4 = 50.0 %",
    )
    .higher(),
    survey(
        "csat_invalid_answers",
        "Answers outside the scale",
        Unit::Answers,
        sum("csat_invalid"),
        "Answers to the satisfaction survey that lie outside its scale and count nowhere else; whether 0 is \
         valid is the profile's to say.",
        "2",
    )
    .lower(),
    survey(
        "csat_comments",
        "Satisfaction comments",
        Unit::Answers,
        Kind::Count {
            of: "csat_commented",
        },
        "Sessions whose user wrote something beside the answer to the satisfaction survey.",
        "2",
    ),
    recommendation(
        "nps",
        "Net promoter score",
        Unit::Points,
        mean(Measure::NetPromoter, ""),
        "Promoters (9 and 10) less detractors (0 to 6) in per cent of all answers.",
        "100 / 4 = 25.0",
    )
    .higher(),
    recommendation(
        "nps_votes",
        "Recommendation answers",
        Unit::Answers,
        Kind::Count {
            of: "nps_score is not null",
        },
        "Sessions with an answer to «would you recommend us»; cut them by `nps_score` for the distribution.",
        "4",
    )
    .higher(),
    recommendation(
        "nps_response_rate",
        "Recommendation response rate",
        Unit::Share,
        rate("nps_score is not null", "nps_offered"),
        "Sessions with an answer among sessions in which «would you recommend us» was asked.",
        "4 / 5 = 80.0 %",
    )
    .higher(),
];

/// That a survey was answered says not that the source tells of those that were not.
const OFFERED: &str = "csat_offered and surveys_offered > 0";

const fn recommendation(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(RECOMMENDATIONS, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example).told(
        "nps_offered",
        "no source tells of a survey that asks for a recommendation",
    )
}

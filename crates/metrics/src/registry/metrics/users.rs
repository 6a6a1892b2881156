//! Users.

use super::{Kind, Metric, Section, Unit, example};

const SECTION: Section = Section::Users;

const USERS: &str = "
user | outcome
anna | resolved
anna | none
ben  | none
cleo | abandoned
";

pub(super) const METRICS: &[Metric] = &[
    Metric::new(
        SECTION,
        "users",
        "Users",
        Unit::Users,
        Kind::Distinct {
            key: "user_key",
            within: "",
        },
        "Different users, by user, device and browser, with a session that started in the range; where \
         the source names no user, the conversation stands in.",
        example(USERS, "3"),
    ),
    Metric::new(
        SECTION,
        "persons",
        "Users by id",
        Unit::Users,
        Kind::Distinct {
            key: "person_key",
            within: "",
        },
        "Different users by their id alone, whatever device and browser they use.",
        example(USERS, "3"),
    ),
    Metric::new(
        SECTION,
        "engaged_users",
        "Engaged users",
        Unit::Users,
        Kind::Distinct {
            key: "user_key",
            within: "engaged",
        },
        "Different users with an engaged session.",
        example(USERS, "2"),
    )
    .higher(),
    Metric::new(
        SECTION,
        "engaged_user_rate",
        "Share of engaged users",
        Unit::Share,
        Kind::DistinctRate {
            key: "user_key",
            numerator: "engaged",
            denominator: "",
        },
        "Users with an engaged session among all users.",
        example(USERS, "2 / 3 = 66.7 %"),
    )
    .higher(),
];

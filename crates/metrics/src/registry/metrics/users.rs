//! Users.

use super::{Kind, Metric, Section, Unit, example};
use crate::registry::Subject;

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
    Metric::new(
        SECTION,
        "new_users",
        "New users",
        Unit::Users,
        distinct("{first_time} >= {from}"),
        "Different users whose first session ever started in the range, judged on the whole history of the \
         environment. Users who cannot be followed are left out, and their sessions counted.",
        example(HISTORY, "2"),
    ),
    Metric::new(
        SECTION,
        "returning_users",
        "Returning users",
        Unit::Users,
        distinct("{first_time} < {from}"),
        "Different users with a session in the range whose first session ever started before it.",
        example(HISTORY, "1"),
    )
    .higher(),
    Metric::new(
        SECTION,
        "returning_rate",
        "Returning rate",
        Unit::Share,
        Kind::DistinctRate {
            key: "user_key",
            numerator: "{first_time} < {from}",
            denominator: "not unlinkable",
        },
        "Returning users among all users who can be followed.",
        example(HISTORY, "1 / 3 = 33.3 %"),
    )
    .at_once()
    .higher(),
    Metric::new(
        SECTION,
        "unlinkable_users",
        "Users who cannot be followed",
        Unit::Users,
        distinct("unlinkable"),
        "Different users whose id changes with the conversation, or who have none: they are counted as what \
         they are and left out of everything that follows a person.",
        example(HISTORY, "1"),
    ),
    Metric::new(
        SECTION,
        "first_sessions",
        "First sessions",
        Unit::Sessions,
        Kind::Count {
            of: "{first_session}",
        },
        "Sessions that are the first ever of their user; sessions that start at the same instant are both \
         first.",
        example(HISTORY, "2"),
    ),
    Metric::new(
        SECTION,
        "later_sessions",
        "Later sessions",
        Unit::Sessions,
        Kind::Count {
            of: "{first_session} = no",
        },
        "Sessions of users who had one before.",
        example(HISTORY, "3"),
    ),
    Metric::new(
        SECTION,
        "sessions_per_user",
        "Sessions per user",
        Unit::Sessions,
        Kind::PerKey {
            key: "user_key",
            within: "",
        },
        "Sessions over different users.",
        example(UNEVEN, "8 / 5 = 1.60"),
    )
    .at_once(),
    top(
        1,
        "top_1_percent_share",
        "Sessions of the top 1 %",
        "The share of sessions of those 1 % of users, and at least one, who have most. It is no mean over users, so that it \
         has no interval.",
        "4 / 8 = 50.0 %",
    ),
    top(
        10,
        "top_10_percent_share",
        "Sessions of the top 10 %",
        "The share of sessions of those 10 % of users, and at least one, who have most. It is no mean over users, so that \
         it has no interval.",
        "4 / 8 = 50.0 %",
    ),
    Metric::new(
        SECTION,
        "total_users",
        "Users ever",
        Unit::Users,
        Kind::Ever {
            key: "user_key",
            within: "",
        },
        "Different users ever seen until the end of the range, or of each day, week or month that it is cut \
         into.",
        example(HISTORY, "4"),
    ),
    Metric::new(
        SECTION,
        "active_users",
        "Active users",
        Unit::Users,
        distinct("message.role = user"),
        "Different users who said, chose or sent something in the range, by when they did. Cut by day, week \
         or month: daily, weekly, monthly active users. A day that is over stays as it was.",
        example(ACTIVE, "2"),
    )
    .of(Subject::Messages)
    .higher(),
    Metric::new(
        SECTION,
        "active_users_7_days",
        "Active users of 7 days",
        Unit::Users,
        trailing(7),
        "Different users who said, chose or sent something in the 7 days that end with the range, or with \
         each stretch that it is cut into.",
        example(TRAILING, "2"),
    )
    .of(Subject::Messages)
    .higher(),
    Metric::new(
        SECTION,
        "active_users_30_days",
        "Active users of 30 days",
        Unit::Users,
        trailing(30),
        "Different users who said, chose or sent something in the 30 days that end with the range, or with \
         each stretch that it is cut into.",
        example(TRAILING, "3"),
    )
    .of(Subject::Messages)
    .higher(),
    Metric::new(
        SECTION,
        "stickiness",
        "Stickiness",
        Unit::Share,
        Kind::Stickiness {
            key: "user_key",
            days: 30,
            within: "message.role = user",
        },
        "Mean of the active users of each of the 30 days that end with the range, or with each stretch that \
         it is cut into, among the active users of these 30 days: the mean over users of the share of the days on \
         which they are active, with the interval of a mean.",
        example(TRAILING, "0.2 / 3 = 6.7 %"),
    )
    .of(Subject::Messages)
    .higher(),
];

/// Anna was there before the range begins.
const HISTORY: &str = "
range: 2026-01-05..
user | start            | unlinkable
anna | 2026-01-02T10:00 | no
anna | 2026-01-05T10:00 | no
anna | 2026-01-06T10:00 | no
ben  | 2026-01-05T10:00 | no
ben  | 2026-01-07T10:00 | no
cleo | 2026-01-07T10:00 | no
who  | 2026-01-07T10:00 | yes
";

const ACTIVE: &str = "
sessions:
session | user
1       | anna
2       | ben
3       | cleo

messages:
session | role
1       | user
1       | user
2       | user
3       | bot
";

const fn distinct(within: &'static str) -> Kind {
    Kind::Distinct {
        key: "user_key",
        within,
    }
}

const fn top(
    percent: u32,
    id: &'static str,
    name: &'static str,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let kind = Kind::TopShare {
        key: "user_key",
        percent,
        within: "",
    };
    let example = example(UNEVEN, result);
    Metric::new(SECTION, id, name, Unit::Share, kind, definition, example).at_once()
}

const UNEVEN: &str = "
user
anna
anna
anna
anna
ben
cleo
dora
emil
";

const fn trailing(days: u32) -> Kind {
    Kind::Trailing {
        key: "user_key",
        days,
        within: "message.role = user",
    }
}

/// Anna on four days, Ben on one, Cleo on one that is more than seven days ago; Dora too long ago.
const TRAILING: &str = "
sessions:
session | user | start
1       | anna | 2026-01-28T10:00
2       | anna | 2026-01-29T10:00
3       | anna | 2026-01-30T10:00
4       | anna | 2026-01-31T10:00
5       | ben  | 2026-01-31T11:00
6       | cleo | 2026-01-10T10:00
7       | dora | 2025-12-20T10:00

messages:
session | role
1       | user
2       | user
3       | user
4       | user
5       | user
6       | user
7       | user
";

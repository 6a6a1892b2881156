//! What the bot understood.

use super::{Metric, Section, Subject, Unit, example, rate};

const SECTION: Section = Section::Understanding;

const FALLBACKS: &str = "
understandable_messages | fallbacks | multiple_topics_matched
3                       | 1         | no
5                       | 0         | yes
2                       | 2         | no
0                       | 0         | no
";

pub(super) const METRICS: &[Metric] = &[
    Metric::new(
        SECTION,
        "fallback_rate",
        "Fallback rate",
        Unit::Share,
        rate("message.unmatched", "message.must_understand"),
        "Messages that the bot did not understand among those that it had to: typed or spoken, no clicks, \
         no form answers, no words to agents.",
        example(
            "
messages:
session | role | kind   | must_understand | unmatched
a       | user | text   | yes             | yes
a       | user | text   | yes             | no
a       | user | option | no              | no
b       | user | voice  | yes             | no
",
            "1 / 3 = 33.3 %",
        ),
    )
    .of(Subject::Messages)
    .version(2)
    .lower(),
    Metric::new(
        SECTION,
        "fallback_session_rate",
        "Fallback rate by session",
        Unit::Share,
        rate("fallbacks > 0", ""),
        "Sessions with a message that the bot did not understand, among all sessions.",
        example(FALLBACKS, "2 / 4 = 50.0 %"),
    )
    .lower(),
    Metric::new(
        SECTION,
        "confusion_rate",
        "Confusion rate",
        Unit::Share,
        rate("multiple_topics_matched", ""),
        "Sessions in which the bot asked which of several topics was meant, among all sessions.",
        example(FALLBACKS, "1 / 4 = 25.0 %"),
    )
    .lower(),
];

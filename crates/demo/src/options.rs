//! The options that are shown and chosen.

use upshot_core::words::{DestinationKind, OptionKind};

use crate::catalogue::{SALES, TOPICS};
use crate::people::COUNTRIES;
use crate::stage::{Choice, Stage};
use crate::story::Story;

pub(crate) fn topic_choice(stage: &Stage, topic: usize) -> Choice {
    Choice {
        id: format!("topic.{}", TOPICS[topic].id).into(),
        title: stage.phrases.topics[topic].title,
        kind: OptionKind::QuickReply,
        destination: Some((TOPICS[topic].id.into(), DestinationKind::Answer)),
    }
}

pub(crate) fn none_of_these(stage: &Stage) -> Choice {
    Choice {
        id: "none".into(),
        title: stage.phrases.none_of_these,
        kind: OptionKind::QuickReply,
        destination: None,
    }
}

pub(crate) fn newsletter(stage: &Stage) -> Choice {
    Choice {
        id: Story::UNDERUSED_OPTION.into(),
        title: stage.phrases.newsletter,
        kind: OptionKind::QuickReply,
        destination: Some((
            "https://service.example/newsletter".into(),
            DestinationKind::Url,
        )),
    }
}

pub(crate) fn operator(stage: &Stage) -> Choice {
    Choice {
        id: "operator".into(),
        title: stage.phrases.operator,
        kind: OptionKind::Button,
        destination: Some(("system.escalate".into(), DestinationKind::Answer)),
    }
}

/// A link, or a card, to more about a topic.
pub(crate) fn more(stage: &Stage, topic: usize) -> Choice {
    let id = TOPICS[topic].id;
    Choice {
        id: format!("more.{id}").into(),
        title: stage.phrases.more,
        kind: if stage.plan.bot == SALES {
            OptionKind::Card
        } else {
            OptionKind::Link
        },
        destination: Some((
            format!("https://service.example/{id}").into(),
            DestinationKind::Url,
        )),
    }
}

/// A button that calls the service.
pub(crate) fn call(stage: &Stage) -> Choice {
    let phone = COUNTRIES[stage.plan.person.country].phone;
    Choice {
        id: "call".into(),
        title: stage.phrases.call,
        kind: OptionKind::Button,
        destination: Some((format!("tel:{phone}").into(), DestinationKind::Phone)),
    }
}

/// Yes or no.
pub(crate) fn yes_or_no(stage: &Stage, yes: bool) -> Choice {
    let (id, words) = if yes {
        ("answer.yes", &stage.phrases.yes)
    } else {
        ("answer.no", &stage.phrases.no)
    };
    Choice {
        id: id.into(),
        title: words[0],
        kind: OptionKind::QuickReply,
        destination: Some(("answer".into(), DestinationKind::Answer)),
    }
}

//! What people and bots say, in each language of the demo. Every table has the same shape, so a
//! topic, a field or a wish is the same index in each.

mod de;
mod en;
mod es;
mod it;

use crate::catalogue::{FIELDS, TOPICS, WISHES};

/// The languages, as BCP 47 tags.
pub(crate) const LANGUAGES: [&str; 4] = ["en", "de", "it", "es"];

/// The phrases of the language at this position of [`LANGUAGES`].
pub(crate) fn phrases(language: usize) -> &'static Phrases {
    match language {
        1 => &de::PHRASES,
        2 => &it::PHRASES,
        3 => &es::PHRASES,
        _ => &en::PHRASES,
    }
}

/// What is said of one topic.
pub(crate) struct TopicTexts {
    /// The label of a quick reply that leads to the topic.
    pub(crate) title: &'static str,
    /// How users ask for it.
    pub(crate) asks: [&'static str; 3],
    /// What the bot answers.
    pub(crate) answer: &'static str,
}

/// All that is said in one language.
pub(crate) struct Phrases {
    /// What users put before what they want.
    pub(crate) openers: [&'static str; 4],
    /// What users put after it.
    pub(crate) closers: [&'static str; 3],
    /// How users say hello.
    pub(crate) hello: [&'static str; 3],
    /// How each bot says hello.
    pub(crate) greeting: [&'static str; 3],
    /// How the bot says hello in the guided variant of the experiment.
    pub(crate) guided_greeting: &'static str,
    /// What the bot says unasked.
    pub(crate) proactive: [&'static str; 2],
    /// The topics.
    pub(crate) topics: [TopicTexts; TOPICS.len()],
    /// What the bot asks for each field.
    pub(crate) fields: [&'static str; FIELDS.len()],
    /// What the bot says when an answer did not do.
    pub(crate) again: [&'static str; 2],
    /// What users give that is no answer.
    pub(crate) no_answer: [&'static str; 4],
    /// Reasons that users give.
    pub(crate) reasons: [&'static str; 4],
    /// Wishes that the bots do not serve.
    pub(crate) wishes: [[&'static str; 3]; WISHES.len()],
    /// What nobody would understand.
    pub(crate) noise: [&'static str; 5],
    /// How users say it again after the bot did not understand.
    pub(crate) rephrase: [&'static str; 3],
    /// The bot did not understand.
    pub(crate) fallback: [&'static str; 2],
    /// «Did you mean».
    pub(crate) did_you_mean: &'static str,
    /// The option for none of what was offered.
    pub(crate) none_of_these: &'static str,
    /// The generated answer when no source helps.
    pub(crate) no_source: &'static str,
    /// A tool failed.
    pub(crate) failed: &'static str,
    /// What the bot says when it cannot settle the matter.
    pub(crate) not_helped: &'static str,
    /// «Did that answer your question».
    pub(crate) answered: &'static str,
    /// Yes.
    pub(crate) yes: [&'static str; 3],
    /// No.
    pub(crate) no: [&'static str; 3],
    /// What the bot says after yes.
    pub(crate) success: &'static str,
    /// What the bot says after no.
    pub(crate) failure: &'static str,
    /// Thanks.
    pub(crate) thanks: [&'static str; 3],
    /// What the bot answers to thanks.
    pub(crate) welcome: &'static str,
    /// Goodbye, user's.
    pub(crate) bye: [&'static str; 2],
    /// Goodbye, bot's.
    pub(crate) goodbye: &'static str,
    /// Begin anew.
    pub(crate) start_over: &'static str,
    /// What the bot says then.
    pub(crate) started_over: &'static str,
    /// How users ask for a person.
    pub(crate) person: [&'static str; 4],
    /// The label of the button for a person.
    pub(crate) operator: &'static str,
    /// What the bot says before it passes the user on.
    pub(crate) passing: &'static str,
    /// What the bot says instead of passing on.
    pub(crate) try_first: &'static str,
    /// In the queue.
    pub(crate) queue: &'static str,
    /// Nobody there.
    pub(crate) unavailable: &'static str,
    /// The request cannot be taken.
    pub(crate) refused: &'static str,
    /// A ticket was written.
    pub(crate) ticket: &'static str,
    /// What the agent says first.
    pub(crate) agent_hello: [&'static str; 2],
    /// What the agent says.
    pub(crate) agent: [&'static str; 4],
    /// What users say to the agent.
    pub(crate) to_agent: [&'static str; 4],
    /// How the agent ends.
    pub(crate) agent_bye: &'static str,
    /// The satisfaction survey.
    pub(crate) csat: &'static str,
    /// Comments of the satisfied.
    pub(crate) praise: [&'static str; 4],
    /// Comments of the others.
    pub(crate) blame: [&'static str; 5],
    /// «Would you recommend us».
    pub(crate) nps: &'static str,
    /// Comments beside a thumb down.
    pub(crate) thumb_down: [&'static str; 4],
    /// Comments beside a thumb up.
    pub(crate) thumb_up: [&'static str; 2],
    /// The label of links to more.
    pub(crate) more: &'static str,
    /// The label of buttons that call.
    pub(crate) call: &'static str,
    /// The label of the option that hardly anybody chooses.
    pub(crate) newsletter: &'static str,
    /// What the bot says after an order.
    pub(crate) ordered: &'static str,
    /// What goes with an attachment.
    pub(crate) attachment: &'static str,
}

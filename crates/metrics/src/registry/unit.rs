//! In what a value is told.

use serde::{Deserialize, Serialize};

/// The unit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A number of sessions.
    Sessions,
    /// A number of conversations.
    Conversations,
    /// A number of users.
    Users,
    /// A number of messages.
    Messages,
    /// A number of exchanges.
    Exchanges,
    /// A number of survey answers or thumbs.
    Answers,
    /// A number of people who serve users.
    Agents,
    /// A number of options.
    Options,
    /// A number of requests for a person, and of what people then do.
    Requests,
    /// A number of calls of models or tools.
    Calls,
    /// A number of visits of topics.
    Visits,
    /// A number of questions of the bot.
    Questions,
    /// A number of searches of knowledge.
    Searches,
    /// A number of tokens.
    Tokens,
    /// US dollars.
    Dollars,
    /// A share of one, shown as per cent.
    Share,
    /// Seconds.
    Seconds,
    /// An answer on a survey's scale.
    Score,
    /// Points from −100 to 100.
    Points,
}

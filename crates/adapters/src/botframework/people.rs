//! Who is the bot and who the user, where activities do not say so themselves.

use std::collections::HashSet;

use upshot_core::words::Role;

use super::activity::{Account, Activity, array_at};

/// What a conversation's activities say of their accounts.
#[derive(Debug, Default)]
pub(super) struct People {
    bots: HashSet<String>,
    users: HashSet<String>,
    /// The bot's name, or its id, as it was said first.
    pub bot: Option<String>,
    /// The first user's id.
    pub user: Option<String>,
    /// Who acted without a role, with the name and whether that answered something.
    unknown: Vec<(String, Option<String>, bool)>,
}

/// More accounts without a role than this are not told apart.
const MAXIMUM_UNKNOWN: usize = 64;
/// An id that stands for every user of old clients.
const NOBODY: &str = "default-user";

impl People {
    /// Learns from one activity.
    pub fn learn(&mut self, activity: Activity<'_>) {
        let (from, recipient) = (activity.from(), activity.recipient());
        let members = array_at(activity.0, &["membersAdded"]);
        for account in [from, recipient]
            .into_iter()
            .chain(members.iter().map(|member| Account(Some(member))))
        {
            match account.role() {
                Some(Role::Bot) => self.learn_bot(account),
                Some(Role::User) => self.learn_user(account),
                _ => {}
            }
        }
        match (from.role(), recipient.role()) {
            (Some(Role::Bot), None) => self.learn_user(recipient),
            (Some(Role::User), None) => self.learn_bot(recipient),
            (None, Some(Role::Bot)) if activity.kind() == "message" => self.learn_user(from),
            (None, Some(Role::User)) => self.learn_bot(from),
            // Changes of a conversation are told to the bot.
            (None, None) if activity.kind() == "conversationUpdate" => self.learn_bot(recipient),
            (None, None) => match signs(activity) {
                Some(Role::Bot) => {
                    self.learn_bot(from);
                    self.learn_user(recipient);
                }
                Some(_) => {
                    self.learn_user(from);
                    self.learn_bot(recipient);
                }
                None => self.remember(activity),
            },
            _ => {}
        }
    }

    fn remember(&mut self, activity: Activity<'_>) {
        let Some(id) = activity.from().id() else {
            return;
        };
        let replies = activity.reply_to().is_some();
        if let Some((_, _, answers)) = self.unknown.iter_mut().find(|it| it.0 == id) {
            *answers |= replies;
        } else if self.unknown.len() < MAXIMUM_UNKNOWN {
            let name = activity.from().name().map(str::to_owned);
            self.unknown.push((id.to_owned(), name, replies));
        }
    }

    /// Takes sides for those who never showed theirs: of two that talk, one is the bot.
    pub fn settle(&mut self) {
        for (id, name, answers) in std::mem::take(&mut self.unknown) {
            if self.side(&id).is_some() {
                continue;
            }
            let bot = match (self.bots.is_empty(), self.users.is_empty()) {
                (false, true) => false,
                (true, false) => true,
                _ => answers,
            };
            if bot {
                self.bot
                    .get_or_insert_with(|| name.unwrap_or_else(|| id.clone()));
                self.bots.insert(id);
            } else if !self.users.contains(&id) {
                self.user.get_or_insert_with(|| id.clone());
                self.users.insert(id);
            }
        }
    }

    fn learn_bot(&mut self, account: Account<'_>) {
        if let Some(id) = account.id() {
            self.bots.insert(id.to_owned());
        }
        if self.bot.is_none() {
            self.bot = account.name().or(account.id()).map(str::to_owned);
        }
    }

    fn learn_user(&mut self, account: Account<'_>) {
        let Some(id) = account.id() else { return };
        self.users.insert(id.to_owned());
        if self.user.is_none() && id != NOBODY {
            self.user = Some(id.to_owned());
        }
    }

    /// Who acts. An id that was seen on both sides tells nothing.
    pub fn role(&self, activity: Activity<'_>) -> Option<Role> {
        let (from, recipient) = (activity.from(), activity.recipient());
        from.role()
            .or_else(|| match recipient.role()? {
                Role::Bot => Some(Role::User),
                Role::User => Some(Role::Bot),
                _ => None,
            })
            .or_else(|| self.side(from.id()?))
            .or_else(|| match self.side(recipient.id()?)? {
                Role::Bot => Some(Role::User),
                _ => Some(Role::Bot),
            })
            .or_else(|| signs(activity))
            .or_else(|| activity.reply_to().map(|_| Role::Bot))
    }

    fn side(&self, id: &str) -> Option<Role> {
        match (self.bots.contains(id), self.users.contains(id)) {
            (true, false) => Some(Role::Bot),
            (false, true) => Some(Role::User),
            _ => None,
        }
    }

    /// The id of the user to whom an activity belongs.
    pub fn user_of<'a>(&'a self, activity: Activity<'a>, role: Option<Role>) -> Option<&'a str> {
        let own = match role {
            Some(Role::User) => activity.from().id(),
            Some(Role::Bot) => activity.recipient().id(),
            _ => None,
        };
        let own = own.filter(|id| !self.bots.contains(*id));
        own.or(self.user.as_deref()).filter(|id| *id != NOBODY)
    }
}

/// What only one of the sides writes or is called.
fn signs(activity: Activity<'_>) -> Option<Role> {
    let id = activity.from().id().unwrap_or_default();
    let by_client = activity.client_id().is_some() || activity.channel_data("postBack").is_some();
    let of_user = matches!(activity.kind(), "messageReaction" | "invoke")
        || activity.text("name") == Some("startConversation");
    // Direct Line's own ids of users, and those of Teams.
    if by_client || of_user || id.starts_with("dl_") || id.starts_with("29:") {
        return Some(Role::User);
    }
    let written = ["inputHint", "speak", "suggestedActions"]
        .iter()
        .any(|key| activity.get(key).is_some());
    (written || id.starts_with("28:")).then_some(Role::Bot)
}

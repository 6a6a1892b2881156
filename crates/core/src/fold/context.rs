//! Who and where: the fields that hold for a whole stretch of a conversation and that a source may
//! say once only.

use crate::event::EventView;
use crate::facts::Session;
use crate::words::Environment;

macro_rules! context {
    (texts { $($text:ident,)+ } values { $($value:ident: $type:ty,)+ }) => {
        /// What is known of who talks and where, borrowed from the events.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub(super) struct Context<'e> {
            $(pub $text: Option<&'e str>,)+
            $(pub $value: Option<$type>,)+
        }

        /// The same, kept beyond the events.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub(super) struct OwnedContext {
            $(pub $text: Option<Box<str>>,)+
            $(pub $value: Option<$type>,)+
        }

        impl<'e> Context<'e> {
            /// Takes what is not yet known: the first value of each field stays.
            #[inline]
            pub fn complete<E: EventView>(&mut self, event: &'e E) {
                $(if self.$text.is_none() { self.$text = event.$text(); })+
                $(if self.$value.is_none() { self.$value = event.$value(); })+
            }

            /// Takes what the event says: the last value of each field stays.
            pub fn replace<E: EventView>(&mut self, event: &'e E) {
                $(self.$text = event.$text().or(self.$text);)+
                $(self.$value = event.$value().or(self.$value);)+
            }

            /// This, and where it does not know, the other.
            #[inline]
            pub fn or(self, other: &Self) -> Self {
                Self {
                    $($text: self.$text.or(other.$text),)+
                    $($value: self.$value.or(other.$value),)+
                }
            }

            /// A copy that does not borrow.
            pub fn to_owned(self) -> OwnedContext {
                OwnedContext {
                    $($text: self.$text.map(Into::into),)+
                    $($value: self.$value,)+
                }
            }

            /// Writes everything into the session.
            pub fn write(&self, session: &mut Session) {
                $(session.$text = self.$text.map(Into::into);)+
                self.write_values(session);
            }
        }

        impl OwnedContext {
            /// The same, borrowed.
            pub fn borrow(&self) -> Context<'_> {
                Context {
                    $($text: self.$text.as_deref(),)+
                    $($value: self.$value,)+
                }
            }

            /// The texts in the order in which a carry holds them.
            pub fn texts(&self) -> impl Iterator<Item = Option<&str>> {
                [$(self.$text.as_deref(),)+].into_iter()
            }

            /// The places of the texts in the same order.
            pub fn texts_mut(&mut self) -> impl Iterator<Item = &mut Option<Box<str>>> {
                [$(&mut self.$text,)+].into_iter()
            }
        }
    };
}

context! {
    texts {
        bot, bot_version, channel, locale, user_id, device, browser, operating_system, country,
        page, referrer, utm_source, utm_medium, utm_campaign, utm_term, utm_content,
        experiment, variant,
    }
    values {
        environment: Environment,
        authenticated: bool,
        unlinkable: bool,
    }
}

impl Context<'_> {
    fn write_values(&self, session: &mut Session) {
        session.environment = Some(self.environment_or_production());
        session.authenticated = self.authenticated;
        session.unlinkable = self.unlinkable == Some(true) || self.user_id.is_none();
    }

    /// The environment; `production` where nothing is said.
    pub fn environment_or_production(&self) -> Environment {
        self.environment.unwrap_or(Environment::Production)
    }

    /// A hash of user, device and browser; of the conversation where the user is not named.
    pub fn user_key(&self, conversation_id: &str) -> i64 {
        let Some(user) = self.user_id else {
            return hash(b'c', &[conversation_id]);
        };
        let device = self.device.unwrap_or_default();
        let browser = self.browser.unwrap_or_default();
        hash(b'u', &[user, device, browser])
    }

    /// A hash of the user alone; of the conversation where the user is not named.
    pub fn person_key(&self, conversation_id: &str) -> i64 {
        match self.user_id {
            Some(user) => hash(b'p', &[user]),
            None => hash(b'c', &[conversation_id]),
        }
    }
}

fn hash(domain: u8, parts: &[&str]) -> i64 {
    let chain = |seed, part: &&str| xxhash_rust::xxh3::xxh3_64_with_seed(part.as_bytes(), seed);
    parts.iter().fold(u64::from(domain), chain) as i64
}

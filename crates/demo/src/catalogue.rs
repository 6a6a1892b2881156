//! What the bots can do: bots with versions, topics, forms, tools, knowledge and goals.

use crate::story::Story;

/// The fields that forms ask for; texts are found under the same position.
pub(crate) const FIELDS: [&str; 11] = [
    "customer_number",
    "date",
    "postcode",
    "phone",
    "meter_number",
    "meter_value",
    "reason",
    "card_digits",
    "amount",
    "email",
    "order_number",
];

pub(crate) const CUSTOMER_NUMBER: usize = 0;
pub(crate) const DATE: usize = 1;
pub(crate) const POSTCODE: usize = 2;
pub(crate) const PHONE: usize = 3;
pub(crate) const METER_NUMBER: usize = 4;
pub(crate) const METER_VALUE: usize = 5;
pub(crate) const REASON: usize = 6;
pub(crate) const CARD_DIGITS: usize = 7;
pub(crate) const AMOUNT: usize = 8;
pub(crate) const EMAIL: usize = 9;
pub(crate) const ORDER_NUMBER: usize = 10;

/// What users want and no bot can do, with how often they want it.
pub(crate) const WISHES: [(&str, f64); 8] = [
    ("esim_in_watch", 0.22),
    ("split_invoice", 0.10),
    ("pause_contract", 0.20),
    ("solar_feed_in", 0.16),
    ("account_for_child", 0.09),
    ("undo_cancellation", 0.11),
    ("invoice_language", 0.05),
    ("gift_voucher", 0.07),
];

/// How a bot understands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mind {
    /// A recogniser with intents.
    Intents,
    /// A language model that plans: these, one after the other.
    Models(&'static [Model]),
}

/// A language model that a bot calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Model {
    /// The first version of the bot that calls it.
    pub(crate) since: &'static str,
    pub(crate) provider: &'static str,
    pub(crate) name: &'static str,
    /// The model that makes vectors of texts.
    pub(crate) embeddings: &'static str,
    /// US dollars for a million tokens read, read from the cache, and written, as the source says. Without
    /// them it says nothing of cost.
    pub(crate) prices: Option<(f64, f64, f64)>,
}

/// A bot.
pub(crate) struct Bot {
    pub(crate) id: &'static str,
    pub(crate) mind: Mind,
    /// The version from this thousandth of the history on.
    pub(crate) versions: &'static [(i64, &'static str)],
    /// The share of usual traffic.
    pub(crate) weight: f64,
    /// The topics that the greeting offers.
    pub(crate) offers: [usize; 2],
    pub(crate) skill: &'static str,
    /// The platform writes what it thinks became of the session.
    pub(crate) reports: bool,
}

pub(crate) const CARE: usize = 0;
pub(crate) const ACCOUNT: usize = 1;
pub(crate) const SALES: usize = 2;

pub(crate) const BOTS: [Bot; 3] = [
    Bot {
        id: Story::BAD_BOT,
        mind: Mind::Models(&[Model {
            since: "3.1.0",
            provider: "northmodels",
            name: "north-medium-2",
            embeddings: "embed-1",
            prices: Some((0.40, 0.10, 1.60)),
        }]),
        // Between 500 and 800 the story says which.
        versions: &[
            (0, "3.1.0"),
            (180, "3.2.0"),
            (360, Story::VERSION_BEFORE),
            (800, "3.5.0"),
        ],
        weight: 0.50,
        offers: [0, 3],
        skill: "technical",
        reports: false,
    },
    Bot {
        id: "account-assistant",
        mind: Mind::Intents,
        versions: &[(0, "2.0.0"), (300, "2.1.0"), (650, "2.2.0")],
        weight: 0.30,
        offers: [12, 17],
        skill: "accounts",
        reports: true,
    },
    Bot {
        id: Story::CAMPAIGN_BOT,
        // The first has no price in the list that comes with the program; those that follow have.
        mind: Mind::Models(&[
            Model {
                since: "1.4.0",
                provider: "openfield",
                name: "field-small-1",
                embeddings: "field-vectors-1",
                prices: None,
            },
            Model {
                since: "1.5.0",
                provider: "openai",
                name: "gpt-4.1-mini",
                embeddings: "text-embedding-3-small",
                prices: None,
            },
        ]),
        versions: &[(0, "1.4.0"), (450, "1.5.0"), (900, "1.6.0")],
        weight: 0.20,
        offers: [22, 24],
        skill: "sales",
        reports: false,
    },
];

/// What happens in a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An answer that is always the same.
    Answer,
    /// An answer from a tool.
    Lookup,
    /// An answer that is generated from knowledge.
    Knowledge,
    /// Questions, perhaps a tool, then the answer.
    Form(&'static [usize]),
}

/// What a topic brings about when it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    Nothing,
    Service,
    Lead,
    Order,
}

/// A custom topic.
pub(crate) struct Topic {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) bot: usize,
    pub(crate) weight: f64,
    pub(crate) shape: Shape,
    pub(crate) tool: Option<&'static str>,
    /// How often it helps.
    pub(crate) helps: f64,
    /// How often the author passes on to people even so.
    pub(crate) passes_on: f64,
    pub(crate) goal: Goal,
    /// What is often asked for next.
    pub(crate) next: Option<usize>,
}

const fn topic(id: &'static str, name: &'static str, bot: usize, weight: f64) -> Topic {
    Topic {
        id,
        name,
        bot,
        weight,
        shape: Shape::Answer,
        tool: None,
        helps: 0.82,
        passes_on: 0.0,
        goal: Goal::Nothing,
        next: None,
    }
}

impl Topic {
    const fn lookup(mut self, tool: &'static str) -> Self {
        self.shape = Shape::Lookup;
        self.tool = Some(tool);
        self
    }
    const fn knowledge(mut self) -> Self {
        self.shape = Shape::Knowledge;
        self
    }
    const fn form(mut self, fields: &'static [usize]) -> Self {
        self.shape = Shape::Form(fields);
        self
    }
    const fn tool(mut self, tool: &'static str) -> Self {
        self.tool = Some(tool);
        self
    }
    const fn helps(mut self, share: f64) -> Self {
        self.helps = share;
        self
    }
    const fn passes_on(mut self, share: f64) -> Self {
        self.passes_on = share;
        self
    }
    const fn goal(mut self, goal: Goal) -> Self {
        self.goal = goal;
        self
    }
    const fn next(mut self, topic: usize) -> Self {
        self.next = Some(topic);
        self
    }

    /// Whether the bad release breaks it.
    pub(crate) fn broken(&self) -> bool {
        Story::BROKEN_TOPICS.contains(&self.id)
    }
}

/// The custom topics; texts are found under the same position.
pub(crate) const TOPICS: [Topic; 30] = [
    topic("outage", "Service outage", CARE, 9.0)
        .lookup("line_status")
        .helps(0.78)
        .next(7),
    topic("slow_internet", "Slow internet", CARE, 11.0)
        .lookup("line_diagnostics")
        .helps(0.76)
        .next(7),
    topic("router_setup", "Router set-up", CARE, 7.0)
        .knowledge()
        .helps(0.80),
    topic("invoice_explained", "Invoice explained", CARE, 13.0)
        .lookup("billing_lookup")
        .helps(0.80)
        .next(4),
    topic("payment_extension", "Payment extension", CARE, 4.0)
        .form(&[CUSTOMER_NUMBER, DATE])
        .passes_on(0.12),
    topic("tariff_change", "Change of tariff", CARE, 6.0)
        .form(&[CUSTOMER_NUMBER])
        .goal(Goal::Service),
    topic("move_home", "Moving home", CARE, 3.0)
        .form(&[CUSTOMER_NUMBER, DATE, POSTCODE])
        .tool("move_booking")
        .goal(Goal::Service),
    topic("technician_visit", "Technician appointment", CARE, 7.0)
        .form(&[POSTCODE, DATE, PHONE])
        .tool("appointment_calendar")
        .helps(0.84)
        .goal(Goal::Service),
    topic("meter_reading", "Meter reading", CARE, 6.0)
        .form(&[CUSTOMER_NUMBER, METER_NUMBER, METER_VALUE])
        .tool("meter_store")
        .helps(0.92)
        .goal(Goal::Service),
    topic("roaming", "Roaming abroad", CARE, 4.0).knowledge(),
    topic("sim_card", "SIM card", CARE, 4.0).helps(0.70),
    topic("contract_end", "Ending a contract", CARE, 4.0)
        .form(&[REASON])
        .passes_on(0.45),
    topic("balance", "Account balance", ACCOUNT, 12.0)
        .lookup("account_lookup")
        .helps(0.92)
        .next(18),
    topic("card_lost", "Lost or stolen card", ACCOUNT, 5.0)
        .form(&[CARD_DIGITS])
        .tool("card_block")
        .passes_on(0.25)
        .goal(Goal::Service),
    topic("card_limit", "Card limit", ACCOUNT, 5.0)
        .form(&[AMOUNT])
        .tool("card_limits"),
    topic("transfer_status", "Status of a transfer", ACCOUNT, 8.0)
        .lookup("transfer_lookup")
        .helps(0.78),
    topic("standing_order", "Standing order", ACCOUNT, 4.0)
        .form(&[AMOUNT, DATE])
        .goal(Goal::Service),
    topic("password_reset", "Password reset", ACCOUNT, 10.0).helps(0.84),
    topic("loan_interest", "Loan interest", ACCOUNT, 4.0)
        .knowledge()
        .helps(0.74)
        .goal(Goal::Lead),
    topic("address_change", "Change of address", ACCOUNT, 3.0)
        .form(&[POSTCODE])
        .tool("address_store")
        .helps(0.90)
        .goal(Goal::Service),
    topic("statements", "Account statements", ACCOUNT, 5.0).helps(0.88),
    topic("fee_dispute", "Disputed fee", ACCOUNT, 4.0)
        .form(&[AMOUNT, REASON])
        .helps(0.55)
        .passes_on(0.30),
    topic("offers", "Current offers", SALES, 9.0)
        .helps(0.76)
        .next(25),
    topic("coverage", "Coverage check", SALES, 8.0)
        .form(&[POSTCODE])
        .tool("coverage_lookup")
        .next(25),
    topic("order_status", "Order status", SALES, 12.0)
        .lookup("order_lookup")
        .helps(0.86),
    topic("new_contract", "New contract", SALES, 7.0)
        .form(&[POSTCODE, EMAIL])
        .tool("order_desk")
        .helps(0.86)
        .goal(Goal::Order),
    topic("device_advice", "Device advice", SALES, 5.0)
        .knowledge()
        .helps(0.72)
        .next(28),
    topic("returns", "Return of goods", SALES, 5.0)
        .form(&[ORDER_NUMBER, REASON])
        .tool("returns_desk")
        .goal(Goal::Service),
    topic("accessories", "Accessories", SALES, 2.0).helps(0.66),
    topic("call_back", "Call back", SALES, 3.0)
        .form(&[PHONE])
        .helps(0.94)
        .goal(Goal::Lead),
];

/// Where answers are found, best first. The last but one is never cited; the last fails at times.
pub(crate) const SOURCES: [&str; 6] = [
    "help-centre",
    "price-list",
    "terms-and-conditions",
    "device-manuals",
    Story::UNUSED_SOURCE,
    Story::FAILING_SOURCE,
];

/// The pages of the service's site on which each bot sits.
pub(crate) const PAGES: [[&str; 3]; 3] = [
    [
        "https://service.example/help",
        "https://service.example/my/invoices",
        "https://service.example/my/connection",
    ],
    [
        "https://service.example/my/account",
        "https://service.example/my/cards",
        "https://service.example/login",
    ],
    [
        "https://service.example/offers",
        "https://service.example/offers/fibre",
        "https://service.example/shop/basket",
    ],
];

/// The pages from which users come.
pub(crate) const REFERRERS: [&str; 4] = [
    "https://search.example/",
    "https://compare.example/fibre",
    "https://social.example/",
    "https://service.example/",
];

/// The skills of agents to which a user is passed on from another skill.
pub(crate) const SECOND_SKILL: &str = "billing";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_story_names_exists() {
        for name in Story::BROKEN_TOPICS {
            let topic = TOPICS.iter().find(|topic| topic.id == name).unwrap();
            assert_eq!(BOTS[topic.bot].id, Story::BAD_BOT);
            assert!(Story::BROKEN_TOOLS.contains(&topic.tool.unwrap()));
        }
        assert!(TOPICS.iter().any(|topic| topic.id == Story::OUTAGE_TOPIC));
        assert_eq!(
            format!("{}.{}", TOPICS[8].id, FIELDS[METER_NUMBER]),
            Story::DROPOFF_QUESTION
        );
    }

    #[test]
    fn offers_and_next_topics_belong_to_their_bot() {
        for (position, bot) in BOTS.iter().enumerate() {
            assert!(
                bot.offers
                    .iter()
                    .all(|offer| TOPICS[*offer].bot == position)
            );
        }
        for topic in &TOPICS {
            assert!(topic.next.is_none_or(|next| TOPICS[next].bot == topic.bot));
        }
    }
}

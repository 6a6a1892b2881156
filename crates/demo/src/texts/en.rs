//! English.

use super::{Phrases, TopicTexts};

const fn topic(title: &'static str, asks: [&'static str; 3], answer: &'static str) -> TopicTexts {
    TopicTexts {
        title,
        asks,
        answer,
    }
}

pub(super) const PHRASES: Phrases = Phrases {
    openers: ["Hi, ", "Hello, ", "Good day, ", "Quick question: "],
    closers: [" please", ", thanks", " asap"],
    hello: ["hello", "hi there", "good morning"],
    greeting: [
        "Hello! I can help with your connection, your invoice and your contract. What is it about?",
        "Welcome. I can help with your account, cards and transfers. What can I do for you?",
        "Hi! Looking for an offer, an order or advice? Just ask.",
    ],
    guided_greeting: "Hi! Most people come for one of these. Choose one, or tell me in your own words.",
    proactive: [
        "Can I help you to choose?",
        "Your appointment is tomorrow. Do you want to change anything?",
    ],
    topics: [
        topic(
            "Outage",
            [
                "my internet is down",
                "there is no signal since this morning",
                "is there an outage in my area",
            ],
            "There is a fault in your area. Our technicians are on it and expect to be done within four hours.",
        ),
        topic(
            "Slow internet",
            [
                "my internet is very slow",
                "I only get a tenth of the promised speed",
                "the connection keeps dropping in the evening",
            ],
            "I measured your line: it is fine now. Please restart the router and place it away from other devices.",
        ),
        topic(
            "Router set-up",
            [
                "how do I set up the new router",
                "the router blinks red",
                "where do I find the wifi password",
            ],
            "Plug the router into the first socket, wait until the light is steady, then use the key printed underneath.",
        ),
        topic(
            "My invoice",
            [
                "why is my invoice higher this month",
                "I don't understand my bill",
                "what is this amount on my invoice",
            ],
            "Your invoice is higher because it covers a part of the month before at the new price.",
        ),
        topic(
            "Pay later",
            [
                "can I pay my bill later",
                "I need more time to pay",
                "I would like to pay in instalments",
            ],
            "The payment is moved to the date that you chose. There is nothing more to do.",
        ),
        topic(
            "Change tariff",
            [
                "I want to change my tariff",
                "do you have a cheaper plan for me",
                "switch me to the bigger data plan",
            ],
            "Your new tariff begins on the first of next month.",
        ),
        topic(
            "Moving home",
            [
                "I am moving, can I take my contract with me",
                "my new flat needs internet from next month",
                "how do I report a move",
            ],
            "Your move is noted. We switch the line at the new address on that day.",
        ),
        topic(
            "Technician",
            [
                "I need a technician",
                "can somebody come and look at the socket",
                "I want to move the technician appointment",
            ],
            "The appointment is booked. You get a message the day before.",
        ),
        topic(
            "Meter reading",
            [
                "I want to report my meter reading",
                "where do I enter the reading of the meter",
                "submit electricity meter",
            ],
            "Thank you, your reading is stored.",
        ),
        topic(
            "Roaming",
            [
                "what does roaming cost abroad",
                "can I use my data on holiday",
                "how much is a call from outside the country",
            ],
            "Within the roaming zone your plan applies as at home. Elsewhere a day pass is the cheapest way.",
        ),
        topic(
            "SIM card",
            [
                "my sim card does not work",
                "I need a new sim",
                "what is the puk of my sim",
            ],
            "You can activate a replacement card and see its PUK on the page behind this link.",
        ),
        topic(
            "End contract",
            [
                "I want to cancel my contract",
                "how do I terminate my plan",
                "when does my contract end",
            ],
            "I have noted that you want to end the contract. A colleague confirms the date.",
        ),
        topic(
            "Balance",
            [
                "what is my balance",
                "how much money is in my account",
                "show the last bookings",
            ],
            "Your balance and the last ten bookings are shown below.",
        ),
        topic(
            "Lost card",
            [
                "I lost my card",
                "my card was stolen",
                "please block my card at once",
            ],
            "The card is blocked. A new one arrives within five working days.",
        ),
        topic(
            "Card limit",
            [
                "raise my card limit",
                "my card was declined, is the limit too low",
                "what is my daily limit",
            ],
            "The new limit is valid from now on.",
        ),
        topic(
            "Transfer",
            [
                "where is my transfer",
                "the money has not arrived yet",
                "I sent a payment to the wrong account",
            ],
            "The transfer is on its way and will be there by tomorrow noon.",
        ),
        topic(
            "Standing order",
            [
                "set up a standing order",
                "I want to change my standing order",
                "stop the monthly transfer",
            ],
            "The standing order is saved.",
        ),
        topic(
            "Password",
            [
                "I forgot my password",
                "I cannot log in",
                "my account is locked after three tries",
            ],
            "You can set a new password with the link that I show you. It is valid for one hour.",
        ),
        topic(
            "Loan interest",
            [
                "what is the interest on a loan",
                "how much would a car loan cost",
                "what rate do I get for ten thousand",
            ],
            "The rate depends on term and amount. For five years it begins at the value in the price list.",
        ),
        topic(
            "New address",
            [
                "my address has changed",
                "please update my postal address",
                "I live somewhere else now",
            ],
            "Your address is changed.",
        ),
        topic(
            "Statements",
            [
                "I need my account statements",
                "download the statement of last year",
                "where is the tax statement",
            ],
            "All statements are in your mailbox; the link opens it.",
        ),
        topic(
            "Disputed fee",
            [
                "why was I charged a fee",
                "I did not agree to this fee",
                "I want the account fee back",
            ],
            "I have passed your objection on. You get an answer within three working days.",
        ),
        topic(
            "Offers",
            [
                "what offers do you have",
                "any discount for new customers",
                "show me the deals",
            ],
            "These are the offers of the week.",
        ),
        topic(
            "Coverage",
            [
                "is fibre available at my address",
                "which speed can I get at home",
                "do you have 5g in my town",
            ],
            "Good news: the fast line is available at your address.",
        ),
        topic(
            "My order",
            [
                "where is my order",
                "when does my parcel arrive",
                "track my delivery",
            ],
            "Your parcel left the warehouse and arrives within two days.",
        ),
        topic(
            "New contract",
            [
                "I want to sign up",
                "I would like to order the fibre plan",
                "open a new contract",
            ],
            "Great choice. I only need a few details.",
        ),
        topic(
            "Device advice",
            [
                "which phone has the best battery",
                "what router do I need for a big house",
                "is the small tablet good enough for video calls",
            ],
            "For that I would take the middle model: the battery lasts two days and it has the newer radio.",
        ),
        topic(
            "Returns",
            [
                "I want to send my order back",
                "how do I return a phone",
                "when do I get my money back",
            ],
            "The label for the return is on its way to your mailbox.",
        ),
        topic(
            "Accessories",
            [
                "do you sell chargers",
                "I need a case for my phone",
                "which cable fits",
            ],
            "Here is what fits your device.",
        ),
        topic(
            "Call me back",
            [
                "please call me back",
                "can a consultant phone me",
                "I prefer to talk on the phone about the offer",
            ],
            "Thank you. We call you within one working day.",
        ),
    ],
    fields: [
        "What is your customer number?",
        "For which date?",
        "What is your postcode?",
        "At which phone number can we reach you?",
        "What is the meter number? It has 16 characters and stands beside the bar code.",
        "What does the meter show?",
        "What is the reason?",
        "What are the last four digits of the card?",
        "Which amount?",
        "What is your e-mail address?",
        "What is the order number?",
    ],
    again: [
        "That does not look right. Could you check it and try again?",
        "I could not use that. Please give it once more.",
    ],
    no_answer: ["where do I find that", "no idea", "the blue one", "wait"],
    reasons: [
        "too expensive",
        "I no longer need it",
        "it does not fit",
        "it was never explained",
    ],
    wishes: [
        [
            "can I use an esim in my watch",
            "connect my smart watch to my plan",
            "watch with its own number",
        ],
        [
            "split the invoice with my flatmate",
            "can two people pay one bill",
            "shared bill for our flat",
        ],
        [
            "pause my contract while I am abroad",
            "put my plan on hold for six months",
            "freeze the subscription during my travels",
        ],
        [
            "how am I paid for my solar power",
            "sell the power of my solar panels",
            "feed-in payment for the balcony panel",
        ],
        [
            "open an account for my child",
            "a card for my daughter who is 12",
            "pocket money account",
        ],
        [
            "I cancelled by mistake, undo it",
            "take back my cancellation",
            "I want to keep my contract after all",
        ],
        [
            "can I get my bill in another language",
            "invoice in French",
            "send the letters in my language",
        ],
        [
            "how much is left on my gift voucher",
            "redeem a voucher",
            "my gift code does not work",
        ],
    ],
    noise: ["asdf", "??", "hm", "the thing from last time", "ok so"],
    rephrase: [
        "let me say it differently",
        "I mean the thing on my account",
        "I already told you, it does not work",
    ],
    fallback: [
        "Sorry, I did not understand that. Could you say it in other words?",
        "I am not sure what you mean. Try a short sentence.",
    ],
    did_you_mean: "Did you mean one of these?",
    none_of_these: "None of these",
    no_source: "I found nothing about that in my sources.",
    failed: "Something went wrong on our side. I cannot look that up at the moment.",
    not_helped: "I am afraid that this is all I can find on it.",
    answered: "Did that answer your question?",
    yes: ["yes", "yes, thank you", "yep"],
    no: ["no", "not really", "no, that does not help"],
    success: "Glad to hear that!",
    failure: "I am sorry. Let us try it another way.",
    thanks: ["thanks", "thank you very much", "great, thanks"],
    welcome: "You are welcome.",
    bye: ["bye", "that was all"],
    goodbye: "Goodbye and see you soon.",
    start_over: "start over",
    started_over: "All right, from the beginning. What is it about?",
    person: [
        "I want to talk to a person",
        "human please",
        "connect me with an agent",
        "can I speak to somebody real",
    ],
    operator: "Talk to a person",
    passing: "I am passing you on to a colleague.",
    try_first: "I may be able to help faster. What is it about?",
    queue: "All colleagues are busy. You are next in the queue.",
    unavailable: "Nobody is here at this hour. We are back at seven.",
    refused: "I am sorry, we cannot take this request here.",
    ticket: "I have written a ticket. You get an answer by e-mail.",
    agent_hello: [
        "Good day, I have read the chat. How can I help?",
        "Hello, what is it about?",
    ],
    agent: [
        "One moment, I am looking it up.",
        "I have corrected that for you.",
        "Could you tell me your customer number?",
        "That will show on your next invoice.",
    ],
    to_agent: [
        "it is still not working",
        "I have been waiting for days",
        "ok",
        "as I told the bot already",
    ],
    agent_bye: "Is there anything else? Then have a good day.",
    csat: "How satisfied were you with this chat? 1 is bad, 5 is very good.",
    praise: [
        "fast and clear",
        "got it done in a minute",
        "very helpful",
        "better than the hotline",
    ],
    blame: [
        "it never understood me",
        "had to repeat everything",
        "waited too long",
        "no answer to my question",
        "only an error message",
    ],
    nps: "How likely would you recommend us? 0 is not at all, 10 is certainly.",
    thumb_down: [
        "out of date",
        "not my question",
        "the link is dead",
        "too long",
    ],
    thumb_up: ["exactly what I needed", "clear"],
    more: "Read more",
    call: "Call us",
    newsletter: "Subscribe to the newsletter",
    ordered: "Thank you for your order. The confirmation is in your mailbox.",
    attachment: "photo.jpg",
};

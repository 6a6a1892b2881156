//! German.

use super::{Phrases, TopicTexts};

const fn topic(title: &'static str, asks: [&'static str; 3], answer: &'static str) -> TopicTexts {
    TopicTexts {
        title,
        asks,
        answer,
    }
}

pub(super) const PHRASES: Phrases = Phrases {
    openers: ["Hallo, ", "Guten Tag, ", "Servus, ", "Kurze Frage: "],
    closers: [" bitte", ", danke", " und zwar schnell"],
    hello: ["hallo", "guten Tag", "grüß Gott"],
    greeting: [
        "Hallo! Ich helfe bei Anschluss, Rechnung und Vertrag. Worum geht es?",
        "Willkommen. Ich helfe bei Konto, Karten und Überweisungen. Was kann ich für Sie tun?",
        "Hallo! Suchen Sie ein Angebot, eine Bestellung oder Rat? Fragen Sie einfach.",
    ],
    guided_greeting: "Hallo! Die meisten kommen wegen eines dieser Themen. Wählen Sie eines oder schreiben Sie frei.",
    proactive: [
        "Darf ich Ihnen bei der Auswahl helfen?",
        "Morgen ist Ihr Termin. Möchten Sie etwas ändern?",
    ],
    topics: [
        topic(
            "Störung",
            [
                "mein Internet geht nicht",
                "seit heute früh kein Empfang",
                "gibt es bei uns eine Störung",
            ],
            "In Ihrer Gegend ist eine Störung. Unsere Techniker arbeiten daran und rechnen mit vier Stunden.",
        ),
        topic(
            "Langsames Internet",
            [
                "das Internet ist sehr langsam",
                "ich bekomme nur ein Zehntel der Geschwindigkeit",
                "abends bricht die Verbindung ständig ab",
            ],
            "Ich habe Ihre Leitung gemessen: Sie ist jetzt in Ordnung. Bitte starten Sie den Router neu.",
        ),
        topic(
            "Router einrichten",
            [
                "wie richte ich den neuen Router ein",
                "der Router blinkt rot",
                "wo steht das WLAN-Passwort",
            ],
            "Stecken Sie den Router in die erste Dose und warten Sie auf das Dauerlicht. Der Schlüssel steht auf der Unterseite.",
        ),
        topic(
            "Rechnung",
            [
                "warum ist meine Rechnung diesmal höher",
                "ich verstehe meine Rechnung nicht",
                "was ist das für ein Betrag auf der Rechnung",
            ],
            "Die Rechnung ist höher, weil ein Teil des Vormonats zum neuen Preis enthalten ist.",
        ),
        topic(
            "Später zahlen",
            [
                "kann ich die Rechnung später zahlen",
                "ich brauche einen Zahlungsaufschub",
                "ich möchte in Raten zahlen",
            ],
            "Die Zahlung ist auf das gewählte Datum verschoben. Mehr ist nicht zu tun.",
        ),
        topic(
            "Tarif wechseln",
            [
                "ich will den Tarif wechseln",
                "haben Sie etwas Günstigeres für mich",
                "bitte auf das größere Datenpaket umstellen",
            ],
            "Ihr neuer Tarif beginnt am Ersten des nächsten Monats.",
        ),
        topic(
            "Umzug",
            [
                "ich ziehe um, kann ich den Vertrag mitnehmen",
                "die neue Wohnung braucht ab nächstem Monat Internet",
                "wie melde ich einen Umzug",
            ],
            "Ihr Umzug ist vermerkt. Wir schalten den Anschluss an diesem Tag um.",
        ),
        topic(
            "Techniker",
            [
                "ich brauche einen Techniker",
                "kann sich jemand die Dose ansehen",
                "ich muss den Technikertermin verschieben",
            ],
            "Der Termin ist gebucht. Am Tag davor bekommen Sie eine Nachricht.",
        ),
        topic(
            "Zählerstand",
            [
                "ich möchte den Zählerstand melden",
                "wo trage ich den Zählerstand ein",
                "Strom ablesen und melden",
            ],
            "Danke, Ihr Zählerstand ist gespeichert.",
        ),
        topic(
            "Roaming",
            [
                "was kostet Roaming im Ausland",
                "kann ich im Urlaub meine Daten nutzen",
                "wie teuer ist ein Anruf aus dem Ausland",
            ],
            "In der Roamingzone gilt Ihr Tarif wie zu Hause. Sonst ist der Tagespass am günstigsten.",
        ),
        topic(
            "SIM-Karte",
            [
                "meine SIM geht nicht",
                "ich brauche eine neue SIM-Karte",
                "wo finde ich die PUK",
            ],
            "Auf der verlinkten Seite schalten Sie eine Ersatzkarte frei und sehen die PUK.",
        ),
        topic(
            "Kündigung",
            [
                "ich möchte kündigen",
                "wie kündige ich den Vertrag",
                "wann läuft mein Vertrag aus",
            ],
            "Ihr Kündigungswunsch ist vermerkt. Das Datum bestätigt ein Kollege.",
        ),
        topic(
            "Kontostand",
            [
                "wie ist mein Kontostand",
                "wie viel Geld ist auf dem Konto",
                "zeig mir die letzten Buchungen",
            ],
            "Unten sehen Sie den Kontostand und die letzten zehn Buchungen.",
        ),
        topic(
            "Karte verloren",
            [
                "ich habe meine Karte verloren",
                "meine Karte wurde gestohlen",
                "bitte sofort die Karte sperren",
            ],
            "Die Karte ist gesperrt. Eine neue kommt in fünf Werktagen.",
        ),
        topic(
            "Kartenlimit",
            [
                "Kartenlimit erhöhen",
                "meine Karte wurde abgelehnt, ist das Limit zu klein",
                "wie hoch ist mein Tageslimit",
            ],
            "Das neue Limit gilt ab sofort.",
        ),
        topic(
            "Überweisung",
            [
                "wo bleibt meine Überweisung",
                "das Geld ist noch nicht da",
                "ich habe an das falsche Konto überwiesen",
            ],
            "Die Überweisung ist unterwegs und morgen Mittag da.",
        ),
        topic(
            "Dauerauftrag",
            [
                "Dauerauftrag einrichten",
                "ich will meinen Dauerauftrag ändern",
                "die monatliche Zahlung stoppen",
            ],
            "Der Dauerauftrag ist gespeichert.",
        ),
        topic(
            "Passwort",
            [
                "Passwort vergessen",
                "ich kann mich nicht anmelden",
                "mein Zugang ist nach drei Versuchen gesperrt",
            ],
            "Mit dem gezeigten Link setzen Sie ein neues Passwort. Er gilt eine Stunde.",
        ),
        topic(
            "Kreditzinsen",
            [
                "wie hoch sind die Zinsen für einen Kredit",
                "was kostet ein Autokredit",
                "welchen Zinssatz bekomme ich für zehntausend",
            ],
            "Der Satz hängt von Laufzeit und Betrag ab. Für fünf Jahre steht der Beginn in der Preisliste.",
        ),
        topic(
            "Neue Adresse",
            [
                "meine Adresse hat sich geändert",
                "bitte die Postadresse ändern",
                "ich wohne jetzt woanders",
            ],
            "Ihre Adresse ist geändert.",
        ),
        topic(
            "Auszüge",
            [
                "ich brauche meine Kontoauszüge",
                "Auszug vom letzten Jahr herunterladen",
                "wo ist die Steuerbescheinigung",
            ],
            "Alle Auszüge liegen im Postfach; der Link öffnet es.",
        ),
        topic(
            "Gebühr",
            [
                "warum wurde mir eine Gebühr berechnet",
                "dieser Gebühr habe ich nicht zugestimmt",
                "ich will die Kontogebühr zurück",
            ],
            "Ihr Einspruch ist weitergeleitet. Die Antwort kommt in drei Werktagen.",
        ),
        topic(
            "Angebote",
            [
                "welche Angebote gibt es",
                "gibt es Rabatt für Neukunden",
                "zeig mir die Aktionen",
            ],
            "Das sind die Angebote der Woche.",
        ),
        topic(
            "Verfügbarkeit",
            [
                "gibt es bei mir Glasfaser",
                "welche Geschwindigkeit bekomme ich zu Hause",
                "habt ihr 5G bei uns im Ort",
            ],
            "Gute Nachricht: Der schnelle Anschluss ist an Ihrer Adresse verfügbar.",
        ),
        topic(
            "Bestellung",
            [
                "wo ist meine Bestellung",
                "wann kommt mein Paket",
                "Sendung verfolgen",
            ],
            "Ihr Paket hat das Lager verlassen und ist in zwei Tagen da.",
        ),
        topic(
            "Neuer Vertrag",
            [
                "ich möchte einen Vertrag abschließen",
                "ich will Glasfaser bestellen",
                "neu anmelden",
            ],
            "Gute Wahl. Ich brauche nur ein paar Angaben.",
        ),
        topic(
            "Geräteberatung",
            [
                "welches Handy hat den besten Akku",
                "welcher Router passt für ein großes Haus",
                "reicht das kleine Tablet für Videoanrufe",
            ],
            "Dafür nähme ich das mittlere Modell: Der Akku hält zwei Tage, und der Funk ist neuer.",
        ),
        topic(
            "Rückgabe",
            [
                "ich möchte die Bestellung zurückschicken",
                "wie gebe ich ein Handy zurück",
                "wann bekomme ich mein Geld zurück",
            ],
            "Das Etikett für die Rücksendung ist unterwegs in Ihr Postfach.",
        ),
        topic(
            "Zubehör",
            [
                "verkauft ihr Ladegeräte",
                "ich brauche eine Hülle",
                "welches Kabel passt",
            ],
            "Das passt zu Ihrem Gerät.",
        ),
        topic(
            "Rückruf",
            [
                "bitte rufen Sie mich zurück",
                "kann mich ein Berater anrufen",
                "ich bespreche das Angebot lieber am Telefon",
            ],
            "Danke. Wir rufen Sie innerhalb eines Werktags an.",
        ),
    ],
    fields: [
        "Wie lautet Ihre Kundennummer?",
        "Für welches Datum?",
        "Wie lautet Ihre Postleitzahl?",
        "Unter welcher Nummer erreichen wir Sie?",
        "Wie lautet die Zählernummer? Sie hat 16 Zeichen und steht neben dem Strichcode.",
        "Was zeigt der Zähler an?",
        "Was ist der Grund?",
        "Wie lauten die letzten vier Ziffern der Karte?",
        "Welcher Betrag?",
        "Wie lautet Ihre E-Mail-Adresse?",
        "Wie lautet die Bestellnummer?",
    ],
    again: [
        "Das sieht nicht richtig aus. Können Sie es prüfen und noch einmal versuchen?",
        "Damit kann ich nichts anfangen. Bitte noch einmal.",
    ],
    no_answer: ["wo finde ich das", "keine Ahnung", "die blaue", "Moment"],
    reasons: [
        "zu teuer",
        "ich brauche es nicht mehr",
        "es passt nicht",
        "das wurde nie erklärt",
    ],
    wishes: [
        [
            "eSIM in der Uhr nutzen",
            "kann ich meine Smartwatch mit dem Tarif verbinden",
            "Uhr mit eigener Nummer",
        ],
        [
            "Rechnung mit dem Mitbewohner teilen",
            "können zwei Leute eine Rechnung zahlen",
            "gemeinsame Rechnung für die WG",
        ],
        [
            "Vertrag pausieren, während ich im Ausland bin",
            "Tarif für sechs Monate ruhen lassen",
            "Vertrag auf der Reise stilllegen",
        ],
        [
            "was bekomme ich für meinen Solarstrom",
            "Strom von der Solaranlage verkaufen",
            "Einspeisevergütung für das Balkonkraftwerk",
        ],
        [
            "Konto für mein Kind eröffnen",
            "eine Karte für meine Tochter mit 12",
            "Taschengeldkonto",
        ],
        [
            "ich habe aus Versehen gekündigt",
            "Kündigung zurücknehmen",
            "ich will den Vertrag doch behalten",
        ],
        [
            "kann ich die Rechnung in einer anderen Sprache bekommen",
            "Rechnung auf Englisch",
            "Briefe in meiner Sprache schicken",
        ],
        [
            "wie viel ist noch auf meinem Gutschein",
            "Gutschein einlösen",
            "mein Geschenkcode geht nicht",
        ],
    ],
    noise: ["asdf", "??", "hm", "das von letztem Mal", "ok also"],
    rephrase: [
        "ich sage es anders",
        "ich meine das mit meinem Konto",
        "habe ich schon gesagt, es geht nicht",
    ],
    fallback: [
        "Das habe ich leider nicht verstanden. Können Sie es anders sagen?",
        "Ich bin nicht sicher, was Sie meinen. Versuchen Sie es mit einem kurzen Satz.",
    ],
    did_you_mean: "Meinten Sie eines davon?",
    none_of_these: "Nichts davon",
    no_source: "Dazu finde ich in meinen Quellen nichts.",
    failed: "Bei uns ist etwas schiefgegangen. Ich kann das gerade nicht nachsehen.",
    not_helped: "Mehr finde ich dazu leider nicht.",
    answered: "Ist Ihre Frage damit beantwortet?",
    yes: ["ja", "ja, danke", "passt"],
    no: ["nein", "nicht wirklich", "nein, das hilft nicht"],
    success: "Das freut mich!",
    failure: "Das tut mir leid. Versuchen wir es anders.",
    thanks: ["danke", "vielen Dank", "super, danke"],
    welcome: "Gern geschehen.",
    bye: ["tschüss", "das war alles"],
    goodbye: "Auf Wiedersehen und bis bald.",
    start_over: "von vorn",
    started_over: "Gut, von vorn. Worum geht es?",
    person: [
        "ich will mit einem Menschen sprechen",
        "Mitarbeiter bitte",
        "verbinden Sie mich mit jemandem",
        "kann ich mit einer echten Person reden",
    ],
    operator: "Mit einem Menschen sprechen",
    passing: "Ich gebe Sie an einen Kollegen weiter.",
    try_first: "Vielleicht kann ich schneller helfen. Worum geht es?",
    queue: "Alle Kollegen sind im Gespräch. Sie sind als Nächstes dran.",
    unavailable: "Um diese Zeit ist niemand da. Ab sieben sind wir wieder hier.",
    refused: "Leider können wir diese Anfrage hier nicht annehmen.",
    ticket: "Ich habe ein Ticket geschrieben. Die Antwort kommt per E-Mail.",
    agent_hello: [
        "Guten Tag, ich habe den Verlauf gelesen. Wie kann ich helfen?",
        "Hallo, worum geht es?",
    ],
    agent: [
        "Einen Moment, ich sehe nach.",
        "Das habe ich für Sie korrigiert.",
        "Wie lautet Ihre Kundennummer?",
        "Das sehen Sie auf der nächsten Rechnung.",
    ],
    to_agent: [
        "es geht immer noch nicht",
        "ich warte seit Tagen",
        "ok",
        "wie ich dem Bot schon gesagt habe",
    ],
    agent_bye: "Sonst noch etwas? Dann einen schönen Tag.",
    csat: "Wie zufrieden waren Sie mit diesem Chat? 1 ist schlecht, 5 ist sehr gut.",
    praise: [
        "schnell und klar",
        "in einer Minute erledigt",
        "sehr hilfreich",
        "besser als die Hotline",
    ],
    blame: [
        "hat mich nie verstanden",
        "musste alles wiederholen",
        "zu lange gewartet",
        "keine Antwort auf meine Frage",
        "nur eine Fehlermeldung",
    ],
    nps: "Wie wahrscheinlich würden Sie uns empfehlen? 0 ist gar nicht, 10 ist sicher.",
    thumb_down: [
        "veraltet",
        "war nicht meine Frage",
        "der Link ist tot",
        "zu lang",
    ],
    thumb_up: ["genau das habe ich gebraucht", "verständlich"],
    more: "Mehr lesen",
    call: "Anrufen",
    newsletter: "Newsletter abonnieren",
    ordered: "Danke für Ihre Bestellung. Die Bestätigung liegt im Postfach.",
    attachment: "foto.jpg",
};

//! What the words before a number say of it, in several languages.

/// The nature of a number as the words around it have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    /// A phone number was announced.
    Phone,
    /// An order, ticket, parcel, article or the like.
    Order,
    /// An account, customer or identity number.
    Account,
    /// A price or a quantity.
    Amount,
    /// Nothing is said.
    Unknown,
}

/// How far back is looked, in bytes and in words.
const REACH: usize = 56;
const WORDS: usize = 5;

/// Beginnings of words, in lower case. German and Nordic compounds (`Bestellnummer`) begin with what
/// matters; those that end with it are in the next list.
const STEMS: &[(&str, Context)] = &[
    ("phone", Context::Phone),
    ("tel", Context::Phone),
    ("tél", Context::Phone),
    ("mobil", Context::Phone),
    ("móvil", Context::Phone),
    ("movil", Context::Phone),
    ("cell", Context::Phone),
    ("handy", Context::Phone),
    ("ruf", Context::Phone),
    ("fax", Context::Phone),
    ("contact", Context::Phone),
    ("kontakt", Context::Phone),
    ("whatsapp", Context::Phone),
    ("gsm", Context::Phone),
    ("портатив", Context::Phone),
    ("тел", Context::Phone),
    ("моб", Context::Phone),
    ("هاتف", Context::Phone),
    ("جوال", Context::Phone),
    ("order", Context::Order),
    ("purchase", Context::Order),
    ("achat", Context::Order),
    ("compra", Context::Order),
    ("transa", Context::Order),
    ("bestel", Context::Order),
    ("auftrag", Context::Order),
    ("sendung", Context::Order),
    ("track", Context::Order),
    ("paket", Context::Order),
    ("parcel", Context::Order),
    ("package", Context::Order),
    ("colis", Context::Order),
    ("shipment", Context::Order),
    ("invoice", Context::Order),
    ("rechnung", Context::Order),
    ("factur", Context::Order),
    ("fattur", Context::Order),
    ("fatur", Context::Order),
    ("ticket", Context::Order),
    ("case", Context::Order),
    ("vorgang", Context::Order),
    ("referen", Context::Order),
    ("référen", Context::Order),
    ("booking", Context::Order),
    ("buchung", Context::Order),
    ("reserv", Context::Order),
    ("réserv", Context::Order),
    ("sku", Context::Order),
    ("arti", Context::Order),
    ("artí", Context::Order),
    ("item", Context::Order),
    ("produ", Context::Order),
    ("prodo", Context::Order),
    ("model", Context::Order),
    ("modè", Context::Order),
    ("serial", Context::Order),
    ("serien", Context::Order),
    ("ean", Context::Order),
    ("gtin", Context::Order),
    ("isbn", Context::Order),
    ("upc", Context::Order),
    ("version", Context::Order),
    ("build", Context::Order),
    ("beta", Context::Order),
    ("update", Context::Order),
    ("release", Context::Order),
    ("firmware", Context::Order),
    ("command", Context::Order),
    ("pedido", Context::Order),
    ("encomenda", Context::Order),
    ("ordin", Context::Order),
    ("zamówieni", Context::Order),
    ("заказ", Context::Order),
    ("طلب", Context::Order),
    ("account", Context::Account),
    ("acct", Context::Account),
    ("konto", Context::Account),
    ("compte", Context::Account),
    ("cuenta", Context::Account),
    ("rekening", Context::Account),
    ("счет", Context::Account),
    ("счёт", Context::Account),
    ("customer", Context::Account),
    ("kunden", Context::Account),
    ("klant", Context::Account),
    ("client", Context::Account),
    ("cliente", Context::Account),
    ("member", Context::Account),
    ("mitglied", Context::Account),
    ("passport", Context::Account),
    ("reisepass", Context::Account),
    ("passeport", Context::Account),
    ("pasaporte", Context::Account),
    ("ausweis", Context::Account),
    ("licen", Context::Account),
    ("führerschein", Context::Account),
    ("policy", Context::Account),
    ("insurance", Context::Account),
    ("versicherung", Context::Account),
    ("ssn", Context::Account),
    ("steuer", Context::Account),
    ("tax", Context::Account),
    ("bsn", Context::Account),
    ("pesel", Context::Account),
    ("routing", Context::Account),
    ("price", Context::Amount),
    ("cost", Context::Amount),
    ("preis", Context::Amount),
    ("kostet", Context::Amount),
    ("prix", Context::Amount),
    ("precio", Context::Amount),
    ("preço", Context::Amount),
    ("prezzo", Context::Amount),
    ("timestamp", Context::Amount),
    ("amount", Context::Amount),
    ("betrag", Context::Amount),
    ("total", Context::Amount),
    ("views", Context::Amount),
    ("population", Context::Amount),
    ("einwohner", Context::Amount),
];

/// Whole words that would be too short as beginnings.
const WHOLE: &[(&str, Context)] = &[
    ("call", Context::Phone),
    ("ring", Context::Phone),
    ("anrufen", Context::Phone),
    ("ruft", Context::Phone),
    ("ruf", Context::Phone),
    ("appelez", Context::Phone),
    ("appeler", Context::Phone),
    ("llamar", Context::Phone),
    ("llámame", Context::Phone),
    ("llame", Context::Phone),
    ("portable", Context::Phone),
    ("celular", Context::Phone),
    ("chiamare", Context::Phone),
    ("chiamatemi", Context::Phone),
    ("ligar", Context::Phone),
    ("bel", Context::Phone),
    ("dzwonić", Context::Phone),
    ("social", Context::Account),
    ("conta", Context::Account),
    ("conto", Context::Account),
    ("ref", Context::Order),
    ("po", Context::Order),
    ("awb", Context::Order),
];

/// Parts that tell the nature of a compound that begins with something else (`Privattelefon`,
/// `Kreditkartenkonto`), and words of scripts that are written without spaces.
const PARTS: &[(&str, Context)] = &[
    ("telefon", Context::Phone),
    ("phone", Context::Phone),
    ("handy", Context::Phone),
    ("bestell", Context::Order),
    ("電話", Context::Phone),
    ("电话", Context::Phone),
    ("手机", Context::Phone),
    ("手機", Context::Phone),
    ("携帯", Context::Phone),
    ("전화", Context::Phone),
    ("휴대폰", Context::Phone),
    ("订单", Context::Order),
    ("訂單", Context::Order),
    ("注文", Context::Order),
    ("快递", Context::Order),
    ("주문", Context::Order),
    ("账号", Context::Account),
    ("口座", Context::Account),
    ("계좌", Context::Account),
];

/// The nature that the nearest telling word before this place gives, on the same line.
pub(crate) fn before(text: &str, place: usize) -> Context {
    let mut from = place.saturating_sub(REACH);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let stretch = text.get(from..place).unwrap_or_default();
    let line = stretch
        .rfind(['\n', ';', '!', '?'])
        .and_then(|end| stretch.get(end + 1..))
        .unwrap_or(stretch);
    line.split(|character: char| !character.is_alphabetic())
        .filter(|word| !word.is_empty())
        .rev()
        .take(WORDS)
        .map(of_word)
        .find(|context| *context != Context::Unknown)
        .unwrap_or(Context::Unknown)
}

fn of_word(word: &str) -> Context {
    let word = word.to_lowercase();
    let first = word.as_bytes()[0];
    let told = |list: &[(&str, Context)], fits: &dyn Fn(&str) -> bool| {
        list.iter()
            // Nearly all are dismissed by their first byte.
            .find(|(known, _)| known.as_bytes()[0] == first && fits(known))
            .map(|(_, context)| *context)
    };
    let part = || {
        PARTS
            .iter()
            .find(|(known, _)| known.is_ascii() >= word.is_ascii() && word.contains(known))
            .map(|(_, context)| *context)
    };
    told(WHOLE, &|known| word == known)
        .or_else(|| told(STEMS, &|known| word.starts_with(known)))
        .or_else(part)
        .unwrap_or(Context::Unknown)
}

/// Words and signs that follow a quantity.
const UNITS: &[&str] = &[
    "€",
    "$",
    "£",
    "¥",
    "₽",
    "₹",
    "zł",
    "kč",
    "kr",
    "%",
    "eur",
    "usd",
    "gbp",
    "chf",
    "pln",
    "jpy",
    "inr",
    "sek",
    "nok",
    "dkk",
    "euro",
    "euros",
    "dollar",
    "dollars",
    "pounds",
    "franken",
    "yen",
    "rupees",
    "рублей",
    "руб",
    "km",
    "m",
    "kg",
    "g",
    "mb",
    "gb",
    "tb",
    "kb",
    "bytes",
    "ms",
    "seconds",
    "sekunden",
    "users",
    "people",
    "menschen",
    "views",
    "times",
    "million",
    "millionen",
    "miles",
    "units",
    "stück",
];

/// Whether what begins at this place makes the number before it a quantity.
pub(crate) fn unit_follows(text: &str, place: usize) -> bool {
    let rest = text.get(place..).unwrap_or_default();
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let sign: String = rest.chars().take(1).collect();
    if UNITS.contains(&sign.as_str()) && !rest.starts_with(char::is_alphabetic) {
        return true;
    }
    let word: String = rest
        .chars()
        .take(12)
        .take_while(|character| character.is_alphabetic())
        .flat_map(char::to_lowercase)
        .collect();
    !word.is_empty() && UNITS.contains(&word.as_str())
}

/// Whether the sign of a currency stands before this place.
pub(crate) fn currency_precedes(text: &str, place: usize) -> bool {
    let head = text.get(..place).unwrap_or_default();
    let head = head.strip_suffix(' ').unwrap_or(head);
    head.ends_with(['€', '$', '£', '¥', '₹', '₽'])
        || ["EUR", "USD", "GBP", "CHF"]
            .iter()
            .any(|code| head.ends_with(code))
}

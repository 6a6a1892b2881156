//! Italian.

use super::{Phrases, TopicTexts};

const fn topic(title: &'static str, asks: [&'static str; 3], answer: &'static str) -> TopicTexts {
    TopicTexts {
        title,
        asks,
        answer,
    }
}

pub(super) const PHRASES: Phrases = Phrases {
    openers: ["Ciao, ", "Buongiorno, ", "Salve, ", "Una domanda: "],
    closers: [" per favore", ", grazie", " al più presto"],
    hello: ["ciao", "buongiorno", "salve"],
    greeting: [
        "Ciao! Posso aiutare con la linea, la bolletta e il contratto. Di che cosa si tratta?",
        "Benvenuto. Posso aiutare con conto, carte e bonifici. Che cosa posso fare?",
        "Ciao! Cerchi un'offerta, un ordine o un consiglio? Chiedi pure.",
    ],
    guided_greeting: "Ciao! Di solito si tratta di uno di questi temi. Scegline uno o scrivi liberamente.",
    proactive: [
        "Posso aiutarti a scegliere?",
        "Domani hai un appuntamento. Vuoi cambiare qualcosa?",
    ],
    topics: [
        topic(
            "Guasto",
            [
                "internet non funziona",
                "da stamattina non c'è segnale",
                "c'è un guasto nella mia zona",
            ],
            "C'è un guasto nella tua zona. I tecnici ci lavorano e prevedono quattro ore.",
        ),
        topic(
            "Internet lento",
            [
                "internet è lentissimo",
                "arriva solo un decimo della velocità",
                "la sera la connessione cade sempre",
            ],
            "Ho misurato la linea: ora è a posto. Riavvia il router e tienilo lontano da altri apparecchi.",
        ),
        topic(
            "Installare il router",
            [
                "come installo il nuovo router",
                "il router lampeggia rosso",
                "dove trovo la password del wifi",
            ],
            "Collega il router alla prima presa e aspetta la luce fissa. La chiave è stampata sotto.",
        ),
        topic(
            "Bolletta",
            [
                "perché la bolletta è più alta",
                "non capisco la bolletta",
                "che cos'è questo importo in fattura",
            ],
            "La bolletta è più alta perché comprende una parte del mese scorso al nuovo prezzo.",
        ),
        topic(
            "Pagare dopo",
            [
                "posso pagare più tardi",
                "mi serve una proroga",
                "vorrei pagare a rate",
            ],
            "Il pagamento è spostato alla data scelta. Non serve altro.",
        ),
        topic(
            "Cambiare tariffa",
            [
                "voglio cambiare tariffa",
                "avete un piano più economico",
                "passatemi al piano con più giga",
            ],
            "La nuova tariffa parte dal primo del prossimo mese.",
        ),
        topic(
            "Trasloco",
            [
                "cambio casa, posso portare il contratto",
                "nella nuova casa serve internet dal mese prossimo",
                "come comunico un trasloco",
            ],
            "Il trasloco è registrato. Attiviamo la linea al nuovo indirizzo quel giorno.",
        ),
        topic(
            "Tecnico",
            [
                "mi serve un tecnico",
                "qualcuno può venire a vedere la presa",
                "devo spostare l'appuntamento con il tecnico",
            ],
            "L'appuntamento è fissato. Il giorno prima arriva un messaggio.",
        ),
        topic(
            "Autolettura",
            [
                "voglio comunicare la lettura del contatore",
                "dove inserisco la lettura",
                "autolettura della luce",
            ],
            "Grazie, la lettura è registrata.",
        ),
        topic(
            "Roaming",
            [
                "quanto costa il roaming all'estero",
                "posso usare i giga in vacanza",
                "quanto costa chiamare dall'estero",
            ],
            "Nella zona roaming vale la tua tariffa. Altrove conviene il pass giornaliero.",
        ),
        topic(
            "SIM",
            [
                "la sim non funziona",
                "mi serve una nuova sim",
                "dove trovo il puk",
            ],
            "Nella pagina collegata attivi una nuova scheda e vedi il PUK.",
        ),
        topic(
            "Disdetta",
            [
                "voglio disdire il contratto",
                "come faccio la disdetta",
                "quando scade il mio contratto",
            ],
            "La richiesta di disdetta è registrata. Un collega conferma la data.",
        ),
        topic(
            "Saldo",
            [
                "qual è il mio saldo",
                "quanti soldi ho sul conto",
                "mostrami gli ultimi movimenti",
            ],
            "Qui sotto trovi il saldo e gli ultimi dieci movimenti.",
        ),
        topic(
            "Carta persa",
            [
                "ho perso la carta",
                "mi hanno rubato la carta",
                "bloccate subito la carta",
            ],
            "La carta è bloccata. La nuova arriva in cinque giorni lavorativi.",
        ),
        topic(
            "Limite carta",
            [
                "aumentare il limite della carta",
                "la carta è stata rifiutata, il limite è basso",
                "qual è il limite giornaliero",
            ],
            "Il nuovo limite vale da subito.",
        ),
        topic(
            "Bonifico",
            [
                "dov'è il mio bonifico",
                "i soldi non sono ancora arrivati",
                "ho pagato sul conto sbagliato",
            ],
            "Il bonifico è in viaggio e arriva entro domani a mezzogiorno.",
        ),
        topic(
            "Ordine permanente",
            [
                "impostare un bonifico periodico",
                "voglio cambiare il bonifico periodico",
                "fermare il pagamento mensile",
            ],
            "Il bonifico periodico è salvato.",
        ),
        topic(
            "Password",
            [
                "ho dimenticato la password",
                "non riesco ad accedere",
                "l'accesso è bloccato dopo tre tentativi",
            ],
            "Con il link che vedi imposti una nuova password. Vale un'ora.",
        ),
        topic(
            "Interessi",
            [
                "qual è l'interesse di un prestito",
                "quanto costa un prestito per l'auto",
                "che tasso avrei per diecimila",
            ],
            "Il tasso dipende da durata e importo. Per cinque anni parte dal valore del listino.",
        ),
        topic(
            "Nuovo indirizzo",
            [
                "il mio indirizzo è cambiato",
                "aggiornate il mio indirizzo",
                "ora abito altrove",
            ],
            "L'indirizzo è cambiato.",
        ),
        topic(
            "Estratti conto",
            [
                "mi servono gli estratti conto",
                "scaricare l'estratto dell'anno scorso",
                "dov'è il documento per le tasse",
            ],
            "Tutti gli estratti sono nella casella; il link la apre.",
        ),
        topic(
            "Commissione",
            [
                "perché mi avete addebitato una commissione",
                "non ho accettato questa commissione",
                "rivoglio il canone del conto",
            ],
            "Ho inoltrato il reclamo. La risposta arriva in tre giorni lavorativi.",
        ),
        topic(
            "Offerte",
            [
                "quali offerte avete",
                "ci sono sconti per nuovi clienti",
                "mostrami le promozioni",
            ],
            "Queste sono le offerte della settimana.",
        ),
        topic(
            "Copertura",
            [
                "c'è la fibra al mio indirizzo",
                "che velocità posso avere a casa",
                "avete il 5g nel mio paese",
            ],
            "Buone notizie: la linea veloce è disponibile al tuo indirizzo.",
        ),
        topic(
            "Ordine",
            [
                "dov'è il mio ordine",
                "quando arriva il pacco",
                "seguire la spedizione",
            ],
            "Il pacco è partito e arriva in due giorni.",
        ),
        topic(
            "Nuovo contratto",
            [
                "voglio attivare un contratto",
                "vorrei ordinare la fibra",
                "nuova attivazione",
            ],
            "Ottima scelta. Mi servono solo alcuni dati.",
        ),
        topic(
            "Consiglio",
            [
                "quale telefono ha la batteria migliore",
                "quale router serve per una casa grande",
                "il tablet piccolo basta per le videochiamate",
            ],
            "Prenderei il modello medio: la batteria dura due giorni e la radio è più nuova.",
        ),
        topic(
            "Reso",
            [
                "voglio restituire l'ordine",
                "come restituisco un telefono",
                "quando riavrò i soldi",
            ],
            "L'etichetta per il reso sta arrivando nella tua casella.",
        ),
        topic(
            "Accessori",
            [
                "vendete caricatori",
                "mi serve una custodia",
                "quale cavo va bene",
            ],
            "Questo va bene per il tuo apparecchio.",
        ),
        topic(
            "Richiamatemi",
            [
                "richiamatemi per favore",
                "un consulente può telefonarmi",
                "preferisco parlare dell'offerta al telefono",
            ],
            "Grazie. Ti chiamiamo entro un giorno lavorativo.",
        ),
    ],
    fields: [
        "Qual è il tuo codice cliente?",
        "Per quale data?",
        "Qual è il CAP?",
        "A quale numero possiamo chiamarti?",
        "Qual è il numero del contatore? Ha 16 caratteri ed è accanto al codice a barre.",
        "Che cosa segna il contatore?",
        "Qual è il motivo?",
        "Quali sono le ultime quattro cifre della carta?",
        "Quale importo?",
        "Qual è il tuo indirizzo e-mail?",
        "Qual è il numero dell'ordine?",
    ],
    again: [
        "Non sembra corretto. Puoi controllare e riprovare?",
        "Così non va. Scrivilo ancora una volta.",
    ],
    no_answer: ["dove lo trovo", "non lo so", "quello blu", "aspetta"],
    reasons: [
        "troppo caro",
        "non mi serve più",
        "non va bene",
        "nessuno l'ha mai spiegato",
    ],
    wishes: [
        [
            "usare la esim nell'orologio",
            "collegare lo smartwatch al mio piano",
            "orologio con un numero suo",
        ],
        [
            "dividere la bolletta con il coinquilino",
            "possiamo pagare in due la bolletta",
            "bolletta in comune",
        ],
        [
            "sospendere il contratto mentre sono all'estero",
            "mettere in pausa il piano per sei mesi",
            "congelare l'abbonamento in viaggio",
        ],
        [
            "quanto mi pagate per l'energia solare",
            "vendere la corrente dei pannelli",
            "rimborso per il fotovoltaico da balcone",
        ],
        [
            "aprire un conto per mio figlio",
            "una carta per mia figlia di 12 anni",
            "conto per la paghetta",
        ],
        [
            "ho disdetto per sbaglio",
            "annullare la disdetta",
            "voglio tenere il contratto",
        ],
        [
            "posso avere la bolletta in un'altra lingua",
            "bolletta in inglese",
            "mandate le lettere nella mia lingua",
        ],
        [
            "quanto resta sul buono regalo",
            "usare un buono",
            "il codice regalo non funziona",
        ],
    ],
    noise: ["asdf", "??", "mah", "la cosa dell'altra volta", "allora"],
    rephrase: [
        "lo dico in un altro modo",
        "intendo la cosa del mio conto",
        "l'ho già detto, non funziona",
    ],
    fallback: [
        "Mi dispiace, non ho capito. Puoi dirlo con altre parole?",
        "Non sono sicuro di aver capito. Prova con una frase breve.",
    ],
    did_you_mean: "Intendevi uno di questi?",
    none_of_these: "Nessuno di questi",
    no_source: "Nelle mie fonti non trovo niente su questo.",
    failed: "Qualcosa è andato storto da noi. Ora non posso controllare.",
    not_helped: "Purtroppo non trovo altro su questo.",
    answered: "Ho risposto alla tua domanda?",
    yes: ["sì", "sì, grazie", "certo"],
    no: ["no", "non proprio", "no, non aiuta"],
    success: "Mi fa piacere!",
    failure: "Mi dispiace. Proviamo in un altro modo.",
    thanks: ["grazie", "grazie mille", "perfetto, grazie"],
    welcome: "Prego.",
    bye: ["arrivederci", "era tutto"],
    goodbye: "Arrivederci e a presto.",
    start_over: "ricominciamo",
    started_over: "Va bene, dall'inizio. Di che cosa si tratta?",
    person: [
        "voglio parlare con una persona",
        "operatore per favore",
        "passatemi qualcuno",
        "posso parlare con una persona vera",
    ],
    operator: "Parla con una persona",
    passing: "Ti passo un collega.",
    try_first: "Forse posso aiutare più in fretta. Di che cosa si tratta?",
    queue: "Tutti i colleghi sono occupati. Sei il prossimo.",
    unavailable: "A quest'ora non c'è nessuno. Torniamo alle sette.",
    refused: "Purtroppo qui non possiamo prendere questa richiesta.",
    ticket: "Ho aperto una segnalazione. La risposta arriva per e-mail.",
    agent_hello: [
        "Buongiorno, ho letto la chat. Come posso aiutare?",
        "Salve, di che cosa si tratta?",
    ],
    agent: [
        "Un momento, controllo.",
        "L'ho corretto.",
        "Mi dice il codice cliente?",
        "Lo vedrà nella prossima bolletta.",
    ],
    to_agent: [
        "non funziona ancora",
        "aspetto da giorni",
        "ok",
        "come ho già detto al bot",
    ],
    agent_bye: "Altro? Allora buona giornata.",
    csat: "Quanto sei soddisfatto di questa chat? 1 è male, 5 è ottimo.",
    praise: [
        "veloce e chiaro",
        "risolto in un minuto",
        "molto utile",
        "meglio del telefono",
    ],
    blame: [
        "non mi ha mai capito",
        "ho dovuto ripetere tutto",
        "attesa troppo lunga",
        "nessuna risposta alla domanda",
        "solo un messaggio di errore",
    ],
    nps: "Quanto è probabile che ci consigli? 0 per niente, 10 certamente.",
    thumb_down: [
        "non è aggiornato",
        "non era la mia domanda",
        "il link non va",
        "troppo lungo",
    ],
    thumb_up: ["proprio quello che serviva", "chiaro"],
    more: "Leggi di più",
    call: "Chiamaci",
    newsletter: "Iscriviti alla newsletter",
    ordered: "Grazie per l'ordine. La conferma è nella tua casella.",
    attachment: "foto.jpg",
};

//! Spanish.

use super::{Phrases, TopicTexts};

const fn topic(title: &'static str, asks: [&'static str; 3], answer: &'static str) -> TopicTexts {
    TopicTexts {
        title,
        asks,
        answer,
    }
}

pub(super) const PHRASES: Phrases = Phrases {
    openers: ["Hola, ", "Buenos días, ", "Buenas, ", "Una pregunta: "],
    closers: [" por favor", ", gracias", " cuanto antes"],
    hello: ["hola", "buenos días", "buenas"],
    greeting: [
        "¡Hola! Puedo ayudar con la línea, la factura y el contrato. ¿De qué se trata?",
        "Bienvenido. Puedo ayudar con la cuenta, las tarjetas y las transferencias. ¿Qué necesitas?",
        "¡Hola! ¿Buscas una oferta, un pedido o un consejo? Pregunta.",
    ],
    guided_greeting: "¡Hola! Casi siempre se trata de uno de estos temas. Elige uno o escribe con tus palabras.",
    proactive: [
        "¿Te ayudo a elegir?",
        "Mañana tienes una cita. ¿Quieres cambiar algo?",
    ],
    topics: [
        topic(
            "Avería",
            [
                "no tengo internet",
                "desde esta mañana no hay señal",
                "hay una avería en mi zona",
            ],
            "Hay una avería en tu zona. Los técnicos trabajan en ella y calculan cuatro horas.",
        ),
        topic(
            "Internet lento",
            [
                "internet va muy lento",
                "solo llega una décima parte de la velocidad",
                "por la noche se corta la conexión",
            ],
            "He medido la línea: ahora está bien. Reinicia el router y aléjalo de otros aparatos.",
        ),
        topic(
            "Instalar el router",
            [
                "cómo instalo el router nuevo",
                "el router parpadea en rojo",
                "dónde está la contraseña del wifi",
            ],
            "Conecta el router a la primera toma y espera la luz fija. La clave está impresa debajo.",
        ),
        topic(
            "Factura",
            [
                "por qué la factura es más alta",
                "no entiendo mi factura",
                "qué es este importe de la factura",
            ],
            "La factura es más alta porque incluye una parte del mes anterior con el precio nuevo.",
        ),
        topic(
            "Pagar más tarde",
            [
                "puedo pagar más tarde",
                "necesito más tiempo para pagar",
                "quiero pagar a plazos",
            ],
            "El pago queda para la fecha elegida. No hay que hacer nada más.",
        ),
        topic(
            "Cambiar tarifa",
            [
                "quiero cambiar de tarifa",
                "tenéis un plan más barato",
                "pásame al plan con más datos",
            ],
            "La tarifa nueva empieza el día uno del próximo mes.",
        ),
        topic(
            "Mudanza",
            [
                "me mudo, puedo llevarme el contrato",
                "el piso nuevo necesita internet el mes que viene",
                "cómo aviso de una mudanza",
            ],
            "La mudanza está anotada. Activamos la línea en la nueva dirección ese día.",
        ),
        topic(
            "Técnico",
            [
                "necesito un técnico",
                "puede venir alguien a mirar la toma",
                "tengo que cambiar la cita del técnico",
            ],
            "La cita está reservada. El día antes llega un mensaje.",
        ),
        topic(
            "Lectura",
            [
                "quiero dar la lectura del contador",
                "dónde pongo la lectura",
                "lectura de la luz",
            ],
            "Gracias, la lectura está guardada.",
        ),
        topic(
            "Roaming",
            [
                "cuánto cuesta el roaming en el extranjero",
                "puedo usar mis datos en vacaciones",
                "cuánto cuesta llamar desde fuera",
            ],
            "En la zona de roaming vale tu tarifa. Fuera conviene el pase diario.",
        ),
        topic(
            "SIM",
            [
                "mi sim no funciona",
                "necesito una sim nueva",
                "dónde está el puk",
            ],
            "En la página del enlace activas otra tarjeta y ves el PUK.",
        ),
        topic(
            "Baja",
            [
                "quiero darme de baja",
                "cómo cancelo el contrato",
                "cuándo termina mi contrato",
            ],
            "La baja está anotada. Un compañero confirma la fecha.",
        ),
        topic(
            "Saldo",
            [
                "cuál es mi saldo",
                "cuánto dinero hay en la cuenta",
                "enséñame los últimos movimientos",
            ],
            "Abajo ves el saldo y los últimos diez movimientos.",
        ),
        topic(
            "Tarjeta perdida",
            [
                "he perdido la tarjeta",
                "me han robado la tarjeta",
                "bloquead la tarjeta ya",
            ],
            "La tarjeta está bloqueada. La nueva llega en cinco días laborables.",
        ),
        topic(
            "Límite",
            [
                "subir el límite de la tarjeta",
                "me han rechazado la tarjeta, será el límite",
                "cuál es mi límite diario",
            ],
            "El límite nuevo vale desde ahora.",
        ),
        topic(
            "Transferencia",
            [
                "dónde está mi transferencia",
                "el dinero no ha llegado",
                "he pagado a la cuenta equivocada",
            ],
            "La transferencia va en camino y llega mañana a mediodía.",
        ),
        topic(
            "Orden permanente",
            [
                "crear una orden permanente",
                "quiero cambiar la orden permanente",
                "parar el pago mensual",
            ],
            "La orden permanente está guardada.",
        ),
        topic(
            "Contraseña",
            [
                "he olvidado la contraseña",
                "no puedo entrar",
                "el acceso está bloqueado tras tres intentos",
            ],
            "Con el enlace que ves pones una contraseña nueva. Vale una hora.",
        ),
        topic(
            "Intereses",
            [
                "qué interés tiene un préstamo",
                "cuánto cuesta un préstamo para el coche",
                "qué tipo me dais por diez mil",
            ],
            "El tipo depende del plazo y del importe. A cinco años empieza en el valor de la lista de precios.",
        ),
        topic(
            "Nueva dirección",
            [
                "mi dirección ha cambiado",
                "actualizad mi dirección",
                "ahora vivo en otro sitio",
            ],
            "La dirección está cambiada.",
        ),
        topic(
            "Extractos",
            [
                "necesito los extractos",
                "descargar el extracto del año pasado",
                "dónde está el documento para Hacienda",
            ],
            "Todos los extractos están en el buzón; el enlace lo abre.",
        ),
        topic(
            "Comisión",
            [
                "por qué me habéis cobrado una comisión",
                "no acepté esta comisión",
                "quiero que me devolváis la comisión",
            ],
            "He pasado la reclamación. La respuesta llega en tres días laborables.",
        ),
        topic(
            "Ofertas",
            [
                "qué ofertas tenéis",
                "hay descuento para clientes nuevos",
                "enséñame las promociones",
            ],
            "Estas son las ofertas de la semana.",
        ),
        topic(
            "Cobertura",
            [
                "hay fibra en mi dirección",
                "qué velocidad tengo en casa",
                "tenéis 5g en mi pueblo",
            ],
            "Buenas noticias: la línea rápida está disponible en tu dirección.",
        ),
        topic(
            "Pedido",
            [
                "dónde está mi pedido",
                "cuándo llega el paquete",
                "seguir el envío",
            ],
            "El paquete ha salido y llega en dos días.",
        ),
        topic(
            "Contrato nuevo",
            ["quiero contratar", "quiero pedir la fibra", "alta nueva"],
            "Buena elección. Solo necesito unos datos.",
        ),
        topic(
            "Consejo",
            [
                "qué móvil tiene la mejor batería",
                "qué router hace falta en una casa grande",
                "basta la tableta pequeña para videollamadas",
            ],
            "Yo tomaría el modelo medio: la batería dura dos días y la radio es más nueva.",
        ),
        topic(
            "Devolución",
            [
                "quiero devolver el pedido",
                "cómo devuelvo un móvil",
                "cuándo me devolvéis el dinero",
            ],
            "La etiqueta de la devolución va de camino a tu buzón.",
        ),
        topic(
            "Accesorios",
            [
                "vendéis cargadores",
                "necesito una funda",
                "qué cable sirve",
            ],
            "Esto sirve para tu aparato.",
        ),
        topic(
            "Llamadme",
            [
                "llamadme por favor",
                "puede telefonearme un asesor",
                "prefiero hablar de la oferta por teléfono",
            ],
            "Gracias. Te llamamos en un día laborable.",
        ),
    ],
    fields: [
        "¿Cuál es tu número de cliente?",
        "¿Para qué fecha?",
        "¿Cuál es tu código postal?",
        "¿A qué número te llamamos?",
        "¿Cuál es el número del contador? Tiene 16 caracteres y está junto al código de barras.",
        "¿Qué marca el contador?",
        "¿Cuál es el motivo?",
        "¿Cuáles son las cuatro últimas cifras de la tarjeta?",
        "¿Qué importe?",
        "¿Cuál es tu correo electrónico?",
        "¿Cuál es el número de pedido?",
    ],
    again: [
        "No parece correcto. ¿Puedes comprobarlo y probar otra vez?",
        "Así no me sirve. Escríbelo de nuevo.",
    ],
    no_answer: ["dónde lo encuentro", "ni idea", "el azul", "espera"],
    reasons: [
        "demasiado caro",
        "ya no lo necesito",
        "no me sirve",
        "nadie lo explicó",
    ],
    wishes: [
        [
            "usar la esim en el reloj",
            "conectar el reloj inteligente a mi plan",
            "reloj con número propio",
        ],
        [
            "dividir la factura con mi compañero de piso",
            "podemos pagar la factura entre dos",
            "factura compartida del piso",
        ],
        [
            "pausar el contrato mientras estoy fuera",
            "dejar el plan en suspenso seis meses",
            "congelar la línea durante el viaje",
        ],
        [
            "cuánto me pagáis por la energía solar",
            "vender la luz de mis placas",
            "compensación por la placa del balcón",
        ],
        [
            "abrir una cuenta para mi hijo",
            "una tarjeta para mi hija de 12 años",
            "cuenta para la paga",
        ],
        [
            "me he dado de baja por error",
            "anular la baja",
            "al final quiero seguir con el contrato",
        ],
        [
            "puedo recibir la factura en otro idioma",
            "factura en inglés",
            "enviad las cartas en mi idioma",
        ],
        [
            "cuánto queda en mi cheque regalo",
            "canjear un cheque",
            "mi código de regalo no funciona",
        ],
    ],
    noise: ["asdf", "??", "eh", "lo de la otra vez", "pues"],
    rephrase: [
        "lo digo de otra manera",
        "me refiero a lo de mi cuenta",
        "ya lo he dicho, no funciona",
    ],
    fallback: [
        "Lo siento, no lo he entendido. ¿Puedes decirlo con otras palabras?",
        "No sé bien qué quieres decir. Prueba con una frase corta.",
    ],
    did_you_mean: "¿Querías decir uno de estos?",
    none_of_these: "Ninguno de estos",
    no_source: "No encuentro nada sobre eso en mis fuentes.",
    failed: "Algo ha fallado por nuestra parte. Ahora no puedo consultarlo.",
    not_helped: "Lo siento, no encuentro nada más sobre esto.",
    answered: "¿Ha quedado respondida tu pregunta?",
    yes: ["sí", "sí, gracias", "claro"],
    no: ["no", "la verdad es que no", "no, no me ayuda"],
    success: "¡Me alegro!",
    failure: "Lo siento. Probemos de otra manera.",
    thanks: ["gracias", "muchas gracias", "genial, gracias"],
    welcome: "De nada.",
    bye: ["adiós", "eso era todo"],
    goodbye: "Adiós y hasta pronto.",
    start_over: "empezar de nuevo",
    started_over: "Bien, desde el principio. ¿De qué se trata?",
    person: [
        "quiero hablar con una persona",
        "un agente por favor",
        "ponme con alguien",
        "puedo hablar con una persona de verdad",
    ],
    operator: "Hablar con una persona",
    passing: "Te paso con un compañero.",
    try_first: "Quizá pueda ayudar más rápido. ¿De qué se trata?",
    queue: "Todos los compañeros están ocupados. Eres el siguiente.",
    unavailable: "A esta hora no hay nadie. Volvemos a las siete.",
    refused: "Lo siento, aquí no podemos atender esta petición.",
    ticket: "He abierto un aviso. La respuesta llega por correo.",
    agent_hello: [
        "Buenos días, he leído la conversación. ¿En qué puedo ayudar?",
        "Hola, ¿de qué se trata?",
    ],
    agent: [
        "Un momento, lo miro.",
        "Lo he corregido.",
        "¿Me dices tu número de cliente?",
        "Lo verás en la próxima factura.",
    ],
    to_agent: [
        "sigue sin funcionar",
        "llevo días esperando",
        "vale",
        "como ya le dije al bot",
    ],
    agent_bye: "¿Algo más? Pues buen día.",
    csat: "¿Qué te ha parecido esta conversación? 1 es mal, 5 es muy bien.",
    praise: [
        "rápido y claro",
        "resuelto en un minuto",
        "muy útil",
        "mejor que el teléfono",
    ],
    blame: [
        "no me entendió nunca",
        "tuve que repetirlo todo",
        "demasiada espera",
        "sin respuesta a mi pregunta",
        "solo un mensaje de error",
    ],
    nps: "¿Nos recomendarías? 0 es nada, 10 es seguro.",
    thumb_down: [
        "está anticuado",
        "no era mi pregunta",
        "el enlace no funciona",
        "demasiado largo",
    ],
    thumb_up: ["justo lo que necesitaba", "claro"],
    more: "Leer más",
    call: "Llámanos",
    newsletter: "Suscribirse al boletín",
    ordered: "Gracias por tu pedido. La confirmación está en tu buzón.",
    attachment: "foto.jpg",
};

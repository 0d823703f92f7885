"""What the offline provider says in Spanish."""

from __future__ import annotations

from typing import Final

from knowalledge_api.providers.offline.phrases import (
    HIGH_SCHOOL,
    JUNIOR,
    UNDERGRADUATE,
    Phrases,
    Prepared,
    Voice,
)

SPANISH: Final = Phrases(
    quoted="«{text}»",
    within="{subtopic} dentro del tema {topic}",
    voices={
        JUNIOR: Voice(
            opening="¡Vamos a explorar juntos {subject}, pasito a pasito! Solo necesitas curiosidad, una hoja de papel y un lápiz.",
            comparison="Es como construir con bloques: primero miras cada bloque por separado y después descubres cómo se sostienen unos a otros.",
            closing="¡Muy bien! Ahora cuéntale a alguien de tu casa lo más sorprendente que has descubierto.",
            search="{words} explicado para niños",
        ),
        HIGH_SCHOOL: Voice(
            opening="Esta lección trata de {subject} y te muestra cómo estudiarlo por tu cuenta. Sirve para la clase, los deberes y la preparación de un examen.",
            comparison="Es como leer un mapa: primero encuentras las carreteras principales y luego las calles pequeñas empiezan a tener sentido.",
            closing="Cuando puedas hacerlo con el libro cerrado, habrá llegado el momento de las preguntas más difíciles.",
            search="{words} explicación para secundaria",
        ),
        UNDERGRADUATE: Voice(
            opening="A continuación se presenta un enfoque sistemático de {subject}. Distingue entre definiciones, supuestos, argumentos y pruebas, de modo que cada elemento pueda examinarse por separado.",
            comparison="Puede compararse con el examen de un edificio: los cimientos, aquí los supuestos, deciden cuánto peso soportan los pisos superiores.",
            closing="Como siguiente paso, resume tus resultados en un párrafo y respalda cada afirmación con una fuente que pueda citarse.",
            search="{words} introducción clase universitaria",
        ),
    },
    other=Voice(
        opening="Esta es una introducción a {subject}. Muestra cómo orientarse, desde la primera pregunta hasta un uso seguro.",
        comparison="Aprender algo nuevo se parece a explorar una ciudad: primero unos pocos lugares conocidos y después las calles que los unen.",
        closing="Con estos pasos puedes seguir aprendiendo a tu propio ritmo.",
        search="{words} explicado para principiantes",
    ),
    styles={
        "visual": "Como te gusta aprender con imágenes, dibuja cada paso en un esquema y da a cada parte su propio color.",
        "auditory": "Como te gusta aprender escuchando, lee cada paso en voz alta y graba tu propia explicación.",
        "reading": "Como te gusta aprender leyendo y escribiendo, toma notas breves con frases completas y vuelve a redactarlas una vez.",
        "kinesthetic": "Como te gusta aprender haciendo, representa cada paso con tarjetas, con objetos o con una pequeña maqueta.",
    },
    sections=(
        (
            "Convierte {name} en una pregunta sencilla: ¿qué sabrías, o qué podrías hacer, si lo comprendieras?",
            "Anota lo que ya crees saber, aunque tengas dudas, para poder compararlo más adelante.",
            "Pregúntate cómo se empezó a hablar de ello y qué se quería averiguar.",
            "Apunta cada palabra que no podrías explicar a otra persona y busca su significado.",
        ),
        (
            "Un tema amplio se vuelve manejable cuando lo divides en partes que se pueden explicar en dos o tres frases.",
            "Ponle nombre a cada parte y di con tus propias palabras qué es y qué no es.",
            "Dibuja flechas entre las partes: ¿cuáles causan, contienen, preceden o contradicen a otras?",
            "Donde todavía no sepas explicar una flecha, habrás encontrado justo lo que conviene leer después.",
        ),
        (
            "Toma un ejemplo concreto de {name} y síguelo de principio a fin sin saltarte ningún paso.",
            "En cada paso, di qué se da por sabido, qué cambia y por qué eso es válido o razonable.",
            "Cambia un detalle del ejemplo y predice qué será diferente antes de comprobarlo.",
            "Busca luego un segundo ejemplo: es más probable que lo esencial sea lo que ambos comparten.",
        ),
        (
            "Sabes que has comprendido algo cuando puedes explicarlo, sin apuntes, a alguien que no lo conoce.",
            "Deja que quien te escucha pregunte «¿por qué?» tres veces seguidas y observa dónde se te acaban las respuestas.",
            "Vuelve en ese punto a una fuente fiable y corrige tu explicación en lugar de seguir leyendo sin más.",
            "Repite la explicación al día siguiente, porque lo que resulta familiar no siempre es lo que se recuerda.",
        ),
        (
            "Una trampa frecuente es aprender las definiciones de memoria y confundir eso con comprender.",
            "Otra es fiarse de un solo ejemplo o de una sola fuente, por convincente que parezca.",
            "Ten cuidado con las palabras que tienen un significado cotidiano y además otro técnico.",
            "Cuando dos fuentes no coincidan, examina las pruebas que ofrece cada una antes de elegir.",
        ),
        (
            "Varias sesiones cortas en días distintos ayudan más que una tarde larga, así que planifica tres.",
            "Empieza cada sesión escribiendo lo que recuerdas en una hoja en blanco y solo después abre tus apuntes.",
            "Inventa dos o tres preguntas propias y respóndelas unos días más tarde.",
            "Termina con una lista de lo que aún quieres averiguar: con ella comienza tu próxima lección.",
        ),
    ),
    applications=(
        "Busca {name} esta semana en las noticias, en el trabajo o en casa. Anota una situación en la que saber más ayudaría a alguien a decidir.",
        "Conocer {name} te permite hacer mejores preguntas a docentes, especialistas y colegas. Prepara una de esas preguntas y házsela a alguien.",
        "Imagina que una amistad tiene que tomar una decisión relacionada con {name}. ¿Qué dos datos comprobarías primero y dónde los buscarías?",
    ),
    questions=(
        Prepared(
            question="¿Cuál es el primer paso más útil al empezar a estudiar {subject}?",
            right="Anotar lo que ya sabes y lo que quieres averiguar",
            wrong=(
                "Memorizar todas las definiciones por orden alfabético",
                "Ir directamente al problema más difícil y copiar su solución",
                "Esperar a que alguien lo explique todo",
            ),
            why="Saber de dónde partes y qué preguntas te indica qué debes buscar.",
        ),
        Prepared(
            question="¿Cómo puedes saber mejor que has comprendido {subject}?",
            right="Puedes explicarlo con tus palabras y usarlo en un ejemplo nuevo",
            wrong=(
                "El texto te resulta familiar al leerlo por segunda vez",
                "Has subrayado casi toda la página y has copiado con cuidado los títulos",
                "Sabes cuántas páginas tiene el capítulo",
            ),
            why="Explicar y aplicar demuestran comprensión; la sensación de familiaridad, no.",
        ),
        Prepared(
            question="¿Qué hace buena una explicación de {subject}?",
            right="Que lleve con pasos claros de lo conocido a lo nuevo",
            wrong=(
                "Que use tantos términos técnicos como sea posible",
                "Que sea tan larga que nadie haga preguntas",
                "Que no contenga ningún ejemplo",
            ),
            why="Se aprende uniendo lo nuevo con lo que ya se sabe, paso a paso y con claridad.",
        ),
        Prepared(
            question="Lees una afirmación sorprendente sobre {subject}. ¿Qué conviene hacer primero?",
            right="Buscar las pruebas y comparar fuentes independientes",
            wrong=(
                "Compartirla enseguida porque es sorprendente",
                "Creerla si está bien escrita",
                "Rechazarla porque nadie te había hablado antes de algo parecido",
            ),
            why="Las pruebas que otros pueden comprobar valen más que el estilo o la sorpresa.",
        ),
        Prepared(
            question="¿Qué forma de practicar {subject} ayuda a recordarlo durante más tiempo?",
            right="Varias sesiones cortas repartidas en distintos días",
            wrong=(
                "Una sola sesión larga la noche antes del examen",
                "Leer la misma página diez veces seguidas",
                "Escucharlo mientras haces otra cosa",
            ),
            why="La práctica repartida en el tiempo, con esfuerzos por recordar, refuerza la memoria.",
        ),
        Prepared(
            question="¿Para qué sirve un ejemplo resuelto de {subject}?",
            right="Para ver por qué cada paso se deduce del anterior",
            wrong=(
                "Para tener algo que copiar sin pensar",
                "Para sustituir cualquier otro tipo de práctica",
                "Para demostrar que solo existe un ejemplo",
            ),
            why="Un ejemplo enseña más cuando puedes dar una razón para cada uno de sus pasos.",
        ),
        Prepared(
            question="Dos fuentes se contradicen sobre {subject}. ¿Qué es lo más sensato?",
            right="Comprobar qué pruebas da cada una y qué entiende por sus palabras",
            wrong=(
                "Confiar en la que leíste primero por casualidad y olvidarte de la otra",
                "Confiar en la que es más corta",
                "Concluir que no se puede saber nada",
            ),
            why="Las contradicciones suelen venir de pruebas distintas o de distintos significados de una palabra.",
        ),
        Prepared(
            question="¿Por qué es útil dividir {subject} en partes más pequeñas?",
            right="Cada parte se puede comprender y comprobar por separado",
            wrong=(
                "Las relaciones entre las partes dejan de tener importancia",
                "Las partes pequeñas nunca necesitan ejemplos",
                "Ya nadie tiene que volver a unir las partes",
            ),
            why="Las partes pequeñas se dominan una a una y después se vuelven a unir.",
        ),
        Prepared(
            question="¿Qué pregunta comprueba mejor con qué profundidad alguien comprende {subject}?",
            right="«¿Qué cambiaría si una condición fuera distinta?»",
            wrong=(
                "«¿En cuántos capítulos del libro aparece su nombre?»",
                "«¿Cómo se escribe?»",
                "«¿Qué extensión tiene el capítulo?»",
            ),
            why="Para predecir el efecto de un cambio hay que saber cómo se relacionan las cosas.",
        ),
        Prepared(
            question="Te has quedado sin avanzar al estudiar {subject}. ¿Qué ayuda más?",
            right="Decir exactamente qué paso no está claro y volver a aquello en que se basa",
            wrong=(
                "Seguir leyendo y esperar que ese paso no importe",
                "Aprender de memoria, palabra por palabra, el paso dudoso y no preguntar nada a nadie",
                "Cerrar el libro y no volver a abrirlo",
            ),
            why="Una laguna que se nombra con exactitud se puede cerrar.",
        ),
    ),
    reasons=(
        "Una idea clara de lo que es facilita todo lo que viene después.",
        "Conocer su origen ayuda a comprender cómo se ve hoy.",
        "Con las palabras adecuadas puedes leer, preguntar y buscar con más precisión.",
        "Los principios mantienen unidos los detalles y ayudan a recordarlos.",
        "Seguirlo paso a paso muestra cómo una cosa lleva a la otra.",
        "Quien conoce las partes ve el conjunto con más claridad.",
        "Un ejemplo resuelto hasta el final convierte el conocimiento en destreza.",
        "Distinguir pronto los tipos evita confusiones más adelante.",
        "Lo que encuentras cada día es más fácil de recordar.",
        "Un error del que has oído hablar es más fácil de evitar.",
        "Las buenas herramientas y los buenos métodos ahorran tiempo en todo lo que sigue.",
        "Las relaciones con otros campos abren nuevas maneras de comprenderlo.",
        "Quien conoce los límites puede juzgar cuándo conviene la prudencia.",
        "Los avances recientes muestran dónde queda más por descubrir.",
        "La práctica muestra lo que ya dominas y lo que todavía te falta.",
    ),
)

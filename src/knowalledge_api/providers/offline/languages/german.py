"""What the offline provider says in German."""

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

GERMAN: Final = Phrases(
    quoted="„{text}“",
    within="{subtopic} im Rahmen des Themas {topic}",
    voices={
        JUNIOR: Voice(
            opening="Komm, wir entdecken zusammen {subject}, immer einen kleinen Schritt nach dem anderen! Du brauchst nur Neugier, ein Blatt Papier und einen Stift.",
            comparison="Das ist wie mit Bausteinen: Zuerst schaust du dir jeden Stein an, und dann siehst du, wie sie einander halten.",
            closing="Gut gemacht! Erzähle jetzt jemandem zu Hause, was dich am meisten überrascht hat.",
            search="{words} für Kinder erklärt",
        ),
        HIGH_SCHOOL: Voice(
            opening="In dieser Lektion geht es um {subject} und darum, wie du dir das selbst erarbeitest. Sie passt zum Unterricht, zu den Hausaufgaben und zur Vorbereitung auf eine Prüfung.",
            comparison="Es ist wie beim Kartenlesen: Zuerst findest du die Hauptstraßen, und dann ergeben auch die Nebenstraßen einen Sinn.",
            closing="Wenn dir das mit geschlossenem Buch gelingt, bist du bereit für schwierigere Fragen.",
            search="{words} Oberstufe einfach erklärt",
        ),
        UNDERGRADUATE: Voice(
            opening="Es folgt ein systematischer Zugang: {subject}. Definitionen, Annahmen, Argumente und Belege werden getrennt, sodass sich jedes davon für sich prüfen lässt.",
            comparison="Das lässt sich mit der Prüfung eines Gebäudes vergleichen: Das Fundament, hier die Annahmen, entscheidet, wie viel die oberen Stockwerke tragen.",
            closing="Fasse als nächsten Schritt deine Ergebnisse in einem Absatz zusammen und belege jede Aussage mit einer zitierfähigen Quelle.",
            search="{words} Vorlesung Einführung",
        ),
    },
    other=Voice(
        opening="Dies ist eine Einführung: {subject}. Sie zeigt einen Weg von der ersten Frage bis zur sicheren Anwendung.",
        comparison="Etwas Neues zu lernen ist, wie eine Stadt zu erkunden: zuerst ein paar markante Punkte, dann die Straßen dazwischen.",
        closing="Mit diesen Schritten kannst du in deinem eigenen Tempo weiterlernen.",
        search="{words} für Anfänger erklärt",
    ),
    styles={
        "visual": "Da du gern mit Bildern lernst, zeichne jeden Schritt als Skizze und gib jedem Teil eine eigene Farbe.",
        "auditory": "Da du gern durch Zuhören lernst, lies jeden Schritt laut vor und nimm deine eigene Erklärung auf.",
        "reading": "Da du gern lesend und schreibend lernst, mache kurze Notizen in ganzen Sätzen und schreibe sie einmal neu.",
        "kinesthetic": "Da du gern durch Tun lernst, spiele jeden Schritt mit Karten, mit Gegenständen oder mit einem kleinen Modell durch.",
    },
    sections=(
        (
            "Mache aus dem Thema {name} eine einfache Frage: Was würdest du wissen oder können, wenn du es verstanden hättest?",
            "Schreibe auf, was du schon darüber zu wissen glaubst, auch wenn du unsicher bist, damit du später vergleichen kannst.",
            "Frage, wie man dazu kam, davon zu sprechen, und was man dabei wissen wollte.",
            "Notiere jedes Wort, das du niemandem erklären könntest, und schlage es nach.",
        ),
        (
            "Ein großes Thema wird überschaubar, wenn du es in Teile zerlegst, die sich in zwei oder drei Sätzen erklären lassen.",
            "Gib jedem Teil einen Namen und sage mit eigenen Worten, was er ist und was er nicht ist.",
            "Zeichne Pfeile zwischen den Teilen: Welche bewirken, enthalten, begründen oder widerlegen einander?",
            "Wo du einen Pfeil noch nicht erklären kannst, hast du genau das gefunden, was du als Nächstes lesen solltest.",
        ),
        (
            "Nimm ein konkretes Beispiel zum Thema {name} und verfolge es von Anfang bis Ende, ohne einen Schritt auszulassen.",
            "Sage bei jedem Schritt, was gegeben ist, was sich ändert und warum das erlaubt oder einleuchtend ist.",
            "Verändere eine Einzelheit des Beispiels und sage voraus, was anders sein wird, bevor du es prüfst.",
            "Suche dann ein zweites Beispiel: Was beide gemeinsam haben, ist eher das Wesentliche.",
        ),
        (
            "Du hast etwas verstanden, wenn du es ohne Notizen jemandem erklären kannst, für den es neu ist.",
            "Lass dein Gegenüber dreimal hintereinander „Warum?“ fragen und achte darauf, wo dir die Antworten ausgehen.",
            "Kehre an dieser Stelle zu einer verlässlichen Quelle zurück und verbessere deine Erklärung, statt nur weiterzulesen.",
            "Wiederhole die Erklärung am nächsten Tag, denn was vertraut wirkt, ist nicht immer das, was man behalten hat.",
        ),
        (
            "Ein häufiger Fehler ist, Definitionen auswendig zu lernen und das für Verstehen zu halten.",
            "Ein anderer ist, einem einzigen Beispiel oder einer einzigen Quelle zu trauen, so überzeugend sie auch klingt.",
            "Achte auf Wörter, die neben ihrer Bedeutung im Alltag auch eine fachliche haben.",
            "Wenn zwei Quellen sich widersprechen, sieh dir zuerst die Belege beider an, bevor du dich entscheidest.",
        ),
        (
            "Mehrere kurze Einheiten an verschiedenen Tagen helfen mehr als ein langer Abend; plane also drei davon.",
            "Beginne jede Einheit damit, auf ein leeres Blatt zu schreiben, was du noch weißt, und öffne erst dann deine Notizen.",
            "Denke dir zwei oder drei eigene Fragen aus und beantworte sie einige Tage später.",
            "Schreibe zum Schluss auf, was du noch herausfinden willst: Damit beginnt deine nächste Lektion.",
        ),
    ),
    applications=(
        "Achte diese Woche in den Nachrichten, bei der Arbeit oder zu Hause auf das Thema {name}. Notiere eine Situation, in der mehr Wissen darüber jemandem bei einer Entscheidung helfen würde.",
        "Wer sich mit dem Thema {name} auskennt, kann Lehrkräften, Fachleuten und Kollegen bessere Fragen stellen. Bereite eine solche Frage vor und stelle sie jemandem.",
        "Stell dir vor, jemand muss eine Entscheidung treffen, die mit dem Thema {name} zu tun hat. Welche zwei Tatsachen würdest du zuerst prüfen, und wo würdest du nachsehen?",
    ),
    questions=(
        Prepared(
            question="Was ist der nützlichste erste Schritt, wenn man beginnt, {subject} zu lernen?",
            right="Aufschreiben, was man schon weiß und was man herausfinden will",
            wrong=(
                "Alle Definitionen in alphabetischer Reihenfolge auswendig lernen",
                "Sofort die schwierigste Aufgabe nehmen und ihre Lösung abschreiben",
                "Warten, bis jemand alles erklärt hat",
            ),
            why="Wer weiß, wo er steht und was er fragt, weiß auch, wonach er suchen muss.",
        ),
        Prepared(
            question="Woran erkennst du am besten, dass du {subject} verstanden hast?",
            right="Du kannst es mit eigenen Worten erklären und auf ein neues Beispiel anwenden",
            wrong=(
                "Der Text kommt dir beim zweiten Lesen bekannt vor",
                "Du hast fast die ganze Seite unterstrichen und die Überschriften sauber abgeschrieben",
                "Du weißt, wie viele Seiten das Kapitel hat",
            ),
            why="Erklären und Anwenden zeigen, dass man versteht; ein Gefühl der Vertrautheit zeigt es nicht.",
        ),
        Prepared(
            question="Was macht eine Erklärung zu {subject} gut?",
            right="Sie führt in klaren Schritten vom Bekannten zum Neuen",
            wrong=(
                "Sie verwendet möglichst viele Fachwörter",
                "Sie ist so lang, dass niemand eine Frage stellt",
                "Sie verzichtet auf jedes Beispiel",
            ),
            why="Man lernt, indem man Neues Schritt für Schritt mit Bekanntem verbindet.",
        ),
        Prepared(
            question="Du liest eine überraschende Behauptung über {subject}. Was solltest du zuerst tun?",
            right="Nach Belegen suchen und unabhängige Quellen vergleichen",
            wrong=(
                "Sie sofort weitergeben, weil sie überraschend ist",
                "Sie glauben, wenn sie gut geschrieben ist",
                "Sie ablehnen, weil dir noch nie jemand etwas davon erzählt hat",
            ),
            why="Belege, die andere prüfen können, zählen mehr als Stil oder Überraschung.",
        ),
        Prepared(
            question="Mit welcher Art zu üben behältst du {subject} am längsten?",
            right="Mehrere kurze Einheiten, auf verschiedene Tage verteilt",
            wrong=(
                "Eine einzige lange Einheit am Abend vor der Prüfung",
                "Dieselbe Seite zehnmal hintereinander lesen",
                "Zuhören und nebenbei etwas anderes tun",
            ),
            why="Verteiltes Üben, bei dem man sich immer wieder erinnert, stärkt das Gedächtnis.",
        ),
        Prepared(
            question="Wozu dient ein durchgearbeitetes Beispiel zu {subject}?",
            right="Um zu sehen, warum jeder Schritt aus dem vorigen folgt",
            wrong=(
                "Um etwas zu haben, das man gedankenlos abschreiben kann",
                "Um jede andere Art von Übung zu ersetzen",
                "Um zu zeigen, dass es nur ein einziges Beispiel gibt",
            ),
            why="Aus einem Beispiel lernt man am meisten, wenn man jeden Schritt begründen kann.",
        ),
        Prepared(
            question="Zwei Quellen widersprechen sich über {subject}. Was ist am vernünftigsten?",
            right="Prüfen, welche Belege jede nennt und was sie mit ihren Worten meint",
            wrong=(
                "Der Quelle glauben, die man zufällig zuerst gelesen hat, und die andere vergessen",
                "Der kürzeren Quelle glauben",
                "Daraus schließen, dass man nichts wissen kann",
            ),
            why="Widersprüche entstehen oft durch andere Belege oder durch andere Bedeutungen eines Wortes.",
        ),
        Prepared(
            question="Warum ist es nützlich, {subject} in kleinere Teile zu zerlegen?",
            right="Jeder Teil lässt sich für sich verstehen und prüfen",
            wrong=(
                "Die Beziehungen zwischen den Teilen spielen keine Rolle mehr",
                "Kleine Teile brauchen niemals ein Beispiel",
                "Niemand muss die Teile wieder zusammensetzen",
            ),
            why="Kleine Teile kann man einzeln meistern und danach wieder verbinden.",
        ),
        Prepared(
            question="Welche Frage prüft am besten, wie tief jemand {subject} verstanden hat?",
            right="„Was würde sich ändern, wenn eine Bedingung anders wäre?“",
            wrong=(
                "„In wie vielen Kapiteln des Buches kommt das Wort dafür vor?“",
                "„Wie schreibt man das?“",
                "„Wie lang ist das Kapitel darüber?“",
            ),
            why="Um die Folgen einer Änderung vorherzusagen, muss man die Zusammenhänge kennen.",
        ),
        Prepared(
            question="Du kommst beim Lernen nicht weiter: {subject}. Was hilft am meisten?",
            right="Genau sagen, welcher Schritt unklar ist, und zu seinen Grundlagen zurückgehen",
            wrong=(
                "Weiterlesen und hoffen, dass der Schritt nicht wichtig ist",
                "Den unklaren Schritt Wort für Wort auswendig lernen und niemanden danach fragen",
                "Das Buch schließen und nie wieder öffnen",
            ),
            why="Eine Lücke, die man genau benennt, lässt sich schließen.",
        ),
    ),
    reasons=(
        "Eine klare Vorstellung davon, was es ist, macht alles Weitere leichter.",
        "Wer die Entstehung kennt, versteht besser, wie man es heute sieht.",
        "Mit den richtigen Wörtern kann man genauer lesen, fragen und suchen.",
        "Prinzipien halten die Einzelheiten zusammen, sodass man sie leichter behält.",
        "Schritt für Schritt zeigt sich, wie eines zum anderen führt.",
        "Wer die Teile kennt, sieht das Ganze klarer.",
        "Ein Beispiel, das bis zum Ende durchgearbeitet ist, macht aus Wissen Können.",
        "Wer die Arten früh unterscheidet, verwechselt sie später nicht.",
        "Was einem jeden Tag begegnet, behält man leichter.",
        "Ein Irrtum, von dem man gehört hat, lässt sich leichter vermeiden.",
        "Gute Werkzeuge und Methoden sparen Zeit bei allem, was folgt.",
        "Beziehungen zu anderen Gebieten eröffnen neue Wege zum Verständnis.",
        "Wer die Grenzen kennt, weiß, wann Vorsicht angebracht ist.",
        "Neue Entwicklungen zeigen, wo es noch mehr zu entdecken gibt.",
        "Übung zeigt, was du schon beherrschst und was noch fehlt.",
    ),
)

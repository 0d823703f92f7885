"""What the offline provider says in French."""

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

FRENCH: Final = Phrases(
    quoted="« {text} »",
    within="{subtopic} dans le thème {topic}",
    voices={
        JUNIOR: Voice(
            opening="Explorons ensemble {subject}, un petit pas après l'autre ! Il suffit d'un peu de curiosité, d'une feuille de papier et d'un crayon.",
            comparison="C'est comme un jeu de construction : on regarde d'abord chaque pièce, puis on découvre comment elles tiennent ensemble.",
            closing="Bravo ! Racontez maintenant à quelqu'un de la maison votre découverte la plus surprenante.",
            search="{words} expliqué aux enfants",
        ),
        HIGH_SCHOOL: Voice(
            opening="Cette leçon porte sur {subject} et montre comment l'étudier par soi-même. Elle convient au cours, aux devoirs et à la préparation d'un contrôle.",
            comparison="C'est comme lire une carte : on repère d'abord les grandes routes, puis les petites rues commencent à prendre un sens.",
            closing="Quand vous y arrivez livre fermé, le moment est venu de passer à des questions plus difficiles.",
            search="{words} cours lycée expliqué",
        ),
        UNDERGRADUATE: Voice(
            opening="Voici une approche systématique de {subject}. Elle distingue les définitions, les hypothèses, les arguments et les preuves, afin que chacun de ces éléments puisse être examiné séparément.",
            comparison="On peut la comparer à l'examen d'un bâtiment : les fondations, ici les hypothèses, déterminent ce que les étages peuvent porter.",
            closing="Pour aller plus loin, résumez vos résultats en un paragraphe et appuyez chaque affirmation sur une source citable.",
            search="{words} introduction cours universitaire",
        ),
    },
    other=Voice(
        opening="Voici une introduction : {subject}. Elle montre comment s'orienter, de la première question jusqu'à un usage assuré.",
        comparison="Apprendre quelque chose de nouveau ressemble à la découverte d'une ville : d'abord quelques repères, puis les rues qui les relient.",
        closing="Avec ces étapes, vous pouvez continuer à apprendre à votre rythme.",
        search="{words} expliqué aux débutants",
    ),
    styles={
        "visual": "Puisque vous aimez apprendre avec des images, dessinez chaque étape sous forme de schéma et donnez une couleur à chaque partie.",
        "auditory": "Puisque vous aimez apprendre en écoutant, lisez chaque étape à voix haute et enregistrez votre propre explication.",
        "reading": "Puisque vous aimez apprendre en lisant et en écrivant, prenez de courtes notes en phrases complètes et récrivez-les une fois.",
        "kinesthetic": "Puisque vous aimez apprendre en agissant, reproduisez chaque étape avec des cartes, des objets ou une petite maquette.",
    },
    sections=(
        (
            "Transformez {name} en une question simple : que sauriez-vous, ou que pourriez-vous faire, une fois que tout serait compris ?",
            "Notez ce que vous croyez déjà savoir, même sans certitude, pour pouvoir comparer plus tard.",
            "Demandez-vous comment on en est venu à en parler et ce que l'on cherchait à savoir.",
            "Relevez chaque mot que vous ne sauriez pas expliquer à quelqu'un d'autre, et cherchez-en le sens.",
        ),
        (
            "Un vaste sujet devient abordable quand on le divise en parties que deux ou trois phrases suffisent à expliquer.",
            "Donnez un nom à chaque partie, et dites avec vos propres mots ce qu'elle est et ce qu'elle n'est pas.",
            "Tracez des flèches entre les parties : lesquelles causent, contiennent, précèdent ou contredisent les autres ?",
            "Là où une flèche reste sans explication, vous avez trouvé exactement ce qu'il faut lire ensuite.",
        ),
        (
            "Prenez un exemple concret pour {name} et suivez-le du début à la fin sans sauter d'étape.",
            "À chaque étape, dites ce qui est donné, ce qui change et pourquoi cela est permis ou plausible.",
            "Modifiez un détail de l'exemple et prévoyez ce qui sera différent avant de le vérifier.",
            "Cherchez ensuite un second exemple : ce que les deux ont en commun a plus de chances d'être essentiel.",
        ),
        (
            "On sait que l'on a compris quand on peut expliquer, sans notes, à quelqu'un qui découvre le sujet.",
            "Laissez la personne qui écoute demander « pourquoi ? » trois fois de suite, et voyez où les réponses s'épuisent.",
            "Revenez à cet endroit à une source fiable, et corrigez votre explication au lieu de simplement poursuivre la lecture.",
            "Répétez l'explication le lendemain, car ce qui semble familier n'est pas toujours ce dont on se souvient.",
        ),
        (
            "Un piège courant consiste à apprendre des définitions par cœur et à croire que l'on a compris.",
            "Un autre est de se fier à un seul exemple ou à une seule source, si convaincante soit-elle.",
            "Méfiez-vous des mots qui ont à la fois un sens courant et un sens technique.",
            "Quand deux sources se contredisent, examinez les preuves que chacune apporte avant de choisir.",
        ),
        (
            "Plusieurs séances courtes sur des jours différents aident plus qu'une longue soirée : prévoyez-en trois.",
            "Commencez chaque séance en écrivant de mémoire sur une feuille blanche, et n'ouvrez vos notes qu'ensuite.",
            "Inventez deux ou trois questions, et répondez-y quelques jours plus tard.",
            "Terminez par une liste de ce que vous voulez encore découvrir : votre prochaine leçon commence là.",
        ),
    ),
    applications=(
        "Cette semaine, repérez {name} dans l'actualité, au travail ou à la maison. Notez une situation où en savoir plus aiderait quelqu'un à décider.",
        "Connaître {name} permet de poser de meilleures questions aux enseignants, aux spécialistes et aux collègues. Préparez une de ces questions et posez-la à quelqu'un.",
        "Imaginez que quelqu'un doive prendre une décision en rapport avec {name}. Quels sont les deux faits à vérifier en premier, et où les chercher ?",
    ),
    questions=(
        Prepared(
            question="Quelle est la première étape la plus utile pour commencer à étudier {subject} ?",
            right="Noter ce que l'on sait déjà et ce que l'on veut découvrir",
            wrong=(
                "Mémoriser toutes les définitions par ordre alphabétique",
                "Aller tout de suite au problème le plus difficile et copier sa solution",
                "Attendre que quelqu'un ait tout expliqué",
            ),
            why="Savoir d'où l'on part et ce que l'on se demande indique ce qu'il faut chercher.",
        ),
        Prepared(
            question="À quoi reconnaît-on le mieux que l'on a compris {subject} ?",
            right="On peut l'expliquer avec ses propres mots et l'employer dans un nouvel exemple",
            wrong=(
                "Le texte paraît familier à la deuxième lecture",
                "Presque toute la page du livre est soulignée et les titres sont soigneusement recopiés",
                "On sait combien de pages compte le chapitre",
            ),
            why="Expliquer et appliquer prouvent la compréhension ; une impression de familiarité, non.",
        ),
        Prepared(
            question="Qu'est-ce qui fait une bonne explication de {subject} ?",
            right="Elle mène par étapes claires du connu au nouveau",
            wrong=(
                "Elle emploie le plus de termes techniques possible",
                "Elle est si longue que personne ne pose de question",
                "Elle ne contient aucun exemple",
            ),
            why="On apprend en reliant le nouveau à ce que l'on sait déjà, une étape claire à la fois.",
        ),
        Prepared(
            question="Vous lisez une affirmation surprenante sur {subject}. Que faire d'abord ?",
            right="Chercher les preuves et comparer des sources indépendantes",
            wrong=(
                "La partager aussitôt, puisqu'elle est surprenante",
                "La croire si elle est bien écrite",
                "La rejeter, puisque personne ne vous en a jamais parlé auparavant",
            ),
            why="Des preuves que d'autres peuvent vérifier comptent plus que le style ou la surprise.",
        ),
        Prepared(
            question="Quelle façon de travailler {subject} aide à s'en souvenir le plus longtemps ?",
            right="Plusieurs séances courtes réparties sur plusieurs jours",
            wrong=(
                "Une seule longue séance la veille du contrôle",
                "Lire dix fois de suite la même page",
                "L'écouter en faisant autre chose",
            ),
            why="Un travail réparti dans le temps, avec des efforts de rappel, renforce la mémoire.",
        ),
        Prepared(
            question="À quoi sert un exemple détaillé sur {subject} ?",
            right="À voir pourquoi chaque étape découle de la précédente",
            wrong=(
                "À avoir quelque chose à copier sans réfléchir",
                "À remplacer toute autre forme d'exercice",
                "À montrer qu'il n'existe qu'un seul exemple",
            ),
            why="Un exemple instruit le mieux quand on peut donner la raison de chacune de ses étapes.",
        ),
        Prepared(
            question="Deux sources se contredisent sur {subject}. Quelle est la réaction la plus sensée ?",
            right="Vérifier quelles preuves chacune donne et quel sens elle donne aux mots",
            wrong=(
                "Croire celle que l'on a lue en premier par hasard et ne plus penser à l'autre",
                "Croire la plus courte",
                "Conclure que l'on ne peut rien en savoir",
            ),
            why="Les contradictions viennent souvent de preuves différentes ou de sens différents d'un même mot.",
        ),
        Prepared(
            question="Pourquoi est-il utile de diviser {subject} en parties plus petites ?",
            right="Chaque partie peut être comprise et vérifiée séparément",
            wrong=(
                "Les liens entre les parties n'ont plus aucune importance",
                "Les petites parties n'ont jamais besoin d'exemples",
                "Personne n'a plus besoin de réunir les parties",
            ),
            why="Les petites parties se maîtrisent une à une, puis se réunissent.",
        ),
        Prepared(
            question="Quelle question vérifie le mieux si quelqu'un a compris {subject} en profondeur ?",
            right="« Qu'est-ce qui changerait si une condition était différente ? »",
            wrong=(
                "« Dans combien de chapitres du livre le mot apparaît-il exactement ? »",
                "« Comment cela s'écrit-il ? »",
                "« Quelle est la longueur du chapitre ? »",
            ),
            why="Pour prévoir l'effet d'un changement, il faut savoir comment les choses sont liées.",
        ),
        Prepared(
            question="Vous êtes dans une impasse en étudiant {subject}. Qu'est-ce qui aide le plus ?",
            right="Dire précisément quelle étape n'est pas claire et revenir à ce qui la fonde",
            wrong=(
                "Poursuivre la lecture en espérant que l'étape n'aura pas d'importance",
                "Apprendre par cœur, mot à mot, l'étape obscure sans rien demander à personne",
                "Fermer le livre et ne plus jamais y revenir",
            ),
            why="Une lacune que l'on nomme avec précision peut être comblée.",
        ),
    ),
    reasons=(
        "Une idée claire de ce dont il s'agit facilite toute la suite.",
        "Connaître les origines aide à comprendre le regard d'aujourd'hui.",
        "Avec les mots justes, on lit, on demande et on cherche plus précisément.",
        "Les principes relient les détails et les rendent plus faciles à retenir.",
        "Suivre les étapes montre comment une chose mène à la suivante.",
        "Qui connaît les éléments voit plus clairement l'ensemble.",
        "Un exemple traité jusqu'au bout transforme le savoir en savoir-faire.",
        "Distinguer tôt les types évite de les confondre plus tard.",
        "Ce que l'on rencontre chaque jour se retient plus facilement.",
        "Une erreur dont on a entendu parler est plus facile à éviter.",
        "De bons outils et de bonnes méthodes font gagner du temps dans toute la suite.",
        "Les liens avec d'autres domaines ouvrent de nouvelles façons de comprendre.",
        "Qui connaît les limites sait quand il faut être prudent.",
        "Les développements récents montrent où il reste à découvrir.",
        "La pratique montre ce que l'on maîtrise et ce qui manque encore.",
    ),
)

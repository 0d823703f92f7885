"""What the offline provider says in English."""

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

ENGLISH: Final = Phrases(
    quoted="“{text}”",
    within="{subtopic} within the topic {topic}",
    voices={
        JUNIOR: Voice(
            opening="Let's explore {subject} together, one small step at a time! All you need is curiosity, a sheet of paper and a pencil.",
            comparison="Think of building with blocks: you look at the single blocks first, and then you see how they hold each other up.",
            closing="Well done! Now tell somebody at home about the most surprising thing that you found out.",
            search="{words} explained for kids",
        ),
        HIGH_SCHOOL: Voice(
            opening="This lesson looks at {subject} and shows you how to work through it on your own. It suits lessons, homework and preparing for a test.",
            comparison="It is like reading a map: you find the main roads first, and then the side streets begin to make sense.",
            closing="When you can do this with your book closed, you are ready for harder questions.",
            search="{words} high school lesson explained",
        ),
        UNDERGRADUATE: Voice(
            opening="The following is a systematic approach to {subject}. It keeps definitions, assumptions, arguments and evidence apart, so that each can be examined by itself.",
            comparison="It may be compared to examining a building: the foundations, here the assumptions, decide how much the upper floors can bear.",
            closing="As a next step, summarise your findings in one paragraph and support each claim with a source that can be cited.",
            search="{words} university lecture introduction",
        ),
    },
    other=Voice(
        opening="This is an introduction to {subject}. It shows how to find your way in, from a first question to confident use.",
        comparison="Learning something new resembles exploring a city: a few landmarks first, and then the streets between them.",
        closing="With these steps you can go on learning at your own pace.",
        search="{words} explained for beginners",
    ),
    styles={
        "visual": "Since you like to learn with pictures, sketch every step as a diagram and give each part its own colour.",
        "auditory": "Since you like to learn by listening, read every step aloud and record your own explanation of it.",
        "reading": "Since you like to learn by reading and writing, keep short notes in full sentences and rewrite them once.",
        "kinesthetic": "Since you like to learn by doing, act out every step with cards, with objects or with a small model.",
    },
    sections=(
        (
            "Turn {name} into one plain question: what would you know, or be able to do, if you understood it?",
            "Write down what you already believe about it, even if you are unsure, so that you can compare later.",
            "Ask how people came to speak of it, and what it was that they wanted to know.",
            "Note every word that you could not explain to somebody else, and look those words up.",
        ),
        (
            "A large subject becomes manageable when you take it apart into pieces that two or three sentences can explain.",
            "Give every piece a name, and say in your own words what it is and what it is not.",
            "Draw arrows between the pieces: which of them cause, contain, precede or contradict one another?",
            "Where you cannot explain an arrow yet, you have found exactly what to read about next.",
        ),
        (
            "Take one concrete example of {name} and follow it from beginning to end without skipping a step.",
            "At every step, say what is given, what changes and why that is allowed or plausible.",
            "Alter one detail of the example and predict what will be different before you check it.",
            "Then look for a second example: what both of them share is more likely to be essential.",
        ),
        (
            "You can tell that you understand something when you can explain it, without notes, to someone who is new to it.",
            "Let your listener ask “why?” three times in a row, and see where your answers run out.",
            "Go back to a reliable source at that point, and correct your explanation instead of just reading on.",
            "Repeat the explanation on the next day, because what feels familiar is not always what you remember.",
        ),
        (
            "A common trap is to learn definitions by heart and to take that for understanding.",
            "Another one is to trust a single example or a single source, however convincing it sounds.",
            "Be careful with words that have an everyday meaning as well as a technical one.",
            "When two sources disagree, look at the evidence that each of them gives before you choose.",
        ),
        (
            "Several short sessions on different days help more than one long evening, so plan three of them.",
            "Begin each session by writing what you remember on a blank sheet, and only then open your notes.",
            "Make up two or three questions of your own, and answer them a few days later.",
            "Finish by listing what you still want to find out: that list is the start of your next lesson.",
        ),
    ),
    applications=(
        "Look out for {name} in the news, at work or at home this week. Note one situation in which knowing more about it would help somebody to decide.",
        "Knowing about {name} lets you ask better questions of teachers, experts and colleagues. Prepare one such question and put it to somebody.",
        "Imagine that a friend has to make a decision that has to do with {name}. Which two facts would you check first, and where would you look for them?",
    ),
    questions=(
        Prepared(
            question="What is the most useful first step when you begin to study {subject}?",
            right="Write down what you already know and what you want to find out",
            wrong=(
                "Memorise every definition in alphabetical order",
                "Go to the hardest problem at once and copy its solution",
                "Wait until somebody has explained everything",
            ),
            why="Knowing where you start and what you ask tells you what to look for.",
        ),
        Prepared(
            question="How can you best tell that you have understood {subject}?",
            right="You can explain it in your own words and use it in a new example",
            wrong=(
                "The text looks familiar when you read it a second time",
                "You have underlined most of the page and copied its headings neatly",
                "You can say how many pages the chapter has",
            ),
            why="Explaining and applying show understanding; a feeling of familiarity does not.",
        ),
        Prepared(
            question="What makes an explanation of {subject} a good one?",
            right="It leads in clear steps from what is known to what is new",
            wrong=(
                "It uses as many technical terms as possible, and explains none",
                "It is so long that nobody asks a question",
                "It leaves out every example",
            ),
            why="People learn by connecting what is new with what they know, one clear step at a time.",
        ),
        Prepared(
            question="You read a surprising claim about {subject}. What should you do first?",
            right="Look for the evidence and compare independent sources",
            wrong=(
                "Share it at once, because it is surprising",
                "Believe it if it is well written",
                "Reject it, because nobody has ever told you about it before",
            ),
            why="Evidence that others can check counts for more than style or surprise.",
        ),
        Prepared(
            question="Which way of practising {subject} helps you to remember it longest?",
            right="Several short sessions, spread over a number of days",
            wrong=(
                "One long session on the night before the test",
                "Reading the same page ten times in a row",
                "Listening to it while you do something else",
            ),
            why="Practice that is spread over time, with recalling in between, strengthens memory.",
        ),
        Prepared(
            question="What is a worked example of {subject} good for?",
            right="Seeing why each step follows from the one before",
            wrong=(
                "Having something to copy without thinking",
                "Replacing every other kind of practice",
                "Showing that only a single example exists",
            ),
            why="An example teaches most when you can give a reason for each of its steps.",
        ),
        Prepared(
            question="Two sources contradict each other about {subject}. What is the most sensible thing to do?",
            right="Check what evidence each gives and what it means by its words",
            wrong=(
                "Trust the one that you happened to read first, and forget the other",
                "Trust the one that is shorter",
                "Conclude that nothing can be known about it",
            ),
            why="Contradictions often come from different evidence or from different meanings of a word.",
        ),
        Prepared(
            question="Why is it useful to take {subject} apart into smaller pieces?",
            right="Each piece can be understood and checked by itself",
            wrong=(
                "The connections between the pieces no longer matter",
                "Small pieces never need an example",
                "Nobody has to put the pieces together again",
            ),
            why="Small pieces can be mastered one at a time, and then be joined again.",
        ),
        Prepared(
            question="Which question best tests how deeply somebody understands {subject}?",
            right="“What would change if one condition were different?”",
            wrong=(
                "“In how many chapters of the book is it mentioned by name?”",
                "“How is it spelt?”",
                "“How long is the chapter about it?”",
            ),
            why="To predict what a change will do, one has to know how things are connected.",
        ),
        Prepared(
            question="You are stuck while you study {subject}. What helps most?",
            right="Say exactly which step is unclear, and go back to what it builds on",
            wrong=(
                "Read on, and hope that the step will not matter",
                "Learn the unclear step by heart, word for word, and ask nobody about it",
                "Close the book and never return to it",
            ),
            why="A gap that is named exactly can be closed.",
        ),
    ),
    reasons=(
        "A clear idea of what it is makes everything after it easier.",
        "Knowing how it came about helps to understand how it is seen today.",
        "With the right words you can read, ask and search more precisely.",
        "Principles hold the details together and make them easier to remember.",
        "Following it step by step shows how one thing leads to the next.",
        "Whoever knows the parts sees the whole more clearly.",
        "An example that is worked through to the end turns knowledge into skill.",
        "Telling the kinds apart early on prevents mix-ups later.",
        "What you meet every day is easier to remember.",
        "A mistake that you have heard of is easier to avoid.",
        "Good tools and methods save time in everything that follows.",
        "Connections with other fields open up new ways to understand it.",
        "Whoever knows the limits can judge when to be careful.",
        "Recent developments show where there is more to discover.",
        "Practice shows what you have mastered and what is still missing.",
    ),
)

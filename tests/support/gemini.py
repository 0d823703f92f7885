"""A local server that speaks Gemini's REST protocol, well or badly as a test wants it.

Source of the protocol: Google's reference of models.generateContent and models.get, and
google.rpc.Status for what is answered otherwise.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "AIza-canary-of-the-gemini-key"
MODEL = "gemini-3.5-flash-lite"
MODEL_PATH = f"/v1beta/models/{MODEL}"
PATH = f"{MODEL_PATH}:generateContent"
DESCRIPTION = {"name": f"models/{MODEL}", "version": "001", "displayName": "A model", "topK": 64}
SCHEMA = frozenset(
    {"type", "title", "description", "properties", "required", "items", "property_ordering"}
)
"""What of Google's Schema, a part of OpenAPI's, we use; whatever else Gemini refuses with 400."""
INPUT_TOKENS, OUTPUT_TOKENS = 11, 22


@dataclass(frozen=True)
class Asked:
    """A request as it came: the learner's words, what is told about them, and how it is wanted."""

    data: dict[str, Any]
    instruction: str
    schema: dict[str, Any]
    picture: tuple[str, bytes] | None
    headers: dict[str, str]

    @property
    def kind(self) -> str:
        """What is wanted, by the first member of the answer."""
        return str(next(iter(self.schema["properties"])))


@dataclass(frozen=True)
class Said:
    """What goes over the wire: a status, headers, a body in pieces with seconds before each."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    pieces: int = 1
    seconds: float = 0.0
    cut: int = 0


Saying = Callable[[Asked], Said]


def written(asked: Asked) -> Any:
    """What a good model answers: text of the wanted shape about what was asked."""
    topic = asked.data.get("subtopic") or asked.data.get("topic") or "Picture Topic"
    count = int(next(iter(word for word in asked.instruction.split() if word.isdigit()), "1"))
    match asked.kind:
        case "subtopics":
            return {"subtopics": [f"{topic}: part {number}" for number in range(1, count + 1)]}
        case "explanation":
            return {
                "explanation": f"{topic} is explained. " * (count // 3),
                "real_world_application": f"One meets {topic} everywhere.",
                "youtube_search_query": f"{topic} explained",
            }
        case "questions":
            return {"questions": [_question(topic, number) for number in range(1, count + 1)]}
        case "recommendations":
            return {
                "recommendations": [
                    {"subtopic": f"{topic} {number}", "reason": f"It follows {number - 1}."}
                    for number in range(1, count + 1)
                ]
            }
    return {"topic": "The Water Cycle"}


def _question(topic: str, number: int) -> dict[str, Any]:
    options = [f"{topic} {number}{letter}" for letter in "abcd"]
    return {
        "question": f"What is question {number} about {topic}?",
        "options": options,
        "correct_answer": options[number % 4],
        "explanation": "Because it is so.",
    }


def answer(text: str, finish: str = "STOP", **members: Any) -> Said:
    """A response of generateContent with this text."""
    candidate = {
        "content": {"role": "model", "parts": [{"text": text}]},
        "finishReason": finish,
        "index": 0,
    }
    usage = {
        "promptTokenCount": INPUT_TOKENS,
        "candidatesTokenCount": OUTPUT_TOKENS,
        "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS,
    }
    whole = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": MODEL, **members}
    return Said(json.dumps(whole).encode())


def good(asked: Asked) -> Said:
    """A whole and usable answer."""
    return answer(json.dumps(written(asked)))


def status(code: int, name: str, *details: dict[str, Any]) -> Said:
    """An error as Google's APIs answer it."""
    error = {"code": code, "message": f"canary of {name}", "status": name, "details": details}
    return Said(json.dumps({"error": error}).encode(), code)


def overloaded(seconds: str = "") -> Said:
    """Too many requests, with or without when to come again."""
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": seconds}
    return status(429, "RESOURCE_EXHAUSTED", *([info] if seconds else []))


def bad_key() -> Said:
    """What Google says to a key that is none."""
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    return status(400, "INVALID_ARGUMENT", reason)


def blocked(asked: Asked) -> Said:  # noqa: ARG001 -- it answers everybody alike
    """A prompt that is refused."""
    return Said(json.dumps({"promptFeedback": {"blockReason": "SAFETY"}}).encode())


def slow(seconds: float, then: Saying = good) -> Saying:
    """The answer after a while."""

    def say(asked: Asked) -> Said:
        time.sleep(seconds)
        return then(asked)

    return say


def dripping(asked: Asked) -> Said:
    """An answer of which every second a little comes."""
    whole = good(asked)
    return Said(whole.body, pieces=30, seconds=0.4)


def packed(asked: Asked) -> Said:
    """An answer that nobody asked to be packed."""
    return Said(gzip.compress(good(asked).body), headers=(("Content-Encoding", "gzip"),))


def _always(said: Said) -> Saying:
    return lambda _asked: said


@dataclass
class Gemini:
    """What was asked so far, and what is said to the next ones: the last saying stays.

    `described` counts how often the model was, and `description` is what is said then.
    """

    url: str = ""
    key: str = KEY
    described: int = 0
    description: Said = Said(json.dumps(DESCRIPTION).encode())
    sayings: list[Saying] = field(default_factory=lambda: [good])
    asked: list[Asked] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, *sayings: Saying | Said) -> None:
        """Answer so from now on, one after the other."""
        with self.lock:
            self.sayings = [_always(each) if isinstance(each, Said) else each for each in sayings]

    def next(self, asked: Asked) -> Saying:
        """What is said to this one."""
        with self.lock:
            self.asked.append(asked)
            return self.sayings.pop(0) if len(self.sayings) > 1 else self.sayings[0]

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Know how many are asked at once."""
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            yield
        finally:
            with self.lock:
                self.at_once -= 1

    @property
    def environment(self) -> dict[str, str]:
        """What has a server of ours ask this one."""
        return {"GOOGLE_API_KEY": self.key, "GEMINI_BASE_URL": self.url}


def read(body: bytes, headers: dict[str, str]) -> Asked:
    """A request; AssertionError where it is none that Gemini would understand."""
    told = json.loads(body)
    assert set(told) == {"contents", "systemInstruction", "generationConfig"}, sorted(told)
    wanted = told["generationConfig"]
    assert wanted["responseMimeType"] == "application/json"
    _understand(wanted["responseSchema"])
    [content] = told["contents"]
    texts = [part["text"] for part in content["parts"] if "text" in part]
    pictures = [part["inlineData"] for part in content["parts"] if "inlineData" in part]
    return Asked(
        data=json.loads("".join(texts)),
        instruction="".join(part["text"] for part in told["systemInstruction"]["parts"]),
        schema=wanted["responseSchema"],
        picture=next(map(_picture, pictures), None),
        headers=headers,
    )


def _understand(schema: dict[str, Any]) -> None:
    assert set(schema) <= SCHEMA, sorted(schema)
    inner = schema.get("properties", {})
    assert schema.get("property_ordering", list(inner)) == list(inner)
    for each in (*inner.values(), *([schema["items"]] if "items" in schema else [])):
        _understand(each)


def _picture(told: dict[str, str]) -> tuple[str, bytes]:
    """Its media type, by either of the names that Protobuf's JSON allows, and its bytes."""
    return told.get("mimeType") or told["mime_type"], base64.b64decode(told["data"], altchars=b"-_")


class Handler(BaseHTTPRequestHandler):
    """One client of it."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def gemini(self) -> Gemini:
        return self.server.gemini

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._admitted(PATH):
            with self.gemini.counted():
                asked = read(body, {name.lower(): text for name, text in self.headers.items()})
                self._send(self.gemini.next(asked)(asked))

    def do_GET(self) -> None:
        if self._admitted(MODEL_PATH):
            self.gemini.described += 1
            self._send(self.gemini.description)

    def _admitted(self, path: str) -> bool:
        """Whether it is this path, and the key; what is wrong is said."""
        if self.path != path:
            self._send(status(404, "NOT_FOUND"))
        elif self.headers.get("x-goog-api-key") != self.gemini.key:
            self._send(bad_key())
        else:
            return True
        return False

    def _send(self, said: Said) -> None:
        self.send_response(said.status)
        for name, text in (("Content-Type", "application/json"), *said.headers):
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(said.body) + said.cut))
        self.end_headers()
        size = max(1, -(-len(said.body) // said.pieces))
        with contextlib.suppress(ConnectionError):  # who asked has had enough
            for begin in range(0, len(said.body), size):
                time.sleep(said.seconds)
                self.wfile.write(said.body[begin : begin + size])
                self.wfile.flush()
        self.close_connection = bool(said.cut)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- its name
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Many clients at once, and nobody waits for their threads at the end."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, gemini: Gemini) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.gemini = gemini


@contextlib.contextmanager
def serving_gemini(key: str = KEY) -> Iterator[Gemini]:
    """A server that answers well, to this key alone, until it is told otherwise."""
    gemini = Gemini(key=key)
    with Server(gemini) as server:
        gemini.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield gemini
        finally:
            server.shutdown()
            thread.join()

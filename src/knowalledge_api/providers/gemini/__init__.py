"""Content by Google's Gemini: prompts, the shape of answers, and calls through Google's SDK."""

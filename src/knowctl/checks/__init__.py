"""Judgement without hands: facts in, findings out."""

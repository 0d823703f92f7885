"""What a person may type, one file a noun: parse, call one service, give back its result."""

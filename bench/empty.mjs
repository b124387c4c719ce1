// Nothing: what this takes is the start of Node itself.

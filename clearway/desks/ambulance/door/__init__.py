"""One hospital from a phone at its door: the queue, who is with whom, how it stands, each with its age."""

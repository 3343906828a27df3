"""The cover gap of the coming hours, and late finishes seen coming."""

"""Resources that cannot be sent: why, until when, what was asked and answered, and what it costs."""

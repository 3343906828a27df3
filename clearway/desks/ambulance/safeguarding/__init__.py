"""Safeguarding concerns for a child or an adult: raised to a queue, and hidden from everybody else."""

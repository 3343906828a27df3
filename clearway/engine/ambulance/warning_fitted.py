"""The chances in use. Written by `python -m bench.warning_skill --fit`; do not edit by hand."""

from .warning_signs import Chances

FITTED = Chances(
    knots=(60.0, 120.0, 240.0),
    weights={
        "always": (1.39, 3.832, 4.308),
        "limit": (-2.268, -3.074, -3.209),
        "size": (-1.477, -1.53, -1.292),
        "of_hour": (0.858, 0.495, 0.373),
        "now": (1.703, 0.98, 0.61),
        "burden": (3.5, 1.463, 0.515),
        "overdue": (0.165, 0.577, 1.16),
        "load": (0.681, 2.179, 1.669),
        "full": (1.612, 2.06, 2.0),
        "boarding": (0.0, 0.522, 1.475),
        "crowd": (0.174, 2.702, 2.288),
        "beds": (-3.097, -0.312, 0.0),
        "staff": (-1.629, -1.79, -2.036),
        "resus": (0.237, 0.668, 0.725),
        "day": (0.001, -0.002, -0.128),
        "day_quarter": (-0.109, -0.067, -0.38),
        "half_day": (-0.085, -0.212, -0.189),
        "half_day_quarter": (0.153, 0.043, -0.201),
    },
    fitted_on="128 simulated days; seeds 1, 2, 3, 4, 5, 6, 7, 8",
)

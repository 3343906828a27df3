"""The chances in use. Written by `python -m bench.warning_skill --fit`; do not edit by hand."""

from .warning_signs import Chances

FITTED = Chances(
    knots=(60.0, 120.0, 240.0),
    weights={
        "always": (0.675, 2.758, 2.373),
        "limit": (-2.288, -3.04, -3.039),
        "size": (-1.3, -1.204, -0.788),
        "of_hour": (0.883, 0.499, 0.356),
        "now": (1.729, 1.044, 0.733),
        "burden": (3.359, 1.217, 0.288),
        "overdue": (0.261, 0.772, 1.415),
        "load": (0.879, 2.321, 1.756),
        "full": (1.522, 2.013, 1.783),
        "boarding": (0.024, 0.635, 1.766),
        "crowd": (0.0, 2.265, 1.233),
        "beds": (-3.278, -0.282, 0.0),
        "staff": (-1.851, -1.992, -2.198),
        "resus": (0.379, 0.861, 0.967),
        "day": (0.003, -0.049, -0.212),
        "day_quarter": (-0.107, -0.096, -0.417),
        "half_day": (-0.103, -0.239, -0.217),
        "half_day_quarter": (0.156, 0.051, -0.186),
    },
    fitted_on="128 simulated days; seeds 1, 2, 3, 4, 5, 6, 7, 8",
)

"""The chances in use. Written by `python -m bench.warning_skill --fit`; do not edit by hand."""

from .warning_signs import Chances

FITTED = Chances(
    knots=(60.0, 120.0, 240.0),
    weights={
        "always": (0.687, 2.748, 2.497),
        "limit": (-2.265, -2.999, -3.038),
        "size": (-1.337, -1.296, -0.892),
        "of_hour": (0.875, 0.49, 0.353),
        "now": (1.731, 1.038, 0.719),
        "burden": (3.455, 1.436, 0.45),
        "overdue": (0.213, 0.64, 1.297),
        "load": (0.823, 2.247, 1.752),
        "full": (1.547, 2.059, 1.857),
        "boarding": (0.019, 0.606, 1.696),
        "crowd": (0.0, 2.298, 1.334),
        "beds": (-3.279, -0.257, 0.0),
        "staff": (-1.833, -1.968, -2.177),
        "resus": (0.375, 0.863, 0.968),
        "day": (0.012, -0.013, -0.167),
        "day_quarter": (-0.101, -0.07, -0.389),
        "half_day": (-0.097, -0.226, -0.207),
        "half_day_quarter": (0.151, 0.038, -0.197),
    },
    fitted_on="128 simulated days; seeds 1, 2, 3, 4, 5, 6, 7, 8",
)

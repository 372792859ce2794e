"""What ``many_at_once.py`` tries: recipes in groups that are trained together."""

from dataclasses import dataclass

from lenet_tutorial.training import recipes

SEEDS = 4
#: The distortions that a factor makes stronger or weaker.
BENDS = ("shift", "scale", "squeeze", "shear", "rotation", "alpha")
SHARED = ("learning_rate", "weight_decay", "ema", "warmup", "label_smoothing", *BENDS, "sigma")
#: What the recipe 'strong' has; and what no recipe of the package has, switched off. `fade` is by
#: how much the distortions have shrunk at the end, `late` what is left in the last tenth, and
#: `taught` the share of the loss that is the distance to the teachers' answers.
OFF = {"fade": 0.0, "late": 1.0, "taught": 0.0, "temperature": 1.0}
STRONG = recipes.STRONG.row(*SHARED) | OFF


def bent(factor, **more):
    """Return the distortions of the recipe 'strong' times a factor, and what else is changed."""
    return {name: STRONG[name] * factor for name in BENDS} | more


FAST = {"learning_rate": 8e-3, "weight_decay": 0.1}
BEST = bent(1.3, **FAST, ema=0.9998)
AT_2 = {"taught": 1.0, "temperature": 2.0}


@dataclass(frozen=True)
class Group:
    """Recipes that are trained together: what each changes in `STRONG`."""

    epochs: int
    recipes: dict
    pooling: str = "max"
    seeds: int = SEEDS
    teachers: str = ""  # the group that the teachers are of
    best: int = 0  # so many of its best teach; 0: the first four


GROUPS = {
    "short": Group(
        40,
        {
            "strong": {},
            "distortions 0.75": bent(0.75),
            "distortions 1.3": bent(1.3),
            "rate 0.008": {"learning_rate": 8e-3},
            "rate 0.002": {"learning_rate": 2e-3},
            "smoothing 0.1": {"label_smoothing": 0.1},
            "decay 0.06": {"weight_decay": 0.06},
            "decay 0.2": {"weight_decay": 0.2},
            "alpha 25": {"alpha": 25.0},
            "alpha 34, sigma 4": {"alpha": 34.0, "sigma": 4.0},
            "distortions 1.3, smoothing 0.05": bent(1.3, label_smoothing=0.05),
            "rotation 15, shift 2": {"rotation": 15.0, "shift": 2.0},
        },
    ),
    "folded": Group(40, {"folded": {}, "folded, distortions 1.3": bent(1.3)}, pooling="folded"),
    "long": Group(
        91,
        {
            "strong": {},
            "distortions 1.3": bent(1.3),
            "distortions 1.3, decay 0.1": bent(1.3, weight_decay=0.1),
            "rate 0.002": {"learning_rate": 2e-3},
            "alpha 34, sigma 4": {"alpha": 34.0, "sigma": 4.0},
            "rate 0.008, decay 0.06": {"learning_rate": 8e-3, "weight_decay": 0.06},
        },
    ),
    "longer": Group(
        172,
        {
            "all three": bent(1.3, **FAST),
            "decay 0.2": bent(1.3, **FAST | {"weight_decay": 0.2}),
            "rate 0.016": bent(1.3, **FAST | {"learning_rate": 16e-3}),
            "distortions 1.6": bent(1.6, **FAST),
            "smoothing 0.05": bent(1.3, **FAST, label_smoothing=0.05),
            "strongest": BEST,
        },
    ),
    "about": Group(
        170,
        {
            "smoothing 0.05": BEST | {"label_smoothing": 0.05},
            "average 0.9999": BEST | {"ema": 0.9999},
            "distortions 1.7 to 0.77": BEST | bent(1.7, fade=0.55),
            "distortions 1.4 to 0.7": BEST | bent(1.4, fade=0.5),
            "rate 0.006": BEST | {"learning_rate": 6e-3},
            "rate 0.011, decay 0.07": BEST | {"learning_rate": 11e-3, "weight_decay": 0.07},
            "distortions 1.1": BEST | bent(1.1),
            "decay 0.05": BEST | {"weight_decay": 0.05},
            "warm-up 0.3": BEST | {"warmup": 0.3},
            "distortions 1.3, at last 0.4": BEST | {"late": 0.3},
        },
    ),
    "taught": Group(
        40,
        {
            "taught": {"taught": 1.0},
            "taught at 2": AT_2,
            "taught at 4": {"taught": 1.0, "temperature": 4.0},
            "half taught at 2": {"taught": 0.5, "temperature": 2.0},
            "taught at 2, distortions 1.3": bent(1.3, **AT_2),
            "taught at 2, rate 0.008": AT_2 | {"learning_rate": 8e-3},
        },
        teachers="short",
        best=8,
    ),
    "brief": Group(25, {"all three": bent(1.3, **FAST)}, seeds=8),
    "taught by brief ones": Group(
        60,
        {
            "taught at 2, decay 0.02": bent(1.3, **AT_2, learning_rate=8e-3),
            "taught at 2": bent(1.3, **FAST, **AT_2),
            "taught at 4": bent(1.3, **FAST, taught=1.0, temperature=4.0),
            "half taught at 2, rate 0.016": bent(
                1.3, **FAST | {"learning_rate": 16e-3}, taught=0.5, temperature=2.0
            ),
        },
        teachers="brief",
    ),
}

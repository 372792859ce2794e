"""Named ways to train a LeNet: the Keras LeNet's, a fast one, one of one epoch, a strong one.

A recipe is everything that is chosen before a run: which network, how many epochs, how large a
batch, which optimiser, how the learning rate moves, what is done to the training digits. Each is a
frozen value, so ``dataclasses.replace(FAST, epochs=8)`` is another recipe, and a table of runs can
say exactly what was run.
"""

from dataclasses import asdict, dataclass, replace

from .. import models
from .._checks import check_crop, check_number, check_one_of, check_whole, check_widths
from . import fit
from .precision import faster_dtype

#: Name in a recipe: name in ``keras.optimizers``.
OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "lion": "Lion"}
SCHEDULES = ("constant", "cosine")
DTYPES = ("float32", "mixed_bfloat16", "auto")


@dataclass(frozen=True)
class Distortions:
    """How far each training digit may be changed, anew in each epoch.

    Parameters
    ----------
    shift, scale, squeeze, shear, rotation, alpha, sigma : float
        As :class:`lenet_tutorial.distortions.ElasticDistort` takes them.
    """

    shift: float = 0.0
    scale: float = 0.0
    squeeze: float = 0.0
    shear: float = 0.0
    rotation: float = 0.0
    alpha: float = 0.0
    sigma: float = 5.0


@dataclass(frozen=True)
class Recipe:
    """A way to train a LeNet.

    Attributes
    ----------
    name : str
        What tables call it.
    input_size : int
        Of the network, as :func:`lenet_tutorial.models.lenet5` takes it.
    pooling : str
        As `input_size`.
    activation : str
        As `input_size`.
    maps : tuple of int
        As `input_size`.
    units : tuple of int
        As `input_size`.
    crop : int
        As `input_size`.
    epochs : int
        At least 1.
    batch_size : int
        At least 1.
    optimizer : str
        'adam', 'adamw', 'lion' or 'sgd'.
    learning_rate : float
        The largest one.
    schedule : str
        'constant', or 'cosine': the rate falls to zero along half a cosine, after a rise.
    warmup : float
        Share of all updates in which the rate rises.
    warmup_from : float
        The rate that it rises from.
    beta_1 : float
        Of 'adam' and 'adamw': the share that the mean of the gradients keeps at each update.
    beta_2 : float
        The same for the mean of their squares.
    momentum : float
        Of 'sgd'; with 0 it is plain gradient descent.
    nesterov : bool
        Whether this momentum is Nesterov's.
    weight_decay : float
        How strongly the weights are pulled towards zero; not with 'adam'.
    label_smoothing : float
        Share of the target that is spread over all classes.
    ema : float
        If above 0, the network that comes out is the running average of the weights, which keeps
        this share of itself at each update.
    distortions : Distortions or None
        What is done to the training digits.
    shuffle : bool
        Whether each epoch takes the digits in another order, or all in the order that they have.
    whole_epochs : bool
        Hand a whole epoch to the backend at once (``steps_per_execution``); not with PyTorch, which
        takes batch by batch.
    dtype : str
        'float32' or 'mixed_bfloat16': in what the layers compute. The weights stay float32.
        'auto' takes the one that a short measurement finds faster, see
        :func:`lenet_tutorial.training.precision.faster_dtype`.
    jit_compile : bool or str
        Whether XLA compiles a step; 'auto' is Keras's choice.

    Raises
    ------
    ValueError
        If a value is none that the recipe can have.
    """

    name: str
    input_size: int = 28
    pooling: str = "max"
    activation: str = "tanh"
    maps: tuple = (6, 16)
    units: tuple = (120, 84)
    crop: int = 0
    epochs: int = 10
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup: float = 0.0
    warmup_from: float = 0.0
    beta_1: float = 0.9
    beta_2: float = 0.999
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    ema: float = 0.0
    distortions: Distortions | None = None
    shuffle: bool = True
    whole_epochs: bool = False
    dtype: str = "float32"
    jit_compile: bool | str = "auto"

    def __post_init__(self):
        """Refuse what can't be run, before anything is trained."""
        choices = {
            "input_size": models.INPUT_SIZES,
            "pooling": models.POOLINGS,
            "activation": models.ACTIVATIONS,
            "optimizer": tuple(OPTIMIZERS),
            "schedule": SCHEDULES,
            "dtype": DTYPES,
            "jit_compile": (True, False, "auto"),
            "nesterov": (True, False),
            "shuffle": (True, False),
        }
        for name, allowed in choices.items():
            self._keep(name, check_one_of(name, getattr(self, name), allowed))
        for name, counts in (("maps", (2,)), ("units", (1, 2))):
            self._keep(name, check_widths(name, getattr(self, name), counts))
        self._keep("crop", check_crop(self.crop, self.input_size))
        for name in ("epochs", "batch_size"):
            self._keep(name, check_whole(name, getattr(self, name)))
        self._keep("learning_rate", check_number("learning_rate", self.learning_rate, above=0))
        for name in ("weight_decay", "warmup_from"):
            self._keep(name, check_number(name, getattr(self, name)))
        if self.weight_decay and self.optimizer == "adam":
            raise ValueError("weight_decay goes with 'adamw', 'sgd' or 'lion', not with 'adam'")
        for name in ("warmup", "beta_1", "beta_2", "momentum", "label_smoothing", "ema"):
            self._keep(name, check_number(name, getattr(self, name), below=1))
        if self.warmup_from and not self.warmup:
            raise ValueError("warmup_from goes with a warmup, which is 0")

    def _keep(self, name, value):
        object.__setattr__(self, name, value)  # frozen: nobody else changes it

    def build(self, seed=0):
        """Return the network, with weights drawn from this seed.

        Parameters
        ----------
        seed : int
            As :func:`lenet_tutorial.training.set_seed` takes it.

        Returns
        -------
        keras.Model
            ``(batch, input_size, input_size, 1)`` to ``(batch, 10)``: probabilities.
        """
        import keras

        fit.set_seed(seed)
        shape = {"maps": self.maps, "units": self.units, "crop": self.crop}
        usual = keras.config.dtype_policy()
        keras.config.set_dtype_policy(faster_dtype() if self.dtype == "auto" else self.dtype)
        try:
            return models.lenet5(self.input_size, self.pooling, self.activation, **shape)
        finally:
            keras.config.set_dtype_policy(usual)

    def new_optimizer(self, updates):
        """Return a new optimiser.

        Parameters
        ----------
        updates : int
            Weight updates in the whole run; the schedule ends with them.

        Returns
        -------
        keras.optimizers.Optimizer
            With schedule, weight decay and running average as the recipe has them.
        """
        import keras

        schedules, updates = keras.optimizers.schedules, check_whole("updates", updates)
        rate, rising = self.learning_rate, round(self.warmup * updates)
        if self.schedule == "cosine":
            rate = schedules.CosineDecay(
                self.warmup_from if rising else self.learning_rate,
                decay_steps=updates - rising,
                warmup_target=self.learning_rate if rising else None,
                warmup_steps=rising,
            )
        elif rising:
            rate = schedules.PolynomialDecay(self.warmup_from, rising, self.learning_rate)
        own = {"weight_decay": self.weight_decay} if self.weight_decay else {}
        if self.ema:
            own |= {"use_ema": True, "ema_momentum": self.ema}
        if self.optimizer == "sgd":
            own |= {"momentum": self.momentum, "nesterov": self.nesterov}
        if self.optimizer in ("adam", "adamw"):
            own |= {"beta_1": self.beta_1, "beta_2": self.beta_2}
        return getattr(keras.optimizers, OPTIMIZERS[self.optimizer])(rate, **own)

    def train(self, x, y, validation, seed=0, model=None, epochs=None, **more):
        """Build a network, train it by this recipe, and return it with its history.

        Parameters
        ----------
        x, y : numpy.ndarray
            Training images ``(n, input_size, input_size, 1)`` and labels ``(n,)``.
        validation : (numpy.ndarray, numpy.ndarray)
            Validation images and labels.
        seed : int
            Of the weights, the order of the digits and the distortions.
        model : keras.Model, optional
            Train this one, and build none.
        epochs : int, optional
            Stop after so many. The schedule stays that of the whole recipe.
        **more
            Passed on to :func:`lenet_tutorial.training.train`.

        Returns
        -------
        (keras.Model, pandas.DataFrame)
            The trained network; and one row per epoch, as
            :func:`lenet_tutorial.training.train` returns it.

        Raises
        ------
        ValueError
            If images or labels have the wrong shape, type or range.
        """
        import keras

        from ..distortions import ElasticDistort
        from ..losses import SmoothedCrossentropy

        model = model or self.build(seed)
        steps = -(-len(x) // self.batch_size)
        if self.label_smoothing:
            more.setdefault("loss", SmoothedCrossentropy(self.label_smoothing))
        if self.distortions:
            more.setdefault("distort", ElasticDistort(**asdict(self.distortions), seed=seed))
        if self.whole_epochs and keras.backend.backend() != "torch":  # it takes batch by batch
            more.setdefault("steps_per_execution", steps)
        if not self.shuffle:  # said only then: a backup keeps what was said, and checks it
            more.setdefault("shuffle", False)
        callbacks = list(more.pop("callbacks", None) or [])
        if self.ema:  # the validation digits are for the averaged weights
            callbacks.append(keras.callbacks.SwapEMAWeights())
        history = fit.train(
            model,
            x,
            y,
            validation,
            epochs=epochs or self.epochs,
            batch_size=self.batch_size,
            optimizer=self.new_optimizer(steps * self.epochs),
            seed=seed,
            jit_compile=self.jit_compile,
            callbacks=callbacks,
            **more,
        )
        return model, history

    def row(self, *columns):
        """Return the recipe as flat columns, for a table of runs.

        Parameters
        ----------
        *columns : str
            Which ones, in this order: ``recipe``, which is its name, the fields, and those of the
            distortions. By default all.

        Returns
        -------
        dict
        """
        row = {"recipe": self.name} | asdict(self) | asdict(self.distortions or Distortions())
        del row["name"], row["distortions"]
        row |= {name: " ".join(map(str, row[name])) for name in ("maps", "units")}
        return {column: row[column] for column in columns or row}


#: The ``compile`` and ``fit`` lines: Adam, batches of 64, ten epochs.
ARTICLE = Recipe("article")

#: As many parameters as the Keras LeNet, and better after three epochs than that after ten.
FAST = Recipe(
    "fast",
    pooling="folded",
    activation="relu",
    epochs=3,
    batch_size=256,
    learning_rate=1.6e-2,
    schedule="cosine",
    warmup=0.2,
    whole_epochs=True,
    dtype="mixed_bfloat16",
)

#: 99 % of the test digits after one epoch, with 61 098 parameters.
ONE_EPOCH = Recipe(
    "one epoch",
    pooling="folded",
    activation="relu",
    maps=(16, 32),
    units=(160,),
    crop=2,
    epochs=1,
    batch_size=256,
    learning_rate=2e-2,
    schedule="cosine",
    warmup=0.2,
    beta_1=0.7,
    beta_2=0.9,
    label_smoothing=0.1,
    whole_epochs=True,
    dtype="auto",
)

#: As few errors as a LeNet-5 of 61 706 parameters makes within ten minutes on two cores.
STRONG = Recipe(
    "strong",
    input_size=32,
    activation="relu",
    epochs=30,
    batch_size=128,
    optimizer="adamw",
    learning_rate=4e-3,
    schedule="cosine",
    warmup=0.1,
    weight_decay=0.02,
    ema=0.999,
    distortions=Distortions(
        shift=1.0, scale=0.1, squeeze=0.05, shear=0.1, rotation=10.0, alpha=15.0, sigma=5.0
    ),
    whole_epochs=True,
)

#: The same network with fewer errors still: a longer schedule, stronger distortions.
STRONGEST = replace(
    STRONG,
    name="strongest",
    epochs=150,
    learning_rate=8e-3,
    weight_decay=0.1,
    ema=0.9998,
    distortions=Distortions(
        shift=1.3, scale=0.13, squeeze=0.065, shear=0.13, rotation=13.0, alpha=19.5, sigma=5.0
    ),
)

#: The same for twice as long, which is no better: see chapter 16.
LONGEST = replace(STRONGEST, name="longest", epochs=300)

#: For a network that learns from the answers of others, see ``teaching``.
TAUGHT = replace(STRONG, name="taught", epochs=60, learning_rate=8e-3)

#: The recipes by their names.
RECIPES = {recipe.name: recipe for recipe in (ARTICLE, FAST, ONE_EPOCH, STRONG, STRONGEST)}

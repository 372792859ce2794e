"""Named ways to train a LeNet: the article's, a fast one and a strong one.

A recipe is everything that is chosen before a run: which network, how many epochs, how large a
batch, which optimiser, how the learning rate moves, what is done to the training digits. Each is a
frozen value, so ``dataclasses.replace(FAST, epochs=8)`` is another recipe, and a table of runs can
say exactly what was run.
"""

from dataclasses import asdict, dataclass

from .. import models
from .._checks import check_number, check_one_of, check_whole

OPTIMIZERS = ("adam", "adamw", "sgd", "lion")
SCHEDULES = ("constant", "cosine")
DTYPES = ("float32", "mixed_bfloat16")


@dataclass(frozen=True)
class Distortions:
    """How far each training digit may be changed, anew in each epoch.

    The fields are the arguments of :class:`lenet_tutorial.distortions.ElasticDistort`.
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
    epochs : int
        At least 1.
    batch_size : int
        At least 1.
    optimizer : str
        'adam', 'adamw', 'lion', or 'sgd' with Nesterov's momentum.
    learning_rate : float
        The largest one.
    schedule : str
        'constant', or 'cosine': the rate falls to zero along half a cosine, after a rise.
    warmup : float
        Share of all updates in which the rate rises from zero.
    momentum : float
        Of 'sgd'.
    weight_decay : float
        How strongly the weights are pulled towards zero; not with 'adam'.
    label_smoothing : float
        Share of the target that is spread over all classes.
    ema : float
        If above 0, the network that comes out is the running average of the weights, which keeps
        this share of itself at each update.
    distortions : Distortions or None
        What is done to the training digits.
    whole_epochs : bool
        Hand a whole epoch to the backend at once (``steps_per_execution``); not with PyTorch, which
        takes batch by batch.
    dtype : str
        'float32' or 'mixed_bfloat16': in what the layers compute. The weights stay float32.
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
    epochs: int = 10
    batch_size: int = 64
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup: float = 0.0
    momentum: float = 0.9
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    ema: float = 0.0
    distortions: Distortions | None = None
    whole_epochs: bool = False
    dtype: str = "float32"
    jit_compile: bool | str = "auto"

    def __post_init__(self):
        """Refuse what can't be run, before anything is trained."""
        choices = {
            "input_size": models.INPUT_SIZES,
            "pooling": models.POOLINGS,
            "activation": models.ACTIVATIONS,
            "optimizer": OPTIMIZERS,
            "schedule": SCHEDULES,
            "dtype": DTYPES,
            "jit_compile": (True, False, "auto"),
        }
        for name, allowed in choices.items():
            self._keep(name, check_one_of(name, getattr(self, name), allowed))
        for name in ("epochs", "batch_size"):
            self._keep(name, check_whole(name, getattr(self, name)))
        self._keep("learning_rate", check_number("learning_rate", self.learning_rate, above=0))
        self._keep("weight_decay", check_number("weight_decay", self.weight_decay))
        if self.weight_decay and self.optimizer == "adam":
            raise ValueError("weight_decay goes with 'adamw', 'sgd' or 'lion', not with 'adam'")
        for name in ("warmup", "momentum", "label_smoothing", "ema"):
            self._keep(name, check_number(name, getattr(self, name), below=1))
        if self.warmup and self.schedule == "constant":
            raise ValueError("warmup goes with the schedule 'cosine', not with 'constant'")

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

        from .fit import set_seed

        set_seed(seed)
        usual = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.dtype)
        try:
            return models.lenet5(self.input_size, self.pooling, self.activation)
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

        updates = check_whole("updates", updates)
        rate = self.learning_rate
        if self.schedule == "cosine":
            rising = round(self.warmup * updates)
            rate = keras.optimizers.schedules.CosineDecay(
                0.0 if rising else self.learning_rate,
                decay_steps=updates - rising,
                warmup_target=self.learning_rate if rising else None,
                warmup_steps=rising,
            )
        own = {"weight_decay": self.weight_decay} if self.weight_decay else {}
        if self.ema:
            own |= {"use_ema": True, "ema_momentum": self.ema}
        if self.optimizer == "sgd":
            own |= {"momentum": self.momentum, "nesterov": True}
        kinds = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "lion": "Lion"}
        return getattr(keras.optimizers, kinds[self.optimizer])(rate, **own)

    def train(self, x, y, validation, seed=0, model=None, **fit):
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
        **fit
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
        from .fit import train

        model = model or self.build(seed)
        steps = -(-len(x) // self.batch_size)
        if self.label_smoothing:
            fit.setdefault("loss", SmoothedCrossentropy(self.label_smoothing))
        if self.distortions:
            fit.setdefault("distort", ElasticDistort(**asdict(self.distortions), seed=seed))
        if self.whole_epochs and keras.backend.backend() != "torch":  # it takes batch by batch
            fit.setdefault("steps_per_execution", steps)
        callbacks = list(fit.pop("callbacks", None) or [])
        if self.ema:  # the validation digits are for the averaged weights
            callbacks.append(keras.callbacks.SwapEMAWeights())
        history = train(
            model,
            x,
            y,
            validation,
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer=self.new_optimizer(steps * self.epochs),
            seed=seed,
            jit_compile=self.jit_compile,
            callbacks=callbacks,
            **fit,
        )
        return model, history

    def row(self):
        """Return the recipe as flat columns, for a table of runs."""
        columns = {"recipe": self.name} | asdict(self) | asdict(self.distortions or Distortions())
        return {key: value for key, value in columns.items() if key not in ("name", "distortions")}


#: The article's ``compile`` and ``fit`` lines: Adam, batches of 64, ten epochs.
ARTICLE = Recipe("article")

#: A LeNet with as many parameters as the article's, better after three epochs than that after ten.
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

#: The recipes by their names.
RECIPES = {recipe.name: recipe for recipe in (ARTICLE, FAST, STRONG)}

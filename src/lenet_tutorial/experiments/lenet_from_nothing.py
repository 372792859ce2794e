"""Chapter 4: the textbook LeNet-5 trained by NumPy alone, from several starts."""

from .. import datasets, from_nothing
from .run import Experiment, load, runs

#: How it is trained: gradient descent with momentum, and a rate that falls evenly to 0. Of 0.02,
#: 0.05, 0.1 and 0.2 this rate was the best on the validation split after two epochs. The bundled
#: digits are few, so training goes over them more often.
RECIPE = {"batch_size": 64, "learning_rate": 0.1, "momentum": 0.9}
EPOCHS = {"mnist": 6, "digits": 20}


def run(dataset, recipe, seed, epochs=None, train_digits=None):
    """Train one network, and return what was measured.

    Parameters
    ----------
    dataset : {'mnist', 'digits'}
        What to train on.
    recipe : str
        ``"numpy"``: there is only one.
    seed : int
        Of the start weights and of the order of the digits. The validation split is the same for
        all seeds.
    epochs : int, optional
        In place of those of `EPOCHS`; for a quick check.
    train_digits : int, optional
        Use the first so many training digits only; for a quick check.

    Returns
    -------
    dict
        Measured after the last epoch; the test digits are read once.
    """
    train, held_out, test = load(dataset, lambda images: datasets.prepare(images, 32), train_digits)
    parameters = from_nothing.start(seed)
    from_nothing.train(
        parameters,
        *train,
        EPOCHS[dataset] if epochs is None else epochs,
        rate=RECIPE["learning_rate"],
        momentum=RECIPE["momentum"],
        size=RECIPE["batch_size"],
        seed=seed,
    )
    return {
        "parameters": sum(one.size for one in parameters),
        "train_digits": len(train[0]),
        "val_accuracy": round(from_nothing.accuracy(*held_out, parameters), 6),
        "test_accuracy": round(from_nothing.accuracy(*test, parameters), 6),
    }


def _numbers(run):
    """Return the numbers of a run's recipe that stand in the file."""
    return {"epochs": EPOCHS[run["dataset"]]} | RECIPE


EXPERIMENTS = {
    "nothing": Experiment(
        runs({"recipe": ["numpy"]}, seeds=3)
        # Quick enough for a test to run one of them again.
        + runs({"recipe": ["numpy"]}, seeds=3, dataset="digits"),
        run,
        _numbers,
    )
}

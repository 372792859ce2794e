"""Draw the title picture: a digit on its way through a briefly trained textbook LeNet-5.

``python scripts/hero.py`` writes book/_static/hero.png. It needs MNIST.
"""

from pathlib import Path

from lenet_tutorial.datasets import load_digits28, prepare
from lenet_tutorial.figures.style import BLUE, DIGIT, INK, look_of, sign_bar
from lenet_tutorial.models import lenet5_textbook
from lenet_tutorial.training import set_seed, split_validation, train

TARGET = Path(__file__).parent.parent / "book" / "_static" / "hero.png"


def outputs_of(model, image):
    """Return {layer name: output} for one image."""
    import keras

    inside = keras.Model(model.inputs, [layer.output for layer in model.layers])
    values = inside.predict(image[None], verbose=0)
    return {layer.name: value[0] for layer, value in zip(model.layers, values, strict=True)}


def bare(ax):
    """Take ticks and frame away."""
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)


def draw(image, values):
    """Lay out two rows, so that the picture can be read on a phone."""
    import matplotlib.pyplot as plt

    fig = plt.figure(figsize=(8, 5.1), facecolor="white")
    blocks = [  # name, rows, columns, left, bottom, width, height (shares of the figure)
        ("input", 1, 1, 0.02, 0.56, 0.22, 0.345),
        ("C1", 2, 3, 0.29, 0.56, 0.33, 0.345),
        ("S2", 2, 3, 0.67, 0.56, 0.31, 0.345),
        ("C3", 4, 4, 0.02, 0.095, 0.22, 0.33),
        ("S4", 4, 4, 0.29, 0.095, 0.22, 0.33),
    ]
    sizes = {"input": "32×32", "C1": "6@28×28", "S2": "6@14×14", "C3": "16@10×10", "S4": "16@5×5"}
    for name, rows, columns, left, bottom, width, height in blocks:
        maps = image if name == "input" else values[name]
        fig.text(left, bottom + height + 0.02, name, weight="bold", size=17, color=INK)
        fig.text(left + width, bottom + height + 0.02, sizes[name], size=14, color=INK, ha="right")
        grid = fig.add_gridspec(
            rows, columns, left=left, right=left + width, bottom=bottom, top=bottom + height,
            wspace=0.06, hspace=0.06,
        )  # fmt: skip
        for i in range(rows * columns):
            ax = fig.add_subplot(grid[i // columns, i % columns])
            bare(ax)
            look = DIGIT if name == "input" else look_of(maps)
            ax.imshow(maps[..., i], **look, aspect="auto")
    for name, left in (("C5", 0.55), ("F6", 0.64)):
        units = values[name].ravel()
        ax = fig.add_axes((left, 0.095, 0.045, 0.33))
        ax.imshow(units[:, None], **look_of(units), aspect="auto")
        bare(ax)
        fig.text(left, 0.445, name, weight="bold", size=17, color=INK)
        fig.text(left, 0.04, str(len(units)), size=14, color=INK)
    ax = fig.add_axes((0.765, 0.095, 0.215, 0.33))
    ax.barh(range(10), values["output"], color=BLUE)
    ax.set(yticks=range(10), xticks=[], xlim=(0, 1))
    ax.tick_params(length=0, labelsize=12)
    ax.invert_yaxis()
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)
    fig.text(0.765, 0.445, "output", weight="bold", size=17, color=INK)
    sign_bar(fig, size=14, cax=fig.add_axes((0.08, 0.056, 0.37, 0.014)))
    return fig


def main():
    """Train for two epochs, pass one test digit through, and save the picture."""
    digits = load_digits28("mnist")
    x, y, x_val, y_val = split_validation(prepare(digits.x_train, 32), digits.y_train)
    set_seed(0)
    model = lenet5_textbook()
    train(model, x, y, validation=(x_val, y_val), epochs=2)
    image = prepare(digits.x_test[:1], 32)[0]
    values = outputs_of(model, image)
    assert values["output"].argmax() == digits.y_test[0]
    draw(image, values).savefig(TARGET, dpi=200, metadata={"Software": None})


if __name__ == "__main__":
    main()

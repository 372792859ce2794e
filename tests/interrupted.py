"""One training run in a process of its own, for test_backup.py: to be interrupted by a signal.

Its arguments are the backup folder (or "none"), the file for the weights and the history, and the
epoch, counted from 0, in the middle of which it waits for a signal (or -1).
"""

import signal
import sys
import time

import numpy as np

from lenet_tutorial.datasets import load_bundled, prepare
from lenet_tutorial.models import lenet5_article
from lenet_tutorial.training import set_seed, split_validation, train


def main(backup, output, waits):
    # What starts the tests may have told its children to overlook Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import keras

    from lenet_tutorial.distortions import Distort

    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
    digits = load_bundled()
    data = split_validation(prepare(digits.x_train[:600]), digits.y_train[:600])
    x, y, x_val, y_val = data
    set_seed(0)
    parts = lenet5_article().layers
    model = keras.Sequential([keras.Input((28, 28, 1)), *parts[:-1], keras.layers.Dropout(0.3)])
    model.add(parts[-1])
    rate = keras.optimizers.schedules.CosineDecay(3e-3, 90)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=0.05, use_ema=True, ema_momentum=0.9)

    def wait(epoch, batch):
        if epoch == waits and batch == 9:
            print("waiting", flush=True)
            time.sleep(120)

    epoch = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda number, logs: epoch.append(number),
        on_train_batch_end=lambda batch, logs: wait(epoch[-1], batch),
    )
    history = train(
        model,
        x,
        y,
        (x_val, y_val),
        epochs=5,
        batch_size=30,
        optimizer=optimizer,
        seed=7,
        distort=Distort(seed=1),
        backup=None if backup == "none" else backup,
        callbacks=[watch],
    )
    history.to_csv(f"{output}.csv")
    np.savez(output, *model.get_weights())
    print("epochs:", *epoch)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

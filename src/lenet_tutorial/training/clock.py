"""How long the epochs of a training take, without the measuring between them."""

import time


class Clock:
    """Add up the time between the starts and the ends of epochs, the measuring left out.

    Attributes
    ----------
    wall : list of float
        Seconds of each epoch, by the clock on the wall.
    cpu : list of float
        The same by the processor, which adds up all cores, and does not count what other programs
        do meanwhile.
    """

    def __init__(self):
        self.wall, self.cpu = [], []

    def callback(self):
        """Return the Keras callback that drives this clock."""
        import keras

        clock = self

        class Stopwatch(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                self.stopped = 0.0, 0.0
                self.began = time.perf_counter(), time.process_time()

            def on_test_begin(self, logs=None):
                self.paused = time.perf_counter(), time.process_time()

            def on_test_end(self, logs=None):
                now = time.perf_counter(), time.process_time()
                pause = [after - before for after, before in zip(now, self.paused, strict=True)]
                self.stopped = tuple(a + b for a, b in zip(self.stopped, pause, strict=True))

            def on_epoch_end(self, epoch, logs=None):
                now = time.perf_counter(), time.process_time()
                for kept, end, start, out in zip(
                    (clock.wall, clock.cpu), now, self.began, self.stopped, strict=True
                ):
                    kept.append(end - start - out)

        return Stopwatch()

"""Makes the .tflite files, with TensorFlow 2.21 in an environment of its own: its converter does not go with our torch.

python -m venv tf && tf/bin/pip install tensorflow scikit-learn && tf/bin/python tests/formats/make_litert.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

FILES = Path(__file__).with_name("files")


def main() -> None:
    tf.keras.utils.set_random_seed(0)
    digits = load_digits()
    images = (
        np.floor(digits.images * 255 / 16 + 0.5)[..., None].astype(np.float32) / 255
    )  # as tests/formats/digits.py draws them
    train = np.arange(len(images)) % 3 > 0
    network = tf.keras.Sequential(
        [
            tf.keras.Input((8, 8, 1)),
            tf.keras.layers.Conv2D(16, 3, activation="relu"),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(32, activation="relu"),
            tf.keras.layers.Dense(10),
        ]
    )
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile("adam", loss, metrics=["accuracy"])
    network.fit(images[train], digits.target[train], epochs=30, batch_size=32, verbose=0)
    print("float", network.evaluate(images[~train], digits.target[~train], verbose=0))
    write(network, "digits", [])
    write(network, "digits-dynamic", [tf.lite.Optimize.DEFAULT])
    for name, type_ in (("int8", tf.int8), ("uint8", tf.uint8)):
        write(network, f"digits-{name}", [tf.lite.Optimize.DEFAULT], images[train][:200], type_)


def write(network: tf.keras.Model, name: str, optimizations: list, examples: np.ndarray | None = None, type_=None) -> None:
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = optimizations
    if examples is not None:
        converter.representative_dataset = lambda: ([example[None]] for example in examples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = type_
    (FILES / f"{name}.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main()

"""The trained network of the zoo, compiled for every target: each held-out picture gets the reference's class."""

import numpy as np
import pytest
from numpy.typing import NDArray

import lrc
from lrc import zoo
from lrc.interpreters.graph import run


@pytest.fixture(scope="module")
def images() -> NDArray[np.float32]:
    with np.load(zoo.FOLDER / "digits-test.npz") as held_out:
        return held_out["images"]


@pytest.fixture(scope="module")
def probabilities(images: NDArray[np.float32]) -> NDArray[np.float64]:
    module = lrc.load("zoo:digits")
    return np.concatenate([run(module, [image[np.newaxis]])[0] for image in images])


@pytest.mark.parametrize("target", ["host", "c", "neon"])
def test_every_target_gives_the_class_of_the_reference(
    target: str, images: NDArray[np.float32], probabilities: NDArray[np.float64]
) -> None:
    with lrc.compile("zoo:digits", target) as net:
        computed = net(images)
    assert np.array_equal(computed.argmax(1), probabilities.argmax(1))
    assert np.abs(computed - probabilities).max() < 1e-5

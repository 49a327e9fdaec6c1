"""Tests that compile networks have the time that they take, and whoever has settings of their own keeps them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from hypothesis.errors import DeadlineExceeded, FailedHealthCheck

from lrc.testing import profile

FIFTH = timedelta(milliseconds=200)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Hypothesis as it is before anything of lrc is imported, and afterwards as it was."""
    name, lrc, default = (
        settings.get_current_profile_name(),
        settings.get_profile("lrc"),
        settings.get_profile("default"),
    )
    settings.load_profile("default")
    settings.register_profile("default", phases=[Phase.generate], database=None)  # failures are not shrunk
    yield
    settings.load_profile("default")
    settings.register_profile("default", default)
    settings.register_profile("lrc", lrc)
    settings.load_profile(name)


def current() -> settings:
    assert settings.default is not None
    return settings.default


def slow() -> None:
    """A test as slow as networks are: its first ten examples take a second to draw, each runs into the deadline."""

    @settings(max_examples=11)
    @given(st.integers().map(lambda n: time.sleep(0.11) or n))
    def test(n: int) -> None:
        time.sleep(0.26)

    test()


def test_slow_tests_pass() -> None:
    profile.load()
    slow()


def test_without_it_they_fail() -> None:
    with pytest.raises((DeadlineExceeded, FailedHealthCheck)):
        slow()


def test_nothing_else_changes() -> None:
    before = current()
    profile.load()
    assert repr(settings(current(), deadline=FIFTH, suppress_health_check=())) == repr(before)


def test_tests_that_stand_before_the_import_keep_their_settings() -> None:
    @given(st.integers())
    def earlier(n: int) -> None:
        time.sleep(0.26)

    profile.load()
    with pytest.raises(DeadlineExceeded):
        earlier()


def test_a_profile_that_was_loaded_before_stays() -> None:
    settings.register_profile("mine", deadline=300, max_examples=7)
    settings.load_profile("mine")
    profile.load()
    assert settings.get_current_profile_name() == "mine"
    assert current().deadline == timedelta(milliseconds=300)
    ours = settings.get_profile("lrc")
    assert ours.deadline is None and ours.max_examples == 7


def test_so_does_one_that_is_loaded_later() -> None:
    profile.load()
    settings.register_profile("mine", deadline=300)
    settings.load_profile("mine")
    assert current().deadline == timedelta(milliseconds=300)


def test_a_changed_default_is_built_upon() -> None:
    settings.register_profile("default", max_examples=9, suppress_health_check=[HealthCheck.filter_too_much])
    profile.load()
    assert current().max_examples == 9
    assert {HealthCheck.filter_too_much, *profile.SLOW} == set(current().suppress_health_check)


def test_verbosity_is_no_profile_of_a_user() -> None:
    settings.register_profile("default-with-verbose-verbosity", verbosity=Verbosity.verbose)
    settings.load_profile("default-with-verbose-verbosity")
    profile.load()
    assert current().deadline is None and current().verbosity == Verbosity.verbose


def test_settings_of_a_test_stay() -> None:
    profile.load()
    assert settings(deadline=100).deadline == timedelta(milliseconds=100)


def test_an_import_inside_of_a_test_changes_nothing() -> None:
    @settings(max_examples=1, deadline=None)
    @given(st.integers())
    def test(n: int) -> None:
        profile.load()

    test()
    assert settings.get_current_profile_name() == "default"


def test_the_import_loads_it() -> None:
    """On a machine of CI, where Hypothesis draws the same examples each time, that stays."""
    script = "from hypothesis import settings; import lrc.testing; print(settings.default)"
    words = [sys.executable, "-W", "error", "-c", script]
    shown = subprocess.check_output(words, env=os.environ | {"CI": "true"}, text=True)
    assert "deadline=None" in shown and "derandomize=True" in shown and "data_too_large" in shown

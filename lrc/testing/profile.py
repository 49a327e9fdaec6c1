"""Hypothesis' settings for tests that compile networks: its own suit functions that take a millisecond.

Under those an example may take 200 ms, and drawing the first ten one second. A network that is evaluated before and
after each pass takes longer, a C compiler as well, on a machine that has other things to do. So importing `lrc.testing`
loads the profile `lrc`: the current settings without a deadline, and without the health checks for slow and large
draws. Hypothesis gives a test the settings that are current when it meets `@given`, which is after that import.

A profile of the user's own stays loaded, whether it was before the import or is afterwards; so does what `@settings`
says.
"""

from typing import Final

from hypothesis import HealthCheck, settings

PROFILE: Final = "lrc"
"""The name of the profile. It is also there for users' own to build upon, as their `parent`."""

OF_HYPOTHESIS: Final = ("default", "ci")
"""The profiles that Hypothesis loads by itself. It calls them `default-with-verbose-verbosity` and the like where its
verbosity was asked for."""

SLOW: Final = (HealthCheck.too_slow, HealthCheck.data_too_large)


def load() -> None:
    """Register the profile, and load it unless the user has loaded one.

    Inside a test that has `@settings`, settings are that test's own, and stay as they are.
    """
    now, name = settings.default, settings.get_current_profile_name()
    if now is None or now is not settings.get_profile(name):
        return
    suppressed = dict.fromkeys([*now.suppress_health_check, *SLOW])
    settings.register_profile(PROFILE, parent=now, deadline=None, suppress_health_check=list(suppressed))
    if name.split("-with-")[0] in OF_HYPOTHESIS:
        settings.load_profile(PROFILE)

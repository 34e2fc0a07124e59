"""Whether a release may be offered for publication."""

from tipcore.errors import UsageError

from tipdata.core.own import is_own
from tipdata.core.world import own_world
from tipdata.release.release import Release


def check_publishable(release: Release) -> None:
    """Refuse a release of a world that is private, as a calibrated one is until its file says otherwise.

    Whatever leaves this machine asks this first. Raises UsageError.
    """
    if is_own(release.version) and own_world(release.version).private:
        raise UsageError(
            f"release {release.name} is of a private world, calibrated on private records or marked so: who may decide "
            "so writes `private: false` in its world file and makes it again with `tipbench data make world=FILE`."
        )

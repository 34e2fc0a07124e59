"""Where the configs are: in the wheel, or in the checkout that an editable install points to."""

from pathlib import Path

from tipdata.core.errors import UsageError


def config_folder() -> Path:
    """The absolute folder that holds ``config.yaml`` and its groups.

    Raises UsageError where neither the installed package nor a checkout around it has one.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "configs", package.parents[1] / "configs"):
        if (folder / "config.yaml").is_file():
            return folder
    raise UsageError(f"no configs beside {package}: install tipbench again.")


def config_folders(own: str | None) -> tuple[Path, ...]:
    """The configs that come with tipbench and, after them, those of a user's ``--config-dir``.

    Raises UsageError where the user's folder is not there.
    """
    if own is None:
        return (config_folder(),)
    folder = Path(own).expanduser().resolve()
    if not folder.is_dir():
        raise UsageError(
            f"--config-dir {own} is no folder: give one that holds baseline/, data/ or experiment/."
        )
    return config_folder(), folder

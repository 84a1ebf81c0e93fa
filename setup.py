"""The installed package brings what lies beside it in a checkout; `pyproject.toml` has everything else."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CARRIED = ("datasets", "docs/reference", "notebooks", "requirements.lock")


class BuildWithFiles(build_py):
    """Copies them to where `course_utils.ROOT` looks in an installed package."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # the checkout itself is used
            return
        target = Path(self.build_lib, "course_utils", "_files")
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for name in CARRIED:
            if Path(name).is_dir():
                shutil.copytree(
                    name, target / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
                )
            else:
                shutil.copy(name, target)


setup(cmdclass={"build_py": BuildWithFiles})

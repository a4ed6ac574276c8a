"""ODK Validate: the engine of Collect itself loads the form. From the jar that pyxform ships,
where Java exists.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from pyxform.validators.error_cleaner import ErrorCleaner
from pyxform.validators.odk_validate import ODK_VALIDATE_PATH

from forms import problems
from server.problems import Problem

_MEMORY = "-Xmx256m"
_LIMIT = 4000


def has_java() -> bool:
    """Whether `validate_xform` can check anything here."""
    return shutil.which("java") is not None and Path(ODK_VALIDATE_PATH).exists()


def validate_xform(xml: bytes, *, timeout: float = 30) -> tuple[str, ...]:
    """Warnings of ODK Validate; empty where there is no Java. `timeout` in seconds, after which
    it is only a warning.

    Problems: ODK_VALIDATE_FAILED when a phone would refuse the form.
    """
    if not has_java():
        return ()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "form.xml")
        path.write_bytes(xml)
        try:
            done = _run(path, timeout)
        except subprocess.TimeoutExpired:
            return (f"ODK Validate did not finish within {timeout:g} seconds.",)
    said = ErrorCleaner.odk_validate(done.stderr.decode(errors="replace")).strip()[:_LIMIT]
    if done.returncode > 0:
        raise Problem(
            problems.ODK_VALIDATE_FAILED,
            details={"error": said, "warnings": [], "success": False},
            reason=said,
        )
    return (said,) if said else ()


def _run(path: Path, timeout: float) -> subprocess.CompletedProcess[bytes]:
    java = shutil.which("java") or "java"
    return subprocess.run(
        [java, _MEMORY, "-Djava.awt.headless=true", "-jar", ODK_VALIDATE_PATH, str(path)],
        capture_output=True,
        timeout=timeout,
        check=False,
    )

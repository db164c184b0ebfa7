"""The part of the env file that the sandbox writes, and the check that it names no real system.

Everything between the two marker lines is ours; the rest of the file is the operator's and is kept
to the character. The block stands last, because of a name set twice the last one counts.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

from dotenv import dotenv_values

from runtime.errors import ConfigError

FIRST = "# >>> sandbox (written by make sandbox-up)"
LAST = "# <<< sandbox"

# Any of these outside the block names a Sonar or a Splynx.
NAMES = (
    "SONAR_URL",
    "SONAR_API_KEY",
    "SPLYNX_MYSQL_URL",
    "SPLYNX_ADMIN_URL",
    "SPLYNX_TARGET",
    "SPLYNX_URL",
    "SPLYNX_API_KEY",
    "SPLYNX_API_SECRET",
)


def split(text: str) -> tuple[str, str]:
    """Return the operator's part of an env file and the content of the sandbox's block.

    Raises:
        ConfigError: the block has a first line and no last one.
    """
    before, first, rest = text.partition(FIRST)
    if not first:
        return text, ""
    block, last, after = rest.partition(LAST)
    if not last:
        raise ConfigError(f"the env file has a line '{FIRST}' without its '{LAST}': mend it")
    return before + after.removeprefix("\n"), block.strip("\n")


def with_block(text: str, values: Mapping[str, str]) -> str:
    """Return the env file with a block of these values at its end, or without one if empty."""
    own, _ = split(text)
    if not values:
        return own
    if own and not own.endswith("\n"):
        own += "\n"
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    return f"{own}{FIRST}\n{lines}{LAST}\n"


def refuse_another(text: str, environment: Mapping[str, str]) -> None:
    """Refuse when the file outside the block, or the environment, names another Sonar or Splynx.

    Values equal to those of the block are the sandbox's own, exported by a shell or by make.

    Raises:
        ConfigError: it names the variables, never their values.
    """
    own, block = split(text)
    ours = _values(block)
    for where, named in (("the env file", _values(own)), ("the environment", environment)):
        others = [n for n in NAMES if named.get(n) and named.get(n) != ours.get(n)]
        if others:
            raise ConfigError(
                f"{where} already names another Sonar or Splynx ({', '.join(others)}): "
                "unset it, or let ENV_FILE name a file of its own for the sandbox"
            )


def _values(text: str) -> Mapping[str, str | None]:
    return dotenv_values(stream=io.StringIO(text), interpolate=False)

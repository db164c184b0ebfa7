"""`profiles.yml`: dbt's way into the warehouse, from the settings, so that plain `dbt` works.

`profiles.yml.example` is the template and the only place that knows dbt's keys.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined

from runtime.settings import ROOT, warehouse_url

_MARK = "# Written from your settings by `make setup`. Remove this line and it is yours to keep."
_FILES = ("sslrootcert", "sslcert", "sslkey")  # what dbt, too, takes of a URL's TLS


def _filled(node: Any, environment: Environment) -> Any:  # noqa: ANN401 - any YAML node
    """Return a YAML node with the expressions in its texts evaluated."""
    if isinstance(node, dict):
        return {key: _filled(value, environment) for key, value in node.items()}
    if not isinstance(node, str):
        return node
    value = environment.from_string(node).render()
    return int(value) if "as_number" in node else value


def render(template: str) -> str:
    """Return the template with the warehouse of the settings in place of its variables."""
    url = warehouse_url()
    values = {
        "WAREHOUSE_HOST": url.host or "",
        "WAREHOUSE_PORT": str(url.port or 5432),
        "WAREHOUSE_USER": url.username or "",
        "WAREHOUSE_PASSWORD": str(url.password or ""),
        "WAREHOUSE_DATABASE": url.database or "",
        "WAREHOUSE_SSLMODE": str(url.query.get("sslmode", "prefer")),
        # Empty means libpq's own default, as where the URL does not say it.
        **{f"WAREHOUSE_{name.upper()}": str(url.query.get(name, "")) for name in _FILES},
    }
    # The result is YAML, not HTML: escaping would break passwords.
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701
    environment.filters["as_number"] = str
    environment.globals["env_var"] = lambda name, default="": values.get(name, default)
    filled = _filled(yaml.safe_load(template), environment)
    return f"{_MARK}\n{yaml.safe_dump(filled, sort_keys=False)}"


def write_profiles(folder: Path | None = None) -> bool:
    """Write `profiles.yml` for the current warehouse; return False when it is the operator's own.

    Without a `folder` it goes where plain dbt looks: `DBT_PROFILES_DIR`, else the project's root.

    Raises:
        ConfigError: no warehouse is configured.
    """
    path = (folder or Path(os.environ.get("DBT_PROFILES_DIR") or ROOT)) / "profiles.yml"
    if path.exists() and not path.read_text(encoding="utf-8").startswith(_MARK):
        return False
    content = render((ROOT / "profiles.yml.example").read_text(encoding="utf-8"))
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(content, encoding="utf-8")
    fresh.replace(path)
    return True

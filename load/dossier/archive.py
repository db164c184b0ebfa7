"""The archive: members, their hashes, and one hash over all of them. Pure, standard library only.

The same members always make the same bytes: sorted names, one fixed time, no compression (which
differs from one version of a library to the next). So a verifier can make the archive anew from
what it read and see a change anywhere in the file, also between its members.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping

SUMS = "SHA256SUMS"  # as sha256sum writes and checks it
_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows
_MODE = 0o100644 << 16
_LINE = re.compile(r"^(?P<hash>[0-9a-f]{64})  (?P<name>.+)$")


def sums(members: Mapping[str, bytes]) -> bytes:
    """Return the list of hashes, a line for each member in the order of names."""
    lines = (f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in sorted(members))
    return "".join(lines).encode()


def root(listed: bytes) -> str:
    """Return the hash that stands for the whole archive: that of its list of hashes."""
    return hashlib.sha256(listed).hexdigest()


def _packed(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, date_time=_TIME)
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = _MODE
            archive.writestr(entry, members[name])
    return file.getvalue()


def sealed(members: Mapping[str, bytes]) -> tuple[bytes, str]:
    """Return the archive's bytes and its root hash.

    Raises:
        ValueError: a member has the name of the list, or one that no line can hold.
    """
    if wrong := [name for name in members if name == SUMS or "\n" in name]:
        raise ValueError(f"no member may be named {wrong[0]!r}")
    listed = sums(members)
    return _packed({**members, SUMS: listed}), root(listed)


def _listed(content: bytes) -> dict[str, str] | None:
    found = {}
    for line in content.decode(errors="replace").splitlines():
        match = _LINE.match(line)
        if match is None or match["name"] in found:
            return None
        found[match["name"]] = match["hash"]
    return found


def _read(archive: zipfile.ZipFile) -> tuple[dict[str, bytes], list[str]]:
    """Return the members, and what is wrong with those that cannot be read."""
    members: dict[str, bytes] = {}
    problems = []
    for entry in archive.infolist():
        if entry.filename in members:
            problems.append(f"added: {entry.filename} is in the archive twice")
            continue
        try:
            members[entry.filename] = archive.read(entry)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError):
            members[entry.filename] = b""
            problems.append(f"changed: {entry.filename}")
    return members, problems


def _differing(members: Mapping[str, bytes], listed: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(members.keys() | listed.keys()):
        if name not in members:
            yield f"missing: {name}"
        elif name not in listed:
            yield f"added: {name}"
        elif hashlib.sha256(members[name]).hexdigest() != listed[name]:
            yield f"changed: {name}"


def verified(content: bytes, signed: str | None = None) -> tuple[list[str], str | None]:
    """Return what is wrong with an archive (nothing: it is as it was sealed), and its root hash.

    `signed` is the root hash of the sign-off. Without it somebody who also wrote the list of hashes
    anew would not be found out.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members, problems = _read(archive)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
        return ["changed: the archive itself cannot be read"], None
    if SUMS not in members:
        return [*problems, f"missing: {SUMS}"], None
    written = members[SUMS]
    listed = _listed(written)
    if listed is None:
        return [f"changed: {SUMS}"], None
    others = {name: inner for name, inner in members.items() if name != SUMS}
    problems = sorted({*problems, *_differing(others, listed)})
    found = root(written)
    if signed is not None and found != signed.strip().lower():
        problems.append(f"changed: {SUMS}, its hash is not the one that was signed")
    if not problems and _packed(members) != content:
        problems.append("changed: the archive around its members")
    return problems, found

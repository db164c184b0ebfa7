"""The three ways to prove who asks: basic, signature with growing nonce, access token."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy.engine import Connection

from sandbox.splynx.rest.columns import Value
from sandbox.splynx.rest.errors import bad_request, forbidden, unauthorized
from sandbox.splynx.rest.scene import Actor, Row
from sandbox.splynx.rest.tokens import Owner, Tokens
from sandbox.splynx.rest.vault import Vault

_SCHEME = "Splynx-EA "


def sign(nonce: str, key: str, secret: str) -> str:
    """Return the signature: upper-case HMAC-SHA256 of nonce and key."""
    digest = hmac.new(secret.encode(), f"{nonce}{key}".encode(), hashlib.sha256)
    return digest.hexdigest().upper()


class Credentials:
    """Checks who asks against the tables `api` and `admins`."""

    def __init__(self, vault: Vault, tokens: Tokens) -> None:
        self._vault = vault
        self._tokens = tokens

    def actor(self, connection: Connection, header: str | None, address: str, agent: str) -> Actor:
        """Return who asks.

        Raises:
            ApiError: 401 with the reason, 403 for an address outside the key's white list.
        """
        if not header:
            raise unauthorized("MISSED_AUTHORIZATION_HEADER")
        if header.startswith("Basic "):
            return self._basic(connection, header.removeprefix("Basic "), address)
        if not header.startswith(_SCHEME):
            raise unauthorized()
        sent = dict(
            parse_qsl(header.removeprefix(_SCHEME).strip().strip("()"), keep_blank_values=True)
        )
        if "access_token" in sent:
            owner = self._tokens.owner(sent["access_token"], address, agent)
            return _of_owner(connection, owner)
        row = self._signed(connection, sent)
        _refuse_address(row, address)
        self._use_nonce(connection, row, sent["nonce"], address)
        return key_actor(connection, row)

    def log_in(
        self, connection: Connection, body: Mapping[str, Any], address: str, agent: str
    ) -> tuple[Actor, Owner]:
        """Return who asks for a token, by `auth_type`."""
        kind = body.get("auth_type")
        if kind == "api_key":
            row = self._by_key_body(connection, body)
            _refuse_address(row, address)
            return key_actor(connection, row), Owner("api_key", row["id"], address, agent)
        if kind == "admin":
            row = self._by_login(connection, body)
            return _admin_actor(row), Owner("admin", row["id"], address, agent)
        if kind in {"customer", "session"}:
            raise unauthorized("INVALID_USER")  # the portal is not modelled
        raise bad_request() if body and kind else unauthorized("INVALID_AUTH_TYPE")

    def renew(
        self, connection: Connection, refresh: str, address: str, agent: str
    ) -> tuple[Actor, Owner]:
        """Use up a refresh token; return who asks."""
        owner = self._tokens.renew(refresh, address, agent)
        return _of_owner(connection, owner), owner

    def _basic(self, connection: Connection, encoded: str, address: str) -> Actor:
        try:
            text = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise unauthorized() from None
        key, _, secret = text.partition(":")
        row = _key_row(connection, "`key`", key)
        known = row is not None and hmac.compare_digest(
            self._vault.open(row["secret"]).encode(), secret.encode()
        )
        if row is None or not known or row["unsecure_auth"] != "1":
            raise unauthorized()
        _refuse_address(row, address)
        return key_actor(connection, row)

    def _signed(self, connection: Connection, sent: Mapping[str, Any]) -> Row:
        nonce, key = str(sent.get("nonce", "")), str(sent.get("key", ""))
        row = _key_row(connection, "`key`", key)
        if row is None:
            raise unauthorized()
        expected = sign(nonce, key, self._vault.open(row["secret"]))
        signature = str(sent.get("signature", ""))
        if not nonce.isdecimal() or not hmac.compare_digest(expected.encode(), signature.encode()):
            raise unauthorized("INVALID_SASH")
        return row

    def _by_key_body(self, connection: Connection, body: Mapping[str, Any]) -> Row:
        """Take a signature, or the secret itself where the key allows unsecure access.

        The nonce is not compared with the last one: it counts seconds here and hundredths of
        milliseconds in signed requests, so that either would lock the other out (inferred).
        """
        if "secret" not in body:
            return self._signed(connection, body)
        pair = f"{body.get('key')}:{body['secret']}".encode()
        row = _key_row(connection, "`key`", str(body.get("key")))
        self._basic(connection, base64.b64encode(pair).decode(), "")
        return row or {}

    def _by_login(self, connection: Connection, body: Mapping[str, Any]) -> Row:
        found = connection.exec_driver_sql(
            "select * from admins where login = %s and deleted = '0'", (body.get("login"),)
        )
        row = found.mappings().first()
        password = str(body.get("password") or "")
        stored = self._vault.open(row["password"]) if row else ""
        if not password or not hmac.compare_digest(stored.encode(), password.encode()):
            raise unauthorized("INVALID_USER")
        return dict(row or {})

    @staticmethod
    def _use_nonce(connection: Connection, row: Row, nonce: str, address: str) -> None:
        grown = " and last_nonce < %s" if row["check_nonce"] == "1" else ""
        parameters: list[Any] = [int(nonce), address, row["id"]]
        result = connection.exec_driver_sql(
            "update api set last_nonce = %s, last_ip = %s, last_dt = now(),"
            f" usage_count = usage_count + 1 where id = %s{grown}",
            (*parameters, int(nonce)) if grown else tuple(parameters),
        )
        if result.rowcount == 0 and grown:
            raise unauthorized("INVALID_SASH")


def key_actor(connection: Connection, row: Row) -> Actor:
    """Return the actor of an API key with the rights it was granted."""
    granted = connection.exec_driver_sql(
        "select controller, action from permissions_api_key where api_key_id = %s", (row["id"],)
    )
    rights = frozenset((str(controller), str(action)) for controller, action in granted)
    return Actor("api", row["id"], row["partner_id"], rights)


def _admin_actor(row: Row) -> Actor:
    return Actor("admin", row["id"], row["partner_id"], None)


def _of_owner(connection: Connection, owner: Owner) -> Actor:
    if owner.kind == "api_key":
        key = _key_row(connection, "id", owner.id)
        if key is None:
            raise unauthorized()
        return key_actor(connection, key)
    found = connection.exec_driver_sql(
        "select * from admins where id = %s and deleted = '0'", (owner.id,)
    )
    admin = found.mappings().first()
    if admin is None:
        raise unauthorized()
    return _admin_actor(dict(admin))


def _key_row(connection: Connection, column: str, value: Value) -> Row | None:
    found = connection.exec_driver_sql(
        f"select * from api where {column} = %s and deleted = '0'", (value,)
    )
    row = found.mappings().first()
    return dict(row) if row else None


def _refuse_address(row: Row, address: str) -> None:
    """Refuse an address outside the white list; an empty list admits every one."""
    allowed = json.loads(row["white_list"] or "[]")
    if address and allowed and address not in allowed:
        raise forbidden()

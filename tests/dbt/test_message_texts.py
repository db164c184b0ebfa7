"""Texts of messages, from what Sonar answers to the bytes in Splynx's table."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from extract.landing.characters import storable
from runtime.manifest import Manifest, marts_of
from tests.dbt.project import Built
from tests.load import miniature
from tests.services import Splynx, plain
from transform.clean_texts import clean_texts

pytestmark = [pytest.mark.postgres, pytest.mark.mysql]

_MESSAGES = 1000
_FIRST = 900_000
_PIECES = (
    *("a", "Z", "7", " ", "\n", "\r\n", "\t", "\\", "\\n", "\\N", "'", '"', "`", ",", ";", "%"),
    *("\x1a", "\x1f", "\x00", "\ud83d.", "\udc00.", "&", "&amp;", "< 5", "<7", "<ann@x.example>"),
    *(">", "NULL", "\u00e9", "\u00df", "\u8a9e", "\u00a0", "\u200b", "\u2028", "\ufeff", "\ufffd"),
    *("\U0001f600", "\U0001f468\u200d\U0001f469", "\U0001f3d4\ufe0f", "\U0010ffff"),
)
_MODELS = (
    "stg_ops__clean_texts",
    "stg_splynx__current_target",
    "stg_splynx__ids_in_use",
    "int_crosswalk__fixed",
    "int_crosswalk__strangers",
    "stg_sonar__ticket_replies",
    "int_tickets__messages",
    "int_tickets__planned",
    "int_support__candidates",
    "int_crosswalk__candidates",
    "int_crosswalk",
    "ticket_messages",
)


def _texts() -> list[str]:
    """Return texts without markup, one of a megabyte, of whatever mail may hold."""
    chance = random.Random(11)
    texts = ["".join(chance.choices(_PIECES, k=chance.randint(1, 60))) for _ in range(_MESSAGES)]
    texts[500] = "\U0001f600 & <7\n" * 110_000
    return texts


def _normalised(text: str) -> bytes:
    """Return what D-178 says becomes of a text without markup."""
    kept = ("\ufffd" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)
    return "".join(kept).replace("&", "&amp;").replace("<", "&lt;").encode()


def test_messages_stand_in_the_order_in_which_they_were_written(built: Built) -> None:
    found: dict[str, list[str]] = {
        ticket: [] for (ticket,) in built.rows("select _sonar_key from splynx_staging.ticket")
    }
    for ticket, message in built.rows(
        "select ticket._sonar_key, message._sonar_key"
        " from splynx_staging.ticket_messages as message"
        " join splynx_staging.ticket as ticket on ticket.id = message.ticket_id order by message.id"
    ):
        found[ticket].append(message)
    assert found == built.tenant.truth["messages"]


def test_a_thousand_texts_reach_splynx_byte_for_byte(
    built: Built, splynx: Splynx, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {f"reply:{_FIRST + place}": text for place, text in enumerate(_texts())}
    ((ticket,),) = built.rows("select _sonar_key from splynx_staging.ticket order by id limit 1")
    rows = []
    for key, text in texts.items():
        sent = {
            "id": key.removeprefix("reply:"),
            "ticket_id": ticket,
            "incoming": False,
            "body": text,
            "created_at": "2024-05-01T12:00:00+00:00",
        }
        payload, _ = storable(json.dumps(sent).encode())
        rows.append((sent["id"], payload.decode()))
    with built.engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into raw_sonar.ticket_replies (_sonar_key, payload, _run_id)"
            " values (%s, %s, 'r1')",
            rows,
        )
    clean_texts(built.engine)
    marts = {mart.name: mart for mart in marts_of(built.dbt.manifest()).marts}
    alone = replace(marts["ticket_messages"], references=(), collections=frozenset({"accounts"}))
    monkeypatch.setattr(miniature, "MANIFEST", Manifest((alone,), "texts"))
    monkeypatch.setenv("WAREHOUSE_URL", plain(built.engine.url))
    miniature.run_inspect()

    ended = built.dbt("run", "--select", *_MODELS)
    assert ended.code == 0, ended.output
    miniature.accept(built.engine)
    loaded = miniature.run_load()

    keys = {
        number: key
        for key, number in built.rows("select _sonar_key, id from splynx_staging.ticket_messages")
    }
    with splynx.engine.connect() as connection:
        held = connection.exec_driver_sql("select id, hex(message) from ticket_messages").all()
    arrived = {keys[number]: bytes.fromhex(str(digits)) for number, digits in held}
    wrong = [key for key, text in texts.items() if arrived.get(key) != _normalised(text)]
    assert wrong == []
    assert loaded.inserted == len(arrived)
    assert miniature.run_load().written == 0

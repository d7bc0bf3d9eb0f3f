"""Detect the encoding of a text file from its bytes."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from charset_normalizer import from_bytes

from notion_pm.errors import UsageError
from notion_pm.files.safe_read import MEGABYTE

_WESTERN = "cp1252"
_LIKELY = [
    _WESTERN, "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "euc_jp", "gb18030", "euc_kr",
    "big5", "koi8_r", "mac_roman", "cp866",
]  # fmt: skip
"""Encodings that spreadsheets and tools write besides Unicode. Rare ones would match by chance."""
_SAMPLE = 200_000


def detect_encoding(data: bytes, stated: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Return how the text is encoded, and a note where that is a guess.

    Raises UsageError where the stated encoding is unknown or does not fit.
    """
    if stated is not None:
        return _checked(data, stated), ()
    for encoding in _unicode_encodings(data):
        if _is_encoded_as(encoding, data):
            return encoding, ()
    guess = _guess(data)
    name = {
        "cp1252": "Windows-1252",
        "cp1251": "Windows-1251",
        "cp1250": "Windows-1250",
        "cp932": "Shift-JIS",
    }
    return guess, (
        f"The file is not UTF-8; it was read as {name.get(guess, guess)}. "
        "If letters are wrong, name the encoding with --encoding.",
    )


def _checked(data: bytes, stated: str) -> str:
    try:
        codecs.lookup(stated)
        is_right = _is_encoded_as(stated, data)
    except (LookupError, AttributeError):
        raise UsageError(
            f"{stated!r} is not an encoding.", "Name one such as utf-8, cp1251 or shift-jis."
        ) from None
    if not is_right:
        raise UsageError(
            f"The file is not encoded as {stated}.", "Leave --encoding out to have it found out."
        )
    return "utf-8-sig" if codecs.lookup(stated).name == "utf-8" else stated


def _unicode_encodings(data: bytes) -> Iterator[str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield "utf-16"
    yield "utf-8-sig"
    if b"\x00" in data[:400]:
        yield "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"


def _is_encoded_as(encoding: str, data: bytes) -> bool:
    """Whether the bytes can be read so. In pieces: the whole text would take up to four times the file's size."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), MEGABYTE):
            decoder.decode(data[start : start + MEGABYTE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guess(data: bytes) -> str:
    matches = from_bytes(_telling_lines(data), cp_isolation=_LIKELY)
    best = matches.best()
    if best is None:
        return _WESTERN
    western = next((match for match in matches if match.encoding == _WESTERN), None)
    # Encodings of neighbouring countries agree on most letters. Where nothing tells them apart, it is the commonest.
    if western is not None and (western.chaos, western.coherence) == (best.chaos, best.coherence):
        return _WESTERN
    return best.encoding if _is_encoded_as(best.encoding, data) else _WESTERN


def _telling_lines(data: bytes) -> bytes:
    """Return what decides: the whole of a small file, else the lines that are not ASCII, which may come late."""
    if len(data) <= _SAMPLE:
        return data
    lines = [line for line in data.splitlines(keepends=True) if not line.isascii()]
    return b"".join(lines)[:_SAMPLE] or data[:_SAMPLE]

"""Detect the encoding of a text file from its bytes."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from charset_normalizer import from_bytes

from notion_pm.errors import UsageError
from notion_pm.files.safe_read import MEGABYTE

_WESTERN = "cp1252"
_LIKELY = [
    _WESTERN, "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "euc_jp",
    "gb18030", "euc_kr", "big5", "koi8_r", "mac_roman", "cp866",
]  # fmt: skip
"""Encodings that spreadsheets and tools write besides Unicode. Rare ones would match by chance."""
_NAMES = {
    "cp1252": "Windows-1252",
    "cp1251": "Windows-1251",
    "cp1250": "Windows-1250",
    "cp932": "Shift-JIS",
}
"""The names by which people know encodings."""
_SAMPLE = 200_000
"""Bytes that decide which encoding it is; more make the detection slow and no better."""


def detect_encoding(data: bytes, stated: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Return the encoding of a text, and a note if it is a guess.

    Raises UsageError when the stated encoding is unknown or does not fit.
    """
    if stated is not None:
        return _check_stated(data, stated), ()
    for encoding in _unicode_encodings(data):
        if _is_encoded_as(encoding, data):
            return encoding, ()
    guess = _guess_encoding(data)
    note = (
        f"The file is not UTF-8; it was read as {_NAMES.get(guess, guess)}. "
        "If letters are wrong, name the encoding with --encoding."
    )
    return guess, (note,)


def _check_stated(data: bytes, stated: str) -> str:
    """Return the stated encoding, if the text can be read with it. Raises UsageError."""
    try:
        codecs.lookup(stated)
        is_right = _is_encoded_as(stated, data)
    except (LookupError, AttributeError):  # AttributeError: a codec of Python that is not for text
        raise UsageError(
            f"{stated!r} is not an encoding.", "Name one such as utf-8, cp1251 or shift-jis."
        ) from None
    if not is_right:
        raise UsageError(
            f"The file is not encoded as {stated}.", "Leave --encoding out: then it is detected."
        )
    # With utf-8, a byte order mark would become part of the first header.
    return "utf-8-sig" if codecs.lookup(stated).name == "utf-8" else stated


def _unicode_encodings(data: bytes) -> Iterator[str]:
    """Yield the Unicode encodings to try, the surest first."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield "utf-16"
    yield "utf-8-sig"
    # UTF-16 without a byte order mark: every second byte of a Latin letter is zero.
    if b"\x00" in data[:400]:
        yield "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"


def _is_encoded_as(encoding: str, data: bytes) -> bool:
    """Whether the bytes can be decoded."""
    # In pieces: the whole text at once would need up to four times the size of the file in memory.
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), MEGABYTE):
            decoder.decode(data[start : start + MEGABYTE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guess_encoding(data: bytes) -> str:
    matches = from_bytes(_deciding_lines(data), cp_isolation=_LIKELY)
    best = matches.best()
    if best is None:
        return _WESTERN
    western = next((match for match in matches if match.encoding == _WESTERN), None)
    # Encodings of neighbouring countries share most letters: ä is the same byte in cp1252, cp1250
    # and cp1254. If two fit equally well, the text is most likely in the commonest, cp1252.
    if western is not None and (western.chaos, western.coherence) == (best.chaos, best.coherence):
        return _WESTERN
    return best.encoding if _is_encoded_as(best.encoding, data) else _WESTERN


def _deciding_lines(data: bytes) -> bytes:
    """Return the bytes that show the encoding.

    These are all bytes of a small file, else the lines that are not ASCII: in a long English file
    the first one may come late.
    """
    if len(data) <= _SAMPLE:
        return data
    lines = [line for line in data.splitlines(keepends=True) if not line.isascii()]
    return b"".join(lines)[:_SAMPLE] or data[:_SAMPLE]

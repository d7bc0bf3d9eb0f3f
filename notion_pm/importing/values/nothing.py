"""Words that mean an empty cell, and names that are not customers."""

from __future__ import annotations

import re
import unicodedata

from notion_pm.importing.values.texts import word_set

_SIGNS = word_set("- -- --- – — . ? / n/a #n/a n.a. n.a null nil nan undefined")
_WORDS = _SIGNS | word_set("""
    na none (none) (blank) (empty) (leer) (null) keine keiner keines k.a. k.a aucun aucune ninguno
    ninguna nenhum nenhuma nessuno unknown unbekannt inconnu desconocido desconhecido нет なし 无 無 없음
    """)
_PUBLIC_NAMES = word_set("""
    gmail googlemail outlook hotmail live msn yahoo ymail rocketmail icloud gmx proton protonmail aol
    yandex
    """)
"""Public mail providers that have domains in several countries: gmail.com, yahoo.co.uk."""
_PUBLIC_DOMAINS = word_set("""
    me.com mac.com web.de mail.com mail.ru bk.ru list.ru inbox.ru rambler.ru t-online.de freenet.de
    posteo.de mailbox.org orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it
    tiscali.it uol.com.br bol.com.br terra.com.br qq.com 163.com 126.com sina.com foxmail.com
    naver.com daum.net hanmail.net seznam.cz centrum.cz wp.pl onet.pl o2.pl interia.pl bluewin.ch
    btinternet.com sky.com comcast.net verizon.net att.net cox.net sbcglobal.net rediffmail.com
    fastmail.com hey.com tutanota.com tuta.io zoho.com duck.com pm.me docomo.ne.jp ezweb.ne.jp
    telenet.be skynet.be ziggo.nl kpnmail.nl hetnet.nl bigpond.com shaw.ca rogers.com sympatico.ca
    """)
"""Public mail providers with a single domain. Customers may own `free.com` or `sky.de`."""
# A line of totals of a report: "Total: 12", "Grand total", but not a firm called "Total".
_TOTAL = re.compile(r"(?:grand |sub)?totals?\b.*\d.*|(?:grand |sub)totals?.*", re.IGNORECASE)
# Soft hyphens, zero-width and direction characters, which come with text copied from web pages.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def is_nothing(text: str) -> bool:
    """Whether a cell holds only a word for "empty"."""
    return " ".join(text.split()).casefold() in _WORDS


def is_nothing_in_text(text: str) -> bool:
    """Whether a free text is only a sign for "empty".

    Words do not count: `None` may be the answer to a question.
    """
    return text.strip().casefold() in _SIGNS


def is_public_mail(domain: str) -> bool:
    """Whether a mail domain is public, so that it does not name a firm."""
    plain = domain.strip().casefold().removeprefix("@")
    if plain in _PUBLIC_DOMAINS:
        return True
    # yahoo.com and yahoo.co.uk, but not live.events.acme.com.
    name = plain.split(".")[0]
    return name in _PUBLIC_NAMES and 1 <= plain.count(".") <= 2


def is_no_customer(name: str) -> bool:
    """Whether a name is not a customer: empty, public mail, or a line of totals."""
    return (
        is_nothing(name)
        or is_public_mail(name.rpartition("@")[2])
        or _TOTAL.fullmatch(name.strip()) is not None
    )


def clean_name(name: str) -> str:
    """Return a name without invisible characters, and with single blanks."""
    return " ".join(_INVISIBLE.sub("", name).split())


def name_key(name: str) -> str:
    """Return the form in which names are compared: two names with one form are the same customer.

    It is in lower case, with single blanks, letters of normal width (Ａ is A) and without invisible
    characters.
    """
    return clean_name(unicodedata.normalize("NFKC", name)).casefold()

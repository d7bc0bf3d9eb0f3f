"""Judge the content of a column by its header, in the languages of the tools that people use."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from notion_pm.importing.values.texts import word_set

# The words are written with and without accents: both are compared in the form of `header_words`.
Role = Literal["title", "text", "customer", "date", "link"]

_WORDS: dict[Role, str] = {
    "title": """
        title titel titre titulo titolo subject betreff objet sujet asunto assunto oggetto summary
        zusammenfassung resumen resumo resume headline name nom nombre nome naam bezeichnung
        onderwerp tytul temat nazev predmet emne rubrik тема название заголовок 件名 タイトル 要約 標題 标题 主题
        제목 概要
    """,
    "text": """
        description beschreibung descripcion descricao descrizione beschrijving opis popis body text
        texte texto testo details detail message nachricht mensaje mensagem messaggio comment
        comments kommentar commentaire comentario commento notes note notizen content inhalt contenu
        contenido conteudo quote zitat feedback review verbatim answer antwort reponse transcript
        opinion описание текст сообщение комментарий 内容 説明 本文 描述 설명 내용
    """,
    "customer": """
        customer kunde kundin client cliente account company firma unternehmen entreprise societe
        empresa organisation organization organizacion organizacao organisatie klant azienda
        employer compania companhia konto compte cuenta conta workspace клиент компания организация
        фирма заказчик 会社 会社名 顧客 組織 客户 公司 고객 회사
    """,
    "date": """
        created erstellt angelegt creado creada creacion criado criada cree creee creation date
        datum fecha submitted received posted reported opened timestamp eingang eingegangen gemeldet
        recibido recu reported observed data criacao erstellung erstellungsdatum eingangsdatum
        creazione создания published creato aangemaakt utworzono vytvoreno создано дата 作成日 作成日時 日付
        创建时间 日期 생성일
    """,
    "link": "url link permalink href lien enlace ссылка リンク 链接 링크",
}
_ROLES: dict[Role, frozenset[str]] = {
    role: frozenset(words.split()) for role, words in _WORDS.items()
}

_ID = word_set("""
    id key nr no num number numero nummer nro uuid guid ref reference referenz referencia code
    kennung schlussel clave cle chave chiave sleutel klucz identifier identifiant identificador kod
    ид код номер ключ キー 番号 編号 编号 번호 키
    """)
_PERSON = word_set("""
    assignee owner creator agent author reporter requester submitter user member members lead
    manager assigned person people follower watcher responsible bearbeiter bearbeiterin zugewiesen
    verantwortlich ersteller autor melder responsable asignado asignada informador persona usuario
    atribuido responsavel relator assigne rapporteur auteur utilisateur исполнитель автор 担当者 報告者
    作成者 负责人
    """)
_OUR_PEOPLE = _PERSON - word_set(
    "reporter requester submitter user person usuario persona utilisateur author"
)
_MEASURES = word_set("""
    size count votes employees many industry type plan tier segment status phone email mail address
    role country region domain revenue arr mrr grosse anzahl mitarbeiter branche taille combien
    secteur tamano cuantos sector quantos tamanho website site url
    """)
"""Facts about a customer, and counts: a column with such a word does not hold customers' names."""
_OTHER_DAYS = word_set("""
    updated modified due closed resolved completed last start end birth expires deleted archived
    solved assigned reply stage started finished canceled shipped aktualisiert geandert fallig
    geschlossen letzte ende erledigt gelost maj actualizada actualizado vencimiento atualizada
    atualizado echeance mise обновлено 更新日 期日
    """)
"""Words of dates other than the day on which the customer said it."""
# Words that say nothing about the role: `Issue title` is as clear as `title`.
_FILLERS = word_set("""
    issue issues ticket task card item post review feedback request case idea suggestion insight
    conversation survey associated original full related the of your their our at on time a de la el
    le du des da do der die das den in utc en am name names full long short customer submit create
    day and time original
    """)
# The borders of words in `reviewText` and `HTMLBody`.
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# German and similar compounds: `Vorgangsnummer`, `Ticketnr`. A phone number or the number of a
# customer does not identify the row.
_COMPOUND_ID = re.compile(
    r"(?!kunde|customer|konto|telefon|phone|haus)\w{3,}"
    r"(?:nummer|number|nr|schlussel|kennung|код|номер|番号)"
)


@lru_cache(maxsize=4096)
def header_words(header: str) -> tuple[str, ...]:
    """Return the words of a header in lower case without accents.

    `reviewText` is review and text; `Créé le` is cree and le.
    """
    decomposed = unicodedata.normalize("NFKD", _CAMEL.sub(" ", header)).casefold()
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    # Decomposing also splits Korean syllables into letters: composing restores them.
    return tuple(re.findall(r"#$|[^\W_]+", unicodedata.normalize("NFC", letters)))


def role_score(header: str, role: Role) -> float:
    """Return how surely a header names a column of that role, from 0 to 1."""
    words = header_words(header)
    role_words = [word for word in words if _is_one_of(word, _words_of_role(role))]
    if not role_words or _is_excluded(words, role):
        return 0.0
    others = [word for word in words if word not in role_words]
    if not others:
        return 0.96  # `Description`
    if all(word in _FILLERS for word in others):
        return 0.93  # `Ticket description`
    if len(words) > 4:
        return 0.0  # a question of a survey, not a name
    # The last word is the noun: `Bug description` is more likely a text than `Message channel`.
    return 0.8 if words[-1] in role_words else 0.6


def _is_one_of(word: str, known: frozenset[str]) -> bool:
    """Whether a word is known, or ends with a known one in a language without blanks."""
    if word in known:
        return True
    if not _is_east_asian(word):
        return False
    return any(_is_east_asian(end) and word.endswith(end) for end in known)


def _is_east_asian(word: str) -> bool:
    # The blocks of Chinese, Japanese and Korean begin at U+2E80.
    return word > "\u2e80"


@lru_cache(maxsize=8)
def _words_of_role(role: Role) -> frozenset[str]:
    return _as_header_words(_ROLES[role])


def _as_header_words(words: frozenset[str]) -> frozenset[str]:
    """Return words in the form of `header_words`."""
    return frozenset(header_words(" ".join(words)))


def _is_excluded(words: tuple[str, ...], role: Role) -> bool:
    """Whether another word of the header contradicts a role."""
    present = frozenset(words)
    if role == "date":
        return not present.isdisjoint(_OTHER_DAYS)  # `Date closed`
    if role == "link":
        return "api" in present  # a link for programs
    if role == "title" and present & _words_of_role("customer"):
        return True  # `Account name` is the name of an account
    excluded = _PERSON | {"id", "ids", "count", "date", "url", "link", "reply"}
    if role == "customer":
        excluded |= _MEASURES  # `Company size`
    return not present.isdisjoint(excluded)


def id_score(header: str) -> float:
    """Return how surely a header names the id of the row, from 0 to 1.

    Ids of people, customers and other things do not identify a row.
    """
    if header.strip() == "#":
        return 0.9
    words = header_words(header)
    others = [word for word in words if not _names_id(word)]
    if len(others) == len(words) or len(words) > 5:
        return 0.0
    if not others:
        return 1.0  # `ID`
    if not _NOT_OF_ROW.isdisjoint(others) or not _words_of_role("customer").isdisjoint(others):
        return 0.0  # `Account ID`, `Assignee Id`, `Order number`
    if all(word in _FILLERS for word in others):
        return 0.95  # `Ticket ID`
    return 0.8


def _names_id(word: str) -> bool:
    return _is_one_of(word, _ID_WORDS) or _COMPOUND_ID.fullmatch(word) is not None


_ID_WORDS = _as_header_words(_ID)
_OF_OTHERS = word_set("""
    node project parent board list cycle milestone organization team epic sprint network external
    group device order version telefono phone postal zip story points
    """)
"""Things with ids or numbers of their own, which several rows may share."""


_NOT_OF_ROW = _PERSON | _OF_OTHERS | _MEASURES


def names_our_people(header: str) -> bool:
    """Whether a column names colleagues, such as an assignee: they are not customers."""
    return not _OUR_PEOPLE.isdisjoint(header_words(header))


def asks_for_customer(header: str) -> bool:
    """Whether a question, or a long header, asks for the customer's name."""
    words = frozenset(header_words(header))
    if words.isdisjoint(_words_of_role("customer")):
        return False
    # "How many people work at your company?" asks for a number.
    return words.isdisjoint(_MEASURES | _PERSON | {"id", "ids"})

"""What the header of a column says of what is in it, in the languages of the tools that people use."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from notion_pm.importing.values.texts import word_set

Role = Literal["title", "text", "customer", "date", "link"]

_WORDS: dict[Role, str] = {
    "title": """
        title titel titre titulo titolo subject betreff objet sujet asunto assunto oggetto summary zusammenfassung
        resumen resumo resume headline name nom nombre nome naam bezeichnung onderwerp tytul temat nazev predmet emne
        rubrik тема название заголовок 件名 タイトル 要約 標題 标题 主题 제목 概要
    """,
    "text": """
        description beschreibung descripcion descricao descrizione beschrijving opis popis body text texte texto testo
        details detail message nachricht mensaje mensagem messaggio comment comments kommentar commentaire comentario
        commento notes note notizen content inhalt contenu contenido conteudo quote zitat feedback review verbatim
        answer antwort reponse transcript opinion описание текст сообщение комментарий 内容 説明 本文 描述 설명 내용
    """,
    "customer": """
        customer kunde kundin client cliente account company firma unternehmen entreprise societe empresa organisation
        organization organizacion organizacao organisatie klant azienda employer compania companhia konto compte cuenta
        conta workspace клиент компания организация фирма заказчик 会社 会社名 顧客 組織 客户 公司 고객 회사
    """,
    "date": """
        created erstellt angelegt creado creada creacion criado criada cree creee creation date datum fecha submitted
        received posted reported opened timestamp eingang eingegangen gemeldet recibido recu reported observed
        data criacao erstellung erstellungsdatum eingangsdatum creazione создания
        published creato aangemaakt utworzono vytvoreno создано дата 作成日 作成日時 日付 创建时间 日期 생성일
    """,
    "link": "url link permalink href lien enlace ссылка リンク 链接 링크",
}
_ROLES: dict[Role, frozenset[str]] = {
    role: frozenset(words.split()) for role, words in _WORDS.items()
}

_ID = word_set("""
    id key nr no num number numero nummer nro uuid guid ref reference referenz referencia code kennung schlussel clave
    cle chave chiave sleutel klucz identifier identifiant identificador kod ид код номер ключ キー 番号 編号 编号 번호
    키
    """)
_PERSON = word_set("""
    assignee owner creator agent author reporter requester submitter user member members lead manager assigned person
    people follower watcher responsible bearbeiter bearbeiterin zugewiesen verantwortlich ersteller autor melder
    responsable asignado asignada informador persona usuario atribuido responsavel relator assigne rapporteur auteur
    utilisateur исполнитель автор 担当者 報告者 作成者 负责人
    """)
_OUR_PEOPLE = _PERSON - word_set(
    "reporter requester submitter user person usuario persona utilisateur author"
)
_MEASURES = word_set("""
    size count votes employees many industry type plan tier segment status phone email mail address role country
    region domain revenue arr mrr grosse anzahl mitarbeiter branche taille combien secteur tamano cuantos sector
    quantos tamanho website site url
    """)
"""What is said of a customer, or counted: never a customer's name."""
_OTHER_DAYS = word_set("""
    updated modified due closed resolved completed last start end birth expires deleted archived solved assigned reply
    stage started finished canceled shipped aktualisiert geandert fallig geschlossen letzte ende erledigt gelost maj
    actualizada actualizado vencimiento atualizada atualizado echeance mise обновлено 更新日 期日
    """)
"""Days that are not the one on which somebody said it."""
_FILLERS = word_set("""
    issue issues ticket task card item post review feedback request case idea suggestion insight conversation survey
    associated original full related the of your their our at on time a de la el le du des da do der die das den in
    utc en am name names full long short customer submit create day and time original
    """)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_COMPOUND_ID = re.compile(
    r"(?!kunde|customer|konto|telefon|phone|haus)\w{3,}(?:nummer|number|nr|schlussel|kennung|код|номер|番号)"
)


@lru_cache(maxsize=4096)
def header_words(header: str) -> tuple[str, ...]:
    """Return the words of a header: `reviewText` is review and text; without accents and case."""
    parts = unicodedata.normalize("NFKD", _CAMEL.sub(" ", header)).casefold()
    letters = "".join(each for each in parts if not unicodedata.combining(each))
    # Decomposing takes the marks of Japanese letters away too: those are put together again.
    return tuple(re.findall(r"#$|[^\W_]+", unicodedata.normalize("NFC", letters)))


def role_score(header: str, role: Role) -> float:
    """Return from 0 to 1 how surely a header names a column of that role."""
    words = header_words(header)
    found = [word for word in words if _is_one_of(word, _plain_role(role))]
    if not found or _is_excluded(words, role):
        return 0.0
    others = [word for word in words if word not in found]
    if not others:
        return 0.96
    if all(word in _FILLERS for word in others):
        return 0.93
    if len(words) > 4:
        return 0.0  # a question, not a name
    return 0.8 if words[-1] in found else 0.6


def _is_one_of(word: str, known: frozenset[str]) -> bool:
    """Whether a word is known. In languages that write no blanks it may be the end of a longer one."""
    return word in known or (
        word > "\u2e80" and any(end > "\u2e80" and word.endswith(end) for end in known)
    )


@lru_cache(maxsize=8)
def _plain_role(role: Role) -> frozenset[str]:
    return frozenset(word for each in _ROLES[role] for word in header_words(each))


def _is_excluded(words: tuple[str, ...], role: Role) -> bool:
    there = frozenset(words)
    if role == "date":
        return bool(there & _OTHER_DAYS)
    if role == "link":
        return "api" in there
    if role == "title" and there & _plain_role("customer"):
        return True  # `Account name` is the name of an account
    unwanted = _PERSON | {"id", "ids", "count", "date", "url", "link", "reply"}
    return bool(there & (unwanted | _MEASURES if role == "customer" else unwanted))


def id_score(header: str) -> float:
    """Return from 0 to 1 how surely a header names what identifies a row; ids of people and firms do not."""
    words = header_words(header)
    if header.strip() == "#":
        return 0.9
    is_id = [
        _is_one_of(word, _PLAIN_ID) or _COMPOUND_ID.fullmatch(word) is not None for word in words
    ]
    if not any(is_id) or len(words) > 5:
        return 0.0
    others = [word for word, is_word_of_id in zip(words, is_id, strict=True) if not is_word_of_id]
    if not others:
        return 1.0
    if frozenset(others) & (_PERSON | _plain_role("customer") | _OF_OTHERS | _MEASURES):
        return 0.0
    return 0.95 if all(word in _FILLERS for word in others) else 0.8


_PLAIN_ID = frozenset(word for each in _ID for word in header_words(each))
_OF_OTHERS = word_set(
    "node project parent board list cycle milestone organization team epic sprint network external group device order "
    "version telefono phone postal zip story points"
)


def names_our_people(header: str) -> bool:
    """Whether a column names colleagues, such as an assignee: they are no customers."""
    return not _OUR_PEOPLE.isdisjoint(header_words(header))


def asks_for_customer(header: str) -> bool:
    """Whether a question, or a long header, asks for the customer's name."""
    words = frozenset(header_words(header))
    return bool(words & _plain_role("customer")) and not words & (
        _MEASURES | _PERSON | {"id", "ids"}
    )

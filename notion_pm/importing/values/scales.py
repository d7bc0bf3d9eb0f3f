"""Scales of importance in several languages, with the option that each word means."""

from __future__ import annotations

from collections.abc import Sequence

from notion_pm.importing.target import Choice

# One scale per language or notation. Each has four levels, from the most urgent to the lowest: see
# _LEVELS. An underscore is a blank.
_SCALES = (
    (
        "urgent critical highest blocker showstopper immediate emergency asap",
        "high major",
        "medium normal moderate low minor",
        "lowest trivial",
    ),
    ("p0 s0 sev0", "p1 s1 sev1", "p2 p3 s2 s3 sev2 sev3", "p4 p5 s4 s5"),
    ("must_have", "should_have", "could_have", "won't_have wont_have"),
    (
        "dringend sehr_hoch höchste kritisch",
        "hoch wichtig",
        "mittel normal niedrig gering",
        "sehr_niedrig niedrigste trivial",
    ),
    (
        "urgente bloquante critique la_plus_haute le_plus_élevé très_haute",
        "haute élevée élevé majeure important",
        "moyenne moyen normale normal basse faible mineure",
        "la_plus_basse très_basse triviale",
    ),
    (
        "urgente crítica crítico muy_alta más_alta bloqueante",
        "alta alto mayor",
        "media medio normal baja bajo menor",
        "muy_baja más_baja trivial",
    ),
    (
        "urgente crítica crítico muito_alta mais_alta bloqueador",
        "alta alto maior",
        "média médio normal baixa baixo menor",
        "muito_baixa mais_baixa trivial",
    ),
    (
        "критический срочный наивысший блокирующий",
        "высокий",
        "средний обычный низкий",
        "самый_низкий минимальный",
    ),
    ("最高 緊急 至急", "高 高い", "中 普通 低 低い", "最低"),
)
_LEVELS = ("critical", "important", "nice", "none")
"""The keys of our options of importance, in the order of a scale's levels."""


def scale_words(choices: Sequence[Choice], words: Sequence[str]) -> dict[str, str]:
    """Return the option for each word of the scale that a column uses.

    The result has the lower-case words of the file that are in any scale, then the other words of
    the scale that fits best: the next file may hold them. Empty when the words belong to no scale,
    or the options are not importances.
    """
    keys = {choice.key for choice in choices}
    if not keys.issuperset(_LEVELS):
        return {}
    in_file = [" ".join(word.casefold().split()) for word in words]
    scales = [_options_by_word(scale) for scale in _SCALES]

    # Languages share words: "normal" is English, German and Spanish. The scale with most words of
    # the file is the file's language; of equal ones, the first.
    best = max(scales, key=lambda scale: len(scale.keys() & set(in_file)))
    if best.keys().isdisjoint(in_file):
        return {}

    options: dict[str, str] = {}
    for scale in (best, *scales):
        for word in in_file:
            if word in scale:
                options.setdefault(word, scale[word])
    for word, option in best.items():
        options.setdefault(word, option)
    return options


def _options_by_word(scale: tuple[str, ...]) -> dict[str, str]:
    options: dict[str, str] = {}
    for level, words in zip(_LEVELS, scale, strict=True):
        for word in words.split():
            options[word.replace("_", " ")] = level
    return options

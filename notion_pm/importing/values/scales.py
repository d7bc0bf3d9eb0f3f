"""Scales of importance in several languages, with the option that each word means."""

from __future__ import annotations

from collections.abc import Sequence

from notion_pm.importing.target import Choice

_SCALES = (
    # The most urgent words, the high ones, those of the middle and below, the lowest.
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


def scale_words(choices: Sequence[Choice], words: Sequence[str]) -> dict[str, str]:
    """Return all words of the scale to which a column's words belong, each with our option.

    The whole scale, not only the words in the file: the next file may hold others. Empty when the
    words belong to no scale, or the options are not importances.
    """
    ours = _options_by_level(choices)
    if ours is None:
        return {}
    in_file = {word.strip().casefold().replace(" ", "_") for word in words}
    translations: dict[str, str] = {}
    for scale in _SCALES:
        options: dict[str, str] = {}
        for level, listed in zip(_LEVELS, scale, strict=True):
            options.update(dict.fromkeys(listed.split(), ours[level]))
        if in_file.isdisjoint(options):
            continue
        for word, option in options.items():
            # Of two scales with one word ("critical"), the first one counts.
            translations.setdefault(word.replace("_", " "), option)
    return translations


def _options_by_level(choices: Sequence[Choice]) -> dict[str, str] | None:
    """Return our four options by level, None when the options are not importances."""
    keys = {choice.key for choice in choices}
    return {level: level for level in _LEVELS} if keys.issuperset(_LEVELS) else None

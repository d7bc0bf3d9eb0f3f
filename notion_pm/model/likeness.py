"""Compare two names: are they equal, synonyms, or spelled alike?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TypeVar

from rapidfuzz import fuzz

K = TypeVar("K")

SURE, LIKELY, POSSIBLE = 0.9, 0.75, 0.55
"""The lowest likeness at which a match is accepted, proposed to the user, and mentioned."""

_SAME_WITHOUT_NOTE = 0.97
_SYNONYMS = 0.95
# Similar letters must never be SURE: "Customer name" and "Customer" share most of them, but differ
# in meaning.
_SAME_LETTERS = 0.89

# The words that product teams use for properties and options, in the languages of clients. Plain
# names as from `plain`, so without accents and punctuation. A name may be in several groups.
#
# One group of synonyms per line; an indented line continues the one above.
_ALIASES = """
name, title, titel, nom, titre, nombre, titulo, naam, feature, item, task, story, summary,
  insight, subject, thema
name, title, subject, headline, betreff, objet, asunto
status, stage, state, phase, statut, etat, estado, stand, zustand, progress state, workflow
owner, responsible, betreuer, zustandig, assignee, assigned to, dri, lead, pm, product manager
owner, verantwortlich, besitzer, responsable, dueno, proprietaire, encargado
priority, prio, prioritat, priorite, prioridad, importance level, urgency
effort, estimate, estimation, size, story points, points, aufwand, schatzung, esfuerzo, cost
impact, value, business value, wirkung, nutzen, impacto, valeur
reach, audience, users affected, reichweite, portee, alcance
confidence, certainty, sicherheit, konfidenz, confiance, confianza
target, due, due date, deadline, target date, ship date, release date, eta, termin, zieldatum,
  echeance, fecha limite
start, start date, begin, kickoff, beginn, startdatum, debut, inicio
insights, feedback, customer insights, customer feedback, voice of customer, requests, customer
  requests, kundenfeedback
insights, kundenstimmen, research, findings, erkenntnisse, retours clients, opiniones
features, feature specs, specs, roadmap, roadmap items, product backlog, backlog, funktionen,
  fonctionnalites, funciones
vision, strategy, objectives, goals, okrs, ziele, strategie, objectifs, objetivos, north star
customer, client, account, company, kunde, kundin, firma, entreprise, cliente, empresa,
  organisation
customers, clients, accounts, companies, kunden, firmen, entreprises, clientes
quote, verbatim, zitat, citation, what they said, wortlaut, original text, cita
source, origin, channel, quelle, herkunft, canal, fuente, where from
source url, link, url, source link, reference
importance, severity, weight, priority, prio, urgency, wichtigkeit, dringlichkeit, gewicht,
  importancia
importance, prioritat, priorite, prioridad, prioridade, priorita, приоритет, 優先度, 优先级
tags, tag, labels, label, topics, topic, keywords, schlagworte, schlagworter, etiquettes,
  etiquetas
observed on, date, reported on, heard on, created, datum, fecha, received
segment, tier, plan, customer segment, kundensegment
arr, revenue, mrr, annual revenue, yearly revenue, annual recurring revenue, contract value,
  umsatz, jahresumsatz
domain, website, web site, homepage, site, webseite, company domain, company website, site web,
  sitio web
problem, pain, pain point, problem statement, schmerz, probleme, problema
problem, bug, defect, incident, issue, fehler, erreur, error
request, feature request, feature, enhancement, improvement, suggestion, wish, wunsch, demande,
  peticion
question, how to, inquiry, frage, pregunta
praise, compliment, kudos, lob, eloge, elogio
description, beschreibung, details, notes, notizen, descripcion
kind, type, category, art, typ, tipo, categorie
done, complete, completed, finished, erledigt, fertig, termine, hecho, terminado
shipped, released, live, launched, delivered, ausgeliefert, veroffentlicht, livre, lanzado, done
in progress, doing, wip, building, in development, in arbeit, en cours, en curso, started
idea, new idea, proposed, icebox, idee, ideas, backlog
new, inbox, open, neu, offen, nouveau, nuevo, untriaged
triaged, reviewed, gesichtet, accepted
planned, scheduled, up next, geplant, prevu, planificado
parked, on hold, paused, later, pausiert, geparkt, en pause
dropped, cancelled, canceled, won t do, wont do, rejected, declined, abgelehnt, verworfen,
  annule, descartado
discovery, research, exploring, exploration, entdeckung
spec, specified, specification, writing spec, spezifikation
ready, ready for dev, ready for development, bereit, pret, listo
in review, review, qa, testing, im test, en revue
beta, pilot, early access
measured, evaluated, gemessen
closed, geschlossen, ferme, cerrado
critical, blocker, must have, kritisch, critique, critico
high, important, hoch, haut, alto, p1
medium, normal, mittel, moyen, medio, p2
low, nice to have, minor, niedrig, bas, bajo, p3
"""
_NOTE = re.compile(r"\(.*?\)")
_SYNONYM_GROUPS = [
    frozenset(map(str.strip, line.split(",")))
    for line in _ALIASES.strip().replace("\n  ", " ").splitlines()
]


def plain(name: str) -> str:
    """Return a name in lower-case words, without accents, emoji and punctuation."""
    # "Größe" -> "grosse": casefold writes ß as ss, and NFKD separates the dots from the o.
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return " ".join(re.findall(r"\w+", letters.replace("_", " ")))


def likeness(one: str, other: str) -> float:
    """Return how similar two names are, from 0 to 1."""
    plain_one, plain_other = plain(one), plain(other)
    if not plain_one or not plain_other:
        return 0.0
    if plain_one == plain_other:
        return 1.0
    # "Effort (days)" and "Effort".
    one_without_note = plain(_NOTE.sub("", one))
    if one_without_note and one_without_note == plain(_NOTE.sub("", other)):
        return _SAME_WITHOUT_NOTE
    if any(plain_one in group and plain_other in group for group in _SYNONYM_GROUPS):
        return _SYNONYMS
    # In percent. The second ratio ignores the order of words: "date due" and "due date".
    same_order = fuzz.ratio(plain_one, plain_other)
    any_order = fuzz.token_sort_ratio(plain_one, plain_other)
    return _SAME_LETTERS * max(same_order, any_order) / 100


def best_pairs(
    scores: Mapping[tuple[str, K], float], least: float
) -> Iterable[tuple[tuple[str, K], float]]:
    """Yield the pairs with the highest scores, from `least` up, the best first.

    A name is in one pair at most. Of equal scores the first in `scores` wins.
    """
    used_left: set[str] = set()
    used_right: set[K] = set()
    # Taken greedily. The sort is stable, so pairs of one score keep the order of `scores`.
    for (one, other), score in sorted(scores.items(), key=lambda item: -item[1]):
        if score >= least and one not in used_left and other not in used_right:
            used_left.add(one)
            used_right.add(other)
            yield (one, other), score

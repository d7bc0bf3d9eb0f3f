"""The grammar of Notion's formula language (2.0).

Source: "Formula syntax & functions" in Notion's help. Precedence, highest first: member call; `^`
(right to left); `not`, `!`, `-`, `+`; `* / %`; `+ -`; `< <= > >=`; `== !=`; `and`; `or`; `? :`.
Keywords may be in any case. A stored formula has property ids, in double braces.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from urllib.parse import unquote

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from notion_pm.emulator.formulas.error import FormulaError
from notion_pm.emulator.formulas.nodes import (
    Binary,
    Call,
    ListOf,
    Literal,
    Node,
    Reference,
    Unary,
    Variable,
)

_GRAMMAR = r"""
?start: ternary
?ternary: either | either "?" ternary ":" ternary -> conditional
?either: both | either OR both -> binary
?both: equality | both AND equality -> binary
?equality: order | equality EQUALITY order -> binary
?order: sum | order ORDER sum -> binary
?sum: product | sum SIGN product -> binary
?product: unary | product PRODUCT unary -> binary
?unary: power | (NOT | SIGN) unary -> unary
?power: member | member POWER unary -> binary
?member: atom | member "." word "(" [arguments] ")" -> method
?atom: NUMBER -> number
     | TEXT -> text
     | TRUE -> true
     | FALSE -> false
     | PROPERTY -> stored_property
     | "(" ternary ")"
     | "[" [arguments] "]" -> list_literal
     | (NAME | AND | OR) "(" [arguments] ")" -> call
     | NAME -> variable
!word: NAME | AND | OR | NOT
arguments: ternary ("," ternary)* [","]

NUMBER: /\d+(\.\d+)?([eE][+-]?\d+)?|\.\d+/
TEXT: /"(\\.|[^"\\])*"/s
PROPERTY: /\{\{notion:block_property:[^:{}]+(:[^{}]*)?\}\}/
TRUE.2: /true\b/i
FALSE.2: /false\b/i
AND.2: /and\b|&&/i
OR.2: /or\b|\|\|/i
NOT.2: /not\b|!(?!=)/i
EQUALITY: /===?|!==?/
ORDER: />=|<=|>|</
SIGN: /[+-]/
PRODUCT: /[*\/%]/
POWER: "^"
NAME: /[^\W\d]\w*/
COMMENT: /\/\*(.|\n)*?\*\//
%import common.WS
%ignore WS
%ignore COMMENT
"""

_WORDS = {"&&": "and", "||": "or", "!": "not", "===": "==", "!==": "!="}
_ESCAPES = {"n": "\n", "t": "\t"}


@lru_cache(maxsize=1024)
def parse(expression: str) -> Node:
    """Return the syntax tree of an expression. Raises FormulaError for a syntax error."""
    try:
        tree = _parser().parse(expression)
        node: Node = _Builder().transform(tree)
    except UnexpectedInput as unexpected:
        raise FormulaError(_error_message(expression, unexpected)) from None
    except VisitError as failed:
        if isinstance(failed.orig_exc, FormulaError):
            raise failed.orig_exc from None
        raise
    except RecursionError:
        raise FormulaError("The formula is nested too deeply.") from None
    return node


def unquote_text(text: str) -> str:
    """Return the content of a quoted text."""
    return re.sub(
        r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), text[1:-1], flags=re.DOTALL
    )


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


def _error_message(expression: str, unexpected: UnexpectedInput) -> str:
    if not expression.strip():
        return "The formula is empty."
    position: int | None = getattr(unexpected, "pos_in_stream", None)
    is_at_end = isinstance(unexpected, UnexpectedToken) and unexpected.token.type == "$END"
    if position is None or is_at_end:
        return "The formula ends too early."
    # A whole word, or else one sign: the error shows what a person would look for.
    found = re.match(r"\w+|.", expression[position:], re.DOTALL)
    word = found[0] if found else ""
    return f"Unexpected {word!r} at character {position + 1} of the formula."


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Builds the nodes. The methods have the names of the rules in the grammar."""

    def number(self, token: Token) -> Node:
        # All numbers are doubles, as in JavaScript.
        return Literal(float(token))

    def text(self, token: Token) -> Node:
        return Literal(unquote_text(token))

    def true(self, _: Token) -> Node:
        return Literal(value=True)

    def false(self, _: Token) -> Node:
        return Literal(value=False)

    def stored_property(self, token: Token) -> Node:
        return Reference(unquote(token[2:-2].split(":")[2]))

    def variable(self, token: Token) -> Node:
        return Variable(str(token))

    def word(self, token: Token) -> Token:
        return token

    def arguments(self, *nodes: Node) -> tuple[Node, ...]:
        return nodes

    def list_literal(self, items: tuple[Node, ...] = ()) -> Node:
        return ListOf(items)

    def unary(self, token: Token, operand: Node) -> Node:
        return Unary(_word(token), operand)

    def binary(self, left: Node, token: Token, right: Node) -> Node:
        return Binary(_word(token), left, right)

    def conditional(self, test: Node, then: Node, otherwise: Node) -> Node:
        return Call("if", (test, then, otherwise))

    def call(self, word: Token, arguments: tuple[Node, ...] = ()) -> Node:
        # A reference and not a call, so that the checker knows its type.
        if word == "prop":
            return Reference(_property_name(arguments))
        return Call(_word(word) if word.type in ("AND", "OR") else str(word), arguments)

    def method(self, owner: Node, word: Token, arguments: tuple[Node, ...] = ()) -> Node:
        if word == "prop":
            return Reference(_property_name(arguments), owner)
        # `a.f(b)` is `f(a, b)`.
        return Call(_word(word) if word.type != "NAME" else str(word), (owner, *arguments))


def _word(token: Token) -> str:
    return _WORDS.get(token, token.lower())


def _property_name(arguments: tuple[Node, ...]) -> str:
    match arguments:
        case (Literal(value=str(name)),):
            return name
        case _:
            raise FormulaError("prop() takes the name of one property, in double quotes.")

"""Arithmetic written as text, as a tree that any library can compute: nothing of the text is ever evaluated.

    3*exp[-b2*x]  ->  ["multiply", ["number", "3"], ["exp", ["multiply", ["negative", ["name", "b2"]], ["name", "x"]]]]

Precedence is Fortran's: a sign binds less than `*`'s operands do and less than `**`, and `**` groups to the right.
"""

import math
import re
from typing import Any, Callable, Dict, List, Set

Tree = List[Any]

FUNCTIONS = tuple("exp log ln log10 sqrt sin cos tan arcsin arccos arctan sinh cosh tanh".split())
BRACKETS = {"(": ")", "[": "]", "{": "}"}
OPERATORS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "power"}
NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[EeDd][+-]?\d+)?"
TOKEN = re.compile(r"\s*(" + NUMBER + r"|[A-Za-z]\w*|\.\.\.|\*\*|[-+*/()\[\]{}])", re.ASCII)
MOST = 600  # numbers, names, operators and brackets of a formula, and
LONGEST_NUMBER = 100  # characters of a number, and
LONGEST_EXPONENT = 3  # digits of its exponent: no float needs more
DEEPEST = 60  # brackets, signs and powers in one another: nobody means more


class Unreadable(ValueError):
    """A formula that is no arithmetic; the message is a sentence without its full stop."""


def tokens(text: str) -> List[str]:
    """The numbers, names, operators and brackets of a formula, the ellipsis in a sum written out."""
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise Unreadable("{!r} is no arithmetic".format(text[at:].strip()[:20]))
        found.append(match.group(1))
        at = match.end()
    found = written_out(found)
    if len(found) > MOST:
        raise Unreadable("the formula has more than {} numbers, names, operators and brackets".format(MOST))
    return found


def written_out(found: List[str]) -> List[str]:
    """`B2*x**2 + ... + B9*x**9` with the terms between: the numbers in which its neighbours differ count up."""
    if "..." not in found:
        return found
    at = found.index("...")
    before, after = found[:at], found[at + 1 :]
    if before[-1:] != ["+"] or after[:1] != ["+"]:
        raise Unreadable("an ellipsis stands between two plus signs")
    first, last = last_term(before[:-1]), first_term(after[1:])
    low, high = span(first, last)
    between = []  # type: List[str]
    for k in range(low + 1, high):
        between += [counted(token, low, k) if token != other else token for token, other in zip(first, last)] + ["+"]
    return written_out(before + between + after[1:])


def first_term(found: List[str]) -> List[str]:
    """The tokens up to the first sign outside of brackets."""
    depth = 0
    for at, token in enumerate(found):
        depth += (token in BRACKETS) - (token in BRACKETS.values())
        if depth == 0 and token in "+-":
            return found[:at]
    return found


def last_term(found: List[str]) -> List[str]:
    """The tokens behind the last sign outside of brackets."""
    depth = 0
    for at in range(len(found) - 1, -1, -1):
        depth += (found[at] in BRACKETS.values()) - (found[at] in BRACKETS)
        if depth == 0 and found[at] in "+-":
            return found[at + 1 :]
    return found


def span(first: List[str], last: List[str]) -> List[int]:
    """The number that counts up between two terms: from where, and to where."""
    ends = {tuple(index(token) for token in pair) for pair in zip(first, last) if pair[0] != pair[1]}
    if len(first) != len(last) or len(ends) != 1 or None in min(ends, key=str) or not in_order(*min(ends)):
        raise Unreadable("the terms around the ellipsis do not say what counts up")
    return list(min(ends))


def in_order(low: int, high: int) -> bool:
    """Whether an ellipsis from one to the other can be meant."""
    return low < high <= low + 100


def index(token: str) -> Any:
    """The whole number at a token's end; None where there is none."""
    match = re.match(r"[A-Za-z_]*(\d{1,9})$", token)
    return int(match.group(1)) if match else None


def counted(token: str, low: int, k: int) -> str:
    """A token with its number counted up."""
    return token[: len(token) - len(str(low))] + str(k)


def parse(text: str) -> Tree:
    """The tree of a formula; Unreadable says what is no arithmetic."""
    reader = _Reader(tokens(text))
    tree = reader.sum(0)
    if reader.next is not None:
        raise Unreadable("{!r} stands where the formula should end".format(reader.next))
    return tree


class _Reader:
    """Recursive descent over tokens."""

    def __init__(self, found: List[str]) -> None:
        self.left = found[::-1]

    @property
    def next(self) -> Any:
        """The token at hand; None at the end."""
        return self.left[-1] if self.left else None

    def sum(self, depth: int) -> Tree:
        """Terms, the first of them perhaps with a sign."""
        return self.chain("+-", self.product, depth)

    def product(self, depth: int) -> Tree:
        """Factors."""
        return self.chain("*/", self.signed, depth)

    def chain(self, signs: str, part: Callable[[int], Tree], depth: int) -> Tree:
        """Operands with operators of one rank between them, grouped to the left."""
        tree = part(depth)
        while self.next is not None and len(self.next) == 1 and self.next in signs:
            tree = [OPERATORS[self.left.pop()], tree, part(depth)]
        return tree

    def signed(self, depth: int) -> Tree:
        """A power, perhaps with signs before it."""
        if depth > DEEPEST:
            raise Unreadable("more than {} brackets, signs and powers are in one another".format(DEEPEST))
        if self.next == "-":
            self.left.pop()
            return ["negative", self.signed(depth + 1)]
        if self.next == "+":
            self.left.pop()
            return self.signed(depth + 1)
        return self.power(depth)

    def power(self, depth: int) -> Tree:
        """A base and perhaps its exponent, which may have a sign."""
        base = self.atom(depth)
        if self.next != "**":
            return base
        self.left.pop()
        return ["power", base, self.signed(depth + 1)]

    def atom(self, depth: int) -> Tree:
        """A number, a name, a function's call, or something in brackets."""
        token = self.next
        if token is None:
            raise Unreadable("the formula ends where a number or a name should stand")
        self.left.pop()
        if token in BRACKETS:
            return self.bracketed(token, depth)
        if token[0].isdigit() or token[0] == "." and token != "...":
            return ["number", number(token)]
        if not token[0].isalpha():
            raise Unreadable("{!r} stands where a number or a name should".format(token))
        if token.lower() == "pi":
            return ["pi"]
        if self.next is None or self.next not in BRACKETS:
            return ["name", token]
        if token.lower() not in FUNCTIONS:
            raise Unreadable("there is no function {!r}; there are {}".format(token, ", ".join(FUNCTIONS)))
        return [token.lower(), self.bracketed(self.left.pop(), depth)]

    def bracketed(self, opening: str, depth: int) -> Tree:
        """What stands in brackets, up to the bracket that fits the opening one."""
        tree = self.sum(depth + 1)
        if self.next != BRACKETS[opening]:
            raise Unreadable("a {!r} is not closed by {!r}".format(opening, BRACKETS[opening]))
        self.left.pop()
        return tree


def number(token: str) -> str:
    """A number as Python and everyone else reads it."""
    text = token.upper().replace("D", "E")
    if unheld(text):
        raise Unreadable("{} {}".format(token[:20], unheld(text)))
    return text


def unheld(text: str) -> str:
    """Why no float can hold a decimal, in words; empty where one can."""
    mantissa, _, exponent = text.upper().replace("D", "E").partition("E")
    held = float("{}E{}".format(mantissa, exponent or 0))
    if abs(held) == float("inf"):
        return "is beyond the largest float"
    if len(text) > LONGEST_NUMBER:
        return "has more than {} characters".format(LONGEST_NUMBER)
    if len(exponent.lstrip("+-0")) > LONGEST_EXPONENT or held == 0 and re.search("[1-9]", mantissa):
        return "is nearer to zero than any float, or has an exponent that none has"
    return ""


def names(tree: Tree) -> Set[str]:
    """The names in a tree."""
    if tree[0] == "name":
        return {tree[1]}
    return set().union(*(names(part) for part in tree[1:] if isinstance(part, list)))


def walk(tree: Tree, meaning: Dict[str, Any], values: Dict[str, Any]) -> Any:
    """The tree's value; `meaning` has a function per kind of node (`number`: of its text), `values` what names are."""
    kind = tree[0]
    if kind == "name":
        return values[tree[1]]
    if kind == "number":
        return meaning["number"](tree[1])
    return meaning[kind](*[walk(part, meaning, values) for part in tree[1:]])


def floats(library: Any) -> Dict[str, Any]:
    """What the nodes are in a library of float functions, NumPy or `tf.math`; numbers are Python's, as a user's are."""
    log = library.log

    def function(name: str) -> Any:
        return getattr(library, name, None) or getattr(library, name.replace("arc", "a"))

    named = {name: function(name) for name in FUNCTIONS if name not in ("ln", "log10")}
    return dict(ARITHMETIC, number=float, pi=lambda: math.pi, ln=log, log10=lambda x: log(x) / math.log(10.0), **named)


#: What the operators mean wherever Python's own do.
ARITHMETIC = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negative": lambda a: -a,
}  # type: Dict[str, Callable[..., Any]]

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Makes copies of C++ sources in which every mutation is present and asleep.

usage: generate.py --source DIR --out DIR --table TABLE FILE...

FILE is relative to DIR. In the copy each place that can be mutated asks mutant.hpp at run time
whether its mutation is the one that is awake, so one build serves all mutations. OUT/mutants.txt
lists them, one for each line: number, file, line, kind, and the source line.

The written mutations of TABLE (table.py) come first: a function that one of them changes has its
body once more for it. Their kind is "row PART", their source line is their name. OUT/wrong.txt says
which of them do not apply: the build goes on, and run.py fails.

Kinds:
    <, <=, ... becomes OTHER    a comparison includes or excludes its boundary, or is inverted
    OP is off by +8, -8         the left side of a comparison is 8 more or less
    condition is always true, false        of if, while and ?:
    operand of && is true, of || is false
    ! is left out
    + becomes -, - becomes +, & is left out
    N becomes M                 a constant, also true and false
    statement is left out       a call, an assignment, a barrier, a break
    store_release becomes write_once, load_acquire becomes read_once

The sources are in the project's format: a binary operator has a space on both sides, the bracket
of a template has none before it. What is evaluated by the compiler is left alone.
"""
import argparse
import pathlib
import re

import table

TOKEN = re.compile(r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*)
  | (?P<string>(?:R"\((?:.|\n)*?\)"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
  | (?P<number>\d[\w.']*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<sign>->|::|\+\+|--|<<=|>>=|<=>|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|/=|%=|&=|\|=|\^=|<<|>>|\.\.\.|.)
""", re.X | re.S | re.M)

OPENS, CLOSES = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
EXPRESSION = re.compile(r"(\*?[A-Za-z_][\w]*((::|\.|->)\w+|\[[^\]]*\])*"
                        r"(\(|\.|->| (=|\+=|-=|\|=|&=) |\+\+;|--;)|::new |\+\+|--)")
KEYWORDS = {"return", "if", "for", "while", "do", "else", "case", "default", "switch", "using", "goto",
            "static_assert", "static", "const", "constexpr", "template", "typedef", "struct", "class",
            "enum", "delete", "asm", "union", "public", "private", "protected", "alignas", "auto",
            "volatile", "unsigned", "__attribute__", "extern", "friend", "namespace", "operator"}


class Token:
    __slots__ = ("kind", "text", "start", "end", "pair", "live", "init")

    def __init__(self, kind, text, start):
        self.kind, self.text, self.start, self.end = kind, text, start, start + len(text)
        self.pair, self.live, self.init = None, False, False


def tokens_of(text):
    found = [Token(match.lastgroup, match.group(), match.start())
             for match in TOKEN.finditer(text) if match.lastgroup != "skip"]
    stack = []
    for index, token in enumerate(found):
        if token.kind != "sign":
            continue
        if token.text in OPENS:
            stack.append(index)
        elif token.text in CLOSES:
            first = stack.pop()
            found[first].pair, token.pair = index, first
    return found


def mark_live(tokens):
    """live: in the body of a function, and not for the compiler alone; init: within braces that
    initialize. Returns where the bodies of functions begin."""
    index, scopes, header, bodies = 0, [], [], []
    while index < len(tokens):
        token = tokens[index]
        in_function = "function" in scopes
        if token.text == "{":
            names = {token.text for token in header}
            last = header[-1].text if header else ""
            if scopes and scopes[-1] in ("skip", "init"):
                kind = scopes[-1]
            elif in_function:
                block = not header or last in (")", "else", "do", "noexcept", "mutable", ":") or \
                    last == "]" and header[-1].pair is not None
                kind = "function" if block else "init"
            elif "namespace" in names or "extern" in names and "(" not in names:
                kind = "namespace"
            elif "enum" in names:
                kind = "skip"
            elif names & {"class", "struct", "union"} and last not in (")", "const", "noexcept"):
                kind = "class"
            elif "(" in names:
                kind = "skip" if names & {"constexpr", "consteval"} else "function"
            else:
                kind = "skip"
            if kind == "function" and not in_function:
                bodies.append(index)
            scopes.append(kind)
            if kind != "init":
                header = []
            else:
                header.append(token)
        elif token.text == "}":
            kind = scopes.pop()
            if kind != "init":
                header = []
        elif token.text == ";":
            header = []
        else:
            if token.text in ("constexpr", "static_assert", "using", "typedef", "template", "asm") and in_function:
                # To the end of the statement, or of the parentheses of `if constexpr'.
                end = index
                if header and header[-1].text == "if":
                    end = tokens[index + 1].pair
                else:
                    while tokens[end].text != ";":
                        end = tokens[end].pair or end
                        end += 1
                index = end + 1
                header = []
                continue
            if token.text in ("sizeof", "offsetof", "alignof", "decltype", "__builtin_return_address") and tokens[index + 1].text == "(":
                header.append(token)
                header.append(tokens[tokens[index + 1].pair])
                index = tokens[index + 1].pair + 1
                continue
            if token.text == "[" and tokens[index + 1].text == "[":
                index = token.pair + 1
                continue
            if token.text == "case":
                while tokens[index].text != ":":
                    index += 1
                header = []
                index += 1
                continue
            header.append(token)
        token.live = in_function and "skip" not in scopes
        token.init = bool(scopes) and scopes[-1] == "init"
        index += 1
    return bodies


class Mutator:
    def __init__(self, path, text, first):
        self.path, self.text, self.next = path, text, first
        self.tokens = tokens_of(text)
        self.inserts = []   # (offset, order, text)
        self.replaces = []  # (start, end, text)
        self.mutants = []
        self.bodies = mark_live(self.tokens)

    def rows(self, rows, wrong):
        """The function that a row changes has its body once more, as the row wants it. What cannot be
        changed is added to @wrong."""
        bodies = {}
        for row in rows:
            try:
                changed = self.changed(row)
            except ValueError as error:
                wrong.append(str(error))
                continue
            number = self.next
            self.next += 1
            self.mutants.append((number, self.path, row.line, f"row {row.part}", row.name))
            for index, text in changed.items():
                bodies.setdefault(index, []).append(f"if (mutant::on({number})) {text}\nelse ")
        for index, variants in bodies.items():
            opening = self.tokens[index]
            # Around all that is changed within.
            self.inserts.append((opening.start, 1, -len(self.text) - 1, "{ " + "".join(variants)))
            self.inserts.append((self.tokens[opening.pair].end, 0, 1, " }"))
        return self

    def changed(self, row):
        """The bodies that a row changes, by their first token."""
        found = {}
        for first, last, text in row.edits(self.text):
            around = [index for index in self.bodies
                      if self.tokens[index].end <= first and last <= self.tokens[self.tokens[index].pair].start]
            if len(around) != 1:
                raise ValueError(f"'{row.name}' changes more than the body of a function")
            found.setdefault(around[0], []).append((first, last, text))
        for index, edits in found.items():
            out, at = [], self.tokens[index].start
            for first, last, text in sorted(edits):
                out += [self.text[at:first], text]
                at = last
            out.append(self.text[at:self.tokens[self.tokens[index].pair].end])
            found[index] = "".join(out)
        return found

    def add(self, token, *kinds):
        first = self.next
        line = self.text.count("\n", 0, token.start) + 1
        for kind in kinds:
            self.mutants.append((self.next, self.path, line, kind, " ".join(self.text.split("\n")[line - 1].split())))
            self.next += 1
        return first

    def wrap(self, start, end, before, behind):
        # Of what begins at the same place, the longer is outside.
        self.inserts.append((start, 1, -end, before))
        self.inserts.append((end, 0, -start, behind))

    def spaced(self, token):
        return self.text[token.start - 1] in " \n\t" and self.text[token.end] in " \n\t"

    def is_binary(self, index):
        before = self.tokens[index - 1]
        return self.spaced(self.tokens[index]) and \
            (before.kind in ("name", "number") and before.text not in ("return", "case") or
             before.text in (")", "]"))

    def operand(self, index, step):
        """The end of the operand of && or || at @index."""
        at = index + step
        while True:
            token = self.tokens[at]
            if token.text in (CLOSES if step > 0 else OPENS) and token.kind == "sign":
                break
            if token.text in ("&&", "||", "?", ":", ",", ";", "=", "+=", "-=", "|=", "&=", "return"):
                break
            at = (token.pair if token.pair is not None else at) + step
        return at - step

    def start_of_choice(self, index):
        """The first token of the condition of the ? at @index."""
        at = index - 1
        while True:
            token = self.tokens[at]
            if token.text in OPENS or \
                    token.text in ("?", ":", ",", ";", "}", "return", "=", "+=", "-=", "|=", "&="):
                return at + 1
            at = (token.pair if token.pair is not None else at) - 1

    def run(self):
        flips = {"<": ("lt", "<="), "<=": ("le", "<"), ">": ("gt", ">="), ">=": ("ge", ">"),
                 "==": ("eq", "!="), "!=": ("ne", "==")}
        for index, token in enumerate(self.tokens):
            if not token.live:
                continue
            text = token.text
            if token.kind == "sign" and text in flips and self.is_binary(index):
                name, other = flips[text]
                if text in ("==", "!="):
                    number = self.add(token, f"{text} becomes {other}")
                    self.replaces.append((token.start, token.end, f"== mutant::{name}({number}) =="))
                else:
                    number = self.add(token, f"{text} becomes {other}", f"{text} is off by +8",
                                      f"{text} is off by -8")
                    self.replaces.append((token.start, token.end, f"< mutant::{name}({number}) >"))
            elif token.kind == "sign" and text in ("+", "-", "&") and self.is_binary(index):
                name, kind = {"+": ("plus", "+ becomes -"), "-": ("minus", "- becomes +"),
                              "&": ("mask", "& is left out")}[text]
                number = self.add(token, kind)
                self.replaces.append((token.start, token.end, f"{text} mutant::{name}({number}) {text}"))
            elif token.kind == "sign" and text == "!":
                number = self.add(token, "! is left out")
                self.replaces.append((token.start, token.end, f"mutant::negate({number}) % "))
            elif text == "?" and self.spaced(token):
                first = self.start_of_choice(index)
                number = self.add(self.tokens[first], "condition is always true",
                                  "condition is always false")
                self.wrap(self.tokens[first].start, self.tokens[index - 1].end,
                          f"mutant::branch({number}, static_cast<bool>(", "))")
            elif text in ("&&", "||") and self.spaced(token):
                for first, last in ((self.operand(index, -1), index - 1), (index + 1, self.operand(index, 1))):
                    value = "true" if text == "&&" else "false"
                    start, end = self.tokens[first].start, self.tokens[last].end
                    # a && b && c: b is an operand of both.
                    if any(insert[0] == start and insert[3].startswith(f"mutant::operand_{value}") for insert in self.inserts):
                        continue
                    number = self.add(self.tokens[first], f"operand of {text} is {value}")
                    self.wrap(start, end, f"mutant::operand_{value}({number}, static_cast<bool>(", "))")
            elif text == "if" and self.tokens[index + 1].text == "(":
                self.condition(index + 1, ("always true", "always false"))
            elif text == "while" and self.tokens[index + 1].text == "(":
                self.condition(index + 1, ("always false",))
            elif token.kind == "number" and re.fullmatch(r"(0x[\da-fA-F]+|\d+)[uUlL]*", text):
                self.constant(index)
            elif text in ("true", "false") and self.tokens[index - 1].text != "<":
                number = self.add(token, f"{text} becomes {'false' if text == 'true' else 'true'}")
                self.wrap(token.start, token.end, f"mutant::flag({number}, ", ")")
            elif text in ("store_release", "load_acquire"):
                self.order(index)
            if self.tokens[index - 1].text in (";", "{", "}", ")", "else", "do", "]", ":"):
                self.statement(index)
        return self

    def condition(self, opening, kinds):
        closing = self.tokens[opening].pair
        inside = self.tokens[opening + 1:closing]
        if any(token.text == ";" for token in inside) or \
                any(token.text == "=" for token in inside):
            return
        number = self.add(self.tokens[opening], *[f"condition is {kind}" for kind in kinds])
        name = "branch" if len(kinds) == 2 else "loop"
        self.wrap(inside[0].start, inside[-1].end, f"mutant::{name}({number}, static_cast<bool>(", "))")

    def constant(self, index):
        token = self.tokens[index]
        digits = re.sub(r"[uUlL]+$", "", token.text)
        value = int(digits, 8 if re.fullmatch(r"0\d+", digits) else 0)
        before, behind = self.tokens[index - 1].text, self.tokens[index + 1].text
        in_braces = before in ("=", ",", "{") and behind in (",", "}") and token.init
        if token.init and not in_braces:
            return
        kinds = [f"{token.text} becomes {value + 1}"] + ([f"{token.text} becomes 0"] if value == 1 else [])
        number = self.add(token, *kinds)
        name = "number_in_braces" if in_braces else "number"
        self.wrap(token.start, token.end, f"mutant::{name}({number}, ", ")")

    def order(self, index):
        """object.store_release(value) and load_acquire()."""
        tokens, opening = self.tokens, index + 1
        if tokens[index - 1].text not in (".", "->") or tokens[opening].text != "(":
            return
        other = {"store_release": "write_once", "load_acquire": "read_once"}[tokens[index].text]
        first = index - 2
        while tokens[first - 1].text in (".", "->"):
            first -= 2
        if tokens[first].kind != "name":
            return
        thing = self.text[tokens[first].start:tokens[index].start]
        arguments = self.text[tokens[opening].start:tokens[tokens[opening].pair].end]
        number = self.add(tokens[index], f"{tokens[index].text} becomes {other}")
        self.wrap(tokens[first].start, tokens[tokens[opening].pair].end,
                  f"(mutant::on({number}) ? {thing}{other}{arguments} : ", ")")

    def statement(self, index):
        tokens = self.tokens
        token = tokens[index]
        before = tokens[index - 1]
        if before.text == ")":
            # Behind if, for or while.
            if before.pair is None or tokens[before.pair - 1].text not in ("if", "for", "while", "constexpr"):
                return
        if before.text == "]" and tokens[index - 2].text != "]":
            return
        if token.init:
            return
        if before.text == ":":
            # Of a case, not of a condition.
            at = index - 2
            while tokens[at].text not in ("?", "case", "default", ";", "{", "}"):
                at -= 1
            if tokens[at].text not in ("case", "default"):
                return
        if token.text in KEYWORDS - {"delete"} or not (token.kind == "name" or token.text in ("*", "::", "++", "--")):
            return
        if before.text == ";" and self.is_in_parentheses(index):
            return
        end = index
        while tokens[end].text != ";":
            if tokens[end].text in CLOSES:
                return
            end = (tokens[end].pair if tokens[end].pair is not None else end) + 1
            if end >= len(tokens):
                return
        text = self.text[token.start:tokens[end].end]
        if token.text not in ("break", "continue", "delete") and not EXPRESSION.match(text):
            return
        # A name and parentheses may be a label, and a type's name and a name are a declaration.
        number = self.add(token, "statement is left out")
        self.wrap(token.start, tokens[end].end, f"if (mutant::on({number})) ; else {{ ", " }")

    def is_in_parentheses(self, index):
        """Of a for."""
        at = index - 1
        while self.tokens[at].text not in OPENS:
            at = (self.tokens[at].pair if self.tokens[at].pair is not None else at) - 1
        return self.tokens[at].text == "("

    def result(self):
        edits = [(start, 2, 0, end, text) for start, end, text in self.replaces]
        edits += [(offset, order, rank, offset, text) for offset, order, rank, text in self.inserts]
        # Behind what ends here comes what begins here; of these the longest first, of those the shortest.
        out, at = [], 0
        for start, _, _, end, text in sorted(edits, key=lambda edit: (edit[0], edit[1], edit[2])):
            out.append(self.text[at:start])
            out.append(text)
            at = end
        out.append(self.text[at:])
        text = "".join(out)
        include = text.index("#include") if "#include" in text else 0
        return text[:include] + '#include "mutant.hpp"\n' + text[include:]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--table", type=pathlib.Path, required=True)
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    number, listed = 1, []
    rows = table.read(args.table)
    wrong = [f"'{row.name}' is in no file that is mutated: {row.file}" for row in rows if row.file not in args.files]
    for name in args.files:
        made = Mutator(name, (args.source / name).read_text(), number)
        made.rows([row for row in rows if row.file == name], wrong).run()
        number = made.next
        listed += made.mutants
        target = args.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = made.result()
        # A copy that is the same keeps its time, so that nothing is built again.
        if not target.exists() or target.read_text() != text:
            target.write_text(text)
    (args.out / "mutants.txt").write_text("".join("\t".join(map(str, mutant)) + "\n" for mutant in listed))
    (args.out / "wrong.txt").write_text("".join(f"{args.table.name}: {fault}\n" for fault in wrong))


if __name__ == "__main__":
    main()

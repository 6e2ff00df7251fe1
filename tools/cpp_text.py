"""Just enough of C++ for tidy.py: code without comments and literals, and where functions lie."""
import re
from dataclasses import dataclass

TOKEN = re.compile(r'''
    (?P<raw>\b(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\((?P<inside>.*?)\)(?P=delimiter)")
  | (?P<line>//(?:\\\n|[^\n])*)
  | (?P<block>/\*.*?\*/)
  | (?P<number>\b[0-9](?:'?[0-9a-zA-Z.])*)
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<char>'(?:\\.|[^'\\\n])*')
''', re.VERBOSE | re.DOTALL)
INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<path><[^>]+>|"[^"]+")')
TYPE = re.compile(r"\b(class|struct|union|enum)\b")
INITIALISER_LIST = re.compile(r"\)\s*(noexcept\s*)?:(?!:)")


@dataclass(frozen=True)
class Source:
    code: str  # as long and with the same lines as the text, literals and comments blanked
    strings: list  # (line, content) of every string literal that is not an include


@dataclass(frozen=True)
class Function:
    line: int
    length: int  # in lines, from the signature to the closing brace
    head: str


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def parse(text):
    strings = []
    include_lines = {n for n, line in enumerate(text.splitlines(), 1) if INCLUDE.match(line)}

    def replace(match):
        line = text.count("\n", 0, match.start()) + 1
        if match.group("number"):
            return match.group()
        if match.group("raw") and line not in include_lines:
            strings.append((line, match.group("inside")))
        if match.group("string") and line not in include_lines:
            strings.append((line, match.group("string")[1:-1]))
        if match.group("raw") or match.group("string"):
            return '""' + blank(match.group()[2:])
        return blank(match.group())

    return Source(TOKEN.sub(replace, text), strings)


def includes(text):
    """[(line, path with its quotes or angle brackets)]"""
    found = ((n, INCLUDE.match(line)) for n, line in enumerate(text.splitlines(), 1))
    return [(n, match.group("path")) for n, match in found if match]


def without_directives(code):
    """Preprocessor lines blanked, with their continuations."""
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: blank(m.group()), code, flags=re.MULTILINE)


def scope_of(head, enclosing):
    """What a brace opens: a namespace, a type, a function, or any other block."""
    if enclosing in ("function", "block"):
        return "block"
    if head.count("(") != head.count(")"):
        return "block"  # a braced default argument
    if re.search(r"\bnamespace\b", head) or re.search(r'\bextern\s*""\s*$', head):
        return "namespace"
    if "(" not in head:
        return "type" if TYPE.search(head) else "block"
    if INITIALISER_LIST.search(head) and re.search(r"[\w>]\s*$", head):
        return "block"  # a member initialised with braces; the body is still to come
    if TYPE.search(head.split("(")[0]) and not re.search(r"\w\s*\(", head):
        return "type"
    return "function"


def functions(code):
    """Every function that is defined in the code (as parse() gives it), outermost only."""
    code = without_directives(code)
    found, scopes, head_start = [], [], 0
    for match in re.finditer(r"[{};]", code):
        at, sign = match.start(), match.group()
        enclosing = scopes[-1][0] if scopes else "namespace"
        if sign == "{":
            head = code[head_start:at]
            kind = scope_of(head, enclosing)
            scopes.append((kind, head_start))
            if kind != "block":
                head_start = at + 1
        elif sign == "}" and scopes:
            kind, start = scopes.pop()
            if kind == "function":
                head = code[start:code.index("{", start)]
                start += len(head) - len(head.lstrip())
                first = code.count("\n", 0, start) + 1
                found.append(Function(first, code.count("\n", start, at) + 1,
                                      " ".join(head.split())))
            if kind != "block":
                head_start = at + 1
        elif sign == ";" and enclosing in ("namespace", "type"):
            head_start = at + 1
    return found

"""Every ```python block of README.md and docs/*.md runs, and what the pages promise of a line holds.

The blocks of a page run in order in one namespace. A comment at the end of a statement is checked:

- ``# => value``: the statement is an expression, and ``value`` is its ``repr``;
- ``# => raises CODE``: the statement raises a ``FinopsError`` of that code.

A ```text block right after a block is what that block prints.

Run as a program it prints what differs, page by page.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import finops

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
VARIABLES = (
    "COST_PER_1K_INPUT_TOKENS",
    "COST_PER_1K_OUTPUT_TOKENS",
    "COMPUTE_COST_PER_HOUR",
    "ENERGY_WH_PER_1K_TOKENS",
    "CARBON_INTENSITY_G_PER_KWH",
)


def blocks(page: Path) -> Iterator[tuple[str, str | None]]:
    """The blocks of a page, moved down so that their lines have the page's numbers, and what they print."""
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        yield "\n" * text.count("\n", 0, match.start(1)) + match[1], match[2]


def promises(source: str) -> dict[int, str]:
    """What stands after ``# =>``, by line."""
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and token.string.startswith("# =>"):
            found[token.start[0]] = token.string.removeprefix("# =>").strip()
    return found


def run(page: Path) -> list[str]:
    """Run the blocks of a page; what differs from its promises."""
    namespace: dict[str, Any] = {"__name__": page.stem}
    wrong: list[str] = []
    for source, prints in blocks(page):
        promised = promises(source)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            for statement in ast.parse(source, str(page)).body:
                line = statement.end_lineno or statement.lineno
                promise = promised.pop(line, None)
                found = perform(statement, page, namespace)
                if promise is None and found.startswith("raises ") or promise is not None and found != promise:
                    wrong.append(f"{page.name}:{line}: the page says {promise}, it is {found}")
        wrong += [f"{page.name}:{line}: `# =>` ends no statement" for line in promised]
        if prints is not None and printed.getvalue() != prints:
            wrong.append(f"{page.name}: a block prints\n{printed.getvalue()}")
    return wrong


def perform(statement: ast.stmt, page: Path, namespace: dict[str, Any]) -> str:
    """Run a statement; the repr of its value, or what it raises."""
    try:
        if isinstance(statement, ast.Expr):
            return repr(eval(compile(ast.Expression(statement.value), str(page), "eval"), namespace))
        exec(compile(ast.Module([statement], []), str(page), "exec"), namespace)
    except finops.FinopsError as error:
        return f"raises {error.code}"
    except Exception as error:
        return f"raises {error!r}"
    return "a statement"


def without_settings(clear: Any) -> None:
    """Pages show the defaults, so the environment may not set them."""
    for name in VARIABLES:
        clear(name)


def pytest_generate_tests(metafunc: Any) -> None:
    metafunc.parametrize("page", [page for page in PAGES if any(blocks(page))], ids=lambda page: page.name)


def test_page(page: Path, monkeypatch: Any) -> None:
    without_settings(lambda name: monkeypatch.delenv(name, raising=False))
    assert run(page) == []


if __name__ == "__main__":
    import os

    without_settings(lambda name: os.environ.pop(name, None))
    differences = [line for page in PAGES for line in run(page)]
    print("\n".join(differences) or f"{sum(len(list(blocks(page))) for page in PAGES)} blocks hold")
    sys.exit(bool(differences))

"""Write ``python/finops/_finops.pyi`` from the built module, or with ``--check`` fail when it is stale.

The signatures, types and texts come from the Rust source by PyO3's introspection; nothing is written by hand.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
STUB = HERE / "python" / "finops" / "_finops.pyi"
MODULES = ("collections.abc", "datetime", "decimal", "os", "types", "typing")


def profile(target: Path) -> str:
    """The profile that was built last, so that nothing is compiled for the stub alone."""
    built = {
        "release": target / "release" / "lib_finops.so",
        "dev": target / "debug" / "lib_finops.so",
    }
    return max(built, key=lambda name: built[name].stat().st_mtime if built[name].exists() else 0)


def generate() -> str:
    """The stub as maturin writes it, with plain annotations and the imports that they need."""
    maturin = Path(sys.executable).parent / "maturin"
    environment = dict(os.environ)
    target = environment.setdefault("CARGO_TARGET_DIR", str(HERE.parents[1] / "target" / "py"))
    with tempfile.TemporaryDirectory() as out:
        command = [maturin if maturin.exists() else "maturin", "generate-stubs", "--quiet", "--out", out]
        command += ["--profile", profile(Path(target)), "--interpreter", sys.executable]
        command += ["--manifest-path", HERE / "Cargo.toml"]
        subprocess.run(command, check=True, env=environment)
        text = next(Path(out).rglob("_finops.pyi")).read_text(encoding="utf-8")
    return finish(text)


def finish(text: str) -> str:
    """Take the quotes off annotations: their names exist in a stub, whatever their order."""
    lines = []
    in_text = False
    for line in text.splitlines():
        if not in_text and re.match(r"\s*def ", line):
            line = re.sub(r'(: |-> )"([^"]*)"', r"\1\2", line)
            # Rust's rich comparison answers `None` for `NotImplemented`.
            line = line.replace("-> bool | None: ...", "-> bool: ...") if "__eq__" in line or "__ne__" in line else line
            # Classes that Python code derives from make what they are called as.
            line = re.sub(r"(def __new__\(cls.*) -> _\w+: \.\.\.$", r"\1 -> typing.Self: ...", line)
        if line.count('"""') % 2:
            in_text = not in_text
        lines.append(line.rstrip())
    body = "\n".join(lines) + "\n"
    head, rest = body.split('"""\n', 2)[1:] if body.startswith('"""') else ("", body)
    imports = "".join(f"import {name}\n" for name in MODULES if re.search(rf"\b{re.escape(name)}\.\w", rest))
    if "Apportioned" in rest:
        imports += "from ._types import Apportioned\n"
    if "PolicyAction" in rest:
        imports += "from .policy import PolicyAction\n"
    return f'"""\n{head}"""\n\n{imports}' + rest.lstrip("\n")


def main() -> int:
    """Write or check."""
    text = generate()
    if "--check" not in sys.argv[1:]:
        STUB.write_text(text, encoding="utf-8")
        return 0
    if STUB.exists() and STUB.read_text(encoding="utf-8") == text:
        return 0
    print(f"{STUB.name} is stale; run `python {Path(__file__).name}`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

"""Tables on the terminal."""

from __future__ import annotations


def table(title: str, header: tuple[str, ...], rows: list[tuple[str, ...]], left: int = 2) -> None:
    """Print rows below a header; the first `left` columns are flush left, the others right."""
    widths = [max(len(line[i]) for line in [header, *rows]) for i in range(len(header))]
    print(f"\n{title}\n")
    for line in [header, tuple("-" * width for width in widths), *rows]:
        cells = [cell.ljust(width) if i < left else cell.rjust(width) for i, (cell, width) in enumerate(zip(line, widths))]
        print("  " + "  ".join(cells).rstrip())

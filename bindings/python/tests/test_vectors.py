"""The shared vectors, one test a topic."""

from __future__ import annotations

import pytest
import vectors

TO_RUN, PENDING, UNKNOWN = vectors.topics()


def test_every_file_is_known() -> None:
    assert not UNKNOWN
    assert set(TO_RUN) == set(vectors.TOPICS)


@pytest.mark.parametrize("topic", TO_RUN)
def test_vectors(topic: str) -> None:
    ran, failures = vectors.run(topic)
    assert ran > 0
    assert not failures, "\n".join(failures)


def test_pending_topics_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    for topic in PENDING:
        print(f"pending: {topic}")
    assert capsys.readouterr().out.count("pending: ") == len(PENDING)
    assert set(PENDING) <= set(vectors.PENDING)

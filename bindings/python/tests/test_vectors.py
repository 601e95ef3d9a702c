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


@pytest.mark.parametrize("topic", PENDING)
def test_pending_topics_are_named(topic: str) -> None:
    # A topic that Python has no face for yet: named here, and struck off when it has one.
    assert topic in vectors.PENDING

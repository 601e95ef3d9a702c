"""Records are frozen mappings with an exact side."""

from __future__ import annotations

import collections.abc
import copy
import json
import pickle
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pandas
import pytest

import finops

AT = "2026-11-01T12:00:00Z"


@pytest.fixture
def monitor() -> finops.ResourceMonitor:
    return finops.ResourceMonitor(env={})


@pytest.fixture
def record(monitor: finops.ResourceMonitor) -> finops.InferenceRecord:
    return monitor.log_inference("gpt-4o-mini", 30, 0, 5, {"team": "a"}, request_id="r", at=AT)


def test_the_exact_side(record: finops.InferenceRecord) -> None:
    assert record.cost.total == Decimal("0.0000045")
    assert isinstance(record.cost.total, Decimal)
    assert record.energy_joules_exact == Decimal(54)
    assert record.at == datetime(2026, 11, 1, 12, tzinfo=timezone.utc)
    assert (record.status, record.price_source, record.provider) == ("priced", "catalogue", "openai")
    assert record.usage == finops.Usage(input=30)
    assert record.tags == {"team": "a"}
    assert (record.request_id, record.outcome, record.finish) == ("r", "ok", None)
    assert "flat_energy_default" in record.assumptions
    assert record.energy.tier == "assumed"
    assert [item.amount for item in record.cost.line_items] == [record.cost.total]
    assert "0.0000045" in record.cost.explain()


def test_it_is_a_mapping(record: finops.InferenceRecord) -> None:
    plain = dict(record)
    assert isinstance(record, collections.abc.Mapping)
    assert {**record} == plain == record
    assert record == plain and record != {**plain, "model": "x"}
    assert len(record) == len(plain) and list(record.values()) == list(plain.values())
    assert record.get("nothing", 7) == 7 and "nothing" not in record and 3 not in record
    with pytest.raises(KeyError, match="nothing"):
        record["nothing"]
    assert json.loads(json.dumps(plain)) == plain
    match record:
        case {"model": model, "unit_cost_usd": cost}:
            assert (model, cost) == ("gpt-4o-mini", 0.0000045)
        case _:
            pytest.fail("a mapping pattern must match")


def test_it_is_frozen_and_hashable(record: finops.InferenceRecord) -> None:
    with pytest.raises(AttributeError):
        record.model = "x"  # type: ignore[misc]
    with pytest.raises(TypeError):
        record["model"] = "x"  # type: ignore[index]
    assert {record: 1}[record] == 1


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_it_survives_copies(record: finops.InferenceRecord, again: Any) -> None:
    other = again(record)
    assert other == record and hash(other) == hash(record)
    assert (other.cost, other.usage, other.metadata) == (record.cost, record.usage, record.metadata)


def test_the_wire_form_is_exact_and_comes_back(record: finops.InferenceRecord) -> None:
    wire = json.loads(record.to_json())
    assert (wire["schema"], wire["type"]) == ("finops.inference/1", "inference")
    assert (wire["unit_cost_usd"], wire["energy_joules"]) == ("0.0000045", "54")
    again = finops.InferenceRecord.from_json(record.to_json())
    assert again == record and again.to_json() == record.to_json()
    with pytest.raises(finops.ConfigError):
        finops.InferenceRecord.from_json('{"schema": "finops.inference/1"}')


def test_metadata_is_kept_by_reference(monitor: finops.ResourceMonitor) -> None:
    class Odd:
        pass

    for metadata in ({"team": "a", "odd": Odd()}, [1], Odd()):
        record = monitor.log_inference("m", 1, 1, 1, metadata)
        assert record.metadata is metadata and record["metadata"] is metadata
        newest = monitor.get_metrics(1)[0]
        assert newest.metadata is metadata
    assert monitor.log_inference("m", 1, 1, 1, None).metadata is None
    assert "metadata" not in monitor.log_inference("m", 1, 1, 1)


def test_pandas_takes_records(monitor: finops.ResourceMonitor) -> None:
    monitor.log_inference("gpt-4o", 1000, 500, 250.0)
    monitor.log_inference("gpt-4o-mini", 30, 0, 5)
    frame = pandas.DataFrame(monitor.get_metrics())
    assert list(frame["model"]) == ["gpt-4o", "gpt-4o-mini"]
    assert frame["unit_cost_usd"].sum() == pytest.approx(0.0075045)


def test_the_notebook_form_escapes(monitor: finops.ResourceMonitor) -> None:
    html = monitor.log_inference("<b>", 1, 1, 1)._repr_html_()
    assert "&lt;b&gt;" in html and "<b>" not in html
    assert "gpt-4o" in repr(monitor.log_inference("gpt-4o", 1, 1, 1))


def test_a_training_record(monitor: finops.ResourceMonitor) -> None:
    run = monitor.log_training("t", 2.5, 4, {"team": "a"}, at=AT)
    assert isinstance(run, collections.abc.Mapping)
    assert pickle.loads(pickle.dumps(run)) == run == dict(run)
    assert finops.TrainingRecord.from_json(run.to_json()) == run
    assert run.compute_cost_usd_exact == 10 and run.tags == {"team": "a"}
    assert hash(run) == hash(copy.copy(run)) and "gpu_count=4" in repr(run)


def test_unknown_durations_are_null(monitor: finops.ResourceMonitor) -> None:
    record = monitor.log_inference("unknown-x", 1, 1, None)
    assert record["duration_ms"] is None and "duration_unknown" in record.assumptions


def test_an_unpriced_cost_is_none_never_zero() -> None:
    cost = finops.cost("no-such-model", finops.Usage(1, 1), on_unknown="null")
    assert (cost.total, cost.status) == (None, "unpriced")
    assert pickle.loads(pickle.dumps(cost)) == cost

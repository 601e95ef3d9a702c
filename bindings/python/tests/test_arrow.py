"""Columns in and out, without a copy of another library's types."""

from __future__ import annotations

import array
import math
from decimal import Decimal
from typing import Any

import numpy
import pandas
import pyarrow
import pytest

import finops


@pytest.fixture
def monitor() -> finops.ResourceMonitor:
    return finops.ResourceMonitor(env={})


COLUMNS = [
    lambda values: values,
    tuple,
    lambda values: array.array("q", values),
    numpy.array,
    lambda values: numpy.array(values, dtype=numpy.uint16),
    lambda values: numpy.array(values, dtype=numpy.float64),
    pandas.Series,
    pyarrow.array,
    lambda values: pyarrow.chunked_array([values[:1], values[1:]]),
    lambda values: pyarrow.array(values, type=pyarrow.int16()),
]


@pytest.mark.parametrize("column", COLUMNS)
def test_every_kind_of_column(monitor: finops.ResourceMonitor, column: Any) -> None:
    result = monitor.log_batch("gpt-4o", column([1000, 2000]), column([500, 0]), column([10, 20]))
    assert (result.rows, result.total_tokens, result.cost_usd) == (2, 3500, Decimal("0.0125"))
    assert list(numpy.asarray(result.costs_usd)) == [0.0075, 0.005]
    assert not result.errors and monitor.stats().requests == 2 and monitor.get_metrics() == []


@pytest.mark.parametrize(
    "models",
    [
        ["gpt-4o", "gpt-4o-mini"],
        pandas.Series(["gpt-4o", "gpt-4o-mini"]),
        pyarrow.array(["gpt-4o", "gpt-4o-mini"]),
        pyarrow.array(["gpt-4o", "gpt-4o-mini"], type=pyarrow.large_string()),
        pyarrow.array(["gpt-4o", "gpt-4o-mini"], type=pyarrow.string_view()),
        pyarrow.array(["gpt-4o", "gpt-4o-mini"]).dictionary_encode(),
    ],
    ids=lambda models: type(models).__name__,
)
def test_a_column_of_models(monitor: finops.ResourceMonitor, models: Any) -> None:
    monitor.log_batch(models, [1000, 30], [500, 0])
    assert [row.cost_usd for row in monitor.summary()] == [Decimal("0.0075"), Decimal("0.0000045")]


def test_a_bad_row_is_named_and_the_others_are_logged(monitor: finops.ResourceMonitor) -> None:
    tokens = pyarrow.array([1000, -1, None])
    result = monitor.log_batch("gpt-4o", tokens, [0, 0, 0])
    assert result.rows == 1 and math.isnan(result.costs_usd[1])
    assert [(row, error.code, error.path) for row, error in result.errors] == [
        (1, "usage.not_a_count", "input_tokens"),
        (2, "usage.not_a_count", "input_tokens"),
    ]


def test_columns_of_different_length_log_nothing(monitor: finops.ResourceMonitor) -> None:
    with pytest.raises(finops.ConfigError, match="output_tokens"):
        monitor.log_batch("gpt-4o", [1, 2], [1])
    with pytest.raises(finops.UsageError) as caught:
        monitor.log_batch("gpt-4o", [1, True], [1, 1])
    assert caught.value.path == "input_tokens[1]"
    with pytest.raises(TypeError):
        monitor.log_batch("gpt-4o", pyarrow.array(["x"]), [1])
    assert monitor.stats().requests == 0


def test_records_become_a_table(monitor: finops.ResourceMonitor) -> None:
    monitor.log_inference("gpt-4o-mini", 30, 0, 5, at="2026-11-01T12:00:00Z")
    monitor.log_training("t", 2.5, 4)
    table = pyarrow.table(monitor.to_arrow())
    first, second = table.to_pylist()
    assert first["unit_cost_usd"] == Decimal("0.0000045") and first["timestamp"].isoformat().startswith("2026-11-01T12")
    assert (second["type"], second["gpu_count"], second["input_tokens"]) == ("training", 4, None)
    assert monitor.to_arrow().column_names == table.column_names
    assert len(pyarrow.table(finops.ResourceMonitor(env={}).to_arrow())) == 0


def test_carbon_of_a_table() -> None:
    table = pyarrow.table({"input_tokens": [1000, -1], "output_tokens": [500, 3], "other": ["a", "b"]})
    found = pyarrow.table(finops.carbon.estimate_inference_batch(table)).to_pylist()
    single = finops.carbon.estimate_inference(model="m", input_tokens=1000, output_tokens=500)
    assert (found[0]["energy_joules"], found[0]["carbon_kg"]) == (single["energy_joules"], single["carbon_kg"])
    assert found[1]["energy_joules"] is None and "input_tokens" in found[1]["error"]
    with pytest.raises(finops.ConfigError, match="output_tokens"):
        finops.carbon.estimate_inference_batch(pyarrow.table({"input_tokens": [1]}))

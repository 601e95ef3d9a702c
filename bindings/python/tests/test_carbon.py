"""The surface of `finops.carbon` beyond the vectors."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import finops
from finops import carbon


def test_a_result_is_a_frozen_mapping() -> None:
    impact = carbon.estimate_inference(model="gpt-4o", input_tokens=1000, output_tokens=500)
    assert impact["energy_joules"] == impact.energy_joules == 2700.0
    assert impact["carbon_kg"] == 0.0003
    assert (impact.energy.low, impact.energy.central, impact.energy.tier) == (270.0, 2700.0, "assumed")
    assert isinstance(impact, Mapping) and dict(impact) == impact
    assert pickle.loads(pickle.dumps(impact)) == impact and hash(impact) == hash(pickle.loads(pickle.dumps(impact)))
    assert json.loads(impact.to_json())["energy_joules"] == 2700.0
    assert "flat_energy_default" in impact.assumptions
    with pytest.raises(AttributeError, match="no field `joules`"):
        impact.joules  # noqa: B018
    with pytest.raises(KeyError):
        impact["joules"]


CALL: dict[str, Any] = {"model": "gpt-4o", "input_tokens": 1000, "output_tokens": 500}


def test_the_short_way_and_the_long_way_agree() -> None:
    quick = carbon.estimate_inference(**CALL)
    assert carbon.estimate_inference(**CALL, batch=None, pue=None) == quick
    assert carbon.estimate_inference(**CALL, grid=400)["carbon_kg"] == quick["carbon_kg"]
    france = carbon.estimate_inference(**CALL, region="FR")
    assert france["carbon_kg"] == carbon.estimate_inference(**CALL, grid="41.44")["carbon_kg"]
    model = "meta-llama/Llama-3.1-8B-Instruct"
    by_name = carbon.estimate_inference(**{**CALL, "model": model}, energy_method="parameters")
    given = carbon.estimate_inference(**CALL, energy_method="parameters", params={"total_b": 8.03, "active_b": 8.03})
    assert by_name["energy_joules"] == given["energy_joules"] and by_name.method == "finops-llm/1"


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        ({"input_tokens": -1}, "usage.not_a_count", "input_tokens"),
        ({"duration_ms": -1}, "carbon.bad_number", "duration_ms"),
        ({"tokens_per_s": float("nan")}, "carbon.bad_number", "tokens_per_s"),
        ({"energy_method": "guess"}, "config.invalid", "energy_method"),
        ({"energy_method": "parameters"}, "carbon.unknown_model", "model"),
        ({"region": "us-east1x"}, "carbon.unknown_zone", None),
        ({"pue": 0.5}, "carbon.bad_pue", "pue"),
        ({"grid": float("nan")}, None, "grid"),
        ({"wh_per_1k": {"input": 1}}, "carbon.factor_missing", None),
    ],
)
def test_bad_input_is_named(fields: dict[str, Any], code: str | None, path: str | None) -> None:
    with pytest.raises(finops.FinopsError) as caught:
        carbon.estimate_inference(**{**CALL, **fields})
    assert code is None or caught.value.code == code
    assert path is None or caught.value.path == path


def test_zones_are_known() -> None:
    zones = carbon.zones()
    assert {"FR", "US-OR", "WORLD", "aws:us-east-1"} <= set(zones)
    with pytest.raises(finops.CarbonError) as caught:
        carbon.intensity("FRR")
    assert caught.value.code == "carbon.unknown_zone"


def test_a_feed_is_a_request_and_a_body() -> None:
    request = carbon.feeds.request("electricity_maps.latest", zone="DE", token="secret")
    assert request.method == "GET" and request.url.startswith("https://api.electricitymaps.com/")
    assert request.headers["auth-token"] == "secret" and "secret" not in repr(request)
    body = {
        "zone": "DE",
        "carbonIntensity": 302,
        "datetime": "2026-01-05T11:00:00.000Z",
        "emissionFactorType": "lifecycle",
        "isEstimated": False,
    }
    for form in (body, json.dumps(body), json.dumps(body).encode()):
        assert carbon.feeds.parse("electricity_maps.latest", form).intensity.g_per_kwh == 302
    with pytest.raises(finops.CarbonError) as caught:
        carbon.feeds.parse("electricity_maps.latest", b"\xff")
    assert caught.value.code.startswith("carbon.feed_")


def test_a_fake_powercap_tree(tmp_path: Path) -> None:
    with pytest.raises(finops.MeterError) as caught:
        carbon.meters.rapl(tmp_path / "absent")
    assert caught.value.code == "meter.unavailable" and isinstance(caught.value, OSError)
    zone = tmp_path / "intel-rapl:0"
    zone.mkdir()
    for name, text in (("name", "package-0"), ("energy_uj", "1000000"), ("max_energy_range_uj", "262143328850")):
        (zone / name).write_text(text + "\n")
    with carbon.meters.rapl(tmp_path) as meter:
        assert meter.devices == ("package-0",) and meter.meter == "rapl"
        (zone / "energy_uj").write_text("1000001\n")
        assert meter.read().devices[0].name == "package-0"
    assert meter.read() == meter.stop()
    (zone / "energy_uj").write_text("garbage\n")
    with pytest.raises(finops.MeterError) as caught:
        carbon.meters.rapl(tmp_path)
    assert caught.value.code == "meter.bad_reading"

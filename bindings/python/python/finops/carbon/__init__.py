"""Energy and carbon of inference, training and cloud work: every figure with a range, a tier, a method and its data.

Nothing here opens a socket. Numbers may be `Decimal`, `int`, `float` or decimal text; a range is `(low, high)` or
`{"low": …, "central": …, "high": …}`. Results are frozen: ``r.energy.central``, ``r["carbon_kg"]``, ``r.to_json()``.

>>> from finops import carbon
>>> impact = carbon.estimate_inference(model="gpt-4o", input_tokens=1000, output_tokens=500)
>>> impact["energy_joules"], impact.energy.tier
(2700.0, 'assumed')
>>> carbon.intensity("FR").g_per_kwh
41.44
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from .._finops import Result, carbon_call, estimate_inference, estimate_inference_batch
from . import feeds, meters

Number = Decimal | int | float | str
Range = Number | Sequence[Number] | Mapping[str, Number]

__all__ = [
    "Number",
    "Range",
    "Result",
    "best_slots",
    "best_window",
    "common_basis",
    "compare_regions",
    "configuration",
    "counters",
    "cpu_tdp_power",
    "embodied",
    "embodied_llm",
    "estimate_inference",
    "estimate_inference_batch",
    "estimate_training",
    "exact_sum",
    "feeds",
    "intensity",
    "llm_ecologits",
    "llm_finops",
    "memory_energy",
    "meters",
    "mig_allocation",
    "network_energy",
    "nvml_counter",
    "operational",
    "operational_series",
    "power_curve",
    "prefill_attention",
    "pue",
    "range_arithmetic",
    "rapl_counter",
    "rapl_tree",
    "sci",
    "series_average",
    "server_embodied",
    "storage_energy",
    "unit_lbs_per_mwh",
    "unit_to_kwh",
    "vcpu_energy",
    "water",
    "window_allocation",
    "zones",
]


def estimate_training(
    *,
    gpu_count: int,
    duration_hours: Number,
    gpu: str | None = None,
    watts_per_gpu: Number | None = None,
    host_watts_per_gpu: Number | None = None,
    gpu_power_kw: Number | None = None,
    utilisation: Number | None = None,
    pue: Range | None = None,
    region: str | None = None,
    grid: Range | None = None,
    measured_joules: Number | None = None,
) -> Result:
    """Energy and carbon of a training run: metered joules, else watts, else the named GPU, else a flat figure.

    >>> estimate_training(gpu_count=4, duration_hours=2.5)["energy_joules"]
    9000000.0
    """
    return carbon_call("estimate_training", locals())


def vcpu_energy(
    *,
    vcpu_hours: Number,
    utilisation_pct: Number,
    min_w: Number | None = None,
    max_w: Number | None = None,
    processor: str | None = None,
    pue: Number | None = None,
    grid_g_per_kwh: Number | None = None,
) -> Result:
    """Energy of vCPU hours, from the watts of one vCPU or the name of its processor (`ccf-compute/1`)."""
    return carbon_call("vcpu_energy", locals())


def memory_energy(
    *, gb: Number, hours: Number, pue: Number | None = None, grid_g_per_kwh: Number | None = None
) -> Result:
    """Energy of memory (`ccf-memory/1`)."""
    return carbon_call("memory_energy", locals())


def storage_energy(
    *,
    medium: Literal["ssd", "hdd"],
    tb: Number,
    hours: Number,
    pue: Number | None = None,
    grid_g_per_kwh: Number | None = None,
) -> Result:
    """Energy of storage (`ccf-storage/1`)."""
    return carbon_call("storage_energy", locals())


def network_energy(*, gb: Number, grid_g_per_kwh: Number | None = None) -> Result:
    """Energy of moving data (`ccf-network/1`)."""
    return carbon_call("network_energy", locals())


def cpu_tdp_power(*, tdp_w: Number, load_pct: Number) -> Result:
    """Power of a CPU from its thermal design power and load (`cpu-tdp-cubic/1`)."""
    return carbon_call("cpu_tdp_power", locals())


def power_curve(*, utilisation_pct: Number, x_pct: Sequence[Number], y: Sequence[Number]) -> Result:
    """A point of a curve that is linear between its points."""
    return carbon_call("power_curve", locals())


def water(
    *, it_energy_kwh: Range, pue: Range, wue_datacentre_l_per_kwh: Range, wue_grid_l_per_kwh: Range
) -> Result:
    """Litres of water (`water/1`)."""
    return carbon_call("water", locals())


def operational(*, energy_kwh: Range, grid_g_per_kwh: Range) -> Result:
    """Grams of CO2e: energy times intensity (`operational/1`)."""
    return carbon_call("operational", locals())


def operational_series(
    *,
    series_g_per_kwh: Sequence[Number | None],
    step_s: int,
    constant_power_w: Number,
    from_s: int = 0,
    to_s: int | None = None,
    interpolation: Literal["step", "linear"] | None = None,
) -> Result:
    """Grams of CO2e of constant power against a series of intensities (`operational-series/1`)."""
    return carbon_call("operational_series", locals())


def embodied(
    *,
    te_kg: Number,
    reserved_h: Number,
    lifespan_h: Number | None = None,
    reserved_resources: Number = 1,
    total_resources: Number = 1,
) -> Result:
    """The share of a machine's embodied carbon (`sci-embodied/1`)."""
    return carbon_call("embodied", locals())


def server_embodied(
    *,
    cpu_sockets: int = 1,
    memory_gb: Number = 16,
    ssd: int = 0,
    hdd: int = 0,
    gpu: int = 0,
    reserved_h: Number,
    lifespan_h: Number | None = None,
) -> Result:
    """The share of a server's embodied carbon, from its parts (`server-bom/1`)."""
    return carbon_call("server_embodied", locals())


def embodied_llm(*, latency_s: Number, gpus: int, batch: Number, gpu_embodied_kg: Number) -> Result:
    """The embodied carbon of one request to a model server (`embodied-llm/1`)."""
    return carbon_call("embodied_llm", locals())


def sci(
    *,
    energy_kwh: Number,
    grid_g_per_kwh: Number,
    functional_units: Number,
    unit: str,
    embodied_g: Number = 0,
    signal: Literal["average", "marginal", "market"] = "average",
) -> Result:
    """Software Carbon Intensity, ISO/IEC 21031:2024."""
    return carbon_call("sci", locals())


def intensity(
    zone: str,
    basis: Literal["lifecycle", "direct"] | None = None,
    on_unknown: Literal["error", "world"] = "error",
) -> Result:
    """The annual average intensity of a country, US state or cloud region.

    >>> intensity("aws:eu-north-1").zone
    'SE'
    """
    return carbon_call("intensity", locals())


def common_basis(*, from_: str, to: str) -> Result:
    """The finest basis that both zones have, and both intensities on it."""
    return carbon_call("common_basis", {"from": from_, "to": to})


def pue(site: str) -> Result:
    """The power usage effectiveness of a site, and where it came from."""
    return carbon_call("pue", locals())


def zones() -> list[str]:
    """Every zone that `intensity` knows."""
    return list(carbon_call("zones", {})["zones"])


def compare_regions(
    *,
    it_energy_kwh: Range,
    from_: Mapping[str, Any],
    to: Mapping[str, Any],
    transfer_gb: Number = 0,
    min_saving_fraction: Number | None = None,
) -> Result:
    """Carbon of moving work between regions on the average and the marginal signal (`shift-region/1`)."""
    fields = {"it_energy_kwh": it_energy_kwh, "from": from_, "to": to, "transfer_gb": transfer_gb}
    return carbon_call("region_shift", {**fields, "min_saving_fraction": min_saving_fraction})


def best_window(
    *,
    duration_s: int,
    step_s: int,
    intervals_g_per_kwh: Sequence[Number | None] | None = None,
    points_g_per_kwh: Sequence[Number | None] | None = None,
    interpolation: Literal["step", "linear"] | None = None,
    earliest_s: int = 0,
    deadline_s: int | None = None,
) -> Result:
    """The exact cleanest window of a series (`shift-time/1`): `intervals` hold, between `points` it is linear."""
    return carbon_call("best_window", locals())


def best_slots(
    *,
    duration_s: int,
    step_s: int,
    intervals_g_per_kwh: Sequence[Number | None],
    earliest_s: int = 0,
    deadline_s: int | None = None,
) -> Result:
    """The cleanest intervals for a job that may be interrupted."""
    return carbon_call("best_slots", locals())


def series_average(
    *,
    step_s: int,
    from_s: int,
    to_s: int,
    intervals_g_per_kwh: Sequence[Number | None] | None = None,
    points_g_per_kwh: Sequence[Number | None] | None = None,
    interpolation: Literal["step", "linear"] | None = None,
) -> Result:
    """The time-weighted mean of a series."""
    return carbon_call("series_average", locals())


def unit_to_kwh(*, unit: str, value: Number) -> Result:
    """Energy in kWh; 1 kWh is 3,600,000 J exactly."""
    return carbon_call("unit_to_kwh", locals())


def unit_lbs_per_mwh(*, lbs_per_mwh: Number) -> Result:
    """Pounds a MWh in g/kWh; 1 lb is 453.59237 g exactly."""
    return carbon_call("unit_lbs_per_mwh", locals())


def range_arithmetic(
    *,
    op: Literal["new", "add", "sub", "mul", "div"],
    a: Mapping[str, Any],
    b: Mapping[str, Any] | None = None,
) -> Result:
    """Arithmetic of ranges as independent extremes; the result has the worse tier."""
    return carbon_call("range_arithmetic", locals())


def exact_sum(*, values: Sequence[float]) -> Result:
    """The sum that does not depend on the order."""
    return carbon_call("exact_sum", locals())


def llm_ecologits(
    *,
    active_params_b: Range,
    total_params_b: Range,
    output_tokens: int,
    pue: Range,
    batch: Range | None = None,
    bits: Number | None = None,
    latency_s: Number | None = None,
    tokens_per_s: Number | None = None,
    time_to_first_token_s: Number | None = None,
    grid_g_per_kwh: Range | None = None,
    wue_datacentre_l_per_kwh: Range | None = None,
    wue_grid_l_per_kwh: Range | None = None,
) -> Result:
    """Output tokens by the formula of EcoLogits 0.11.3 (`ecologits-llm/0.11`)."""
    return carbon_call("llm_ecologits", locals())


def llm_finops(
    *,
    active_params_b: Range,
    total_params_b: Range,
    input_tokens: int = 0,
    output_tokens: int = 0,
    cache_read_tokens: int = 0,
    cache_write_tokens: int = 0,
    batch: Range | None = None,
    bits: Number | None = None,
    latency_s: Number | None = None,
    tokens_per_s: Number | None = None,
    time_to_first_token_s: Number | None = None,
    pue: Range | None = None,
    grid_g_per_kwh: Range | None = None,
    layers: int | None = None,
    d_model: int | None = None,
) -> Result:
    """Prefill, caches and output of a model by its parameters (`finops-llm/1`)."""
    return carbon_call("llm_finops", locals())


def prefill_attention(*, new_tokens: int, layers: int, d_model: int, cached_tokens: int = 0) -> Result:
    """The context term of `finops-llm/1`."""
    return carbon_call("prefill_attention", locals())


def window_allocation(
    *,
    window_nanojoules: int,
    requests_input_output: Sequence[Sequence[int]] | None = None,
    requests: Sequence[Mapping[str, int]] | None = None,
    prefill_weight: Number | None = None,
    idle_nanojoules: int | None = None,
    idle: Literal["shared", "separate"] | None = None,
) -> Result:
    """A metered window shared over its requests in integer nanojoules (`measured-window/1`)."""
    return carbon_call("window_allocation", locals())


def mig_allocation(*, gpu_joules: Number, compute_slices: Sequence[int], slices_total: int = 7) -> Result:
    """The energy of a GPU shared by its compute slices."""
    return carbon_call("mig_allocation", locals())


def rapl_counter(
    *,
    samples_s_uj: Sequence[Sequence[Number]],
    max_energy_range_uj: int | None = None,
    max_plausible_w: Number | None = None,
    tdp_w: Number | None = None,
) -> Result:
    """Energy of one RAPL domain from its counter, without wraps and negative intervals."""
    return carbon_call("rapl_counter", locals())


def rapl_tree(
    *,
    powercap: Mapping[str, Any],
    max_energy_range_uj: int | None = None,
    elapsed_s: Number | None = None,
    max_plausible_w: Number | None = None,
    psys: bool | None = None,
) -> Result:
    """Energy of a host from the zones of a powercap tree, each joule once."""
    return carbon_call("rapl_tree", locals())


def nvml_counter(*, samples_s_mj_mw: Sequence[Sequence[Number | None]]) -> Result:
    """Energy of one GPU: its counter, and its power where the counter is missing."""
    return carbon_call("nvml_counter", locals())


def counters(
    *,
    model: str,
    energy_joules: Sequence[Number],
    operational_g: Sequence[Number],
    embodied_g: Sequence[Number] | None = None,
    provider: str | None = None,
) -> Result:
    """The points of the OpenTelemetry counters `finops.energy` and `finops.carbon`."""
    return carbon_call("counters", locals())


def configuration(
    *, arguments: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None
) -> Result:
    """What a configuration decides, and which statement decided it."""
    return carbon_call("configuration", locals())

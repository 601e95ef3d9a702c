"""The gate and the guardrails as Python uses them: values, faults, reload, log, threads, tables."""

from __future__ import annotations

import copy
import enum
import json
import pickle
import random
import threading
from collections import UserDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import finops
import numpy as np
import pyarrow as pa
import pytest
from finops import policy
from finops.policy import UNKNOWN, iac

TAGS = {"team": "ai", "environment": "dev"}
NIGHT = "2026-11-21T03:00:00Z"


class Step(enum.IntEnum):
    """An integer with a name."""

    ONE = 1


OWN = """package finops

default allow := false

allow if count(deny) == 0

deny contains "too dear" if {
	is_number(input.cost)
	input.cost > 5
}

deny contains "no cost" if not priced

priced if is_number(input.cost)

test_dear if "too dear" in deny with input as {"cost": 6}
"""


def rules(decision: Any) -> list[str]:
    return [violation["rule"] for violation in decision["violations"]]


def ask(value: Any, **fields: Any) -> finops.Decision:
    return finops.PolicyGate().decide({"unit_cost_usd": value, "cost_tags": TAGS, **fields})


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "actual"),
    [
        (1, "1"),
        (0.6, "0.6"),
        (Decimal("0.50000000000000000000000000000000000001"), "0.50000000000000000000000000000000000001"),
        (Decimal("6E-1"), "0.6"),
        ("0.60", "0.6"),
        (10**11 + 1, "100000000001"),
        (np.float64(0.6), "0.6"),
        (np.int32(7), "7"),
        (np.float32(0.75), "0.75"),
        (Step.ONE, "1"),
    ],
)
def test_numbers_are_read_by_what_was_written(value: Any, actual: str) -> None:
    decision = ask(value)
    assert rules(decision) == ["budget.unit_cost"]
    assert decision.violations[0].actual == actual


def test_the_limit_itself_passes_and_the_next_digit_does_not() -> None:
    assert ask(0.5).allowed
    assert ask(Decimal("0.5")).allowed
    assert not ask(Decimal("0.5" + "0" * 299 + "1")).allowed
    assert not ask(0.5000000000000001).allowed


@pytest.mark.parametrize("value", [10**30, 10**4299, -1, -(10**25)], ids=["large", "huge", "one", "negative"])
def test_any_integer_is_read(value: int) -> None:
    assert rules(ask(value)) == ["input.range"]


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), Decimal("NaN"), Decimal("-Infinity"), np.float64("nan"), 10**5000],
    ids=range(7),
)
def test_what_is_no_finite_number_is_refused_as_a_number(value: Any) -> None:
    assert rules(ask(value)) == ["input.number"]
    assert rules(ask(0.1, owner={"deep": [value]})) == ["input.number"]


class Odd:
    """An object that has no JSON form."""


class Raising(UserDict[str, int]):
    """A mapping that cannot be read."""

    def keys(self) -> Any:
        raise RuntimeError("no keys")


@pytest.mark.parametrize(
    "value",
    [
        True,
        np.bool_(True),
        datetime(2026, 11, 21, tzinfo=UTC),
        date(2026, 11, 21),
        timedelta(1),
        b"0.6",
        {1, 2},
        Odd(),
        object,
        1j,
        np.array([1.0, 2.0]),
        {1: 2},
        {("a", "b"): 2},
        Raising(),
        "\ud800",
        "+1",
        " 1",
        [1],
    ],
)
def test_what_is_no_number_is_refused_by_its_type(value: Any) -> None:
    assert rules(ask(value)) == ["input.type"]


@pytest.mark.parametrize("value", [datetime(2026, 11, 21, tzinfo=UTC), b"x", {1, 2}, Odd(), {1: 2}, Raising()])
def test_nothing_that_json_cannot_hold_passes_beside_the_fields(value: Any) -> None:
    decision = ask(0.1, owner=[{"x": value}])
    assert rules(decision) == ["input.type"]
    assert decision.violations[0].path == "/owner/0/x"
    alone = finops.PolicyGate(bundle={"own.rego": OWN}, schema=None)
    assert alone.decide({"cost": 1}).allowed
    assert not alone.decide({"cost": 1, "x": value}).allowed


def test_bool_is_no_number_and_one_is_no_bool() -> None:
    assert rules(ask(0.1, promotion_request=1)) == ["input.type"]
    assert rules(ask(False)) == ["input.type"]


def test_mappings_that_are_no_dict_are_read() -> None:
    gate = finops.PolicyGate()
    assert gate.decide(UserDict({"unit_cost_usd": 0.1, "cost_tags": UserDict(TAGS)})).allowed


@pytest.mark.parametrize("value", [None, 5, "x", [], (), float("nan"), b"{}", Odd(), datetime(2026, 11, 21), Raising()])
def test_no_input_raises(value: Any) -> None:
    for gate in (finops.PolicyGate(), finops.PolicyGate(bundle={"own.rego": OWN}, schema=None)):
        decision = gate.decide(value)
        assert not decision.allowed and not decision
        assert decision["deny_messages"]


def test_endless_and_huge_inputs_are_refused() -> None:
    gate = finops.PolicyGate()
    ring: list[Any] = []
    ring.extend([ring] * 10)
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    shared: Any = [1]
    for _ in range(50):
        shared = [shared] * 10
    assert rules(gate.decide({"x": ring})) in (["input.too_deep"], ["input.too_large"])
    assert rules(gate.decide({"x": deep})) == ["input.too_deep"]
    assert rules(gate.decide({"x": shared})) == ["input.too_large"]
    assert rules(gate.decide({"x": "y" * (1 << 20)})) == ["input.too_large"]
    assert rules(gate.decide_json(b"[" * 100_000)) == ["input.too_deep"]
    check = finops.Guardrails().check_opportunity({"confidence": 1, "tags": ring}, ring)
    assert check.action is policy.PolicyAction.DENY
    with pytest.raises(finops.PolicyError, match="no JSON form"):
        iac.terraform({"format_version": "1.2", "resource_changes": [deep]})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "input.json"),
        ("{", "input.json"),
        ('{"a": NaN}', "input.json"),
        ('{"a": 1, "\\u0061": 2}', "input.duplicate_key"),
        ("[]", "input.not_object"),
        (b"\xff", "input.json"),
    ],
)
def test_text_that_is_no_input(text: str | bytes, rule: str) -> None:
    decision = finops.PolicyGate().decide_json(text)
    assert rules(decision) == [rule]
    assert finops.PolicyGate().explain(decision).rules is not None
    assert json.loads(finops.PolicyGate().log_event(decision))["decision_id"] == decision.decision_id


# --- the record ------------------------------------------------------------------------------------------------------


def test_a_decision_is_a_mapping_that_can_be_stored() -> None:
    decision = ask(Decimal("0.60"), owner=10**30)
    again = pickle.loads(pickle.dumps(decision))
    for same in (again, copy.copy(decision), copy.deepcopy(decision), finops.Decision.from_json(decision.to_json())):
        assert type(same) is finops.Decision
        assert same == decision and hash(same) == hash(decision)
        assert (same.allowed, same.decision, same.code) == (False, "deny", None)
        assert same.to_json() == decision.to_json()
    assert repr(decision).startswith("Decision(") and repr(again) == repr(decision)
    assert "Unit cost 0.6 USD" in decision._repr_html_()
    assert isinstance(decision, finops.Result) and dict(decision)["allowed"] is False
    with pytest.raises(TypeError, match="pickled"):
        finops.PolicyGate().explain(again)


def test_the_wire_keeps_every_digit() -> None:
    digits = "123456789012345678901234567890.000000000000000000001"
    told = policy.mask(event={"input": {"x": Decimal(digits)}})
    assert digits in told.to_json()
    again = pickle.loads(pickle.dumps(told))
    assert digits in again.to_json() and again == told


def test_truth_is_the_answer() -> None:
    assert ask(0.1)
    assert not ask(0.6)
    asking = finops.PolicyGate({"actions": {"budget.unit_cost": "require_approval"}})
    decision = asking.decide({"unit_cost_usd": 0.6, "cost_tags": TAGS})
    assert decision.decision == "require_approval" and not decision


def test_an_approval_lifts_and_an_unknown_time_does_not() -> None:
    gate = finops.PolicyGate({"actions": {"budget.unit_cost": "require_approval"}})
    question = {"unit_cost_usd": 0.6, "cost_tags": TAGS}
    first = gate.decide(question, requester="dev@x", now=NIGHT)
    given = {
        "id": "AP-1",
        "approver": "lead@x",
        "input_digest": first.input_digest,
        "policy_revision": first.policy_revision,
        "rules": ["budget.unit_cost"],
        "approved_at": "2026-11-21T02:00:00Z",
        "expires_at": "2026-11-21T08:00:00Z",
    }
    assert gate.decide(question, approvals=[given], requester="dev@x", now=NIGHT).allowed
    assert gate.decide(question, approvals=[given], requester="dev@x", now=datetime(2026, 11, 21, 3, tzinfo=UTC)).allowed
    assert not gate.decide(question, approvals=[given], requester="dev@x", now=UNKNOWN).allowed
    assert not gate.decide(question, approvals=[given], requester="lead@x", now=NIGHT).allowed
    assert not gate.decide(question, approvals=[{**given, "expires_at": datetime(2027, 1, 1)}], requester="dev@x", now=NIGHT).allowed
    assert not gate.decide(question, approvals=[Odd(), None, 5], requester="dev@x", now=NIGHT).allowed


def test_exemptions_need_a_time() -> None:
    exemption = {
        "id": "EX-1",
        "rule": "budget.unit_cost",
        "selector": {"/cost_tags/team": "ai"},
        "reason": "launch week",
        "owner": "ai",
        "approved_by": "cfo",
        "created": "2026-11-01T00:00:00Z",
        "expires": "2026-12-01T00:00:00Z",
    }
    gate = finops.PolicyGate(exemptions=iter([exemption]))
    question = {"unit_cost_usd": 0.6, "cost_tags": TAGS}
    decision = gate.decide(question, now=NIGHT)
    assert decision.allowed and decision["exempted"] == [{"rule": "budget.unit_cost", "exemption": "EX-1"}]
    assert not gate.decide(question, now=UNKNOWN).allowed
    assert not gate.decide(question, now="2026-12-01T00:00:00Z").allowed


def test_a_replay_is_the_same_bit_for_bit_and_says_when_it_is_not() -> None:
    gate = finops.PolicyGate(masks=["/input/owner"])
    decision = gate.decide({"unit_cost_usd": Decimal("0.30"), "cost_tags": TAGS}, now=NIGHT)
    event = gate.log_event(decision, labels={"app": "shop"})
    assert gate.replay(event).same is True
    flipped = json.loads(event)
    flipped["result"]["decision"] = "deny"
    assert gate.replay(json.dumps(flipped)).same is False
    masked = gate.log_event(gate.decide({"owner": "x", "cost_tags": TAGS}, now=NIGHT))
    with pytest.raises(finops.PolicyError) as refusal:
        gate.replay(masked)
    assert refusal.value.code == "policy.replay_masked"
    with pytest.raises(finops.PolicyError) as refusal:
        finops.PolicyGate({"unit_cost_usd": {"deny_above": "0.2"}}).replay(event)
    assert refusal.value.code == "policy.replay_revision"
    impact = finops.PolicyGate({"unit_cost_usd": {"deny_above": "0.2"}}).impact([event, event])
    assert (impact["changed"], impact["flips"]) == (2, [["allow", "deny", 2]])


def test_explain_names_each_rule() -> None:
    gate = finops.PolicyGate()
    told = {rule.rule: rule.outcome for rule in gate.explain(gate.decide({"unit_cost_usd": 0.6})).rules}
    assert told["budget.unit_cost"] == "deny" and told["tags.missing"] == "deny"


# --- policies of one's own -------------------------------------------------------------------------------------------


def test_a_failed_reload_keeps_the_last_good_set_and_says_so(tmp_path: Path) -> None:
    gate = finops.PolicyGate(bundle={"own.rego": OWN}, schema=None)
    before = gate.status()
    assert not gate.decide({"cost": 6}).allowed
    with pytest.raises(finops.PolicyError) as refusal:
        gate.reload({"own.rego": OWN.replace("input.cost > 5", "input.cost > http.send({})")})
    assert refusal.value.code == "lint.builtin_forbidden"
    assert refusal.value.findings[0]["file"] == "own.rego" and refusal.value.findings[0]["line"]
    assert gate.status().revision == before.revision
    assert gate.status()["last_error"]["code"] == "lint.builtin_forbidden"
    assert gate.decide({"cost": 5}).allowed and not gate.decide({"cost": 6}).allowed
    (tmp_path / "own.rego").write_text(OWN.replace("> 5", "> 5.5"), encoding="utf-8")
    with pytest.raises(finops.PolicyError) as refusal:
        gate.reload(tmp_path / "nothing")
    assert refusal.value.code == "policy.source"
    report = gate.reload(tmp_path)
    assert report["engine"] == "rvm" and report["tests"]["passed"] == 1
    assert gate.status()["last_error"] is None
    assert gate.decide({"cost": Decimal("5.5")}).allowed and not gate.decide({"cost": 5.6}).allowed


def test_a_failing_test_refuses_the_load() -> None:
    with pytest.raises(finops.PolicyError) as refusal:
        finops.PolicyGate(bundle={"own.rego": OWN.replace('"cost": 6', '"cost": 5')}, schema=None)
    assert refusal.value.code == "policy.tests_failed"


def test_lint_tests_and_reports() -> None:
    gate = finops.PolicyGate(bundle={"own.rego": OWN}, schema=None)
    found = gate.lint()
    assert found.loads and found.engine == "rvm" and not found.errors
    report = gate.test(coverage=True)
    assert report.success and report["coverage"]["covered"] > 0
    assert '<testcase name="test_dear"' in report.junit()
    assert json.loads(report.sarif())["version"] == "2.1.0"
    assert finops.PolicyGate().test().success


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"config": {"nothing": 1}}, "/nothing"),
        ({"config": {"unit_cost_usd": {"deny_above": float("nan")}}}, None),
        ({"config": {"required_tags": [b"x"]}}, None),
        ({"engine": "turbo"}, "/engine"),
        ({"schema": "own"}, "/schema"),
        ({"schema": None, "default_policy": True}, "/schema"),
        ({"max_age_s": 0}, "/max_age_s"),
        ({"quorum": {"x": 0}}, None),
        ({"masks": [5]}, None),
    ],
)
def test_options_that_cannot_be_used(options: dict[str, Any], path: str | None) -> None:
    with pytest.raises(finops.PolicyError) as refusal:
        finops.PolicyGate(**options)
    assert refusal.value.code == "policy.config"
    assert path is None or refusal.value.path == path


def test_without_policies_nothing_is_allowed() -> None:
    assert finops.PolicyGate(schema=None).decide({"cost": 1}).code == "policy.missing"


def test_a_candidate_answers_beside() -> None:
    gate = finops.PolicyGate(candidate={"unit_cost_usd": {"deny_above": "0.2"}})
    decision = gate.decide({"unit_cost_usd": 0.3, "cost_tags": TAGS})
    assert decision.allowed and decision["shadow"]["changed"] and decision["shadow"]["decision"] == "deny"


def test_the_shipped_policy_decides_like_the_typed_rules() -> None:
    shipped = policy.builtin({"unit_cost_usd": {"deny_above": "0.7"}})
    gate = finops.PolicyGate(bundle=shipped["modules"], data=shipped["data"], schema=None)
    assert gate.decide({"unit_cost_usd": 0.7, "cost_tags": TAGS}).allowed
    assert rules(gate.decide({"unit_cost_usd": 0.71, "cost_tags": TAGS})) == ["budget.unit_cost"]


def test_threads_decide_while_one_reloads() -> None:
    versions = {limit: OWN.replace("> 5", f"> {limit}") for limit in (4, 5)}
    gate = finops.PolicyGate(bundle={"own.rego": versions[5]}, schema=None)
    stop, wrong, decided = threading.Event(), [], [0] * 8

    def decide(place: int) -> None:
        while not stop.is_set() or decided[place] < 20:
            low, high = gate.decide({"cost": 1}), gate.decide({"cost": 6})
            if not low.allowed or high.allowed or low.code or high.code:
                wrong.append((low, high))
            decided[place] += 1

    threads = [threading.Thread(target=decide, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for turn in range(20):
        gate.reload({"own.rego": versions[4 + turn % 2]})
        with pytest.raises(finops.PolicyError):
            gate.reload({"own.rego": "package finops\n\nallow if {"})
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and min(decided) >= 20


# --- the environment -------------------------------------------------------------------------------------------------


def test_the_environment_names_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert finops.PolicyGate.from_env({}).opa_url is None
    assert finops.PolicyGate.from_env({"OPA_URL": "http://opa:8181/"}).opa_url == "http://opa:8181/v1/data/finops"
    assert finops.PolicyGate.from_env({"USE_OPA": "true"}).opa_url == "http://localhost:8181/v1/data/finops"
    assert finops.PolicyGate.from_env({"USE_OPA": "false", "OPA_URL": "http://opa"}).opa_url is None
    (tmp_path / "own.rego").write_text(OWN, encoding="utf-8")
    gate = finops.PolicyGate.from_env({"POLICY_PATH": str(tmp_path)}, schema=None)
    assert gate.decide({"cost": 5}).allowed and not gate.decide({"cost": 6}).allowed
    assert type(gate) is finops.PolicyGate
    for name, value in (("USE_OPA", "perhaps"), ("OPA_URL", "opa:8181"), ("POLICY_PATH", str(tmp_path / "nothing"))):
        with pytest.raises(finops.PolicyError) as refusal:
            finops.PolicyGate.from_env({name: value})
        assert (refusal.value.code, refusal.value.path) == ("policy.config", name)
    monkeypatch.setenv("OPA_URL", "http://here")
    assert finops.PolicyGate.from_env().opa_url == "http://here/v1/data/finops"


# --- guardrails ------------------------------------------------------------------------------------------------------

CHANGE = {"confidence": 0.9, "risk_score": 0.1, "monthly_saving_usd": "10", "tags": [], "namespace": "shop"}


@dataclass
class Opportunity:
    """What the original hands over."""

    confidence: Any = 0.9
    risk_score: Any = 0.1
    estimated_monthly_savings: Any = 10.0
    tags: Any = field(default_factory=list)
    namespace: Any = "shop"
    at: Any = None


def check(change: Any, history: Any = (), now: Any = NIGHT, **limits: Any) -> finops.PolicyCheck:
    return finops.Guardrails(**limits).check_opportunity(change, history, now)


def test_a_check_reads_like_the_original() -> None:
    assert finops.GuardrailEngine is finops.Guardrails
    passed = check(Opportunity())
    assert passed and passed.action is policy.PolicyAction.ALLOW and f"{passed.action}" == "allow"
    assert (passed.policy_name, passed.reason, passed.details) == ("all_checks", "All guardrail checks passed", {})
    asked = check(Opportunity(estimated_monthly_savings=600))
    assert not asked and asked.action is policy.PolicyAction.REQUIRE_APPROVAL
    assert asked.details["policy_name"] == asked.policy_name == "max_single_change"
    assert asked.failed[0].reason == asked.reason == "Change amount $600 exceeds single change limit $500"
    again = pickle.loads(pickle.dumps(asked))
    assert type(again) is finops.PolicyCheck and again == asked and again.action is asked.action
    assert repr(asked).startswith("PolicyCheck(") and asked["action"] == "require_approval"


def test_today_counts_in_the_zone_of_the_guardrails() -> None:
    yesterday = Opportunity(estimated_monthly_savings=999, at=datetime(2026, 11, 20, 22, 30, tzinfo=UTC))
    assert check(CHANGE, [yesterday])
    berlin = check(CHANGE, [Opportunity(estimated_monthly_savings=999, at=datetime(2026, 11, 20, 23, 30, tzinfo=UTC))], time_zone="Europe/Berlin")
    assert berlin.policy_name == "max_daily_change"
    naive = check(CHANGE, [Opportunity(at=datetime(2026, 11, 20, 22, 30))])
    assert naive.action == "deny" and naive.details["path"] == "/history/0/at"
    assert check(CHANGE, now=UNKNOWN).policy_name == "change_window"
    assert check(CHANGE, now="2026-11-21T12:00:00Z").details["next_open"] == "2026-11-22T02:00:00Z"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("confidence", float("nan"), "/change/confidence must be a number, got NaN"),
        ("confidence", True, "/change/confidence must be a number, got boolean"),
        ("risk_score", datetime(2026, 1, 1), "/change/risk_score must be a number, got datetime"),
        ("monthly_saving_usd", Decimal("Infinity"), "/change/monthly_saving_usd must be a number, got Infinity"),
        ("tags", {"production"}, "/change/tags must be a list of strings or an object of strings"),
        ("tags", {1: "production"}, "/change/tags must be a list of strings or an object of strings"),
        ("namespaces", {"a", "b"}, "namespaces must be a list of strings"),
        ("namespace", b"shop", "namespaces must be a list of strings"),
    ],
)
def test_nothing_malformed_passes_the_guardrails(name: str, value: Any, reason: str) -> None:
    found = check({**CHANGE, name: value})
    assert (found.action, found.policy_name, found.reason) == ("deny", "input.type", reason)


@pytest.mark.parametrize("change", [None, 5, "x", b"x", [], Odd(), float("nan"), {1: 2}, Raising()])
def test_no_change_raises(change: Any) -> None:
    assert check(change).action == "deny"
    assert check(CHANGE, change).action != "allow" or change in (None, [])
    assert check(CHANGE, [change]).action != "allow"


def test_exact_sums_pass_at_the_limit() -> None:
    history = [{"monthly_saving_usd": 499.7}, {"monthly_saving_usd": Decimal("500.2")}]
    assert check({**CHANGE, "monthly_saving_usd": 0.1}, history)
    assert check({**CHANGE, "monthly_saving_usd": Decimal("0.1000000000001")}, history).policy_name == "max_daily_change"


def test_a_refused_limit_keeps_the_old_one() -> None:
    guardrails = finops.Guardrails(max_single_change=Decimal("750.50"))
    for name, value, code in (
        ("max_single_change", float("nan"), "guardrail.value"),
        ("max_single_change", True, "guardrail.value"),
        ("max_single_change", Odd(), "guardrail.value"),
        ("nothing", 1, "guardrail.unknown_policy"),
    ):
        with pytest.raises(finops.PolicyError) as refusal:
            guardrails.update_policy(name, value)
        assert refusal.value.code == code
    assert guardrails.config["max_single_change"] == "750.5"
    guardrails.update_policy("max_single_change", "5")
    assert guardrails.check_opportunity(CHANGE, [], NIGHT).policy_name == "max_single_change"
    with pytest.raises(finops.PolicyError):
        finops.Guardrails(min_confidence="2")


# --- infrastructure as code ------------------------------------------------------------------------------------------


def test_infrastructure_gates_take_values_and_text() -> None:
    plan = {"format_version": "1.2", "planned_values": {}, "resource_changes": []}
    assert iac.terraform(plan).decision == "allow"
    assert iac.terraform(json.dumps(plan)).decision == "allow"
    nothing: list[Any] = [None, "", "{", b"\xff", 5, [], Odd()]
    for bad in nothing:
        assert iac.terraform(bad)["violations"][0]["rule"] == "iac.not_a_plan"
        assert iac.infracost(bad)["violations"][0]["rule"] == "iac.not_infracost"
    pod = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "labels": {**TAGS, "since": date(2026, 1, 1)}}}
    assert iac.kubernetes(pod for _ in range(2)).decision == "allow"
    pod["metadata"]["labels"]["team"] = date(2026, 1, 1)  # type: ignore[index]
    assert iac.kubernetes(pod).violations[0].subject == "team"
    report = '{"version": "0.2", "currency": "USD", "projects": [], "diffTotalMonthlyCost": 500.00000000000000000001}'
    assert iac.infracost(report).violations[0].rule == "iac.cost.delta"
    assert iac.infracost(report, cost={"max_monthly_delta_usd": "501"}).decision == "allow"
    with pytest.raises(finops.PolicyError):
        iac.terraform(plan, nothing=True)


# --- tables ----------------------------------------------------------------------------------------------------------


def rows() -> Iterator[dict[str, Any]]:
    generator = random.Random(7)
    for _ in range(400):
        yield {
            "unit_cost_usd": generator.choice([0.1, 0.3, 0.31, 0.5, 0.5000000000000001, 0.6, -1.0, None, float("nan")]),
            "total_spend_usd": generator.choice([100, 101, 10**15 + 1]),
            "budget_cap_usd": generator.choice([Decimal("100.00"), Decimal("100.50")]),
            "promotion_request": generator.choice([True, False]),
            "test_pass_rate": generator.choice([0.95, 0.9499999999999998, 1.0]),
            "security_scan_passed": generator.choice([True, False]),
            "deployment_region": generator.choice(["eu-north-1", "us-east-1", None]),
            "cost_tags": generator.choice([TAGS, {"team": "ai", "environment": None}, {"team": " ", "environment": "x"}, None]),
            "owners": generator.choice([["a"], [], None]),
        }


GATES: list[Callable[[], finops.PolicyGate]] = [
    finops.PolicyGate,
    lambda: finops.PolicyGate({"actions": {"budget.unit_cost": "require_approval", "carbon.region": "warn", "tags.required": "off"}}),
    lambda: finops.PolicyGate({"known_only": True, "default_budget_cap_usd": "50"}),
    lambda: finops.PolicyGate(bundle=policy.builtin()["modules"], data=policy.builtin()["data"], schema=None),
    lambda: finops.PolicyGate(candidate={}, exemptions=[{}]),
]


@pytest.mark.parametrize("gate", GATES)
def test_a_table_is_decided_row_by_row(gate: Callable[[], finops.PolicyGate]) -> None:
    given = list(rows())
    table = pa.table({name: pa.array([row[name] for row in given]) for name in given[0]})
    table = table.set_column(6, "deployment_region", table["deployment_region"].dictionary_encode())
    table = pa.concat_tables([table.slice(0, 150), table.slice(150)])
    made = gate()
    found = pa.table(made.decide_table(table)).to_pylist()
    assert len(found) == len(given)
    for row, answer in zip(given, found, strict=True):
        wanted = made.decide(row, now=UNKNOWN)
        assert answer["decision"] == wanted.decision and answer["allowed"] == wanted.allowed
        assert answer["rules"] == [item["rule"] for item in wanted["violations"] + wanted["warnings"]]
        for name in ("deny_messages", "approval_messages", "warn_messages"):
            assert answer[name] == wanted[name], row
        assert answer["code"] == wanted.code
    assert {answer["decision"] for answer in found} >= {"deny"}


def test_tables_of_other_types() -> None:
    gate = finops.PolicyGate()
    one = {"unit_cost_usd": pa.array([1], pa.timestamp("s")), "cost_tags": pa.array([[("team", "a"), ("environment", "b")]], pa.map_(pa.string(), pa.string()))}
    assert pa.table(gate.decide_table(pa.table(one)))["rules"].to_pylist() == [["input.type"]]
    one["unit_cost_usd"] = pa.array([0.1], pa.float32())
    assert pa.table(gate.decide_table(pa.table(one)))["allowed"].to_pylist() == [True]
    one["unit_cost_usd"] = pa.array([b"0.1"])
    assert pa.table(gate.decide_table(pa.table(one)))["allowed"].to_pylist() == [False]
    assert len(gate.decide_table(pa.table({"unit_cost_usd": pa.array([], pa.float64())}))) == 0
    with pytest.raises(finops.PolicyError, match="this name"):
        gate.decide_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]))
    with pytest.raises(TypeError):
        gate.decide_table([{"unit_cost_usd": 1}])


def test_many_are_decided_under_one_set() -> None:
    gate = finops.PolicyGate()
    found = gate.decide_many(iter([{"unit_cost_usd": 0.1, "cost_tags": TAGS}, None, {"unit_cost_usd": float("nan")}]))
    assert [decision.allowed for decision in found] == [True, False, False]
    assert len({decision.decision_id for decision in found}) == 3
    assert gate.explain(found[0]).rules


# --- by name ---------------------------------------------------------------------------------------------------------


def test_every_kind_is_a_function_of_its_name() -> None:
    from finops._finops import policy_kinds

    for kind in policy_kinds():
        assert callable(getattr(policy, kind)) and getattr(policy, kind).__doc__, kind
    assert set(policy_kinds()) <= set(policy.__all__)
    absent, null = (policy.rego(module="package t\n\nx if input == null\n", query="data.t.x", **given) for given in ({}, {"input": None}))
    assert absent["rvm"] == {"undefined": True} and null["rvm"] == {"value": True}
    with pytest.raises(finops.PolicyError):
        policy.gate(input_json=5)  # type: ignore[arg-type]

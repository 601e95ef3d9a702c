"""A decision: its record, what lifts a denial, its replay and its explanation."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime
from decimal import Decimal

import finops
import pytest
from finops import policy
from finops.policy import UNKNOWN
from policy_samples import NIGHT, TAGS, Odd, ask


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

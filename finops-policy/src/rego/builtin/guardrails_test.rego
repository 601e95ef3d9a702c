# One operand over its limit, and one unknown, for each check; at the limit everything passes.
package finops.guardrails_test

import data.finops.guardrails

limits := {
	"min_confidence": 0.7,
	"max_risk_score": 0.5,
	"max_single_change": 500,
	"max_daily_change": 1000,
	"blast_radius_limit": 3,
}

# No lists here: every rule that is no test keeps to what runs on the virtual machine.
at_the_limits := {
	"min_confidence": 0.7,
	"max_risk_score": 0.5,
	"max_single_change": 500,
	"max_daily_change": 1000,
	"change_window": true,
	"blast_radius": 3,
}

test_at_the_limits if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": []})
	guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
	count(guardrails.check) == 0 with input.computed as computed with data.finops_config.guardrails as limits
}

test_nothing_given if {
	not guardrails.allow with input as {} with data.finops_config.guardrails as limits
}

test_malformed if {
	computed := object.union(at_the_limits, {"malformed": [{"policy_name": "input.type", "path": "/change/tags"}], "protected_tags": []})
	expected := {{"policy_name": "input.type", "action": "deny", "path": "/change/tags"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_min_confidence if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "min_confidence": 0.6999999999999999})
	expected := {{"policy_name": "min_confidence", "action": "deny"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_min_confidence_unknown if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "min_confidence": null})
	expected := {{"policy_name": "min_confidence", "action": "deny"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_max_risk_score if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "max_risk_score": 0.5000000000000001})
	expected := {{"policy_name": "max_risk_score", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_max_risk_score_unknown if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "max_risk_score": null})
	expected := {{"policy_name": "max_risk_score", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_max_single_change if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "max_single_change": 500.00000000000006})
	expected := {{"policy_name": "max_single_change", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_max_single_change_unknown if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "max_single_change": null})
	expected := {{"policy_name": "max_single_change", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_max_daily_change if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "max_daily_change": 1000.0000000000001})
	expected := {{"policy_name": "max_daily_change", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_max_daily_change_unknown if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "max_daily_change": null})
	expected := {{"policy_name": "max_daily_change", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_protected_tags if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": ["critical"]})
	expected := {{"policy_name": "protected_tags", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_protected_tags_unknown if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": null})
	expected := {{"policy_name": "protected_tags", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_change_window if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "change_window": false})
	expected := {{"policy_name": "change_window", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_change_window_unknown if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "change_window": null})
	expected := {{"policy_name": "change_window", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_blast_radius if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "blast_radius": 4})
	expected := {{"policy_name": "blast_radius", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

test_blast_radius_unknown if {
	computed := object.union(at_the_limits, {"malformed": [], "protected_tags": [], "blast_radius": null})
	expected := {{"policy_name": "blast_radius", "action": "require_approval"}}
	guardrails.check == expected with input.computed as computed with data.finops_config.guardrails as limits
	not guardrails.allow with input.computed as computed with data.finops_config.guardrails as limits
}

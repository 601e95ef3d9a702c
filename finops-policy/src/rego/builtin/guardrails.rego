# The guardrails as Rego: the same decisions as the typed ones, for those who extend them.
#
# input.computed holds the operand of each check under the name of the check: null is unknown; a member that is absent
# was malformed and stands in input.computed.malformed. Sums, tag hits, window membership and counts are made before,
# exactly; here they are compared.
package finops.guardrails

limits := data.finops_config.guardrails

default allow := false

# Every operand is proven, so that an input without them is never allowed.
allow if {
	input.computed.malformed == []
	is_number(input.computed.min_confidence)
	input.computed.min_confidence >= limits.min_confidence
	is_number(input.computed.max_risk_score)
	input.computed.max_risk_score <= limits.max_risk_score
	is_number(input.computed.max_single_change)
	input.computed.max_single_change <= limits.max_single_change
	is_number(input.computed.max_daily_change)
	input.computed.max_daily_change <= limits.max_daily_change
	input.computed.protected_tags == []
	input.computed.change_window == true
	is_number(input.computed.blast_radius)
	input.computed.blast_radius <= limits.blast_radius_limit
}

check contains {"policy_name": fault.policy_name, "action": "deny", "path": fault.path} if {
	is_array(input.computed.malformed)
	some fault in input.computed.malformed
	is_string(fault.policy_name)
	is_string(fault.path)
}

check contains {"policy_name": "min_confidence", "action": "deny"} if {
	is_number(input.computed.min_confidence)
	input.computed.min_confidence < limits.min_confidence
}

check contains {"policy_name": "min_confidence", "action": "deny"} if {
	input.computed.min_confidence == null
}

check contains {"policy_name": "max_risk_score", "action": "require_approval"} if {
	is_number(input.computed.max_risk_score)
	input.computed.max_risk_score > limits.max_risk_score
}

check contains {"policy_name": "max_risk_score", "action": "require_approval"} if {
	input.computed.max_risk_score == null
}

check contains {"policy_name": "max_single_change", "action": "require_approval"} if {
	is_number(input.computed.max_single_change)
	input.computed.max_single_change > limits.max_single_change
}

check contains {"policy_name": "max_single_change", "action": "require_approval"} if {
	input.computed.max_single_change == null
}

check contains {"policy_name": "max_daily_change", "action": "require_approval"} if {
	is_number(input.computed.max_daily_change)
	input.computed.max_daily_change > limits.max_daily_change
}

check contains {"policy_name": "max_daily_change", "action": "require_approval"} if {
	input.computed.max_daily_change == null
}

check contains {"policy_name": "protected_tags", "action": "require_approval"} if {
	is_array(input.computed.protected_tags)
	some tag in input.computed.protected_tags
	is_string(tag)
}

check contains {"policy_name": "protected_tags", "action": "require_approval"} if {
	input.computed.protected_tags == null
}

check contains {"policy_name": "change_window", "action": "require_approval"} if {
	input.computed.change_window == false
}

check contains {"policy_name": "change_window", "action": "require_approval"} if {
	input.computed.change_window == null
}

check contains {"policy_name": "blast_radius", "action": "require_approval"} if {
	is_number(input.computed.blast_radius)
	input.computed.blast_radius > limits.blast_radius_limit
}

check contains {"policy_name": "blast_radius", "action": "require_approval"} if {
	input.computed.blast_radius == null
}

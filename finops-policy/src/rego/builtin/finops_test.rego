# One test that fires each rule and one that does not; the limits themselves are properties in Rust.
package finops_test

import data.finops

tags := {"team": "ai", "environment": "dev"}

test_plain_input_is_allowed if {
	finops.allow with input as {"unit_cost_usd": 0.3, "cost_tags": tags}
}

test_everything_at_its_limit_is_allowed if {
	finops.allow with input as {
		"unit_cost_usd": 0.5,
		"total_spend_usd": 10,
		"budget_cap_usd": 10,
		"cost_tags": tags,
		"promotion_request": true,
		"test_pass_rate": 0.95,
		"security_scan_passed": true,
		"carbon_intensity_g_per_kwh": 400,
		"deployment_region": "us-west-2",
	}
}

test_no_object if {
	finops.violation == {{"rule": "input.not_object"}} with input as [1]
}

test_unknown_field if {
	finops.violation == {{"rule": "input.unknown_field", "path": "unit_cost"}} with input as {"unit_cost": 1, "cost_tags": tags}
		with data.finops_config.gate.known_only as true
}

test_unknown_field_is_left_to_custom_rules if {
	finops.allow with input as {"unit_cost": 1, "cost_tags": tags}
}

test_required if {
	finops.violation == {{"rule": "input.required", "path": "unit_cost_usd"}} with input as {"cost_tags": tags}
		with data.finops_config.gate.required_inputs as ["unit_cost_usd"]
}

test_required_and_there if {
	finops.allow with input as {"unit_cost_usd": 0, "cost_tags": tags}
		with data.finops_config.gate.required_inputs as ["unit_cost_usd"]
}

test_null if {
	finops.violation == {{"rule": "input.null", "path": "budget_cap_usd"}} with input as {"total_spend_usd": 1, "budget_cap_usd": null, "cost_tags": tags}
}

test_types if {
	finops.violation == {
		{"rule": "input.type", "path": "unit_cost_usd"},
		{"rule": "input.type", "path": "promotion_request"},
		{"rule": "input.type", "path": "deployment_region"},
		{"rule": "input.type", "path": "cost_tags"},
	} with input as {
		"unit_cost_usd": "0.5 USD",
		"promotion_request": 1,
		"deployment_region": ["us-west-2"],
		"cost_tags": [],
	}
}

test_range if {
	finops.violation == {{"rule": "input.range", "path": "test_pass_rate"}} with input as {"test_pass_rate": 1.5, "cost_tags": tags}
}

test_unit_cost if {
	finops.violation == {{"rule": "budget.unit_cost", "path": "unit_cost_usd"}} with input as {"unit_cost_usd": 0.51, "cost_tags": tags}
}

test_total_spend if {
	finops.violation == {{"rule": "budget.total_spend", "path": "total_spend_usd"}} with input as {"total_spend_usd": 11, "budget_cap_usd": 10, "cost_tags": tags}
}

test_total_spend_over_the_default_cap if {
	finops.violation == {{"rule": "budget.total_spend", "path": "total_spend_usd"}} with input as {"total_spend_usd": 11, "cost_tags": tags}
		with data.finops_config.gate.default_budget_cap_usd as 10
}

test_total_spend_without_a_cap if {
	finops.allow with input as {"total_spend_usd": 11, "cost_tags": tags}
}

test_tags_missing if {
	finops.violation == {{"rule": "tags.missing", "path": "cost_tags"}} with input as {}
	finops.violation == {{"rule": "tags.missing", "path": "cost_tags"}} with input as {"cost_tags": null}
}

test_tags_empty if {
	finops.violation == {
		{"rule": "tags.empty", "path": "cost_tags"},
		{"rule": "tags.required", "path": "cost_tags", "subject": "environment"},
		{"rule": "tags.required", "path": "cost_tags", "subject": "team"},
	} with input as {"cost_tags": {}}
}

test_tag_required if {
	finops.violation == {{"rule": "tags.required", "path": "cost_tags", "subject": "team"}} with input as {"cost_tags": {"team": " ", "environment": "dev"}}
}

test_pass_rate if {
	finops.violation == {{"rule": "promotion.test_pass_rate", "path": "test_pass_rate"}} with input as {"promotion_request": true, "test_pass_rate": 0.94, "security_scan_passed": true, "cost_tags": tags}
}

test_promotion_of_the_unknown if {
	finops.violation == {{"rule": "promotion.test_pass_rate", "path": "test_pass_rate"}, {"rule": "promotion.security_scan", "path": "security_scan_passed"}} with input as {"promotion_request": true, "cost_tags": tags}
}

test_scan_failed if {
	finops.violation == {{"rule": "promotion.security_scan", "path": "security_scan_passed"}} with input as {"promotion_request": true, "test_pass_rate": 1, "security_scan_passed": false, "cost_tags": tags}
}

test_no_promotion if {
	finops.allow with input as {"promotion_request": false, "test_pass_rate": 0, "security_scan_passed": false, "cost_tags": tags}
}

test_carbon_intensity if {
	finops.violation == {{"rule": "carbon.intensity", "path": "carbon_intensity_g_per_kwh"}} with input as {"carbon_intensity_g_per_kwh": 401, "cost_tags": tags}
}

test_region if {
	finops.violation == {{"rule": "carbon.region", "path": "deployment_region"}} with input as {"deployment_region": "us-east-1", "cost_tags": tags}
}

test_warnings if {
	finops.warn == {
		{"rule": "budget.unit_cost.warn", "path": "unit_cost_usd"},
		{"rule": "carbon.intensity.warn", "path": "carbon_intensity_g_per_kwh"},
	} with input as {"unit_cost_usd": 0.4, "carbon_intensity_g_per_kwh": 350, "cost_tags": tags}
}

test_no_warning_at_the_limit if {
	finops.warn == set() with input as {"unit_cost_usd": 0.3, "carbon_intensity_g_per_kwh": 300, "cost_tags": tags}
}

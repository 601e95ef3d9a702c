# The default policy without its checks of the input: thirteen rules, as a team writes them that trusts what it sends.
package finops

default allow := false

allow if count(deny) == 0

deny contains {"rule": "budget.unit_cost"} if {
	is_number(input.unit_cost_usd)
	input.unit_cost_usd > data.limits.unit_cost_deny
}

deny contains {"rule": "budget.total_spend"} if {
	is_number(input.total_spend_usd)
	is_number(input.budget_cap_usd)
	input.total_spend_usd > input.budget_cap_usd
}

deny contains {"rule": "tags.missing"} if not tagged

deny contains {"rule": "tags.empty"} if input.cost_tags == {}

deny contains {"rule": "tags.required", "subject": tag} if {
	some tag in data.limits.required_tags
	not filled(tag)
}

deny contains {"rule": "promotion.test_pass_rate"} if {
	input.promotion_request == true
	not tested
}

deny contains {"rule": "promotion.security_scan"} if {
	input.promotion_request == true
	not scanned
}

deny contains {"rule": "carbon.intensity"} if {
	is_number(input.carbon_intensity_g_per_kwh)
	input.carbon_intensity_g_per_kwh > data.limits.carbon_deny
}

deny contains {"rule": "carbon.region"} if {
	is_string(input.deployment_region)
	not efficient
}

warn contains {"rule": "budget.unit_cost.warn"} if {
	is_number(input.unit_cost_usd)
	input.unit_cost_usd > data.limits.unit_cost_warn
	input.unit_cost_usd <= data.limits.unit_cost_deny
}

warn contains {"rule": "carbon.intensity.warn"} if {
	is_number(input.carbon_intensity_g_per_kwh)
	input.carbon_intensity_g_per_kwh > data.limits.carbon_warn
	input.carbon_intensity_g_per_kwh <= data.limits.carbon_deny
}

tagged if is_object(input.cost_tags)

filled(tag) if {
	is_string(input.cost_tags[tag])
	trim_space(input.cost_tags[tag]) != ""
}

tested if {
	is_number(input.test_pass_rate)
	input.test_pass_rate >= data.limits.pass_rate
}

scanned if input.security_scan_passed == true

efficient if {
	is_string(input.deployment_region)
	input.deployment_region in data.limits.regions
}

# The default policy as Rego: the same rules, in the same words, as the typed ones of `finops-policy/src/gate/rules.rs`.
#
# Rust hands numbers over rounded to the safe side and writes the sentences. Every helper proves its operands, so that an
# absent, null or mistyped field makes a rule fire and never makes it undefined. A comparison stands before the helper that
# proves its operand: values of any types compare, most inputs stop there, and a call costs more than the rest of a body.
package finops

default allow := false

allow if count(violation) == 0

# What is there.

object_input if is_object(input)

tagged if input.cost_tags != null

given(k) if input[k] == null

given(k) if input[k] != null

known(k) if k in data.finops_config.gate.fields

known(k) if k in data.finops_config.gate.extra_inputs

# What is valid.

number(k) if is_number(input[k])

truth(k) if is_boolean(input[k])

text(k) if is_string(input[k])

object(k) if is_object(input[k])

in_range(k) if {
	is_number(input[k])
	input[k] >= data.finops_config.gate.ranges[k].min
	input[k] <= data.finops_config.gate.ranges[k].max
}

tag(k) if {
	is_string(input.cost_tags[k])
	trim_space(input.cost_tags[k]) != ""
}

pass_rate_reached if {
	in_range("test_pass_rate")
	is_number(input.test_pass_rate)
	input.test_pass_rate >= data.finops_config.gate.test_pass_rate.deny_below
}

scan_passed if input.security_scan_passed == true

region_efficient if {
	is_string(input.deployment_region)
	input.deployment_region in data.finops_config.gate.carbon_efficient_regions
}

# The input as such.

violation contains {"rule": "input.not_object"} if not object_input

violation contains {"rule": "input.unknown_field", "path": k} if {
	is_object(input)
	data.finops_config.gate.known_only == true
	some k, v in input
	not known(k)
}

violation contains {"rule": "input.required", "path": k} if {
	object_input
	some k in data.finops_config.gate.required_inputs
	not given(k)
}

violation contains {"rule": "input.null", "path": k} if {
	some k in data.finops_config.gate.fields
	k != "cost_tags"
	input[k] == null
}

violation contains {"rule": "input.type", "path": k} if {
	some k in data.finops_config.gate.numbers
	input[k] != null
	not number(k)
}

violation contains {"rule": "input.type", "path": k} if {
	some k in data.finops_config.gate.booleans
	input[k] != null
	not truth(k)
}

violation contains {"rule": "input.type", "path": "deployment_region"} if {
	input.deployment_region != null
	not text("deployment_region")
}

violation contains {"rule": "input.type", "path": "cost_tags"} if {
	input.cost_tags != null
	not object("cost_tags")
}

violation contains {"rule": "input.range", "path": k} if {
	some k in data.finops_config.gate.numbers
	is_number(input[k])
	not in_range(k)
}

# Budget.

violation contains {"rule": "budget.unit_cost", "path": "unit_cost_usd"} if {
	input.unit_cost_usd > data.finops_config.gate.unit_cost_usd.deny_above
	in_range("unit_cost_usd")
}

violation contains {"rule": "budget.total_spend", "path": "total_spend_usd"} if {
	input.total_spend_usd > input.budget_cap_usd
	in_range("total_spend_usd")
	in_range("budget_cap_usd")
}

violation contains {"rule": "budget.total_spend", "path": "total_spend_usd"} if {
	is_number(data.finops_config.gate.default_budget_cap_usd)
	input.total_spend_usd > data.finops_config.gate.default_budget_cap_usd
	in_range("total_spend_usd")
	not given("budget_cap_usd")
}

# Tags.

violation contains {"rule": "tags.missing", "path": "cost_tags"} if {
	object_input
	not tagged
}

violation contains {"rule": "tags.empty", "path": "cost_tags"} if input.cost_tags == {}

violation contains {"rule": "tags.required", "path": "cost_tags", "subject": k} if {
	is_object(input.cost_tags)
	some k in data.finops_config.gate.required_tags
	not tag(k)
}

# Promotion.

violation contains {"rule": "promotion.test_pass_rate", "path": "test_pass_rate"} if {
	input.promotion_request == true
	not pass_rate_reached
}

violation contains {"rule": "promotion.security_scan", "path": "security_scan_passed"} if {
	input.promotion_request == true
	not scan_passed
}

# Carbon.

violation contains {"rule": "carbon.intensity", "path": "carbon_intensity_g_per_kwh"} if {
	input.carbon_intensity_g_per_kwh > data.finops_config.gate.carbon_intensity_g_per_kwh.deny_above
	in_range("carbon_intensity_g_per_kwh")
}

violation contains {"rule": "carbon.region", "path": "deployment_region"} if {
	is_string(input.deployment_region)
	not region_efficient
}

# Warnings: what the limits let pass. A band without `warn_above` has null there and never warns.

warn contains {"rule": "budget.unit_cost.warn", "path": "unit_cost_usd"} if {
	is_number(data.finops_config.gate.unit_cost_usd.warn_above)
	input.unit_cost_usd > data.finops_config.gate.unit_cost_usd.warn_above
	input.unit_cost_usd <= data.finops_config.gate.unit_cost_usd.deny_above
	in_range("unit_cost_usd")
}

warn contains {"rule": "carbon.intensity.warn", "path": "carbon_intensity_g_per_kwh"} if {
	is_number(data.finops_config.gate.carbon_intensity_g_per_kwh.warn_above)
	input.carbon_intensity_g_per_kwh > data.finops_config.gate.carbon_intensity_g_per_kwh.warn_above
	input.carbon_intensity_g_per_kwh <= data.finops_config.gate.carbon_intensity_g_per_kwh.deny_above
	in_range("carbon_intensity_g_per_kwh")
}

# The default policy as Rego: the same rules, in the same words, as the typed ones of `finops-policy/src/gate/rules.rs`.
#
# Rust hands numbers over rounded to the safe side and writes the sentences. Every helper proves its operands, so that an
# absent, null or mistyped field makes a rule fire and never makes it undefined.
package finops

default allow := false

allow if count(violation) == 0

# What is there.

object_input if is_object(input)

given(k) if input[k] == null

given(k) if input[k] != null

filled(k) if input[k] != null

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

promoting if input.promotion_request == true

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
	filled(k)
	not number(k)
}

violation contains {"rule": "input.type", "path": k} if {
	some k in data.finops_config.gate.booleans
	filled(k)
	not truth(k)
}

violation contains {"rule": "input.type", "path": "deployment_region"} if {
	filled("deployment_region")
	not text("deployment_region")
}

violation contains {"rule": "input.type", "path": "cost_tags"} if {
	filled("cost_tags")
	not object("cost_tags")
}

violation contains {"rule": "input.range", "path": k} if {
	some k in data.finops_config.gate.numbers
	number(k)
	not in_range(k)
}

# Budget.

violation contains {"rule": "budget.unit_cost", "path": "unit_cost_usd"} if {
	in_range("unit_cost_usd")
	input.unit_cost_usd > data.finops_config.gate.unit_cost_usd.deny_above
}

violation contains {"rule": "budget.total_spend", "path": "total_spend_usd"} if {
	in_range("total_spend_usd")
	in_range("budget_cap_usd")
	input.total_spend_usd > input.budget_cap_usd
}

violation contains {"rule": "budget.total_spend", "path": "total_spend_usd"} if {
	in_range("total_spend_usd")
	not given("budget_cap_usd")
	is_number(data.finops_config.gate.default_budget_cap_usd)
	input.total_spend_usd > data.finops_config.gate.default_budget_cap_usd
}

# Tags.

violation contains {"rule": "tags.missing", "path": "cost_tags"} if {
	object_input
	not filled("cost_tags")
}

violation contains {"rule": "tags.empty", "path": "cost_tags"} if input.cost_tags == {}

violation contains {"rule": "tags.required", "path": "cost_tags", "subject": k} if {
	object("cost_tags")
	some k in data.finops_config.gate.required_tags
	not tag(k)
}

# Promotion.

violation contains {"rule": "promotion.test_pass_rate", "path": "test_pass_rate"} if {
	promoting
	not pass_rate_reached
}

violation contains {"rule": "promotion.security_scan", "path": "security_scan_passed"} if {
	promoting
	not scan_passed
}

# Carbon.

violation contains {"rule": "carbon.intensity", "path": "carbon_intensity_g_per_kwh"} if {
	in_range("carbon_intensity_g_per_kwh")
	input.carbon_intensity_g_per_kwh > data.finops_config.gate.carbon_intensity_g_per_kwh.deny_above
}

violation contains {"rule": "carbon.region", "path": "deployment_region"} if {
	text("deployment_region")
	not region_efficient
}

# Warnings: what the limits let pass. A band without `warn_above` has null there and never warns.

warn contains {"rule": "budget.unit_cost.warn", "path": "unit_cost_usd"} if {
	in_range("unit_cost_usd")
	is_number(data.finops_config.gate.unit_cost_usd.warn_above)
	input.unit_cost_usd > data.finops_config.gate.unit_cost_usd.warn_above
	input.unit_cost_usd <= data.finops_config.gate.unit_cost_usd.deny_above
}

warn contains {"rule": "carbon.intensity.warn", "path": "carbon_intensity_g_per_kwh"} if {
	in_range("carbon_intensity_g_per_kwh")
	is_number(data.finops_config.gate.carbon_intensity_g_per_kwh.warn_above)
	input.carbon_intensity_g_per_kwh > data.finops_config.gate.carbon_intensity_g_per_kwh.warn_above
	input.carbon_intensity_g_per_kwh <= data.finops_config.gate.carbon_intensity_g_per_kwh.deny_above
}

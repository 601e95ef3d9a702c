# The guardrails as Rego: the same decisions as the typed ones, for those who extend them.
# input.computed holds the operand of each check: null is unknown, absent is malformed and listed in malformed.
package finops.guardrails

computed := input.computed

limits := data.finops_config.guardrails

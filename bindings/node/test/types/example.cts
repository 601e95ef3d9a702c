// The same package through `require`, with its types.
import finops = require('finops')

const monitor = new finops.ResourceMonitor({ env: {} })
const record: finops.InferenceRecord = monitor.logInference('gpt-4o', 1, 2)
const wire: Record<string, unknown> = record.toJSON()
const estimate: finops.carbon.Result = finops.carbon.estimateInference({ model: 'x', inputTokens: 1, outputTokens: 1 })
const decision: finops.Decision = new finops.PolicyGate().decide({})
const rule: string = finops.policy.kinds()[0] ?? ''
const log: finops.EventLog = new finops.EventLog('acme.example/prod', { env: {} })
const root: string = log.root
const label: { start: string } = finops.ledger.period({ label: '2026-W12' })
export = [wire, estimate, decision.violations, rule, root, label]

// What a TypeScript program writes, as an ES module; it need only compile: `tsc -p test/types`.
import finops, {
  Budget,
  BudgetExceeded,
  Budgets,
  FinopsError,
  GuardrailEngine,
  Guardrails,
  ModelPrice,
  PolicyError,
  PolicyGate,
  ResourceMonitor,
  Sketch,
  Usage,
  carbon,
  cost,
  extract,
  iac,
  policy,
  type Cost,
  type Decision,
  type Finding,
  type InferenceRecord,
  type MonitorOptions,
  type PolicyAction,
  type PolicyGateOptions,
  type SummaryRow,
} from 'finops'

const options: MonitorOptions = {
  models: [new ModelPrice('llama', { hosting: 'self_hosted', computeCostPerHour: '2.10' })],
  budgets: new Budgets([new Budget('team', 100, { scope: { team: 'search' }, per: ['user'], window: { every: 900 }, warnAt: ['0.5'] })]),
  tags: ['team', 'user'],
  grid: 250,
  pue: [1.1, 1.3],
}
const monitor = new ResourceMonitor(options)
const record: InferenceRecord = monitor.logInference('gpt-4o', 1000, 500, 840, { team: 'search', anything: { at: 'all' } })
const dollars: number | null = record.unitCostUsd
const exact: string | null = record.cost.total
const codes: string[] = record.assumptions
const more: InferenceRecord = monitor.logInference('gpt-4o', 0, 0, null, null, { usage: new Usage({ input: 5, cacheRead: 7 }), at: new Date() })
const body: InferenceRecord = monitor.logResponse(new Uint8Array(), { provider: 'openai', durationMs: 3 })
const trained: number = monitor.logTraining('m', 2.5, 4).energyJoules
const rows: SummaryRow[] = monitor.summary(['team'], { where: { user: null } })
const held = monitor.reserve('gpt-4o', 100, 50, { metadata: { team: 'search' }, ttlS: 30 })
const level: 'ok' | 'warn' = held.level
const { costUsd, totalUsd } = monitor.logBatch({
  models: ['a'],
  modelIndex: new Uint32Array(1),
  inputTokens: new Float64Array(1),
  outputTokens: new Float64Array(1),
})
monitor.carbonIntensityGPerKwh = '120.5'
const grid: number = monitor.carbonIntensityGPerKwh
monitor.startSink(async (records) => void records.map((item) => item.toJSON()), { everyS: 5 })
await monitor.stopSink()
for await (const event of monitor.stream('openai').wrap([{ id: 1 }])) event.id.toFixed()
const one: Cost = cost('gpt-4o', { input: 1 }, { onUnknown: 'null' })
const read: number = extract('{}').usage.input ?? 0
const sketch = new Sketch()
const median: bigint | null = sketch.quantile(0.5)
const same: typeof ResourceMonitor = finops.ResourceMonitor
const policies: PolicyGateOptions = {
  config: { unitCostUsd: { warnAbove: 0.3, denyAbove: '0.5' }, actions: { 'budget.unit_cost': 'require_approval' } },
  bundle: { 'own.rego': 'package finops' },
  data: { limits: new Map([['a', 1n]]) },
  masks: ['/input/user', { op: 'upsert', path: '/input/team', value: null }],
  quorum: { default: 2 },
}
const gate = new PolicyGate(policies)
const decision: Decision = gate.decide({ unit_cost_usd: 1n, cost_tags: new Map() }, { now: null, requester: 'dev@x', approvals: [{ id: 'A' }] })
const asked: Promise<Decision> = gate.decideAsync(null, { now: new Date() })
const answer: [boolean, PolicyAction, string | null, readonly string[]] = [decision.allowed, decision.decision, decision.code, decision.denyMessages]
const limitOf: string | undefined = gate.decideJson(new Uint8Array()).violations[0]?.limit
const all: Decision[] = PolicyGate.fromEnv({}, { engine: 'rvm' }).decideMany([1, 'x'])
const replayed: string = gate.replay(gate.logEvent(decision, { id: 'host' })).event
const junit: string = gate.test({ coverage: true }).junit()
const findings: readonly Finding[] = gate.lint().errors
const guardrails: Guardrails = new GuardrailEngine({ minConfidence: '0.8', changeWindows: [{ start: '22:00', end: '06:00', days: ['fri'] }] })
guardrails.updatePolicy('maxSingleChange', '750.50')
const nextOpen: string | null | undefined = guardrails.checkOpportunity({ confidence: 1 }, [], null).failed[0]?.nextOpen
const plan: PolicyAction = iac.terraform('{}', { cost: { unpriced: 'deny' } }).decision
const digest: string = policy.digest({ inputJson: '{}' }).sha256
try {
  carbon.intensity('XX')
} catch (error) {
  if (error instanceof BudgetExceeded) error.retryAt?.slice()
  if (error instanceof PolicyError) error.findings[0]?.line.toFixed()
  if (error instanceof FinopsError) error.code.startsWith('carbon.')
}
// @ts-expect-error a model is a string
monitor.logInference(5, 1, 1)
// @ts-expect-error no such option
new ResourceMonitor({ costPer1KInputTokens: 1 })
// @ts-expect-error no such option
new PolicyGate({ unitCostUsd: 1 })
// @ts-expect-error no such action
new PolicyGate({ config: { actions: { 'budget.unit_cost': 'maybe' } }, engine: 'fast' })
// @ts-expect-error decisions are read-only
decision.allowed = true
// @ts-expect-error records are read-only
record.model = 'other'
export { all, answer, asked, digest, findings, junit, limitOf, nextOpen, plan, replayed }
export { body, codes, costUsd, dollars, exact, grid, level, median, more, one, read, rows, same, totalUsd, trained }

// What a TypeScript program writes, as an ES module; it need only compile: `tsc -p test/types`.
import finops, {
  Budget,
  BudgetExceeded,
  Budgets,
  CostBaseline,
  EventLog,
  FinopsError,
  GuardrailEngine,
  Guardrails,
  LedgerError,
  ModelPrice,
  Opportunity,
  OpportunityStatus,
  OpportunityType,
  PolicyError,
  PolicyGate,
  ReportGenerator,
  ResourceMonitor,
  SavingsLedger,
  Sketch,
  Store,
  Usage,
  carbon,
  cost,
  extract,
  iac,
  ledger,
  policy,
  signEvent,
  verifyEvent,
  verifyLog,
  type Cost,
  type Decision,
  type Finding,
  type EventRecord,
  type InferenceRecord,
  type Measured,
  type MonitorOptions,
  type PolicyAction,
  type PolicyGateOptions,
  type Report,
  type SummaryRow,
  type Verification,
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
const log: EventLog = new EventLog('acme.example/prod', { secret: 's'.repeat(32), store: new Store('sqlite::memory:', { readOnly: false }) })
const seq: bigint = await log.append('acme.deploy', { cost: 12.5, at: new Date() }, 'svc:ci', { id: 'd-1', at: 1_700_000_000 })
const seqs: bigint[] = await log.appendMany([{ kind: 'acme.a', actor: 'user:ana', data: new Map([['n', 1n]]) }])
log.appendNowait('acme.b', null, 'svc:ci')
const records: EventRecord[] = [...log.events(seq)]
const verification: Verification = await log.verify({ anchors: [await log.checkpoint(), { size: log.size, root: log.root }] })
const anchored: bigint | null = (await verifyLog('log.txt', { secrets: ['s'], vkeys: [log.vkey ?? ''] })).anchoredUpTo
const included: { valid: boolean } = ledger.inclusion({ ...log.prove(seq, 2) })
const hidden: string | null = log.reveal('d-1', '/data/who')
const later: bigint[] = [await log.rotate('t'.repeat(32)), await log.ratchet(), await log.redact('d-1', '/data/who', 'asked'), await log.export('log.txt')]
const signed: boolean = verifyEvent({ commit: log.commit('ana') }, signEvent({}, 's'), 's')
const savings = new SavingsLedger(log, { fourEyesAbove: '500.00' })
const item: Opportunity = await savings.addOpportunity({ type: OpportunityType.IDLE_NODES, estimatedMonthlySavings: 120.5, detectedAt: new Date() })
const estimate: string = new Opportunity({ type: 'own_type', effect: 'rate', estimatedMonthlySavings: '1' }).estimatedMonthlySavings
const frozen: CostBaseline = await savings.freeze({ cost: 280n, periodStart: '2026-01-01', periodEnd: new Date(), daily: [['10', null], [10]] })
const state: OpportunityStatus = (await savings.approve(item.id, { baselineId: frozen.id, actor: 'user:ben' })).status
const period = { implemented: '2026-02-01', periodStart: '2026-02-05', periodEnd: '2026-03-05' }
const measured: Measured = await savings.verify(item.id, { ...period, resource: 'i-1', method: 'A', effect: 'eliminate', cost: 0 })
const claimed: string = measured.status === 'known' ? measured.data.verification.claimed : measured.reason
const verified: Opportunity[] = savings.getOpportunitiesByStatus(OpportunityStatus.VERIFIED)
const saved: string = savings.getSavingsByTeam({ currency: 'EUR' }).core ?? savings.getTotalEstimatedSavings({ gross: true })
const report: Report = new ReportGenerator(savings).weekly('2026-W12', { unitCost: { part: 1, whole: '2' }, anchoredUpTo: 3n })
const digest256: string = (await report.issue({ actor: 'user:ana' })).data.sha256 + report.toJSON().totals.realized
await report.save('report.html')
await log.close()
try {
  carbon.intensity('XX')
} catch (error) {
  if (error instanceof BudgetExceeded) error.retryAt?.slice()
  if (error instanceof PolicyError) error.findings[0]?.line.toFixed()
  if (error instanceof LedgerError) error.path.slice()
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
// @ts-expect-error sequence numbers are bigint
const wrong: number = await log.append('acme.x', {}, 'svc:ci')
// @ts-expect-error an event needs an actor
await log.appendMany([{ kind: 'acme.x' }])
// @ts-expect-error no such status
savings.getOpportunitiesByStatus('sold')
// @ts-expect-error opportunities are read-only
item.status = 'verified'
// @ts-expect-error records are read-only
record.model = 'other'
export { all, answer, asked, digest, findings, junit, limitOf, nextOpen, plan, replayed }
export { body, codes, costUsd, dollars, exact, grid, level, median, more, one, read, rows, same, totalUsd, trained }
export { anchored, claimed, digest256, estimate, hidden, included, later, records, saved, seqs, signed, state, verification, verified, wrong }

// The monitor over time: ring, drains, sinks, totals, settings, bounds.
import assert from 'node:assert/strict'
import { setTimeout as after } from 'node:timers/promises'
import { test } from 'node:test'
import finops, { Budget, BudgetExceeded, Budgets, InferenceRecord, ResourceMonitor, TrainingRecord } from '../index.mjs'

const monitorOf = (options = {}) => new ResourceMonitor({ env: {}, ...options })
const inputs = (records) => records.map((record) => record.inputTokens ?? record.type)
const log = (monitor, from, to) => {
  for (let i = from; i < to; i++) monitor.logInference('gpt-4o', i, 0)
}

test('the ring gives back the very records, oldest first, whichever way they came', () => {
  const monitor = monitorOf({ maxRecords: 4 })
  const kept = [
    monitor.logInference('gpt-4o', 0, 0),
    monitor.logInference('gpt-4o', 1, 0, null, null, { requestId: 'a' }),
    monitor.logTraining('m', 1),
    monitor.logResponse({ object: 'chat.completion', model: 'gpt-4o', choices: [], usage: { prompt_tokens: 3, completion_tokens: 0 } }),
  ]
  monitor.getMetrics().forEach((record, at) => assert.equal(record, kept[at]))
  const stream = monitor.stream('openai')
  stream.push({ id: 's', object: 'chat.completion.chunk', model: 'gpt-4o', choices: [], usage: { prompt_tokens: 4, completion_tokens: 0 } })
  kept.push(stream.finish())
  assert.throws(() => monitor.logInference('gpt-4o', -1, 0), finops.UsageError)
  assert.equal(monitor.logInference('gpt-4o', 1, 0, null, null, { requestId: 'a' }), kept[1], 'a repetition takes no place')
  kept.push(monitor.logInference('gpt-4o', 5, 0))
  monitor.logBatch({ models: ['x'], modelIndex: new Uint32Array(1), inputTokens: new Float64Array(1), outputTokens: new Float64Array(1) })
  monitor.getMetrics().forEach((record, at) => assert.equal(record, kept[at + 2]))
  assert.deepEqual(inputs(monitor.getMetrics({ limit: 2 })), [4, 5])
  assert.deepEqual(inputs(monitor.getMetrics(1)), [5])
  assert.deepEqual(inputs(monitor.getMetrics({ type: 'training' })), ['training'])
  assert.deepEqual(inputs(monitor.getMetrics({ model: 'm' })), ['training'])
  assert.deepEqual(monitor.getMetrics({ since: new Date(Date.now() + 60_000) }), [])
  assert.throws(() => monitor.getMetrics({ type: 'other' }), { code: 'config.invalid', path: 'type' })
})

test('each record is drained once, and what was overwritten before is counted', () => {
  const monitor = monitorOf({ maxRecords: 3 })
  log(monitor, 0, 2)
  assert.deepEqual(inputs(monitor.drain(1)), [0])
  log(monitor, 2, 6)
  assert.equal(monitor.stats().dropped, 2)
  assert.deepEqual(inputs(monitor.drain()), [3, 4, 5])
  assert.deepEqual(monitor.drain(), [])
  assert.deepEqual(inputs(monitor.getMetrics()), [3, 4, 5], 'draining leaves them readable')
  monitor.resetMetrics()
  assert.deepEqual([monitor.getMetrics(), monitor.drain(), monitor.stats().dropped], [[], [], 0])
  log(monitor, 7, 12)
  assert.deepEqual(inputs(monitor.getMetrics()), [9, 10, 11])
  const none = monitorOf({ maxRecords: 0 })
  log(none, 0, 3)
  assert.deepEqual([none.getMetrics(), none.drain(), none.stats().requests, none.stats().dropped], [[], [], 3, 3])
})

test('a sink writes everything, tries a failed batch once more, then gives it up', async () => {
  const monitor = monitorOf({ maxRecords: 100 })
  const written = []
  let failures = 1
  monitor.startSink((records) => {
    if (failures-- > 0) throw new Error('not now')
    written.push(inputs(records))
  }, { everyS: 0.01, batch: 2 })
  log(monitor, 0, 5)
  await monitor.stopSink()
  assert.deepEqual(written, [[0, 1], [2, 3], [4]])
  assert.deepEqual([monitor.stats().sinkErrors, monitor.stats().dropped], [0, 0])

  failures = 2
  monitor.startSink(async (records) => {
    await after(1)
    if (failures-- > 0) throw new Error('not now')
    written.push(inputs(records))
  }, { batch: 2 })
  log(monitor, 5, 8)
  const stopped = monitor.stopSink()
  log(monitor, 100, 300)
  await stopped
  assert.deepEqual([monitor.stats().sinkErrors], [1])
  assert.ok(written.flat().includes(299))
  assert.throws(() => monitor.startSink('write'), { code: 'config.invalid', path: 'write' })
  assert.throws(() => monitor.startSink(() => {}, { everyS: 0 }), { code: 'config.invalid', path: 'every_s' })
  await monitor.stopSink()
})

test('a failed batch survives the ring’s moving on', async () => {
  const monitor = monitorOf({ maxRecords: 2 })
  const written = []
  let fails = true
  monitor.startSink((records) => {
    if (fails) throw new Error('not now')
    written.push(...inputs(records))
  }, { everyS: 0.005 })
  log(monitor, 0, 2)
  await after(12)
  fails = false
  log(monitor, 2, 6)
  await monitor.stopSink()
  assert.ok(written.length >= 2 && written.every((input) => typeof input === 'number'))
  assert.equal(new Set(written).size, written.length)
})

test('summaries are exact and keep the names of tags', () => {
  const monitor = monitorOf({ tags: ['cost_center', 'team'] })
  for (let i = 0; i < 3; i++) monitor.logInference('gpt-4o-mini', 30, 0, 10, { cost_center: `c${i % 2}`, team: 'a' })
  const rows = monitor.summary(['cost_center'])
  assert.deepEqual(rows.map((row) => [row.cost_center, row.requests, row.costUsd]), [['c0', 2, '0.000009'], ['c1', 1, '0.0000045']])
  assert.deepEqual(monitor.summary([], { where: { cost_center: 'c1' } }).map((row) => row.totalTokens), [30])
  assert.deepEqual(monitor.summary([], { where: { cost_center: null } }), [])
  assert.throws(() => monitor.summary(['nothing']), { code: 'config.invalid', path: 'group_by' })
  const text = monitor.openmetrics()
  assert.match(text, /finops_requests_total\{.*cost_center="c0".*\} 2\n/)
  assert.match(text, /# EOF\n$/)
})

test('totals move between monitors', () => {
  const [one, other] = [monitorOf(), monitorOf()]
  log(one, 0, 3)
  log(other, 0, 2)
  other.merge(one)
  other.merge(other)
  assert.equal(other.stats().requests, 10)
  const restored = monitorOf()
  restored.restore(other.snapshot())
  assert.deepEqual(restored.summary(), other.summary())
  assert.throws(() => restored.restore('{}'), { code: 'config.invalid' })
})

test('settings come from the constructor, the environment or the default, and may be assigned', () => {
  const monitor = new ResourceMonitor({ env: { COST_PER_1K_INPUT_TOKENS: '2.5E-3', COMPUTE_COST_PER_HOUR: ' ' }, energyWhPer1kTokens: '0.7', region: 'aws:eu-north-1' })
  assert.deepEqual(
    [monitor.costPer1kInputTokens, monitor.costPer1kOutputTokens, monitor.computeCostPerHour, monitor.energyWhPer1kTokens, monitor.gpuPowerKw],
    [0.0025, 0.002, 1, 0.7, 0.25],
  )
  assert.equal(monitor.config.carbonIntensityGPerKwh.source, 'region')
  assert.deepEqual(monitor.config.costPer1kInputTokens, { value: '0.0025', source: 'environment' })
  monitor.carbonIntensityGPerKwh = 123.4
  assert.deepEqual(monitor.config.carbonIntensityGPerKwh, { value: '123.4', source: 'assigned' })
  assert.equal(monitor.logInference('gpt-4o', 1, 1).carbonIntensityGPerKwh, 123.4)
  monitor.setGrid('50')
  assert.equal(monitor.logInference('gpt-4o', 1, 1).carbonIntensityGPerKwh, 50)
  assert.equal(monitor.logInference('gpt-4o', 1, 1, 1, null, {}).carbonIntensityGPerKwh, 50)
  monitor.computeCostPerHour = 0
  assert.equal(monitor.logInference('gpt-4o', 1, 1, 3_600_000).computeCostUsd, 0)
  process.env.ENERGY_WH_PER_1K_TOKENS = '9'
  assert.equal(new ResourceMonitor().energyWhPer1kTokens, 9)
  delete process.env.ENERGY_WH_PER_1K_TOKENS
})

test('memory stays bounded with any number of names and users', () => {
  const monitor = monitorOf({ maxRecords: 10, maxGroups: 100, maxUnknownModels: 10 })
  for (let i = 0; i < 30_000; i++) monitor.logInference(`model-${i}`, 1, 1, 1, { user: `u${i}`, team: `t${i % 3}` })
  const stats = monitor.stats()
  assert.equal(stats.requests, 30_000)
  assert.ok(stats.records === 10 && stats.groups <= 132 && stats.unknownModels <= 10 && stats.names <= 4096, JSON.stringify(stats))
  const rows = monitor.summary(['team'])
  assert.deepEqual(rows.reduce((sum, row) => sum + row.requests, 0), 30_000)
  const last = monitor.getMetrics().at(-1)
  assert.deepEqual([last.model, last.tags], ['model-29999', { team: 't2', user: 'u29999' }])
  for (let i = 0; i < 20_000; i++) monitor.logInference('gpt-4o', 1, 1, 1, { user: `v${i}` })
  assert.deepEqual(monitor.getMetrics().map((record) => record.tags.user), Array.from({ length: 10 }, (_, i) => `v${19_990 + i}`))
})

test('a batch keeps its good rows and tells of the bad ones', () => {
  const monitor = monitorOf()
  const batch = {
    models: ['gpt-4o', 'gpt-4o-mini', ' '],
    modelIndex: Uint32Array.of(0, 1, 2, 9, 0),
    inputTokens: Float64Array.of(1000, 30, 1, 1, 1.5),
    outputTokens: Float64Array.of(500, 0, 1, 1, 1),
  }
  const result = monitor.logBatch(batch)
  assert.deepEqual([...result.costUsd], [0.0075, 0.0000045, NaN, NaN, NaN])
  assert.deepEqual([...result.energyJoules].slice(0, 2), [2700, 54])
  assert.deepEqual([result.totalUsd, result.logged, result.totalTokens], ['0.0075045', 2, '1530'])
  assert.deepEqual(result.errors.map(({ index, code }) => [index, code]), [[2, 'usage.missing_model'], [3, 'usage.missing_model'], [4, 'usage.not_a_count']])
  assert.equal(monitor.stats().requests, 2)
  const single = monitor.logInference('gpt-4o', 1000, 500)
  assert.deepEqual([single.unitCostUsd, single.energyJoules, single.carbonKg], [result.costUsd[0], result.energyJoules[0], result.carbonKg[0]])
  assert.throws(() => monitor.logBatch({ ...batch, inputTokens: new Float64Array(2) }), { code: 'config.invalid' })
  assert.throws(() => monitor.logBatch({ ...batch, inputTokens: [1, 2, 3, 4, 5] }), { code: 'config.invalid', path: 'input_tokens' })
  assert.throws(() => monitor.logBatch({ ...batch, modelIndex: [0] }), { code: 'config.invalid', path: 'model_index' })
  const shared = new Float64Array(new SharedArrayBuffer(8))
  assert.equal(monitor.logBatch({ models: ['gpt-4o'], modelIndex: new Uint32Array(1), inputTokens: shared, outputTokens: shared, durationMs: shared }).logged, 1)
})

test('budgets are asked before, charged by logging, and survive a restart', () => {
  const at = '2026-11-02T10:00:00Z'
  const budgets = new Budgets([new Budget('all', '0.02', { window: 'day' }), new Budget('user', 2, { unit: 'requests', per: ['user'] })])
  const monitor = monitorOf({ budgets, clock: () => Date.parse(at) })
  const held = monitor.reserve('gpt-4o', 1000, 500, { metadata: { user: 'u1' } })
  assert.equal(budgets.state('all', { at }).reserved, '0.0075')
  monitor.logInference('gpt-4o', 1000, 100, 5, { user: 'u1' }, { reservation: held })
  assert.deepEqual([budgets.state('all', { at }).spent, budgets.state('all', { at }).reserved], ['0.0035', '0'])
  monitor.logInference('gpt-4o', 1000, 500, 5, { user: 'u1' })
  assert.equal(budgets.state('all', { at }).spent, '0.011')
  assert.throws(
    () => monitor.reserve('gpt-4o', 1000, 500, { metadata: { user: 'u1' } }),
    (error) => error instanceof BudgetExceeded && error.budget === 'user{user=u1}' && error.remaining === '0' && error.code === 'budget.exceeded',
  )
  assert.throws(() => budgets.reserve({ usd: '0.0091', at }), { budget: 'all', remaining: '0.009', requested: '0.0091', retryAt: '2026-11-03T00:00:00.000Z' })
  const restored = Budgets.fromJSON(JSON.stringify(budgets))
  assert.deepEqual(restored.state(undefined, { at }), budgets.state(undefined, { at }))
  const exact = restored.reserve({ usd: '0.009', tags: { user: 'u2' }, at })
  exact[Symbol.dispose]()
  assert.equal(restored.state('all', { at }).reserved, '0')
  assert.throws(() => monitorOf().reserve('gpt-4o', 1, 1), { code: 'config.invalid', path: 'budgets' })
  assert.equal(monitorOf().estimate('gpt-4o', 1000, 500).total, '0.0075')
})

test('records and training runs are instances of their classes', () => {
  const monitor = monitorOf()
  assert.ok(monitor.logInference('m', 1, 1) instanceof InferenceRecord)
  const training = monitor.logTraining('m', '0.5', 2, { team: 'a' }, { gpuPowerKw: '0.7' })
  assert.ok(training instanceof TrainingRecord)
  assert.equal(training.toJSON().energy_joules, '2520000')
  assert.equal(JSON.parse(JSON.stringify(training)).metadata.team, 'a')
})

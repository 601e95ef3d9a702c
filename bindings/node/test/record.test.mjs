// What a record says, whichever way its call was logged.
import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { InferenceRecord, ModelPrice, ResourceMonitor, Usage } from '../index.mjs'

const AT = Date.parse('2026-11-02T10:00:00.123Z')
const monitorAt = (options = {}) => new ResourceMonitor({ env: {}, clock: () => AT, ...options })
/** The same call by the fast way, and by the long one, which any option takes. */
const both = (options, ...call) => [
  monitorAt(options).logInference(...call),
  monitorAt(options).logInference(...call, ...Array(5 - call.length).fill(undefined), {}),
]

test('the numbers that users of the original rely on', () => {
  const monitor = monitorAt({ costPer1kInputTokens: 0.001, costPer1kOutputTokens: 0.002 })
  const record = monitor.logInference('any-model', 1000, 0, 0)
  assert.equal(record.inputCostUsd, 0.001)
  assert.equal(record.energyJoules, 1800)
  assert.equal(record.carbonKg, 0.0002)
  const training = monitor.logTraining('m', 2.5, 4, { team: 'ml' })
  assert.equal(training.computeCostUsd, 10)
  assert.equal(training.energyJoules, 9e6)
  assert.equal(training.type, 'training')
  assert.deepEqual(training.tags, { team: 'ml' })
  assert.deepEqual(monitor.getMetrics(), [record, training])
  monitor.resetMetrics()
  assert.deepEqual(monitor.getMetrics(), [])
})

test('own properties are the mapping keys in order, and metadata only when given', () => {
  const keys = [
    'timestamp', 'model', 'inputTokens', 'outputTokens', 'totalTokens', 'durationMs', 'inputCostUsd', 'outputCostUsd',
    'computeCostUsd', 'unitCostUsd', 'energyJoules', 'carbonKg', 'carbonIntensityGPerKwh',
  ]
  const metadata = { team: 'search', nested: { deep: [1] } }
  for (const record of both({}, 'gpt-4o', 1000, 500, 840)) assert.deepEqual(Object.keys(record), keys)
  for (const record of both({}, 'gpt-4o', 1000, 500, 840, metadata)) {
    assert.deepEqual(Object.keys(record), [...keys, 'metadata'])
    assert.equal(record.metadata, metadata, 'the caller’s object itself')
    assert.equal(record.toJSON().metadata, metadata)
    assert.match(inspect(record), /InferenceRecord \{\s+timestamp: '2026-11-02T10:00:00.123Z',\s+model: 'gpt-4o'/)
    assert.match(inspect(record), /unitCostUsd: 0.0075/)
  }
})

test('both ways of logging give the same record, members and wire form', () => {
  const models = [
    new ModelPrice('mine', { inputUsdPerMtok: '0.0000001', outputUsdPerMtok: 3 }),
    new ModelPrice('own', { hosting: 'self_hosted', computeCostPerHour: '7.77' }),
  ]
  const calls = [
    ['gpt-4o', 1000, 500],
    ['gpt-4o', 1000, 500, 840, { team: 'search', user: 7, environment: true, other: 'x' }],
    ['gpt-4o', 1000, 500, 0.1234565, { team: 'a', user_id: 'u1', env: 'prod' }],
    ['gpt-4o', 1000, 500, 333.333, { user: 'named', user_id: 'alias' }],
    ['gpt-4o', 1000, 500, 1, { user: 1.5, team: null, feature: undefined }],
    ['gpt-4o', 1000, 500, 1, { user: '', team: 'ü\u0000🎈' }],
    ['gpt-4o', 0, 0, 0],
    ['mine', 9007199254740991, 9007199254740991, 1e9],
    ['own', 12, 7, 3600000],
    ['unknown-model', 12, 7, 250],
    ['gpt-4o-mini', 30, 0, 9007199254.740993],
    ['claude-sonnet-4-5', 250000, 1000, 10],
    [' gpt-4o ', 1, 2, 3],
  ]
  for (const grid of [400, '35.26']) {
    for (const call of calls) {
      const [fast, long] = both({ models, grid }, ...call)
      assert.deepEqual({ ...fast }, { ...long }, `members of ${call}`)
      assert.equal(JSON.stringify(fast), JSON.stringify(long), `wire form of ${call}`)
      assert.deepEqual([fast.status, fast.priceSource, fast.provider, fast.tags], [long.status, long.priceSource, long.provider, long.tags])
    }
  }
  const [fast, long] = both({ energyMethod: 'parameters', modelParams: { 'my-model': { totalB: 70, activeB: [12, 14] } } }, 'my-model', 100, 50, 900)
  assert.deepEqual({ ...fast }, { ...long })
  assert.equal(fast.energy.method, 'finops-llm/1')
  assert.equal(typeof fast.embodiedKg, 'number')
})

test('a record keeps the prices and factors it was made with', () => {
  const monitor = monitorAt()
  const before = monitor.logInference('gpt-4o', 1000, 500)
  monitor.carbonIntensityGPerKwh = 100
  monitor.setPrice(new ModelPrice('gpt-4o', { inputUsdPerMtok: 1, outputUsdPerMtok: 1 }))
  const after = monitor.logInference('gpt-4o', 1000, 500)
  monitor.costPer1kInputTokens = 5
  monitor.resetMetrics()
  assert.deepEqual([before.cost.total, before.toJSON().carbon_intensity_g_per_kwh], ['0.0075', 400])
  assert.deepEqual([after.cost.total, after.toJSON().carbon_intensity_g_per_kwh, after.priceSource], ['0.0015', 100, 'custom'])
  assert.deepEqual([before.unitCostUsd, after.unitCostUsd, after.carbonIntensityGPerKwh], [0.0075, 0.0015, 100])
})

test('amounts are exact, and floats are the nearest ones', () => {
  const record = monitorAt().logInference('gpt-4o-mini', 30, 0)
  assert.equal(record.toJSON().unit_cost_usd, '0.0000045')
  assert.equal(record.unitCostUsd, 0.0000045)
  const [dear, wire] = both({ costPer1kInputTokens: '123456.789', costPer1kOutputTokens: 0 }, 'm', 123456789, 0)
  assert.equal(dear.toJSON().unit_cost_usd, '15241578750.190521')
  assert.equal(dear.unitCostUsd, 15241578750.190521)
  assert.equal(wire.unitCostUsd, dear.unitCostUsd)
})

test('everything that a caller can say comes back', () => {
  const monitor = monitorAt()
  const usage = new Usage({ input: 10, cacheRead: 90, output: 5, webSearch: 2 })
  const trace = { session: 's', promptHash: 'p', prefixTokens: 9 }
  const record = monitor.logInference('gpt-4o', 0, 0, 12.5, { team: 'x' }, {
    provider: 'openai', usage, serviceTier: 'priority', requestId: 'r1', outcome: 'cancelled', finish: 'length', trace,
    at: new Date('2026-01-02T03:04:05.678Z'),
  })
  assert.deepEqual(
    [record.provider, record.serviceTier, record.requestId, record.outcome, record.finish, record.timestamp, record.inputTokens],
    ['openai', 'priority', 'r1', 'cancelled', 'length', '2026-01-02T03:04:05.678Z', 10],
  )
  assert.deepEqual(record.usage, { input: 10, cacheRead: 90, output: 5, webSearch: 2 })
  assert.deepEqual(record.toJSON().trace, { session: 's', prompt_hash: 'p', prefix_tokens: 9 })
  assert.deepEqual(new Usage(record.usage), usage)
  const counted = monitor.logInference('gpt-4o', 10, 20, null, null, { cacheReadTokens: 3, cacheWriteTokens: 4, cacheWrite1hTokens: 5, reasoningTokens: 6 })
  assert.deepEqual(counted.usage, { input: 10, cacheRead: 3, cacheWrite5m: 4, cacheWrite1h: 5, output: 20, reasoning: 6 })
  assert.equal(counted.totalTokens, 42)
  assert.equal(counted.durationMs, null)
})

test('a request id is logged once', () => {
  const monitor = monitorAt({ maxRecords: 2 })
  const options = { requestId: 'same' }
  const first = monitor.logInference('gpt-4o', 1, 2, 3, { team: 'a' }, options)
  assert.equal(monitor.logInference('gpt-4o', 1, 2, 3, { team: 'b' }, options), first)
  assert.throws(() => monitor.logInference('gpt-4o', 1, 3, 3, null, options), { code: 'usage.duplicate_id', path: 'request_id' })
  for (let i = 0; i < 5; i++) monitor.logInference('gpt-4o', i, 0)
  const again = monitor.logInference('gpt-4o', 1, 2, 3, null, options)
  assert.notEqual(again, first, 'the ring has moved on')
  assert.deepEqual([again.timestamp, again.requestId, again.unitCostUsd], [first.timestamp, 'same', first.unitCostUsd])
  assert.deepEqual(monitor.getMetrics().map((record) => record.inputTokens), [3, 4])
  assert.equal(monitor.stats().requests, 6)
  assert.ok(again instanceof InferenceRecord)
})

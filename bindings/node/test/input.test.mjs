// What cannot be used is refused by name, before anything changes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import finops, { Budget, Budgets, ModelPrice, ResourceMonitor, Sketch, Usage } from '../index.mjs'

const monitorOf = (options = {}) => new ResourceMonitor({ env: {}, ...options })

test('counts that are none', () => {
  const monitor = monitorOf()
  const bad = [-1, 1.5, NaN, Infinity, -Infinity, 1e300, 2 ** 53, '5', true, null, undefined, {}, [3], Symbol.iterator, () => 1, -1n, 2n ** 64n]
  for (const value of bad) {
    for (const [call, path] of [
      [() => monitor.logInference('gpt-4o', value, 1), 'input_tokens'],
      [() => monitor.logInference('gpt-4o', 1, value), 'output_tokens'],
      [() => monitor.logInference('gpt-4o', value, 1, 1, null, {}), 'input_tokens'],
      [() => monitor.logInference('gpt-4o', 1, value, 1, { team: 'a' }), 'output_tokens'],
    ]) {
      assert.throws(call, { code: 'usage.not_a_count', path, name: 'UsageError' }, `${path} ${String(value)}`)
    }
  }
  for (const value of [-1, 1.5, NaN, 2 ** 53, '5', true]) {
    assert.throws(() => monitor.logInference('gpt-4o', 1, 1, 1, null, { cacheReadTokens: value }), { code: 'usage.not_a_count', path: 'cache_read_tokens' })
    assert.throws(() => new Usage({ input: value }), { code: 'usage.not_a_count', path: 'input' })
    assert.throws(() => Usage.inclusive(value, 1), { code: 'usage.not_a_count', path: 'prompt' })
  }
  assert.throws(() => Usage.inclusive(5, 1, 6), { code: 'usage.negative_remainder' })
  assert.throws(() => new Usage({ inputs: 1 }), { code: 'config.invalid' })
  assert.deepEqual(monitor.stats(), { ...monitor.stats(), requests: 0, records: 0 })
  assert.equal(monitor.logInference('gpt-4o', 5n, 7n).totalTokens, 12)
  assert.ok(Object.is(monitor.logInference('gpt-4o', -0, 0).inputTokens, 0))
})

test('durations, models and times that are none', () => {
  const monitor = monitorOf()
  for (const value of [-1, -0.5, NaN, Infinity, 1e300, '5', true, {}]) {
    for (const options of [undefined, {}]) {
      assert.throws(() => monitor.logInference('gpt-4o', 1, 1, value, null, options), { code: 'usage.invalid_duration', path: 'duration_ms' }, String(value))
    }
    assert.throws(() => monitor.logTraining('m', value === '5' ? 'five' : value), { code: 'usage.invalid_duration', path: 'duration_hours' }, String(value))
  }
  for (const gpus of [0, -1, 1.5, NaN, '2']) assert.throws(() => monitor.logTraining('m', 1, gpus), { code: 'usage.invalid_gpu_count', path: 'gpu_count' })
  for (const model of [null, undefined]) {
    for (const options of [undefined, {}]) assert.throws(() => monitor.logInference(model, 1, 1, 1, null, options), { code: 'usage.missing_model', path: 'model' })
  }
  for (const model of ['', '  ']) assert.throws(() => monitor.logInference(model, 1, 1), { code: 'usage.missing_model', path: 'model' })
  for (const model of [5, true, {}, Symbol.iterator, () => 1]) {
    assert.throws(() => monitor.logInference(model, 1, 1), (error) => error instanceof finops.FinopsError, String(model))
  }
  for (const at of ['2026-01-01T00:00:00', 'yesterday', '', NaN, Infinity, 1e300, new Date(NaN), true, {}]) {
    assert.throws(() => monitor.logInference('gpt-4o', 1, 1, 1, null, { at }), { code: 'usage.naive_time', path: 'at' }, String(at))
  }
  for (const ms of [NaN, Infinity, 1e300, 'now', undefined]) {
    for (const options of [undefined, {}]) {
      assert.throws(() => monitorOf({ clock: () => ms }).logInference('gpt-4o', 1, 1, 1, null, options), { code: 'usage.naive_time', path: 'clock' })
    }
  }
  assert.throws(() => monitor.logInference('gpt-4o', 1, 1, 1, null, { outcome: 'fine' }), { code: 'config.invalid', path: 'outcome' })
  assert.throws(() => monitor.logInference('gpt-4o', 1, 1, 1, null, { provider: 5 }), { code: 'config.invalid', path: 'provider' })
  assert.throws(() => monitor.logInference('gpt-4o', 1, 1, 1, 'metadata', {}), { code: 'config.invalid', path: 'metadata' })
  assert.throws(() => monitor.logInference('gpt-4o', 1, 1, 1, 'metadata'), { code: 'config.invalid', path: 'metadata' })
  assert.equal(monitor.stats().requests, 0)
  const before = new Date('1969-12-31T23:59:59.001Z')
  assert.equal(monitor.logInference('gpt-4o', 1, 1, 1, null, { at: before }).timestamp, '1969-12-31T23:59:59.001Z')
  assert.equal(monitor.logInference('gpt-4o', 1, 1, 1, null, { at: 1.5 }).timestamp, '1970-01-01T00:00:01.500Z')
  assert.equal(monitor.logInference('gpt-4o', 1, 1, 1, null, { at: '2026-01-01T00:00:00+02:00' }).timestamp, '2025-12-31T22:00:00.000Z')
})

test('metadata of any shape', () => {
  const monitor = monitorOf()
  const circular = { team: 'a' }
  circular.self = circular
  class Request {
    team = 'b'
    big = 10n
    toJSON() {
      throw new Error('never asked')
    }
  }
  const shapes = [circular, new Request(), new Map([['team', 'x']]), [1, 2], Object.create({ team: 'inherited' }), Object.assign(Object.create(null), { team: 'c' }), {}]
  for (const metadata of shapes) {
    const record = monitor.logInference('gpt-4o', 1, 1, 1, metadata)
    assert.equal(record.metadata, metadata)
    assert.ok(record.cost.total)
  }
  assert.deepEqual(monitor.getMetrics().map((record) => record.tags.team), ['a', 'b', undefined, undefined, 'inherited', 'c', undefined])
})

test('settings that are none', () => {
  for (const name of ['costPer1kInputTokens', 'computeCostPerHour', 'energyWhPer1kTokens', 'carbonIntensityGPerKwh', 'gpuPowerKw']) {
    for (const value of [-1, NaN, Infinity, 'abc', '', true, {}]) {
      assert.throws(() => monitorOf({ [name]: value }), { code: 'config.invalid', name: 'ConfigError' }, `${name} ${value}`)
    }
    const monitor = monitorOf()
    const was = monitor[name]
    for (const value of [-1, NaN, 'abc', true, null, undefined]) assert.throws(() => (monitor[name] = value), { code: 'config.invalid', path: name.replace(/(1k)(?=[A-Z])|[A-Z]/g, (part) => `_${part.toLowerCase()}`) })
    assert.equal(monitor[name], was)
  }
  assert.throws(() => monitorOf({ env: { COST_PER_1K_INPUT_TOKENS: 'abc' } }), { code: 'config.invalid', path: 'COST_PER_1K_INPUT_TOKENS' })
  for (const [options, path] of [
    [{ maxRecords: -1 }, 'max_records'],
    [{ maxRecords: 1.5 }, 'max_records'],
    [{ tags: 'team' }, 'tags'],
    [{ tags: ['a', 'a'] }, 'tags'],
    [{ tagAliases: { t: 'nowhere' } }, 'tag_aliases'],
    [{ strict: 'yes' }, 'strict'],
    [{ energyMethod: 'guess' }, 'energy_method'],
    [{ costPer1KInputTokens: 1 }, 'options'],
    [{ models: [{ model: 'm', input: 1 }] }, 'models'],
    [{ models: 'm' }, 'models'],
  ]) {
    assert.throws(() => monitorOf(options), { code: 'config.invalid', path }, JSON.stringify(options))
  }
  assert.throws(() => monitorOf({ pue: 0.5 }), { code: 'carbon.bad_pue' })
  assert.throws(() => monitorOf({ region: 'nowhere' }), { code: 'carbon.unknown_zone' })
  assert.throws(() => monitorOf({ models: [new ModelPrice('m', { inputUsdPerMtok: '0.0000000001' })] }), { code: 'price.too_precise' })
  assert.throws(() => monitorOf({ strict: true }).logInference('unknown-model', 1, 1), { code: 'price.unknown_model', name: 'PriceError' })
})

test('bodies that are none', () => {
  const monitor = monitorOf()
  const shape = { code: 'usage.unknown_shape', path: '', name: 'UsageError' }
  for (const body of ['', '{', 'null', '[]', '{"a":1', '5', '"text"', null, undefined, 5, true, [], {}, { a: 1 }, new Uint8Array([0xff, 0xfe]), new Uint8Array()]) {
    assert.throws(() => monitor.logResponse(body), shape, JSON.stringify(body))
    assert.throws(() => finops.extract(body), shape, JSON.stringify(body))
  }
  const invalid = Buffer.concat([Buffer.from('{"object":"chat.completion","model":"'), Buffer.from([0xc3, 0x28]), Buffer.from('","usage":{"prompt_tokens":1,"completion_tokens":1}}')])
  assert.throws(() => monitor.logResponse(invalid), shape)
  const chat = (usage) => ({ object: 'chat.completion', model: 'gpt-4o', choices: [], usage })
  for (const count of [-1, 1.5, NaN, Infinity, '5', true, {}]) {
    assert.throws(() => monitor.logResponse(chat({ prompt_tokens: count, completion_tokens: 1 })), { code: 'usage.not_a_count', path: 'usage.prompt_tokens' }, String(count))
  }
  assert.throws(() => monitor.logResponse(chat({ prompt_tokens: 1 })), { code: 'usage.missing', path: 'usage.completion_tokens' })
  assert.throws(() => monitor.logResponse(chat(undefined)), { code: 'usage.missing', path: 'usage' })
  assert.equal(monitor.stats().requests, 0)
  assert.equal(monitor.logResponse(chat({ prompt_tokens: 5n, completion_tokens: 1 })).inputTokens, 5)
})

test('large and deep bodies', () => {
  const usage = { prompt_tokens: 7, completion_tokens: 3 }
  const content = '…'.repeat(5 << 20)
  const body = { object: 'chat.completion', model: 'gpt-4o', choices: [{ message: { role: 'assistant', content }, finish_reason: 'stop' }], usage }
  const text = JSON.stringify(body)
  assert.ok(Buffer.byteLength(text) > 10 << 20)
  for (const form of [body, text, Buffer.from(text)]) {
    const found = finops.extract(form)
    assert.deepEqual([found.usage, found.finish], [{ input: 7, output: 3 }, 'stop'])
  }
  const deep = `{"object":"chat.completion","model":"gpt-4o","x":${'['.repeat(100_000)}${']'.repeat(100_000)},"usage":{"prompt_tokens":7,"completion_tokens":3}}`
  assert.deepEqual(finops.extract(deep).usage, { input: 7, output: 3 }, 'what is skipped may be as deep as it likes')
  assert.throws(() => finops.extract(deep.slice(0, 90_000)), { code: 'usage.unknown_shape' })
})

test('display, sketches, catalogues and budgets', () => {
  for (const amount of ['', 'abc', NaN, Infinity]) assert.throws(() => finops.roundAmount(amount, 2), { code: 'money.invalid', path: 'amount', name: 'MoneyError' })
  for (const places of [-1, 1.5, 19, NaN, undefined]) assert.throws(() => finops.roundAmount('1', places), { code: 'money.invalid', path: 'places' })
  assert.throws(() => finops.apportion({ a: 'x' }, 2), { code: 'money.invalid', path: 'rows.a' })
  for (const value of [-1, 1.5, NaN, 2n ** 64n]) assert.throws(() => new Sketch().add(value), { code: 'usage.not_a_count', path: 'value' })
  assert.throws(() => new Sketch().quantile(2), { code: 'config.invalid' })
  assert.equal(new Sketch().quantile(0.5), null)
  assert.throws(() => finops.Catalogue.fromJsonl('{"kind":"row"}'), { code: 'price.invalid_catalogue' })
  assert.throws(() => finops.prices().resolve('no-such-model'), { code: 'price.unknown_model' })
  for (const limit of [-1, NaN, 'much', Infinity]) assert.throws(() => new Budgets([new Budget('a', limit)]), { code: 'budget.invalid', name: 'BudgetError' })
  assert.throws(() => new Budgets([new Budget('a', 1), new Budget('a', 2)]), { code: 'budget.invalid' })
  assert.throws(() => new Budgets([new Budget('a', 1, { window: 'fortnight' })]), { code: 'budget.invalid' })
  const budgets = new Budgets([new Budget('a', 1)])
  for (const usd of [-1, NaN, 'much', true]) assert.throws(() => budgets.reserve({ usd }), { code: 'budget.invalid', path: 'usd' }, String(usd))
  assert.throws(() => budgets.settle('nothing', { usd: 1 }), { code: 'budget.unknown_reservation' })
  assert.throws(() => budgets.reserve({ usd: 1, tags: { team: 5 } }), { code: 'config.invalid' })
})

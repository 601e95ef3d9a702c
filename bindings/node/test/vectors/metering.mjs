import { assert, buckets, camel, camelKeys, finops, throws } from './check.mjs'

const { Budget, Budgets, ModelPrice, ResourceMonitor, Sketch, Usage } = finops

const usageOf = (wire) => new Usage(camelKeys(wire))

function monitorOf(config = {}, env = {}) {
  const { models, ...rest } = config
  const options = { ...camelKeys(rest), env }
  if (models) options.models = models.map(({ model, ...price }) => new ModelPrice(model, camelKeys(price)))
  return new ResourceMonitor(options)
}

function logCall(monitor, call) {
  const { model, input_tokens, output_tokens, duration_ms, metadata, ...options } = call
  const duration = duration_ms === 'NaN' ? NaN : duration_ms
  if (Object.keys(options).length === 0) return monitor.logInference(model, input_tokens, output_tokens, duration, metadata)
  return monitor.logInference(model, input_tokens, output_tokens, duration, metadata, camelKeys(options))
}

/** Exact text on the wire, and the nearest float as the member. */
function number(record, key, expected) {
  const wire = record.toJSON()[key]
  assert.equal(typeof wire === 'string' ? wire : String(wire), expected, key)
  assert.ok(Object.is(record[camel(key)], Number(expected)), `${key}: ${record[camel(key)]} is not the f64 nearest to ${expected}`)
}

const includesAll = (list, wanted) => wanted.forEach((code) => assert.ok(list.includes(code), `${code} is not in ${list}`))

const SECTIONS = {
  price({ provider, model, at, conditions, usage, rates_usd_per_mtok: rates, expected }) {
    const cost = finops.cost(model, usageOf(usage), { provider, at, ...camelKeys(conditions) })
    assert.equal(cost.total, expected.amount_usd)
    for (const [bucket, rate] of Object.entries(rates)) {
      if (!usage[bucket]) continue
      const line = cost.lineItems.find((item) => item.unit === bucket)
      assert.ok(line, `a line for ${bucket}`)
      assert.equal(line.rate, rate, bucket)
    }
  },
  resolve({ provider, model, expected }) {
    const resolve = () => finops.prices().resolve(model, provider ?? undefined)
    if (expected.error) return void throws(resolve, expected)
    const resolved = resolve()
    for (const [key, value] of Object.entries(expected)) assert.equal(resolved[key], value, key)
  },
  extraction({ provider, model, response, at, requested_service_tier: tier, expected }) {
    const extracted = finops.extract(response, { provider: provider ?? undefined })
    assert.deepEqual(buckets(extracted.usage), expected.usage)
    const record = new ResourceMonitor({ env: {} }).logResponse(response, {
      provider: provider ?? undefined,
      model: model ?? undefined,
      serviceTier: tier,
      at,
    })
    const shown = {
      usage: () => assert.deepEqual(buckets(record.usage), expected.usage),
      model_id: () => assert.equal(extracted.model, expected.model_id),
      service_tier: () => assert.equal(extracted.serviceTier ?? record.serviceTier, expected.service_tier),
      finish: () => assert.equal(extracted.finish, expected.finish),
      status: () => assert.equal(record.status, expected.status),
      reported_cost_usd: () => assert.equal(extracted.reportedCost, expected.reported_cost_usd),
      duration_ns: () => assert.equal(String(extracted.durationNs), String(expected.duration_ns)),
      amount_usd: () => assert.equal(record.cost.total, expected.amount_usd),
    }
    for (const key of Object.keys(expected)) shown[key]()
  },
  extraction_error({ provider, response, expected }) {
    throws(() => new ResourceMonitor({ env: {} }).logResponse(response, { provider: provider ?? undefined }), expected)
  },
  record({ config, env, call, expected }) {
    const record = logCall(monitorOf(config, env), call)
    const attributes = {
      price_source: () => assert.equal(record.priceSource, expected.price_source),
      status: () => assert.equal(record.status, expected.status),
      assumptions: () => includesAll(record.assumptions, expected.assumptions),
      tags: () => assert.deepEqual(record.tags, expected.tags),
      metadata: () => assert.deepEqual(record.metadata, expected.metadata),
      model: () => assert.equal(record.model, expected.model),
    }
    for (const [key, value] of Object.entries(expected)) (attributes[key] ?? (() => number(record, key, String(value))))()
    if (!('metadata' in expected)) assert.ok(!('metadata' in record))
  },
  record_error({ config, env, call, expected }) {
    throws(() => {
      const monitor = monitorOf(config, env)
      if (call) logCall(monitor, call)
    }, expected)
  },
  config({ env, config, expected }) {
    const told = monitorOf(config, env).config
    for (const [key, value] of Object.entries(expected)) assert.equal(told[camel(key)].value, value, key)
  },
  training({ config, call, expected }) {
    const { model, duration_hours, gpu_count, metadata, ...options } = call
    const run = () => monitorOf(config).logTraining(model, duration_hours, gpu_count, metadata, camelKeys(options))
    if (expected.error) return void throws(run, expected)
    const record = run()
    for (const [key, value] of Object.entries(expected)) {
      if (key === 'type' || key === 'model') assert.equal(record[key], value)
      else number(record, key, String(value))
    }
  },
  time_cost({ duration_ms, usd_per_hour, expected }) {
    const monitor = new ResourceMonitor({ env: {}, computeCostPerHour: usd_per_hour })
    const record = monitor.logInference('unknown-model', 0, 0, Number(duration_ms))
    const [whole, fraction = ''] = record.cost.compute.split('.')
    assert.equal((BigInt(whole) * 10n ** 12n + BigInt(fraction.padEnd(12, '0'))).toString(), expected.picodollars)
  },
  display({ kind, amount_usd, rows, places, expected }) {
    if (kind === 'round') assert.equal(finops.roundAmount(amount_usd, places), expected)
    else assert.deepEqual(finops.apportion(rows, places), expected)
  },
  stream({ provider, model, events, expected }) {
    const run = () => {
      const stream = new ResourceMonitor({ env: {} }).stream(provider, { model })
      for (const event of events) stream.push(event)
      return stream.finish()
    }
    if (expected.error) return void throws(run, expected)
    const record = run()
    const shown = {
      usage: () => assert.deepEqual(buckets(record.usage), expected.usage),
      complete: () => assert.equal(record.complete, expected.complete),
      finish: () => assert.equal(record.finish, expected.finish),
      model_id: () => assert.equal(record.model, expected.model_id),
      request_id: () => assert.equal(record.requestId, expected.request_id),
      service_tier: () => assert.equal(record.serviceTier, expected.service_tier),
      status: () => assert.equal(record.status, expected.status),
      assumptions: () => includesAll(record.assumptions, expected.assumptions),
    }
    for (const key of Object.keys(expected)) shown[key]()
  },
  duplicate({ calls, expected }) {
    const monitor = new ResourceMonitor({ env: {} })
    const first = logCall(monitor, calls[0])
    const again = () => logCall(monitor, calls[1])
    if (expected.second?.error) throws(again, expected.second)
    else {
      const second = again()
      if (expected.second === 'same_record') assert.deepEqual(second.toJSON(), first.toJSON())
    }
    assert.equal(monitor.getMetrics().length, expected.records)
    assert.equal(monitor.stats().requests, expected.requests)
  },
  budget({ budgets, ops }) {
    const made = budgets.map(({ id, limit, ...options }) => new Budget(id, limit, camelKeys(options)))
    const table = new Budgets(made)
    const ids = new Map()
    for (const { op, reservation, expect = {}, budget, at, tags, ttl_s, ...amounts } of ops) {
      let told
      try {
        if (op === 'reserve') {
          const held = table.reserve({ ...camelKeys(amounts), at, tags, ttlS: ttl_s })
          ids.set(reservation, held.id)
          told = { allowed: true, level: held.level }
        } else if (op === 'settle') told = table.settle(ids.get(reservation), { ...camelKeys(amounts), at })
        else if (op === 'release') told = table.release(ids.get(reservation), { at }) ?? {}
        else if (op === 'record_spend') told = table.recordSpend({ ...camelKeys(amounts), at, tags })
        else if (op === 'state') told = table.state(budget, { at })
        else throw new Error(`unknown op ${op}`)
      } catch (error) {
        if (!(error instanceof finops.BudgetError)) throw error
        told = { allowed: false, level: 'deny', error: error.code, budget: error.budget, remaining: error.remaining, retry_at: error.retryAt }
      }
      for (const [key, value] of Object.entries(expect)) assert.deepEqual(told[key] ?? told[camel(key)], value, `${op} ${reservation ?? budget}: ${key}`)
    }
  },
  rollup({ config, calls, repeat = 1, group_by, expected }) {
    const monitor = monitorOf(config)
    for (let i = 0; i < repeat; i++) for (const call of calls) logCall(monitor, call)
    const rows = monitor.summary(group_by)
    assert.equal(rows.length, expected.length)
    expected.forEach((wanted, at) => {
      for (const [key, value] of Object.entries(wanted)) assert.deepEqual(rows[at][camel(key)], value, key)
    })
  },
  sketch({ kind, value, values, expected }) {
    if (kind === 'bucket') {
      assert.equal(Sketch.bucket(BigInt(value)), expected.bucket)
      assert.equal(String(Sketch.representative(expected.bucket)), expected.representative)
      return
    }
    const sketch = new Sketch()
    if (Array.isArray(values)) for (const [item, count] of values) sketch.add(item, count)
    else for (let item = values.from; item <= values.to; item += values.step) sketch.add(item)
    for (const [key, wanted] of Object.entries(expected)) assert.equal(String(sketch.quantile(Number(key.slice(1)) / 100)), wanted, key)
  },
  waste({ calls, config, expected }) {
    const { candidates, ...rest } = config ?? {}
    const signals = finops.callSignals(calls, { candidates, config: rest })
    assert.equal(signals.length, expected.signals.length, JSON.stringify(signals))
    expected.signals.forEach((wanted, at) => {
      for (const [key, value] of Object.entries(wanted)) {
        const told = signals[at][camel(key)]
        if (key === 'confidence') assert.equal(Number(told), Number(value), key)
        else assert.deepEqual(told, value, key)
      }
    })
  },
  exposition({ config, calls, expected_lines }) {
    const monitor = monitorOf(config)
    for (const call of calls) logCall(monitor, call)
    const lines = monitor.openmetrics().split('\n')
    for (const line of expected_lines) assert.ok(lines.includes(line), `no line ${line}`)
  },
  otel({ call, aliases, expected }) {
    const { model, provider, usage } = call
    const record = new ResourceMonitor({ env: {} }).logInference(model, 0, 0, null, null, { provider, usage: usageOf(usage) })
    const attributes = finops.otelAttributes(record, { aliases })
    for (const [key, value] of Object.entries(expected)) assert.equal(attributes[key], value, key)
  },
}

export function* runMetering(file) {
  const meta = new Set(['schema', 'generated', 'about', 'counts'])
  for (const [section, cases] of Object.entries(file)) {
    if (meta.has(section)) continue
    const run = SECTIONS[section]
    for (const item of cases) {
      yield {
        name: `${section}/${item.id}`,
        test() {
          assert.ok(run, `unknown section ${section}`)
          run(item)
        },
      }
    }
  }
}

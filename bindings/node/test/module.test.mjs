// The package as a module: both faces, several loads, threads.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { test } from 'node:test'
import * as esm from 'finops'

const require = createRequire(import.meta.url)
const cjs = require('finops')
const main = require.resolve('finops')

test('ES module and CommonJS are the same objects under the same names', () => {
  const { default: whole, ...named } = esm
  assert.equal(whole, cjs)
  assert.deepEqual(Object.keys(named).sort(), Object.keys(cjs).sort())
  for (const [name, value] of Object.entries(named)) assert.equal(value, cjs[name], name)
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)))
  assert.equal(cjs.version, version)
})

test('two loads of the module in one thread do not disturb each other', () => {
  for (const path of Object.keys(require.cache)) if (path.startsWith(main.replace(/index\.js$/, ''))) delete require.cache[path]
  const again = require('finops')
  assert.notEqual(again, cjs)
  const [one, other] = [new cjs.ResourceMonitor({ env: {} }), new again.ResourceMonitor({ env: {}, costPer1kInputTokens: 1 })]
  assert.equal(one.logInference('gpt-4o', 1000, 0).unitCostUsd, 0.0025)
  assert.equal(other.logInference('gpt-4o', 1000, 0).unitCostUsd, 1)
  assert.equal(one.logInference('gpt-4o', 2000, 0).unitCostUsd, 0.005)
})

test('every worker thread has its own', async () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { ResourceMonitor } = require(workerData.main)
    const monitor = new ResourceMonitor({ env: {} })
    for (let i = 0; i < 2000; i++) monitor.logInference('gpt-4o', workerData.at, i, 1, { user: 'u' + (i % 50) })
    const rows = monitor.summary(['model'])
    parentPort.postMessage([rows[0].requests, rows[0].totalTokens, monitor.getMetrics(1)[0].toJSON().usage])`
  const run = (at) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(code, { eval: true, workerData: { main, at } })
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  const answers = await Promise.all([1, 2, 3, 4].map(run))
  answers.forEach((answer, at) => {
    assert.deepEqual(answer, [2000, 2000 * (at + 1) + 1999000, { input: at + 1, output: 1999 }])
  })
})

test('a sink keeps no process alive, and exit codes are the program’s own', () => {
  const code = `const { ResourceMonitor } = require(${JSON.stringify(main)}); const m = new ResourceMonitor({ env: {} }); m.startSink(() => {}); m.logInference('gpt-4o', 1, 1); console.log('end')`
  assert.equal(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8', timeout: 20_000 }), 'end\n')
})

test('the committed declarations are those of the sources', () => {
  execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/check-types.mjs', import.meta.url))], { stdio: 'pipe' })
})

test('prices, OpenTelemetry, signals and display', () => {
  const catalogue = cjs.prices()
  assert.match(catalogue.id, /^cat-\d{4}-\d\d-\d\d-[0-9a-f]{12}$/)
  assert.deepEqual(catalogue.resolve('GPT-4o').match, 'case_insensitive')
  assert.ok(catalogue.rows('gpt-4o').length > 0)
  const line = '{"kind":"offering","provider":"acme","model":"m1","aliases":[],"first_party":true}'
  const price = '{"kind":"price","provider":"acme","model":"m1","when":{},"over":null,"from":"2025-01-01T00:00:00Z","to":null,"from_basis":"announced","usd_per_mtok":{"input":"1","output":"2"},"usd_per_use":{},"verified":true,"src":["s1"]}'
  const source = '{"kind":"source","id":"s1","url":"https://example.com/prices","origin":"acme","licence":"MIT","retrieved":"2026-01-01"}'
  const own = catalogue.overlay([line, price, source].join('\n'))
  assert.equal(cjs.cost('m1', { input: 1_000_000 }, { catalogue: own }).total, '1')
  assert.equal(new cjs.ResourceMonitor({ env: {}, prices: own }).logInference('m1', 0, 500_000).unitCostUsd, 1)
  assert.equal(cjs.cost('m1', { input: 1 }, { onUnknown: 'null' }).total, null)
  assert.throws(() => cjs.cost('m1', { input: 1 }), { code: 'price.unknown_model' })
  assert.match(cjs.cost('gpt-4o', { input: 1000 }).explain(), /1000 input at 2.5 USD/)

  const monitor = new cjs.ResourceMonitor({ env: {} })
  const record = monitor.logInference('gpt-4o', 1000, 500, 1, { team: 'a' }, { requestId: 'r', outcome: 'error' })
  assert.equal(cjs.otelAttributes(record, { aliases: true })['gen_ai.usage.cost'], 0.0075)
  assert.deepEqual(cjs.otelAttributes(JSON.parse(JSON.stringify(record))), cjs.otelAttributes(record))
  const [signal] = cjs.callSignals([record, monitor.logTraining('m', 1)])
  assert.deepEqual([signal.type, signal.calls, signal.savingUsd, signal.confidence], ['call.failed', ['r'], '0.0075', '0.95'])
  assert.deepEqual(cjs.apportion({ a: 0.333333, b: '0.333333', c: '0.333334' }, 2), { rows: { a: '0.33', b: '0.33', c: '0.34' }, total: '1.00' })
  const sketch = new cjs.Sketch()
  for (let i = 1; i <= 100; i++) sketch.add(i)
  const other = new cjs.Sketch()
  other.add(2n ** 40n, 1000)
  sketch.merge(other)
  assert.ok(sketch.quantile(0.9) > 1n << 39n)
})

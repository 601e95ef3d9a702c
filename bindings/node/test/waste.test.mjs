// Right-sizing and AI inventories.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AiInventory, FinOpsEngine, ResourceMonitor, waste } from '../index.mjs'

const MIB = 2 ** 20
const cpu = { metric: 'cpu_usage', step_seconds: 300, values: Array.from({ length: 2016 }, (_, i) => [0.2, 0.25, 0.3, 0.22][i % 4]) }
const window = { start: '2026-11-13T00:00:00Z', end: '2026-11-20T00:00:00Z' }

test('a recommendation says why', () => {
  const found = waste.recommend([cpu], { current: { requests: { cpu: '2' } } })
  assert.equal(found.cpu.request, '345m')
  assert.equal(found.memory.reason, 'no_usage')
  assert.equal(String(found.backtest.cpu.folds), '4')
  assert.throws(() => waste.recommend([]), { code: 'rightsizing.no_samples', path: 'series' })
})

test('a backtest shows only the past', () => {
  const values = Array.from({ length: 400 }, (_, i) => (i < 200 ? 300 : 600) * MIB)
  const memory = { metric: 'memory_working_set', step_seconds: 300, values }
  const tested = waste.backtest([memory], { current: { requests: { memory: '1Gi' } }, strategy: 'simple', split: 'halves' }).memory
  assert.equal(tested.miss_rate, '1')
  assert.equal(tested.folds[0].request, '345Mi')
})

test('every container of an inventory', () => {
  const inventory = {
    cluster: 'c',
    as_of: '2026-11-20T00:00:00Z',
    workloads: [{ namespace: 'shop', kind: 'Deployment', name: 'web', replicas: 2, containers: [{ name: 'app', requests: { cpu: '1' } }] }],
    usage: [
      {
        subject: { namespace: 'shop', workload: 'Deployment/web', container: 'app' },
        metric: 'cpu_usage',
        summary: { p95: '0.2', max: '0.4', samples: 4000 },
      },
    ],
  }
  const [found] = waste.rightsize(inventory, { strategy: 'simple', backtest: true })
  assert.equal(found.recommendation.cpu.request, '200m')
})

test('AI inventories are judged in the same run', () => {
  const ai = new AiInventory({ window, provider: 'bedrock', provisioned: [{ name: 'pt', hourly_fee: 40, on_demand_cost: 3000 }] })
  const data = { workloads: { a: [{ name: 'web', cpu_request: 4, cpu_usage: 0.1 }] } }
  const engine = new FinOpsEngine()
  const found = engine.runDetectionCycle([ai, data], { asOf: '2026-11-20T03:00:00Z' })
  assert.deepEqual(found.map((one) => [one.type, one.workload]), [
    ['llm_spend', 'pt'],
    ['over_requested_cpu', 'web'],
  ])
  assert.equal(engine.lastReport.findings[0].scope.cloud, 'bedrock')
  assert.deepEqual(engine.generatePrs([found[0]]), [])
})

test('the calls of a monitor are an inventory', () => {
  const monitor = new ResourceMonitor({ tags: ['route'] })
  for (let i = 0; i < 3; i++) monitor.logInference('gpt-4o', 1000, 500, 250, { route: '/chat' })
  const inventory = AiInventory.fromRecords(monitor.getMetrics(), { window: [window.start, window.end] })
  assert.equal(inventory.toJSON().calls.length, 3)
  const engine = new FinOpsEngine()
  engine.runDetectionCycle(inventory)
  assert.deepEqual([...new Set(engine.lastReport.assessments.map((one) => one.subject))], ['/chat'])
  assert.throws(() => AiInventory.fromRecords([]), /span no time/)
})

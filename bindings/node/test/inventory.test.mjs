// Inventories and allocations that stay in the engine's memory.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'

const finops = createRequire(import.meta.url)('../dist/index.js')
const { AllocationSet, ClusterInventory, FinOpsEngine, allocate } = finops

const NIGHT = '2026-11-20T00:00:00Z'
const WEEK = ['2026-11-13', '2026-11-20']
const START = 1_794_528_060

const pod = (namespace, name, cpu, labels = {}) => ({
  metadata: { namespace, name, labels },
  spec: { nodeName: 'n1', containers: [{ name: 'app', resources: { requests: { cpu, memory: '1Gi' } } }] },
  status: { phase: 'Running', startTime: '2026-11-01T00:00:00Z' },
})
const pods = {
  kind: 'PodList',
  apiVersion: 'v1',
  items: [pod('shop', 'web-0', '1', { team: 'web' }), pod('shop', 'db-0', '500m', { team: 'data' }), pod('kube-system', 'dns-0', '100m')],
}
const nodes = {
  kind: 'NodeList',
  apiVersion: 'v1',
  items: [
    {
      metadata: { name: 'n1', labels: { 'node.kubernetes.io/instance-type': 'm5.xlarge', 'topology.kubernetes.io/region': 'us-east-1' } },
      spec: { providerID: 'aws:///us-east-1a/i-1' },
      status: { capacity: { cpu: '4', memory: '16Gi' }, allocatable: { cpu: '4', memory: '16Gi' } },
    },
  ],
}
const buffers = [pods, nodes].map((document) => Buffer.from(JSON.stringify(document)))
const cluster = () => ClusterInventory.fromKubernetes(buffers, { cluster: 'prod', asOf: '2026-11-20' })
const answer = (start, values) => ({
  status: 'success',
  data: {
    resultType: 'matrix',
    result: [{ metric: { namespace: 'shop', pod: 'web-0', container: 'app' }, values: values.map((value, at) => [start + 60 * at, value]) }],
  },
})

test('the example of the specification', () => {
  const inventory = cluster().addPrometheus('cpu_usage', Buffer.from(JSON.stringify(answer(START, Array(10).fill('0.25')))))
  const set = allocate(inventory, { window: WEEK, idle: 'share', shared: [{ name: 'system', namespaces: ['kube-system'] }] })
  const report = set.aggregate({ by: ['label:team', 'namespace'] })
  const rows = Object.fromEntries([...report].map((row) => [row.name, row]))
  assert.deepEqual(Object.keys(rows).sort(), ['__idle__/__idle__', '__unallocated__/kube-system', 'data/shop', 'web/shop'])
  for (const row of report) {
    assert.equal(row.cost.total, row.total)
    assert.equal(row.totalUsd, Number(row.total))
  }
  assert.equal(report.total, '32.256')
  assert.equal(rows['__unallocated__/kube-system'].cost.total, '0')
  assert.equal(rows['web/shop'].efficiency.cpu, '0.25')
  assert.equal(rows['data/shop'].efficiency.cpu, null)
  assert.equal(rows['data/shop'].cost.gpu, '0')
  assert.equal(rows['web/shop'].sharePpm > 0, true)
  assert.deepEqual(report.rows, [...report])
  assert.deepEqual(report.toJSON().by, ['label:team', 'namespace'])
  assert.ok(report.toCsv(3).startsWith('label:team,namespace,') && report.toMarkdown().includes('| TOTAL'))
})

test('rows of a set become objects when they are asked for', () => {
  const set = allocate(cluster(), { window: [new Date('2026-11-13'), new Date('2026-11-20')] })
  assert.equal(set.length, 4)
  assert.equal([...set].length, 4)
  const [row] = set.slice(1, 2)
  assert.deepEqual(row.key, ['prod', 'n1', 'shop', 'db-0', 'app'])
  assert.equal(row.cost.total, row.total)
  assert.deepEqual(row.labels, { team: 'data' })
  assert.equal(set.difference, '0')
  assert.equal(set.toJSON().rows.length, 4)
  const unpriced = allocate(ClusterInventory.fromKubernetes(buffers.slice(0, 1), { asOf: NIGHT }), { window: WEEK })
  const first = unpriced.slice(0, 1)[0]
  assert.deepEqual([first.status, first.cost, first.total, first.totalUsd], ['unpriced', null, null, null])
})

test('a bill, what stands outside, and several windows', () => {
  const inventory = cluster()
  const set = allocate(inventory, { window: WEEK })
  const billed = set.reconcile([{ providerId: 'i-1', period: [new Date('2026-11-13'), '2026-11-20'], amount: '20' }], {
    external: [{ name: 'db', labels: { team: 'data' }, amount: '5' }],
  })
  assert.equal(billed.toJSON().totals.assets, '25')
  assert.equal(set.toJSON().totals.assets, '32.256')
  const days = [17, 18, 19].map((day) => allocate(inventory, { window: [`2026-11-${day}`, `2026-11-${day + 1}`] }))
  assert.equal(AllocationSet.accumulate(days).toJSON().totals.assets, '13.824')
})

test('answers in pieces are joined', () => {
  const inventory = cluster()
  inventory.addPrometheus('cpu_usage', answer(START, ['1', '1'])).addPrometheus('cpu_usage', JSON.stringify(answer(START + 120, ['1'])))
  const { usage } = inventory.toJSON()
  assert.equal(usage.length, 1)
  assert.equal(usage[0].samples.length, 3)
  assert.equal(new ClusterInventory(inventory.toJSON()).toJSON().usage.length, 1)
  assert.equal(inventory.cluster, 'prod')
})

test('what is wrong is named with its path', () => {
  const refused = (code, path, act) => assert.throws(act, (error) => error instanceof finops.FinopsError && error.code === code && error.path === path)
  refused('inventory.invalid_json', 'documents[1]', () => ClusterInventory.fromKubernetes(['{}', '{"kind":'], { asOf: NIGHT }))
  refused('config.invalid', 'metric', () => cluster().addPrometheus('cpu', '{}'))
  for (const stepSeconds of [0, -1, 1.5, NaN]) {
    refused('config.invalid', 'stepSeconds', () => cluster().addPrometheus('cpu_usage', answer(0, []), { stepSeconds }))
  }
  refused('config.invalid', 'window[0]', () => allocate(cluster(), { window: ['2026-11-13T00:00:00', NIGHT] }))
  refused('config.invalid', 'idel', () => allocate(cluster(), { idel: 'share' }))
  refused('allocation.unknown_key', 'by[0]', () => allocate(cluster()).aggregate({ by: ['user'] }))
  const odd = ClusterInventory.fromKubernetes([{ kind: 'PodList', items: [pod('a', 'bad', '1.5.0Gi'), pod('a', 'late', '1')] }], { asOf: '2026-10-01' })
  assert.deepEqual(
    odd.diagnostics.map(({ code, path }) => [code, path]).sort(),
    [
      ['inventory.clock_skew', 'items[1].status.startTime'],
      ['quantity.invalid', 'items[0].spec.containers[0].resources.requests.cpu'],
    ],
  )
  const twice = ClusterInventory.fromClusterData({ workloads: { shop: [{ name: 'web', cpu_request: 1 }, { name: 'web', cpu_request: 1 }] } })
  assert.deepEqual(twice.diagnostics.map(({ code, path, subject }) => [code, path, subject]), [['inventory.duplicate', 'workloads.shop[1]', 'shop/web']])
})

test('another thread reads the same, while JavaScript goes on', async () => {
  const options = { cluster: 'prod', asOf: '2026-11-20' }
  const copies = buffers.map((document) => Buffer.from(document))
  const reading = ClusterInventory.fromKubernetesAsync(copies, options)
  // What was given may be written over at once.
  for (const document of copies) document.fill(0)
  const [inventory, same] = [await reading, cluster()]
  assert.deepEqual(inventory.toJSON(), same.toJSON())
  const adding = inventory.addPrometheusAsync('cpu_usage', answer(START, ['1', '2']))
  assert.equal(inventory.toJSON().usage, undefined)
  assert.equal(await adding, inventory)
  assert.deepEqual(inventory.toJSON(), same.addPrometheus('cpu_usage', answer(START, ['1', '2'])).toJSON())
  const refused = async (code, path, promise) =>
    assert.rejects(promise, (error) => error instanceof finops.AllocationError && error.code === code && error.path === path)
  await refused('inventory.invalid_json', 'documents[1]', ClusterInventory.fromKubernetesAsync(['{}', '{"kind":'], options))
  const error = { code: 'config.invalid', path: 'metric' }
  await assert.rejects(inventory.addPrometheusAsync('cpu', '{}'), error)
  await assert.rejects(inventory.addPrometheusAsync('cpu_usage', '{}', { stepSeconds: 0 }), { ...error, path: 'stepSeconds' })
  await assert.rejects(ClusterInventory.fromKubernetesAsync(buffers, { asOf: 'today' }), finops.FinopsError)
})

test('the engine takes the inventory as it is', () => {
  const inventory = cluster()
  const wire = (given) => new FinOpsEngine().runDetectionCycle(given, { asOf: NIGHT }).map((found) => found.toJSON())
  assert.deepEqual(wire(inventory), wire(inventory.toJSON()))
  const data = { cluster: 'c', workloads: { finance: [{ name: 'pay', cpu_request: 2, cpu_usage: 0.5 }] } }
  const both = wire([ClusterInventory.fromClusterData(data), inventory])
  assert.deepEqual(both, wire([data, inventory]))
  assert.ok(both.some((found) => found.workload === 'pay'))
})

test('the queries of Prometheus', () => {
  const cpu = ClusterInventory.queries({ stepSeconds: 60 }).find(({ metric }) => metric === 'cpu_usage')
  assert.ok(cpu.query.endsWith('(rate(container_cpu_usage_seconds_total{container!=""}[60s]))'))
  assert.equal(cpu.stepSeconds, 60)
})

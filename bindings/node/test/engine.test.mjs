// The engine as JavaScript uses it: the guide of the original, bad records, detectors of one's own, changes, git, GitHub.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'

const finops = createRequire(import.meta.url)('../dist/index.js')
const { ClusterInventory, FinOpsEngine, Opportunity, PRGenerator, SavingsLedger, WasteDetectionEngine, allocate, generateEvidencePack } = finops

const DATA = {
  cluster: 'finance-cluster',
  workloads: {
    finance: [{ name: 'payment-service', cpu_request: 2.0, cpu_usage: 0.5, memory_request_gb: 4.0, memory_usage_gb: 1.0, team: 'payments' }],
  },
}
const NIGHT = '2026-11-20T03:00:00Z'
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: payment-service, namespace: finance}
spec:
  template:
    spec:
      containers:
        - name: app
          resources:
            requests:
              cpu: "2" # peak of 2024
              memory: 4Gi
`
const engine = (options = {}) => new FinOpsEngine({ guardrails: { minConfidence: '0.6' }, ...options })

test('the guide runs', () => {
  const engine = new FinOpsEngine()
  const opportunities = engine.runDetectionCycle(DATA)
  const pullRequests = engine.generatePrs(opportunities)
  engine.generateWeeklyReport()
  engine.generateMonthlyReport()
  assert.equal(engine.ledger.getTotalEstimatedSavings(), '109.5')
  assert.equal(engine.ledger.getTotalRealizedSavings(), '0')
  assert.deepEqual(opportunities.map((o) => [o.type, o.estimatedMonthlySavings, o.confidence, o.guardrail.action]), [
    ['over_requested_cpu', '91.25', '0.65', 'deny'],
    ['over_requested_memory', '18.25', '0.65', 'deny'],
  ])
  assert.deepEqual(pullRequests, [])
  assert.ok(opportunities[0] instanceof Opportunity)
  assert.equal(opportunities[0].recommendation, 'Lower the CPU request of `payment-service`: cpu_request from 2 to 0.75.')
  assert.equal(engine.lastReport.portfolio.granted_monthly, '109.500000000')
  assert.equal(opportunities[0].estimate.realizableReason, 'node_supply_unknown')
})

test('the same run twice is the same', async () => {
  const [one, other] = [engine(), engine()]
  const again = JSON.stringify(one.runDetectionCycle(DATA, { asOf: NIGHT }))
  assert.equal(JSON.stringify(one.runDetectionCycle(DATA, { asOf: NIGHT })), again)
  assert.equal(JSON.stringify(other.runDetectionCycle(DATA, { asOf: new Date(NIGHT) })), again)
  assert.equal(one.ledger.getTotalEstimatedSavings(), '109.5')
  const found = other.runDetectionCycle(DATA, { asOf: NIGHT })[0]
  assert.equal((await new SavingsLedger().addOpportunity(found)).estimatedMonthlySavings, '91.25')
})

test('bad records stop nobody', () => {
  const bad = [NaN, Infinity, -1, true, 'lots', [], {}, () => 1]
  const workloads = bad.map((value, i) => ({ name: `bad-${i}`, cpu_request: value, cpu_usage: 0.1 }))
  const detecting = new WasteDetectionEngine()
  const found = detecting.detectAll({ workloads: { a: [...workloads, { name: 'good', cpu_request: '8', cpu_usage: 1 }] } }, { asOf: NIGHT })
  assert.deepEqual(found.map((o) => o.workload), ['good'])
  const undetermined = new Set(detecting.lastReport.assessments.filter((a) => a.reason === 'waste.invalid_record').map((a) => a.workload))
  assert.equal(undetermined.size, bad.length)
  for (const wrong of [null, 5, 'text', { workloads: 5 }]) {
    assert.throws(() => new FinOpsEngine().runDetectionCycle(wrong), (error) => error instanceof finops.WasteError && error.code.startsWith('waste.'))
  }
})

test("detectors of one's own", () => {
  const own = engine()
  own.registerDetector({ name: 'Raising', detect: () => { throw new RangeError('no') } })
  const item = { type: 'idle_cache', namespace: 'finance', workload: 'redis', estimatedMonthlySavings: 40.5, confidence: 0.9, riskScore: 0.1 }
  own.registerDetector({ name: 'caches', detect: () => [item, { type: 'Bad' }] })
  const found = own.runDetectionCycle(DATA, { asOf: NIGHT })
  assert.deepEqual(found.map((o) => o.type), ['over_requested_cpu', 'idle_cache', 'over_requested_memory'])
  assert.deepEqual(own.lastReport.failures.map((f) => [f.detector, f.code]), [['Raising', 'waste.detector_failed'], ['caches', 'waste.invalid_record']])
  assert.equal(own.ledger.getTotalEstimatedSavings(), '150')
  assert.throws(() => own.registerDetector({}), TypeError)
})

test('changes edit their sources, and become a branch', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'finops-engine-'))
  const git = (...words) => execFileSync('git', ['-C', folder, ...words], { encoding: 'utf8' })
  try {
    git('init', '-q', '-b', 'main')
    writeFileSync(join(folder, 'pay.yaml'), DEPLOYMENT)
    git('add', '.')
    git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-q', '-m', 'first')
    const finds = engine({ repoPath: folder })
    const found = finds.runDetectionCycle(DATA, { asOf: NIGHT })
    const [change] = finds.generatePrs(found)
    assert.deepEqual([change.status, change.title, change.estimatedSavings], ['ready', 'Cost Optimization: Right-size CPU for payment-service', '109.5'])
    assert.ok(change.changes[0].content.includes('cpu: "750m" # peak of 2024') && !change.requiresApproval)
    const [same] = finds.generatePrs(found, { sources: { 'pay.yaml': Buffer.from(DEPLOYMENT) } })
    assert.equal(same.changes[0].diff, change.changes[0].diff)
    const commit = await change.commit()
    assert.ok(commit.created)
    assert.equal(git('status', '--porcelain'), '')
    assert.equal(git('show', `${change.branchName}:pay.yaml`), change.changes[0].content)
    const written = await change.write(join(folder, 'out'))
    assert.deepEqual(written.map((path) => basename(path)).sort(), ['change.patch', 'pay.yaml', 'pull_request.md', 'rollback.patch'])
    assert.equal(readFileSync(join(folder, 'pay.yaml'), 'utf8'), DEPLOYMENT)
    writeFileSync(join(folder, 'pay.yaml'), `${DEPLOYMENT}# mine\n`)
    await assert.rejects(change.commit(), (error) => error instanceof finops.ChangeError && error.code === 'change.source_changed')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the names of the original', () => {
  const opportunity = {
    type: 'over_requested_cpu', cluster: 'c', namespace: 'finance', workload: 'payment-service', estimatedMonthlySavings: 91.25,
    confidence: 0.9, riskScore: 0.1, beforeState: { cpu_request: 2 }, afterState: { cpu_request: '0.75' },
  }
  const change = new PRGenerator().generatePr(opportunity, { sources: { 'pay.yaml': DEPLOYMENT } })
  assert.equal(change.status, 'ready')
  assert.ok(generateEvidencePack(new Opportunity(opportunity)).change.title.endsWith('payment-service'))
  assert.throws(() => new PRGenerator().generatePr({ type: 'idle_nodes' }), finops.WasteError)
})

test('a pull request is opened with a token', async () => {
  const asked = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => (body += part))
    request.on('end', () => {
      asked.push([request.url, request.headers.authorization, JSON.parse(body).base])
      response.writeHead(201).end(JSON.stringify({ number: 7, html_url: 'https://example.com/pull/7' }))
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const finds = engine({ githubToken: 't0ken' })
    const [change] = finds.generatePrs(finds.runDetectionCycle(DATA, { asOf: NIGHT }))
    const apiUrl = `http://127.0.0.1:${server.address().port}`
    assert.deepEqual(await change.open('acme/infra', { apiUrl }), { number: 7, url: 'https://example.com/pull/7' })
    assert.deepEqual(asked, [['/repos/acme/infra/pulls', 'Bearer t0ken', 'main']])
    await assert.rejects(change.open('no repository', { apiUrl }), finops.ChangeError)
  } finally {
    server.close()
  }
})

test('inventories and allocation', () => {
  const pods = { kind: 'PodList', apiVersion: 'v1', items: [{
    metadata: { namespace: 'shop', name: 'web-0', labels: { team: 'web' } },
    spec: { nodeName: 'n1', containers: [{ name: 'web', resources: { requests: { cpu: '1' } } }] },
    status: { phase: 'Running', startTime: '2026-11-18T00:00:00Z' },
  }] }
  const nodes = { kind: 'NodeList', apiVersion: 'v1', items: [{
    metadata: { name: 'n1', labels: { 'node.kubernetes.io/instance-type': 'm5.large', 'topology.kubernetes.io/region': 'us-east-1' } },
    status: { capacity: { cpu: '2', memory: '8Gi' }, allocatable: { cpu: '2', memory: '8Gi' } },
  }] }
  const inventory = ClusterInventory.fromKubernetes([pods, JSON.stringify(nodes)], { cluster: 'prod', asOf: '2026-11-20T00:00:00Z' })
  inventory.addPrometheus('cpu_usage', { status: 'success', data: { resultType: 'matrix', result: [] } })
  const set = allocate(inventory, { window: ['2026-11-19T00:00:00Z', '2026-11-20T00:00:00Z'], idle: 'share' })
  const report = set.aggregate({ by: ['label:team', 'namespace'] })
  assert.ok(report.rows.length > 0)
  assert.equal(set.toJSON().difference, '0')
  assert.ok(report.toCsv().split('\r\n').length > 2)
  assert.ok(Array.isArray(new FinOpsEngine().runDetectionCycle(inventory)))
  assert.throws(() => inventory.addPrometheus('cpu_usage', '{}{}'), finops.AllocationError)
})

test('options are checked', () => {
  assert.throws(() => new FinOpsEngine({ detection: { no_such_setting: 1 } }), finops.WasteError)
  assert.throws(() => new FinOpsEngine({ guardrails: { minConfidence: 7 } }), finops.PolicyError)
})

// Records in, a table of findings out: every form of input, refusals, identity, sums, names of the public system; and the cluster whose
// report is committed.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const { ClusterInventory, FindingError, WasteError, allocate, findings } = createRequire(import.meta.url)('../dist/index.js')

const context = { tenantId: 'acme', workspaceId: 'prod', runId: 'r1', runTs: '2026-11-21T08:00:00Z' }
const wire = { tenant_id: 'acme', workspace_id: 'prod', run_id: 'r1', run_ts: '2026-11-21T08:00:00Z' }
const record = (number, more = {}) => ({
  check_id: 'own.unattached',
  status: 'fail',
  scope: { cloud: 'aws', account_id: '14498620306', region: 'eu-west-1', service: 'AmazonEC2', resource_type: 'ebs-volume', resource_id: `vol-${number}` },
  estimated: { monthly_savings: `${number}.50`, monthly_cost: '100', currency: 'USD', confidence: 80 },
  ...more,
})
const records = [record(3), record(1), record(2)]
const lines = records.map((one) => `${JSON.stringify(one)}\n`).join('')
const code = (code, path) => (error) => error instanceof FindingError && error.code === code && (path === undefined || error.path === path)

test('every form is the same', async () => {
  const pieces = [lines.slice(0, 50), lines.slice(50)].map((piece) => Buffer.from(piece))
  async function* later() {
    yield* records
  }
  const forms = [records, new Set(records), later(), lines, Buffer.from(lines), pieces, Readable.from(pieces), lines.trimEnd().split('\n')]
  for (const form of [...forms, [records[0], Buffer.from(`${JSON.stringify(records[1])}\n`), JSON.stringify(records[2])]]) {
    const done = await findings.validate(form, { context })
    assert.deepEqual([...done.accepted].map((one) => one.scope.resource_id), ['vol-1', 'vol-2', 'vol-3'])
    assert.deepEqual([done.places, done.rejectedCount, done.counts], [[1, 2, 0], 0, { accountPadded: 3 }])
    assert.equal(done.accepted.at(-1).scope.account_id, '014498620306')
    assert.equal(done.accepted.at(3), undefined)
  }
})

test('bad records are named and the others stand', async () => {
  const given = [record(1), {}, '[', record(2, { surprise: 1 }), 5, record(4, { metrics: { x: NaN } }), record(5, { evidence: { at: () => 1 } })]
  const done = await findings.validate(given, { context })
  assert.deepEqual([done.places, done.rejectedCount], [[0], 6])
  assert.deepEqual(
    done.rejected.map(({ index, errors: [first] }) => [index, first.code, first.path]),
    [
      [1, 'finding.missing_field', '/check_id'],
      [2, 'finding.bad_json', ''],
      [3, 'finding.unknown_field', '/surprise'],
      [4, 'finding.not_object', ''],
      [5, 'finding.bad_json', '/metrics/x'],
      [6, 'finding.wrong_type', '/evidence/at'],
    ],
  )
  const dropped = await findings.validate(record(2, { surprise: 1 }), { context, unknown: 'drop' })
  assert.deepEqual([dropped.accepted.length, dropped.counts.unknownDropped], [1, 1])
  await assert.rejects(findings.validate(given, { context, strict: true }), code('finding.missing_field', 'records/1/check_id'))
  await assert.rejects(findings.validate([], { context: { runTs: 'yesterday' } }), code('finding.bad_time'))
})

test('one by one, in the order of the input', async () => {
  const found = []
  for await (const one of findings.validateEach([record(1), '{}', record(2, { run_ts: new Date(0) })], { context })) found.push(one)
  assert.deepEqual(found.map((one) => [one.index, one.finding?.run_ts ?? one.errors[0].code]), [
    [0, '2026-11-21T08:00:00.000Z'],
    [1, 'finding.missing_field'],
    [2, '1970-01-01T00:00:00.000Z'],
  ])
})

test('identity', async () => {
  const whole = { ...record(7), ...wire }
  const finding = (await findings.validate(whole)).accepted.at(0)
  assert.equal(findings.fingerprint(whole), finding.fingerprint)
  assert.equal(findings.findingId(finding.fingerprint), finding.finding_id)
  const days = [new Date('2026-11-21T08:00:00Z'), '2026-11-21T23:00:00Z'].map((runTs) => findings.findingId(finding.fingerprint, 'per_day', { runTs }))
  assert.equal(days[0], days[1])
  assert.notEqual(findings.seedFingerprint(whole), finding.fingerprint)
  const once = findings.canonicalize(whole)
  assert.equal(findings.canonicalize(once), once)
  assert.equal(findings.canonicalize(record(7), context), once)
  assert.equal(findings.canonicalize(finding), once)
  assert.throws(() => findings.fingerprint({ tenant_id: 'acme' }), FindingError)
  assert.throws(() => findings.findingId(finding.fingerprint, 'per_run'), code('finding.missing_field', 'runId'))
  assert.throws(() => findings.canonicalize({}), FindingError)
})

test('sums', async () => {
  const done = await findings.validate(records, { context })
  const totals = { USD: { findings: 3, savings: '7.5', cost: '300', savingsUnknown: 0, costUnknown: 0 } }
  for (const form of [done, done.accepted, [...done.accepted]]) assert.deepEqual(await findings.totals(form), totals)
  assert.deepEqual(await findings.combine(done), { monthlyCost: '300', monthlySavings: '7.5', confidence: 80, currency: 'USD', reason: null })
  const perRun = await findings.validate(records, { context: { ...context, findingIdMode: 'per_run' } })
  assert.equal(await findings.contentHash([...perRun.accepted]), await findings.contentHash(perRun))
  assert.notEqual(await findings.contentHash(perRun), await findings.contentHash(done))
  await assert.rejects(findings.totals([record(1)]), code('finding.missing_field', 'records/0/run_id'))
})

test('names of the public system', () => {
  const whole = { ...record(7), ...wire, finding_id: 'of long ago' }
  const built = findings.buildIdsAndValidate(whole, { findingIdSalt: 'r9' })
  assert.equal(built, whole)
  const { scope, check_id: checkId } = whole
  assert.equal(built.fingerprint, findings.computeFingerprint({ tenantId: 'acme', workspaceId: 'prod', checkId, scope }))
  assert.equal(built.finding_id, findings.computeFindingId({ fingerprint: built.fingerprint, salt: 'r9' }))
  findings.validateRecordOrRaise(built)
  assert.throws(() => findings.validateRecordOrRaise({ ...whole, fingerprint: '0'.repeat(64) }), code('finding.id_mismatch'))
})

const folder = fileURLToPath(new URL('../../../examples/data/cluster/', import.meta.url))
const document = (name) => JSON.parse(readFileSync(`${folder}${name}`, 'utf8'))

test('the report of the cluster is the committed one', () => {
  const question = document('question.json')
  const documents = ['nodes', 'pods', 'workloads', 'storage', 'services'].map((name) => document(`${name}.json`))
  for (const order of [(list) => list, (list) => [...list].reverse()]) {
    const given = order(documents).map((one) => ({ ...one, items: order(one.items) }))
    const inventory = ClusterInventory.fromKubernetes(given, { cluster: question.cluster, asOf: question.as_of })
    for (const metric of order(['cpu_usage', 'memory_working_set'])) {
      inventory.addPrometheus(metric, readFileSync(`${folder}${metric}.json`), { stepSeconds: question.step_seconds })
    }
    const report = allocate(inventory, { ...question.config, prices: question.prices }).aggregate({ by: question.by })
    assert.equal(JSON.stringify(report.toJSON()), readFileSync(`${folder}report.json`, 'utf8').trimEnd())
    assert.equal(report.toCsv(), readFileSync(`${folder}report.csv`, 'utf8'))
  }
})

test('a summary is allocated as far as it says', () => {
  const summary = {
    region: 'us-east-1',
    workloads: { shop: [{ name: 'web', team: 'checkout', cpu_request: 2 }] },
    node_groups: [{ name: 'workers', node_count: 3, instance_type: 'm5.xlarge' }],
    volumes: [{ volume_id: 'vol-1', size_gb: 100, type: 'gp3', age_days: 30, attached: false }],
    surprise: 1,
  }
  const inventory = ClusterInventory.fromClusterData(summary, { asOf: '2026-11-20T00:00:00Z' })
  assert.deepEqual(inventory.diagnostics.map((one) => one.code), ['inventory.unknown_field'])
  const { totals, assets } = allocate(inventory).toJSON()
  assert.equal(totals.assets, '0.263013699')
  assert.deepEqual(assets.filter((one) => one.cost === null).map((one) => [one.name, one.reason]), [['node_group/workers', 'its capacity is not known']])
  assert.equal(allocate(ClusterInventory.fromClusterData(summary)).toJSON().totals.assets, '0.263013699')
  assert.throws(() => ClusterInventory.fromClusterData({ workloads: 5 }), WasteError)
})

// The gate, the guardrails and the infrastructure gates as a Node program uses them.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { test } from 'node:test'
import { Decision, FinopsError, GuardrailEngine, Guardrails, PolicyCheck, PolicyError, PolicyGate, TestReport, iac, policy } from 'finops'
import { readExact, same, toValue } from './vectors/exact.mjs'

const TAGS = { team: 'ai', environment: 'dev' }
const DEAR = { unit_cost_usd: 0.6, cost_tags: TAGS }
const UNIT_COST = 'Unit cost 0.6 USD exceeds budget cap of 0.5 USD'
const rules = (decision) => decision.violations.map(({ rule }) => rule)
const gate = new PolicyGate()

const OWN = `package finops

default allow := false

allow if count(deny) == 0

deny contains {"rule": "own.team", "message": "the team is on hold"} if input.cost_tags.team == "held"

test_held if count(deny) == 1 with input as {"cost_tags": {"team": "held"}}
`

test('a decision says everything, in names of JavaScript and of the wire', () => {
  const decision = gate.decide(DEAR, { decisionId: 'd-1', now: '2026-11-21T03:00:00Z' })
  assert.ok(decision instanceof Decision)
  assert.deepEqual(
    [decision.allowed, decision.decision, decision.denyMessages, decision.code, decision.decisionId],
    [false, 'deny', [UNIT_COST], null, 'd-1'],
  )
  assert.deepEqual(decision.violations, [{ rule: 'budget.unit_cost', action: 'deny', path: '/unit_cost_usd', actual: '0.6', limit: '0.5' }])
  assert.deepEqual(decision.notEvaluated[0], ['budget.total_spend', 'input_absent'])
  assert.deepEqual([decision.warnings, decision.approvals, decision.shadow, decision.engine], [[], null, null, 'typed'])
  assert.match(decision.inputDigest, /^sha256:[0-9a-f]{64}$/)
  assert.equal(decision.policyDigest, gate.policyDigest)
  assert.ok(Number.isSafeInteger(decision.evalNs) && decision.evalNs > 0)
  const wire = JSON.parse(JSON.stringify(decision))
  assert.deepEqual([wire.deny_messages, wire.decision_id, wire.eval_ns], [[UNIT_COST], 'd-1', decision.evalNs])
  assert.match(gate.decide(DEAR).decisionId, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  assert.equal(gate.decide({ unit_cost_usd: 0.2, cost_tags: TAGS }).allowed, true)
})

test('numbers are what was written: shortest digits, whole bigints, exact text', () => {
  const decide = (value, config = {}) => new PolicyGate({ config: { unitCostUsd: { denyAbove: '0.3' }, ...config } }).decide({ unit_cost_usd: value, cost_tags: TAGS })
  assert.equal(decide(0.1 + 0.2).violations[0].actual, '0.30000000000000004')
  assert.equal(decide(0.3).allowed, true)
  assert.equal(decide('0.3000000000000000000000001').violations[0].actual, '0.3000000000000000000000001')
  assert.equal(decide(-0).allowed, true)
  assert.equal(decide(5e-324).allowed, true)
  assert.equal(decide(1e21).violations[0].rule, 'input.range')
  assert.equal(decide(900719925474n).violations[0].actual, '900719925474')
  assert.equal(decide(2n ** 53n + 1n).violations[0].actual, '9007199254740993')
  const exact = gate.decideJson('{"unit_cost_usd":0.50000000000000000000001,"cost_tags":{"team":"a","environment":"b"}}')
  assert.equal(exact.violations[0].actual, '0.50000000000000000000001')
  assert.deepEqual(gate.decideJson(Buffer.from(JSON.stringify(DEAR))).denyMessages, [UNIT_COST])
  assert.equal(gate.decide({ ...DEAR, at: 2n ** 64n }).inputDigest, gate.decideJson(`{"unit_cost_usd":0.6,"at":18446744073709551616,"cost_tags":${JSON.stringify(TAGS)}}`).inputDigest)
})

test('Maps are objects, undefined is null, and objects of other realms are plain', () => {
  const map = new Map([['unit_cost_usd', 0.6], ['cost_tags', new Map(Object.entries(TAGS))]])
  assert.equal(gate.decide(map).inputDigest, gate.decide(DEAR).inputDigest)
  assert.deepEqual(rules(gate.decide({ ...DEAR, unit_cost_usd: undefined })), ['input.null'])
  const foreign = runInContext('({ unit_cost_usd: 0.6, cost_tags: { team: "ai", environment: "dev" } })', createContext({}))
  assert.equal(gate.decide(foreign).inputDigest, gate.decide(DEAR).inputDigest)
  const named = JSON.parse('{"unit_cost_usd":0.6,"__proto__":{"unit_cost_usd":0.1},"cost_tags":{"team":"ai","environment":"dev"}}')
  assert.deepEqual(gate.decide(named).denyMessages, [UNIT_COST])
  assert.equal(gate.decide(named).inputDigest, gate.decideJson(JSON.stringify(named)).inputDigest)
  assert.equal(gate.decide(Object.assign(Object.create(null), DEAR)).inputDigest, gate.decide(DEAR).inputDigest)
})

test('what JSON cannot hold is denied by name', () => {
  class Money {
    amount = 1
  }
  const first = (value) => {
    const decision = gate.decide({ unit_cost_usd: value, cost_tags: TAGS })
    assert.equal(decision.allowed, false)
    assert.equal(decision.violations[0].path, '/unit_cost_usd')
    return [rules(decision)[0], decision.denyMessages[0]]
  }
  for (const [value, shown] of [[NaN, 'NaN'], [Infinity, 'Infinity'], [-Infinity, '-Infinity']]) {
    assert.deepEqual(first(value), ['input.number', `unit_cost_usd must be a finite number, got ${shown}`])
  }
  for (const [value, shown] of [
    [new Date(), 'Date'],
    [() => 1, 'function'],
    [Symbol('x'), 'symbol'],
    [new Money(), 'Money'],
    [new Set(), 'Set'],
    [Buffer.from('1'), 'Buffer'],
    [Object(1), 'Number'],
    ['\ud800', 'a string with a lone surrogate'],
  ]) {
    assert.deepEqual(first(value), ['input.type', `unit_cost_usd must be a number, got ${shown}`])
  }
  // Also where no schema looks.
  const bare = new PolicyGate({ schema: 'none', bundle: { 'a.rego': 'package finops\n\ndefault allow := true\n' } })
  assert.equal(bare.decide({ at: 1 }).allowed, true)
  for (const value of [{ at: [new Date()] }, { at: new Map([[1, 2]]) }, { '\udfff': 1 }]) {
    assert.deepEqual(rules(bare.decide(value)), ['input.type'])
  }
  assert.deepEqual(bare.decide({ 'a/b': { '~': NaN } }).violations[0].path, '/a~1b/~0')
})

test('no input throws: cycles, depth, size, hostile objects', () => {
  const cyclic = { cost_tags: TAGS }
  cyclic.self = cyclic
  const wide = []
  for (let i = 0; i < 10; i++) wide.push(wide)
  let deep = {}
  for (let i = 0; i < 100_000; i++) deep = { deep }
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const getter = { cost_tags: TAGS, get unit_cost_usd() { throw new Error('no') } }
  const trap = new Proxy({}, { ownKeys() { throw new Error('no') } })
  const cases = [
    [cyclic, 'input.too_deep'],
    [deep, 'input.too_deep'],
    [{ wide, cost_tags: TAGS }, 'input.too_large'],
    [{ text: 'x'.repeat(10 << 20) }, 'input.too_large'],
    [{ text: '\0'.repeat(2 << 20) }, 'input.too_large'],
    [{ list: new Array(1e9) }, 'input.too_large'],
    [getter, 'input.type'],
    [trap, 'input.not_object'],
    [revoked.proxy, 'input.not_object'],
    [null, 'input.not_object'],
    [undefined, 'input.not_object'],
    ['{}', 'input.not_object'],
    [[], 'input.not_object'],
    [new Date(), 'input.not_object'],
  ]
  for (const [input, rule] of cases) {
    const decision = gate.decide(input)
    assert.deepEqual([decision.allowed, rules(decision)[0]], [false, rule])
    assert.ok(gate.explain(decision).rules.length > 0)
    assert.ok(gate.logEvent(decision).length > 0)
  }
  let nested = {}
  for (let i = 1; i < 64; i++) nested = { nested }
  assert.deepEqual(rules(gate.decide(nested)), ['tags.missing'], '64 containers are not too deep')
  assert.equal(gate.decide({ text: '\0'.repeat(1 << 19), cost_tags: TAGS }).allowed, true, 'an escape is one byte')
  for (const [text, rule] of [
    ['', 'input.json'],
    ['{"a":NaN}', 'input.json'],
    ['{"a":"\ud800"}', 'input.json'],
    [Buffer.from([0x22, 0xff, 0x22]), 'input.json'],
    ['{"a":1,"a":2}', 'input.duplicate_key'],
    [' '.repeat(10 << 20), 'input.too_large'],
    ['['.repeat(100_000), 'input.too_deep'],
  ]) {
    const decision = gate.decideJson(text)
    assert.deepEqual(rules(decision), [rule])
    assert.equal(JSON.parse(gate.logEvent(decision)).input, undefined, 'unread text cannot be masked')
  }
})

test('many inputs are decided at one instant, each with an id of its own', () => {
  const decisions = gate.decideMany(new Set([DEAR, { cost_tags: TAGS }, NaN]))
  assert.deepEqual(decisions.map(({ allowed }) => allowed), [false, true, false])
  assert.equal(new Set(decisions.map(({ decisionId }) => decisionId)).size, 3)
  assert.equal(new Set(decisions.map((decision) => JSON.parse(gate.logEvent(decision)).timestamp)).size, 1)
})

test('options are read in camelCase and in the names of the wire, and refused with their place', () => {
  const own = new PolicyGate({ config: { unitCostUsd: { denyAbove: '1' }, requiredTags: [], actions: { 'tags.missing': 'warn' } } })
  assert.equal(own.decide({ unit_cost_usd: 0.9 }).decision, 'allow')
  assert.deepEqual(own.decide({ unit_cost_usd: 1.1 }).warnMessages, ['Deployment missing required cost_tags'])
  const wire = new PolicyGate({ config: { unit_cost_usd: { deny_above: '1' }, required_tags: [], actions: { 'tags.missing': 'warn' } } })
  assert.equal(wire.policyDigest, own.policyDigest)
  const refused = (options, path) =>
    assert.throws(() => new PolicyGate(options), (error) => {
      assert.ok(error instanceof PolicyError && error instanceof FinopsError)
      assert.deepEqual([error.code, error.path, error.findings], ['policy.config', path, []])
      return true
    })
  refused({ maxAge: 5 }, '/max_age')
  refused({ config: { unitCostUsd: { denyAbove: 0.1 + 0.2 ** 30, warnAbove: 5 } } }, '/unit_cost_usd/warn_above')
  refused({ config: { actions: { 'no.rule': 'warn' } } }, '/actions/no.rule')
  refused({ engine: 'fast' }, '/engine')
  refused({ schema: 'none', defaultPolicy: true }, '/schema')
  refused({ config: new Date() }, '/options/config')
  refused({ bundle: 5 }, '/bundle')
  refused({ bundle: { 'a.rego': 5 } }, '/bundle/a.rego')
  assert.throws(() => gate.decide({}, { now: '2026-11-21' }), { code: 'usage.naive_time', path: 'now' })
  assert.throws(() => gate.decide({}, { requester: 5 }), { code: 'policy.config', path: '/requester' })
  assert.throws(() => gate.decideJson({}), { code: 'policy.config', path: '/input' })
})

test('exemptions, approvals and a candidate', () => {
  const exempting = new PolicyGate({
    exemptions: [{
      id: 'EX-1', rule: 'budget.unit_cost', selector: { '/cost_tags/team': 'ai' }, reason: 'launch', owner: 'ai', approvedBy: 'cfo',
      created: '2026-11-01T00:00:00Z', expires: '2026-12-01T00:00:00Z',
    }],
    candidate: { unitCostUsd: { denyAbove: '0.7' } },
  })
  const now = '2026-11-21T03:00:00Z'
  const exempted = exempting.decide(DEAR, { now })
  assert.deepEqual([exempted.allowed, exempted.exempted], [true, [{ rule: 'budget.unit_cost', exemption: 'EX-1' }]])
  assert.deepEqual(exempted.shadow, { decision: 'allow', changed: false, added: [], removed: [] })
  assert.deepEqual(exempting.decide(DEAR, { now: null }).exemptionWarnings, [['exemption.time_unknown', 'EX-1']])

  const asking = new PolicyGate({ config: { actions: { 'budget.unit_cost': 'require_approval' } }, quorum: { default: 2 } })
  const asked = asking.decide(DEAR, { requester: 'dev@x', now })
  assert.deepEqual([asked.decision, asked.allowed, asked.approvals.missing], ['require_approval', false, { 'budget.unit_cost': 2 }])
  const approval = (id, approver) => ({
    id, approver, inputDigest: asked.inputDigest, policyRevision: asked.policyRevision, rules: ['budget.unit_cost'],
    approvedAt: '2026-11-21T02:00:00Z', expiresAt: '2026-11-21T08:00:00Z',
  })
  const approvals = [approval('A', 'lead@x'), approval('B', 'cfo@x'), approval('C', 'DEV@x')]
  const lifted = asking.decide(DEAR, { requester: 'dev@x', now: new Date(now), approvals })
  assert.deepEqual([lifted.decision, lifted.approvals], ['allow', { missing: {}, used: ['A', 'B'], rejected: [['C', 'approval.self_approval']] }])
  assert.equal(asking.decide(DEAR, { now, approvals: approvals.slice(0, 1) }).allowed, false)
  assert.throws(() => asking.decide(DEAR, { approvals: [{ id: new Date() }] }), { code: 'policy.config', path: '/approvals/0/id' })
  assert.equal(asking.explain(lifted).rules.find(({ rule }) => rule === 'budget.unit_cost').outcome, 'approved')
  assert.equal(asking.replay(asking.logEvent(lifted)).same, true)
  assert.equal(exempting.replay(exempting.logEvent(exempted)).same, true)
})

test('policies of one’s own load as text, folder and file; a failed reload keeps the last good ones', () => {
  const folder = mkdtempSync(join(tmpdir(), 'finops-policy-'))
  try {
    const file = join(folder, 'own.rego')
    writeFileSync(file, OWN)
    for (const bundle of [{ 'own.rego': OWN }, folder, file]) {
      const own = new PolicyGate({ bundle })
      const held = own.decide({ cost_tags: { team: 'held', environment: 'dev' } })
      assert.deepEqual([held.denyMessages, rules(held), held.engine === 'typed'], [['the team is on hold'], ['own.team'], false])
      assert.equal(own.decide({ cost_tags: TAGS }).allowed, true)
      assert.equal(typeof own.status().loadedAt, 'string')
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  const own = new PolicyGate({ bundle: { 'own.rego': OWN } })
  const before = own.status()
  const early = own.decide({ cost_tags: TAGS })
  const bad = OWN.replace('"held"\n\ntest', 'data.limits.team\n\ntest')
  assert.throws(() => own.reload({ 'bad.rego': bad }), (error) => {
    assert.ok(error instanceof PolicyError)
    assert.equal(error.code, error.findings[0].code)
    assert.deepEqual([error.findings[0].code, error.findings[0].file], ['lint.data_missing', 'bad.rego'])
    return true
  })
  assert.equal(own.status().lastError.code, 'lint.data_missing')
  assert.equal(own.status().revision, before.revision)
  assert.equal(own.decide({ cost_tags: { team: 'held', environment: 'dev' } }).allowed, false)
  assert.throws(() => own.reload({ 'bad.rego': OWN.replace('== 1', '== 2') }), { code: 'policy.tests_failed' })
  assert.throws(() => own.reload('no/such/folder'), { code: 'policy.source', path: 'no/such/folder' })
  assert.throws(() => own.reload(Buffer.from('no archive')), { code: 'bundle.format' })
  assert.throws(() => own.reload(5), { code: 'policy.config', path: '/bundle' })
  const report = own.reload({ 'own.rego': bad }, { limits: { team: 'held' } })
  assert.deepEqual([report.engine, report.warnings, report.tests.passed], ['rvm', [], 1])
  assert.equal(own.status().lastError, null)
  assert.notEqual(own.status().revision, before.revision)
  // A decision is logged under the policies that made it.
  assert.equal(JSON.parse(own.logEvent(early)).result.policy_revision, early.policyRevision)
  assert.throws(() => own.replay(own.logEvent(early)), { code: 'policy.replay_revision', path: '/result/policy_digest' })
})

test('an archive loads under its own revision', () => {
  const vectors = new URL('../../vectors/policy.json', import.meta.url)
  const { tar_gz_base64 } = JSON.parse(readFileSync(vectors, 'utf8')).cases.find(({ id }) => id === 'bundle/loads/001')
  const archive = new Uint8Array(Buffer.from(tar_gz_base64, 'base64'))
  const own = new PolicyGate({ bundle: archive })
  assert.equal(own.status().revision, policy.bundle({ tarGzBase64: tar_gz_base64 }).revision)
  assert.throws(() => new PolicyGate({ bundle: archive, expectedSha256: '0'.repeat(64) }), { code: 'bundle.digest' })
})

test('lint, unit tests with coverage, JUnit and SARIF', () => {
  assert.deepEqual([gate.lint().loads, gate.lint().errors, gate.lint().engine], [true, [], 'rvm'])
  const report = new PolicyGate({ bundle: { 'own.rego': OWN } }).test({ coverage: true })
  assert.ok(report instanceof TestReport)
  assert.deepEqual([report.passed, report.failed, report.success, report.results[0].name], [1, 0, true, 'test_held'])
  assert.ok(report.coverage.covered > 0 && Array.isArray(report.coverage.files[0].notCovered))
  assert.match(report.junit(), /^<\?xml[^]*test_held/)
  assert.equal(JSON.parse(report.sarif()).version, '2.1.0')
  const failing = new PolicyGate({ bundle: { 'own.rego': OWN.replace('== 1', '== 2') }, runTests: false }).test()
  assert.deepEqual([failing.failed, failing.success, failing.coverage], [1, false, null])
  assert.match(failing.github(), /^::error /)
  const { modules, data } = policy.builtin({ unitCostUsd: { denyAbove: '2' } })
  const copy = new PolicyGate({ schema: 'none', bundle: modules, data, engine: 'interpreter', runTests: false })
  assert.equal(copy.decide({ unit_cost_usd: 1.5, cost_tags: TAGS }).allowed, true)
  assert.deepEqual(rules(copy.decide({ unit_cost_usd: 2.5, cost_tags: TAGS })), ['budget.unit_cost'])
  assert.equal(new PolicyGate({ bundle: policy.builtin().modules, data: policy.builtin().data }).decide(DEAR).engine, 'rvm')
})

test('events are masked, and replayed bit for bit', () => {
  const logging = new PolicyGate({ masks: ['/input/user/email'] })
  const inputs = [
    DEAR,
    { ...DEAR, big: 2n ** 70n, small: -0, text: 'ä\u2028"\\' },
    { unit_cost_usd: NaN, at: new Date(), cost_tags: TAGS },
    null,
  ]
  for (const input of inputs) {
    for (const options of [{}, { now: null, requester: 'dev@x' }]) {
      const event = logging.logEvent(logging.decide(input, options), { id: 'host-1' })
      const replayed = logging.replay(event)
      assert.deepEqual([replayed.same, replayed.differences, replayed.event], [true, [], event])
      assert.equal(new PolicyGate().replay(Buffer.from(event)).same, true, 'another process of the same policy')
    }
  }
  const masked = logging.logEvent(logging.decide({ ...DEAR, user: { email: 'a@b', apiKey: 'k-1' } }))
  assert.deepEqual([masked.includes('a@b'), masked.includes('k-1'), JSON.parse(masked).masked], [false, false, ['/input/user/apiKey']])
  assert.throws(() => logging.replay(masked), { code: 'policy.replay_masked', name: 'PolicyError' })
  assert.throws(() => logging.replay('{}'), { code: 'policy.replay_event' })
  assert.throws(() => logging.replay('{'), { code: 'input.json' })
  assert.throws(() => logging.logEvent({ ...logging.decide(DEAR) }), { code: 'policy.config', path: '/decision' })
  const changed = masked.replace('"0.5"', '"0.4"')
  const other = new PolicyGate({ config: { unitCostUsd: { denyAbove: '0.7' } } })
  const events = [logging.logEvent(logging.decide(DEAR)), changed]
  assert.deepEqual(other.impact(events), {
    events: 2, evaluated: 1, changed: 1, flips: [['deny', 'allow', 1]], added: {}, removed: { 'budget.unit_cost': 1 }, skipped: { 'policy.replay_masked': 1 },
  })
})

test('an explanation names each rule, its operands and its limit', () => {
  const { rules: explained } = gate.explain(gate.decide({ ...DEAR, cost_tags: { ...TAGS, account: 2n ** 53n + 1n } }))
  const one = (name) => explained.find(({ rule }) => rule === name)
  assert.deepEqual(one('budget.unit_cost'), { rule: 'budget.unit_cost', outcome: 'deny', operands: { '/unit_cost_usd': 0.6 }, limit: '0.5', reason: UNIT_COST })
  assert.equal(one('tags.required').operands['/cost_tags'].account, 9007199254740993n, 'no digit is lost')
  assert.deepEqual([one('carbon.region').outcome, one('carbon.region').reason], ['not_evaluated', 'input_absent'])
})

test('guardrails: every failing check, exact limits, refused updates', () => {
  assert.equal(GuardrailEngine, Guardrails)
  const guardrails = new Guardrails({ minConfidence: '0.8', timeZone: 'Europe/Berlin' })
  const change = { confidence: 0.9, risk_score: 0.2, monthly_saving_usd: '999.7', tags: ['env=dev'], namespace: 'a' }
  const now = '2026-11-21T01:30:00Z'
  const check = guardrails.checkOpportunity(change, [], now)
  assert.ok(check instanceof PolicyCheck)
  assert.deepEqual([check.action, check.policyName, check.details], ['require_approval', 'max_single_change', { policyName: 'max_single_change' }])
  assert.equal(check.reason, 'Change amount $999.7 exceeds single change limit $500')
  guardrails.updatePolicy('max_single_change', '1000')
  guardrails.updatePolicy('maxDailyChange', 1000)
  assert.deepEqual([guardrails.limits.maxSingleChange, guardrails.limits.minConfidence], ['1000', '0.8'])
  const passed = guardrails.checkOpportunity(change, [{ monthlySavingUsd: 0.2, at: now, namespace: 'a' }, { monthly_saving_usd: 0.1, at: now, namespace: 'a' }], new Date(now))
  assert.deepEqual([passed.action, passed.policyName, passed.failed, passed.details], ['allow', 'all_checks', [], {}])
  assert.deepEqual(guardrails.checkOpportunity({ ...change, riskScore: 0.9, confidence: 0.1 }, [], now).failed.map(({ policyName }) => policyName), ['min_confidence'])
  for (const [name, value, code] of [
    ['maxSingleChange', -1, 'guardrail.value'],
    ['minConfidence', true, 'guardrail.value'],
    ['minConfidence', NaN, 'policy.config'],
    ['noSuch', 1, 'guardrail.unknown_policy'],
    ['timeZone', '+02:00', 'guardrail.value'],
  ]) {
    assert.throws(() => guardrails.updatePolicy(name, value), { code, name: 'PolicyError' })
  }
  assert.equal(guardrails.limits.maxSingleChange, '1000')
  assert.throws(() => new Guardrails({ minConfidence: 2 }), { code: 'guardrail.value' })
})

test('guardrails never throw on a change, and what is unknown never passes', () => {
  const guardrails = new Guardrails()
  const cyclic = {}
  cyclic.tags = cyclic
  const hostile = new Proxy({}, { ownKeys() { throw new Error('no') } })
  for (const change of [null, undefined, 5, 'x', [], new Date(), cyclic, hostile, { confidence: NaN }, { get confidence() { throw new Error('no') } }]) {
    const check = guardrails.checkOpportunity(change, [], '2026-11-21T03:00:00Z')
    assert.notEqual(check.action, 'allow')
  }
  const fine = { confidence: 0.9, risk_score: 0.2, monthly_saving_usd: 1, tags: [], namespace: 'a' }
  for (const history of [null, 5, [5], [null], { a: 1 }]) assert.notEqual(guardrails.checkOpportunity(fine, history, '2026-11-21T03:00:00Z').action, 'allow')
  assert.equal(guardrails.checkOpportunity(fine, [], '2026-11-21T03:00:00Z').action, 'allow')
  const unknown = guardrails.checkOpportunity(fine, [], null)
  assert.deepEqual([unknown.action, unknown.failed[0].reason], ['require_approval', 'Time unknown, change window 02:00-06:00 UTC'])
  assert.equal(guardrails.checkOpportunity(fine, [], '2026-11-21T06:00:00Z').details.nextOpen, '2026-11-22T02:00:00Z')
  for (const now of ['today', true, new Date(NaN), NaN]) assert.equal(guardrails.checkOpportunity(fine, [], now).action, 'deny')
})

test('infrastructure gates take objects, text and bytes', () => {
  const change = { actions: ['create'], before: null, after: { tags: { team: 'ai' }, instance_type: 'm3.large' }, after_unknown: {} }
  const plan = { format_version: '1.2', resource_changes: [{ address: 'aws_instance.a', mode: 'managed', type: 'aws_instance', name: 'a', change }] }
  const answer = iac.terraform(plan)
  assert.deepEqual([answer.decision, answer.violations.map(({ rule, subject }) => [rule, subject])], ['deny', [['iac.instance.forbidden', 'm3.large'], ['iac.tags.required', 'environment']]])
  assert.deepEqual(iac.terraform(JSON.stringify(plan)), answer)
  assert.deepEqual(iac.terraform(Buffer.from(JSON.stringify(plan))), answer)
  assert.equal(iac.terraform(plan, { requiredTags: [], forbiddenFamilies: [] }).decision, 'allow')
  assert.equal(iac.kubernetes({ apiVersion: 'v1', kind: 'ConfigMap' }).decision, 'allow')
  const costs = { version: '0.2', currency: 'USD', projects: [], totalMonthlyCost: '1100', diffTotalMonthlyCost: '500.00000000000000001' }
  assert.equal(iac.infracost(costs).violations[0].rule, 'iac.cost.delta')
  assert.equal(iac.infracost(costs, { cost: { maxMonthlyDeltaUsd: 501 } }).decision, 'allow')
  assert.throws(() => iac.terraform('{'), { code: 'input.json', name: 'PolicyError' })
  assert.throws(() => iac.terraform('{},"config":{"required_tags":[]}'), { code: 'input.json' })
  assert.throws(() => iac.terraform({ at: new Date() }), { code: 'policy.config', path: '/plan/at' })
})

test('every computation is a function of its name', () => {
  const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
  for (const name of policy.kinds()) assert.equal(typeof policy[camel(name)], 'function', name)
  assert.deepEqual(policy.number({ text: '0.30' }), { accepted: true, normal_form: '0.3', up: 0.3, down: 0.3, on_grid: true })
  assert.equal(policy.digest({ inputJson: '{"a":1.0}' }).sha256, policy.digest({ input_json: '{"a":1}' }).sha256)
  const { event } = policy.mask({ event: { input: { big: 2n ** 64n, ['__proto__']: 1, list: [1234567890123456, 12345678901234567890n] } }, masks: [] })
  assert.deepEqual([event.input.big, event.input.list], [18446744073709551616n, [1234567890123456, 12345678901234567890n]])
  assert.throws(() => policy.gate({}), { code: 'policy.config', path: '/input_json' })
})

test('a gate by the environment', () => {
  assert.equal(PolicyGate.fromEnv({}).opaUrl, null)
  assert.equal(PolicyGate.fromEnv({ OPA_URL: 'http://opa:1/' }).opaUrl, 'http://opa:1/v1/data/finops')
  assert.equal(PolicyGate.fromEnv({ OPA_URL: 'http://opa:1', USE_OPA: 'false' }).opaUrl, null)
  assert.equal(PolicyGate.fromEnv({ USE_OPA: 'true', POLICY_PATH: 'a/b' }).opaUrl, 'http://localhost:8181/v1/data/a/b')
  for (const [env, path] of [
    [{ USE_OPA: 'maybe' }, 'USE_OPA'],
    [{ OPA_URL: 'opa:8181' }, 'OPA_URL'],
    [{ USE_OPA: '1', OPA_TIMEOUT_MS: '0' }, 'OPA_TIMEOUT_MS'],
    [{ USE_OPA: '1', OPA_FALLBACK: 'allow' }, 'OPA_FALLBACK'],
    [{ POLICY_PATH: 'no/such/bundle' }, 'POLICY_PATH'],
  ]) {
    assert.throws(() => PolicyGate.fromEnv(env), { code: 'policy.config', path })
  }
  const folder = mkdtempSync(join(tmpdir(), 'finops-policy-'))
  try {
    writeFileSync(join(folder, 'own.rego'), OWN)
    const own = PolicyGate.fromEnv({ POLICY_PATH: folder }, { config: { requiredTags: [] } })
    assert.deepEqual(rules(own.decide({ cost_tags: { team: 'held' } })), ['own.team'])
  } finally {
    rmSync(folder, { recursive: true })
  }
  const fallback = PolicyGate.fromEnv({ OPA_URL: 'http://127.0.0.1:9', OPA_FALLBACK: 'embedded', OPA_TIMEOUT_MS: '2000' })
  assert.deepEqual([fallback.decide(DEAR).denyMessages, fallback.decide(DEAR).decisionSource], [[UNIT_COST], 'embedded'])
})

test('asynchronous decisions survive a reload', async () => {
  const own = new PolicyGate({ bundle: { 'own.rego': OWN } })
  const pending = Array.from({ length: 20 }, () => own.decideAsync({ cost_tags: { team: 'held', environment: 'dev' } }, { now: null }))
  own.reload({ 'own.rego': OWN.replace('on hold', 'on leave') })
  for (const decision of await Promise.all(pending)) assert.match(decision.denyMessages[0], /^the team is on (hold|leave)$/)
  await assert.rejects(own.decideAsync({}, { requester: 5 }), { code: 'policy.config', name: 'PolicyError' })
})

test('every worker thread has gates of its own', async () => {
  const main = createRequire(import.meta.url).resolve('finops')
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { PolicyGate, Guardrails } = require(workerData.main)
    const gate = new PolicyGate({ config: { unitCostUsd: { denyAbove: String(workerData.at / 10) } } })
    const guardrails = new Guardrails({ maxSingleChange: workerData.at })
    let denied = 0
    for (let i = 0; i < 100; i++) if (!gate.decide({ unit_cost_usd: i / 100, cost_tags: { team: 'a', environment: 'b' } }).allowed) denied += 1
    gate.decideAsync({ unit_cost_usd: 0.9 }).then((d) => parentPort.postMessage([denied, d.allowed, guardrails.limits.maxSingleChange]))`
  const run = (at) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(code, { eval: true, workerData: { main, at } })
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  const answers = await Promise.all([1, 2, 3, 4].map(run))
  assert.deepEqual(answers, [1, 2, 3, 4].map((at) => [99 - 10 * at, false, String(at)]))
})

test('the comparison of the vectors sees every difference', () => {
  const holds = (wanted, found) => same(readExact(wanted), found)
  for (const [wanted, found] of [
    ['{"a":{"x":1,"y":[0.5]}}', { a: { y: [0.5], x: 1 } }],
    ['[9007199254740993,1e2,-0.0]', [9007199254740993n, 100, -0]],
    ['"1"', '1'],
  ]) {
    assert.ok(holds(wanted, found), wanted)
  }
  for (const [wanted, found] of [
    ['{"a":1}', { a: 1, b: 2 }],
    ['0.0', -0],
    ['9007199254740993', 9007199254740992n],
    ['0.1', 0.1 + 2 ** -56],
    ['null', undefined],
    ['[]', {}],
    ['1', '1'],
  ]) {
    assert.ok(!holds(wanted, found), wanted)
  }
  const normalForm = (text) => policy.number({ text }).normal_form
  assert.deepEqual(toValue(readExact('[9007199254740993,0.30]'), normalForm), [9007199254740993n, 0.3])
  for (const lost of ['0.1000000000000000000001', '1e400']) assert.throws(() => toValue(readExact(lost), normalForm), /no JavaScript value/)
})

// A gate that asks a remote OPA: what it says counts, and every fault of it denies.
import assert from 'node:assert/strict'
import { Worker } from 'node:worker_threads'
import { after, test } from 'node:test'
import { PolicyGate } from 'finops'

const TAGS = { team: 'ai', environment: 'dev' }
const DEAR = { unit_cost_usd: 0.6, cost_tags: TAGS }

const stub = new Worker(new URL('./opa-stub.mjs', import.meta.url))
const port = new Promise((resolve, reject) => stub.once('message', resolve).once('error', reject))
after(() => stub.postMessage('stop'))
const remote = async (policyPath, options = {}) => new PolicyGate({ opaUrl: `http://127.0.0.1:${await port}`, policyPath, opaTimeoutMs: 20_000, ...options })

test('a remote OPA decides, synchronously and not', async () => {
  for (const decide of ['decide', 'decideAsync']) {
    const allowed = await (await remote('allow'))[decide]({ unit_cost_usd: '0.60', cost_tags: {} })
    assert.deepEqual([allowed.allowed, allowed.code, allowed.decisionSource, allowed.engine, allowed.warnMessages], [true, null, 'opa', 'remote', ['look']])
    const denied = await (await remote('deny'))[decide](DEAR)
    assert.deepEqual([denied.allowed, denied.denyMessages, denied.decisionSource], [false, ['too dear'], 'opa'])
    const not = await (await remote('not-allowed'))[decide](DEAR)
    assert.deepEqual([not.allowed, not.code, not.decisionSource], [false, 'policy.not_allowed', 'opa'])
    assert.equal((await (await remote('approval'))[decide](DEAR)).decision, 'require_approval')
  }
  const asked = await (await fetch(`http://127.0.0.1:${await port}/`)).json()
  assert.deepEqual(asked[0], ['allow', '{"input":{"unit_cost_usd":0.6,"cost_tags":{}}}'], 'a number is sent as one, in normal form')
  const gate = await remote('deny')
  const decision = gate.decide(DEAR)
  assert.equal(JSON.parse(gate.logEvent(decision)).result.engine, 'remote')
  assert.equal(gate.explain(decision).rules.at(-1).reason, 'too dear')
})

test('every fault of a remote OPA denies, synchronously and not', async () => {
  const faults = {
    'status-201': 'opa.status',
    'status-204': 'opa.status',
    'status-302': 'opa.status',
    'status-400': 'opa.status',
    'status-500': 'opa.status',
    undefined: 'opa.undefined',
    'no-allow': 'opa.undefined',
    'allow-text': 'opa.result',
    'result-list': 'opa.result',
    'no-json': 'opa.result',
    'not-a-number': 'opa.result',
    list: 'opa.result',
    empty: 'opa.result',
    large: 'opa.result',
    reset: 'opa.unavailable',
    stalled: 'opa.timeout',
    'stalled-body': 'opa.timeout',
  }
  const denied = (decision, code, name) => {
    assert.deepEqual([decision.allowed, decision.code, decision.decisionSource], [false, code, 'fail_closed'], name)
    assert.match(decision.denyMessages.at(-1), /^policy service unavailable: /)
  }
  for (const [name, code] of Object.entries(faults)) {
    const gate = await remote(name, code === 'opa.timeout' ? { opaTimeoutMs: 200 } : {})
    denied(gate.decide(DEAR), code, name)
    denied(await gate.decideAsync(DEAR), code, name)
  }
  const at = await port
  for (const opaUrl of ['http://127.0.0.1:9', 'http://opa.invalid', `https://127.0.0.1:${at}`]) {
    denied(new PolicyGate({ opaUrl, opaTimeoutMs: 5000 }).decide(DEAR), 'opa.unavailable', opaUrl)
  }
  const asked = async () => (await (await fetch(`http://127.0.0.1:${at}/`)).json()).filter(([name]) => name === 'status-500').length
  const before = await asked()
  const breaking = await remote('status-500')
  for (let i = 0; i < 5; i++) denied(breaking.decide(DEAR), 'opa.status')
  denied(breaking.decide(DEAR), 'opa.unavailable', 'the breaker is open')
  assert.equal((await asked()) - before, 5)
  // What cannot be read or said is not sent.
  const bad = (await remote('allow')).decide({ at: new Date() })
  assert.equal(bad.allowed, false)
})

test('asynchronous decisions leave the thread free', async () => {
  const gate = await remote('stalled', { opaTimeoutMs: 500 })
  let ticks = 0
  const timer = setInterval(() => (ticks += 1), 5)
  const decisions = await Promise.all([gate.decideAsync(DEAR), gate.decideAsync(null)])
  clearInterval(timer)
  assert.deepEqual(decisions.map(({ allowed }) => allowed), [false, false])
  assert.ok(ticks > 0, 'the event loop went on')
})

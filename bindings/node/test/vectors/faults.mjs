// Topics whose values keep their digits: `allocation`, `findings`, `waste`. Each case crosses as the text of the file.
import { assert, camel, finops } from './check.mjs'
import { Exact, readExact } from './exact.mjs'

/** Kinds whose code is not built yet; named, never passed over in silence. */
const PENDING = {
  allocation: [],
  findings: ['lifecycle_merge', 'export_csv', 'export_sarif', 'correlation', 'rule_load'],
  waste: [],
}

/** JSON text in which every number has the digits it was read with. */
function write(value) {
  if (value instanceof Exact) return value.text
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  return `{${Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${write(member)}`).join(',')}}`
}

/** Plain digits without the zeros at the end, in a number or in text; undefined for any other value. */
function digits(value) {
  const text = value instanceof Exact ? value.text : value
  const parts = typeof text === 'string' && /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/.exec(text)
  if (!parts) return undefined
  const fraction = (parts[3] ?? '').replace(/0+$/, '')
  const plain = fraction === '' ? parts[2] : `${parts[2]}.${fraction}`
  return plain === '0' ? plain : parts[1] + plain
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Exact)

/** What differs; with `whole` there may be no other members, and with `near` numbers with a point may be so far off. */
function* differences(wanted, found, whole, near, at = '') {
  if (isObject(wanted) && isObject(found)) {
    for (const [name, value] of Object.entries(wanted)) {
      if (Object.hasOwn(found, name)) yield* differences(value, found[name], whole, near, `${at}/${name}`)
      else yield `${at}/${name}: missing`
    }
    if (whole) for (const name of Object.keys(found)) if (!Object.hasOwn(wanted, name)) yield `${at}/${name}: not expected`
  } else if (Array.isArray(wanted) && Array.isArray(found) && wanted.length === found.length) {
    for (const [index, value] of wanted.entries()) yield* differences(value, found[index], whole, near, `${at}/${index}`)
  } else {
    const [one, other] = [digits(wanted), digits(found)]
    if (one !== undefined && one === other) return
    if (near !== undefined && one !== undefined && other !== undefined && Math.abs(one - other) <= near(Number(one))) return
    if (!(wanted === found && !(wanted instanceof Exact))) yield `${at}: expected ${write(wanted)}, found ${found === undefined ? found : write(found)}`
  }
}

const number = (text) => (text ?? '').split(' ').map(Number).find((value) => Number.isFinite(value) && value > 0)

/** Kinds of inventories, whose answers may say more than the case lists. */
const INVENTORY = ['quantity_error', 'kubernetes_reader', 'prometheus', 'effective_request', 'baseline']

/** The same value, and so the same amount: texts of one value differ. */
function* quantities(expected, found) {
  const nano = (text) => readExact(finops.allocation.call('quantity', JSON.stringify(text))).nano
  if (expected.nano !== undefined) yield* differences(expected.nano, found.nano, true, undefined, '/nano')
  for (const text of [expected.same_value_as, found.canonical]) {
    if (text !== undefined) yield* differences(nano(text), found.nano, true, undefined, text)
  }
}

function* compare(topic, { kind, expected, tolerance }, found) {
  const limit = number(tolerance)
  if (topic === 'waste') {
    yield* differences(expected, found, false, limit && ((value) => limit * Math.max(1, Math.abs(value))))
  } else if (topic === 'allocation' && kind === 'efficiency') {
    yield* differences(expected, found, false, () => limit ?? 0)
  } else if (topic === 'allocation' && kind === 'quantity') {
    yield* quantities(expected, found)
  } else if (topic === 'allocation' && INVENTORY.includes(kind)) {
    yield* differences(expected, found, false)
  } else if (topic === 'allocation') {
    if (kind === 'allocate') yield* differences(expected.rows, found.rows, true)
    yield* differences(expected, found, kind !== 'allocate')
  } else {
    yield* differences(expected, found, kind === 'totals' || kind === 'priority')
    for (const member of ['record', 'counts', 'currency', 'order']) {
      if (isObject(expected) && isObject(found) && member in expected && member in found) yield* differences(expected[member], found[member], true, undefined, `/${member}`)
    }
  }
}

function run(topic, test) {
  const module = finops[topic]
  const text = write(test.input)
  let answer
  try {
    answer = module.call(test.kind, text)
  } catch (error) {
    assert.ok(error instanceof finops.FinopsError, error.stack)
    return assert.equal(error.code, test.expected?.error, `refused with ${error.code}: ${error.message}`)
  }
  assert.deepEqual([...compare(topic, test, readExact(answer))], [])
  for (const secret of test.must_not_contain ?? []) assert.ok(!answer.includes(secret), `the answer contains ${secret}`)
  if (FACES[topic]?.includes(test.kind)) return
  // The function of the kind's name says the same.
  const named = module[camel(test.kind)]
  assert.equal(typeof named, 'function', `unknown kind ${test.kind}`)
  assert.equal(JSON.stringify(named(text), (_key, value) => (typeof value === 'bigint' ? Number(value) : value)), JSON.stringify(JSON.parse(answer)))
}

/** Functions of a kind's name that take records instead of the kind's input; `findings.test.mjs` tests them. */
const FACES = { findings: ['combine', 'finding_id', 'fingerprint', 'seed_fingerprint', 'totals', 'validate'] }

export const runTopic = (topic) =>
  function* (_file, text) {
    const { cases } = readExact(text)
    for (const kind of PENDING[topic]) {
      const waiting = cases.filter((test) => test.kind === kind).length
      assert.ok(waiting > 0, `no case of ${kind} is left: take it off the list`)
      console.log(`pending: ${topic} ${kind}, ${waiting} cases (not built yet)`)
    }
    for (const test of cases) if (!PENDING[topic].includes(test.kind)) yield { name: test.id, test: () => run(topic, test) }
  }

import { assert, camel, finops } from './check.mjs'
import { Exact, readExact, same, toValue } from './exact.mjs'

const { LedgerError, ledger, signEvent, verifyEvent, verifyLog } = finops

/** The members that go in, by group; every other one is an answer, and `id` only names the case. */
const INPUTS = {
  keys: ['secret', 'origin'],
  canonical: ['input', 'input_hex'],
  canonical_check: ['input_hex'],
  border_number: ['bits', 'text'],
  decimal_form: ['input'],
  field_form: ['field', 'input'],
  log: ['origin', 'secrets', 'events'],
  envelope: ['event'],
  sign_event: ['event', 'secret', 'signature'],
  merkle_root: ['leaves', 'generate'],
  inclusion: ['leaf', 'index', 'size', 'proof', 'root'],
  consistency: ['old', 'new', 'old_root', 'new_root', 'proof'],
  checkpoint: ['origin', 'size', 'root', 'secret', 'ed25519_seed'],
  note_parse: ['note'],
  signed_note_known_answer: ['note', 'vkey'],
  verify: ['origin', 'file', 'file_hex', 'secrets', 'anchors', 'vkeys'],
  cut: ['origin', 'file', 'secrets', 'bytes'],
  bit_flip: ['origin', 'file', 'secrets', 'byte', 'bit'],
  ratchet: ['event_key', 'epochs'],
  redaction: ['salt', 'value', 'commit'],
  opportunity_id: ['scope', 'generation'],
  receipt: ['origin', 'vkey', 'event', 'receipt'],
  saving: ['baseline', 'reporting', 'effect', 'non_routine'],
  half_width: ['baseline', 'reporting', 'fixed_share'],
  verdict: ['method', 'effect', 'claimed', 'half_width', 'n_baseline', 'n_reporting', 'gone', 'cv_rmse', 'r2'],
  drift: ['first', 'later'],
  apportion: ['weights', 'total', 'places'],
  overlap: ['opportunities', 'baselines'],
  transition: ['state', 'event'],
  fold: ['config', 'events'],
  report: ['events', 'label'],
  period: ['label'],
  kpi: ['a', 'b', 'rows'],
  chart: ['values'],
  escape: ['text'],
  append: ['steps'],
  batch_digest: ['rows'],
}
/** Groups that answer an `error` of their own instead of being refused. */
const ANSWERS_WITH_ERROR = ['cut', 'bit_flip', 'verify']
/** Groups whose cases name only the members that matter to them. */
const SUBSET = ['verify', 'merkle_root', 'sign_event', 'redaction']

const shown = (value) => JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? String(member) : member instanceof Exact ? member.text : member))

/** What a group writes in another shape than the computation takes. */
function prepare(groups, group, members) {
  const { log, keys, records, steps, note, ...rest } = members
  switch (group) {
    case 'verify':
      return rest // `note` is a remark
    case 'log':
      return { ...rest, records, events: records.map(({ event }) => event) }
    case 'cut':
    case 'bit_flip': {
      const source = groups.log.cases.find(({ id }) => id === log)
      const file = source.records.map(({ seq, kid, tag, event }) => `${seq.text} ${kid} ${tag} ${event}\n`).join('')
      return { ...rest, file, origin: source.origin, secrets: source.secrets }
    }
    case 'ratchet':
      return { ...rest, keys, event_key: keys[0], epochs: new Exact(String(keys.length)) }
    case 'append':
      return {
        ...rest,
        steps: steps.map(({ event }) => ({ event })),
        expect: { steps: steps.map(({ event, ...expected }) => expected) },
      }
    default:
      return members
  }
}

/** The inputs of a case and what it expects. */
function split(groups, group, { id, ...test }) {
  const names = INPUTS[group]
  assert.ok(names, `the runner does not know group ${group}`)
  const [input, expected] = [{}, {}]
  for (const [name, value] of Object.entries(prepare(groups, group, test))) (names.includes(name) ? input : expected)[name] = value
  if (group === 'sign_event' && expected.ok === true) expected.signature = input.signature
  if (group === 'redaction' && expected.ok === true) expected.commit = input.commit
  return { input, expected: 'expect' in expected ? expected.expect : expected }
}

function compare(group, expected, found) {
  if (expected === null || typeof expected !== 'object' || Array.isArray(expected)) {
    return assert.ok(same(expected, found), `expected ${shown(expected)}, got ${shown(found)}`)
  }
  for (const [name, value] of Object.entries(expected)) {
    assert.ok(name in found, `${name} is missing`)
    assert.ok(same(value, found[name]), `${name}: expected ${shown(value)}, got ${shown(found[name])}`)
  }
  const extra = Object.keys(found).filter((name) => !(name in expected))
  if (!SUBSET.includes(group)) assert.deepEqual(extra, [], 'members that nobody asked for')
}

function refused(expected, run) {
  let error
  try {
    const answer = run()
    assert.fail(`expected ${expected.error}, got ${shown(answer)}`)
  } catch (thrown) {
    error = thrown
  }
  assert.ok(error instanceof LedgerError, error.stack)
  assert.ok(error.code === expected.error || error.code === `ledger.verify.${expected.error}`, `expected ${expected.error}, got ${error.code}`)
  if (typeof expected.path === 'string') assert.equal(error.path, expected.path)
}

/** What the classes and functions of the package say of the same case. */
const FACES = {
  sign_event({ event, secret, signature }, expected) {
    if (expected.error !== undefined) return refused(expected, () => signEvent(event, secret))
    assert.equal(verifyEvent(event, signature, secret), expected.ok)
    if (expected.ok === true) assert.equal(signEvent(event, secret), signature)
  },
  async verify({ origin, file, file_hex: hex, secrets, anchors, vkeys }, expected) {
    const bytes = hex === undefined ? Buffer.from(file) : Buffer.from(hex, 'hex')
    const verification = await verifyLog(bytes, { origin, secrets, anchors, vkeys })
    compare('verify', expected, verification.toJSON())
    assert.equal(verification.size, BigInt(verification.toJSON().size))
  },
  border_number({ bits }, expected) {
    const number = Buffer.from(bits, 'hex').readDoubleBE()
    const secret = 'a-secret-of-at-least-32-characters!'
    if (expected.error !== undefined) return refused(expected, () => signEvent({ number }, secret))
    const output = expected.output instanceof Exact ? Number(expected.output.text) : expected.output
    assert.equal(signEvent({ number }, secret), signEvent({ number: output }, secret))
  },
}

async function run(groups, group, test) {
  const compute = ledger[camel(group)]
  assert.equal(typeof compute, 'function', `no function for group ${group}`)
  const { input, expected } = split(groups, group, test)
  const values = toValue(input, (text) => text)
  if (typeof expected?.error === 'string' && !ANSWERS_WITH_ERROR.includes(group)) refused(expected, () => compute(values))
  else compare(group, expected, compute(values))
  await FACES[group]?.(values, expected)
}

export function* runLedger(_file, text) {
  const { groups } = readExact(text)
  for (const [group, { cases }] of Object.entries(groups)) {
    for (const test of cases) yield { name: `${group}/${test.id}`, test: () => run(groups, group, test) }
  }
}

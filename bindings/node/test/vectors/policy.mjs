import { assert, camel, finops } from './check.mjs'
import { readExact, same, toValue } from './exact.mjs'

const { PolicyError, PolicyGate, policy } = finops

/** Kinds that need what is not built yet; named, never passed over in silence. */
const PENDING = ['http']
/** What describes a case and is no member of its input. */
const ABOUT = ['id', 'kind', 'group', 'note', 'source', 'expect']
/** What kinds answer whose cases have no `expect`. */
const ANSWERS = {
  number: ['accepted', 'normal_form', 'up', 'down', 'on_grid'],
  digest: ['canonical', 'sha256'],
  update_policy: ['ok', 'code'],
  rego: ['opa', 'interpreter_strict', 'rvm'],
}

const normalForm = (text) => policy.number({ text }).normal_form
const values = (members) => toValue(members, normalForm)
const double = (wanted, found) => typeof found === 'number' && Object.is(Number(wanted), found)
const sameSet = (wanted, found) =>
  wanted.every((item) => found.some((other) => same(item, other))) && found.every((other) => wanted.some((item) => same(item, other)))

/** The members to compare: `expect`, or those of the case itself where it has none. */
function expected(test) {
  if (test.expect !== undefined) return test.expect
  const { opa, ...wanted } = Object.fromEntries((ANSWERS[test.kind] ?? []).filter((name) => name in test).map((name) => [name, test[name]]))
  // `opa` is what OPA says: the yardstick of `same`, not something that is computed.
  for (const [name, value] of Object.entries(wanted)) if (value === 'same') wanted[name] = opa
  return wanted
}

function holds(kind, name, wanted, found, all) {
  if (kind === 'number' && (name === 'up' || name === 'down')) return double(wanted, found)
  if ((kind === 'lint' && (name === 'errors' || name === 'warnings')) || (kind === 'policy_gate' && name === 'codes')) {
    return Array.isArray(found) && sameSet(wanted, found)
  }
  // The parser's own words are free.
  if (kind === 'gate' && name === 'deny_messages' && all.violations?.[0]?.rule === 'input.json') return found.length <= 1
  if (['terraform', 'kubernetes', 'infracost'].includes(kind) && name === 'violations') {
    return same(wanted, found.map(({ message, ...rest }) => rest))
  }
  return same(wanted, found)
}

const shown = (value) => JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? String(member) : member))

function compare(kind, wanted, found, what) {
  assert.ok(Object.keys(wanted).length > 0, 'nothing to compare')
  for (const [name, value] of Object.entries(wanted)) {
    assert.ok(name in found, `${what}: no ${name}`)
    assert.ok(holds(kind, name, value, found[name], wanted), `${what}: ${name} is ${shown(found[name])}, not ${shown(value)}`)
  }
}

/** One row of a `rego` case: whether the set that is queried has an element. */
function row({ module, query }, { input, ...wanted }) {
  const answer = policy.rego({ module, query, input: values(input) })
  for (const engine of ['interpreter_strict', 'rvm']) {
    const { value, error } = answer[engine]
    const found = error !== undefined ? 'error' : Array.isArray(value) && value.length > 0 ? 'fires' : 'silent'
    assert.equal(found, wanted[engine], `${engine} of ${shown(input)}`)
  }
}

function run(test) {
  const { kind, rows } = test
  const compute = policy[camel(kind)]
  assert.equal(typeof compute, 'function', `unknown kind ${kind}`)
  if (rows !== undefined) return rows.forEach((each) => row(test, each))
  const wanted = expected(test)
  const given = Object.entries(test).filter(([name]) => !ABOUT.includes(name) && (test.expect !== undefined || !(name in wanted || name === 'opa')))
  const input = values(Object.fromEntries(given))
  let answer
  try {
    answer = compute(input)
  } catch (error) {
    assert.ok(error instanceof PolicyError, error.stack)
    assert.ok(wanted.ok === false || wanted.loads === false, `refused with ${error.code}: ${error.message}`)
    return assert.ok(error.code === wanted.code || wanted.codes?.includes(error.code), `refused with ${error.code}`)
  }
  compare(kind, wanted, answer, kind)
  // The default policy also as a service asks it.
  if (kind === 'gate') compare(kind, wanted, new PolicyGate({ config: input.config }).decideJson(input.input_json).toJSON(), 'PolicyGate')
}

export function* runPolicy(_file, text) {
  const { cases } = readExact(text)
  for (const kind of PENDING) {
    const waiting = cases.filter((test) => test.kind === kind).length
    console.log(`pending: policy ${kind}, ${waiting} cases (needs the server)`)
  }
  for (const test of cases) {
    if (!PENDING.includes(test.kind)) yield { name: test.id, test: () => run(test) }
  }
}

import { assert, camel, finops, throws } from './check.mjs'

/** The vectors' own kinds that are cases of one function. */
const FUNCTIONS = {
  best_window_linear: 'bestWindow',
  best_window_step: 'bestWindow',
  best_window_errors: 'bestWindow',
  best_window_gap: 'bestWindow',
  embodied_share: 'embodied',
  embodied_server: 'serverEmbodied',
  region_shift: 'compareRegions',
}

const deep = (value, skip = false) => {
  if (Array.isArray(value)) return value.map((item) => deep(item))
  if (value === null || typeof value !== 'object' || skip) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [/^[a-z][a-z0-9_]*$/.test(key) ? camel(key) : key, deep(member, key === 'body')]),
  )
}

/** Numbers within the case's tolerance, everything else equal; what is not listed is not asked for. */
function compare(got, wanted, tolerance, path) {
  if (wanted === null) return assert.ok(got === null || got === undefined, `${path} is ${got}, not null`)
  if (Array.isArray(wanted)) {
    assert.equal(got.length, wanted.length, path)
    return wanted.forEach((item, at) => compare(got[at], item, tolerance, `${path}[${at}]`))
  }
  if (typeof wanted === 'object') {
    for (const [key, value] of Object.entries(wanted)) {
      const name = /^[a-z][a-z0-9_]*$/.test(key) ? camel(key) : key
      compare(got[name], value, tolerance, `${path}.${key}`)
    }
    return
  }
  if (typeof got === 'number') {
    const number = Number(wanted)
    const close = number === 0 ? 1e-12 : Math.abs(number) * (tolerance ?? 0)
    return assert.ok(Math.abs(got - number) <= close, `${path} is ${got}, not ${wanted}`)
  }
  assert.deepEqual(got, wanted, path)
}

function call(kind, input) {
  if (kind.startsWith('feed_')) {
    const { feed, body, ...select } = deep(input)
    return finops.carbon.feedsParse(feed, body, select)
  }
  const name = FUNCTIONS[kind] ?? camel(kind)
  const run = finops.carbon[name]
  assert.equal(typeof run, 'function', `unknown kind ${kind}`)
  return run(deep(input))
}

export function* runCarbon(file) {
  for (const { id, kind, input, expected, rel_tol } of file.cases) {
    yield {
      name: `${kind}/${id}`,
      test() {
        if (typeof expected.error === 'string') throws(() => call(kind, input), expected)
        else compare(call(kind, input), expected, rel_tol, '')
      },
    }
  }
}

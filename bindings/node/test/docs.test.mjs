// Every ```javascript block of README.md and docs/*.md runs, and what the pages promise of a line holds.
//
// The blocks of a page run in order in one scope. A comment at the end of a line that is one expression is checked:
// `// => value` is what `util.inspect` shows, `// => raises CODE` the code of the `FinopsError` that is thrown.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const finops = createRequire(import.meta.url)('../dist/index.js')
const pages = ['README.md', ...readdirSync(`${root}docs`).filter((name) => name.endsWith('.md')).sort().map((name) => `docs/${name}`)]
const AsyncFunction = (async () => {}).constructor

// Pages show the defaults, so the environment may not set them.
for (const name of ['COST_PER_1K_INPUT_TOKENS', 'COST_PER_1K_OUTPUT_TOKENS', 'COMPUTE_COST_PER_HOUR', 'ENERGY_WH_PER_1K_TOKENS', 'CARBON_INTENSITY_G_PER_KWH']) {
  delete process.env[name]
}

/** The script of a page: its blocks, each line at its place, with promises turned into checks. */
function script(page) {
  const lines = readFileSync(root + page, 'utf8').split('\n')
  let inside = false
  let promises = 0
  const code = lines.map((line, at) => {
    if (!inside) {
      inside = line === '```javascript'
      return ''
    }
    if (line === '```') {
      inside = false
      return ''
    }
    const promise = /^(\s*)(.*\S)\s*\/\/ =>\s*(.*\S)\s*$/.exec(line)
    if (promise === null) return line
    promises += 1
    return `${promise[1]};check(() => (${promise[2]}), ${JSON.stringify(promise[3])}, ${at + 1});`
  })
  return { code: code.join('\n'), promises, empty: code.every((line) => line === '') }
}

function show(act) {
  try {
    return inspect(act(), { breakLength: Infinity, depth: null })
  } catch (error) {
    if (!(error instanceof finops.FinopsError)) throw error
    return `raises ${error.code}`
  }
}

const requireHere = (name) => {
  assert.equal(name, 'finops', 'pages need nothing else')
  return finops
}

for (const page of pages) {
  const { code, promises, empty } = script(page)
  if (empty) continue
  test(page, async () => {
    const wrong = []
    let checked = 0
    const check = (act, promise, line) => {
      checked += 1
      const found = show(act)
      if (found !== promise) wrong.push(`${page}:${line}: the page says ${promise}, it is ${found}`)
    }
    await new AsyncFunction('require', 'check', code)(requireHere, check)
    assert.deepEqual(wrong, [])
    assert.equal(checked, promises, 'every promise is reached')
  })
}

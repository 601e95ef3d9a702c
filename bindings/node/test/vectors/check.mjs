import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

export const finops = createRequire(import.meta.url)('../../dist/index.js')

/** Asserts that `run` throws the error that `expected` tells of. */
export function throws(run, expected) {
  let thrown
  try {
    run()
  } catch (error) {
    thrown = error
  }
  assert.ok(thrown, `nothing was thrown, expected ${expected.error}`)
  assert.ok(thrown instanceof finops.FinopsError, `not a FinopsError: ${thrown.stack}`)
  assert.equal(thrown.code, expected.error, thrown.message)
  if (expected.path !== undefined) assert.equal(thrown.path, expected.path)
  return thrown
}

/** camelCase of a wire name, as the package names its members. */
export const camel = (key) => key.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase())

export const camelKeys = (object) => Object.fromEntries(Object.entries(object).map(([key, value]) => [camel(key), value]))

/** The buckets of a usage in wire form, zeros left out. */
export const buckets = (usage) => (usage instanceof finops.Usage ? usage.toJSON() : new finops.Usage(usage).toJSON())

export { assert }

// One logged request and a batch in Node: finops against @pydantic/genai-prices.
import { createRequire } from 'node:module'
import { appendFileSync } from 'node:fs'

const require = createRequire(import.meta.url)
const finops = require('../../bindings/node')
const { calcPrice } = await import(process.env.FINOPS_BENCH_PEER ?? '@pydantic/genai-prices')

// Short rounds: a busy machine takes a thread off after a few milliseconds, and the clock on the wall counts that.
const ROUNDS = 200
const BUDGET_NS = 2e6
// CPU time of this thread, which Node knows from version 23 on. Before, the clock on the wall: never less than that, and with the least of many
// rounds close to it; `process.cpuUsage` would also count V8's helper threads.
const cpuNs = () => {
  const used = process.threadCpuUsage?.()
  return used ? (used.user + used.system) * 1000 : Number(process.hrtime.bigint())
}

function interleave(contenders) {
  const loops = contenders.map(({ call }) => {
    for (let i = 0; i < 200; i++) call()
    const start = process.hrtime.bigint()
    for (let i = 0; i < 50; i++) call()
    return Math.max(1, Math.floor((BUDGET_NS * 50) / Number(process.hrtime.bigint() - start)))
  })
  const best = contenders.map(() => Infinity)
  for (let round = 0; round < ROUNDS; round++) {
    contenders.forEach(({ call, rows = 1 }, at) => {
      const start = cpuNs()
      for (let i = 0; i < loops[at]; i++) call()
      best[at] = Math.min(best[at], (cpuNs() - start) / loops[at] / rows)
    })
  }
  return Object.fromEntries(contenders.map(({ name }, at) => [name, best[at]]))
}

const monitor = new finops.ResourceMonitor({ env: {} })
const rows = 10_000
const batch = {
  models: ['gpt-4o', 'gpt-4o-mini'],
  modelIndex: Uint32Array.from({ length: rows }, (_, i) => i % 2),
  inputTokens: Float64Array.from({ length: rows }, (_, i) => 1000 + (i % 100)),
  outputTokens: Float64Array.from({ length: rows }, (_, i) => 500 + (i % 50)),
}
const ns = interleave([
  { name: 'finops logInference', call: () => monitor.logInference('gpt-4o', 1000, 500, 250) },
  { name: 'finops logInference, two tags', call: () => monitor.logInference('gpt-4o', 1000, 500, 250, { team: 'search', environment: 'production' }) },
  { name: 'finops logBatch, a row', call: () => monitor.logBatch(batch), rows },
  { name: '@pydantic/genai-prices calcPrice', call: () => calcPrice({ input_tokens: 1000, output_tokens: 500 }, 'gpt-4o', { providerId: 'openai' }) },
])
const ratio = ns['@pydantic/genai-prices calcPrice'] / ns['finops logInference']
const claims = [
  ['@pydantic/genai-prices calcPrice / finops logInference >= 15', ratio, 15, ratio >= 15],
  ['finops logInference <= 1000 ns', ns['finops logInference'], 1000, ns['finops logInference'] <= 1000],
  ['finops logBatch, a row <= 25 ns', ns['finops logBatch, a row'], 25, ns['finops logBatch, a row'] <= 25],
]
console.log('\n## one request and a batch in Node\n')
for (const [name, value] of Object.entries(ns)) console.log(`${value.toFixed(1).padStart(14)} ns  ${name}`)
for (const [text, value, , held] of claims) console.log(`${(held ? 'held' : 'MISSED').padStart(8)}  ${text}   (measured ${value.toFixed(2)})`)
if (process.env.FINOPS_BENCH_OUT) {
  appendFileSync(process.env.FINOPS_BENCH_OUT, JSON.stringify({ title: 'one request and a batch in Node', ns, claims, notes: [] }) + '\n')
}
process.exitCode = claims.every(([, , , held]) => held) ? 0 : 1

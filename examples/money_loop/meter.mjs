// The Node twin of demo.py's first step: the same recordings, the same tags, one line of exact totals a team.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gunzipSync } from 'node:zlib'

const finops = createRequire(import.meta.url)('../../bindings/node')
const START_S = 1_793_491_200
const TEAMS = ['assistant', 'fraud', 'platform', 'search']
const ENVIRONMENTS = ['production', 'production', 'staging']

const text = gunzipSync(readFileSync(new URL('../data/recorded.jsonl.gz', import.meta.url))).toString('utf8')
const monitor = new finops.ResourceMonitor({ env: {}, maxRecords: 100_000 })

text.trimEnd().split('\n').forEach((line, index) => {
  const row = JSON.parse(line)
  const number = parseInt(row.id.slice(0, 8), 16)
  const metadata = { team: TEAMS[number % 4], environment: ENVIRONMENTS[Math.floor(number / 4) % 3] }
  const at = START_S + 60 * index
  if (row.form === 'json') {
    monitor.logResponse(row.body, { provider: row.provider, model: row.requested_model, metadata, requestId: row.id, at })
  } else {
    const stream = monitor.stream(row.provider, { model: row.requested_model, metadata, requestId: row.id })
    for (const event of row.body) stream.push(event)
    stream.finish({ at })
  }
})

for (const row of monitor.summary(['team'])) {
  console.log(`${row.team} ${row.requests} ${row.totalTokens} ${row.costUsd} ${Number(row.energyJoules).toFixed(3)} ${Number(row.carbonKg).toFixed(9)}`)
}

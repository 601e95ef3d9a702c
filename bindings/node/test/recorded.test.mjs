// Every recorded response of 18 providers is read exactly: as object, text, bytes and stream.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { ResourceMonitor, Usage, extract } from '../index.mjs'

const file = new URL('../../../examples/data/recorded.jsonl.gz', import.meta.url)
const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n').map((line) => JSON.parse(line))

/** Inclusive counts, zeros left out. */
function counts(usage) {
  const { promptTokens, completionTokens, cacheRead, cacheReadAudio, cacheReadImage, cacheReadVideo, cacheWrite5m, cacheWrite1h, reasoning } = new Usage(usage)
  const found = {
    prompt: promptTokens,
    completion: completionTokens,
    cache_read: cacheRead + cacheReadAudio + cacheReadImage + cacheReadVideo,
    cache_write: cacheWrite5m + cacheWrite1h,
    reasoning,
  }
  return Object.fromEntries(Object.entries(found).filter(([, count]) => count > 0))
}

function told({ usage, model, parts }) {
  const summary = { ...counts(usage), model }
  if (parts.length > 0) summary.parts = parts.map((part) => ({ ...counts(part.usage), model: part.model ?? model }))
  return summary
}

test('every recorded body says the same whole, in its small form, as text and as bytes', () => {
  const bodies = lines.filter((line) => line.form === 'json')
  for (const { id, provider, body, expected } of bodies) {
    const text = JSON.stringify(body)
    const whole = extract(text, { provider })
    assert.deepEqual(told(whole), { model: null, ...expected }, id)
    assert.deepEqual(extract(body, { provider }), whole, `${id}: the small form`)
    assert.deepEqual(extract(Buffer.from(text), { provider }), whole, `${id}: bytes`)
  }
  assert.equal(bodies.length, 1050)
})

test('every recorded response is logged with its counts', () => {
  const monitor = new ResourceMonitor({ env: {}, maxRecords: 2000 })
  let logged = 0
  for (const { id, provider, form, body, requested_model: model, expected } of lines) {
    const fallback = model ?? expected.model ?? 'unnamed'
    let record
    if (form === 'json') record = monitor.logResponse(body, { provider, model: fallback, requestId: id })
    else {
      const stream = monitor.stream(provider, { model: fallback, requestId: id })
      for (const event of body) stream.push(event)
      record = stream.finish()
    }
    const { model: named, parts, ...wanted } = expected
    assert.deepEqual(counts(record.usage), wanted, id)
    assert.equal(record.model, named ?? fallback, id)
    assert.equal(record.complete, true, id)
    assert.ok(record.unitCostUsd === null || Number.isFinite(record.unitCostUsd), id)
    logged += 1
  }
  assert.equal(logged, 1162)
  assert.equal(monitor.getMetrics().length, 1162)
})

test('streams are read as events, as text and in pieces cut anywhere', async () => {
  const streams = lines.filter((line) => line.form !== 'json')
  assert.equal(streams.length, 112)
  for (const { id, provider, form, body, requested_model: model, expected } of streams) {
    const text = body.map((event) => (form === 'sse' ? `data: ${JSON.stringify(event)}\r\n\r\n` : `${JSON.stringify(event)}\n`)).join('')
    const bytes = Buffer.from(text)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 997) }, (_, at) => bytes.subarray(at * 997, (at + 1) * 997))
    const monitor = new ResourceMonitor({ env: {} })
    for (const events of [body, [text], pieces]) {
      const passed = []
      const wrapped = monitor.stream(provider, { model: model ?? 'unnamed' }).wrap(events)
      let step = await wrapped.next()
      for (; !step.done; step = await wrapped.next()) passed.push(step.value)
      assert.equal(passed.length, events.length)
      const { model: _, parts, ...wanted } = expected
      assert.deepEqual(counts(step.value.usage), wanted, id)
    }
  }
})

test('a stream that breaks off is logged as an error, estimated', async () => {
  const monitor = new ResourceMonitor({ env: {} })
  async function* broken() {
    yield { type: 'message_start', message: { id: 'm', model: 'claude-haiku-4-5', usage: { input_tokens: 25, output_tokens: 1 } } }
    throw new Error('connection lost')
  }
  await assert.rejects(async () => {
    for await (const event of monitor.stream('anthropic').wrap(broken())) assert.ok(event)
  }, /connection lost/)
  const [record] = monitor.getMetrics()
  assert.deepEqual([record.outcome, record.complete, record.inputTokens, record.status], ['error', false, 25, 'estimated'])
  const stopped = monitor.stream('anthropic')
  for await (const event of stopped.wrap([{ type: 'message_start', message: { id: 'n', model: 'claude-haiku-4-5', usage: { input_tokens: 7, output_tokens: 1 } } }, {}])) {
    assert.ok(event)
    break
  }
  assert.deepEqual([monitor.getMetrics().at(-1).inputTokens, monitor.getMetrics().at(-1).outcome], [7, 'cancelled'])
  assert.throws(() => stopped.finish(), { code: 'stream.already_finished', name: 'StreamError' })
  assert.throws(() => monitor.stream('openai').finish(), { code: 'stream.no_usage' })
})

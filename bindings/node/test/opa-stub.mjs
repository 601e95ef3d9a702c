// A stub of OPA on a thread of its own, so that `decide`, which blocks, can ask it. The path after /v1/data/ names what it does.
import { createServer } from 'node:http'
import { parentPort } from 'node:worker_threads'

const json = (value) => [200, typeof value === 'string' ? value : JSON.stringify(value)]
const ANSWERS = {
  allow: json({ result: { allow: true, deny: [], warn: ['look'] } }),
  deny: json({ result: { allow: false, deny: ['too dear'] } }),
  'not-allowed': json({ result: { allow: false } }),
  approval: json({ result: { allow: true, require_approval: ['ask'] } }),
  undefined: json({}),
  'no-allow': json({ result: { deny: [] } }),
  'allow-text': json({ result: { allow: 'true' } }),
  'result-list': json({ result: [true] }),
  'no-json': json('allow'),
  'not-a-number': json('{"result":{"allow":true,"x":NaN}}'),
  list: json([]),
  empty: json(''),
  large: json(JSON.stringify({ result: { allow: true }, x: 'x'.repeat(1_048_576) })),
  'status-201': [201, '{"result":{"allow":true}}'],
  'status-204': [204, ''],
  'status-302': [302, '', { location: '/v1/data/allow' }],
  'status-400': [400, '{"result":{"allow":true}}'],
  'status-500': [500, '{"result":{"allow":true}}'],
}
const asked = []

const server = createServer((request, response) => {
  if (request.method === 'GET') return response.end(JSON.stringify(asked))
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const name = request.url.replace('/v1/data/', '')
    asked.push([name, Buffer.concat(chunks).toString()])
    if (name === 'stalled') return
    if (name === 'reset') return request.socket.resetAndDestroy()
    if (name === 'stalled-body') {
      response.writeHead(200, { 'content-length': '100' })
      return response.write('{"result":')
    }
    const [status, body, headers = {}] = ANSWERS[name]
    // The content type says nothing.
    response.writeHead(status, { 'content-type': 'text/plain', ...headers })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
parentPort.on('message', () => {
  server.closeAllConnections()
  server.close()
  parentPort.close()
})

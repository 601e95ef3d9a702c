// An event log in Node, as one would write it with node:crypto: the peer of `append` and `verify` in benches/ledger.
//
// It works on the events that python_peer.py describes, and prints the same JSON object: nanoseconds an event, the least of many rounds. Like
// that peer it neither checks fields nor writes a file.
import * as crypto from 'node:crypto'
import { pathToFileURL } from 'node:url'

const EVENTS = 2_000
const ROUNDS = 30
const BYTES = 350
const ORIGIN = 'acme.example/finops/prod'
// A test value, also of the shared vectors.
const SECRET = '0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0'
const APPEND = 'append (encode, leaf, tag, tree)'
const VERIFY = 'verify (line, tag, canonical check, id set, tree)'

// Keys sort by UTF-16 code units, which is what `sort` does; `JSON.stringify` escapes texts as RFC 8785 asks.
export function encode(value) {
  if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${encode(value[key])}`).join(',')}}`
}

const two = (number) => String(number).padStart(2, '0')

function fixture(i, request) {
  const data = {
    cost: '0.0075',
    currency: 'USD',
    input_tokens: 1000 + (i % 1000),
    model: 'gpt-4o',
    output_tokens: 500 + (i % 500),
    request,
    team: 'payments',
  }
  const at = `2026-03-14T09:${two(Math.floor(i / 60) % 60)}:${two(i % 60)}.589793Z`
  return { v: 1, log: ORIGIN, id: `evt-${String(i).padStart(12, '0')}`, at, actor: 'svc:finops', kind: 'acme.usage', data }
}

export const event = (i) => fixture(i, 'x'.repeat(BYTES - encode(fixture(i, '')).length))

// The one-shot hash is the faster one where Node has it (20.12, 21.7).
const sha256 = crypto.hash ? (data) => crypto.hash('sha256', data, 'buffer') : (data) => crypto.createHash('sha256').update(data).digest()
const mac = (key, data) => crypto.createHmac('sha256', key).update(data).digest()

const PRK = mac('finops-ledger/v1', SECRET)
const KID = mac(PRK, 'kid\x01').subarray(0, 8).toString('hex')
const KEY = crypto.createSecretKey(mac(PRK, `event\n${ORIGIN}\x01`))
const RECORD = Buffer.from('finops-ledger/v1/record\n')
const LEAF = Buffer.from([0])
const NODE = Buffer.from([1])

export class Log {
  size = 0
  tag = Buffer.alloc(32)
  frontier = [] // the roots of the complete subtrees, largest first

  // Leaf, tag and tree of one event; answers the tag.
  push(bytes) {
    let node = sha256(Buffer.concat([LEAF, bytes]))
    const seq = Buffer.alloc(8)
    seq.writeBigUInt64BE(BigInt(this.size))
    this.tag = mac(KEY, Buffer.concat([RECORD, seq, this.tag, node]))
    for (let size = this.size; size % 2 === 1; size = (size - 1) / 2) node = sha256(Buffer.concat([NODE, this.frontier.pop(), node]))
    this.frontier.push(node)
    this.size += 1
    return this.tag
  }

  append(event) {
    return this.push(Buffer.from(encode(event)))
  }

  root() {
    if (this.frontier.length === 0) return sha256(Buffer.alloc(0))
    return this.frontier.reduceRight((right, left) => sha256(Buffer.concat([NODE, left, right])))
  }
}

const created = () => ({ ...fixture(0, ''), id: 'evt-created', kind: 'log.created', data: { kid: KID } })

export function appendAll(events) {
  const log = new Log()
  log.append(created())
  for (const one of events) log.append(one)
  return log.root()
}

// The file of a log, line by line.
export function lines(events) {
  const log = new Log()
  return [created(), ...events].map((one, seq) => Buffer.from(`${seq} ${KID} ${log.append(one).toString('hex')} ${encode(one)}\n`))
}

// The root of a log whose every line is good, else an error. The canonical check also finds a key that stands twice: `JSON.parse` keeps one.
export function verify(file) {
  const log = new Log()
  const ids = new Set()
  for (const line of file) {
    const space = line.indexOf(0x20)
    const head = line.toString('latin1', 0, space + 83)
    const bytes = line.subarray(space + 83, line.length - 1)
    const tag = log.push(bytes)
    const given = Buffer.from(head.slice(space + 18, space + 82), 'hex')
    if (head.slice(0, space) !== String(log.size - 1) || head.slice(space + 1, space + 17) !== KID) throw new Error('sequence or key')
    if (given.length !== 32 || !crypto.timingSafeEqual(given, tag)) throw new Error('tag')
    const text = bytes.toString()
    const one = JSON.parse(text)
    if (encode(one) !== text || one.log !== ORIGIN || ids.has(one.id)) throw new Error('not canonical, of another log, or twice')
    ids.add(one.id)
  }
  return log.root()
}

// CPU time of this thread, which Node knows from version 23 on. Before, the clock on the wall: never less than that, and with the least of many
// rounds close to it.
const cpuNs = () => {
  const used = process.threadCpuUsage?.()
  return used ? (used.user + used.system) * 1000 : Number(process.hrtime.bigint())
}

export function least(call, work, rounds = ROUNDS) {
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const start = cpuNs()
    call()
    best = Math.min(best, (cpuNs() - start) / work)
  }
  return best
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const events = Array.from({ length: EVENTS }, (_, i) => event(i))
  const file = lines(events)
  const root = appendAll(events)
  if (events.some((one) => Buffer.byteLength(encode(one)) !== BYTES) || !verify(file).equals(root)) throw new Error('the peer is wrong')
  const ns = { [APPEND]: least(() => appendAll(events), EVENTS), [VERIFY]: least(() => verify(file), EVENTS) }
  for (const name of Object.keys(ns)) ns[name] = Math.round(ns[name] * 10) / 10
  console.log(JSON.stringify({ peer: 'Node', root: root.toString('hex'), ns }))
}

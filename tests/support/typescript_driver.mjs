// Drives @asocial/client for tests/integration/test_typescript_client.py. A line from stdin is a call, as JSON:
// {id, channel, connect: [...]}, {id, channel, call: [method, ...]}, {id, channel, moderate: [method, ...]} or
// {id, channel, get: property}. A line to stdout is its result, {id, ok} or {id, error}, or an event, {channel, type, data}.
import process from 'node:process'
import { createInterface } from 'node:readline'
import { connect } from '@asocial/client'
import { moderation } from '@asocial/client/moderation'

const channels = {}
const drafts = {}

// Node 20 has a WebSocket with a flag only. There the class is passed, as a program would do it, and is not a global one.
const own = {}
if (process.execArgv.includes('--experimental-websocket')) {
  own.WebSocket = globalThis.WebSocket
  delete globalThis.WebSocket
}

const plain = (value) => {
  if (value instanceof Error) return { name: value.name, message: value.message, ...value }
  return value instanceof Map ? Object.fromEntries(value) : (value ?? null)
}
const write = (line) => process.stdout.write(`${JSON.stringify(line, (_, value) => plain(value))}\n`)

async function read(channel, events) {
  try {
    for await (const { type, data } of events) write({ channel, type, data })
  } catch (error) {
    write({ channel, type: 'thrown', data: error })
  }
}

async function run({ channel, connect: options, call, moderate, get, draft }) {
  if (options) {
    const [server, name, rest] = options
    channels[channel] = connect(server, name ?? undefined, { ...own, ...rest })
    read(channel, channels[channel])
    return
  }
  const it = channels[channel]
  if (get) return it[get]
  if (draft) {
    const [method, ...rest] = draft
    if (method === 'open') drafts[channel] = it.draft(...rest)
    else return drafts[channel][method](...rest)
    return
  }
  const [method, ...rest] = call ?? moderate
  if (moderate) return moderation(it)[method](...rest)
  return method === 'ready' ? it.ready : it[method](...rest)
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  run(request).then(
    (ok) => write({ id: request.id, ok }),
    (error) => write({ id: request.id, error }),
  )
}
process.exit(0)

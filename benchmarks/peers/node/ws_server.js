// `ws` on Node: encode once, then one send per recipient, as its documentation shows.
import { createServer } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'
import { channelOf, heed, newUser } from './wire.js'

const channels = new Map()
const http = createServer((_, response) => response.end('ok'))
const server = new WebSocketServer({ server: http, perMessageDeflate: false, maxPayload: 4096, clientTracking: false })

server.on('connection', (socket, request) => {
  const channel = channelOf(request.url)
  const user = newUser()
  if (!channels.has(channel)) channels.set(channel, new Set())
  const here = channels.get(channel)
  here.add(socket)
  socket.send(JSON.stringify({ type: 'user_sync', channel_id: channel, user_id: user }))
  socket.on('error', () => socket.terminate())
  socket.on('close', () => here.delete(socket))
  socket.on('message', (text) => {
    const [others, own] = heed(channel, user, JSON.parse(text))
    const bytes = Buffer.from(JSON.stringify(others))
    for (const other of here) {
      if (other !== socket && other.readyState === WebSocket.OPEN) other.send(bytes, { binary: false })
    }
    if (own) socket.send(JSON.stringify(own))
  })
})

http.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })

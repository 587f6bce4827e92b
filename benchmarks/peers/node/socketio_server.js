// Socket.IO on Node, tuned as its page on performance says: WebSocket only, bufferutil, no compression, the first
// request let go.
import { createServer } from 'node:http'
import { Server } from 'socket.io'
import { heed, newUser } from './wire.js'

const http = createServer((_, response) => response.end('ok'))
const io = new Server(http, {
  transports: ['websocket'],
  serveClient: false,
  perMessageDeflate: false,
  httpCompression: false,
  maxHttpBufferSize: 4096,
})
io.engine.on('connection', (raw) => {
  raw.channel = raw.request._query.channel ?? 'default' // nobody can ask the request any more after this
  raw.request = null
})

io.on('connection', (socket) => {
  const channel = socket.conn.channel
  const user = newUser()
  socket.join(channel)
  socket.emit('user_sync', { type: 'user_sync', channel_id: channel, user_id: user })
  const told = (frame) => {
    const [others, own] = heed(channel, user, frame)
    socket.to(channel).emit(others.type, others)
    if (own) socket.emit(own.type, own)
  }
  socket.on('chat', told)
  socket.on('cursor', told)
})

http.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })

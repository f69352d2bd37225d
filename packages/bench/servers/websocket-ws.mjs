import { WebSocketServer } from 'ws'

const [, , port, extension, settings] = process.argv
/** What Ropewalk negotiates and uses by default: a window of 4 KiB, and as much memory and effort for it. */
const AS_ROPEWALK = {
  serverMaxWindowBits: 12,
  zlibDeflateOptions: { level: 5, memLevel: 5 },
  threshold: 0,
}

const server = new WebSocketServer({
  port: Number(port),
  host: '127.0.0.1',
  maxPayload: 128 * 1024 * 1024,
  perMessageDeflate: settings === 'as Ropewalk' ? AS_ROPEWALK : extension === 'deflate',
})
server.on('connection', (socket) => {
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }))
  socket.on('error', () => {})
})

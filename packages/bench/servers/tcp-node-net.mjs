import { createServer } from 'node:net'

createServer({ noDelay: true }, (socket) => {
  socket.on('data', (data) => socket.write(data))
  socket.on('error', () => {})
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1' })

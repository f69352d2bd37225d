import { createServer } from 'node:net'
import { flood } from './flood.mjs'

createServer((socket) => {
  socket.on('error', () => {})
  void flood((piece) => void socket.write(piece))
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1' })

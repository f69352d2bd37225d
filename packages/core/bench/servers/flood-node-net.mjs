import { createServer } from 'node:net'
import { flood } from './flood.mjs'
import { reportUsage } from './usage.mjs'

let connections = 0
const server = createServer((socket) => {
  connections += 1
  socket.on('error', () => {})
  socket.on('close', () => {
    connections -= 1
  })
  void flood((piece) => void socket.write(piece))
})
server.listen({ port: 0, host: '127.0.0.1' }, () => reportUsage(server.address().port, () => connections))

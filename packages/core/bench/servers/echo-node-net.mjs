import { createServer } from 'node:net'
import { reportUsage } from './usage.mjs'

let connections = 0
const server = createServer({ noDelay: true }, (socket) => {
  connections += 1
  socket.on('data', (data) => socket.write(data))
  socket.on('error', () => {})
  socket.on('close', () => {
    connections -= 1
  })
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, () => {
  reportUsage(server.address().port, () => connections)
})

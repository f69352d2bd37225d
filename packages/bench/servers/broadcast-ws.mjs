// As the documentation of ws does it: a loop over all clients that sends the message.
import { WebSocket, WebSocketServer } from 'ws'

const server = new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1' })
server.on('connection', (socket) => {
  socket.on('message', (message, isBinary) => {
    for (const client of server.clients)
      if (client.readyState === WebSocket.OPEN) client.send(message, { binary: isBinary })
  })
  socket.on('error', () => {})
})

const deflates = process.argv[3] === 'deflate'

Bun.serve({
  port: Number(process.argv[2]),
  hostname: '127.0.0.1',
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response('Not found', { status: 404 })
  },
  websocket: {
    perMessageDeflate: deflates,
    maxPayloadLength: 128 * 1024 * 1024,
    backpressureLimit: 256 * 1024 * 1024,
    message(socket, message) {
      socket.send(message, deflates)
    },
  },
})

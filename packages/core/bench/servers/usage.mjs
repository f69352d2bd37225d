/**
 * Sends the port to the parent process once, and the usage of this process at each request.
 *
 * @param {number} port The port on which the server listens.
 * @param {() => number} connections Returns the number of open connections.
 */
export function reportUsage(port, connections) {
  process.on('message', () => {
    globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    process.send({
      cpuMs: (user + system) / 1000,
      rssBytes: process.memoryUsage.rss(),
      connections: connections(),
    })
  })
  process.on('disconnect', () => process.exit())
  process.send({ port })
}

/**
 * Tells the parent process the port once, and, whenever it asks, what this process has used.
 *
 * @param {number} port Where the server listens.
 * @param {() => number} connections How many connections are up.
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

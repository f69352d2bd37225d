// A registry for npm on loopback, which has the packed packages, and redirects to the usual registry for all others. So
// commands such as `npm install @ropewalk/core` can be run before the packages are published.
import { execFileSync } from 'node:child_process'
import { createReadStream, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

/**
 * Serves the tarballs of a folder.
 *
 * @param {string} folder
 * @returns {Promise<{ url: string, close(): void }>} its URL, for the option `registry` of npm
 */
export async function serveRegistry(folder) {
  const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
  const packages = new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith('.tgz'))
      .map((file) => {
        const packed = execFileSync('tar', ['-xzOf', join(folder, file), 'package/package.json'], {
          encoding: 'utf8',
        })
        const manifest = JSON.parse(packed)
        return [manifest.name, { manifest, file }]
      }),
  )
  const tarballs = new Set(Array.from(packages.values(), ({ file }) => file))
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname).slice(1)
    if (tarballs.has(path)) {
      createReadStream(join(folder, path)).pipe(response)
      return
    }
    // npm asks this registry for the tarballs of others too, if theirs is the registry of npm.
    const found = packages.get(path)
    if (found === undefined) {
      response.writeHead(302, { Location: upstream.replace(/\/$/, '') + request.url }).end()
      return
    }
    const { manifest, file } = found
    const dist = { tarball: `http://127.0.0.1:${server.address().port}/${file}` }
    const versions = { [manifest.version]: { ...manifest, dist } }
    response.writeHead(200, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify({ name: manifest.name, 'dist-tags': { latest: manifest.version }, versions }))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }
}

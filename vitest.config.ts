import { defineConfig } from 'vitest/config'

/** The tests that load other servers and clients from npm. */
const MOUNT = 'packages/http/test/mount/**/*.test.ts'
const PACKAGES = 'packages/simulation/test/node/packages/**/*.test.ts'
/** The bugs that simulations of hundreds of seeds find. Counting their coverage makes them four times as slow. */
const PLANTED = 'packages/simulation/test/planted/*.test.ts'

export default defineConfig({
  test: {
    pool: 'forks',
    // One process runs many files, because a fresh one for each takes a third of a second. No test may leave state behind.
    isolate: false,
    // By default vitest leaves one core free. Many tests wait for a process or a socket, so every core gets a worker.
    maxWorkers: '100%',
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        // `npm test` runs this project alone.
        test: {
          name: 'quick',
          include: ['packages/{core,http,websocket,bench,repo-checks}/test/**/*.test.ts'],
          exclude: [MOUNT],
        },
      },
      {
        extends: true,
        // Each of these files loads another server from npm, in a process of its own: in a process that has run
        // other files, Node's cache of real paths may resolve a package of it to another version.
        test: { name: 'quick-mount', include: [MOUNT], isolate: true },
      },
      {
        extends: true,
        // `npm run test:all` adds this one: whole programs in processes of their own, and simulations of many seeds.
        test: {
          name: 'slow',
          include: [
            'packages/{simulation,conformance,create-ropewalk}/test/**/*.test.ts',
            'packages/create-ropewalk/template/test/**/*.test.ts',
            'examples/test/**/*.test.ts',
          ],
          exclude: [PACKAGES, PLANTED],
        },
      },
      { extends: true, test: { name: 'slow-packages', include: [PACKAGES], isolate: true } },
      { extends: true, test: { name: 'slow-planted', include: [PLANTED] } },
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
    },
  },
})

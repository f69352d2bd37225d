import { fileURLToPath } from 'node:url'
import { reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { Site } from '@ropewalk/http'
import { File } from '@ropewalk/http/static'

const files = new File(fileURLToPath(new URL('../static', import.meta.url)))
await serverFromString(reactor, `tcp:${process.argv[2]}:interface=127.0.0.1`).listen(new Site(files))
await reactor.run()

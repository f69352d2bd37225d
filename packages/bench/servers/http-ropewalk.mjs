import { reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { Resource, Site } from '@ropewalk/http'
import { article } from './article.mjs'

class Hello extends Resource {
  render_GET(request) {
    request.setHeader('Content-Type', 'text/plain')
    return 'Hello, world!'
  }
}

class Article extends Resource {
  render_GET() {
    return article
  }
}

const root = new Hello()
root.putChild('json', new Article())
await serverFromString(reactor, `tcp:${process.argv[2]}:interface=127.0.0.1`).listen(new Site(root))
await reactor.run()

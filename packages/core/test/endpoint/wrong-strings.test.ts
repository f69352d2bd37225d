import { describe, expect, test } from 'vitest'
import { clientFromString, EndpointSyntaxError, serverFromString } from '../../src/endpoints.ts'
import { MemoryReactor } from '../../src/testing.ts'

/** Each wrong string, the position of the error, and a part of its message. */
type Wrong = readonly (readonly [text: string, position: number, why: string])[]

const SERVERS: Wrong = [
  ['', 0, 'it must begin with a type, such as tcp:'],
  [':8080', 0, 'it must begin with a type'],
  ['tcp=8080', 0, 'it must begin with a type'],
  ['http:80', 0, '"http" is not a known type: use tcp, tcp6, ssl, tls, unix, fd, systemd, stdio or haproxy'],
  ['TCP:80', 0, '"TCP" is not a known type'],
  ['tcp', 3, 'port is missing, as in tcp:8080'],
  ['tcp:', 4, 'port is missing'],
  ['tcp:http', 4, 'from 0 to 65535, not "http"'],
  ['tcp:65536', 4, 'not "65536"'],
  ['tcp:-1', 4, 'not "-1"'],
  ['tcp:0x50', 4, 'not "0x50"'],
  ['tcp: 80', 4, 'not " 80"'],
  ['tcp:80:90', 7, '"90" is one argument too many'],
  ['tcp:80:colour=red', 7, '"colour" is unknown here'],
  ['tcp:80:backlog=many', 7, 'backlog must be a number, not "many"'],
  ['tcp:80:backlog=1:backlog=2', 17, '"backlog" is given twice'],
  ['tcp:80:interface=::1', 7, 'interface is empty; a colon in it is written \\:'],
  [String.raw`tcp:80:interface=\n`, 17, 'a backslash must stand before'],
  ['tcp:80\\', 6, 'a backslash must stand before'],
  ['tcp6:x', 5, 'from 0 to 65535'],
  ['unix', 4, 'path is missing, as in unix:/run/app.sock'],
  ['unix:', 5, 'path is missing'],
  ['unix:/run/app:mode=999', 14, 'mode must be octal digits, not "999"'],
  ['unix:/run/app:removeStale=maybe', 14, 'removeStale must be yes or no, not "maybe"'],
  ['ssl:443', 0, 'certKey is missing, as in ssl:443:certKey=cert.pem:privateKey=key.pem'],
  ['ssl:443:certKey=c.pem', 0, 'privateKey is missing'],
  ['ssl:443:certKey=:privateKey=k.pem', 8, 'certKey is empty'],
  ['tls:443:certKey=c:privateKey=k:reload=5', 31, 'reload needs a unit'],
  ['tls:443:certKey=c:privateKey=k:reload=0s', 31, 'reload must be more than 0, not "0s"'],
  ['tcp:80:interface=', 7, 'interface is empty'],
  ['fd:3', 0, 'needs a reactor over the operating system'],
  ['systemd:index=0', 0, 'needs a reactor over the operating system'],
  ['stdio:', 0, 'needs a reactor over the operating system'],
  ['haproxy', 0, 'trusted is missing, as in haproxy:trusted=127.0.0.1:tcp:8080'],
  ['haproxy:tcp:8080', 0, 'trusted is missing'],
  ['haproxy:trusted=:tcp:8080', 8, 'trusted is empty'],
  ['haproxy:trusted=any', 19, 'add the endpoint behind the proxy'],
  ['haproxy:trusted=unknown:tcp:80', 8, 'unknown'],
  ['haproxy:trusted=10.0.0.0/99:tcp:80', 8, '10.0.0.0/99'],
  ['haproxy:trusted=any:colour=red:tcp:80', 20, '"colour" is unknown here'],
  ['haproxy:trusted=any:smtp:25', 20, '"smtp" is not a known type'],
  ['haproxy:trusted=any:tcp:99999', 24, 'not "99999"'],
  ['haproxy:trusted=any:haproxy:tcp:80', 20, 'trusted is missing'],
]

const CLIENTS: Wrong = [
  ['', 0, 'it must begin with a type'],
  ['gopher:x', 0, '"gopher" is not a known type: use tcp, unix, host, ssl or tls'],
  ['tcp:host', 8, 'port is missing, as in tcp:127.0.0.1:80'],
  ['tcp::80', 4, 'host is missing'],
  ['tcp:host:0', 9, 'from 1 to 65535, not "0"'],
  ['tcp:host:80:timeout=30', 12, 'timeout needs a unit, as in timeout=30s or timeout=500ms, not "30"'],
  ['tcp:host:80:timeout=1h', 12, 'not "1h"'],
  ['tcp:host:80:mode=660', 12, '"mode" is unknown here'],
  ['unix:/run/app:/run/other', 14, '"/run/other" is one argument too many'],
  ['unix:/run/app:bindAddress=127.0.0.1', 14, '"bindAddress" is unknown here'],
  ['host:a b:80', 5, '"a b" is neither an address nor the name of a host'],
  ['host:1.2.3:80', 5, '"1.2.3" is neither'],
  ['host:example.org', 16, 'port is missing, as in host:example.org:80'],
  ['tls:-x:443', 4, '"-x" is neither'],
  ['tls:example.org:443:certKey=c.pem', 0, 'certKey and privateKey belong together'],
  ['ssl:example.org:443:privateKey=k.pem', 0, 'certKey and privateKey belong together'],
  ['ssl:example.org:https', 16, 'not "https"'],
  ['ssl:127.0.0.1:443:hostname=', 18, 'hostname is empty'],
  ['tls:example.org:443:trustRoots=', 20, 'trustRoots is empty'],
  ['tcp:host:80:timeout=0s', 12, 'timeout must be more than 0, not "0s"'],
]

describe('wrong endpoint strings', () => {
  const refusal = (parse: () => unknown): unknown => {
    try {
      return parse()
    } catch (error) {
      return error
    }
  }

  test.each(SERVERS)('serverFromString refuses %j', (text, position, why) => {
    const error = refusal(() => serverFromString(new MemoryReactor(), text))
    expect(error).toBeInstanceOf(EndpointSyntaxError)
    expect(error).toMatchObject({ description: text, position, message: expect.stringContaining(why) })
  })

  test.each(CLIENTS)('clientFromString refuses %j', (text, position, why) => {
    const error = refusal(() => clientFromString(new MemoryReactor(), text))
    expect(error).toBeInstanceOf(EndpointSyntaxError)
    expect(error).toMatchObject({ description: text, position, message: expect.stringContaining(why) })
  })
})

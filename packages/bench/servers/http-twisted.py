import json
import sys

from twisted.internet import reactor
from twisted.web.resource import Resource
from twisted.web.server import Site

PARAGRAPH = "Paragraph %d: yarns are drawn along the walk, and twisted into strands against each other."
ARTICLE = {
    "id": 4711,
    "title": "How a rope is made",
    "tags": ["hemp", "ropewalk", "strand", "hawser"],
    "published": True,
    "length": 310.5,
    "author": {"name": "A. Roper", "address": {"town": "Chatham", "country": "United Kingdom"}},
    "paragraphs": [PARAGRAPH % (at + 1) for at in range(8)],
}


class Hello(Resource):
    def render_GET(self, request):
        request.setHeader(b"content-type", b"text/plain")
        return b"Hello, world!"


class Article(Resource):
    def render_GET(self, request):
        request.setHeader(b"content-type", b"application/json")
        return json.dumps(ARTICLE, separators=(",", ":")).encode()


root = Resource()
root.putChild(b"", Hello())
root.putChild(b"json", Article())
reactor.listenTCP(int(sys.argv[1]), Site(root), interface="127.0.0.1")
reactor.run()

import sys

from autobahn.websocket.compress import PerMessageDeflateOfferAccept
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor


class Echo(WebSocketServerProtocol):
    def onMessage(self, payload, isBinary):
        self.sendMessage(payload, isBinary)


factory = WebSocketServerFactory()
factory.protocol = Echo
if sys.argv[2:] == ["deflate"]:
    accept = lambda offers: next((PerMessageDeflateOfferAccept(offer) for offer in offers), None)
    factory.setProtocolOptions(perMessageCompressionAccept=accept)
reactor.listenTCP(int(sys.argv[1]), factory, interface="127.0.0.1")
reactor.run()

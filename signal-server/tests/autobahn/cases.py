# coding=utf-8
"""Runs Autobahn's WebSocket cases against a running signaling server. Python 2.7, as the suite itself.

    cases.py SITE ws://ADDRESS RESULTS.json PART PARTS

SITE is the folder that the suite was installed to.

The cases want what they send sent back. A signaling server does not do that, but it answers each message that is no
JSON with one error; so here, an error counts as the echo of the message that it answers, and the greeting is left out.
Frames, control frames, UTF-8 and closing are judged by the suite as they are.

Left out: section 9, messages of up to 16 MiB, where the server's limit is 64 KiB; sections 12 and 13, compression,
which the server does not offer.
"""

import json
import site
import sys

site.addsitedir(sys.argv[1])

from autobahntestsuite import fuzzing
from autobahntestsuite.case import Case
from twisted.internet import reactor

CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]


class Protocol(fuzzing.FuzzingClientProtocol):
    """Hears the server's answers as echoes."""

    heard = 0

    def onMessage(self, message, binary):
        self.heard += 1
        said = json.loads(message)
        if self.heard == 1:
            if said.get("type") != "hello" or binary:
                raise Exception("not a greeting: %r" % message)
            return
        sent = [event for event in self.runCase.expected.get(Case.OK, []) if event[0] == "message"]
        number = self.heard - 2
        if not binary and said.get("code") == "invalid-json" and number < len(sent):
            _, message, binary = sent[number]
        self.runCase.onMessage(message, binary)


class Factory(fuzzing.FuzzingClientFactory):
    """Goes through its part of the cases and writes what came of them."""

    def __init__(self, url, results, part, parts):
        self.results = results
        self.part = (part, parts)
        spec = {"servers": [{"agent": "server", "url": url}], "cases": CASES, "exclude-agent-cases": {}}
        fuzzing.FuzzingClientFactory.__init__(self, spec)

    def nextServer(self):
        part, parts = self.part
        # Each section spread over all parts, as some sections wait more than others.
        self.specCases = self.specCases[part::parts] if self.currServer < 0 else self.specCases
        return fuzzing.FuzzingClientFactory.nextServer(self)

    def buildProtocol(self, address):
        protocol = fuzzing.FuzzingClientFactory.buildProtocol(self, address)
        protocol.__class__ = Protocol
        return protocol

    def createReports(self, *_):
        outcomes = {}
        for case, result in self.agents.get("server", {}).items():
            outcomes[case] = {
                "behavior": result["behavior"],
                "close": result["behaviorClose"],
                "why": "%s / %s" % (result["result"], result["resultClose"]),
            }
        with open(self.results, "w") as results:
            json.dump({"cases": self.specCases, "outcomes": outcomes}, results)


if __name__ == "__main__":
    Factory(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    reactor.run()

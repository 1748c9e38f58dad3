"""How a test drives a peer, and how a peer speaks with the signaling server.

Commands come in as lines of JSON on standard input, and the peer's state goes out as lines of JSON on standard output:
after each command, and five times a second. The end of the input is the end of the program.

    {"do": "call", "other": "bob", "with": PLAN}    places a call
    {"do": "expect", "with": PLAN}                  says with what a call will be answered
    {"do": "change", "with": CHANGES}               changes the running call by another offer
    {"do": "record", "folder": PATH}                writes picture.png and heard.wav there
    {"do": "hang-up"}                               closes the call

A PLAN is {"bundle": POLICY, "sections": [{"kind", "direction", "codecs"}, …]}, CHANGES are a list of
{"section": INDEX, "direction": …}, {"section": INDEX, "stop": true}, {"add": SECTION} and {"restart": true}. What of it
a peer knows is its own; what it does not know is an error, so that no test passes for a peer that ignored it.
"""

import asyncio
import json
import secrets
import sys
import traceback

import websockets

STATE_EVERY = 0.2


class Peer:
    """What all peers share. A subclass has the peer connection."""

    def __init__(self):
        self.socket = None
        self.other = None
        self.call = None
        self.plan = {"sections": [{"kind": "audio"}, {"kind": "video"}]}
        self.logged_in = False
        self.commands = 0
        self.offer = None
        self.answer = None
        self.answers_applied = 0
        self.ended = None
        self.errors = []

    # What a subclass has.

    async def open(self, plan):
        """Makes the peer connection for a call that it places, and sends the offer."""
        raise NotImplementedError

    async def accept(self, sdp):
        """Applies an offer, makes the peer connection if there is none, and sends the answer."""
        raise NotImplementedError

    async def apply_answer(self, sdp):
        raise NotImplementedError

    async def add_candidate(self, candidate):
        raise NotImplementedError

    async def change(self, changes):
        raise NotImplementedError

    async def record(self, folder):
        raise NotImplementedError

    async def close(self):
        """Closes the peer connection, if there is one."""
        raise NotImplementedError

    def counts(self):
        """connection, frames, audioSeconds, dataOpen."""
        raise NotImplementedError

    # What it may use.

    async def send(self, **message):
        if self.other is not None:
            message["otherUsername"] = self.other
            message["call"] = self.call
        await self.socket.send(json.dumps(message))

    async def send_offer(self, sdp):
        self.offer, self.answer = sdp, None
        await self.send(type="offer", offer={"type": "offer", "sdp": sdp})

    async def send_answer(self, sdp):
        self.answer = sdp
        await self.send(type="answer", answer={"type": "answer", "sdp": sdp})

    # The program.

    def print_state(self):
        state = {
            "commands": self.commands,
            "loggedIn": self.logged_in,
            "offer": self.offer,
            "answer": self.answer,
            "answersApplied": self.answers_applied,
            "ended": self.ended,
            "errors": self.errors,
            **self.counts(),
        }
        print(json.dumps(state), flush=True)

    def note(self, error):
        traceback.print_exception(error)
        self.errors.append(repr(error))

    async def obey(self, command):
        what = command["do"]
        if what == "call":
            self.begin(command["other"], secrets.token_hex(8))
            await self.open(command["with"])
        elif what == "expect":
            self.plan = command["with"]
        elif what == "change":
            await self.change(command["with"])
        elif what == "record":
            await self.record(command["folder"])
        elif what == "hang-up":
            await self.send(type="close")
            await self.end(None)
        else:
            raise ValueError(f"no such command: {what}")

    def begin(self, other, call):
        self.other, self.call = other, call
        self.offer = self.answer = self.ended = None
        self.answers_applied = 0
        self.errors = []

    async def end(self, how):
        self.ended = how
        await self.close()
        self.other = self.call = None

    async def hear(self, message):
        kind = message["type"]
        if kind == "login":
            self.logged_in = message["success"]
        elif kind == "offer":
            if self.call is None or message.get("call") != self.call:
                self.begin(message["username"], message.get("call"))
            self.offer = message["offer"]["sdp"]
            await self.accept(self.offer)
        elif kind == "answer" and message.get("call") == self.call:
            self.answer = message["answer"]["sdp"]
            await self.apply_answer(self.answer)
            self.answers_applied += 1
        elif kind == "candidate" and message.get("call") == self.call:
            if (message.get("candidate") or {}).get("candidate"):
                await self.add_candidate(message["candidate"])
        elif kind in ("close", "decline") and message.get("call") == self.call:
            await self.end({"type": kind, "reason": message.get("reason")})
        elif kind == "error":
            self.errors.append(f"server: {message.get('message')}")

    async def _commands(self):
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        while line := await reader.readline():
            try:
                await self.obey(json.loads(line))
            except Exception as error:
                self.note(error)
            self.commands += 1
            self.print_state()

    async def _messages(self):
        async for text in self.socket:
            try:
                await self.hear(json.loads(text))
            except Exception as error:
                self.note(error)

    async def _states(self):
        while True:
            self.print_state()
            await asyncio.sleep(STATE_EVERY)

    async def run(self, server, name):
        async with websockets.connect(server, max_size=None, proxy=None) as self.socket:
            await self.socket.send(json.dumps({"type": "login", "username": name}))
            tasks = [asyncio.create_task(work) for work in (self._messages(), self._states())]
            await self._commands()
            for task in tasks:
                task.cancel()
            await self.close()


def main(peer):
    """Runs a peer as the command line says: the server's address and a name."""
    server, name = sys.argv[1:]
    asyncio.run(peer.run(server, name))

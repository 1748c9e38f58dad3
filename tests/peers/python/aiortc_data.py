"""A peer on aiortc that has data channels and nothing else, driven by lines of JSON: `aiortc_data.py`.

It offers or answers a connection over the loopback interface, with all its candidates in the description, creates the
channels that it is told to, and takes those that the other opens:

    {"do": "offer", "labels": [LABEL…]}      creates channels and an offer
    {"do": "answer", "sdp": SDP}             answers an offer
    {"do": "accept", "sdp": SDP}             takes an answer
    {"do": "say", "label": LABEL, "text": TEXT}

After each command, and whenever a channel opens or something is heard, it prints all there is as one line.
"""

import asyncio
import json
import sys

import aioice.ice
from aiortc import RTCPeerConnection, RTCSessionDescription

aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class Peer:
    def __init__(self):
        self.connection = RTCPeerConnection()
        self.connection.on("datachannel", self.keep)
        self.channels = {}
        self.state = {"sdp": "", "open": [], "heard": []}

    def keep(self, channel):
        self.channels[channel.label] = channel
        channel.on("message", lambda message: self.heard(channel.label, message))
        channel.on("open", lambda: self.opened(channel.label))
        if channel.readyState == "open":
            self.opened(channel.label)

    def opened(self, label):
        self.state["open"] = sorted({*self.state["open"], label})
        self.show()

    def heard(self, label, message):
        self.state["heard"].append([label, message])
        self.show()

    def show(self):
        print(json.dumps(self.state), flush=True)

    async def obey(self, command):
        pc = self.connection
        match command["do"]:
            case "offer":
                for label in command["labels"]:
                    self.keep(pc.createDataChannel(label))
                pc.addTransceiver("audio")
                await pc.setLocalDescription(await pc.createOffer())
            case "answer":
                await pc.setRemoteDescription(RTCSessionDescription(command["sdp"], "offer"))
                await pc.setLocalDescription(await pc.createAnswer())
            case "accept":
                await pc.setRemoteDescription(RTCSessionDescription(command["sdp"], "answer"))
            case "say":
                self.channels[command["label"]].send(command["text"])
        self.state["sdp"] = pc.localDescription.sdp
        self.show()


async def main():
    peer = Peer()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        await peer.obey(json.loads(line))
    await peer.connection.close()


asyncio.run(main())

"""A peer on aiortc: `aiortc_peer.py SERVER NAME`, driven as control.py says.

It gathers only on the loopback interface, and sends and takes its candidates within the descriptions. Of plans it knows
`bundle` (`balanced`, `max-compat`, `max-bundle`), `direction`, and `codecs` by name (`H264`, `VP8`; without them
aiortc's own choice), and as kinds `audio`, `video` and `data`; of changes, `direction` and `add`. It can also be hostile:

    {"do": "flood", "with": {"kind": KIND, "seconds": SECONDS}}     does to the other what flood.py has by that name
"""

import asyncio
import fractions
import time

import aioice.ice
import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.sdp import candidate_from_sdp

import control
import flood
import media

aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class DrawnVideo(MediaStreamTrack):
    """The drawn pictures as a camera's."""

    kind = "video"

    def __init__(self):
        super().__init__()
        self._number = 0
        self._start = None

    async def recv(self):
        self._start = self._start or time.monotonic()
        due = self._start + self._number / media.FRAMES_PER_SECOND
        await asyncio.sleep(max(0, due - time.monotonic()))
        frame = av.VideoFrame(media.WIDTH, media.HEIGHT, "yuv420p")
        for plane, data in zip(frame.planes, media.drawn_planes(self._number)):
            # A plane's rows may be padded.
            row = len(data) // plane.height
            padding = bytes(plane.line_size - row)
            plane.update(b"".join(data[n : n + row] + padding for n in range(0, len(data), row)))
        frame.pts = self._number * 90_000 // media.FRAMES_PER_SECOND
        frame.time_base = fractions.Fraction(1, 90_000)
        self._number += 1
        return frame


class Tone(MediaStreamTrack):
    """The tone as a microphone's, 20 ms at a time."""

    kind = "audio"
    SAMPLES = media.SAMPLE_RATE // 50

    def __init__(self):
        super().__init__()
        self._sent = 0
        self._start = None

    async def recv(self):
        self._start = self._start or time.monotonic()
        due = self._start + self._sent / media.SAMPLE_RATE
        await asyncio.sleep(max(0, due - time.monotonic()))
        frame = av.AudioFrame("s16", "mono", self.SAMPLES)
        frame.planes[0].update(media.tone_samples(self._sent, self.SAMPLES))
        frame.sample_rate = media.SAMPLE_RATE
        frame.pts = self._sent
        frame.time_base = fractions.Fraction(1, media.SAMPLE_RATE)
        self._sent += self.SAMPLES
        return frame


def track_of(kind):
    return Tone() if kind == "audio" else DrawnVideo()


class AiortcPeer(control.Peer):
    def __init__(self):
        super().__init__()
        self.connection = None
        self.tasks = []
        self.flooding = False
        self._forget()

    def _forget(self):
        self.heard = media.Heard()
        self.picture = None
        self.frames = 0
        self.data_open = False

    def _connect(self, plan):
        self._forget()
        policy = RTCBundlePolicy(plan.get("bundle", "balanced"))
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=policy))
        self.connection.on("track", self._on_track)

    def _on_track(self, track):
        take = self._look if track.kind == "video" else self._listen
        self.tasks.append(asyncio.create_task(take(track)))

    async def _look(self, track):
        while True:
            self.picture = await track.recv()
            self.frames += 1

    async def _listen(self, track):
        while True:
            frame = await track.recv()
            samples = memoryview(bytes(frame.planes[0])).cast("h")[: frame.samples * len(frame.layout.channels)]
            self.heard.add(samples[:: len(frame.layout.channels)].tobytes())

    def _add(self, section):
        kind, direction = section["kind"], section.get("direction", "sendrecv")
        if kind == "data":
            channel = self.connection.createDataChannel("test")
            channel.on("open", self._on_open)
            return
        source = track_of(kind) if "send" in direction else kind
        transceiver = self.connection.addTransceiver(source, direction=direction)
        self._prefer(transceiver, section)

    def _on_open(self):
        self.data_open = True

    @staticmethod
    def _prefer(transceiver, section):
        if names := section.get("codecs"):
            known = RTCRtpSender.getCapabilities(transceiver.kind).codecs
            transceiver.setCodecPreferences([codec for codec in known if codec.name in names])

    async def _offer(self):
        await self.connection.setLocalDescription(await self.connection.createOffer())
        await self.send_offer(self.connection.localDescription.sdp)

    async def obey(self, command):
        if command["do"] == "flood":
            # Answers to a flood of offers belong to no offer of the connection, and some are too many for the server.
            self.flooding = True
            await flood.FLOODS[command["with"]["kind"]](self, command["with"]["seconds"])
        else:
            await super().obey(command)

    async def open(self, plan):
        self._connect(plan)
        for section in plan["sections"]:
            self._add(section)
        await self._offer()

    async def accept(self, sdp):
        if self.connection is None:
            self._connect(self.plan)
            await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
            planned = {section["kind"]: section for section in self.plan["sections"]}
            for transceiver in self.connection.getTransceivers():
                if section := planned.get(transceiver.kind):
                    transceiver.direction = section.get("direction", "sendrecv")
                    if "send" in transceiver.direction:
                        transceiver.sender.replaceTrack(track_of(transceiver.kind))
                    self._prefer(transceiver, section)
        else:
            await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        await self.send_answer(self.connection.localDescription.sdp)

    async def hear(self, message):
        if not (self.flooding and message["type"] in ("answer", "error")):
            await super().hear(message)

    async def apply_answer(self, sdp):
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def add_candidate(self, candidate):
        if self.connection is None:
            return
        parsed = candidate_from_sdp(candidate["candidate"].removeprefix("candidate:"))
        parsed.sdpMid, parsed.sdpMLineIndex = candidate.get("sdpMid"), candidate.get("sdpMLineIndex")
        await self.connection.addIceCandidate(parsed)

    async def change(self, changes):
        for change in changes:
            if "add" in change:
                self._add(change["add"])
            else:
                transceiver = self.connection.getTransceivers()[change["section"]]
                transceiver.direction = change["direction"]
        await self._offer()

    async def record(self, folder):
        self.heard.write(f"{folder}/heard.wav")
        if self.picture is not None:
            media.write_png(f"{folder}/picture.png", self.picture)

    async def close(self):
        tasks, self.tasks = self.tasks, []
        for task in tasks:
            task.cancel()
        if self.connection is not None:
            connection, self.connection = self.connection, None
            await connection.close()

    def counts(self):
        return {
            "connection": self.connection.connectionState if self.connection else "none",
            "frames": self.frames,
            "audioSeconds": self.heard.samples / media.SAMPLE_RATE,
            "dataOpen": self.data_open,
        }


control.main(AiortcPeer())

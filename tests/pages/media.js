// What both pages share: the media they send, what they can say of the media they get, and the doors through which a
// test drives them. How they speak with the server is each page's own.
"use strict";

const parameters = new URLSearchParams(location.search);

/** The tone that a page with drawn media sounds, in Hz. */
const TONE_HZ = 440;

/** What went wrong, for the test to read. */
const errors = [];
window.addEventListener("error", (event) => errors.push(String(event.message)));
window.addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));

/**
 * Camera and microphone (with `?media=large` at 1280x720, with `?media=unprocessed` so and with the sound as it is), with
 * `?media=voice` that sound alone, with `?media=drawn` a picture of four known colours and a steady tone, or with
 * `?media=screen` the screen, without a sound.
 */
async function openMedia() {
  const large = { width: 1280, height: 720, frameRate: 30 };
  const asItIs = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const unprocessed = { unprocessed: { video: large, audio: asItIs }, voice: { audio: asItIs } }[parameters.get("media")];
  if (unprocessed) return navigator.mediaDevices.getUserMedia(unprocessed);
  if (parameters.get("media") === "screen") return navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 30 } });
  if (parameters.get("media") !== "drawn") {
    return navigator.mediaDevices.getUserMedia({ video: parameters.get("media") !== "large" || large, audio: true });
  }
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 480;
  const context = canvas.getContext("2d");
  let turn = 0;
  const draw = () => {
    const colours = ["#c02020", "#20a020", "#2040c0", "#c0c0c0"];
    colours.forEach((colour, index) => {
      context.fillStyle = colour;
      context.fillRect((index % 2) * 320, Math.floor(index / 2) * 240, 320, 240);
    });
    // Something that moves, in the middle, so that each picture is a new one.
    context.fillStyle = "#000000";
    context.fillRect(280 + (turn++ % 40), 220, 40, 40);
  };
  draw();
  setInterval(draw, 1000 / 30);
  const stream = canvas.captureStream(30);

  const audio = new AudioContext({ sampleRate: 48000 });
  const tone = new OscillatorNode(audio, { frequency: TONE_HZ });
  const quieter = new GainNode(audio, { gain: 0.25 });
  const sink = audio.createMediaStreamDestination();
  tone.connect(quieter).connect(sink);
  tone.start();
  stream.addTrack(sink.stream.getAudioTracks()[0]);
  return stream;
}

/** Shows and sounds what comes from the other side, and listens in on it. */
function play(stream) {
  const video = document.getElementById("remote");
  if (video.srcObject === stream) return;
  video.srcObject = stream;
}

let listening = null;

/** The frequency that is loudest in what comes from the other side, in Hz; null before there is any sound. */
async function remoteTone() {
  const stream = document.getElementById("remote").srcObject;
  if (!stream || stream.getAudioTracks().length === 0) return null;
  if (!listening || listening.stream !== stream) {
    const audio = new AudioContext({ sampleRate: 48000 });
    const analyser = new AnalyserNode(audio, { fftSize: 32768, smoothingTimeConstant: 0 });
    audio.createMediaStreamSource(stream).connect(analyser);
    listening = { stream, audio, analyser };
  }
  const { audio, analyser } = listening;
  const spectrum = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(spectrum);
  // Below 50 Hz there is nothing that a voice or a test tone would hold.
  const hertz = audio.sampleRate / analyser.fftSize;
  let peak = Math.ceil(50 / hertz);
  for (let bin = peak; bin + 1 < spectrum.length; bin++) if (spectrum[bin] > spectrum[peak]) peak = bin;
  if (!(spectrum[peak] > -80)) return null;
  const [left, top, right] = [spectrum[peak - 1], spectrum[peak], spectrum[peak + 1]];
  const curve = left - 2 * top + right;
  return (peak + (curve === 0 ? 0 : (0.5 * (left - right)) / curve)) * hertz;
}

/** The picture from the other side as it is shown, as the base64 of a PNG; null before there is one. */
function remotePicture() {
  const video = document.getElementById("remote");
  if (!video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}

/** CRC-16/CCITT-FALSE. */
function crc16(bytes) {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let i = 0; i < 8; i++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

/** The number of the test picture that is shown, from its bar (docs/protocol.md); null when none can be read. */
function remotePictureNumber() {
  return remoteStamp()?.getUint32(2) ?? null;
}

/** How many milliseconds ago the test picture that is shown was drawn; null when none can be read. */
function remotePictureAge() {
  const stamp = remoteStamp();
  if (!stamp) return null;
  const micros = Number(BigInt.asUintN(56, stamp.getBigUint64(5)));
  return performance.timeOrigin + performance.now() - micros / 1000;
}

/** The bytes in the bar of the test picture that is shown (docs/protocol.md); null when none can be read. */
function remoteStamp() {
  const video = document.getElementById("remote");
  const W = video.videoWidth;
  if (!W) return null;
  const canvas = document.createElement("canvas");
  canvas.width = W;
  canvas.height = Math.floor((3 * W) / 40);
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  const bytes = new Uint8Array(15);
  const view = new DataView(bytes.buffer);
  const quarter = (cell, n) => Math.floor(((4 * cell + n) * W) / 160);
  for (let bit = 0; bit < 120; bit++) {
    const [r, c] = [Math.floor(bit / 40), bit % 40];
    const [x, y] = [quarter(c, 1), quarter(r, 1)];
    const [w, h] = [quarter(c, 3) - x, quarter(r, 3) - y];
    const { data } = context.getImageData(x, y, w, h);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += (data[i] + data[i + 1] + data[i + 2]) / 3;
    bytes[bit >> 3] = (bytes[bit >> 3] << 1) | (sum > 128 * w * h ? 1 : 0);
  }
  if (bytes[0] !== 0x56 || bytes[1] !== 0x76 || view.getUint16(13) !== crc16(bytes.subarray(0, 13))) return null;
  return view;
}

/** What a call's peer connection counts, in the shape that the tests read. Absent is what it does not count. */
async function countsOf(peer) {
  const counts = { connection: peer ? peer.connectionState : "none" };
  if (!peer || peer.connectionState === "closed") return counts;
  const report = await peer.getStats();
  const codec = (entry) => report.get(entry.codecId)?.mimeType;
  report.forEach((entry) => {
    if (entry.type === "inbound-rtp" && entry.kind === "video") {
      counts.framesDecoded = entry.framesDecoded;
      counts.width = entry.frameWidth;
      counts.height = entry.frameHeight;
      counts.videoInCodec = codec(entry);
    } else if (entry.type === "inbound-rtp" && entry.kind === "audio") {
      counts.audioPackets = entry.packetsReceived;
      counts.audioSeconds = entry.totalSamplesDuration;
      counts.audioEnergy = entry.totalAudioEnergy;
      counts.audioInCodec = codec(entry);
    } else if (entry.type === "outbound-rtp" && entry.kind === "video") {
      counts.framesSent = entry.framesSent;
      counts.videoOutCodec = codec(entry);
    } else if (entry.type === "outbound-rtp" && entry.kind === "audio") {
      counts.audioOutCodec = codec(entry);
    }
  });
  return counts;
}

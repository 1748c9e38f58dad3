// One call at a time: what the person, the other's client, the network and the clock do to it. The
// rules are those of docs/protocol.md, "Calls" and "Signed calls". No device opens and no address
// leaves before the person has placed or accepted the call, and the other's key was judged.
import { comesBefore, Exchange, fingerprints, known, randomId, remember, TrustError } from "./trust.js";

const RING = 45_000;
const CONNECT = 15_000;
const COME_BACK = 15_000;
const RECONNECT = 30_000;
const RESTART_GRACE = 2_000;
const RESTART_RETRY = 5_000;
const OPENING = 5_000;
const MOST_CANDIDATES = 64;
const MOST_ENDED = 64;

const describes = (it, type) => it?.type === type && typeof it.sdp === "string";
const sameList = (one, other) => one.join() === other.join();

/** H.264 before all others, which stay as a second choice; null when there is none. */
export function videoCodecs() {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs ?? [];
  const is = (codec) => codec.mimeType.toLowerCase() === "video/h264";
  return codecs.some(is) ? [...codecs.filter(is), ...codecs.filter((codec) => !is(codec))] : null;
}

export class Calls {
  /** `media` opens devices; `changed(call)` shows how things stand, `notice(phrase, name)` says a word. */
  constructor(server, media, { changed, notice }) {
    Object.assign(this, { server, media, changed, notice });
    this.current = null;
    this.identity = null;
    /** Whom the person allows one call without a key. */
    this.allowed = null;
    /** How the last calls ended, for whoever has missed it, and so that none rings twice. */
    this.ended = new Map();
  }

  // ---- what the person wants

  place(peer, video) {
    if (this.current) return;
    const call = this.begin({ peer, id: randomId(), placed: true, phase: "calling" });
    if (peer === this.server.name) return this.end(call, "own-name");
    this.running(call, this.offer(call, video));
  }

  accept(video) {
    const call = this.current;
    if (call?.phase !== "ringing" || call.silent || call.standing === "changed") return;
    this.clear(call, "ring");
    this.set(call, { phase: "connecting" });
    this.running(call, this.answer(call, video));
  }

  /** Declines, cancels or closes. */
  hangUp() {
    const call = this.current;
    if (!call) return;
    const { phase } = call;
    if (phase === "ringing") this.end(call, "declined-by-us", { type: "decline", reason: "declined" });
    else this.end(call, phase === "calling" ? "cancelled-by-us" : "ended-by-us", { type: "close" });
  }

  /** The person has decided about another key, or about none: what rings may be accepted, or called again. */
  async allow(peer, key) {
    if (key) await remember(peer, key, false).catch(() => this.notice("key-not-kept", peer));
    this.allowed = key ? null : peer;
    const call = this.current;
    if (call?.peer === peer && call.standing === "changed") this.set(call, await this.judge(peer, call.key));
  }

  /** The codes were compared aloud. */
  async compared(same) {
    const call = this.current;
    if (!call?.key || !call.code) return;
    this.set(call, { standing: same ? "confirmed" : "differ" });
    await remember(call.peer, call.key, same).catch(() => this.notice("key-not-kept", call.peer));
  }

  // ---- what the server sends

  async receive(message) {
    const { type, username: from, call: id } = message;
    if (type === "error") return this.refused(message);
    if (type === "ice-servers") return this.current?.pc?.setConfiguration({ iceServers: this.server.iceServers });
    if (!["offer", "ringing", "answer", "candidate", "decline", "close", "opening"].includes(type)) return;
    if (typeof from !== "string" || from === this.server.name) return;
    const name = `${from} ${id}`;
    if (this.ended.has(name)) {
      const last = this.ended.get(name);
      if (last && ["offer", "ringing", "answer"].includes(type)) this.server.send(last);
      return;
    }
    const call = this.current;
    if (type === "offer") return this.offered(message);
    if (!call || call.peer !== from || (id ?? call.id) !== (call.id ?? id)) return;
    if (type === "close" && message.reason === "disconnected") return this.gone(call);
    this.clear(call, "gone");
    if (call.isGone) this.back(call);
    if (type === "ringing") await this.running(call, this.rang(call, message));
    else if (type === "candidate") await this.candidate(call, message.candidate);
    else if (type === "answer") await this.running(call, this.answered(call, message.answer));
    else if (type === "opening") await this.running(call, this.opened(call, message.nonce));
    else this.end(call, this.wordOf(call, message));
  }

  up() {
    const call = this.current;
    if (!call) return;
    this.clear(call, "server");
    if (call.phase === "ringing") call.silent || this.sendRinging(call);
    else if (!this.stands(call) || call.pc.signalingState === "have-local-offer") this.again(call);
    else if (call.phase === "reconnecting") this.restart(call);
  }

  down() {
    const call = this.current;
    if (call && !this.stands(call)) this.after(call, "server", COME_BACK, () => this.end(call, "server-lost"));
  }

  // ---- the set-up

  async offer(call, video) {
    await this.open(call, video);
    if (call.over) return;
    const pc = this.connect(call);
    for (const kind of ["audio", "video"]) this.attach(pc.addTransceiver(kind));
    await pc.setLocalDescription();
    const { sdp } = pc.localDescription;
    const offer = { type: "offer", sdp };
    if (this.identity) {
      call.exchange = new Exchange(this.identity, call.id, this.server.name, call.peer);
      offer.identity = await call.exchange.offer(sdp);
    }
    if (call.over) return;
    this.describe(call, { type: "offer", offer });
    this.after(call, "ring", RING, () => this.end(call, "no-answer", { type: "close", reason: "timeout" }));
  }

  async offered(message) {
    const { username: from, call: id, offer } = message;
    const call = this.current;
    const decline = (reason) => this.final({ type: "decline", otherUsername: from, call: id, reason });
    if (!call) return this.ring(message);
    if (from !== call.peer) return decline("busy");
    const same = id === call.id;
    const wasGone = call.isGone;
    if (same || call.phase === "calling") this.back(call);
    if (call.phase === "ringing" || (wasGone && !same)) {
      this.leave(call);
      return this.ring(message, call);
    }
    if (call.phase === "calling") {
      // Both have called: the offer of the smaller name stands, and the other's person wants this call too.
      if (comesBefore(this.server.name, from) || !describes(offer, "offer")) return;
      const { media, video } = call;
      this.leave(call, id && { type: "close", reason: "failed" });
      const next = this.begin({ peer: from, id, offer, phase: "connecting", media });
      // Not waited for: the person may still be asked for the camera.
      this.running(next, this.judged(next).then((may) => may && this.answer(next, video)));
      return;
    }
    if (!same) return decline("busy");
    if (describes(offer, "offer")) await this.running(call, this.further(call, offer));
  }

  async ring({ username: peer, call: id, offer }, before) {
    const call = this.begin({ peer, id, offer, phase: "ringing", silent: true });
    if (!describes(offer, "offer")) return this.end(call, "call-not-set-up", { type: "decline", reason: "failed" });
    await this.running(call, this.judged(call));
    if (call.over) return;
    this.sendRinging(call);
    const left = before?.phase === "ringing" ? before.until - Date.now() : RING;
    call.until = Date.now() + left;
    this.after(call, "ring", left, () => this.end(call, "missed-call-from", { type: "decline", reason: "timeout" }));
    this.set(call, { silent: false });
  }

  async sendRinging(call) {
    const identity = call.key ? await call.exchange.ringing() : undefined;
    this.send(call, { type: "ringing", identity });
  }

  /** It rings there: with another key than before, the call is over before anything has left. */
  async rang(call, message) {
    if (call.phase !== "calling") return;
    const key = call.exchange ? await call.exchange.rang(message) : null;
    if (key) this.set(call, await this.judge(call.peer, key));
    if (call.standing === "changed") return this.end(call, "key-changed", { type: "close" });
    this.set(call, { rings: true });
  }

  /** Judges whose offer it is. Whether the call may go on at once. */
  async judged(call) {
    call.exchange = new Exchange(this.identity, call.id, this.server.name, call.peer);
    const key = await call.exchange.offered(call.offer);
    this.set(call, await this.judge(call.peer, key));
    if (call.standing !== "changed") return true;
    // Whom the person calls is not answered under another key.
    if (call.phase !== "ringing") this.end(call, "key-changed", { type: "decline", reason: "failed" });
    return false;
  }

  async answer(call, video) {
    await this.open(call, video);
    if (call.over) return;
    const pc = this.connect(call);
    await pc.setRemoteDescription({ type: "offer", sdp: call.offer.sdp });
    call.theirs = call.exchange.theirs?.prints ?? null;
    pc.getTransceivers().forEach((transceiver) => this.attach(transceiver));
    await pc.setLocalDescription();
    const { sdp } = pc.localDescription;
    const answer = { type: "answer", sdp };
    if (call.key) answer.identity = await call.exchange.answer(sdp);
    if (call.over) return;
    this.describe(call, { type: "answer", answer });
    this.after(call, "connect", CONNECT, () => this.fail(call, "not-connected-to"));
    if (call.key) {
      this.set(call, { code: "awaited" });
      this.after(call, "opening", OPENING, () => this.set(call, { code: "withheld" }));
    }
    await this.described(call);
  }

  async answered(call, answer) {
    const { pc } = call;
    if (!describes(answer, "answer")) return call.phase === "calling" && this.fail(call, "call-not-set-up");
    if (pc?.signalingState !== "have-local-offer") return;
    if (call.phase !== "calling") {
      this.keeps(call, answer.sdp);
      return pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    }
    this.clear(call, "ring");
    const key = (await call.exchange?.answered(answer)) ?? null;
    this.set(call, await this.judge(call.peer, key));
    if (call.over) return;
    if (call.standing === "changed") return this.end(call, "key-changed", { type: "close" });
    this.set(call, { phase: "connecting", code: call.exchange?.code ?? null });
    if (key) this.reveal(call);
    this.after(call, "connect", CONNECT, () => this.fail(call, "not-connected-to"));
    call.theirs = call.exchange?.theirs?.prints ?? null;
    await pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    await this.described(call);
  }

  async opened(call, nonce) {
    if (call.code !== "awaited") return;
    const code = await call.exchange.opened(nonce);
    this.clear(call, "opening");
    this.set(call, { code });
  }

  /** A further offer within the call: other devices, or another path. */
  async further(call, offer) {
    const { pc } = call;
    if (!pc?.remoteDescription) return;
    if (offer.sdp === pc.remoteDescription.sdp || offer.sdp === call.offer?.sdp) return this.again(call);
    this.keeps(call, offer.sdp);
    if (pc.signalingState === "have-local-offer" && comesBefore(this.server.name, call.peer)) return;
    call.offer = offer;
    await pc.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    await pc.setLocalDescription();
    this.describe(call, { type: "answer", answer: { type: "answer", sdp: pc.localDescription.sdp } });
  }

  /** Renegotiation keeps the certificates. */
  keeps(call, sdp) {
    const before = call.theirs ?? fingerprints(call.pc.remoteDescription.sdp);
    if (!sameList(before, fingerprints(sdp))) throw new TrustError("untrusted-certificate");
  }

  async judge(peer, key) {
    const kept = await known(peer).catch(() => {
      if (this.identity) throw new TrustError("people-unread");
    });
    const allowed = this.allowed === peer && !key;
    if (!kept || allowed) return { key, before: null, standing: key ? "new" : "unsigned" };
    if (kept.key !== key) return { key, before: kept.key, standing: "changed" };
    return { key, before: null, standing: kept.confirmed ? "confirmed" : "same" };
  }

  // ---- the peer connection

  async open(call, video) {
    call.video = video;
    call.media ??= this.media.open(video);
    await call.media;
  }

  connect(call) {
    const pc = (call.pc = new RTCPeerConnection({ iceServers: this.server.iceServers }));
    call.remote = new MediaStream();
    call.theirCandidates ??= [];
    call.ourCandidates = [];
    pc.onicecandidate = ({ candidate }) => {
      const message = { type: "candidate", candidate: candidate?.toJSON() ?? null };
      if (call.ourCandidates) call.ourCandidates.push(message);
      else this.send(call, message);
    };
    pc.ontrack = ({ track }) => {
      call.remote.addTrack(track);
      this.changed(call);
    };
    pc.onconnectionstatechange = () => this.state(call, pc.connectionState);
    pc.onnegotiationneeded = () => this.stands(call) && this.running(call, this.renegotiate(call));
    return pc;
  }

  /** Our devices go into a section of the description, H.264 first. */
  attach(transceiver) {
    const { kind } = transceiver.receiver.track;
    const track = this.media.track(kind);
    transceiver.direction = track || (kind === "video" && this.media.may.video) ? "sendrecv" : "recvonly";
    transceiver.sender.setStreams?.(this.media.stream);
    transceiver.sender.replaceTrack(track);
    const codecs = kind === "video" && videoCodecs();
    if (codecs) transceiver.setCodecPreferences?.(codecs);
  }

  /** Another device, or none, in the middle of a call. */
  async replace(kind, track) {
    const transceiver = this.current?.pc?.getTransceivers().find((it) => it.receiver.track.kind === kind);
    await transceiver?.sender.replaceTrack(track);
    // Makes a further offer, if it has to.
    if (transceiver && track) transceiver.direction = "sendrecv";
  }

  state(call, state) {
    if (call.over) return;
    if (state === "connected") {
      ["connect", "reconnect", "restart", "gone", "server"].forEach((name) => this.clear(call, name));
      if (!this.stands(call)) this.stood(call);
      this.set(call, { phase: "in-call" });
    } else if (state === "failed" && !this.stands(call)) {
      this.fail(call, "not-connected-to");
    } else if (["disconnected", "failed"].includes(state) && this.stands(call)) {
      this.set(call, { phase: "reconnecting" });
      const lost = () => this.end(call, "connection-lost", { type: "close" });
      if (!call.timers.reconnect) this.after(call, "reconnect", RECONNECT, lost);
      const wait = state === "failed" ? 0 : RESTART_GRACE;
      this.after(call, "restart", wait, () => this.restart(call));
    }
  }

  /** Media flows for the first time. */
  stood(call) {
    call.since = Date.now();
    if (call.standing === "new") remember(call.peer, call.key, false).catch(() => this.notice("key-not-kept", call.peer));
  }

  restart(call) {
    this.after(call, "restart", RESTART_RETRY, () => this.restart(call));
    if (call.pc.signalingState === "have-local-offer") this.again(call);
    else call.pc.restartIce();
  }

  async renegotiate(call) {
    const { pc } = call;
    if (pc.signalingState !== "stable") return;
    await pc.setLocalDescription();
    if (pc.signalingState !== "have-local-offer") return;
    this.describe(call, { type: "offer", offer: { type: "offer", sdp: pc.localDescription.sdp } });
  }

  async candidate(call, candidate) {
    call.theirCandidates ??= [];
    if (!call.pc?.remoteDescription || call.theirCandidates.length) {
      if (call.theirCandidates.length < MOST_CANDIDATES) call.theirCandidates.push(candidate);
    } else {
      await this.add(call, candidate);
    }
  }

  async add(call, candidate) {
    // One that can't be read costs itself alone.
    await call.pc.addIceCandidate(candidate ?? undefined).catch(() => {});
  }

  /** Both descriptions are there and judged: addresses go out and in. */
  async described(call) {
    const ours = call.ourCandidates ?? [];
    call.ourCandidates = null;
    ours.forEach((message) => this.send(call, message));
    while (call.theirCandidates.length && !call.over) {
      await this.add(call, call.theirCandidates[0]);
      call.theirCandidates.shift();
    }
  }

  // ---- ends

  gone(call) {
    call.isGone = true;
    if (!this.stands(call)) this.after(call, "gone", COME_BACK, () => this.fail(call, "went-offline"));
  }

  back(call) {
    const wasGone = call.isGone;
    call.isGone = false;
    this.clear(call, "gone");
    if (wasGone && !this.stands(call)) this.again(call);
  }

  refused({ inReplyTo, code, call: id }) {
    const call = this.current;
    if (!call || (id ?? null) !== (call.id ?? null)) return;
    if (inReplyTo === "opening") return this.set(call, { code: "withheld" });
    if (this.stands(call)) return;
    if (code === "unknown-user" && (inReplyTo !== "offer" || call.rings)) return this.gone(call);
    const words = { "unknown-user": "not-online", "rate-limited": "refused-too-often" };
    if (["offer", "answer"].includes(inReplyTo)) this.end(call, words[code] ?? "not-passed-on");
  }

  /** What the other's last word means. */
  wordOf({ phase, placed }, { type, reason }) {
    const calling = phase === "calling";
    if (reason === "failed") return calling ? "call-not-set-up" : "not-connected-to";
    if (phase === "connecting") return reason === "timeout" ? "not-connected-to" : placed && type === "decline" ? "declined-by-them" : "ended-by-them";
    if (calling) return reason === "busy" ? "on-another-call" : reason === "timeout" ? "no-answer" : "declined-by-them";
    return phase === "ringing" ? "cancelled-by-them" : "ended-by-them";
  }

  fail(call, word) {
    const declines = !call.placed && call.id && !this.stands(call);
    this.end(call, word, { type: declines ? "decline" : "close", reason: "failed" });
  }

  end(call, word, last) {
    if (call.over) return;
    this.leave(call, last);
    if (!last) this.note(call.peer, call.id, null);
    this.media.close();
    if (this.allowed === call.peer) this.allowed = null;
    // Nobody is asked about what has not even rung.
    if (call.silent) return void this.notice("untrusted", call.peer);
    this.changed({ ...call, phase: "ended", word, talked: call.since && Date.now() - call.since });
  }

  /** Nothing of the call goes on; `last` is what the other gets. */
  leave(call, last) {
    call.over = true;
    Object.values(call.timers).forEach(clearTimeout);
    call.pc?.close();
    this.current = null;
    if (last) this.final({ ...last, otherUsername: call.peer, call: call.id });
  }

  final(message) {
    this.server.send(message);
    this.note(message.otherUsername, message.call, message);
  }

  note(peer, id, last) {
    if (!id) return;
    this.ended.set(`${peer} ${id}`, last);
    if (this.ended.size > MOST_ENDED) this.ended.delete(this.ended.keys().next().value);
  }

  // ---- small things

  begin(call) {
    return (this.current = { timers: {}, standing: null, key: null, code: null, ...call });
  }

  set(call, change) {
    if (call.over) return;
    Object.assign(call, change);
    if (!call.silent) this.changed(call);
  }

  stands = ({ phase }) => phase === "in-call" || phase === "reconnecting";

  send(call, message) {
    if (!call.over) this.server.send({ ...message, otherUsername: call.peer, call: call.id });
  }

  /** Sends a description, and keeps it for whoever has missed it. */
  describe(call, message) {
    call.last = message;
    this.send(call, message);
  }

  again(call) {
    if (call.last) this.send(call, call.last);
    if (call.exchange?.opening) this.reveal(call);
  }

  /** Opens our commitment. */
  reveal(call) {
    this.send(call, { type: "opening", nonce: call.exchange.opening });
  }

  after(call, name, wait, act) {
    clearTimeout(call.timers[name]);
    call.timers[name] = setTimeout(() => {
      delete call.timers[name];
      if (!call.over) act();
    }, wait);
  }

  clear(call, name) {
    clearTimeout(call.timers[name]);
    delete call.timers[name];
  }

  /** A call ends with a word, whatever goes wrong in it. */
  async running(call, work) {
    try {
      await work;
    } catch (error) {
      if (error instanceof TrustError) this.fail(call, error.word);
      else if (!call.over) {
        console.error(error);
        this.stands(call) || this.fail(call, "call-not-set-up");
      }
    }
  }
}

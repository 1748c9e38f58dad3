// The connection to the server that this page came from: greeting, log-in, and coming back after it
// was lost. Messages are handed on one after the other, each when the one before is dealt with.
import { canonical, fromBase64, toBase64, utf8 } from "./trust.js";

const LOG_IN_LIMIT = 10_000;
const CHECK_EVERY = 20_000;
const MOST_WAITING = 64;

export class Server {
  /** `on` has `up(resumed)`, `down()`, `message(message)` and `out(phrase, message)`. */
  constructor(on) {
    this.on = on;
    this.iceServers = [];
    this.inbox = Promise.resolve();
    addEventListener("online", () => this.wanted && this.isUp && this.check());
  }

  logIn(name, identity) {
    Object.assign(this, { name, identity, wanted: true, wasUp: false, token: "", waiting: [], tries: 0 });
    this.connect();
  }

  logOut() {
    this.wanted = this.isUp = false;
    clearTimeout(this.timer);
    clearInterval(this.checks);
    this.socket?.close(1000);
    this.socket = null;
  }

  /** Sends, or keeps for when the server is back what a call can't do without. */
  send(message) {
    if (this.isUp) this.socket.send(JSON.stringify(message));
    else if (this.wanted && this.waiting.length < MOST_WAITING) this.waiting.push(message);
  }

  connect() {
    const url = new URL(".", location.href.replace(/^http/, "ws"));
    const socket = (this.socket = new WebSocket(url));
    const mine = (act) => (event) => this.socket === socket && act(event);
    socket.onmessage = mine(({ data }) => {
      this.heard = true;
      this.inbox = this.inbox.then(mine(() => this.receive(data))).catch(console.error);
    });
    socket.onclose = mine(({ code }) => this.closed(code));
    // A greeting that comes late is answered as any other: nobody is logged in without it.
    this.timer = setTimeout(() => this.closed(), LOG_IN_LIMIT);
  }

  async receive(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (!message || typeof message !== "object") return;
    if (message.type === "hello") await this.greeted(message);
    else if (message.type === "login") this.answered(message);
    else if (message.type === "ice-servers") this.iceServers = list(message.iceServers);
    if (this.isUp) await this.on.message(message);
  }

  async greeted({ challenge }) {
    if (this.isUp) return;
    const login = { type: "login", username: this.name, resume: this.token };
    if (this.identity) {
      if (!fromBase64(challenge, 32)) return this.stop("server-failed");
      const text = `visavis login v1\0${challenge}\0${this.name}`;
      login.publicKey = toBase64(this.identity.key);
      login.signature = toBase64(await this.identity.sign(utf8(text)));
    }
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(login));
  }

  answered({ success, username, reason, message, resume, iceServers }) {
    if (this.isUp) return;
    if (success !== true) {
      const phrases = { taken: "log-in-taken", "invalid-name": "log-in-name-refused" };
      Object.assign(phrases, { "not-allowed": "log-in-not-allowed", "rate-limited": "refused-too-often" });
      if (this.wasUp && (reason === "rate-limited" || reason === "unavailable")) return this.closed();
      return this.stop(phrases[reason] ?? "log-in-refused", message);
    }
    if (typeof username !== "string" || (canonical(this.name) === this.name && username !== this.name)) {
      return this.stop("log-in-refused");
    }
    clearTimeout(this.timer);
    const resumed = this.wasUp && resume === this.token;
    Object.assign(this, { name: username, token: resume ?? "", isUp: true, wasUp: true, tries: 0 });
    this.iceServers = list(iceServers);
    for (const waiting of this.waiting.splice(0)) this.send(waiting);
    this.checks = setInterval(() => this.check(), CHECK_EVERY);
    this.on.up(resumed);
  }

  /** A browser hides whether its connection is dead: the server has to answer something. */
  check() {
    this.heard = false;
    this.send({ type: "users", prefix: this.name });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.heard || this.closed(), LOG_IN_LIMIT);
  }

  closed(code) {
    clearTimeout(this.timer);
    clearInterval(this.checks);
    const socket = this.socket;
    this.socket = null;
    if (code === undefined) socket?.close(4000);
    if (!this.wanted) return;
    if (code === 4001) return this.stop("logged-in-elsewhere");
    if (!this.wasUp) return this.stop("server-no-answer");
    const wasUp = this.isUp;
    this.isUp = false;
    if (wasUp) this.on.down();
    const wait = Math.min(500 * 2 ** this.tries++, 8000) * (1 + Math.random() / 2);
    this.timer = setTimeout(() => this.connect(), wait);
  }

  stop(phrase, message) {
    this.logOut();
    this.on.out(phrase, message);
  }
}

/** The servers that a peer connection takes: what it would stumble over is left out. */
function list(iceServers) {
  const good = [];
  for (const server of Array.isArray(iceServers) ? iceServers.slice(0, 8) : []) {
    try {
      new RTCPeerConnection({ iceServers: [server] }).close();
      good.push(server);
    } catch {
      // One that this browser can't use.
    }
  }
  return good;
}

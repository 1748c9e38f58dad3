// The page: what is shown, and what the person does. How a call goes is call.js, who is there
// trust.js, the server server.js. Whatever others wrote is set as text and never as markup.
import { Calls, videoCodecs } from "./call.js";
import { Server } from "./server.js";
import { canonical, ownIdentity, safetyWords } from "./trust.js";
import { LANGUAGES, say, speak } from "./words.js";

const NOTICE = 15_000;
const LAST_BLACK_FRAME = 300;
const ASKING_STANDS = 45_000;
const SCREENS = ["welcome", "people", "rings", "key", "stage", "ended"];
const $ = (id) => document.getElementById(id);

/** What this browser remembers of the person, if it may. */
const memory = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* It forgets. */ } },
};

// ---- devices

const media = {
  stream: new MediaStream(),
  may: { audio: true, video: true },
  chosen: {},

  track: (kind) => media.stream.getTracks().find((track) => track.kind === kind) ?? null,

  /** Opens what there is; what there is not costs a word, and the call goes on without. */
  async open(video) {
    const kinds = video ? ["audio", "video"] : ["audio"];
    if (!navigator.mediaDevices) return notice("no-encryption");
    try {
      await media.get(kinds);
    } catch {
      for (const kind of kinds) await media.get([kind]).catch((error) => media.missing(kind, error));
    }
  },

  missing(kind, error) {
    const device = say(kind === "audio" ? "microphone" : "camera");
    const refused = error.name === "NotAllowedError";
    if (refused) media.may[kind] = false;
    notice(refused ? "device-refused" : "device-none", device);
  },

  async get(kinds) {
    const wanted = (kind) => kinds.includes(kind) && { deviceId: media.chosen[kind] ?? undefined };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: wanted("audio"), video: wanted("video") });
    // The call may be over by now.
    if (!calls.current) return stream.getTracks().forEach((track) => track.stop());
    for (const track of stream.getTracks()) {
      media.drop(track.kind);
      media.may[track.kind] = true;
      media.stream.addTrack(track);
      track.onended = () => {
        media.drop(track.kind);
        media.missing(track.kind, {});
        show();
      };
    }
    $("own").srcObject = media.stream;
  },

  drop(kind) {
    const track = media.track(kind);
    if (!track) return;
    track.onended = null;
    track.stop();
    media.stream.removeTrack(track);
  },

  close() {
    ["audio", "video"].forEach(media.drop);
    media.chosen = {};
  },

  /** Takes a device into a call that stands. */
  async take(kind) {
    try {
      await media.get([kind]).catch(() => {
        // Some devices open one camera at a time.
        media.drop(kind);
        return media.get([kind]);
      });
    } catch (error) {
      media.missing(kind, error);
    }
    await calls.replace(kind, media.track(kind));
    show();
  },
};

// ---- the connection and the call

let screen = "";
/** The call that is shown: also one that has ended. */
let shown = null;
/** The room that the person is in, or has asked for; and until when whoever is there is called. */
let room = null;
let askedUntil = 0;
let invited = null;
let identity = null;
let words = null;

const server = new Server({
  up(resumed) {
    notice(null);
    if (room && !resumed) server.send({ type: "join", room: room.name });
    calls.up();
    if (screen === "welcome") {
      memory.set("name", server.name);
      show("people");
      follow();
    }
  },
  down() {
    notice("server-gone", "", true);
    calls.down();
  },
  out(phrase) {
    calls.hangUp();
    room = shown = null;
    show("welcome");
    notice(phrase, server.name, true);
  },
  async message(message) {
    if (!rooms(message)) await calls.receive(message);
  },
});

const calls = new Calls(server, media, {
  changed(call) {
    if (call.phase === "ended" && room?.mate === call.peer && call.talked) leave();
    const isNew = shown?.phase !== call.phase;
    shown = call;
    show();
    if (isNew) ring(call.phase === "ringing");
  },
  notice,
});

/** Follows the link by which the person came. */
function follow() {
  if (!invited) return;
  const { person, room } = invited;
  invited = null;
  if (room) enter(room);
  else $("callee").value = person;
}

function enter(name) {
  room = { name };
  askedUntil = Date.now() + ASKING_STANDS;
  server.send({ type: "join", room: name });
  show();
}

function leave() {
  if (room) server.send({ type: "leave-room", room: room.name });
  room = null;
  show();
}

/** Whether it was about rooms. */
function rooms({ type, room: name, users, username, inReplyTo, code }) {
  if (type === "error" && inReplyTo === "join" && room) {
    notice(code === "room-full" ? "room-full" : "room-refused", room.name);
    room = null;
    show();
    return true;
  }
  if (!room || name !== room.name) return false;
  if (type === "user-joined") room.mate = username;
  if (type !== "joined") return type.startsWith("user-");
  const [mate] = Array.isArray(users) ? users : [];
  room.mate = mate;
  // Who joins second calls, once for each time that the person asked.
  if (typeof mate === "string" && Date.now() < askedUntil) calls.place(mate, true);
  askedUntil = 0;
  return true;
}

// ---- what is shown

let hiding = 0;

function notice(phrase, name, stays) {
  clearTimeout(hiding);
  $("alert").hidden = !phrase;
  $("alert").textContent = phrase ? say(phrase, name) : "";
  if (phrase && !stays) hiding = setTimeout(() => notice(null), NOTICE);
}

const inCall = () => ["in-call", "reconnecting"].includes(shown?.phase);

function screenOf(call) {
  if (!call) return server.wanted && server.wasUp ? "people" : "welcome";
  if (call.standing === "changed") return "key";
  if (call.phase === "ringing") return "rings";
  return call.phase === "ended" ? "ended" : "stage";
}

function show(wanted = screenOf(shown)) {
  const call = shown;
  const text = (id, phrase, name = call?.peer) => ($(id).textContent = phrase ? say(phrase, name) : "");
  const label = (id, phrase) => ($(id).ariaLabel = $(id).title = say(phrase));
  text("who", "logged-in", server.name ?? "");
  $("in-room").hidden = !room;
  $("room-form").hidden = Boolean(room);
  if (room) {
    text("in-room-line", "in-room", room.name);
    $("link").value = new URL(`#room=${encodeURIComponent(room.name)}`, location.href.split("#")[0].split("?")[0]).href;
  }
  let title = "";
  if (call) {
    const { phase, peer, standing } = call;
    const states = { calling: call.rings ? "ringing" : "calling", connecting: "connecting", reconnecting: "interrupted" };
    title = phase === "ringing" ? text("caller", "person-is-calling") : peer;
    const seen = call.code === "withheld" ? "unsigned" : standing;
    const trust = seen && seen !== "changed" ? `trust-${seen}` : null;
    text("caller-trust", trust && `${trust}-line`);
    text("key-title", "key-changed");
    text("key-ways", "key-changed-ways");
    text("key-no", phase === "ringing" ? "decline" : "back");
    $("peer").textContent = peer;
    $("phase").textContent = states[phase] ? say(states[phase]) : "";
    $("trust").hidden = !trust;
    $("trust").dataset.trust = seen;
    const marks = { same: "#i-check", confirmed: "#i-check", unsigned: "#i-off", differ: "#i-off" };
    $("mark").setAttribute("href", marks[seen] ?? "#");
    $("trust").lastElementChild.textContent = trust ? say(trust) : "";
    text("trust-line", trust && `${trust}-line`);
    text("compare", "compare");
    words = Array.isArray(call.code) ? call.code : null;
    $("code-part").hidden = !words;
    $("no-code").hidden = Boolean(words);
    $("code").replaceChildren(...(words ?? []).map((word) => Object.assign(document.createElement("li"), { textContent: word })));
    if ($("remote").srcObject !== (call.remote ?? null)) $("remote").srcObject = call.remote ?? null;
    $("remote").ariaLabel = say("picture-of", peer);
    $("own").ariaLabel = say("own-picture");
    const [voice, picture] = ["audio", "video"].map(media.track);
    $("own").hidden = !picture;
    const muted = !voice?.enabled;
    $("mute").dataset.off = muted;
    label("mute", muted ? "unmute" : "mute");
    $("camera").dataset.off = !picture;
    label("camera", picture ? "camera-off" : "camera-on");
    label("close", phase === "calling" ? "cancel" : "close-call");
    if (phase === "ended") ended(call, text);
  }
  document.title = title ? `${title} – Visavis` : "Visavis";
  tick();
  if (wanted !== screen) turn(wanted);
  const said = call && wanted === "stage" ? $("phase").textContent || (inCall() ? `${call.peer} ${$("trust").textContent}` : "") : title;
  if ($("status").textContent !== said) $("status").textContent = said;
}

function ended({ word, talked }, text) {
  const unsafe = /^untrusted/.test(word);
  text("ended-word", unsafe ? "untrusted" : word);
  if (unsafe) text("ended-more", word);
  else text("ended-more", talked && "talked-for", clock(talked));
}

/** Goes to another screen, and takes the keyboard along. */
function turn(wanted) {
  screen = wanted;
  SCREENS.forEach((id) => ($(id).hidden = id !== screen));
  if (screen !== "stage") document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  // Headings, so that a key which is pressed just then accepts nothing.
  const first = { welcome: "name", people: "callee", rings: "caller", key: "key-title", stage: "peer", ended: "ended-word" };
  $(first[screen]).focus();
}

function clock(time) {
  const seconds = Math.floor(time / 1000);
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours ? `${hours}:` : ""}${hours ? two(Math.floor(seconds / 60) % 60) : Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

const tick = () => ($("time").textContent = inCall() ? clock(Date.now() - shown.since) : "");
setInterval(tick, 1000);

let tone = null;
let ringing = 0;

/** Rings with a soft double tone, from the first click on. */
function ring(on) {
  clearInterval(ringing);
  if (!on || tone?.state !== "running") return;
  const beep = () => {
    for (const at of [0, 0.3]) {
      const oscillator = new OscillatorNode(tone, { frequency: 520 });
      const gain = new GainNode(tone, { gain: 0.1 });
      oscillator.connect(gain).connect(tone.destination);
      oscillator.start(tone.currentTime + at);
      oscillator.stop(tone.currentTime + at + 0.2);
    }
  };
  beep();
  ringing = setInterval(beep, 2500);
}

// ---- what the person does

const on = (id, act, event = "click") =>
  $(id).addEventListener(event, (happened) => {
    happened.preventDefault();
    act();
  });

on("log-in", () => {
  const name = $("name").value.trim();
  if (!name) return notice("username-missing");
  tone ??= new AudioContext();
  notice("logging-in", "", true);
  server.logIn(name, identity);
}, "submit");
on("log-out", () => {
  if (room) leave();
  server.logOut();
  show("welcome");
});
on("call-form", () => {
  const typed = invitation($("callee").value) ?? { person: $("callee").value };
  if (typed.room) enter(typed.room);
  else if (typed.person.trim()) calls.place(canonical(typed.person), true);
  $("callee").focus();
}, "submit");
on("room-form", () => $("room").value.trim() && enter($("room").value.trim()), "submit");
on("leave", leave);
on("link", () => $("link").select());
on("accept", () => calls.accept(true));
on("accept-audio", () => calls.accept(false));
on("decline", () => calls.hangUp());
on("close", () => calls.hangUp());
on("back", back);
on("again", () => calls.place(shown.peer, true));
on("key-no", () => (shown.phase === "ringing" ? calls.hangUp() : back()));
on("key-yes", async () => {
  const { phase, peer, key } = shown;
  await calls.allow(peer, key);
  if (phase === "ended") calls.place(peer, true);
});
on("mute", () => {
  const track = media.track("audio");
  if (!track) return media.take("audio");
  track.enabled = !track.enabled;
  show();
});
on("camera", async () => {
  const track = media.track("video");
  if (!track) return media.take("video");
  // The last picture that they see is black.
  track.enabled = false;
  await new Promise((resolve) => setTimeout(resolve, LAST_BLACK_FRAME));
  await calls.replace("video", null);
  media.drop("video");
  show();
});
on("trust", () => $("code-dialog").showModal());
on("same", () => compared(true));
on("differ", () => compared(false));
on("devices", async () => {
  $("devices-dialog").showModal();
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  for (const kind of ["audio", "video"]) {
    const some = all.filter((device) => device.kind === `${kind}input` && device.deviceId);
    const current = media.track(kind)?.getSettings().deviceId;
    $(`pick-${kind}`).replaceChildren(
      ...some.map(({ label, deviceId }, at) => new Option(label || at + 1, deviceId, false, deviceId === current)),
    );
  }
});
for (const kind of ["audio", "video"]) {
  on(`pick-${kind}`, () => {
    media.chosen[kind] = { exact: $(`pick-${kind}`).value };
    media.take(kind);
  }, "change");
}
on("language", async () => {
  memory.set("language", $("language").value);
  await translate();
}, "change");
addEventListener("pagehide", () => {
  calls.hangUp();
  server.logOut();
});

function back() {
  shown = null;
  show();
}

async function compared(same) {
  $("code-dialog").close();
  await calls.compared(same);
}

/** What a link leads to: `#room=…`, `?call=…`, or an invitation of the app's. */
function invitation(link) {
  const parts = /^\s*visavis:\/\/[^/]+\/(room\/)?([^/?#]+)/i.exec(link);
  try {
    if (parts) return parts[1] ? { room: decodeURIComponent(parts[2]) } : { person: decodeURIComponent(parts[2]) };
  } catch {
    // No invitation.
  }
  return null;
}

async function translate() {
  const language = await speak([memory.get("language"), ...navigator.languages].filter(Boolean));
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
  $("language").value = language;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.ariaLabel = element.title = say(element.dataset.label);
  }
  $("promise").textContent = say("promise", location.host);
  const limits = [isSecureContext || "no-encryption", identity || !isSecureContext || "no-key", videoCodecs() ? true : "no-h264"];
  $("limits").textContent = limits.filter((it) => typeof it === "string").map((it) => say(it)).join(" ");
  $("limits").hidden = !$("limits").textContent;
  const { person, room } = invited ?? {};
  $("invited").textContent = room ? say("invited-to-room", room) : person ? say("invited-to-person", person) : "";
  $("invited").hidden = !invited;
  show();
}

async function begin() {
  const link = new URLSearchParams(`${location.search.slice(1)}&${location.hash.slice(1)}`);
  const [toRoom, person] = [link.get("room"), link.get("call")];
  if (toRoom || person) invited = toRoom ? { room: toRoom.trim() } : { person };
  $("language").replaceChildren(...Object.entries(LANGUAGES).map(([code, name]) => new Option(name, code)));
  $("name").value = memory.get("name") ?? "";
  calls.identity = identity = globalThis.isSecureContext ? await ownIdentity() : null;
  await translate();
  document.body.hidden = false;
  turn("welcome");
  if (identity) safetyWords();
}

begin();

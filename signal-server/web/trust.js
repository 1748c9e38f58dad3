// Who is at the other end of a call: this browser's key, signatures over descriptions, the safety
// code, and which key each name had before. The bytes are those of docs/protocol.md, "Signed calls".
// Whatever comes from outside is judged here; nothing of it is thrown on but a TrustError.

const { subtle } = globalThis.crypto;
const ED25519 = { name: "Ed25519" };
const MOST_FINGERPRINTS = 64;

/** Why a call must not go on; `word` is the phrase that says it. */
export class TrustError extends Error {
  constructor(word) {
    super(word);
    this.word = word;
  }
}

export const utf8 = (text) => new TextEncoder().encode(text);
export const random = (length) => crypto.getRandomValues(new Uint8Array(length));
export const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const randomId = () => toHex(random(16));

/** The bytes of a text that is their one text; null for any other. */
export function fromBase64(text, length) {
  if (typeof text !== "string" || text.length > 4 * Math.ceil(length / 3)) return null;
  try {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return bytes.length === length && toBase64(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

/** The order of names: that of their UTF-8 bytes. */
export function comesBefore(one, other) {
  const [a, b] = [utf8(one), utf8(other)];
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at < 0 ? a.length < b.length : a[at] < (b[at] ?? -1);
}

/** The form in which a server tells a name, as far as a browser can make it. */
export function canonical(name) {
  for (let before; before !== name; ) {
    before = name;
    name = name.trim().normalize("NFC").toLowerCase().replaceAll("i\u0307", "i");
    name = name.replace(/[\uff00-\uffef\u3000]/g, (letter) => letter.normalize("NFKC"));
  }
  return name;
}

// ---- bytes

const number = (value) => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Each value behind its length; of a list, its number and then each. */
function fields(...values) {
  return joined(
    values.flatMap((value) => {
      if (Array.isArray(value)) return [number(value.length), fields(...value)];
      const bytes = typeof value === "string" ? utf8(value) : value;
      return [number(bytes.length), bytes];
    }),
  );
}

const hash = async (bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes));
export const commitmentTo = (nonce) => hash(fields("visavis commitment v1", nonce));

/** The certificates that a description vouches for, in the one form that is signed. */
export function fingerprints(sdp) {
  const found = new Set();
  for (const line of String(sdp).split(/[\r\n]/)) {
    // Whatever a browser might take for one has to be readable here.
    if (!/^\s*a\s*=\s*fingerprint/i.test(line)) continue;
    const parts = /^a=fingerprint:\s*([a-z\d-]{1,16})[ \t]+([a-f\d]{2}(?::[a-f\d]{2}){0,63})\s*$/i.exec(line);
    if (!parts) throw new TrustError("untrusted-unreadable");
    found.add(`${parts[1].toLowerCase()} ${parts[2].toUpperCase()}`);
  }
  if (!found.size || found.size > MOST_FINGERPRINTS) throw new TrustError("untrusted-unreadable");
  return [...found].sort();
}

/** What the signature of an offer or an answer is over. */
export const statement = (role, { call, from, to, share, prints }) =>
  fields("visavis call v1", role, call, from, to, ...share, prints);

let wordList = null;

/** The 1,024 words of the codes. */
export function safetyWords() {
  wordList ??= fetch("safety_words.txt")
    .then((answer) => answer.text())
    .then((text) => text.trim().split("\n"));
  wordList.catch(() => (wordList = null));
  return wordList;
}

/** Four words; each side has `key`, `nonce` and `prints`. */
export async function safetyCode(call, caller, callee) {
  const side = ({ key, nonce, prints }) => [key, nonce, prints];
  const bytes = await hash(fields("visavis safety code v1", call, ...side(caller), ...side(callee)));
  const bits = bytes.slice(0, 5).reduce((sum, byte) => sum * 256 + byte, 0);
  const list = await safetyWords();
  return [3, 2, 1, 0].map((at) => list[Math.floor(bits / 1024 ** at) % 1024]);
}

/** Points whose order is small, without their sign: such a key signs everything. */
const SMALL = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  ...["ec", "ed", "ee"].map((first) => `${first}${"ff".repeat(30)}7f`),
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
];

function isSmall(point) {
  const plain = point.slice(0, 32);
  plain[31] &= 127;
  return SMALL.includes(toHex(plain));
}

export async function verifies(key, signature, bytes) {
  if (isSmall(key) || isSmall(signature)) return false;
  try {
    const imported = await subtle.importKey("raw", key, ED25519, false, ["verify"]);
    return await subtle.verify(ED25519, imported, signature, bytes);
  } catch {
    return false;
  }
}

/** What a description says of its sender: null when nothing. */
function identityOf(description, share) {
  const identity = description?.identity;
  if (identity === undefined || identity === null) return null;
  const key = fromBase64(identity.key, 32);
  const signature = fromBase64(identity.signature, 64);
  const shared = fromBase64(identity[share], 32);
  const other = identity[share === "nonce" ? "commitment" : "nonce"];
  if (!key || !signature || !shared || (other ?? null) !== null) throw new TrustError("untrusted-unreadable");
  return { key, signature, share: shared };
}

/** One call's signatures, on either side. `own` and `other` are names, `id` the call. */
export class Exchange {
  constructor(identity, id, own, other) {
    Object.assign(this, { identity, id, own, other });
  }

  async sign(role, sdp, share) {
    const prints = sdp === null ? [] : fingerprints(sdp);
    const { own: from, other: to, id: call } = this;
    const { key, sign } = this.identity;
    if (prints.length) this.ours = { key, prints, nonce: this.nonce };
    const signature = await sign(statement(role, { call, from, to, share, prints }));
    // A page is as honest as the server that it comes from, and says that it is one.
    return { key: toBase64(key), signature: toBase64(signature), page: true };
  }

  async verify(role, sdp, { key, signature, share }, shares) {
    if (typeof this.id !== "string") throw new TrustError("untrusted-unreadable");
    const prints = sdp === null ? [] : fingerprints(sdp);
    const { other: from, own: to, id: call } = this;
    const bytes = statement(role, { call, from, to, share: shares, prints });
    if (!(await verifies(key, signature, bytes))) throw new TrustError("untrusted-signature");
    if (prints.length) this.theirs = { key, prints, nonce: share };
    return toBase64(key);
  }

  /** The identity of our offer. */
  async offer(sdp) {
    this.nonce = random(32);
    this.commitment = await commitmentTo(this.nonce);
    return { ...(await this.sign("offer", sdp, [this.commitment])), commitment: toBase64(this.commitment) };
  }

  /** The key of whoever it rings for, or null. */
  async rang(message) {
    const identity = identityOf(message, "commitment");
    if (!identity) return null;
    if (toBase64(identity.share) !== toBase64(this.commitment)) throw new TrustError("untrusted-signature");
    return this.verify("ringing", null, identity, [this.commitment]);
  }

  /** The key of an answer to it, or null; then there may be a `code` and an `opening`. */
  async answered(description) {
    const identity = this.identity && identityOf(description, "nonce");
    if (!identity) return null;
    const key = await this.verify("answer", description.sdp, identity, [identity.share, this.commitment]);
    this.opening = toBase64(this.nonce);
    this.code = await safetyCode(this.id, this.ours, this.theirs);
    return key;
  }

  /** The key of their offer, or null. */
  async offered(description) {
    const identity = this.identity && identityOf(description, "commitment");
    if (!identity) return null;
    this.commitment = identity.share;
    return this.verify("offer", description.sdp, identity, [this.commitment]);
  }

  /** The identity of whoever it rings for here. */
  async ringing() {
    return { ...(await this.sign("ringing", null, [this.commitment])), commitment: toBase64(this.commitment) };
  }

  /** The identity of our answer to it. */
  async answer(sdp) {
    this.nonce = random(32);
    return { ...(await this.sign("answer", sdp, [this.nonce, this.commitment])), nonce: toBase64(this.nonce) };
  }

  /** They have opened their commitment: the code. */
  async opened(text) {
    const nonce = fromBase64(text, 32);
    if (!nonce || toBase64(await commitmentTo(nonce)) !== toBase64(this.commitment)) {
      throw new TrustError("untrusted-opening");
    }
    return safetyCode(this.id, { ...this.theirs, nonce }, this.ours);
  }
}

// ---- what this browser keeps

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function store(name, mode, use) {
  const opening = indexedDB.open("visavis", 1);
  opening.onupgradeneeded = () => ["keys", "people"].forEach((it) => opening.result.createObjectStore(it));
  const database = await done(opening);
  try {
    const transaction = database.transaction(name, mode, { durability: "strict" });
    const result = await use(transaction.objectStore(name));
    if (mode === "readwrite") {
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
    }
    return result;
  } finally {
    database.close();
  }
}

/** This browser's key for this server, made once; null where there is no Ed25519, or no place to keep it. */
export async function ownIdentity() {
  try {
    let pair = await store("keys", "readonly", (keys) => done(keys.get("own")));
    if (!pair) {
      const made = await subtle.generateKey(ED25519, false, ["sign", "verify"]);
      // Another tab may have been faster.
      pair = await store("keys", "readwrite", async (keys) => {
        const kept = await done(keys.get("own"));
        if (!kept) keys.put(made, "own");
        return kept ?? made;
      });
    }
    const key = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
    const sign = async (bytes) => new Uint8Array(await subtle.sign(ED25519, pair.privateKey, bytes));
    return { key, sign };
  } catch {
    return null;
  }
}

/** What is kept of a name: its key as base64, and whether a code was compared under it. */
export const known = (name) => store("people", "readonly", (people) => done(people.get(name)));
export const remember = (name, key, confirmed) =>
  store("people", "readwrite", (people) => void people.put({ key, confirmed }, name));

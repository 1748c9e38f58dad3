//! The page's signatures, by the vectors of the protocol.

use super::*;

/// The vectors of docs/protocol.md, "Signed calls", and what must not pass for an identity.
const VECTORS: &str = r#"
    return import("/trust.js").then(async (trust) => {
        const key = async (byte) => {
            const head = Uint8Array.from([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32]);
            const pkcs8 = new Uint8Array([...head, ...new Array(32).fill(byte)]);
            const secret = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
            const { x } = await crypto.subtle.exportKey("jwk", secret);
            const raw = Uint8Array.from(atob(x.replaceAll("-", "+").replaceAll("_", "/")), (it) => it.charCodeAt(0));
            return { key: raw, sign: async (bytes) => new Uint8Array(await crypto.subtle.sign("Ed25519", secret, bytes)) };
        };
        const [alice, bob] = [await key(1), await key(2)];
        const [one, two] = [new Uint8Array(32).fill(16), new Uint8Array(32).fill(32)];
        const commitment = await trust.commitmentTo(one);
        const print = (pair) => "sha-256 " + new Array(32).fill(pair).join(":");
        const sdp = (pair) => "v=0\r\na=fingerprint:" + print(pair) + "\r\n";
        const call = "c-7f3a";
        const offered = trust.statement("offer", { call, from: "alice", to: "bob", share: [commitment], prints: [print("AA")] });
        const answered = trust.statement("answer", { call, from: "bob", to: "alice", share: [two, commitment], prints: [print("BB")] });
        const base64 = trust.toBase64;
        const signatures = [await alice.sign(offered), await bob.sign(answered)].map(base64);
        const ringing = trust.statement("ringing", { call, from: "bob", to: "alice", share: [commitment], prints: [] });
        const rings = { key: base64(bob.key), signature: base64(await bob.sign(ringing)), commitment: base64(commitment) };
        // The exchange of the page, with the nonces of the vectors.
        const caller = new trust.Exchange(alice, call, "alice", "bob");
        Object.assign(caller, { nonce: one, commitment, ours: { key: alice.key, prints: [print("AA")], nonce: one } });
        const answer = { sdp: sdp("bb"), identity: { key: base64(bob.key), signature: signatures[1], nonce: base64(two) } };
        const answerer = await caller.answered(answer);
        const ringer = await caller.rang({ identity: rings });
        const callee = new trust.Exchange(bob, call, "bob", "alice");
        const offer = { sdp: sdp("aa"), identity: { key: base64(alice.key), signature: signatures[0], commitment: base64(commitment) } };
        const offerer = await callee.offered(offer);
        callee.nonce = two;
        callee.ours = { key: bob.key, prints: [print("BB")], nonce: two };
        const opened = await callee.opened(base64(one));
        const refused = async (act) => act().then(() => "accepted", (error) => error.word);
        const bad = (change) => new trust.Exchange(bob, change.id ?? call, change.own ?? "bob", change.other ?? "alice")
            .offered({ sdp: change.sdp ?? sdp("aa"), identity: { ...offer.identity, ...change.identity } });
        const badRing = (change) => caller.rang({ identity: { ...rings, ...change } });
        const small = base64(Uint8Array.from([1, ...new Array(31).fill(0)]));
        const refusals = [
            await refused(() => callee.opened(base64(two))),
            await refused(() => bad({ id: "c-7f3b" })),
            await refused(() => bad({ other: "mallory" })),
            await refused(() => bad({ own: "carol" })),
            await refused(() => bad({ sdp: sdp("ab") })),
            await refused(() => bad({ identity: { key: base64(bob.key) } })),
            await refused(() => bad({ identity: { key: small, signature: base64(Uint8Array.from([1, ...new Array(63).fill(0)])) } })),
            await refused(() => bad({ identity: { commitment: base64(two) } })),
            await refused(() => bad({ identity: { nonce: base64(two) } })),
            await refused(() => bad({ identity: { key: base64(alice.key) + " " } })),
            await refused(() => bad({ identity: { key: base64(alice.key).replace("1w=", "1x=") } })),
            await refused(() => bad({ sdp: sdp("aa") + "a=fingerprint:sha-256 zz\r\n" })),
            await refused(() => bad({ sdp: sdp("aa") + "A = Fingerprint:sha-256 AA\r\n" })),
            await refused(() => bad({ sdp: "v=0" })),
            await refused(() => badRing({ signature: signatures[1] })),
            await refused(() => badRing({ commitment: base64(two) })),
        ];
        return {
            keys: [alice, bob].map((it) => base64(it.key)),
            commitment: base64(commitment), signatures, refusals,
            codes: [caller.code, opened].map((code) => code.join(" ")),
            rings: rings.signature,
            found: [answerer, offerer, ringer, await caller.rang({})], opening: caller.opening,
            names: [" Alice ", "ＡＬＩＣＥ", "JÜRGEN", "ΣΊΣΥΦΟΣ", "İpek"].map(trust.canonical),
            order: [trust.comesBefore("a", "b"), trust.comesBefore("a", "aa"), trust.comesBefore("b", "a"),
                trust.comesBefore("a", "a"), trust.comesBefore("\uff21", "\u{10000}")],
        };
    });
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_signs_and_verifies_by_the_bytes_of_the_protocol() {
    let server = TestServer::start().await;
    let browsers = Browsers::for_guests().await.expect("chromedriver starts");
    let page = browsers.open_guest(server.url(), Guest::default()).await.expect("the page opens");
    let found: Value = page.page.evaluate(VECTORS, Vec::new()).await.expect("an object");
    let [alice, bob] = [
        "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=",
        "gTl3Dqh9F19Wo1Rmw0x+zMuNipG07jeiXfYPW4/Js5Q=",
    ];
    assert_eq!(found["keys"], json!([alice, bob]));
    assert_eq!(found["commitment"], "fE+0wgoO/0+853iLmgeZ5CfRJhWeVEdqicksRS6k2m8=");
    assert_eq!(
        found["signatures"],
        json!([
            "vSAgCnFRVVVuBgSdmLZq7pg3ZGTrWYMptoaF3xC0VxyDrGqhoabEEgBS+zMxU4JfTpeKmMwsVxkPckOVNRktBw==",
            "V/LMCZCIrg4wZFXDxp3IWhKj3cA4EZCDHJ30oWHMfbctD0yc2hl5T6NRkwDH/E8F8q+ELlNhIuO/F/gsd2zaBw==",
        ])
    );
    assert_eq!(
        found["rings"],
        "JPZCqNvUWQTkb5SUYnMSVHPeMVOwwH21wVTR2RGMUGlNm31IBuZ8F35TYcyzAPGO+gTp7dZ49efQCofUyoAZCw=="
    );
    assert_eq!(found["found"], json!([bob, alice, bob, null]));
    assert_eq!(found["opening"], "EBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBA=");
    assert_eq!(
        found["codes"],
        json!(["pencil outfield bonus arena", "pencil outfield bonus arena"])
    );
    let (signature, unreadable) = ("untrusted-signature", "untrusted-unreadable");
    assert_eq!(
        found["refusals"],
        json!([
            "untrusted-opening",
            signature,
            signature,
            signature,
            signature,
            signature,
            signature,
            signature,
            unreadable,
            unreadable,
            unreadable,
            unreadable,
            unreadable,
            unreadable,
            signature,
            signature,
        ])
    );
    assert_eq!(found["names"], json!(["alice", "alice", "jürgen", "σίσυφος", "ipek"]));
    assert_eq!(found["order"], json!([true, true, false, false, true]));
}

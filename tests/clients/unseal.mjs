// tests/clients/unseal.mjs - a sealed document opened by other people's cryptography: AES-256-GCM in chunks of 64 KiB, as
// relay/document.h says, with the content of an envelope that somebody else has opened.
//
//   node unseal.mjs CONTENT SEALED TENANT UUID NUMBER >PLAIN
import { createDecipheriv, createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const CHUNK = 65536 + 16;
const [content, sealed] = process.argv.slice(2, 4).map((f) => readFileSync(f));
const [tenant, uuid, number] = process.argv.slice(4);

const counted = (text) => {
	const octets = Buffer.from(text);
	const n = Buffer.alloc(4);
	n.writeUInt32BE(octets.length);
	return Buffer.concat([n, octets]);
};
const last = Buffer.alloc(4);
last.writeUInt32BE(Number(number));
const binds = createHash("sha256")
	.update(counted("quatrain document 1"))
	.update(counted(tenant))
	.update(Buffer.from(uuid.replace(/^urn:uuid:/, "").replaceAll("-", ""), "hex"))
	.update(last)
	.digest();

if (content.length !== 72 || content[0] !== 1 || !content.subarray(40).equals(binds)) {
	throw new Error("the envelope is another document's");
}
const key = content.subarray(1, 33);
const prefix = content.subarray(33, 40);
for (let i = 0, at = 0; at < sealed.length; i++, at += CHUNK) {
	const chunk = sealed.subarray(at, at + CHUNK);
	const nonce = Buffer.concat([prefix, Buffer.alloc(4), Buffer.from([at + CHUNK >= sealed.length ? 1 : 0])]);
	nonce.writeUInt32BE(i, 7);
	const open = createDecipheriv("aes-256-gcm", key, nonce);
	open.setAAD(binds);
	open.setAuthTag(chunk.subarray(-16));
	process.stdout.write(Buffer.concat([open.update(chunk.subarray(0, -16)), open.final()]));
}

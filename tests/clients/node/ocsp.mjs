// node ocsp.mjs CLIENT URL ISSUER CERT CHAIN [nonce]
// CHAIN: PEM of the issuer and all above it.
// What a client of others says of CERT: "good", "revoked" or "unknown", or "failed: why". The answer must verify.
import { readFileSync } from "node:fs";
import { randomBytes, X509Certificate } from "node:crypto";
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { getCertStatus } from "easy-ocsp";

const [client, url, issuerFile, certFile, chainFile, nonce] = process.argv.slice(2);
const states = ["good", "revoked", "unknown"];

function certificate(file) {
	return pkijs.Certificate.fromBER(new X509Certificate(readFileSync(file)).raw);
}

async function byPkijs() {
	const issuer = certificate(issuerFile), cert = certificate(certFile);
	const request = new pkijs.OCSPRequest();
	await request.createForCertificate(cert, { hashAlgorithm: "SHA-256", issuerCertificate: issuer });
	const sent = randomBytes(32);
	if (nonce) {
		const value = new asn1js.OctetString({ valueHex: sent }).toBER();
		request.tbsRequest.requestExtensions = [
			new pkijs.Extension({ extnID: "1.3.6.1.5.5.7.48.1.2", extnValue: value })];
	}
	const reply = await fetch(url, {
		method: "POST",
		headers: { "Content-Type": "application/ocsp-request" },
		body: Buffer.from(request.toSchema(true).toBER()),
	});
	const response = pkijs.OCSPResponse.fromBER(await reply.arrayBuffer());
	if (response.responseStatus.valueBlock.valueDec !== 0)
		throw new Error(`responseStatus ${response.responseStatus.valueBlock.valueDec}`);
	const basic = pkijs.BasicOCSPResponse.fromBER(response.responseBytes.response.valueBlock.valueHexView);
	const trusted = readFileSync(chainFile, "utf8").match(/-----BEGIN C[^]*?-----END CERTIFICATE-----/g)
		.map((pem) => pkijs.Certificate.fromBER(new X509Certificate(pem).raw));
	if (!await basic.verify({ trustedCerts: trusted }))
		throw new Error("the signature does not verify");
	if (nonce) {
		const back = basic.tbsResponseData.responseExtensions.find((e) => e.extnID === "1.3.6.1.5.5.7.48.1.2");
		const octets = asn1js.fromBER(back.extnValue.valueBlock.valueHexView).result.valueBlock.valueHexView;
		if (!sent.equals(octets))
			throw new Error("another nonce came back");
	}
	const found = await basic.getCertificateStatus(cert, issuer);
	if (!found.isForCertificate)
		throw new Error("an answer for another certificate");
	return states[found.status];
}

async function byEasyOcsp() {
	const der = (file) => new X509Certificate(readFileSync(file)).raw;
	return (await getCertStatus(der(certFile), {
		ca: der(issuerFile), ocspUrl: url, enableNonce: Boolean(nonce), validateSignature: true,
	})).status;
}

const clients = { pkijs: byPkijs, "easy-ocsp": byEasyOcsp };
try {
	console.log(await clients[client]());
} catch (e) {
	console.log(`failed: ${e.message}`);
	process.exitCode = 1;
}

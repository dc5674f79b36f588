// node policy_peers.mjs make DIR RULES REQUESTS       writes DIR/tN.yaml, DIR/requests.jsonl and made.json
// node policy_peers.mjs cedar|casbin DIR SECONDS      decides these requests by these rules, over and over; prints JSON
//
// The rules are plain on purpose, so that each engine can say them in its own way: an action, a role, a pattern of names,
// a network, hours of the day, an age, a pinned key, an enroller; one in ten forbids. Ten rules make a tenant's set.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dice, DOMAIN } from "./policy_random.mjs";

const ACTIONS = ["connect", "print.submit", "print.release", "scan.send", "print.copy", "scan.fax", "feed.read", "est.reenroll"];
const ROLES = ["printer", "workstation", "gateway", "phone"];
const EACH = 10;
const SEED = 20261122;

function rules(count) {
	const d = dice(SEED), tenants = Math.max(1, Math.floor(count / EACH));
	return Array.from({ length: count }, (_, i) => {
		const t = i % tenants;
		return {
			id: `r${i}`, effect: i % 10 === 9 ? "forbid" : "permit", tenant: `t${t}`, action: ACTIONS[i % 8], role: ROLES[Math.floor(i / tenants) % 4], name: "dev*",
			net: `10.${t % 256}.${d.upto(4) * 64}.0/18`, from: 6 + (i % 3), until: 19 + (i % 3), age: 90, enroller: `est-${t % 4}`,
		};
	});
}

function requests(list, count) {
	const d = dice(SEED + 1);
	return Array.from({ length: count }, (_, i) => {
		const r = d.one(list), minute = d.upto(1440);
		return {
			action: r.action, subject: { id: `spiffe://${r.tenant}.${DOMAIN}/${r.role}/dev${i}`, role: r.role, name: `dev${i}` },
			cert: { level: 4, age: d.upto(120) * 86400, key_pinned: d.chance(0.95), enroller: r.enroller, serial: i.toString(16).padStart(32, "0") },
			source: { ip: `10.${r.tenant.slice(1) % 256}.${d.upto(256)}.${1 + d.upto(250)}` }, resource: { type: "service" },
			time: new Date(1782000000000 + (d.upto(7) * 1440 + minute) * 60000).toISOString().replace(".000Z", "Z"),
		};
	});
}

const hour = (h) => `${String(h).padStart(2, "0")}:00`;

function yaml(tenant, list) {
	return [
		"apiVersion: quatrain.policy/v1", "kind: PolicySet", `metadata: {name: ${tenant}, scope: "spiffe://${tenant}.${DOMAIN}/**", owner: bench, revision: 1}`,
		"mode: enforce", "schema: quatrain.attributes/v1", "rules:",
		...list.map((r) => [
			`  - id: ${r.id}`, `    effect: ${r.effect}`, `    subjects: {spiffe: "spiffe://${tenant}.${DOMAIN}/${r.role}/${r.name}", roles: [${r.role}]}`, `    actions: [${r.action}]`,
			`    when: {source.ip: {cidr: [${r.net}]}, time: {hours: "${hour(r.from)}-${hour(r.until)}"}, cert.age: {lte: ${r.age}d}, cert.key_pinned: true, cert.enroller: {equals: ${r.enroller}}}`,
			...(r.effect === "forbid" ? ["    if_missing: ignore", `    reason: because of ${r.id}`] : []),
		].join("\n")), "",
	].join("\n");
}

function make(dir, ruleCount, requestCount) {
	const list = rules(ruleCount), of = new Map();
	mkdirSync(dir, { recursive: true });
	for (const r of list) of.set(r.tenant, [...(of.get(r.tenant) ?? []), r]);
	for (const [tenant, some] of of) writeFileSync(join(dir, `${tenant}.yaml`), yaml(tenant, some));
	writeFileSync(join(dir, "requests.jsonl"), `${requests(list, requestCount).map((r) => JSON.stringify(r)).join("\n")}\n`);
	writeFileSync(join(dir, "rules.json"), JSON.stringify(list));
	const made = JSON.stringify({ rules: ruleCount, requests: requestCount, documents: of.size });
	writeFileSync(join(dir, "made.json"), made);
	console.log(made);
}

const minuteOf = (r) => Number(r.time.slice(11, 13)) * 60 + Number(r.time.slice(14, 16));
const tenantOf = (r) => new URL(r.subject.id).host.split(".")[0];

async function cedarDecider(list) {
	const { default: cedar } = await import("@cedar-policy/cedar-wasm/nodejs");
	const staticPolicies = Object.fromEntries(list.map((r) => [r.id, `${r.effect}(principal, action == Action::"${r.action}", resource) when {
		context.tenant == "${r.tenant}" && context.role == "${r.role}" && context.name like "${r.name}" && context.ip.isInRange(ip("${r.net}")) &&
		context.minute >= ${r.from * 60} && context.minute < ${r.until * 60} && context.age <= ${r.age * 86400} && context.pinned && context.enroller == "${r.enroller}" };`]));
	const parsed = cedar.preparsePolicySet("bench", { staticPolicies });
	if (parsed.type !== "success") throw new Error(JSON.stringify(parsed));
	return (r) => cedar.statefulIsAuthorized({
		principal: { type: "Endpoint", id: r.subject.id }, action: { type: "Action", id: r.action }, resource: { type: "Thing", id: r.resource.type },
		context: {
			tenant: tenantOf(r), role: r.subject.role, name: r.subject.name, ip: { __extn: { fn: "ip", arg: r.source.ip } }, minute: minuteOf(r),
			age: r.cert.age, pinned: r.cert.key_pinned, enroller: r.cert.enroller, level: r.cert.level, serial: r.cert.serial,
		},
		preparsedPolicySetId: "bench", entities: [],
	}).response.decision === "allow";
}

function v4(text) {
	return text.split(".").reduce((n, o) => n * 256 + Number(o), 0);
}

// Casbin's matcher is one expression for all rules: what differs is in their columns.
async function casbinDecider(list) {
	const { newEnforcer, newModel } = await import("casbin");
	const model = newModel(`
[request_definition]
r = tenant, role, name, act, ip, minute, age, pinned, enroller
[policy_definition]
p = tenant, role, name, act, net, from, until, age, enroller, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.act == p.act && r.tenant == p.tenant && r.role == p.role && r.enroller == p.enroller && r.pinned && atMost(r.age, p.age) && within(r.minute, p.from, p.until) && inNet(r.ip, p.net) && begins(r.name, p.name)
`);
	const e = await newEnforcer(model);
	await e.addFunction("atMost", (a, b) => a <= Number(b));
	await e.addFunction("within", (m, from, until) => m >= Number(from) && m < Number(until));
	await e.addFunction("inNet", (ip, net) => {
		const [base, bits] = net.split("/"), size = 2 ** (32 - Number(bits));
		return Math.floor(v4(ip) / size) === Math.floor(v4(base) / size);
	});
	await e.addFunction("begins", (name, pattern) => name.startsWith(pattern.slice(0, -1)));
	await e.addPolicies(list.map((r) => [r.tenant, r.role, r.name, r.action, r.net, String(r.from * 60), String(r.until * 60), String(r.age * 86400), r.enroller,
		r.effect === "permit" ? "allow" : "deny"]));
	return (r) => e.enforceSync(tenantOf(r), r.subject.role, r.subject.name, r.action, r.source.ip, minuteOf(r), r.cert.age, r.cert.key_pinned, r.cert.enroller);
}

async function measure(engine, dir, seconds) {
	const list = JSON.parse(readFileSync(join(dir, "rules.json"), "utf8"));
	const asked = readFileSync(join(dir, "requests.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
	const decide = await { cedar: cedarDecider, casbin: casbinDecider }[engine](list), took = [];
	let permits = 0;
	const from = process.hrtime.bigint(), end = from + BigInt(Math.round(seconds * 1e9));
	for (let at = from; at < end;) {
		if (decide(asked[took.length % asked.length])) permits += 1;
		const now = process.hrtime.bigint();
		took.push(Number(now - at));
		at = now;
	}
	const all = took.reduce((a, b) => a + b, 0), sorted = [...took].sort((a, b) => a - b), per = (p) => sorted[Math.floor(sorted.length * p)] / 1000;
	console.log(JSON.stringify({ engine, rules: list.length, decisions: took.length, permits, per_s: Math.round(took.length / (all / 1e9)), p50_us: per(0.5), p99_us: per(0.99) }));
}

const [what, dir, a, b] = process.argv.slice(2);
if (what === "make") make(dir, Number(a), Number(b));
else await measure(what, dir, Number(a));

// node policy_cedar.mjs OUT SEED SETS EACH
// Makes SETS sets of policies at random and EACH requests to every one, has Cedar decide them, and writes OUT/N/*.yaml
// and OUT/N/decisions.jsonl, in the form that "quatrain policy replay" reads. Prints how many came out how.
//
// Cedar skips a policy whose evaluation fails, and knows two truth values; our language has three. So each condition is
// translated twice, into what says that it is true and what says that it is false, both with `has` before each attribute: a
// permit stands where its conditions are true, a forbid wherever they are not false.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import cedar from "@cedar-policy/cedar-wasm/nodejs";
import { ATTRIBUTES, dice, documents, meant, request, yaml } from "./policy_random.mjs";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const at = (name) => `context[${JSON.stringify(name)}]`;
const has = (...names) => names.map((n) => `context has ${JSON.stringify(n)}`).join(" && ");
const and = (list) => (list.length ? `(${list.join(" && ")})` : "true");
const or = (list) => (list.length ? `(${list.join(" || ")})` : "false");

// A version as one number, as far as the versions here go: three parts below 1,000.
const versionNumber = (v) => [0, 1, 2].reduce((n, i) => n * 1000 + Number(v.split(".")[i] ?? 0), 0);

function literal(name, want) {
	const { type } = ATTRIBUTES[name];
	if (type === "version") return String(versionNumber(want));
	if (type === "address") return `ip(${JSON.stringify(want)})`;
	return JSON.stringify(type === "duration" ? meant(name, want) : want);
}

const COMPARE = { gt: ">", gte: ">=", lt: "<", lte: "<=" };

function timeTest({ days, from, until }) {
	const set = (list) => `[${list.join(", ")}].contains(${at("day")})`;
	const today = days.map((d) => DAYS.indexOf(d)), minute = at("minute");
	if (from < until) return `(${set(today)} && ${minute} >= ${from} && ${minute} < ${until})`;
	// Over midnight: what is left of the night belongs to the day before.
	const after = today.map((d) => (d + 1) % 7);
	return `((${set(today)} && ${minute} >= ${from}) || (${set(after)} && ${minute} < ${until}))`;
}

// What is compared, and which attributes it needs.
function test(c) {
	if (c.op === "time") return [timeTest(c), ["day"]];
	const a = at(c.attribute);
	switch (c.op) {
	case "equals": return [`${a} == ${literal(c.attribute, c.want)}`, [c.attribute]];
	case "in": return [`[${c.want.map((w) => literal(c.attribute, w)).join(", ")}].contains(${a})`, [c.attribute]];
	case "not_in": return [`!([${c.want.map((w) => literal(c.attribute, w)).join(", ")}].contains(${a}))`, [c.attribute]];
	case "in_set": case "cidr":
		if (c.attribute === "source.ip") return [or(c.want.map((w) => `${a}.isInRange(${literal(c.attribute, w)})`)), [c.attribute]];
		return [`[${c.want.map((w) => literal(c.attribute, w)).join(", ")}].contains(${a})`, [c.attribute]];
	case "equals_attr": return [`${a} == ${at(c.other)}`, [c.attribute, c.other]];
	case "contains_attr": return [`${a}.contains(${at(c.other)})`, [c.attribute, c.other]];
	default: return [`${a} ${COMPARE[c.op]} ${literal(c.attribute, c.want)}`, [c.attribute]];
	}
}

// Cedar's expression that says: c is true (yes), or c is false (not yes).
function says(c, yes) {
	if (c.op === "not") return says(c.kids[0], !yes);
	if (c.op === "all" || c.op === "any") return ((c.op === "all") === yes ? and : or)(c.kids.map((k) => says(k, yes)));
	const [is, needs] = test(c);
	return `(${has(...needs)} && ${yes ? is : `!(${is})`})`;
}

function head(doc, r) {
	const list = [];
	const host = (h) => (h.startsWith("*.") ? "true" : `context.tenant == ${JSON.stringify(h.split(".")[0])}`);
	list.push(host(doc.host));
	if (!r.actions.includes("*"))
		list.push(or(r.actions.map((a) => (a.endsWith(".*") ? `context.action like ${JSON.stringify(a)}` : `context.action == ${JSON.stringify(a)}`))));
	if (r.roles) list.push(`${JSON.stringify(r.roles)}.contains(context.role)`);
	if (r.spiffe) {
		list.push(host(r.spiffe.host));
		if (r.spiffe.kind !== "*") list.push(`context.role == ${JSON.stringify(r.spiffe.kind)}`);
		if (!/^\*+$/.test(r.spiffe.name)) list.push(`context.name like ${JSON.stringify(r.spiffe.name)}`);
	}
	if (r.types) list.push(`${JSON.stringify(r.types)}.contains(context.type)`);
	return and(list);
}

function policy(doc, r, effect, surely) {
	const when = r.when ? says(r.when, true) : "true", whenNot = r.when ? says(r.when, false) : "false";
	const unless = r.unless ? says(r.unless, true) : "false", unlessNot = r.unless ? says(r.unless, false) : "true";
	const fires = r.effect === "permit" || r.ignoreMissing || surely ? `${when} && ${unlessNot}` : `!(${whenNot} || ${unless})`;
	return `${effect}(principal, action, resource) when { ${head(doc, r)} && ${fires} };`;
}

const mode = (doc, r) => (doc.mode === "enforce" ? r.mode : r.mode === "off" ? "off" : "shadow");

function policies(docs, want, effectOf, surely = false) {
	const ret = {};
	for (const doc of docs)
		for (const r of doc.rules)
			if (mode(doc, r) === want && effectOf(r)) ret[`${doc.name}/${r.id}`] = policy(doc, r, effectOf(r), surely);
	return ret;
}

// What the clock on the wall says there, by the runtime's own zones.
function local(time, zone) {
	const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(new Date(time));
	const part = (type) => parts.find((p) => p.type === type).value;
	return { day: DAYS.indexOf(part("weekday").toLowerCase()), minute: Number(part("hour")) * 60 + Number(part("minute")) };
}

function context(r, zone) {
	const ret = { ...local(r.time, zone), action: r.action, role: r.subject.role, name: r.subject.name, tenant: new URL(r.subject.id).host.split(".")[0], type: r.resource.type };
	for (const [name, { type }] of Object.entries(ATTRIBUTES)) {
		const [a, b] = name.split(".");
		const v = r[a]?.[b];
		if (v === undefined) continue;
		ret[name] = type === "address" ? { __extn: { fn: "ip", arg: v } } : type === "version" ? versionNumber(v) : v;
	}
	return ret;
}

const uid = (type) => ({ type, id: "x" });

function ask(id, r, zone) {
	const answer = cedar.statefulIsAuthorized({
		principal: uid("Endpoint"), action: uid("Action"), resource: uid("Thing"), context: context(r, zone), preparsedPolicySetId: id, entities: [],
	});
	if (answer.type !== "success" || answer.response.diagnostics.errors.length)
		throw new Error(`cedar: ${JSON.stringify(answer)}`);
	return { allow: answer.response.decision === "allow", reasons: answer.response.diagnostics.reason.sort() };
}

function parse(id, list) {
	const answer = cedar.preparsePolicySet(id, { staticPolicies: list });
	if (answer.type !== "success") throw new Error(`cedar: ${JSON.stringify(answer)}`);
}

// What ours should say: Cedar's word, and by the reasons that it gives the rule, obligations and what they need.
function decision(docs, r, zone) {
	const { allow, reasons } = ask("enforce", r, zone), shadow = ask("shadow", r, zone).reasons.map((n) => n.split("/")[1]);
	const ruleOf = (name) => docs.find((x) => x.name === name.split("/")[0]).rules.find((x) => x.id === name.split("/")[1]);
	const ret = { request: r, shadow, decision: "deny", code: "no-permit", rule: "default" };
	if (reasons.length) ret.rule = reasons[0].split("/")[1];
	if (!allow && reasons.length) ret.code = ask("surely", r, zone).reasons.includes(reasons[0]) ? "forbid" : "forbid-on-missing";
	if (!allow) return ret;
	const obligations = [...new Set(reasons.flatMap((n) => ruleOf(n).obligations ?? []))].sort();
	if (obligations.some((o) => !r.supports.includes(o))) return { ...ret, code: "unsupported-obligation" };
	return { ...ret, decision: "permit", code: "permit", obligations };
}

const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash("sha256")).digest();

// What entries name a set by: the hash over its documents' hashes, in order.
function digest(texts) {
	return sha256(...texts.map((t) => sha256(t)).sort(Buffer.compare)).toString("hex");
}

function set(out, seed, each, count) {
	const d = dice(seed), docs = documents(d);
	// One zone for all documents of a set, as a context has one clock.
	docs.forEach((doc) => { doc.zone = docs[0].zone; });
	parse("enforce", policies(docs, "enforce", (r) => r.effect));
	// What would forbid, as permits: Cedar names all of those.
	const forbids = (r) => (r.effect === "forbid" ? "permit" : null);
	parse("shadow", policies(docs, "shadow", forbids));
	parse("surely", policies(docs, "enforce", forbids, true));
	mkdirSync(out, { recursive: true });
	const texts = docs.map(yaml), policy = digest(texts), lines = [];
	docs.forEach((doc, i) => writeFileSync(join(out, `${doc.name}.yaml`), texts[i]));
	for (let i = 0; i < each; i++) {
		const got = decision(docs, request(d), docs[0].zone);
		count[got.code] = (count[got.code] ?? 0) + 1;
		lines.push(JSON.stringify({ ...got, policy }));
	}
	writeFileSync(join(out, "decisions.jsonl"), `${lines.join("\n")}\n`);
}

const [out, seed, sets, each] = process.argv.slice(2);
const count = {};
for (let i = 0; i < Number(sets); i++) set(join(out, String(i)), Number(seed) * 1000 + i, Number(each), count);
console.log(JSON.stringify({ cedar: cedar.getCedarVersion(), decisions: Number(sets) * Number(each), ...count }));

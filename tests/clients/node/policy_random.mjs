// Policies and requests made at random from a seed: the same seed gives the same ones. What is made is right by the
// language (docs/policy.md); what it means is left to whoever decides.

// A generator of its own, as Math.random() takes no seed: xorshift over 32 bits.
export function dice(seed) {
	let s = seed * 2 + 1;
	const next = () => {
		s ^= s << 13;
		s ^= s >>> 17;
		s ^= s << 5;
		return (s >>> 0) / 4294967296;
	};
	for (let i = 0; i < 8; i++) next();
	return {
		chance: (p) => next() < p,
		upto: (n) => Math.floor(next() * n),
		one(list) { return list[this.upto(list.length)]; },
		some(list, most) {
			const n = 1 + this.upto(Math.min(most, list.length)), left = [...list], ret = [];
			while (ret.length < n) ret.push(left.splice(this.upto(left.length), 1)[0]);
			return ret;
		},
	};
}

export const DOMAIN = 'eu.example.org';
const TENANTS = ['acme', 'globex'];
const KINDS = ['printer', 'gateway', 'workstation'];
const NAMES = ['fin-01', 'fin-02', 'hp-4711', 'hp-4712', 'lab-1'];
const ACTIONS = ['connect', 'print.submit', 'print.release', 'scan.send', 'est.reenroll'];
const PATTERNS = ['*', 'connect', 'print.*', 'print.release', 'print.submit', 'scan.*', 'scan.send', 'est.reenroll'];
const TYPES = ['service', 'job', 'queue', 'drive'];
const NETS = ['10.20.0.0/16', '10.21.4.0/24', '10.0.0.0/8', '192.168.7.3/32', '2001:db8:20::/48', '203.0.113.0/24'];
const ADDRESSES = ['10.20.4.9', '10.21.4.200', '10.99.1.1', '192.168.7.3', '192.168.7.4', '2001:db8:20::7', '203.0.113.77'];
const ZONES = ['Europe/Paris', 'America/New_York', 'UTC', 'Asia/Kolkata'];
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

// What a rule may look at: its type, and the values that both sides take from.
export const ATTRIBUTES = {
	'cert.enroller': { type: 'text', values: ['est-eu-1', 'est-eu-2', 'kiosk-paris'] },
	'cert.profile': { type: 'text', values: ['printer', 'gateway'] },
	'device.zone': { type: 'text', values: ['open', 'controlled'] },
	'resource.owner': { type: 'text', values: ['a1', 'b2', 'c3'] },
	'resource.dlp': { type: 'text', values: ['secret', 'internal', 'personal-data'] },
	'context.user': { type: 'text', values: ['a1', 'b2', 'c3'] },
	'cert.key_pinned': { type: 'bool' },
	'resource.owner_present': { type: 'bool' },
	'resource.pages': { type: 'number', values: [1, 12, 200, 201] },
	'cert.level': { type: 'number', values: [3, 4] },
	'anomaly.score': { type: 'number', values: [0, 40, 90] },
	'cert.age': { type: 'duration', values: [3600, 86400, 7776000, 7776001] },
	'device.firmware': { type: 'version', values: ['5.2.1', '5.3', '5.10.0', '5.3.0'] },
	'source.ip': { type: 'address', values: ADDRESSES },
	'resource.shared_with': { type: 'list', values: ['a1', 'b2', 'c3'] },
};
const OF = (type) => Object.keys(ATTRIBUTES).filter((a) => ATTRIBUTES[a].type === type);
const DURATIONS = { 3600: '1h', 86400: '1d', 7776000: '90d', 7776001: '90d' };

const hhmm = (m) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`;

// One condition: {op, attribute, want}, or {op: all|any|not, kids}.
function leaf(d) {
	const kind = d.upto(12);
	if (kind < 3) {
		const a = d.one(OF('text')), v = ATTRIBUTES[a].values;
		const op = d.one(['equals', 'in', 'not_in', 'in_set']);
		return { op, attribute: a, want: op === 'equals' ? d.one(v) : d.some(v, 2) };
	}
	if (kind < 5) return { op: 'equals', attribute: d.one(OF('bool')), want: d.chance(0.5) };
	if (kind < 7) {
		const a = d.one([...OF('number'), ...OF('duration')]);
		return { op: d.one(['gt', 'gte', 'lt', 'lte']), attribute: a, want: d.one(ATTRIBUTES[a].values) };
	}
	if (kind < 8) return { op: d.one(['gt', 'gte', 'lt', 'lte']), attribute: 'device.firmware', want: d.one(ATTRIBUTES['device.firmware'].values) };
	if (kind < 10) return { op: d.one(['cidr', 'in_set']), attribute: 'source.ip', want: d.some(NETS, 3) };
	if (kind < 11) {
		return d.chance(0.5) ? { op: 'equals_attr', attribute: 'resource.owner', other: 'context.user' }
			: { op: 'contains_attr', attribute: 'resource.shared_with', other: 'context.user' };
	}
	const from = d.upto(24) * 60, until = d.upto(24) * 60 + 30;
	return { op: 'time', days: d.chance(0.7) ? d.some(DAYS, 6) : DAYS, from, until };
}

function tree(d, depth) {
	if (depth === 0 || d.chance(0.6)) return leaf(d);
	const op = d.one(['all', 'any', 'not']);
	const n = op === 'not' ? 1 : 1 + d.upto(3);
	return { op, kids: Array.from({ length: n }, () => tree(d, depth - 1)) };
}

function clause(d) {
	return { op: 'all', kids: Array.from({ length: 1 + d.upto(2) }, () => tree(d, 2)) };
}

function rule(d, i, guardrail, scope) {
	const r = { id: `r${i}`, effect: guardrail || d.chance(0.3) ? 'forbid' : 'permit', mode: d.chance(0.12) ? 'shadow' : d.chance(0.05) ? 'off' : 'enforce' };
	r.actions = d.some(PATTERNS, 3);
	if (d.chance(0.5)) r.roles = d.some(KINDS, 2);
	if (d.chance(0.5)) r.spiffe = { host: scope, kind: d.one(['*', ...KINDS]), name: d.one(['*', 'fin-*', 'hp-47*', '*-1', 'lab-1', '**']) };
	if (d.chance(0.4)) r.types = d.some(TYPES, 2);
	if (d.chance(r.effect === 'permit' ? 0.7 : 0.95)) r.when = clause(d);
	if (d.chance(0.25)) r.unless = clause(d);
	if (r.effect === 'forbid' && d.chance(0.3)) r.ignoreMissing = true;
	if (r.effect === 'permit' && d.chance(0.4)) r.obligations = d.some(['watermark', 'log', 'mask'], 2);
	return r;
}

// A tenant's PolicySet, and up to two Guardrails above it.
export function documents(d) {
	const ret = [], guardrails = d.upto(3);
	for (let g = 0; g <= guardrails; g++) {
		const top = g === 0;
		const host = top ? `acme.${DOMAIN}` : `*.${DOMAIN}`;
		ret.push({
			kind: top ? 'PolicySet' : 'Guardrail', name: top ? 'set' : `guard-${g}`, host, zone: d.one(ZONES), mode: d.chance(0.05) ? 'shadow' : 'enforce',
			rules: Array.from({ length: (top ? 4 : 1) + d.upto(top ? 12 : 4) }, (_, i) => rule(d, `${g}-${i}`, !top, host)),
		});
	}
	return ret;
}

const yamlWant = (a, w) => JSON.stringify(ATTRIBUTES[a].type === 'duration' ? DURATIONS[w] : w);

function yamlCondition(c, sets) {
	if (c.op === 'all' || c.op === 'any') return `{${c.op}: [${c.kids.map((k) => yamlCondition(k, sets)).join(', ')}]}`;
	if (c.op === 'not') return `{not: ${yamlCondition(c.kids[0], sets)}}`;
	if (c.op === 'time') return `{time: {days: [${c.days.join(', ')}], hours: "${hhmm(c.from)}-${hhmm(c.until)}"}}`;
	if (c.other) return `{${c.attribute}: {${c.op}: ${c.other}}}`;
	if (c.op === 'in_set') {
		const name = `s.n${Object.keys(sets).length}`;
		sets[name] = c.want;
		return `{${c.attribute}: {in_set: ${name}}}`;
	}
	const want = Array.isArray(c.want) ? `[${c.want.map((w) => yamlWant(c.attribute, w)).join(', ')}]` : yamlWant(c.attribute, c.want);
	return `{${c.attribute}: {${c.op}: ${want}}}`;
}

// The durations of one text are one number: what the rule means is what it says.
export const meant = (a, w) => (ATTRIBUTES[a].type === 'duration' && w === 7776001 ? 7776000 : w);

export function yaml(doc) {
	const sets = {}, rules = doc.rules.map((r) => {
		const lines = [`  - id: ${r.id}`, `    effect: ${r.effect}`, `    mode: ${r.mode}`, `    actions: [${r.actions.map((a) => JSON.stringify(a)).join(', ')}]`];
		const subjects = [];
		if (r.roles) subjects.push(`roles: [${r.roles.join(', ')}]`);
		if (r.spiffe) subjects.push(`spiffe: "spiffe://${r.spiffe.host}/${r.spiffe.kind}/${r.spiffe.name}"`);
		if (subjects.length) lines.push(`    subjects: {${subjects.join(', ')}}`);
		if (r.types) lines.push(`    resources: {type: [${r.types.join(', ')}]}`);
		for (const part of ['when', 'unless']) if (r[part]) lines.push(`    ${part}: ${yamlCondition(r[part], sets)}`);
		if (r.obligations) lines.push(`    obligations: [${r.obligations.map((o) => `{${o}: {of: ${r.id}}}`).join(', ')}]`);
		if (r.effect === 'forbid') {
			if (r.ignoreMissing) lines.push('    if_missing: ignore');
			lines.push(`    reason: because of ${r.id}`);
		}
		return lines.join('\n');
	});
	const of = Object.entries(sets).map(([n, v]) => `  ${n}: [${v.map((x) => JSON.stringify(x)).join(', ')}]`);
	return [
		'apiVersion: quatrain.policy/v1', `kind: ${doc.kind}`, `metadata: {name: ${doc.name}, scope: "spiffe://${doc.host}/**", owner: tests, revision: 1}`,
		`mode: ${doc.mode}`, 'schema: quatrain.attributes/v1', ...(of.length ? ['sets:', ...of] : []), `defaults: {time_zone: ${doc.zone}}`, 'rules:', ...rules, '',
	].join('\n');
}

function put(r, name, value) {
	const [a, b] = name.split('.');
	(r[a] ??= {})[b] = value;
}

// A request in which each attribute is missing one time in eight.
export function request(d) {
	const kind = d.one(KINDS), name = d.one(NAMES), tenant = d.chance(0.9) ? TENANTS[0] : TENANTS[1];
	const r = {
		action: d.one(ACTIONS), subject: { id: `spiffe://${tenant}.${DOMAIN}/${kind}/${name}`, role: kind, name },
		resource: { type: d.one(TYPES), id: 'x' },
		time: new Date(1782000000000 + d.upto(366 * 24 * 60) * 60000).toISOString().replace('.000Z', 'Z'),
	};
	for (const [a, { type, values }] of Object.entries(ATTRIBUTES)) {
		if (d.chance(0.125)) continue;
		put(r, a, type === 'bool' ? d.chance(0.5) : type === 'list' ? d.some(values, 3) : d.one(values));
	}
	r.supports = d.chance(0.8) ? ['watermark', 'log', 'mask'] : d.some(['watermark', 'log', 'mask'], 2);
	return r;
}

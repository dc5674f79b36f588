/* daemon/herald_post.c - see herald.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.h"
#include "ca/log.h"
#include "ca/log_trace.h"
#include "daemon/herald.h"

#define SECRET_PREFIX "whsec_"
#define SECRET_LEAST  24 /* octets, as the specification has it; and the most */
#define SECRET_MOST   64
#define FILE_MAX      512

/* --- secrets --------------------------------------------------------------------------------- */

static bool
decode(struct octets line, const char *path, struct secret *ret, struct fault *f)
{
	struct bytes raw = { 0 };
	struct fault why;
	bool ok = octets_take_text(&line, SECRET_PREFIX) && text_unbase64(line, &raw, &why) &&
		  raw.n >= SECRET_LEAST && raw.n <= SECRET_MOST;

	if (ok)
		ok = secret_copy(octets_bytes(&raw), ret, f);
	else
		fault_set(f, FAULT_BADREQ,
		    "webhook: %s: expected lines of whsec_ and base64 of %d to %d octets", path,
		    SECRET_LEAST, SECRET_MOST);
	bytes_free(&raw);
	return ok;
}

static struct octets
line_of(struct octets *text)
{
	const uint8_t *end = text->n == 0 ? NULL : memchr(text->at, '\n', text->n);
	struct octets line = octets_of(text->at, end == NULL ? text->n : (size_t)(end - text->at));

	*text = end == NULL ? octets_of(NULL, 0) : octets_of(end + 1, text->n - line.n - 1);
	if (line.n > 0 && line.at[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool
read_file(const char *path, uint8_t to[static FILE_MAX], size_t *ret_n, struct fault *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return fault_errno(f, FAULT_BADREQ, "webhook: %s: cannot be read", path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 077) != 0) {
		(void)close(fd);
		return fault_set(f, FAULT_BADREQ,
		    "webhook: %s: expected a file that its owner alone may read, mode 0600", path);
	}
	n = read(fd, to, FILE_MAX);
	(void)close(fd);
	if (n < 0 || n == FILE_MAX)
		return fault_set(f, FAULT_BADREQ, "webhook: %s: expected one or two lines", path);
	*ret_n = (size_t)n;
	return true;
}

bool
herald_secrets(const char *path, struct herald_secrets *ret, struct fault *f)
{
	struct herald_secrets s = { .at = { { NULL, 0 }, { NULL, 0 } } };
	uint8_t text[FILE_MAX];
	struct octets rest, line;
	size_t n = 0;
	bool ok;

	if (!read_file(path, text, &n, f))
		return false;
	rest = octets_of(text, n);
	ok = decode(line_of(&rest), path, &s.at[0], f);
	line = line_of(&rest);
	if (ok && line.n > 0)
		ok = decode(line, path, &s.at[1], f);
	if (ok && rest.n > 0)
		ok = fault_set(f, FAULT_BADREQ, "webhook: %s: expected one or two lines", path);
	secret_wipe(text, sizeof(text));
	if (ok)
		*ret = s;
	else
		herald_secrets_free(&s);
	return ok;
}

void
herald_secrets_free(struct herald_secrets *s)
{
	secret_free(&s->at[0]);
	secret_free(&s->at[1]);
}

static bool
sign_by(const struct secret *key, struct octets text, char *to, size_t room, struct fault *f)
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	struct bytes coded = { 0 };
	unsigned n = 0;
	bool ok = false;

	if (HMAC(EVP_sha256(), key->at, (int)key->n, text.at, text.n, mac, &n) == NULL)
		return fault_crypto(f, FAULT_INTERNAL, "webhook: HMAC");
	text_base64(octets_of(mac, n), 0, &coded);
	if (bytes_ok(&coded, f)) {
		(void)snprintf(to + strlen(to), room - strlen(to), "%sv1,%.*s",
		    to[0] == '\0' ? "" : " ", (int)coded.n, (const char *)coded.at);
		ok = true;
	}
	bytes_free(&coded);
	return ok;
}

bool
herald_sign(const struct herald_secrets *s, const char *id, int64_t now_s, struct octets body,
    char to[static HERALD_SIGNED_MAX], struct fault *f)
{
	struct bytes text = { 0 };
	bool ok;

	to[0] = '\0';
	bytes_put_fmt(&text, "%s.%lld.", id, (long long)now_s);
	bytes_put_octets(&text, body);
	ok = bytes_ok(&text, f);
	for (size_t i = 0; ok && i < 2; i++)
		if (s->at[i].n > 0)
			ok = sign_by(&s->at[i], octets_bytes(&text), to, HERALD_SIGNED_MAX, f);
	bytes_free(&text);
	return ok;
}

/* --- bodies ---------------------------------------------------------------------------------- */

struct gather {
	const struct webhook *w;
	struct bytes *to;
	uint64_t in[HERALD_ENTRIES_MAX]; /* those that are in it, as far as there is room */
	size_t in_n;
	uint64_t next, end; /* entries of [next, end) are looked at */
	size_t n, rows, begun;
	char at[TEXT_TIME_MAX]; /* of the newest one that is in it */
	struct fault fault;
	bool again; /* a post that was begun before: as long as it was then */
	bool bad;
};

/* A line that was redacted names no act: who wants all gets it, nobody else. */
static bool
is_wanted(const struct webhook *w, const struct json *entry)
{
	const char *act = json_text(entry, "act");

	for (size_t i = 0; act != NULL && i < w->acts.n; i++)
		if (strncmp(act, w->acts.at[i], strlen(w->acts.at[i])) == 0)
			return true;
	return w->acts.n == 0;
}

static bool
is_full(const struct gather *g, size_t more)
{
	return g->n == HERALD_ENTRIES_MAX || g->rows == HERALD_ROWS_MAX ||
	       (g->n > 0 && g->to->n - g->begun + more > HERALD_OCTETS_MAX);
}

static bool
gather(void *with, struct octets key, struct octets value)
{
	struct reader r = reader_of(key);
	struct gather *g = with;
	struct json *entry = NULL;
	const char *at;

	if (g->next == g->end || reader_u64(&r) != g->next || (!g->again && is_full(g, value.n)))
		return false;
	if (!json_parse(value, &entry, &g->fault)) {
		g->bad = true;
		return false;
	}
	if (is_wanted(g->w, entry)) {
		bytes_put_text(g->to, g->n == 0 ? "" : ",");
		if (g->n++ <
		    HERALD_ENTRIES_MAX) /* one that was begun when less was wanted may hold more */
			g->in[g->in_n++] = g->next;
		bytes_put_octets(g->to, value); /* the very octets that are in the tree */
		if ((at = json_text(entry, "at")) != NULL)
			(void)snprintf(g->at, sizeof(g->at), "%s", at);
	}
	json_free(entry);
	g->next++;
	g->rows++;
	return true;
}

/* Of the entries that came with a trace, which; a scan must be over before the store is asked. */
static bool
put_traces(const struct gather *g, struct ledger *l, struct herald_body *ret, struct fault *f)
{
	struct json *traces = json_object();
	char text[TRACE_TEXT_MAX], index[24];
	struct trace t;
	bool ok = true;

	ret->traceparent[0] = '\0';
	for (size_t i = 0; i < g->in_n; i++) {
		if (!log_trace(l, g->in[i], &t))
			continue;
		trace_text(&t, text);
		if (ret->traceparent[0] == '\0')
			memcpy(ret->traceparent, text, sizeof(text));
		(void)snprintf(index, sizeof(index), "%llu", (unsigned long long)g->in[i]);
		json_put_text(traces, index, text);
	}
	if (ret->traceparent[0] != '\0') {
		bytes_put_text(&ret->text, ",\"traces\":");
		ok = json_write(traces, &ret->text, f);
	}
	json_free(traces);
	return ok;
}

bool
herald_body(const struct webhook *w, struct ledger *l, struct herald_place *p,
    struct herald_body *ret, struct fault *f)
{
	struct gather g = { .w = w,
		.to = &ret->text,
		.next = p->next,
		.end = UINT64_MAX,
		.at = "1970-01-01T00:00:00Z" };
	uint8_t key[8];

	g.again = p->to > p->next;
	if (g.again)
		g.end = p->to;
	bytes_put_text(&ret->text, "{\"data\":{\"entries\":[");
	g.begun = ret->text.n;
	if (!store_scan(
		ledger_store(l), TABLE_LOG, octets_u64(p->next, key), SIZE_MAX, gather, &g, f))
		return false;
	if (g.bad || (g.again && g.next != p->to))
		return fault_set(f, FAULT_INTERNAL, "webhook: the log of %s cannot be read: %s",
		    ledger_tenant(l), g.bad ? g.fault.text : "an entry is missing");
	bytes_put_fmt(&ret->text, "],\"from\":%llu,\"tenant\":\"%s\",\"to\":%llu",
	    (unsigned long long)p->next, ledger_tenant(l), (unsigned long long)g.next);
	if (!put_traces(&g, l, ret, f))
		return false;
	bytes_put_fmt(&ret->text, "},\"timestamp\":\"%s\",\"type\":\"log.entries\"}", g.at);
	p->to = g.next;
	ret->n = g.n;
	return bytes_ok(&ret->text, f);
}

bool
herald_test_body(
    const struct webhook *w, uint64_t index, int64_t now_s, struct bytes *ret, struct fault *f)
{
	struct json *j = json_object(), *data = json_object();
	bool ok;

	json_put_text(data, "webhook", w->name);
	json_put_number(data, "log_index", (int64_t)index);
	json_put(j, "data", data);
	json_put_time(j, "timestamp", now_s);
	json_put_text(j, "type", "webhook.test");
	ok = json_write(j, ret, f);
	json_free(j);
	return ok;
}

static void
put_list(struct bytes *b, const struct conf_list *l)
{
	bytes_put_u32(b, (uint32_t)l->n);
	for (size_t i = 0; i < l->n; i++)
		bytes_put_counted_text(b, l->at[i]);
}

void
herald_id(const struct webhook *w, const char *tenant, const struct herald_place *p,
    char to[static HERALD_ID_MAX])
{
	uint8_t digest[DIGEST_OCTETS];
	struct bytes b = { 0 };
	char hex[2 * 16 + 1];

	bytes_put_counted_text(&b, w->name);
	bytes_put_counted_text(&b, tenant);
	put_list(&b, &w->acts);
	bytes_put_u64(&b, p->next);
	bytes_put_u64(&b, p->to);
	bytes_put(&b, p->leaf, sizeof(p->leaf)); /* a log that went on otherwise is another one */
	digest_of(octets_bytes(&b), digest);
	bytes_free(&b);
	text_hex(digest, 16, hex);
	(void)snprintf(to, HERALD_ID_MAX, "msg_%s", hex);
}

int64_t
herald_delay_s(unsigned failures, int64_t asked_s, uint32_t chance)
{
	int64_t s = failures > 17 ? HERALD_DELAY_MAX_S : INT64_C(1) << failures;

	if (s > HERALD_DELAY_MAX_S)
		s = HERALD_DELAY_MAX_S;
	s -= (int64_t)(chance % (uint32_t)(s / 2 + 1));
	if (asked_s > s)
		s = asked_s;
	return s > HERALD_DELAY_MAX_S ? HERALD_DELAY_MAX_S : s;
}

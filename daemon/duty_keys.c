/* daemon/duty_keys.c - the list of private keys, which the signer alone can see; see signer.h. */
#include <string.h>
#include <sys/stat.h>

#include "ca/inventory.h"
#include "daemon/cursor.h"
#include "daemon/signer.h"

/* A token may need 10 ms to say that it has a key, and all else waits meanwhile: one page is a
 * second at most. It ends with the CA that reaches PAGE_KEYS. */
#define PAGE_CAS  32
#define PAGE_KEYS 80

static const char list_path[] = "/v1/keys"; /* the list, for its cursors */

struct page {
	struct json *items;
	struct bytes cas; /* rows of TABLE_CA, counted */
	size_t n;
	struct octets after; /* exclusive */
};

static bool
gather(void *with, struct octets key, struct octets value)
{
	struct page *p = with;

	if (octets_same(key, p->after))
		return true;
	bytes_put_counted(&p->cas, value);
	return ++p->n < PAGE_CAS + 1; /* one more than is told: there is a next page */
}

static bool
add(void *with, const struct inventory_key *key)
{
	struct page *p = with;
	struct json *j = json_object();

	json_put_hex(j, "id", key->id, sizeof(key->id));
	json_put_text(j, "kind", key->kind);
	json_put_text(j, "of", key->of);
	json_put_text(j, "where", inventory_where_word(key->where));
	if (key->token[0] != '\0')
		json_put_octets(j, "token", octets_text(key->token));
	json_put_bool(j, "online", key->online);
	json_put_text(j, "state", key->state);
	json_put_time(j, "since", key->since_s);
	json_put_time(j, "until", key->until_s);
	json_add(p->items, j);
	return true;
}

/* The key that enrolment tokens are hashed with: no certificate names it. */
static void
add_token_key(struct signer *s, struct page *p)
{
	char path[CONF_TEXT_MAX * 2];
	struct stat st;
	struct json *j = json_object();
	bool there = settings_path(&s->settings, "keys/token.key", path, sizeof(path)) &&
		     stat(path, &st) == 0;

	json_put_text(j, "id", "token");
	json_put_text(j, "kind", "enrolment tokens");
	json_put_text(j, "of", "all tenants");
	json_put_text(j, "where", inventory_where_word(there ? INVENTORY_FILE : INVENTORY_MISSING));
	json_put_bool(j, "online", true);
	json_put_text(j, "state", "in use");
	if (there)
		json_put_time(j, "since", st.st_mtim.tv_sec);
	json_add(p->items, j);
}

/* The cursor is the last CA's key id. */
static bool
tell(
    struct signer *s, struct page *p, bool all, int64_t now_s, struct json *answer, struct fault *f)
{
	struct reader r = reader_of(octets_bytes(&p->cas));
	struct authority a;

	for (size_t i = 0; i < p->n; i++) {
		if (i == PAGE_CAS || json_count(p->items) >= PAGE_KEYS) {
			cursor_put(
			    answer, octets_text(list_path), octets_of(a.key_id, sizeof(a.key_id)));
			return true;
		}
		if (!ledger_read_authority(reader_counted(&r), &a))
			return fault_set(f, FAULT_INTERNAL, "keys: a CA's row that cannot be read");
		if (!inventory_authority(s->keys, &a, all, now_s, add, p, f))
			return false;
	}
	return true;
}

static bool
list(struct signer *s, struct errand *j, const struct wire_act *a, bool all, struct json *answer,
    struct fault *f)
{
	uint8_t after[TBS_KEY_ID_OCTETS];
	char text[TEXT_LABEL_MAX] = "";
	struct page p = { .items = json_array() };
	bool ok = a->object.n < sizeof(text);

	if (ok)
		memcpy(text, a->object.at, a->object.n);
	ok = ok && cursor_read(octets_text(list_path), text, after, sizeof(after), &p.after.n, f) &&
	     (p.after.n == 0 || p.after.n == sizeof(after));
	p.after.at = after;
	if (!ok)
		fault_set(f, FAULT_BADREQ, "after: expected the next of an earlier page");
	else if (p.after.n == 0)
		add_token_key(s, &p);
	ok = ok &&
	     store_scan(ledger_store(realm_platform(s->realm)), TABLE_CA, p.after, SIZE_MAX, gather,
		 &p, f) &&
	     bytes_ok(&p.cas, f) && tell(s, &p, all, j->now_s, answer, f);
	bytes_free(&p.cas);
	json_put(answer, "items", p.items);
	return ok;
}

bool
duty_keys(struct signer *s, struct errand *j, struct fault *f)
{
	static const char *const names[] = { "all", NULL };
	struct wire_act a;
	struct json *body, *answer;
	bool ok;

	if (!signer_open_act(s, j, ACT_KEY_LIST, &a, &body, f))
		return false;
	answer = json_object();
	ok = signer_only(body, names, f);
	ok = ok && list(s, j, &a, json_true(body, "all"), answer, f);
	json_free(body);
	if (ok)
		return signer_close_act(j, answer, f);
	json_free(answer);
	return false;
}

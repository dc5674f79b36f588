/* daemon/policy_file.c - see policy_file.h. */
#include "daemon/policy_file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "daemon/cli_call.h"
#include "daemon/zoneinfo.h"

#define PATH_SIZE 4096

static bool
add_file(struct policy_files *p, const char *path, struct fault *f)
{
	struct bytes text = { 0 };
	bool ok;

	if (p->n == POLICY_FILES_MAX)
		return fault_set(f, FAULT_LIMIT, "policy: over %d files", POLICY_FILES_MAX);
	if (p->zones == NULL && (p->zones = zones_new(zoneinfo_fetch, NULL)) == NULL)
		return fault_set(f, FAULT_INTERNAL, "policy: out of memory");
	ok = cli_read_file(path, POLICY_FILE_MAX, &text, f) &&
	     document_read(
		 path, octets_bytes(&text), POLICY_FILE_MAX, p->zones, &p->document[p->n], f);
	p->n += ok;
	bytes_free(&text);
	return ok;
}

static int
is_policy(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return e->d_name[0] != '.' && dot != NULL && strcmp(dot, ".yaml") == 0;
}

bool
policy_files_each(const char *path, bool (*each)(void *with, const char *file, struct fault *f),
    void *with, struct fault *f)
{
	struct dirent **names = NULL;
	char file[PATH_SIZE];
	struct stat st;
	bool ok = true;
	int n;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return each(with, path, f);
	if ((n = scandir(path, &names, is_policy, alphasort)) <= 0)
		ok = fault_set(f, FAULT_NOTFOUND, "policy: %s: no *.yaml in it", path);
	for (int i = 0; i < n; i++) {
		(void)snprintf(file, sizeof(file), "%.3800s/%s", path, names[i]->d_name);
		ok = ok && each(with, file, f);
		free(names[i]);
	}
	free(names);
	return ok;
}

static bool
add_one(void *with, const char *file, struct fault *f)
{
	return add_file(with, file, f);
}

bool
policy_files_add(struct policy_files *p, const char *path, struct fault *f)
{
	return policy_files_each(path, add_one, p, f);
}

bool
policy_files_compile(struct policy_files *p, struct fault *f)
{
	return set_compile((const struct document *const *)p->document, p->n, &p->set, f);
}

void
policy_files_free(struct policy_files *p)
{
	set_free(p->set);
	for (size_t i = 0; i < p->n; i++)
		document_free(p->document[i]);
	zones_free(p->zones);
	memset(p, 0, sizeof(*p));
}

struct json *
policy_files_json(const struct policy_files *p)
{
	struct json *list = json_array();

	for (size_t i = 0; i < p->n; i++) {
		const struct document *d = p->document[i];
		struct json *j = json_object();

		json_put_octets(j, "name", d->name);
		json_put_text(j, "kind", d->kind == DOCUMENT_GUARDRAIL ? "Guardrail" : "PolicySet");
		json_put_number(j, "revision", d->revision);
		json_put_hex(j, "digest", d->digest, sizeof(d->digest));
		json_add(list, j);
	}
	return list;
}

bool
policy_request_read(const char *path, struct policy_request *ret, struct fault *f)
{
	struct policy_request r = { .json = NULL };

	if ((r.room = calloc(1, sizeof(*r.room))) == NULL)
		return fault_set(f, FAULT_INTERNAL, "request: out of memory");
	if (!cli_read_file(path, POLICY_REQUEST_MAX, &r.text, f) ||
	    !json_parse(octets_bytes(&r.text), &r.json, f) ||
	    !request_read(r.json, &r.request, r.room, f)) {
		policy_request_free(&r);
		return false;
	}
	*ret = r;
	return true;
}

void
policy_request_free(struct policy_request *r)
{
	json_free(r->json);
	bytes_free(&r->text);
	free(r->room);
	memset(r, 0, sizeof(*r));
}

/* daemon/cli_profile.c - profile list, check. */
#include <string.h>
#include <sys/stat.h>

#include "ca/profile_set.h"
#include "daemon/cli_call.h"

#define LIST_TEXT_MAX 64
#define DAY_S         86400
#define HOUR_S        3600

/* "clientAuth,serverAuth"; "-" for none. */
static const char *
joined(const struct json *j, const char *name, char to[static LIST_TEXT_MAX])
{
	const struct json *list = json_get(j, name);
	size_t at = 0;

	(void)snprintf(to, LIST_TEXT_MAX, "-");
	for (size_t i = 0; i < json_count(list); i++) {
		const char *word = json_as_text(json_at(list, i));

		if (word != NULL && at + strlen(word) + 2 < LIST_TEXT_MAX)
			at += (size_t)snprintf(
			    to + at, LIST_TEXT_MAX - at, "%s%s", at == 0 ? "" : ",", word);
	}
	return to;
}

/* In the largest unit that it is a whole number of. */
static const char *
duration(const struct json *j, const char *name, char to[static LIST_TEXT_MAX])
{
	int64_t s = 0;

	(void)json_number(j, name, 0, INT64_C(1) << 40, 0, &s);
	if (s % DAY_S == 0)
		(void)snprintf(to, LIST_TEXT_MAX, "%lldd", (long long)(s / DAY_S));
	else if (s % HOUR_S == 0)
		(void)snprintf(to, LIST_TEXT_MAX, "%lldh", (long long)(s / HOUR_S));
	else
		(void)snprintf(to, LIST_TEXT_MAX, "%llds", (long long)s);
	return to;
}

static void
tell_profiles(const struct invocation *inv, const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	char name[CLI_CELL_MAX], kind[CLI_CELL_MAX], approval[CLI_CELL_MAX];
	char valid[LIST_TEXT_MAX], window[LIST_TEXT_MAX], keys[LIST_TEXT_MAX], ask[LIST_TEXT_MAX];
	char purposes[LIST_TEXT_MAX];

	(void)inv;
	(void)printf("%-16s %-12s %-8s %-8s %-9s %-21s %-17s %s\n", "PROFILE", "KIND", "VALIDITY",
	    "WINDOW", "KEYS", "PURPOSES", "ASK", "APPROVAL");
	for (size_t i = 0; i < json_count(items); i++) {
		const struct json *p = json_at(items, i);

		(void)printf("%-16s %-12s %-8s %-8s %-9s %-21s %-17s %s\n",
		    cli_cell(p, "name", name), cli_cell(p, "kind", kind),
		    duration(p, "validity_s", valid), duration(p, "renewal_window_s", window),
		    joined(p, "keys", keys), joined(p, "purposes", purposes), joined(p, "ask", ask),
		    cli_cell(p, "approval", approval));
	}
	(void)printf("Next: quatrain token create --tenant T --device NAME --profile PROFILE\n");
}

int
profile_list_command(const struct invocation *inv)
{
	return cli_call(inv, "GET", "/v1/profiles", NULL, tell_profiles);
}

static bool
is_folder(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* A folder must be a whole set; files must be profiles of different names. */
static bool
check(const struct invocation *inv, size_t *ret_n, struct fault *f)
{
	struct bytes bundle = { 0 };
	bool whole = inv->words_n == 1 && is_folder(inv->words[0]), ok = true;

	for (size_t i = 0; ok && i < inv->words_n; i++)
		ok = is_folder(inv->words[i]) ? profile_bundle_folder(inv->words[i], &bundle, f)
					      : profile_bundle_file(inv->words[i], &bundle, f);
	ok = ok && profile_check(octets_bytes(&bundle), ret_n, f) &&
	     (!whole || profile_load(octets_bytes(&bundle), f));
	bytes_free(&bundle);
	return ok;
}

int
profile_check_command(const struct invocation *inv)
{
	struct fault f;
	size_t n;

	if (!check(inv, &n, &f))
		return cli_refuse(inv, &f);
	if (inv->json) {
		struct json *j = json_object();

		json_put_number(j, "profiles", (int64_t)n);
		cli_print_json(stdout, j);
		json_free(j);
		return CLI_OK;
	}
	(void)printf(
	    "%zu profile%s, all good.\n"
	    "Next: name their folder as profiles in the configuration, and start the service anew\n",
	    n, n == 1 ? "" : "s");
	return CLI_OK;
}

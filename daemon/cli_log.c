/* daemon/cli_log.c - log verify; log export is in cli_export.c. */
#include <inttypes.h>

#include "base/text.h"
#include "ca/bundle.h"
#include "daemon/cli_call.h"
#include "daemon/cli_verify.h"

static void
tell_verdict(const struct invocation *inv, const struct log_verdict *v)
{
	char at[TEXT_TIME_MAX], root[2 * LOG_HASH_OCTETS + 1];
	struct json *j;

	text_time(v->at_s, at);
	text_hex(v->root, sizeof(v->root), root);
	if (!inv->json) {
		(void)printf("GOOD: %s holds the whole log, unchanged: %" PRIu64 " entries.\n",
		    inv->words[0], v->size);
		(void)printf("log     %s\nentries %" PRIu64
			     ", the last of %s\nroot    %s\nepoch   %" PRIu64 "\n",
		    v->origin, v->size, at, root, v->epoch);
		(void)printf(
		    "Next: keep the export and this verdict together; a later export of this epoch must begin with the same entries\n");
		return;
	}
	j = json_object();
	json_put_text(j, "verdict", "good");
	json_put_text(j, "origin", v->origin);
	json_put_number(j, "size", (int64_t)v->size);
	json_put_text(j, "root", root);
	json_put_number(j, "epoch", (int64_t)v->epoch);
	json_put_text(j, "at", at);
	cli_print_json(stdout, j);
	json_free(j);
}

static void
tell_bundle(const struct invocation *inv, const struct bundle_verdict *v)
{
	char first[TEXT_TIME_MAX], last[TEXT_TIME_MAX], root[2 * LOG_HASH_OCTETS + 1];
	struct json *j;

	text_time(v->first_s == INT64_MAX ? v->last_s : v->first_s, first);
	text_time(v->last_s, last);
	text_hex(v->root, sizeof(v->root), root);
	if (!inv->json) {
		if (v->to - v->from == v->size)
			(void)printf("GOOD: %s holds the whole log, unchanged: %" PRIu64
				     " entries.\n",
			    inv->words[0], v->size);
		else
			(void)printf("GOOD: %s holds entries %" PRIu64 " to %" PRIu64
				     " of a log of %" PRIu64 ", unchanged.\n",
			    inv->words[0], v->from, v->to - 1, v->size);
		(void)printf(
		    "log          %s\ntimes        %s to %s\nroot         %s\nepoch        %" PRIu64
		    "\ncertificates %" PRIu64
		    ", each as the log says it was issued\nrevocations  %" PRIu64
		    "\nredacted     %" PRIu64 ", each told of by an entry\n",
		    v->origin, first, last, root, v->epoch, v->certificates, v->revocations,
		    v->redacted);
		if (v->cosigned) {
			text_time(v->cosigned_s, first);
			(void)printf("cosigned     %s, by the region\n", first);
		}
		if (v->lost > 0)
			(void)printf(
			    "lost         %" PRIu64
			    " serials whose certificate or issue the service has not any more, as its log tells\n",
			    v->lost);
		if (v->names > 0)
			(void)printf(
			    "names        %" PRIu64
			    " lines of what the service had on record; the log does not prove them\n",
			    v->names);
		(void)printf("Next: keep the bundle and this verdict together\n");
		return;
	}
	j = json_object();
	json_put_text(j, "verdict", "good");
	json_put_text(j, "origin", v->origin);
	json_put_number(j, "size", (int64_t)v->size);
	json_put_number(j, "from_index", (int64_t)v->from);
	json_put_number(j, "to_index", (int64_t)v->to - 1);
	json_put_text(j, "root", root);
	json_put_number(j, "epoch", (int64_t)v->epoch);
	json_put_text(j, "from", first);
	json_put_text(j, "at", last);
	json_put_number(j, "certificates", (int64_t)v->certificates);
	json_put_number(j, "revocations", (int64_t)v->revocations);
	json_put_number(j, "redacted", (int64_t)v->redacted);
	json_put_number(j, "lost", (int64_t)v->lost);
	json_put_number(j, "names", (int64_t)v->names);
	json_put_bool(j, "cosigned", v->cosigned);
	cli_print_json(stdout, j);
	json_free(j);
}

int
log_verify_command(const struct invocation *inv)
{
	struct bundle_verdict b;
	struct log_verdict v = { 0 };
	struct fault why, f;

	if (cli_verify_is_files(inv))
		return cli_verify_files(inv);
	if (cli_option(inv, "root") == NULL)
		return cli_usage(inv->command, "expected --root FILE");
	if (bundle_is(inv->words[0])) {
		if (bundle_verify(inv->words[0], cli_option(inv, "root"), &b, &why)) {
			tell_bundle(inv, &b);
			return CLI_OK;
		}
	} else if (log_verify_folder(inv->words[0], cli_option(inv, "root"), &v, &why)) {
		tell_verdict(inv, &v);
		return CLI_OK;
	}
	if (why.code == FAULT_NOTFOUND || why.code == FAULT_INTERNAL)
		fault_set(&f, why.code, "NOT VERIFIED: %.230s", why.text);
	else
		fault_set(
		    &f, why.code, "BAD: this is not the log that was signed: %.200s", why.text);
	return cli_refuse_next(inv, &f,
	    why.code == FAULT_NOTFOUND
		? "give the folder that quatrain log export wrote, and the root certificate"
		: "keep the folder as it is, and export again from the service to compare");
}

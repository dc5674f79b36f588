/* daemon/sheet.c - see sheet.h. */
#include "daemon/sheet.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/text.h"
#include "daemon/est_trust.h"
#include "daemon/html.h"
#include "daemon/qr.h"

/* Two by four cards of 62 mm fit on A4 and on Letter. */
static const char style[] =
    "@page{margin:10mm}*{box-sizing:border-box}body{margin:0;font:9pt/1.35 sans-serif;color:#000}"
    "header{padding:4mm;font-size:11pt}"
    ".page{display:grid;grid-template-columns:1fr 1fr;gap:2mm;break-after:page}"
    ".page:last-child{break-after:auto}"
    ".card{height:62mm;padding:3mm;border:.2mm dashed #888;break-inside:avoid;overflow:hidden;"
    "display:grid;grid-template-columns:1fr 36mm;column-gap:2mm;align-content:start}"
    ".card h2{margin:0;font-size:13pt;line-height:1.15;overflow-wrap:anywhere}"
    ".card svg{width:36mm;height:36mm}"
    ".card p{margin:.6mm 0 0;overflow-wrap:anywhere}"
    ".card .wide{grid-column:1/3}"
    ".card .code{font:bold 11pt monospace}.card .code span{margin-right:1.6mm}"
    ".card .small{font-size:7pt;line-height:1.25}"
    "@media print{header{display:none}}";

static void
put_title(struct bytes *b, const char *tenant)
{
	bytes_put_text(b, "Enrolment codes of tenant ");
	html_put(b, tenant);
}

bool
sheet_begin(struct bytes *b, const char *tenant, size_t cards, struct fault *f)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(style, sizeof(style) - 1, hash, &n, EVP_sha256(), NULL) != 1)
		return fault_crypto(f, FAULT_INTERNAL, "sheet: EVP_Digest");
	bytes_put_text(b,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-");
	text_base64(octets_of(hash, n), 0, b);
	bytes_put_text(b, "'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
			  "<meta name=\"robots\" content=\"noindex, noarchive\">\n<title>");
	put_title(b, tenant);
	bytes_put_fmt(b, "</title>\n<style>%s</style>\n</head>\n<body>\n<header>", style);
	put_title(b, tenant);
	bytes_put_fmt(b,
	    ": %zu, each good once. Who has this page can enrol these devices: print it, and delete it.</header>\n<main>\n",
	    cards);
	return bytes_ok(b, f);
}

/* Letters in groups, without anything between them that a copy of them would take along. */
static void
put_groups(struct bytes *b, const char *letters, size_t n)
{
	for (size_t i = 0; i < n; i += 4)
		bytes_put_fmt(b, "<span>%.*s</span>", (int)(n - i < 4 ? n - i : 4), letters + i);
}

static uint32_t
base32_value(char c)
{
	if (c >= '2' && c <= '7')
		return (uint32_t)(c - '2' + 26);
	return (uint32_t)((c | 0x20) - 'a');
}

/* The root's fingerprint as other tools show it, in hex, as far as the token has it. */
static void
put_root(struct bytes *b, const char *letters)
{
	uint32_t bits = 0;
	int have = 0;

	for (size_t i = 0; i < EST_ROOT_CHARS; i++) {
		bits = (bits << 5 | base32_value(letters[i])) & 0x1fff;
		have += 5;
		if (have >= 8) {
			have -= 8;
			bytes_put_fmt(b, "%s%02X", i < 2 ? "" : ":", bits >> have & 0xff);
		}
	}
}

static void
put_line(struct bytes *b, const char *title, const char *text)
{
	bytes_put_fmt(b, "<p>%s ", title);
	html_put(b, text);
	bytes_put_text(b, "</p>\n");
}

static void
put_words(struct bytes *b, const char *tenant, const struct sheet_card *card, const char *root)
{
	bytes_put_text(b, "<p class=\"wide code\">");
	put_groups(b, card->token, EST_SECRET_CHARS);
	bytes_put_text(b,
	    "</p>\n<p class=\"wide small\">With quatrain: scan, then <b>quatrain enroll --code - --out DIR</b>. "
	    "With another EST client: server <b>");
	html_put(b, card->url);
	bytes_put_text(b, "</b>, label <b>");
	html_put(b, tenant);
	bytes_put_text(b, "</b>, user <b>");
	html_put(b, card->device);
	bytes_put_text(b,
	    "</b>, password: the letters above, without gaps. Trust the root whose SHA-256 begins ");
	put_root(b, root);
	bytes_put_text(b, "</p>\n");
}

bool
sheet_put(
    struct bytes *b, const char *tenant, const struct sheet_card *card, size_t i, struct fault *f)
{
	struct est_token says;

	if (!est_token_read(octets_text(card->token), &says, f))
		return false;
	if (says.root[0] == '\0')
		return fault_set(f, FAULT_BADREQ, "sheet: a token that names no root");
	if (i % SHEET_CARDS_A_PAGE == 0)
		bytes_put_fmt(b, "%s<section class=\"page\">\n", i == 0 ? "" : "</section>\n");
	bytes_put_text(b, "<article class=\"card\">\n<div>\n<h2>");
	html_put(b, card->device);
	bytes_put_text(b, "</h2>\n");
	put_line(b, "tenant", tenant);
	put_line(b, "profile", card->profile);
	put_line(b, "good once, until", card->expires);
	bytes_put_text(b, "</div>\n");
	if (!qr_put_svg(b, card->code, card->device, f))
		return false;
	bytes_put_text(b, "\n");
	put_words(b, tenant, card, says.root);
	bytes_put_text(b, "</article>\n");
	return bytes_ok(b, f);
}

void
sheet_end(struct bytes *b, size_t cards)
{
	bytes_put_fmt(b, "%s</main>\n</body>\n</html>\n", cards == 0 ? "" : "</section>\n");
}

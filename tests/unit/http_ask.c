/* tests/unit/http_ask.c - questions to the signer, and what becomes of them when things end. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/http_site.h"
#include "tests/unit/run.h"

#define CROWD 48 /* clients whose questions together are more than the line holds */

static struct site site;
static struct client c, d;
static struct reply r;
static struct message m;

static void
open_with(bool no_line)
{
	struct plan plan = { .no_line = no_line };

	site_open(&site, &plan);
	client_dial(&c, site.port);
}

static void
open_usual(void)
{
	open_with(false);
}

static void
close_usual(void)
{
	bytes_free(&m.body);
	client_close(&c);
	site_close(&site);
}

static void
hear(unsigned status, const char *body)
{
	ck_assert(client_hear(&c, &r, false));
	ck_assert_uint_eq(r.status, status);
	ck_assert_msg(strstr(r.body, body) != NULL, "%s", r.body);
}

static void
question_is(uint16_t verb, const char *body)
{
	signer_hear(&site, &m);
	ck_assert_uint_eq(m.verb, verb);
	ck_assert_uint_eq(m.code, 0);
	ck_assert(octets_same(octets_bytes(&m.body), octets_text(body)));
}

START_TEST(asks_and_hears)
{
	client_say(&c, "POST /ask HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nwhat");
	question_is(1, "what");
	signer_say(&site, m.id, 0, "that");
	hear(200, "0 that kept");
	client_get(&c, "/ask");
	question_is(1, "");
	signer_say(&site, m.id, FAULT_DENIED, "policy: no");
	hear(503, "4 policy: no kept");
}
END_TEST

START_TEST(asks_again_with_the_answer)
{
	client_get(&c, "/twice");
	question_is(1, "");
	signer_say(&site, m.id, 0, "more");
	question_is(2, "more and more");
	signer_say(&site, m.id, 0, "done");
	hear(200, "0 done kept");
}
END_TEST

START_TEST(passes_over_an_answer_to_no_question)
{
	client_get(&c, "/ask");
	question_is(1, "");
	signer_say(&site, m.id + 1, 0, "not asked");
	signer_say(&site, m.id + 1024, 0, "not asked, same bucket");
	ck_assert_int_eq(send(site.line, "short", 5, 0), 5);
	signer_say(&site, m.id, 0, "asked");
	signer_say(&site, m.id, 0, "again");
	hear(200, "0 asked kept");
	client_expect(&c, "/hello", 200, "hello\n");
}
END_TEST

START_TEST(without_a_line_it_is_busy)
{
	open_with(true);
	for (unsigned i = 0; i < 3; i++) {
		client_get(&c, "/ask");
		hear(503, "8 signer: not there");
	}
	ck_assert_int_eq(site_order(&site, 'q'), '.');
	ck_assert_int_eq(site_order(&site, '\0'), '!');
	close_usual();
}
END_TEST

START_TEST(a_lost_line_is_busy)
{
	client_get(&c, "/ask");
	question_is(1, "");
	(void)close(site.line);
	site.line = -1;
	hear(503, "8 signer: gone");
	client_get(&c, "/ask");
	hear(503, "8 signer: not there");
}
END_TEST

START_TEST(a_replaced_line_is_busy)
{
	client_get(&c, "/ask");
	question_is(1, "");
	ck_assert_int_eq(site_order(&site, 'l'), '.');
	hear(503, "8 signer: it started anew");
}
END_TEST

START_TEST(asks_for_the_process_itself)
{
	ck_assert_int_eq(site_order(&site, 'q'), '.');
	question_is(7, "mine");
	signer_say(&site, m.id, 0, "Z");
	ck_assert_int_eq(site_order(&site, '\0'), 'Z');
}
END_TEST

START_TEST(a_client_that_leaves_harms_nobody)
{
	struct linger at_once = { .l_onoff = 1 };

	client_dial(&d, site.port);
	client_get(&d, "/ask");
	question_is(1, "");
	(void)setsockopt(d.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	client_close(&d);
	client_expect(&c, "/hello", 200, "hello\n");
	signer_say(&site, m.id, 0, "too late");
	client_expect(&c, "/hello", 200, "hello\n");
}
END_TEST

/* More questions than the line has room for wait, in order, and all are answered. */
START_TEST(a_full_line_is_waited_for)
{
	static struct client crowd[CROWD];
	static char body[SITE_BODY_MAX];

	memset(body, 'q', sizeof(body));
	for (size_t i = 0; i < CROWD; i++) {
		client_dial(&crowd[i], site.port);
		client_say(
		    &crowd[i], "POST /ask HTTP/1.1\r\nHost: here\r\nContent-Length: 65536\r\n\r\n");
		client_say_octets(&crowd[i], body, sizeof(body));
	}
	client_expect(&c, "/hello", 200, "hello\n");
	for (size_t i = 0; i < CROWD; i++) {
		signer_hear(&site, &m);
		ck_assert_uint_eq(m.body.n, sizeof(body));
		signer_say(&site, m.id, 0, "at last");
	}
	for (size_t i = 0; i < CROWD; i++) {
		ck_assert(client_hear(&crowd[i], &r, false));
		ck_assert_str_eq(r.body, "0 at last kept");
		client_close(&crowd[i]);
	}
}
END_TEST

START_TEST(too_many_questions_are_busy)
{
	ck_assert_int_eq(site_order(&site, 'f'), '.');
	ck_assert_int_eq(site_order(&site, '\0'), '!');
	client_expect(&c, "/hello", 200, "hello\n");
}
END_TEST

START_TEST(stopping_drains_what_is_in_hand)
{
	client_dial(&d, site.port);
	client_expect(&d, "/hello", 200, "hello\n");
	client_get(&c, "/ask");
	question_is(1, "");
	ck_assert_int_eq(kill(site.pid, SIGTERM), 0);
	ck_assert(client_is_gone(&d)); /* it was idle */
	signer_say(&site, m.id, 0, "in time");
	hear(200, "0 in time kept");
	ck_assert(client_is_gone(&c));
}
END_TEST

START_TEST(a_drain_ends)
{
	struct plan plan = { .drain_ms = 1 };

	site_open(&site, &plan);
	client_dial(&c, site.port);
	client_dial(&d, site.port);
	client_say(&d, "GET /half HTTP/1.1\r\nHo");
	client_get(&c, "/ask");
	question_is(1, "");
	ck_assert_int_eq(kill(site.pid, SIGTERM), 0);
	ck_assert(client_is_gone(&d));
	hear(503, "8 signer: this process stops");
	ck_assert(client_is_gone(&c));
	client_close(&d);
	close_usual();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http_ask");
	TCase *usual = tcase_create("with a signer"), *bare = tcase_create("of their own");

	tcase_add_checked_fixture(usual, open_usual, close_usual);
	tcase_add_test(usual, asks_and_hears);
	tcase_add_test(usual, asks_again_with_the_answer);
	tcase_add_test(usual, passes_over_an_answer_to_no_question);
	tcase_add_test(usual, a_lost_line_is_busy);
	tcase_add_test(usual, a_replaced_line_is_busy);
	tcase_add_test(usual, asks_for_the_process_itself);
	tcase_add_test(usual, a_client_that_leaves_harms_nobody);
	tcase_add_test(usual, a_full_line_is_waited_for);
	tcase_add_test(usual, too_many_questions_are_busy);
	tcase_add_test(usual, stopping_drains_what_is_in_hand);
	tcase_add_test(bare, without_a_line_it_is_busy);
	tcase_add_test(bare, a_drain_ends);
	tcase_set_timeout(usual, 4 * SITE_PATIENCE_S);
	tcase_set_timeout(bare, 4 * SITE_PATIENCE_S);
	suite_add_tcase(s, usual);
	suite_add_tcase(s, bare);
	return run_suite(s);
}

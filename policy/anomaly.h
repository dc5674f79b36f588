/*
 * policy/anomaly.h - how unlike itself an endpoint behaves: a score of 0 to 100, with its reasons.
 *
 * A small row of plain counts is kept of each endpoint: from which networks it came and when, in
 * which hours of the week, how often in an hour, with which key, and how often it asked for what
 * only staff asks for. What it does next is held against that, by the table of weights below, and
 * then added to it. Nothing is learnt from anybody else, and nothing but the row counts: whoever
 * has the row and the event computes the same score.
 *
 * Pure; whole numbers alone, so that it is the same everywhere. Times are seconds
 * since 1970, in UTC. A clock that went back moves nothing back, and costs no points.
 *
 *	reason       points  when
 *	networks     60      another network was seen within 5 minutes, and this one before that:
 *	                     one key in two places at once
 *	key          40      another key than the last one, of which the ledger told nothing
 *	foreign      40      it asks for an act that only staff may do, or did within a day
 *	network      20      a network that is not among the last 8 it came from
 *	hour         15      of all its events under 1 in 200 came in this hour of the week, or in
 *those beside it rate         25      over 8 times as many in this hour as it has in one at most,
 *and over 20 cold          0      fewer than 20 events, or less than a day: network, hour and rate
 *have no usual to be held against, and count nothing
 *
 * The score is their sum, at most 100.
 */
#ifndef QUATRAIN_POLICY_ANOMALY_H
#define QUATRAIN_POLICY_ANOMALY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define ANOMALY_NETWORKS  8
#define ANOMALY_HOURS     168 /* of a week; 0 is Monday, 00:00 UTC */
#define ANOMALY_SCORE_MAX 100

enum anomaly_word {
	ANOMALY_AT_ONCE,
	ANOMALY_KEY,
	ANOMALY_FOREIGN,
	ANOMALY_NETWORK,
	ANOMALY_HOUR,
	ANOMALY_RATE,
	ANOMALY_COLD,
	ANOMALY_WORDS
};

/* What is kept of one endpoint. Zeros: nothing was seen yet. */
struct anomaly {
	int64_t first_s, last_s;
	uint64_t key;  /* the beginning of the last key's SHA-256; 0: none */
	uint64_t last; /* id of the network of the newest event; 0: none */
	struct anomaly_network {
		uint64_t id; /* hash of the network; 0: free */
		int64_t last_s;
	} network[ANOMALY_NETWORKS];
	int64_t foreign_s;             /* when it last asked for what only staff may ask for */
	uint32_t events;               /* in all, to UINT32_MAX */
	uint32_t week;                 /* since 1970, of the newest event: hours halve each 4 */
	uint32_t hour_at;              /* since 1970, of hour_n */
	uint32_t hour_n, hour_most;    /* events in that hour; most in one, which ebbs */
	uint32_t foreign;              /* events that only staff may ask for */
	uint16_t hours[ANOMALY_HOURS]; /* events by hour of the week */
};

/* One thing that an endpoint did. */
struct anomaly_event {
	int64_t at_s;
	uint64_t network; /* anomaly_network(); 0: not known */
	uint64_t key;     /* 0: not known */
	bool renewed;     /* the ledger tells of another key: it is expected */
	bool foreign;
};

struct anomaly_reason {
	enum anomaly_word word;
	unsigned points;
	int64_t seen, usual; /* in the unit of its word: seconds, events, networks */
};

struct anomaly_score {
	unsigned score;
	size_t n;
	struct anomaly_reason reason[ANOMALY_WORDS];
};

/* What e is worth against a, which stays as it is. */
void anomaly_weigh(
    const struct anomaly *a, const struct anomaly_event *e, struct anomaly_score *ret);
/* Add e to a. */
void anomaly_learn(struct anomaly *a, const struct anomaly_event *e);

/* The network that an address (IPv6; IPv4 as ::ffff:a.b.c.d) counts as: /24, or /48. Never 0. */
uint64_t anomaly_network(const uint8_t address[static 16]);
/* Can it be a row, as one that is read from a file must be? */
bool anomaly_is_sane(const struct anomaly *a, int64_t now_s);

const char *anomaly_word(enum anomaly_word w); /* "networks", "key", ... */
unsigned anomaly_points(enum anomaly_word w);
/* For people: "networks 60: another one 12 s before", appended. */
void anomaly_text(const struct anomaly_reason *r, struct bytes *ret);

#endif

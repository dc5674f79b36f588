/* base/conf_events.c - see conf_events.h. */
#include "base/conf_events.h"

#include <stdio.h>
#include <string.h>

#include "base/conf.h"

size_t
conf_events_line(const struct conf_events *e)
{
	return e->event.start_mark.line + 1;
}

bool
conf_events_refuse(
    const struct conf_events *e, const char *key, const char *expected, struct fault *f)
{
	char found[CONF_SHOWN_MAX + 16];
	const char *what = "nothing";

	if (e->event.type == YAML_SEQUENCE_START_EVENT)
		what = "a list";
	else if (e->event.type == YAML_MAPPING_START_EVENT)
		what = "a mapping";
	else if (e->event.type == YAML_SCALAR_EVENT && e->event.data.scalar.length > 0) {
		(void)snprintf(found, sizeof(found), "%s\"%.*s\"",
		    e->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? "" : "the text ",
		    CONF_SHOWN_MAX, (const char *)e->event.data.scalar.value);
		what = found;
	}
	return conf_refuse(e->name, conf_events_line(e), key, expected, what, f);
}

static bool
stop(struct conf_events *e, size_t line, const char *expected, const char *found)
{
	e->line = line;
	e->expected = expected;
	e->found = found;
	return false;
}

/* Anchors make a file grow as it is read, and tags change what a value is. */
static bool
check_features(struct conf_events *e, bool anchors)
{
	const yaml_event_t *v = &e->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (v->type == YAML_SCALAR_EVENT) {
		anchor = v->data.scalar.anchor;
		tag = v->data.scalar.tag;
	} else if (v->type == YAML_SEQUENCE_START_EVENT) {
		anchor = v->data.sequence_start.anchor;
		tag = v->data.sequence_start.tag;
	} else if (v->type == YAML_MAPPING_START_EVENT) {
		anchor = v->data.mapping_start.anchor;
		tag = v->data.mapping_start.tag;
	}
	if (!anchors && v->type == YAML_ALIAS_EVENT)
		return stop(e, conf_events_line(e), "a plain value", "an alias");
	if (!anchors && anchor != NULL)
		return stop(e, conf_events_line(e), "a plain value", "an anchor");
	if (tag != NULL)
		return stop(e, conf_events_line(e), "a plain value", "a tag");
	return true;
}

/* A level more or less; libyaml's time grows with the square of the depth. */
static bool
count(struct conf_events *e)
{
	yaml_event_type_t type = e->event.type;

	e->n++;
	if (type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT)
		e->depth--;
	if (type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT)
		e->depth++;
	return e->depth <= CONF_DEPTH_MAX ||
	       stop(e, conf_events_line(e), "at most 16 levels", "more");
}

bool
conf_events_next(struct conf_events *e, bool anchors)
{
	yaml_event_delete(&e->event);
	if (yaml_parser_parse(&e->parser, &e->event) == 1)
		return check_features(e, anchors) && count(e);
	return stop(e, e->parser.problem_mark.line + 1,
	    e->parser.error == YAML_MEMORY_ERROR ? NULL : "YAML in UTF-8",
	    e->parser.problem == NULL ? "not YAML" : e->parser.problem);
}

/* libyaml's own words for what is wrong: "found character that ...", "did not find expected ...".
 */
bool
conf_events_say(const struct conf_events *e, const char *key, struct fault *f)
{
	char found[FAULT_TEXT_MAX];
	bool says_found;

	if (e->expected == NULL)
		return fault_set(f, FAULT_INTERNAL, "conf: out of memory");
	if (e->found != e->parser.problem)
		return conf_refuse(e->name, e->line, key, e->expected, e->found, f);
	says_found = strncmp(e->found, "found ", strlen("found ")) == 0;
	(void)snprintf(found, sizeof(found), says_found ? "%s" : "something else (%s)",
	    says_found ? e->found + strlen("found ") : e->found);
	return conf_refuse(e->name, e->line, key, e->expected, found, f);
}

/* Does a line begin at yaml.at + i? YAML 1.1 knows more line ends than one, and a mark in front. */
static bool
begins_line(struct octets yaml, size_t i)
{
	static const char *const ends[] = { "\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9",
		"\xef\xbb\xbf" };

	for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++)
		if (i >= strlen(ends[k]) &&
		    memcmp(yaml.at + i - strlen(ends[k]), ends[k], strlen(ends[k])) == 0)
			return true;
	return i == 0;
}

/* They are of no use here, and libyaml compares each with all before it, ahead of any event. */
static bool
refuse_directives(const char *name, struct octets yaml, struct fault *f)
{
	const uint8_t *at = yaml.at;

	while (yaml.n > 0 && (at = memchr(at, '%', yaml.n - (size_t)(at - yaml.at))) != NULL) {
		size_t i = (size_t)(at - yaml.at), line = 1;

		if (begins_line(yaml, i)) {
			for (size_t k = 0; k < i; k++)
				line += yaml.at[k] == '\n';
			return conf_refuse(
			    name, line, "document", "no directive", "\"%\" at a line's start", f);
		}
		at++;
	}
	return true;
}

bool
conf_events_open(struct conf_events *e, const char *name, struct octets yaml, struct fault *f)
{
	if (!refuse_directives(name, yaml, f))
		return false;
	*e = (struct conf_events){ .name = name };
	if (yaml_parser_initialize(&e->parser) != 1)
		return fault_set(f, FAULT_INTERNAL, "conf: out of memory");
	yaml_parser_set_encoding(&e->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&e->parser, yaml.at, yaml.n);
	return true;
}

void
conf_events_close(struct conf_events *e)
{
	yaml_event_delete(&e->event);
	yaml_parser_delete(&e->parser);
}

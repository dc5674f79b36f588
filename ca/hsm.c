/* ca/hsm.c - see hsm.h: the module, the token, the login. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/hsm_internal.h"

#define COUNT(table)   (sizeof(table) / sizeof(*(table)))
#define SLOTS_MAX      64
#define FLAGS_OF_ORDER (CKF_SERIAL_SESSION | CKF_RW_SESSION)

static const struct {
	CK_RV rv;
	const char *word;
} words[] = {
	{ CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD" },
	{ CKR_CANT_LOCK, "CKR_CANT_LOCK" },
	{ CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR" },
	{ CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY" },
	{ CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED: the token is gone" },
	{ CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED" },
	{ CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR" },
	{ CKR_HOST_MEMORY, "CKR_HOST_MEMORY" },
	{ CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID" },
	{ CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID: it cannot do P-256" },
	{ CKR_NEED_TO_CREATE_THREADS, "CKR_NEED_TO_CREATE_THREADS: it wants threads of its own" },
	{ CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED" },
	{ CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT" },
	{ CKR_PIN_LOCKED, "CKR_PIN_LOCKED" },
	{ CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED" },
	{ CKR_SESSION_COUNT, "CKR_SESSION_COUNT" },
	{ CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID" },
	{ CKR_TEMPLATE_INCONSISTENT, "CKR_TEMPLATE_INCONSISTENT" },
	{ CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT: the token is gone" },
	{ CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED" },
	{ CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN" },
	{ CKR_USER_PIN_NOT_INITIALIZED,
	    "CKR_USER_PIN_NOT_INITIALIZED: the token has no user PIN yet" },
};

bool
hsm_told(CK_RV rv, const char *what, struct fault *f)
{
	for (size_t i = 0; i < COUNT(words); i++)
		if (words[i].rv == rv)
			return fault_set(f, FAULT_INTERNAL, "hsm: %s: %s", what, words[i].word);
	return fault_set(f, FAULT_INTERNAL, "hsm: %s: CKR 0x%lx", what, (unsigned long)rv);
}

bool
hsm_is_lost(CK_RV rv)
{
	static const CK_RV lost[] = { CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,
		CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_USER_NOT_LOGGED_IN,
		CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID };

	for (size_t i = 0; i < COUNT(lost); i++)
		if (lost[i] == rv)
			return true;
	return false;
}

static bool
load(struct hsm *h, const char *module, struct fault *f)
{
	CK_C_GetFunctionList list;
	/* This process has one thread, and shall have no other: it is about to be confined. */
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS };
	CK_RV rv;

	if ((h->module = dlopen(module, RTLD_NOW | RTLD_LOCAL)) == NULL)
		return fault_set(f, FAULT_NOTFOUND, "hsm: cannot load %s", module);
	*(void **)&list = dlsym(h->module, "C_GetFunctionList");
	if (list == NULL || list(&h->call) != CKR_OK || h->call == NULL)
		return fault_set(f, FAULT_NOTFOUND, "hsm: %s is no PKCS #11 module", module);
	if ((rv = h->call->C_Initialize(&args)) != CKR_OK)
		return hsm_told(rv, "C_Initialize", f);
	h->begun = true;
	return true;
}

/* A label is padded with spaces to its 32 octets (PKCS #11 section 3.2). */
static bool
has_label(const CK_TOKEN_INFO *info, const char *label)
{
	size_t n = strlen(label);

	if (n > sizeof(info->label) || memcmp(info->label, label, n) != 0)
		return false;
	for (size_t i = n; i < sizeof(info->label); i++)
		if (info->label[i] != ' ')
			return false;
	return true;
}

static bool
find_slot(struct hsm *h, CK_TOKEN_INFO *ret, struct fault *f)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	CK_TOKEN_INFO info;
	size_t found = 0;
	CK_RV rv;

	if ((rv = h->call->C_GetSlotList(CK_TRUE, slots, &n)) != CKR_OK)
		return hsm_told(rv, "C_GetSlotList", f);
	for (CK_ULONG i = 0; i < n; i++) {
		if (h->call->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
		    !has_label(&info, h->token))
			continue;
		h->slot = slots[i];
		*ret = info;
		found++;
	}
	if (found == 0)
		return fault_set(f, FAULT_NOTFOUND, "hsm: no token is labelled %s", h->token);
	return found == 1 ||
	       fault_set(f, FAULT_CONFLICT, "hsm: %zu tokens are labelled %s", found, h->token);
}

/* A person must be left a try. */
static bool
is_open_to_us(const struct hsm *h, const CK_TOKEN_INFO *info, struct fault *f)
{
	if ((info->flags & CKF_USER_PIN_LOCKED) != 0)
		return fault_set(f, FAULT_AUTH,
		    "hsm: the user PIN of token %s is locked: its security officer sets a new one",
		    h->token);
	if ((info->flags & CKF_USER_PIN_FINAL_TRY) != 0)
		return fault_set(f, FAULT_AUTH,
		    "hsm: one more wrong PIN would lock token %s, so none is tried: log in to it by hand first",
		    h->token);
	return true;
}

static bool
log_in(struct hsm *h, struct fault *f)
{
	struct fault also;
	CK_RV rv;

	if (!pin_may_try(&h->pin, f))
		return false;
	rv = h->call->C_Login(h->session, CKU_USER, h->pin.digits.at, h->pin.digits.n);
	if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_INVALID ||
	    rv == CKR_PIN_LOCKED) {
		if (!pin_refused(&h->pin, &also))
			return fault_set(
			    f, FAULT_AUTH, "hsm: the PIN was refused; %.180s", also.text);
		return fault_set(f, FAULT_AUTH,
		    "hsm: token %s refused the PIN, which is not tried again: put the right one into hsm.pin_file",
		    h->token);
	}
	h->in = rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN;
	pin_settled(&h->pin, h->in);
	return h->in || hsm_told(rv, "C_Login", f);
}

static bool
enter(struct hsm *h, struct fault *f)
{
	CK_TOKEN_INFO info = { .flags = 0 };
	CK_RV rv;

	h->in = false;
	if (!find_slot(h, &info, f) || !is_open_to_us(h, &info, f))
		return false;
	if ((rv = h->call->C_OpenSession(h->slot, FLAGS_OF_ORDER, NULL, NULL, &h->session)) !=
	    CKR_OK)
		return hsm_told(rv, "C_OpenSession", f);
	h->sessions++;
	return log_in(h, f);
}

/* Once: what fails again is the caller's fault to tell. */
bool
hsm_enter_again(struct hsm *h, struct fault *f)
{
	(void)h->call->C_CloseSession(h->session); /* it may be gone already */
	return enter(h, f);
}

bool
hsm_is_in(struct hsm *h, struct fault *f)
{
	return h->in || hsm_enter_again(h, f);
}

bool
hsm_open(const char *module, const char *token, struct pin *pin, struct hsm **ret, struct fault *f)
{
	struct hsm *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		pin_free(pin);
		return fault_set(f, FAULT_INTERNAL, "hsm: out of memory");
	}
	h->pin = *pin;
	*pin = (struct pin){ .digits = { NULL, 0 } };
	if (snprintf(h->token, sizeof(h->token), "%s", token) >= (int)sizeof(h->token)) {
		hsm_close(h);
		return fault_set(f, FAULT_NOTFOUND,
		    "hsm: expected a token's label of at most %d octets", HSM_LABEL_MAX - 1);
	}
	if (!load(h, module, f) || !enter(h, f)) {
		hsm_close(h);
		return false;
	}
	*ret = h;
	return true;
}

/* The module stays loaded: some leave pointers to themselves in libcrypto, which the end of the
 * process follows. */
void
hsm_close(struct hsm *h)
{
	if (h == NULL)
		return;
	if (h->begun)
		(void)h->call->C_Finalize(NULL);
	pin_free(&h->pin);
	free(h);
}

const char *
hsm_token(const struct hsm *h)
{
	return h->token;
}

/*
 * tests/clients/pkcs11_shim.c - a PKCS #11 module in front of SoftHSM, that counts and misbehaves.
 *
 * SHIM_MODULE is the module behind it. SHIM_COUNT names a file that gets one
 * octet for each C_Login. SHIM_DOES is a list of words:
 *   final-try, locked   the token's flags say so
 *   refuses             C_Login: the PIN is incorrect
 *   threads             C_Initialize wants threads
 *   lost-once, lost     C_SignInit: the session is gone, one time or each time
 *   short, foreign      C_Sign: too few octets; those of another message
 *   leaves              each key could leave the token
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list);

static CK_FUNCTION_LIST *behind, shown;
static unsigned lost;

static int
does(const char *word)
{
	const char *all = getenv("SHIM_DOES");
	size_t n = strlen(word);

	for (const char *at = all; at != NULL && (at = strstr(at, word)) != NULL; at += n)
		if ((at == all || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' '))
			return 1;
	return 0;
}

static CK_RV
initialize(void *args)
{
	lost = 0;
	return does("threads") ? CKR_NEED_TO_CREATE_THREADS : behind->C_Initialize(args);
}

static CK_RV
get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	CK_RV rv = behind->C_GetTokenInfo(slot, info);

	if (does("final-try"))
		info->flags |= CKF_USER_PIN_FINAL_TRY;
	if (does("locked"))
		info->flags |= CKF_USER_PIN_LOCKED;
	return rv;
}

static CK_RV
login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char *pin, CK_ULONG n)
{
	const char *path = getenv("SHIM_COUNT");
	int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd >= 0) {
		if (write(fd, "x", 1) != 1)
			abort();
		(void)close(fd);
	}
	return does("refuses") ? CKR_PIN_INCORRECT : behind->C_Login(session, user, pin, n);
}

/* A token that forgets a session forgets the login with it. */
static CK_RV
sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	if (does("lost") || (does("lost-once") && lost++ == 0)) {
		(void)behind->C_CloseSession(session);
		return CKR_SESSION_HANDLE_INVALID;
	}
	return behind->C_SignInit(session, mechanism, key);
}

static CK_RV
sign(CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG n, unsigned char *to, CK_ULONG *to_n)
{
	CK_RV rv;

	if (does("foreign") && n > 0)
		data[0] ^= 1;
	rv = behind->C_Sign(session, data, n, to, to_n);
	if (does("short") && *to_n > 0)
		--*to_n;
	return rv;
}

static CK_RV
get_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *all, CK_ULONG n)
{
	CK_RV rv = behind->C_GetAttributeValue(session, object, all, n);

	for (CK_ULONG i = 0; does("leaves") && i < n; i++)
		if (all[i].type == CKA_EXTRACTABLE)
			*(CK_BBOOL *)all[i].pValue = CK_TRUE;
	return rv;
}

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	const char *path = getenv("SHIM_MODULE");
	void *module = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get = NULL;

	if (module != NULL)
		*(void **)&get = dlsym(module, "C_GetFunctionList");
	if (get == NULL || get(&behind) != CKR_OK)
		return CKR_GENERAL_ERROR;
	shown = *behind;
	shown.C_GetFunctionList = C_GetFunctionList;
	shown.C_Initialize = initialize;
	shown.C_GetTokenInfo = get_token_info;
	shown.C_Login = login;
	shown.C_SignInit = sign_init;
	shown.C_Sign = sign;
	shown.C_GetAttributeValue = get_attributes;
	*list = &shown;
	return CKR_OK;
}

/* daemon/cli_table.c - see cli_table.h. */
#include "daemon/cli_table.h"

#include "daemon/cli_options_cert.h"
#include "daemon/cli_options_enroll.h"
#include "daemon/cli_options_log.h"
#include "daemon/cli_options_staff.h"

#define PARAMS(list)                                                                               \
	{                                                                                          \
		list, sizeof(list) / sizeof((list)[0])                                             \
	}
#define TENANT                                                                                     \
	{                                                                                          \
		"tenant", CLI_LABEL, "T", NULL, CLI_REQUIRED, "the tenant's name"                  \
	}

static const struct cli_param init_options[] = {
	{ "domain", CLI_HOST, "D", NULL, 0, "level 1: the domain; default: the configuration's" },
	{ "region", CLI_LABEL, "R", NULL, 0, "level 2: the region; default: the configuration's" },
	{ "org", CLI_TEXT, "O", NULL, 0, "the organisation in the subjects of root and region" },
	{ "offline-root", CLI_PATH, "FILE", NULL, 0,
	    "write the root's key to FILE and keep none here; it is sealed as the keys that stay are, so a copy of their master key or passphrase belongs with it, apart from the service" },
	{ "seal", CLI_CHOICE, "WAY", "key-file|passphrase|credential", 0,
	    "how all keys are sealed" },
};

static const struct cli_param serve_options[] = {
	{ "ready-file", CLI_PATH, "FILE", NULL, 0, "is written when every listener listens" },
	{ "local", CLI_FLAG, NULL, NULL, 0,
	    "the local socket alone, no network; other commands use it for themselves" },
	{ "ready-fd", CLI_COUNT, "N", NULL, 0,
	    "an open descriptor that gets one octet when the listeners listen" },
};

static const struct cli_param tenant_create_options[] = {
	{ "constraints", CLI_CHOICE, "MODE", "strict|compatible|none", 0,
	    "name constraints in the tenant's CA certificate; default strict" },
	{ "name", CLI_HOST, "DOMAIN", NULL, CLI_REPEATED,
	    "a registered domain that is permitted beside the tenant's own; may be given up to 16 times" },
};

static const struct cli_param operator_add_options[] = {
	{ "role", CLI_CHOICE, "ROLE", "officer|registrar|auditor", CLI_REQUIRED,
	    "officer: tenants and operators; registrar: tokens and revocation; auditor: reads" },
	{ "out", CLI_PATH, "DIR", NULL, CLI_REQUIRED,
	    "the folder for cert.pem, key.pem and root.pem; made where it is missing" },
};

static const struct cli_param token_create_options[] = {
	TENANT,
	{ "device", CLI_LABEL, "NAME", NULL, 0, "the device's name, one DNS label" },
	{ "csv", CLI_PATH, "FILE", NULL, 0,
	    "a token for each device of a list: a header line device[,profile][,ttl], then a line a device; - is standard input" },
	{ "out-csv", CLI_PATH, "FILE", NULL, 0,
	    "with --csv: write the tokens to FILE (mode 0600); default: standard output" },
	{ "html", CLI_PATH, "FILE", NULL, 0,
	    "with --csv: write a page to print as well, a card with a QR code for each device (mode 0600)" },
	{ "resume", CLI_FLAG, NULL, NULL, 0,
	    "with --out-csv: go on with a file that was interrupted; devices in it get no second token" },
	{ "profile", CLI_LABEL, "P", NULL, 0,
	    "what the certificate is for, as profile list names it; default printer" },
	{ "ttl", CLI_DURATION, "TIME", NULL, 0,
	    "how long the token may be used, 60s to 30d; default 24h" },
};

static const struct cli_param tenant_only[] = { TENANT };

static const struct cli_param maker_add_options[] = {
	TENANT,
	{ "name", CLI_LABEL, "NAME", NULL, CLI_REQUIRED, "what the maker is called here" },
};

static const struct cli_param device_add_options[] = {
	TENANT,
	{ "maker", CLI_LABEL, "NAME", NULL, 0, "whose device it is, as maker list names it" },
	{ "device", CLI_LABEL, "NAME", NULL, 0, "the device's name, one DNS label" },
	{ "csv", CLI_PATH, "FILE", NULL, 0,
	    "each device of a list: a header line serial,device[,maker][,profile], then a line a device; - is standard input" },
	{ "profile", CLI_LABEL, "P", NULL, 0,
	    "what the certificate is for, as profile list names it; default printer" },
};

static const struct cli_param device_remove_options[] = {
	TENANT,
	{ "maker", CLI_LABEL, "NAME", NULL, CLI_REQUIRED, "whose device it is" },
};

static const struct cli_param request_list_options[] = {
	TENANT,
	{ "state", CLI_CHOICE, "S", "waiting|approved|refused|issued|expired", 0,
	    "only of this state" },
};

static const struct cli_param request_refuse_options[] = {
	TENANT,
	{ "reason", CLI_TEXT, "TEXT", NULL, CLI_REQUIRED,
	    "why, in up to 200 octets: for the log, and for the device" },
};

#define STOPS                                                                                      \
	{ "reason", CLI_TEXT, "TEXT", NULL, 0, "why, for the log" },                               \
	{                                                                                          \
		"dry-run", CLI_FLAG, NULL, NULL, 0, "only say what it would touch"                 \
	}

static const struct cli_param region_rollover_options[] = {
	{ "root-key", CLI_PATH, "FILE", NULL, 0, "the key of a root that is offline, sealed" },
};
static const struct cli_param level_options[] = { STOPS };
static const struct cli_param cert_hold_options[] = { TENANT, STOPS };

static const struct cli_param key_list_options[] = {
	{ "all", CLI_FLAG, NULL, NULL, 0, "superseded keys too, the first hundred of each CA" },
};

static const struct cli_param key_rotate_options[] = {
	{ "seal", CLI_CHOICE, "WAY", "key-file|passphrase|credential", 0,
	    "how they are sealed from now on; default: as now" },
	{ "seal-file", CLI_PATH, "PATH", NULL, 0,
	    "the new master key's file, or the new credential's name; default: the old one's place" },
	{ "offline-root", CLI_PATH, "FILE", NULL, 0,
	    "the root's key that is kept elsewhere: sealed anew with the others" },
	{ "root-apart", CLI_FLAG, NULL, NULL, 0,
	    "leave the root's key, elsewhere, as it is: what opens it now lies with it" },
};

static const struct cli_param chain_audit_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, 0, "audit every certificate of this tenant" },
};

static const struct cli_param backup_verify_options[] = {
	{ "root", CLI_PATH, "FILE", NULL, CLI_REQUIRED,
	    "the root certificate, from a place that you trust and not from the backup" },
};

static const struct cli_param restore_options[] = {
	{ "root", CLI_PATH, "FILE", NULL, CLI_REQUIRED,
	    "the root certificate, from a place that you trust and not from the backup" },
	{ "merge", CLI_PATH, "DIR", NULL, 0,
	    "an older data folder, even a damaged one: what its journal tells was signed, revoked or held after the backup is ended; its ledgers are never opened" },
};

static const struct cli_param events_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, CLI_REPEATED,
	    "follow this tenant's log; may be given up to 64 times; default: all" },
	{ "act", CLI_TEXT, "ACT", NULL, CLI_REPEATED,
	    "only acts that begin so, as certificate. does; may be given up to 16 times" },
	{ "after", CLI_INDEX, "N", NULL, 0,
	    "with one tenant: begin behind its first N entries; default: with what comes from now on" },
};

static const struct cli_param revocations_follow_options[] = {
	TENANT,
	{ "out", CLI_PATH, "FILE", NULL, CLI_REQUIRED,
	    "write what is not good to FILE, whole each time; an earlier one is gone on with" },
	{ "every", CLI_DURATION, "TIME", NULL, 0, "ask so often, 1s to 60s; default 5s" },
	{ "once", CLI_FLAG, NULL, NULL, 0, "stop when all that there is now is written" },
};

static const struct cli_param revocations_show_options[] = {
	{ "serial", CLI_SERIAL, "S", NULL, 0,
	    "say of this certificate how it stands; exit 0 only if it is good and the set is fresh" },
};

static const struct cli_param ledger_check_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, 0,
	    "only this tenant's ledger; default: all, and the journal" },
};

static const struct cli_param ledger_merge_options[] = {
	{ "tenant", CLI_LABEL, "T", NULL, 0, "only this tenant's ledger; default: all" },
	{ "from", CLI_PATH, "DIR", NULL, 0,
	    "learn of signatures and revocations from there too: an export of the log, or another data folder's journal" },
	{ "yes", CLI_FLAG, NULL, NULL, 0, "do it; without, it only says what it would do" },
};

#define NOTHING                                                                                    \
	{                                                                                          \
		NULL, CLI_NONE, NULL, NULL, 0, NULL                                                \
	}

const struct command
    cli_commands
	[] = {
		{ { "init", NULL }, NOTHING, PARAMS(init_options), 0, init_command,
		    "the ceremony: make root and region",
		    "Makes the root (level 1), the region (level 2), the service's own certificate and the ledger in the data folder. It is run once; a data folder that holds an authority is refused.",
		    "quatrain serve" },
		{ { "serve", NULL }, NOTHING, PARAMS(serve_options), 0, serve_command,
		    "run the service",
		    "Runs the signer, the edges and the desk in the foreground until SIGTERM or SIGINT, and logs to standard error. SIGTERM finishes the requests in hand first.",
		    "quatrain tenant create NAME" },
		{ { "tenant", "create" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL },
		    PARAMS(tenant_create_options), CLI_CALLS, tenant_create_command,
		    "make a tenant and its CA",
		    "Makes a tenant and its certificate authority (level 3). With strict constraints, the default, any verifier holds the tenant's key to names under the tenant's own host and the domains given with --name.",
		    "quatrain token create --tenant NAME --device DEVICE" },
		{ { "tenant", "list" }, NOTHING, { NULL, 0 }, CLI_CALLS, tenant_list_command,
		    "list the tenants",
		    "Lists the tenants with the constraints and the end of their CA.",
		    "quatrain tenant show NAME" },
		{ { "tenant", "show" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL }, { NULL, 0 },
		    CLI_CALLS, tenant_show_command, "show a tenant and its chain",
		    "Shows one tenant, and in PEM the certificates of tenant, region and root.",
		    "quatrain cert list --tenant NAME" },
		{ { "tenant", "suspend" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL },
		    PARAMS(level_options), CLI_CALLS, tenant_suspend_command,
		    "stop a tenant and all beneath it",
		    "Stops a tenant for a while: at once OCSP answers certificateHold for its CA and every certificate beneath, enrolment, renewal and requests are refused, and live connections end. Nothing beneath is changed. The tenant platform cannot be suspended.",
		    "quatrain tenant resume NAME" },
		{ { "tenant", "resume" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL },
		    PARAMS(level_options), CLI_CALLS, tenant_resume_command,
		    "let a suspended tenant go on",
		    "Lets a suspended tenant go on. All beneath is exactly what it was: what was held or revoked by itself stays so.",
		    "quatrain tenant show NAME" },
		{ { "tenant", "rollover" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL }, { NULL, 0 },
		    CLI_CALLS, tenant_rollover_command, "give a tenant a new CA beside the old one",
		    "Makes a new CA for the tenant: the same name and name constraints, a new key. New certificates come from it at once. The old CA stays good, answers OCSP and keeps its CRL until its last certificate has ended; renewals move the devices over. It is also what follows the revocation of a tenant's CA.",
		    "quatrain tenant show NAME" },
		{ { "region", "list" }, NOTHING, { NULL, 0 }, CLI_CALLS, region_list_command,
		    "list the regions",
		    "Lists the regions with their status and the end of their CA.",
		    "quatrain region show NAME" },
		{ { "region", "show" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL }, { NULL, 0 },
		    CLI_CALLS, region_show_command, "show a region, its CAs and its chain",
		    "Shows one region: its status, its CAs (two after a rollover, until the old one ends) and in PEM the certificates of region and root.",
		    "quatrain tenant list" },
		{ { "region", "suspend" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL },
		    PARAMS(level_options), CLI_CALLS, region_suspend_command,
		    "stop a region and all tenants beneath it",
		    "Stops a region for a while as tenant suspend stops a tenant. The service's own tenant lies beneath its region too: operators by certificate are locked out with all others, and the local socket alone can resume. OCSP and CRLs go on.",
		    "quatrain region resume NAME, on the machine of the service" },
		{ { "region", "resume" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL },
		    PARAMS(level_options), CLI_CALLS, region_resume_command,
		    "let a suspended region go on",
		    "Lets a suspended region go on. Tenants that were suspended by themselves stay so.",
		    "quatrain tenant list" },
		{ { "region", "rollover" }, NOTHING, PARAMS(region_rollover_options), 0,
		    region_rollover_command, "give the region a new CA beside the old one",
		    "A ceremony while no service runs: makes a new CA for the region under the root. Tenants that are made from then on stand under it, and the service's own tenant moves there at once; the others stay under the old one, which stays good, until tenant rollover moves them. The root's key must be here, or be named with --root-key; then the root's CRL and responder are renewed with it.",
		    "quatrain serve, then quatrain tenant rollover NAME" },
		{ { "operator", "add" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL },
		    PARAMS(operator_add_options), CLI_CALLS | CLI_OWN_ROOT, operator_add_command,
		    "certify an operator",
		    "Makes a P-256 key here, has it certified for an operator of the given role, and writes cert.pem (leaf and chain), key.pem (mode 0600) and root.pem. The key never leaves this machine; files that are there are never overwritten. NAME is a handle and stands in the log for good, so it should be no person's name. root.pem is a copy of root.pem in the data folder, or of --root.",
		    "quatrain tenant list --url https://HOST:8443 --cert DIR/cert.pem --key DIR/key.pem --root DIR/root.pem" },
		{ { "operator", "list" }, NOTHING, { NULL, 0 }, CLI_CALLS, operator_list_command,
		    "list the operators", "Lists the operators with role, serial and status.",
		    "quatrain operator add NAME --role ROLE --out DIR" },
		{ { "operator", "show" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL }, { NULL, 0 },
		    CLI_CALLS, operator_show_command, "show one operator",
		    "Shows an operator: role, certificate and its status, and the etag that a change of role is held against.",
		    "quatrain operator role NAME --role ROLE" },
		{ { "operator", "role" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL },
		    PARAMS(operator_role_options), CLI_CALLS, operator_role_command,
		    "give an operator another role",
		    "Changes an operator's role; certificate and key stay. It holds from the next request on. Making an officer, or taking that role away, waits for a second officer where there is one.",
		    "quatrain operator list" },
		{ { "operator", "remove" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL }, { NULL, 0 },
		    CLI_CALLS, operator_remove_command, "remove an operator",
		    "Revokes all certificates of an operator, ends their connections at once and frees the handle, which another may then have. Removing an officer waits for a second officer where there is one; the last officer is removed on this machine alone.",
		    "quatrain operator list" },
		{ { "act", "list" }, NOTHING, PARAMS(act_list_options), CLI_CALLS, act_list_command,
		    "list the acts that wait for a second officer",
		    "Lists what two officers must want: what waits, for a day, and what became of the others in the last 30.",
		    "quatrain act show ID" },
		{ { "act", "show" }, { NULL, CLI_ID, "ID", NULL, 0, NULL }, { NULL, 0 }, CLI_CALLS,
		    act_show_command, "show what an act would do",
		    "Shows one act that waits: who asked for what, and exactly what it would do, as it was when it was asked. act approve --dry-run says what it would do now.",
		    "quatrain act approve ID" },
		{ { "act", "approve" },
		    { NULL, CLI_ID, "ID", NULL, 0, NULL }, PARAMS(act_approve_options), CLI_CALLS, act_approve_command, "want an act too that waits", "Does what another officer asked for. Both are judged anew, and so is what the act is about: where that has changed, the approval is refused and the act must be asked for again. Who asked can never approve.",
		    "quatrain act list" },
		{ { "act", "refuse" }, { NULL, CLI_ID, "ID", NULL, 0, NULL },
		    PARAMS(act_refuse_options), CLI_CALLS, act_refuse_command,
		    "say no to an act that waits",
		    "Refuses an act that waits, with a reason; who asked may take it back so too.",
		    "quatrain act list" },
		{ { "policy", "show" }, NOTHING, { NULL, 0 }, CLI_CALLS, policy_show_command,
		    "show the rules in force",
		    "Shows who may do what: each rule, the digest that log entries name the set by, and whether acts wait for a second officer. What no rule permits is denied.",
		    "quatrain operator list" },
		{ { "health", NULL }, NOTHING, { NULL, 0 }, CLI_CALLS, health_command,
		    "say how the service is, with names",
		    "Says what /readyz says, and what that keeps from strangers: which tenants have no room, the signer, the clock, acts that wait, and when the last backup was taken.",
		    "quatrain act list --state waiting" },
		{ { "profile", "list" }, NOTHING, { NULL, 0 }, CLI_CALLS, profile_list_command,
		    "list the profiles in force",
		    "Lists what a certificate can be made by: which keys, for how long, who may ask. In JSON with every value, and the digest that stands in the log.",
		    "quatrain token create --tenant T --device NAME --profile P" },
		{ { "profile", "check" }, { NULL, CLI_PATH, "FILE", NULL, CLI_REPEATED, NULL },
		    { NULL, 0 }, CLI_ALONE, profile_check_command,
		    "try profiles before they are used",
		    "Reads files, or a folder of them, as the service would at its start, and says file, line and what was expected where something is wrong. A folder must be a whole set.",
		    "name the folder as profiles in the configuration" },
		{ { "token", "create" }, NOTHING, PARAMS(token_create_options), CLI_CALLS,
		    token_create_command, "make an enrolment token for a device",
		    "Makes a token with which one device can enrol once, and prints it with the commands that use it. The token is shown this once; the service keeps only a hash of it. With --csv it makes one for each device of a list.",
		    "on the device: quatrain enroll --url URL --token T --out DIR" },
		{ { "token", "list" }, NOTHING, PARAMS(tenant_only), CLI_CALLS, token_list_command,
		    "list a tenant's tokens",
		    "Lists the tokens with device, profile, state and end.",
		    "quatrain token revoke --tenant T ID" },
		{ { "token", "revoke" }, { NULL, CLI_ID, "ID", NULL, 0, NULL }, PARAMS(tenant_only),
		    CLI_CALLS, token_revoke_command, "take an unused token back",
		    "Makes a token useless at once. A certificate that was issued with it stays good: cert revoke ends it.",
		    "quatrain cert list --tenant T" },
		{ { "maker", "add" }, { NULL, CLI_PATH, "FILE", NULL, 0, NULL },
		    PARAMS(maker_add_options), CLI_CALLS, maker_add_command,
		    "take the devices of a manufacturer",
		    "Adds a manufacturer's root certificate (PEM), or another CA of it. A device that shows a certificate from beneath it (IEEE 802.1AR IDevID) and is registered enrols without a token. For officers.",
		    "quatrain device add SERIAL --tenant T --maker NAME --device NAME" },
		{ { "maker", "list" }, NOTHING, PARAMS(tenant_only), CLI_CALLS, maker_list_command,
		    "list the manufacturers whose devices are taken",
		    "Lists a tenant's makers with their roots.",
		    "quatrain device list --tenant T" },
		{ { "maker", "remove" }, { NULL, CLI_LABEL, "NAME", NULL, 0, NULL },
		    PARAMS(tenant_only), CLI_CALLS, maker_remove_command,
		    "take no more devices of a manufacturer",
		    "Removes a maker: its devices come in no more. Certificates that were issued to them stay good: cert revoke ends them. For officers.",
		    "quatrain cert list --tenant T" },
		{ { "device", "add" }, { NULL, CLI_TEXT, "SERIAL", NULL, CLI_MAY, NULL },
		    PARAMS(device_add_options), CLI_CALLS, device_add_command,
		    "register a device that comes with its manufacturer's certificate",
		    "Registers a device by the serialNumber in the subject of its IDevID certificate: it may enrol under this name, again after a reset too. With --csv each device of a list; lists go in requests of 200, each of which is taken whole or not at all. The profile must have idevid in ask.",
		    "quatrain device list --tenant T" },
		{ { "device", "list" }, NOTHING, PARAMS(tenant_only), CLI_CALLS,
		    device_list_command, "list the devices that are registered",
		    "Lists the devices that may enrol with their manufacturer's certificate.",
		    "quatrain cert list --tenant T" },
		{ { "device", "remove" }, { NULL, CLI_TEXT, "SERIAL", NULL, 0, NULL },
		    PARAMS(device_remove_options), CLI_CALLS, device_remove_command,
		    "let a device enrol no more",
		    "Removes a device's registration. A certificate that was issued to it stays good: cert revoke ends it.",
		    "quatrain cert list --tenant T --device NAME" },
		{ { "request", "list" }, NOTHING, PARAMS(request_list_options), CLI_CALLS,
		    request_list_command, "list the devices that wait for a registrar",
		    "Lists the devices that asked for a certificate where the profile wants a registrar's word: those that wait, and what became of the others.",
		    "quatrain request show --tenant T ID" },
		{ { "request", "show" }, { NULL, CLI_ID, "ID", NULL, 0, NULL }, PARAMS(tenant_only),
		    CLI_CALLS, request_show_command, "show what one device asks for",
		    "Shows one request: the names and the key that it asks with, from where and by which proof, and which certificate of the same device a new one would replace. Compare the key's SHA-256 with what the device shows before approving.",
		    "quatrain request approve --tenant T ID" },
		{ { "request", "approve" }, { NULL, CLI_ID, "ID", NULL, 0, NULL },
		    PARAMS(tenant_only), CLI_CALLS, request_approve_command,
		    "let a device in that waits",
		    "Approves a request as it was asked: the device gets its certificate when it asks again, which it must do within 7 days. A request that was refused can still be approved until it expires. For officers and registrars; for some profiles officers alone.",
		    "quatrain cert list --tenant T --device NAME" },
		{ { "request", "refuse" }, { NULL, CLI_ID, "ID", NULL, 0, NULL },
		    PARAMS(request_refuse_options), CLI_CALLS, request_refuse_command,
		    "turn a device away that waits",
		    "Refuses a request: the device is told so, with the reason, until the request expires. One that was approved can be refused until its certificate is fetched.",
		    "quatrain request list --tenant T" },
		{ { "cert", "list" }, NOTHING, PARAMS(cert_list_options), CLI_CALLS,
		    cert_list_command, "search a tenant's certificates",
		    "Lists certificates with serial, kind, status, end and name, all or those for which every option holds. The tenant platform holds those of the service and its operators.",
		    "quatrain cert show --tenant T SERIAL" },
		{ { "cert", "find" }, NOTHING, PARAMS(cert_find_options), CLI_CALLS,
		    cert_find_command, "find whose a certificate, a key or a device is",
		    "Looks in all tenants, by exactly one of the options: for one serial, or for what the holder of a key or a device of that name has now. What has ended is found in its tenant, with cert list.",
		    "quatrain cert show --tenant T SERIAL" },
		{ { "cert", "show" }, { NULL, CLI_SERIAL, "SERIAL", NULL, 0, NULL },
		    PARAMS(cert_show_options), CLI_CALLS, cert_show_command, "show one certificate",
		    "Shows one certificate: what it is for, how it came to be, its place in the log, and its PEM. With --form it puts out nothing but that form.",
		    "quatrain cert revoke --tenant T SERIAL" },
		{ { "cert", "revoke" }, { NULL, CLI_SERIAL, "SERIAL", NULL, CLI_MAY, NULL }, PARAMS(cert_revoke_options), CLI_CALLS, cert_revoke_command, "revoke a certificate, or many at once", "Revokes a certificate for good. When the command ends the revocation is durable and logged, and OCSP answers it. The certificate of a tenant's or a region's CA, which the tenant platform holds, ends all beneath it: the command says what that is, and wants it confirmed. With --serials-from, --enroller or --token many end in one act, all of them or none: the command counts them, and does it with --yes. Over 10,000 serials go in several acts.",
		    "quatrain token create --tenant T --device NAME, where the device shall come back" },
		{ { "cert", "hold" }, { NULL, CLI_SERIAL, "SERIAL", NULL, 0, NULL },
		    PARAMS(cert_hold_options), CLI_CALLS, cert_hold_command, "stop a certificate",
		    "Holds one certificate until it is released: OCSP answers certificateHold, its holder is refused and its connections end.",
		    "quatrain cert release --tenant T SERIAL" },
		{ { "cert", "release" }, { NULL, CLI_SERIAL, "SERIAL", NULL, 0, NULL },
		    PARAMS(cert_hold_options), CLI_CALLS, cert_release_command,
		    "let a held certificate go on",
		    "Makes a held certificate good again, from now on.",
		    "quatrain cert show --tenant T SERIAL" },
		{ { "endpoint", "list" }, NOTHING, PARAMS(endpoint_list_options), CLI_CALLS,
		    endpoint_list_command, "list a tenant's devices, and what each holds",
		    "Lists the devices that have a certificate or had one, by kind and name: how many they could show now, and when the newest was issued and ends.",
		    "quatrain endpoint show --tenant T KIND/NAME" },
		{ { "endpoint", "show" }, { NULL, CLI_TEXT, "KIND/NAME", NULL, 0, NULL },
		    PARAMS(tenant_only), CLI_CALLS, endpoint_show_command,
		    "show a device and its certificates",
		    "Shows one device, and the certificates that it has, newest first.",
		    "quatrain endpoint remove --tenant T KIND/NAME --dry-run" },
		{ { "endpoint", "remove" }, { NULL, CLI_TEXT, "KIND/NAME", NULL, 0, NULL },
		    PARAMS(endpoint_remove_options), CLI_CALLS, endpoint_remove_command,
		    "remove a device, with all that it has",
		    "Removes a device in one act: its certificates are revoked, its open tokens closed, its requests refused, its registrations as a maker's device taken out, and its connections end at once. It comes in again only with a new token.",
		    "quatrain token create --tenant T --device NAME, where it shall come back" },
		{ { "enroll", NULL }, NOTHING, PARAMS(enroll_options), CLI_ALONE, enroll_command,
		    "be an EST client: get or renew this device's certificate",
		    "Enrols this device over EST (RFC 7030): makes the key here, of the kind that the service wants, asks with token, code, manufacturer's certificate or nothing but the key, and writes cert.pem (leaf, tenant, region), key.pem (mode 0600) and root.pem. Without --root the service is known by the hash of its root in the token, before anything secret is sent. An interrupted try is finished by the same command. With --renew the certificate in DIR asks for its successor; with --daemon that happens by itself, in time.",
		    "use cert.pem and key.pem; leave a --daemon running, or run it with --renew when two thirds of the time are over" },
		{ { "key", "list" }, NOTHING, PARAMS(key_list_options), CLI_CALLS, key_list_command,
		    "list the private keys, and where each lives",
		    "Lists the private keys that the ledgers name: what each is for, whether it is in a sealed file or a token, offline or missing, whether the service needs it online, and when its certificate ends. For officers and auditors.",
		    "a missing key: put its file back into keys/ from a backup, or the token back" },
		{ { "key", "rotate" }, NOTHING, PARAMS(key_rotate_options), 0, key_rotate_command,
		    "seal all keys with another master key",
		    "Seals every key file, and the key of the tokens, with a new master key, passphrase or credential, while no service runs. It is all or nothing: one that was interrupted is finished by the same command. The old master key file is overwritten, and removed where the new one lies elsewhere. Keys in a token stay as they are.",
		    "quatrain serve, with the configuration that the command prints" },
		{ { "log", "export" }, NOTHING, PARAMS(log_export_options), CLI_CALLS,
		    log_export_command, "export a tenant's issuance log",
		    "Writes a tenant's issuance log, or a range of it, with all that proves it: entries.jsonl (every line a leaf of the tree), checkpoint (signed), the range's proof, every certificate that its entries name, and what a verifier has to do. A part of the tree as one signed checkpoint has it, while the service goes on; the export is itself an entry.",
		    "quatrain log verify DIR --root FILE, or scripts/verify-bundle, which is independent of it" },
		{ { "log", "keys" }, NOTHING, PARAMS(log_keys_options), CLI_CALLS, log_keys_command,
		    "say whose signatures stand under a log's checkpoints",
		    "Writes the keys of a log: its own and the region's cosigner, as verifier keys (C2SP signed-note) and as certificates, which count only with the root that they lead to.",
		    "quatrain log verify FILE --root FILE --key FILE" },
		{ { "log", "prove" }, NOTHING,
		    PARAMS(log_prove_options), CLI_CALLS, log_prove_command, "have an entry proven, or that a log only grew", "Writes one text file that proves, without any service, that an entry is in the log: the entry, its place in the tree and a signed checkpoint (C2SP tlog-proof). With --since it proves that the log of now begins with the log of an older checkpoint. It is checked before it is written.",
		    "quatrain log verify FILE --root FILE --key FILE" },
		{ { "log", "verify" }, { NULL, CLI_PATH, "FILE", NULL, CLI_REPEATED, NULL },
		    PARAMS(log_verify_options), CLI_ALONE, log_verify_command,
		    "prove an export, a proof, or two checkpoints, offline",
		    "Of an export it proves with the root certificate alone that nothing in it was changed, removed or slipped in; of a proof, that its entry is in the log; of a checkpoint, who signed it. Of two, in any order (checkpoints, files of log prove, the newer one a whole log in a folder too), it proves that the newer log begins with the older one, or that the log has shown two histories: then the two notes convict it. It says what was proven, by whose key, and what was not. Needs no service and no network.",
		    "keep what was given with the verdict" },
		{ { "log", "redact" }, NOTHING, PARAMS(log_redact_options), CLI_CALLS,
		    log_redact_command, "take the body of an entry out of a log, by law",
		    "Removes what an entry says and keeps its hash, so that the log proves all else as before; an entry tells who did it, why and under which law or order. It cannot be undone. Entries that the log is believed by stay: of redactions, CAs, their keys, and epochs. For officers; where there is a second one, that one must approve.",
		    "quatrain log export --tenant T --out DIR" },
		{ { "replay", NULL }, { NULL, CLI_PATH, "FILE", NULL, CLI_MAY, NULL },
		    PARAMS(replay_options), CLI_CALLS, replay_command,
		    "make recorded decisions again, and compare",
		    "Takes the inputs that an entry recorded, decides again by the rules of this program and says whether it comes out the same. FILE is a folder of log export (all of it, or --index) or a file of log prove; with --tenant entries come from the service. Fails where one comes out otherwise, was altered, or was decided by other rules than this program has: their digest is named.",
		    "quatrain log verify, which says whether the entries are the log's" },
		{ { "revocations", "follow" }, NOTHING, PARAMS(revocations_follow_options),
		    CLI_CALLS | CLI_OWN_ROOT, revocations_follow_command,
		    "hold in a file what is not good any more",
		    "Follows the signed feed of a tenant's revocations, verifies every piece of it up to the root, finds any that is missing, and keeps the set of all certificates that are revoked or held in a file, with the time until which it may be relied on. For staff, and for endpoints of kind service or gateway. The root is --root, or root.pem in the data folder.",
		    "quatrain revocations show FILE --serial S" },
		{ { "revocations", "show" }, { NULL, CLI_PATH, "FILE", NULL, 0, NULL },
		    PARAMS(revocations_show_options), CLI_ALONE, revocations_show_command,
		    "say what such a file says, and how fresh it is",
		    "Reads the file of revocations follow, and asks nobody. Exit 1 where the set is stale, or the certificate that was asked for is not good.",
		    "quatrain revocations follow --tenant T --out FILE" },
		{ { "events", NULL }, NOTHING, PARAMS(events_options), CLI_CALLS, events_command,
		    "follow the log as it is written",
		    "Tells each entry of the log as soon as it is durable, one line each, until it is interrupted. When the connection breaks it comes again and goes on where it was: no entry is missed, and none is told twice.",
		    "quatrain log export --tenant T --out DIR" },
		{ { "ledger", "check" }, NOTHING, PARAMS(ledger_check_options), 0,
		    ledger_check_command, "read every ledger whole and say whether it is",
		    "Recomputes the tree of each log from its lines and compares it with its edge, its high-water mark and its last checkpoint; looks for the certificate of each entry and the entry of each standing; and holds the journal against the ledgers. It only reads, and not while a service runs.",
		    "quatrain serve" },
		{ { "ledger", "merge" }, NOTHING, PARAMS(ledger_merge_options), 0,
		    ledger_merge_command, "lead a ledger on that is older than its journal or mark",
		    "For a service that refuses to start since an older copy of its data was put back. Says what is lost; with --yes it records as revoked what was signed and is not known any more, makes the revocations and suspensions again that the journal knows, and writes one entry into the log. Nothing becomes good by it. Not while a service runs.",
		    "quatrain serve" },
		{ { "webhook", "list" }, NOTHING, { NULL, 0 }, CLI_CALLS, webhook_list_command,
		    "list the webhooks, and how far each has come",
		    "Lists the receivers that the configuration names under webhooks: what each has not taken yet, what went wrong last, and when it is tried again.",
		    "quatrain webhook test NAME" },
		{ { "webhook", "test" },
		    { NULL, CLI_LABEL, "NAME", NULL, 0, NULL }, { NULL, 0 }, CLI_CALLS, webhook_test_command, "post a test to a webhook", "Posts a signed message of the type webhook.test to one receiver, at once and beside what waits, and says what it answered. A receiver that takes it is tried again at once with what waits. The test is an entry of the platform's log. For officers.",
		    "quatrain webhook list" },
		{ { "backup", "verify" }, { NULL, CLI_PATH, "FILE", NULL, 0, NULL },
		    PARAMS(backup_verify_options), CLI_ALONE, backup_verify_command,
		    "prove a backup, offline",
		    "Reads a backup as restore does and writes nothing: every digest, the signature of the platform's log key and its certificates up to the given root, and each ledger's log against its own tree. Needs no service and no configuration; - is standard input.",
		    "keep it, and apart from it what opens its keys" },
		{ { "backup", NULL }, { NULL, CLI_PATH, "FILE", NULL, 0, NULL }, { NULL, 0 }, 0,
		    backup_command, "write a signed backup of the whole service, while it serves",
		    "Writes all ledgers, the sealed keys, the journal and the certificates into one file, signed by the platform's log key, and reads it again before it gets its name. Each ledger is as it stood at one moment; nothing waits meanwhile. What opens the keys (master key, passphrase, token) is never in it. FILE must not exist; - is standard output.",
		    "quatrain backup verify FILE --root ROOT.pem" },
		{ { "restore", NULL }, { NULL, CLI_PATH, "FILE", NULL, 0, NULL },
		    PARAMS(restore_options), 0, restore_command, "make a data folder from a backup",
		    "Makes the configured data folder, which must not exist, from a backup: all of it is proven with the root certificate before the folder gets its name. Tokens that were open are closed, and each log gets an entry that tells of it. A database file is never taken over: it would be believed.",
		    "quatrain serve, with the master key in its place" },
		{ { "chain", "audit" }, { NULL, CLI_PATH, "FILE", NULL, CLI_MAY, NULL },
		    PARAMS(chain_audit_options), CLI_CALLS | CLI_OWN_ROOT, chain_audit_command,
		    "hold a chain, or all of a tenant, against every rule",
		    "Audits the certificate in FILE (PEM, with any of the CAs above it; those that are missing come from the service): every link, every constraint, revocation at every level, who added it, and the log entries that prove it. With --tenant every certificate of a tenant is held against the book. With --root FILE and without --url no service is asked: the path alone is audited. The command fails where a check fails.",
		    "quatrain log export --tenant T --out DIR" },
		{ { "api", "describe" }, NOTHING, { NULL, 0 }, CLI_ALONE, api_describe_command,
		    "print what the HTTP API is",
		    "Prints the HTTP API as OpenAPI 3.1 (YAML; with --json as JSON): every route with who may, what it takes and what it answers. The service has the same at /v1/openapi.yaml.",
		    "docs/api.md, for the same in words" },
		{ { "version", NULL }, NOTHING, { NULL, 0 }, CLI_ALONE, version_command,
		    "say the version",
		    "Says the version of quatrain and of the libraries that do its cryptography and its transport.",
		    "quatrain --help" },
	};
const size_t cli_commands_n = sizeof(cli_commands) / sizeof(cli_commands[0]);

#!/usr/bin/env bash
# tests/flow/cups.sh - a real cupsd prints to our queues without a driver: lpadmin -m everywhere, lp, lpstat, cancel.
. "$(dirname "$0")/lib.sh"

for tool in cupsd lpadmin lp stunnel; do
	command -v "$tool" >/dev/null || stop_here "$tool is not here: scripts/setup brings it"
done
OTHERS=""

# through DIR PORT: a plain port that leads to the relay with the certificate in DIR
through() {
	cat >"$WORK/stunnel.conf" <<-CONF
	foreground = yes
	pid =
	[relay]
	client = yes
	accept = 127.0.0.1:$2
	connect = 127.0.0.1:$RELAY
	cert = $1/cert.pem
	key = $1/key.pem
	CAfile = $ROOT
	verifyChain = yes
	checkHost = localhost
	CONF
	stunnel "$WORK/stunnel.conf" >"$WORK/stunnel.log" 2>&1 &
	OTHERS="$OTHERS $!"
	within 10 port_taken "$2"
}

# cups_start: a cupsd of our own, beneath WORK/cups, on port CUPS
cups_start() {
	local d=$WORK/cups
	mkdir -p "$d/etc" "$d/spool/tmp" "$d/cache" "$d/run" "$d/log"
	chmod 755 "$WORK" "$d"
	cat >"$d/cupsd.conf" <<-CONF
	LogLevel debug
	Listen 127.0.0.1:$CUPS
	ServerName localhost
	Browsing Off
	DefaultAuthType None
	MaxLogSize 0
	<Location />
	  Order allow,deny
	  Allow localhost
	</Location>
	<Policy default>
	  <Limit All>
	    Order allow,deny
	    Allow localhost
	  </Limit>
	</Policy>
	CONF
	cat >"$d/cups-files.conf" <<-CONF
	ServerRoot $d/etc
	RequestRoot $d/spool
	CacheDir $d/cache
	StateDir $d/run
	ServerBin /usr/lib/cups
	DataDir /usr/share/cups
	AccessLog $d/log/access_log
	ErrorLog $d/log/error_log
	PageLog $d/log/page_log
	CreateSelfSignedCerts no
	Printcap $d/printcap
	SystemGroup root lpadmin
	CONF
	cupsd -f -c "$d/cupsd.conf" -s "$d/cups-files.conf" >"$d/out" 2>&1 &
	OTHERS="$OTHERS $!"
	within 10 port_taken "$CUPS"
}
end_others() {
	local p
	for p in $OTHERS; do
		kill "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
}
trap 'end_others; tidy_up' EXIT

service_fresh acme
joins acme "$WORK/alice" alice workstation
joins acme "$WORK/gw" gw-1 gateway
works "a printer" q printer add hp-1 --tenant acme --gateway gw-1
ALICE=$((PUBLIC + 5)) CUPS=$((PUBLIC + 6))
through "$WORK/alice" $ALICE || stop_here "stunnel"
cups_start || { OUT=$(cat "$WORK/cups/out"); stop_here "cupsd"; }
export CUPS_SERVER=127.0.0.1:$CUPS
python3 "$TREE/tests/clients/connector.py" "$RELAY" "$WORK/gw/cert.pem" "$WORK/gw/key.pem" "$ROOT" \
    spiffe://acme.eu.example.org/printer/hp-1 >"$WORK/connector.log" 2>&1 &
OTHERS="$OTHERS $!"

works "the pull queue is added without a driver" \
    timeout 60 lpadmin -p pull -E -v "ipp://localhost:$ALICE/ipp/print" -m everywhere
works "and a printer's own" timeout 60 lpadmin -p hp -E -v "ipp://localhost:$ALICE/ipp/print/hp-1" -m everywhere
# cupsd asks the queue what it can in its own time
options() { OPTIONS=$(timeout 30 lpoptions -p pull -l 2>&1) && grep -q PageSize <<<"$OPTIONS"; }
within 30 options
like "CUPS knows its paper" 'PageSize.*A4.*Letter|PageSize.*Letter.*A4' "$OPTIONS"
like "its two sides" 'Duplex.*DuplexNoTumble' "$OPTIONS"
like "its colour" 'ColorModel' "$OPTIONS"

# A page of PDF with a word in it that nobody may find again.
MARKER=MARKER$RANDOM$RANDOM
cat >"$WORK/page.pdf" <<PDF
%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>endobj
4 0 obj<</Length 30>>stream
% $MARKER
0 0 m 99 99 l S
endstream endobj
trailer<</Root 1 0 R>>
%%EOF
PDF

# local_queue NAME: what CUPS itself still has of it
local_queue() { timeout 20 lpstat -W not-completed -o "$1" 2>/dev/null; }
is_empty() { [ -z "$(local_queue "$1")" ]; }

# theirs QUEUE WHICH: job-id and state of the relay's own list, as ipptool tells it
cat >"$WORK/jobs.test" <<'TEST'
{
	OPERATION Get-Jobs
	GROUP operation-attributes-tag
	ATTR charset attributes-charset utf-8
	ATTR language attributes-natural-language en
	ATTR uri printer-uri $uri
	ATTR keyword which-jobs $which
	ATTR keyword requested-attributes all
	STATUS successful-ok
	DISPLAY job-id
	DISPLAY job-state
	DISPLAY job-state-reasons
	DISPLAY job-originating-user-name
	DISPLAY job-name
	DISPLAY copies
	DISPLAY sides
}
TEST
theirs() {
	timeout 20 ipptool -q -c -d which="$2" "ipp://localhost:$ALICE$1" "$WORK/jobs.test" 2>&1
}

works "lp to the pull queue" timeout 20 lp -d pull -t salaries -o sides=two-sided-long-edge -n 3 "$WORK/page.pdf"
held() { theirs /ipp/print not-completed | grep -q pending-held; }
within 30 held
LIST=$(theirs /ipp/print not-completed)
like "it is held there" 'pending-held' "$LIST"
like "held for its release" 'job-held-for-release' "$LIST"
like "its owner is whose certificate it was" ',alice,' "$LIST"
like "how often, and on both sides" ',3,two-sided-long-edge' "$LIST"
like "its name is known to its owner" 'salaries' "$LIST"
within 20 is_empty pull
is "the local queue is clear, though nothing was printed" "" "$(local_queue pull)"

works "lp to the printer's own queue" timeout 20 lp -d hp -o raw "$WORK/page.pdf"
printed() { theirs /ipp/print/hp-1 completed | grep -q completed; }
within 30 printed
like "it was printed" 'completed' "$(theirs /ipp/print/hp-1 completed)"
within 20 is_empty hp
is "CUPS saw it end" "" "$(local_queue hp)"
like "its connector had the sealed document" 'document 0x0000' "$(cat "$WORK/connector.log")"

# --- what is on the disk ------------------------------------------------------------------------

found() { grep -rlaE "$1" "$DATA" 2>/dev/null | head -3; }
is "no octet of the document is on the disk" "" "$(found "$MARKER")"
is "nor what it was called" "" "$(found salaries)"

# --- canceled -----------------------------------------------------------------------------------

cat >"$WORK/cancel.test" <<'TEST'
{
	OPERATION Cancel-My-Jobs
	GROUP operation-attributes-tag
	ATTR charset attributes-charset utf-8
	ATTR language attributes-natural-language en
	ATTR uri printer-uri $uri
	STATUS successful-ok
}
TEST
works "the owner cancels what is held" timeout 20 ipptool -q "ipp://localhost:$ALICE/ipp/print" "$WORK/cancel.test"
unlike "nothing is held any more" 'pending-held' "$(theirs /ipp/print not-completed)"
like "it was canceled" 'job-canceled-by-user' "$(theirs /ipp/print completed)"

finish
